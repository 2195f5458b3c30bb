package consent_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/consent"
)

// told is an entry in one line: days after t0, kind, purposes, text, method, proof.
func told(e consent.Entry) string {
	s := fmt.Sprintf("%g %s %s", e.At.Sub(t0).Hours()/24, e.Kind, strings.Join(e.Purposes, ","))
	if e.Notice != "" {
		s += fmt.Sprintf(" %s/%d/%s", e.Notice, e.Version, e.Locale)
	}
	for _, more := range []string{e.Method, e.Proof} {
		if more != "" {
			s += " " + more
		}
	}
	return strings.TrimSpace(s)
}

func lines(list []consent.Entry) (out []string) {
	for _, e := range list {
		out = append(out, told(e))
	}
	return out
}

// answers is a choice about purposes of the notice "tree".
func answers(grant, refuse string) consent.Choice {
	return consent.Choice{Notice: "tree", Version: 1, Locale: "en", Grant: strings.Fields(grant), Refuse: strings.Fields(refuse), Method: "banner"}
}

func treeBook(t failer) *consent.Book {
	tree := purposes("tree", "a", "a.b", "a.b.c", "d", "e")
	tree.ConsentDays, tree.RefusalDays = 30, 50
	other := purposes("other", "d")
	other.ConsentDays = 100
	second := tree
	second.Version = 2
	return newBook(t, tree, second, other, sharers())
}

// sharers is a notice that asks to share, and nothing else.
func sharers() consent.Notice {
	n := purposes("told", "share")
	n.Purposes[0].Sharing, n.ThirdParties, n.ConsentDays = true, []string{"Panel Ltd", "Bureau"}, 30
	return n
}

func recordChoose(t failer, b *consent.Book, r *consent.Record, c consent.Choice, now time.Time) {
	t.Helper()
	if err := r.Choose(b, c, now); err != nil {
		t.Fatal(err)
	}
}

func reread(t failer, r *consent.Record) *consent.Record {
	t.Helper()
	row := r.Row()
	back, err := consent.ReadRecord(row)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(back.Row(), row) {
		t.Fatal("a row does not come back")
	}
	return back
}

