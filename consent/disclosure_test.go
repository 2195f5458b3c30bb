package consent_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/internal/ident"
)

func member(n byte) ident.ID { return ident.NewID(7, &[16]byte{n}) }

// runnersTo is the disclosure of one segment to a recipient, for so many days.
func runnersTo(recipient string, until time.Time) consent.Disclosure {
	return consent.Disclosure{Recipient: recipient, Sharing: "share", Purpose: content, Segment: "runners", Member: member(1), Until: until}
}

func tellsOf(d consent.Disclosure) string {
	day := func(t time.Time) float64 { return t.Sub(t0.Truncate(24*time.Hour)).Hours() / 24 }
	return fmt.Sprintf("%s %s %s %s %x %g %g %g", d.Recipient, d.Sharing, d.Purpose, d.Segment, d.Member.Bytes(), day(d.First), day(d.Last), day(d.Until))
}

func allTold(r *consent.Record) (out []string) {
	for _, d := range r.Disclosures() {
		out = append(out, tellsOf(d))
	}
	return out
}

func sharingRecord(t failer, b *consent.Book, locale string) *consent.Record {
	t.Helper()
	r := &consent.Record{}
	recordChoose(t, b, r, consent.Choice{Notice: "shop", Version: 1, Locale: locale, Grant: []string{"share", content}, Method: "banner"}, t0)
	return r
}

func mustDisclose(t failer, b *consent.Book, r *consent.Record, d consent.Disclosure, now time.Time, want bool) {
	t.Helper()
	if changed, err := r.Disclose(b, d, now); err != nil || changed != want {
		t.Fatal("disclosed: ", changed, err)
	}
}

