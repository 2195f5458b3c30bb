package consent_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet/consent"
)

// An expiry is noted once, whenever it is looked for, and whatever the record
// was stored as in between.
func TestLapseOnce(t *testing.T) {
	b := treeBook(t)
	r := &consent.Record{}
	recordChoose(t, b, r, answers("a d", ""), after(0))
	recordChoose(t, b, r, answers("e", ""), after(1))
	for _, c := range []struct {
		day  int
		want []string
	}{{29, nil}, {30, []string{"a", "d"}}, {30, nil}, {40, []string{"e"}}, {400, nil}} {
		if got := r.Lapsing(after(c.day)); got != (c.want != nil) {
			t.Errorf("day %d: lapsing %v", c.day, got)
		}
		if got := r.Lapse(after(c.day)); !slices.Equal(got, c.want) {
			t.Errorf("day %d: %q", c.day, got)
		}
		r = reread(t, r)
	}
	recordChoose(t, b, r, answers("a", ""), after(401))
	r.Withdraw("a", after(402))
	recordChoose(t, b, r, answers("a", ""), after(403))
	if got := r.Lapse(after(500)); !slices.Equal(got, []string{"a"}) {
		t.Errorf("one consent withdrawn, one expired: %q", got)
	}
	want := []string{"0 given a,d tree/1/en banner", "1 given e tree/1/en banner", "30 expired a,d tree/1/en banner",
		"31 expired e tree/1/en banner", "401 given a tree/1/en banner", "402 withdrawn a tree/1/en banner",
		"403 given a tree/1/en banner", "433 expired a tree/1/en banner"}
	if got := lines(r.Entries()); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := reread(t, r).Lapse(after(500)); got != nil {
		t.Errorf("again: %q", got)
	}
}