func TestRecordTellsWhatHappened(t *testing.T) {
	b := treeBook(t)
	yes := func(r *consent.Record, day int, purposes string) {
		recordChoose(t, b, r, answers(purposes, ""), after(day))
	}
	no := func(r *consent.Record, day int, purposes string) {
		recordChoose(t, b, r, answers("", purposes), after(day))
	}
	imported := func(r *consent.Record, day int, c consent.Choice) {
		if _, err := r.Import(b, consent.Historic{Choice: c, At: after(day), Proof: "box-17"}, after(200)); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		do   func(r *consent.Record)
		want []string
	}{
		"nothing": {func(r *consent.Record) {}, nil},
		"given":   {func(r *consent.Record) { yes(r, 0, "e a.b") }, []string{"0 given a.b,e tree/1/en banner"}},
		"refused": {func(r *consent.Record) { no(r, 0, "d a") }, []string{"0 refused a,d tree/1/en banner"}},
		"both":    {func(r *consent.Record) { recordChoose(t, b, r, answers("a", "a.b d"), after(0)) }, []string{"0 given a tree/1/en banner", "0 refused a.b,d tree/1/en banner"}},
		"refused again": {func(r *consent.Record) { no(r, 0, "d"); no(r, 1, "d") },
			[]string{"0 refused d tree/1/en banner", "1 refused d tree/1/en banner"}},
		"taken back in an answer": {func(r *consent.Record) { yes(r, 0, "a.b a.b.c d"); no(r, 1, "a") },
			[]string{"0 given a.b,a.b.c,d tree/1/en banner", "1 refused a tree/1/en banner", "1 withdrawn a.b,a.b.c tree/1/en banner"}},
		"withdrawn": {func(r *consent.Record) { yes(r, 0, "a d"); r.Withdraw("d", after(1)) },
			[]string{"0 given a,d tree/1/en banner", "1 withdrawn d tree/1/en banner"}},
		"withdrawn, what lies below with it": {func(r *consent.Record) { yes(r, 0, "a.b a.b.c"); r.Withdraw("a", after(1)) },
			[]string{"0 given a.b,a.b.c tree/1/en banner", "1 withdrawn a", "1 withdrawn a.b,a.b.c tree/1/en banner"}},
		"withdrawn, never given":  {func(r *consent.Record) { r.Withdraw("x.y", after(1)) }, []string{"1 withdrawn x.y"}},
		"withdrawn, no purpose":   {func(r *consent.Record) { r.Withdraw("x..y", after(1)) }, nil},
		"withdrawn twice at once": {func(r *consent.Record) { r.Withdraw("d", after(1)); r.Withdraw("d", after(1)) }, []string{"1 withdrawn d"}},
		"in one millisecond": {func(r *consent.Record) { yes(r, 0, "d"); r.Withdraw("d", t0); yes(r, 0, "d"); r.Withdraw("d", t0) },
			[]string{"0 given d tree/1/en banner", "0 withdrawn d tree/1/en banner", "0 given d tree/1/en banner", "0 withdrawn d tree/1/en banner"}},
		"affirmed, taken back and given in one millisecond": {func(r *consent.Record) { yes(r, -1, "d"); yes(r, 0, "d"); r.Withdraw("d", t0); yes(r, 0, "d") },
			[]string{"-1 given d tree/1/en banner", "0 given d tree/1/en banner", "0 withdrawn d tree/1/en banner", "0 given d tree/1/en banner"}},
		"affirmed": {func(r *consent.Record) { yes(r, 0, "d"); yes(r, 7, "d") }, []string{"0 given d tree/1/en banner", "7 given d tree/1/en banner"}},
		"affirmed in other words": {func(r *consent.Record) {
			yes(r, 0, "d")
			c := answers("d", "")
			c.Version = 2
			recordChoose(t, b, r, c, after(0))
		}, []string{"0 given d tree/1/en banner", "0 given d tree/2/en banner"}},
		"affirmed in older words": {func(r *consent.Record) {
			c := answers("d", "")
			c.Version = 2
			recordChoose(t, b, r, c, after(0))
			yes(r, 1, "d")
		}, []string{"0 given d tree/2/en banner"}},
		"affirmed within the text": {func(r *consent.Record) { yes(r, 0, "d"); yes(r, 0, "d") }, []string{"0 given d tree/1/en banner"}},
		"on a clock that ran back": {func(r *consent.Record) { yes(r, 1, "d"); r.Withdraw("d", after(0)) }, []string{"1 given d tree/1/en banner", "1 withdrawn d tree/1/en banner"}},
		"gpc":                      {func(r *consent.Record) { yes(r, 0, "d"); r.OptOut("d", consent.OptedOutGPC, after(1)) }, []string{"0 given d tree/1/en banner", "1 opted-out d gpc"}},
		"gpp":                      {func(r *consent.Record) { r.OptOut("d", consent.OptedOutGPP, after(1)) }, []string{"1 opted-out d gpp"}},
		"tcf":                      {func(r *consent.Record) { yes(r, 0, "a.b"); r.OptOut("a", consent.RefusedTCF, after(1)) }, []string{"0 given a.b tree/1/en banner", "1 opted-out a,a.b tcf"}},
		"age":                      {func(r *consent.Record) { r.OptOut("d", consent.TooYoung, after(1)) }, []string{"1 opted-out d age"}},
		"source":                   {func(r *consent.Record) { r.OptOut("d", consent.SourceDenied, after(1)) }, []string{"1 opted-out d source"}},
		"opted out again": {func(r *consent.Record) {
			r.OptOut("d", consent.OptedOutGPC, after(1))
			r.OptOut("d", consent.OptedOutGPC, after(9))
		}, []string{"1 opted-out d gpc"}},
		"opted out below a no": {func(r *consent.Record) { no(r, 0, "a"); r.OptOut("a.b", consent.OptedOutGPC, after(1)) }, []string{"0 refused a tree/1/en banner"}},
		"opted out after a no, open below": {func(r *consent.Record) { no(r, 0, "a"); yes(r, 1, "a.b"); r.OptOut("a", consent.OptedOutGPC, after(2)) },
			[]string{"0 refused a tree/1/en banner", "1 given a.b tree/1/en banner", "2 opted-out a,a.b gpc"}},
		"no signal":           {func(r *consent.Record) { r.OptOut("d", consent.Suspended, after(1)); r.OptOut("d", 0, after(1)) }, nil},
		"a signal, no key":    {func(r *consent.Record) { r.OptOut("D", consent.OptedOutGPC, after(1)) }, nil},
		"served":              {func(r *consent.Record) { serve(t, b, r, after(0)); yes(r, 1, "d") }, []string{"0 served a,a.b,a.b.c,d,e tree/1/en", "1 given d tree/1/en banner"}},
		"imported":            {func(r *consent.Record) { imported(r, 0, answers("d", "")) }, []string{"0 imported d tree/1/en banner box-17"}},
		"imported a no":       {func(r *consent.Record) { imported(r, 0, answers("", "d")) }, []string{"0 refused d tree/1/en banner box-17"}},
		"imported the end":    {func(r *consent.Record) { yes(r, 0, "a a.b"); imported(r, 2, answers("d", "a")) }, []string{"0 given a,a.b tree/1/en banner", "2 withdrawn a,a.b tree/1/en banner box-17", "2 imported d tree/1/en banner box-17"}},
		"erased":              {func(r *consent.Record) { yes(r, 0, "d"); r.Erase(after(1)) }, []string{"1 erased"}},
		"erased, given again": {func(r *consent.Record) { yes(r, 0, "d"); r.Erase(after(1)); yes(r, 2, "d") }, []string{"1 erased", "2 given d tree/1/en banner"}},
		"left":                {func(r *consent.Record) { yes(r, 0, "d"); r.Leave(after(1)) }, nil},
		"expired": {func(r *consent.Record) {
			yes(r, 0, "d e")
			recordChoose(t, b, r, consent.Choice{Notice: "other", Version: 1, Locale: "en", Grant: []string{"d"}}, after(1))
			yes(r, 2, "a")
			r.Lapse(after(32))
		}, []string{"0 given d,e tree/1/en banner", "1 given d other/1/en", "2 given a tree/1/en banner",
			"30 expired e tree/1/en banner", "32 expired a tree/1/en banner"}},
	} {
		r := &consent.Record{}
		c.do(r)
		if got := lines(r.Entries()); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
		if !slices.Equal(lines(r.Fresh()), c.want) {
			t.Errorf("%s: fresh: %q", name, lines(r.Fresh()))
		}
		back := reread(t, r)
		if !slices.Equal(lines(back.Entries()), c.want) || len(back.Fresh()) != 0 {
			t.Errorf("%s: read back: %q, fresh %d", name, lines(back.Entries()), len(back.Fresh()))
		}
	}
}