// A recipient is told only under an open consent whose text names it, as sharing.
func TestDiscloseAsksForTheText(t *testing.T) {
	named := sharing("Panel Ltd", "Bureau")
	german := in("de", named)
	german.ThirdParties = []string{"Panel GmbH", "Bureau"}
	later := version(2, named)
	later.ThirdParties = []string{"Panel Ltd"}
	b := newBook(t, named, german, later, in("de", later))
	fresh := func() *consent.Record { return sharingRecord(t, b, "en") }
	for name, c := range map[string]struct {
		r    *consent.Record
		to   string
		from func(d *consent.Disclosure)
		day  int
		want error
	}{
		"named":                    {fresh(), "Panel Ltd", nil, 1, nil},
		"named second":             {fresh(), "Bureau", nil, 1, nil},
		"named elsewhere":          {fresh(), "Panel GmbH", nil, 1, consent.ErrUnnamed},
		"in the words of a locale": {sharingRecord(t, b, "de"), "Panel GmbH", nil, 1, nil},
		"not in those words":       {sharingRecord(t, b, "de"), "Panel Ltd", nil, 1, consent.ErrUnnamed},
		"not named":                {fresh(), "Panel", nil, 1, consent.ErrUnnamed},
		"a recipient of another":   {fresh(), "Shop Ltd", nil, 1, consent.ErrUnnamed},
		"no consent":               {&consent.Record{}, "Panel Ltd", nil, 1, consent.ErrUnnamed},
		"expired":                  {fresh(), "Panel Ltd", nil, 366, consent.ErrUnnamed},
		"withdrawn": {func() *consent.Record {
			r := fresh()
			r.Withdraw("share", after(1))
			return r
		}(), "Panel Ltd", nil, 1, consent.ErrUnnamed},
		"a newer text is agreed to": {func() *consent.Record {
			r := fresh()
			recordChoose(t, b, r, consent.Choice{Notice: "shop", Version: 2, Locale: "en", Grant: []string{"share"}}, after(1))
			return r
		}(), "Bureau", nil, 2, consent.ErrUnnamed},
		"under what is not sharing": {fresh(), "Panel Ltd", func(d *consent.Disclosure) { d.Sharing = content }, 1, consent.ErrUnnamed},
		"under what nobody knows":   {fresh(), "Panel Ltd", func(d *consent.Disclosure) { d.Sharing = "sale" }, 1, consent.ErrUnnamed},
		"no recipient":              {fresh(), "", nil, 1, consent.ErrDisclosure},
		"two lines":                 {fresh(), "Panel\nLtd", nil, 1, consent.ErrDisclosure},
		"no segment":                {fresh(), "Panel Ltd", func(d *consent.Disclosure) { d.Segment = "" }, 1, consent.ErrDisclosure},
		"no purpose":                {fresh(), "Panel Ltd", func(d *consent.Disclosure) { d.Purpose = "a..b" }, 1, consent.ErrDisclosure},
		"no pseudonym":              {fresh(), "Panel Ltd", func(d *consent.Disclosure) { d.Member = ident.ID{} }, 1, consent.ErrDisclosure},
		"until today":               {fresh(), "Panel Ltd", func(d *consent.Disclosure) { d.Until = after(1) }, 1, consent.ErrDisclosure},
		"until tomorrow":            {fresh(), "Panel Ltd", func(d *consent.Disclosure) { d.Until = after(2) }, 1, nil},
		"without end":               {fresh(), "Panel Ltd", func(d *consent.Disclosure) { d.Until = time.Time{} }, 1, consent.ErrDisclosure},
		"until after 9999":          {fresh(), "Panel Ltd", func(d *consent.Disclosure) { d.Until = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, 1, consent.ErrDisclosure},
	} {
		d := runnersTo(c.to, after(30))
		if c.day > 30 {
			d.Until = after(c.day + 30)
		}
		if c.from != nil {
			c.from(&d)
		}
		row := c.r.Row()
		changed, err := c.r.Disclose(b, d, after(c.day))
		if !errors.Is(err, c.want) || changed != (c.want == nil) {
			t.Errorf("%s: %v, %v", name, changed, err)
		}
		if c.want != nil && string(c.r.Row()) != string(row) {
			t.Errorf("%s: what was refused changed the record", name)
		}
		if c.want == nil || errors.Is(c.want, consent.ErrUnnamed) {
			if b.Shares(c.r.History(), d.Sharing, d.Recipient, after(c.day)) != (c.want == nil) {
				t.Errorf("%s: Shares says otherwise", name)
			}
		}
	}
	// The book may have lost the text, or hold another one under its name.
	r := sharingRecord(t, b, "en")
	changed := named
	changed.Text = "And more."
	for name, book := range map[string]*consent.Book{"lost": newBook(t, later), "changed": newBook(t, changed)} {
		if _, err := r.Clone().Disclose(book, runnersTo("Panel Ltd", after(30)), after(1)); !errors.Is(err, consent.ErrUnnamed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, want := range map[string]bool{"Panel Ltd": true, "Panel GmbH": true, "Bureau": true, "Other": false} {
		if b.ThirdParty("share", name) != want || b.ThirdParty(content, name) {
			t.Errorf("%s is a third party: %v", name, !want)
		}
	}
}

// One row stands for what is told again and again, and one entry for all of it.
func TestDisclosuresAreToldOnce(t *testing.T) {
	b := newBook(t, sharing())
	r := sharingRecord(t, b, "en")
	for day := range 5 {
		mustDisclose(t, b, r, runnersTo("Panel Ltd", after(day+30)), after(day), true)
	}
	mustDisclose(t, b, r, runnersTo("Panel Ltd", after(20)), after(4), false) // nothing new
	mustDisclose(t, b, r, runnersTo("Panel Ltd", after(20)), after(3), false) // nor on a clock that ran back
	renamed := runnersTo("Panel Ltd", after(36))
	renamed.Member = member(2) // the key was exchanged
	mustDisclose(t, b, r, renamed, after(6), true)
	readers := runnersTo("Panel Ltd", after(37))
	readers.Segment = "readers"
	mustDisclose(t, b, r, readers, after(7), true)
	id := func(n byte) string { b := member(n).Bytes(); return fmt.Sprintf("%x", b) }
	want := []string{
		"Panel Ltd share personalize.content readers " + id(1) + " 7 7 37",
		"Panel Ltd share personalize.content runners " + id(1) + " 0 4 34",
		"Panel Ltd share personalize.content runners " + id(2) + " 6 6 36",
	}
	if got := allTold(r); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := lines(r.Fresh()); !slices.Equal(got, []string{
		"0 given personalize.content,share shop/1/en banner", "0 disclosed share shop/1/en banner", "7 disclosed share shop/1/en banner",
	}) {
		t.Errorf("%q", got)
	}
	e := r.Fresh()[1]
	if e.Recipient != "Panel Ltd" || e.Of != content || e.Segment != "runners" {
		t.Errorf("%+v", e)
	}
	if got := allTold(reread(t, r)); !slices.Equal(got, want) {
		t.Errorf("read back: %q", got)
	}
	s := b.RecordSummary(r, after(8))
	if len(s.Disclosures) != 3 || s.Journal[1].Recipient != "Panel Ltd" || s.Journal[1].Of != content || s.Journal[1].Segment != "runners" {
		t.Errorf("the person is told %+v", s)
	}
}

// A withdrawal keeps what still has to be told; an erasure and a move take it away.
func TestDisclosuresOutliveConsent(t *testing.T) {
	b := newBook(t, sharing())
	told := func() *consent.Record {
		r := sharingRecord(t, b, "en")
		mustDisclose(t, b, r, runnersTo("Panel Ltd", after(30)), after(1), true)
		return reread(t, r)
	}
	for name, c := range map[string]struct {
		do   func(r *consent.Record)
		left int
	}{
		"withdraw":                    {func(r *consent.Record) { r.Withdraw("share", after(2)); r.Withdraw(content, after(2)) }, 1},
		"opt out":                     {func(r *consent.Record) { r.OptOut("share", consent.OptedOutGPC, after(2)) }, 1},
		"lapse":                       {func(r *consent.Record) { r.Lapse(after(366)) }, 1},
		"sweep, kept":                 {func(r *consent.Record) { r.Expire(after(129), 100*24*time.Hour) }, 1},
		"sweep, over":                 {func(r *consent.Record) { r.Expire(after(130), 100*24*time.Hour) }, 0},
		"sweep, kept a day at least":  {func(r *consent.Record) { r.Expire(after(30), -time.Hour) }, 1},
		"sweep, over after a day":     {func(r *consent.Record) { r.Expire(after(31), -time.Hour) }, 0},
		"erase":                       {func(r *consent.Record) { r.Erase(after(2)) }, 0},
		"leave":                       {func(r *consent.Record) { r.Leave(after(2)) }, 0},
		"merged with nothing":         {func(r *consent.Record) { r.Merge(&consent.Record{}, after(2)) }, 1},
		"withdraw, then a long while": {func(r *consent.Record) { r.Withdraw("share", after(2)); r.Expire(after(3000), 24*time.Hour) }, 0},
	} {
		r := told()
		c.do(r)
		if got := len(reread(t, r).Disclosures()); got != c.left {
			t.Errorf("%s: %d left", name, got)
		}
	}
	// A sweep says that it changed something, and a copy shares nothing.
	r := told()
	copied := r.Clone()
	if !r.Expire(after(40), 24*time.Hour) || len(r.Disclosures()) != 0 || len(copied.Disclosures()) != 1 {
		t.Error("a sweep goes unnoticed, or reaches a copy")
	}
	// Disclosures alone are a record: journal and history may be over long before.
	lasting := sharingRecord(t, b, "en")
	mustDisclose(t, b, lasting, runnersTo("Panel Ltd", after(3000)), after(1), true)
	lasting = reread(t, lasting)
	lasting.Expire(after(2000), 24*time.Hour)
	if len(lasting.Entries()) != 0 || len(lasting.History().Row()) != 0 || lasting.Silent() {
		t.Fatalf("%q", lines(lasting.Entries()))
	}
	if got := reread(t, lasting).Disclosures(); len(got) != 1 {
		t.Errorf("%d left", len(got))
	}
	into := &consent.Record{}
	into.Merge(lasting, after(2001))
	if len(reread(t, into).Disclosures()) != 1 {
		t.Error("a merge loses what was disclosed of a silent record")
	}
	lasting.Leave(after(2001))
	if !lasting.Silent() {
		t.Error("what moved is not silent")
	}
}

// A merge keeps every disclosure of both sides, whichever comes first.
func TestMergeJoinsDisclosures(t *testing.T) {
	b := newBook(t, sharing("Panel Ltd", "Bureau"))
	rapid.Check(t, func(t *rapid.T) {
		var want []string
		days := map[string][3]int{}
		side := func() *consent.Record {
			r := sharingRecord(t, b, "en")
			now := 0
			for range rapid.IntRange(0, 6).Draw(t, "told") {
				now += rapid.IntRange(0, 3).Draw(t, "days")
				lasts := now + rapid.IntRange(1, 40).Draw(t, "lasts")
				d := runnersTo(rapid.SampledFrom([]string{"Panel Ltd", "Bureau"}).Draw(t, "to"), after(lasts))
				d.Segment = rapid.SampledFrom([]string{"runners", "readers"}).Draw(t, "segment")
				d.Member = member(byte(rapid.IntRange(1, 2).Draw(t, "member")))
				if _, err := r.Disclose(b, d, after(now)); err != nil {
					t.Fatal(err)
				}
				bytes := d.Member.Bytes()
				key := fmt.Sprintf("%s share %s %s %x", d.Recipient, content, d.Segment, bytes)
				old, ok := days[key]
				if !ok {
					old = [3]int{now, now, lasts}
				}
				days[key] = [3]int{min(old[0], now), max(old[1], now), max(old[2], lasts)}
			}
			return r
		}
		one, two := side(), side()
		for key, d := range days {
			want = append(want, fmt.Sprintf("%s %d %d %d", key, d[0], d[1], d[2]))
		}
		slices.Sort(want)
		a, z := one.Clone(), two.Clone()
		a.Merge(two, after(30))
		z.Merge(one, after(30))
		for _, r := range []*consent.Record{a, z} {
			got := allTold(reread(t, r))
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Fatalf("%q\n%q", got, want)
			}
		}
	})
}

// Where there is no room nothing is told, and nothing is forgotten; what consent
// came about by keeps its place in the journal.
func TestDisclosuresAreBounded(t *testing.T) {
	b := newBook(t, sharing())
	r := reread(t, sharingRecord(t, b, "en"))
	for i := range consent.MaxDisclosures {
		d := runnersTo("Panel Ltd", after(30))
		d.Segment = fmt.Sprintf("s%03d", i)
		_, err := r.Disclose(b, d, after(1))
		if i%consent.MaxTold == 0 && i > 0 { // the step is full
			if !errors.Is(err, consent.ErrDisclosures) {
				t.Fatalf("%d: %v", i, err)
			}
			r = reread(t, r)
			_, err = r.Disclose(b, d, after(1))
		}
		if err != nil {
			t.Fatal(i, err)
		}
	}
	r = reread(t, r)
	if list := r.Entries(); len(list) != 128 || list[0].Kind != consent.KindGiven {
		t.Errorf("%d entries, the first %s", len(list), list[0].Kind)
	}
	before := allTold(r)
	_, err := r.Disclose(b, runnersTo("Panel Ltd", after(30)), after(1))
	if !errors.Is(err, consent.ErrDisclosures) || !slices.Equal(allTold(r), before) || len(before) != consent.MaxDisclosures {
		t.Errorf("one more: %v", err)
	}
	again := runnersTo("Panel Ltd", after(50))
	again.Segment = "s007"
	mustDisclose(t, b, r, again, after(2), true) // what is there goes on

	other := sharingRecord(t, b, "en")
	mustDisclose(t, b, other, runnersTo("Panel Ltd", after(30)), after(1), true)
	r.Merge(other, after(3))
	if n := len(reread(t, r).Disclosures()); n != consent.MaxDisclosures+1 {
		t.Errorf("%d after a merge", n)
	}
	for range 100 {
		serve(t, treeBook(t), r, after(4))
	}
	told := 0
	for _, e := range r.Entries() {
		if e.Kind == consent.KindDisclosed {
			told++
		}
	}
	if len(r.Entries()) != 128 || told > consent.MaxTold {
		t.Errorf("%d entries, %d of disclosures", len(r.Entries()), told)
	}
}

// Of a full journal the entries of disclosures go first, down to half of it.
func TestDisclosuresDoNotPushOutConsent(t *testing.T) {
	b := newBook(t, sharing(), purposes("tree", "a"))
	r := sharingRecord(t, b, "en")
	for day := range 40 {
		recordChoose(t, b, r, answers("a", ""), after(day))
	}
	for i := range 200 {
		d := runnersTo("Panel Ltd", after(90))
		d.Segment = fmt.Sprintf("s%03d", i)
		if i%50 == 0 {
			r = reread(t, r)
		}
		mustDisclose(t, b, r, d, after(41), true)
	}
	given, told := 0, 0
	for _, e := range r.Entries() {
		switch e.Kind {
		case consent.KindGiven:
			given++
		case consent.KindDisclosed:
			told++
		}
	}
	if given != 41 || told != 128-41 || len(r.Fresh()) != 50 {
		t.Errorf("%d given, %d disclosed, %d fresh", given, told, len(r.Fresh()))
	}
}

// A receipt is about what was agreed to: it passes over what was disclosed, and a
// receipt that holds such an event is not read.
func TestReceiptPassesOverDisclosures(t *testing.T) {
	b := newBook(t, sharing())
	r := sharingRecord(t, b, "en")
	mustDisclose(t, b, r, runnersTo("Panel Ltd", after(30)), after(1), true)
	x := goldenInput(t)
	x.Book, x.Entries, x.Summary, x.Now = b, r.Entries(), b.RecordSummary(r, after(2)), after(2)
	made := receipt(t, x)
	if list := made.Entries(); len(list) != 1 || list[0].Kind != consent.KindGiven || strings.Contains(made.Plain(), "disclosed") {
		t.Errorf("%q", lines(list))
	}
	made.Records[0].Events[0].Kind = "disclosed"
	if len(made.Entries()) != 0 {
		t.Error("an event of a disclosure is an entry")
	}
}