// What is taken over and ended before an expiry that has its entry has one too.
func TestLapseOfWhatIsImported(t *testing.T) {
	b := treeBook(t)
	r := &consent.Record{}
	recordChoose(t, b, r, answers("d", ""), after(100))
	r.Lapse(after(200))
	n, err := r.Import(b, consent.Historic{Choice: answers("a e", ""), At: after(0), Proof: "x"}, after(200))
	if err != nil || n != (consent.Imported{Expired: 2}) {
		t.Fatal(n, err)
	}
	if n, err = r.Import(b, consent.Historic{Choice: answers("a", ""), At: after(150), Proof: "x"}, after(200)); err != nil || n.Expired != 1 {
		t.Fatal(n, err)
	}
	if got := r.Lapse(after(200)); !slices.Equal(got, []string{"a"}) {
		t.Errorf("lapsed: %q", got)
	}
	want := []string{"100 given d tree/1/en banner", "130 expired d tree/1/en banner", "0 imported a,e tree/1/en banner x",
		"30 expired a,e tree/1/en banner", "150 imported a tree/1/en banner x", "180 expired a tree/1/en banner"}
	if got := lines(r.Entries()); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// An erasure leaves nothing by which the record could be told from one that never
// held anything, but the moment.
func TestEraseLeavesOneEntry(t *testing.T) {
	b := treeBook(t)
	r := &consent.Record{}
	serve(t, b, r, after(0))
	recordChoose(t, b, r, answers("a d", "e"), after(0))
	r.Lapse(after(60))
	before := r.Entries()
	r.Erase(after(61))
	left := r.Entries()
	if len(left) != 1 || len(r.Fresh()) != 1 || left[0].Record == before[0].Record || left[0].Record == [16]byte{} || left[0].Salt == [16]byte{} {
		t.Fatalf("left: %q", lines(left))
	}
	row := r.Row()
	for _, e := range before {
		if e.Record != before[0].Record {
			t.Error("a record has two ids")
		}
		if bytes.Contains(row, e.Salt[:]) || bytes.Contains(row, e.Record[:]) {
			t.Error("a salt or the id of before is still in the row")
		}
	}
	if n := len(row); n > 70 {
		t.Errorf("an erased row has %d bytes", n)
	}
	h := &consent.History{}
	h.Erase(after(61))
	if !bytes.Equal(r.History().Row(), h.Row()) {
		t.Error("the history holds more than the moment")
	}
	if r.Lapsing(after(100)) {
		t.Error("what was erased expires")
	}
	if !r.Expire(after(91), 30*24*time.Hour) || r.Row() != nil {
		t.Errorf("not swept: %q", lines(r.Entries()))
	}
	r.Withdraw("d", after(92))
	if e := r.Entries()[0]; e.Record == left[0].Record || e.Record == before[0].Record {
		t.Error("a record id comes back after everything went")
	}
}

func TestRecordMerge(t *testing.T) {
	b := treeBook(t)
	account, device := &consent.Record{}, &consent.Record{}
	recordChoose(t, b, account, answers("a d", ""), after(0))
	recordChoose(t, b, device, answers("a.b e", "d"), after(1))
	recordChoose(t, b, device, answers("a", ""), after(5))
	device.OptOut("a", consent.OptedOutGPC, after(6))
	account, device = reread(t, account), reread(t, device)
	device.Withdraw("e", after(7)) // not written yet
	row := device.Row()
	mine, theirs := account.Entries(), device.Entries()

	account.Merge(device, after(8))
	if !bytes.Equal(device.Row(), row) || len(device.Fresh()) != 1 {
		t.Fatal("the other side changed")
	}
	want := []string{"0 given a,d tree/1/en banner", "1 given a.b,e tree/1/en banner", "1 refused d tree/1/en banner",
		"5 given a tree/1/en banner", "6 opted-out a,a.b gpc", "7 withdrawn e tree/1/en banner", "8 moved", "8 withdrawn a,d"}
	if got := lines(account.Entries()); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := lines(account.Fresh()); !slices.Equal(got, want[5:]) {
		t.Errorf("fresh: %q", got)
	}
	for _, e := range account.Entries()[:6] {
		if !slices.ContainsFunc(slices.Concat(mine, theirs), func(o consent.Entry) bool { return o.Commitment() == e.Commitment() }) {
			t.Errorf("another commitment: %s", told(e))
		}
	}
	if e := account.Entries(); e[6].Record != mine[0].Record || e[1].Record != theirs[0].Record {
		t.Error("the record ids did not stay")
	}
	if len(account.History().Open(after(8))) != 0 {
		t.Error("a yes won over a no")
	}

	device.Leave(after(8))
	if device.Entries() != nil || len(device.Row()) > 16 {
		t.Errorf("left behind: %q", lines(device.Entries()))
	}
	account = reread(t, account)
	before := account.Row()
	account.Merge(reread(t, device), after(9))
	account.Merge(&consent.Record{}, after(9))
	if !bytes.Equal(account.Row(), before) || len(account.Fresh()) != 0 {
		t.Error("a second merge changes something")
	}
}

// What was shown under an identifier without an answer moves too, so that nobody is
// asked twice as often, and erasing the other leaves nothing of it.
func TestMergeTakesWhatWasShown(t *testing.T) {
	b := treeBook(t)
	account, device := &consent.Record{}, &consent.Record{}
	serve(t, b, device, after(0))
	if device.Silent() || !device.History().Silent() || !account.Silent() {
		t.Error("a record with an entry is silent, or an empty one is not")
	}
	account, device = reread(t, account), reread(t, device)
	account.Merge(device, after(1))
	if account.Served(after(0)) != 1 || len(account.Fresh()) != 1 {
		t.Errorf("%q", lines(account.Entries()))
	}
	if device.Leave(after(1)); !device.Silent() {
		t.Errorf("left behind: %q", lines(device.Entries()))
	}
	reread(t, account)
}

// What expired on either side before a merge has one entry after it.
func TestMergeNotesWhatExpired(t *testing.T) {
	b := treeBook(t)
	for _, noted := range []bool{true, false} {
		x, y := &consent.Record{}, &consent.Record{}
		recordChoose(t, b, x, answers("a", ""), after(0))
		recordChoose(t, b, y, answers("d", ""), after(10))
		if noted {
			y.Lapse(after(50))
		}
		x.Merge(y, after(50))
		x.Lapse(after(60))
		want := []string{"0 given a tree/1/en banner", "30 expired a tree/1/en banner", "10 given d tree/1/en banner",
			"40 expired d tree/1/en banner", "50 moved"}
		if got := lines(x.Entries()); !slices.Equal(got, want) {
			t.Errorf("noted before %v: %q", noted, got)
		}
	}
}

// The journal has room for 128 entries: of notices that were shown the oldest makes
// room, then the oldest that proves nothing of what was last agreed to.
func TestJournalIsBounded(t *testing.T) {
	b := treeBook(t)
	r := &consent.Record{}
	recordChoose(t, b, r, answers("a", ""), after(0))
	r = reread(t, r)
	for day := range 300 {
		serve(t, b, r, after(day))
		want := min(day+2, 128)
		if n := len(r.Entries()); n != want || len(r.Fresh()) != want-1 {
			t.Fatalf("day %d: %d entries, %d fresh", day, n, len(r.Fresh()))
		}
	}
	if list := reread(t, r).Entries(); list[0].Kind != consent.KindGiven || !list[1].At.Equal(after(300-127)) {
		t.Errorf("what was shown took the room of an answer: %q", lines(list)[:2])
	}
	again := reread(t, r)
	for day := range 300 { // another purpose goes to and fro
		recordChoose(t, b, again, answers("d", ""), after(300+day))
		again.Withdraw("d", after(300+day).Add(time.Hour))
		again = reread(t, again)
	}
	list := again.Entries()
	if len(list) != 128 || told(list[0]) != "0 given a tree/1/en banner" || told(list[127]) != "599.0416666666666 withdrawn d tree/1/en banner" {
		t.Errorf("%d entries, from %s to %s", len(list), told(list[0]), told(list[len(list)-1]))
	}
	other := &consent.Record{}
	for day := range 100 {
		other.Withdraw("d", after(day))
	}
	r, other = reread(t, r), reread(t, other)
	r.Merge(other, after(301))
	list = reread(t, r).Entries()
	if len(list) != 128 || list[127].Kind != consent.KindMoved || len(r.Fresh()) != 2 { // and the expiry of the first yes
		t.Errorf("%d entries after a merge, the last %s", len(list), list[len(list)-1].Kind)
	}
}

// What a signal says holds against a Source that goes on saying what it said
// before, also where a no stood already; that no is renewed without an entry.
func TestOptOutHoldsAgainstSource(t *testing.T) {
	long := treeBook(t)
	r := &consent.Record{}
	recordChoose(t, long, r, answers("", "a"), after(0))
	source := consent.SourceAnswer{Asked: true, Answer: consent.Answer{State: consent.Allowed, Since: after(5)}}
	q := consent.Question{Subject: subject(1), Purpose: "a.b", History: r.History(), EventTime: after(11), Now: after(11), Source: source}
	if d := long.Decide(q); !d.Allowed {
		t.Fatalf("before: %v", d)
	}
	entries := len(r.Entries())
	if !r.OptOut("a.b", consent.OptedOutGPC, after(10)) {
		t.Error("not renewed")
	}
	if r.OptOut("a.b", consent.OptedOutGPC, after(10)) {
		t.Error("renewed in the same moment")
	}
	if d := long.Decide(q); d.Allowed || d.Reason != consent.Refused {
		t.Errorf("after: %v", d)
	}
	if !r.OptOut("a.b", consent.OptedOutGPC, after(11)) || len(r.Entries()) != entries {
		t.Error("not renewed again, or with an entry")
	}
	if s := r.History().Summary(after(11)).Purposes; s[1].State != consent.Refused || s[1].Notice != "tree" {
		t.Errorf("renewed: %+v", s)
	}
	reread(t, r)
	// A long silence does not get shorter.
	tree := purposes("tree", "a")
	tree.RefusalDays = 3000
	b := newBook(t, tree)
	r = &consent.Record{}
	recordChoose(t, b, r, answers("", "a"), after(0))
	r.OptOut("a", consent.OptedOutGPC, after(10))
	if got := r.History().Summary(after(11)).Purposes[0].AskAgain; !got.Equal(after(3000)) {
		t.Errorf("asked again at %v", got)
	}
}

// What could not be logged leaves no entry: the history says it still, and what was
// written before stays.
func TestUnnote(t *testing.T) {
	b := treeBook(t)
	r := &consent.Record{}
	recordChoose(t, b, r, answers("a d", ""), after(0))
	r = reread(t, r)
	r.Withdraw("a", after(1))
	r.Unnote()
	r = reread(t, r)
	if got := lines(r.Entries()); !slices.Equal(got, []string{"0 given a,d tree/1/en banner"}) || len(r.Fresh()) != 0 {
		t.Errorf("%q", got)
	}
	if got := r.History().Open(after(1)); !slices.Equal(got, []string{"d"}) {
		t.Errorf("open: %v", got)
	}
	erased := &consent.Record{}
	erased.Erase(after(2))
	erased.Unnote()
	if at, ok := reread(t, erased).History().Erased(); !ok || !at.Equal(after(2)) {
		t.Error("the erasure is lost with its entry")
	}
}

// An opt-out reads as a refusal, and what a Source said as a withdrawal.
func TestOptOutReason(t *testing.T) {
	b := treeBook(t)
	for by, want := range map[consent.Reason]consent.Reason{consent.OptedOutGPC: consent.Refused, consent.OptedOutGPP: consent.Refused,
		consent.RefusedTCF: consent.Refused, consent.TooYoung: consent.Refused, consent.SourceDenied: consent.Withdrawn} {
		r := &consent.Record{}
		r.OptOut("d", by, t0)
		if d := b.Decide(consent.Question{Subject: subject(1), Purpose: "d", History: r.History(), EventTime: t0, Now: t0}); d.Reason != want {
			t.Errorf("%v: %v", by, d)
		}
	}
}

// Entries go to the millisecond, and with the last of them what names the record.
func TestJournalExpires(t *testing.T) {
	b := treeBook(t)
	const keep = 30 * 24 * time.Hour
	r := &consent.Record{}
	recordChoose(t, b, r, answers("d", ""), after(0))
	r.Lapse(after(40))
	if r.Expire(after(consent.MaxConsentDays+30).Add(-time.Millisecond), keep); len(r.Entries()) != 2 {
		t.Errorf("too early: %q", lines(r.Entries()))
	}
	if !r.Expire(after(consent.MaxConsentDays+30), keep) || len(r.Entries()) != 1 {
		t.Errorf("the yes stays: %q", lines(r.Entries()))
	}
	if !r.Expire(after(consent.MaxConsentDays+60), keep) || r.Row() != nil {
		t.Errorf("left: %q", lines(r.Entries()))
	}
	if _, err := r.Import(b, historic(0, "e", ""), after(500)); err != nil {
		t.Fatal(err)
	}
	if got := r.Lapse(after(500)); !slices.Equal(got, []string{"e"}) || len(r.Entries()) != 2 {
		t.Errorf("a record that was empty remembers an expiry: %q", lines(r.Entries()))
	}
}