func serve(t failer, b *consent.Book, r *consent.Record, now time.Time) {
	t.Helper()
	if err := r.Serve(b, "tree", 1, "en", now); err != nil {
		t.Fatal(err)
	}
}

func TestServe(t *testing.T) {
	b := treeBook(t)
	r := &consent.Record{}
	for name, err := range map[string]error{
		"notice":  r.Serve(b, "bush", 1, "en", t0),
		"version": r.Serve(b, "tree", 3, "en", t0),
		"locale":  r.Serve(b, "tree", 1, "de", t0),
	} {
		if err != consent.ErrUnknownNotice {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, now := range []time.Time{{}, time.Unix(-1, 0), time.Unix(1<<60, 0)} {
		if err := r.Serve(b, "tree", 1, "en", now); err != consent.ErrClock {
			t.Errorf("%v: %v", now, err)
		}
	}
	if r.Row() != nil || r.Served(time.Time{}) != 0 {
		t.Fatal("what failed is recorded")
	}
	serve(t, b, r, after(0))
	serve(t, b, r, after(3))
	recordChoose(t, b, r, answers("d", ""), after(3))
	r = reread(t, r)
	for day, want := range map[int]int{-1: 2, 0: 2, 1: 1, 3: 1, 4: 0} {
		if got := r.Served(after(day)); got != want {
			t.Errorf("served since day %d: %d", day, got)
		}
	}
	n, _ := b.Notice("tree", 1)
	for _, e := range r.Entries() {
		if e.Hash != n.Hash() {
			t.Errorf("%s: another text", told(e))
		}
	}
}

// What Entries and Fresh hand out can be changed without changing the record.
func TestEntriesAreCopies(t *testing.T) {
	b := treeBook(t)
	r := &consent.Record{}
	c := answers("d a", "")
	recordChoose(t, b, r, c, t0)
	row := r.Row()
	for _, list := range [][]consent.Entry{r.Entries(), r.Fresh()} {
		list[0].Kind, list[0].Purposes[0] = consent.KindErased, "x"
	}
	if !slices.Equal(c.Grant, []string{"d", "a"}) {
		t.Error("the choice was sorted")
	}
	c.Grant[0] = "x"
	if !bytes.Equal(r.Row(), row) {
		t.Error("the record changed")
	}
}
