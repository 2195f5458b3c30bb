package consent_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/consent"
)

func historic(day int, grant, refuse string) consent.Historic {
	return consent.Historic{Choice: answers(grant, refuse), At: after(day), Proof: "box-17"}
}

// take imports, on day 20, and once more, which must change nothing.
func take(t failer, b *consent.Book, r *consent.Record, c consent.Historic) consent.Imported {
	t.Helper()
	n, err := r.Import(b, c, after(20))
	if err != nil {
		t.Fatal(err)
	}
	named := len(c.Grant) + len(c.Refuse)
	if n.Given+n.Expired+n.Refused+n.Known != named {
		t.Fatal("the counts do not add up", n)
	}
	row := r.Row()
	again, err := r.Import(b, c, after(20))
	if err != nil || again != (consent.Imported{Known: named}) || !bytes.Equal(r.Row(), row) {
		t.Fatal("importing twice changes something", again, err)
	}
	reread(t, r)
	return n
}

// On day 20, in which consents last 30 days: which of a, a.b, d are open after an
// import, and from when.
func TestImport(t *testing.T) {
	b := treeBook(t)
	type open map[string]int
	yes := func(day int, purposes string) func(r *consent.Record) {
		return func(r *consent.Record) { recordChoose(t, b, r, answers(purposes, ""), after(day)) }
	}
	no := func(day int, purposes string) func(r *consent.Record) {
		return func(r *consent.Record) { recordChoose(t, b, r, answers("", purposes), after(day)) }
	}
	newer := func(r *consent.Record) {
		c := answers("a", "")
		c.Version = 2
		recordChoose(t, b, r, c, after(1))
	}
	all := func(steps ...func(r *consent.Record)) func(r *consent.Record) {
		return func(r *consent.Record) {
			for _, s := range steps {
				s(r)
			}
		}
	}
	for name, c := range map[string]struct {
		before func(r *consent.Record)
		what   consent.Historic
		n      consent.Imported
		open   open // purpose -> day of its beginning
	}{
		"a yes, open":               {all(), historic(5, "a d", ""), consent.Imported{Given: 2}, open{"a": 5, "d": 5}},
		"a yes, expired":            {all(), historic(-10, "a", ""), consent.Imported{Expired: 1}, open{}},
		"a yes, open a day more":    {all(), historic(-9, "a", ""), consent.Imported{Given: 1}, open{"a": -9}},
		"a yes of now":              {all(), historic(20, "a", ""), consent.Imported{Given: 1}, open{"a": 20}},
		"a yes within a yes":        {yes(0, "a"), historic(5, "a", ""), consent.Imported{Given: 1}, open{"a": 0}},
		"a yes before a yes":        {yes(5, "a"), historic(0, "a", ""), consent.Imported{Known: 1}, open{"a": 5}},
		"a yes at a yes":            {yes(5, "a"), historic(5, "a", ""), consent.Imported{Known: 1}, open{"a": 5}},
		"a yes after an old yes":    {yes(-30, "a"), historic(5, "a", ""), consent.Imported{Given: 1}, open{"a": 5}},
		"a yes in older words":      {newer, historic(5, "a", ""), consent.Imported{Known: 1}, open{"a": 1}},
		"a yes before a no":         {no(6, "a"), historic(5, "a", ""), consent.Imported{Known: 1}, open{}},
		"a yes at a no":             {no(5, "a"), historic(5, "a", ""), consent.Imported{Known: 1}, open{}},
		"a yes after a no":          {no(4, "a"), historic(5, "a", ""), consent.Imported{Given: 1}, open{"a": 5}},
		"a yes before a no above":   {no(6, "a"), historic(5, "a.b d", ""), consent.Imported{Known: 1, Given: 1}, open{"d": 5}},
		"a yes before a no lifted":  {all(no(6, "a"), yes(7, "a")), historic(5, "a", ""), consent.Imported{Known: 1}, open{"a": 7}},
		"a yes before an opt-out":   {func(r *consent.Record) { r.OptOut("a", consent.OptedOutGPC, after(6)) }, historic(5, "a.b", ""), consent.Imported{Known: 1}, open{}},
		"a yes before an erasure":   {func(r *consent.Record) { r.Erase(after(6)) }, historic(5, "a", "d"), consent.Imported{Known: 2}, open{}},
		"a yes at an erasure":       {func(r *consent.Record) { r.Erase(after(5)) }, historic(5, "a", "d"), consent.Imported{Known: 2}, open{}},
		"a yes after an erasure":    {func(r *consent.Record) { r.Erase(after(4)) }, historic(5, "a", "d"), consent.Imported{Given: 1, Refused: 1}, open{"a": 5}},
		"a yes before a move":       {func(r *consent.Record) { r.Leave(after(6)) }, historic(5, "a", ""), consent.Imported{Known: 1}, open{}},
		"a no":                      {all(), historic(5, "", "a d"), consent.Imported{Refused: 2}, open{}},
		"a no after a yes":          {yes(0, "a a.b d"), historic(5, "", "a"), consent.Imported{Refused: 1}, open{"d": 0}},
		"a no before a yes":         {yes(6, "a"), historic(5, "", "a"), consent.Imported{Known: 1}, open{"a": 6}},
		"a no at a yes":             {yes(5, "a"), historic(5, "", "a"), consent.Imported{Known: 1}, open{"a": 5}},
		"a no before a no":          {no(6, "a"), historic(5, "", "a"), consent.Imported{Known: 1}, open{}},
		"a no, newer below":         {all(yes(0, "a"), yes(6, "a.b")), historic(5, "", "a"), consent.Imported{Refused: 1}, open{"a.b": 6}},
		"a no, newer, older below":  {all(yes(0, "a.b"), yes(6, "a")), historic(5, "", "a"), consent.Imported{Refused: 1}, open{"a": 6}},
		"a no, and one below":       {yes(0, "a a.b"), historic(5, "", "a a.b"), consent.Imported{Refused: 2}, open{}},
		"a no below, a yes":         {yes(0, "a.b"), historic(5, "a", "a.b"), consent.Imported{Given: 1, Refused: 1}, open{"a": 5}},
		"a no beside":               {yes(0, "a d"), historic(5, "", "e"), consent.Imported{Refused: 1}, open{"a": 0, "d": 0}},
		"a no after a withdrawal":   {all(yes(0, "a"), no(2, "a")), historic(5, "", "a"), consent.Imported{Refused: 1}, open{}},
		"a no before a yes's clock": {all(yes(25, "a")), historic(5, "", "a"), consent.Imported{Known: 1}, open{"a": 25}},
	} {
		r := &consent.Record{}
		c.before(r)
		if got := take(t, b, r, c.what); got != c.n {
			t.Errorf("%s: %+v", name, got)
		}
		r = reread(t, r)
		for _, key := range []string{"a", "a.b", "d"} {
			from, want := c.open[key]
			for day := -35; day <= 20; day++ {
				if got := allowed(b, r.History(), key, after(day), after(20)); got != (want && day >= from) {
					t.Errorf("%s: %s, event on day %d: %v", name, key, day, got)
				}
			}
		}
	}
}

// A no that was taken over is remembered for as long as its notice says, counted
// from its own date, also where it stands below another.
func TestImportRemembersRefusals(t *testing.T) {
	b := treeBook(t)
	r := &consent.Record{}
	take(t, b, r, historic(0, "", "a a.b"))
	recordChoose(t, b, r, answers("a", ""), after(20))
	for day, want := range map[int]int{20: 0, 49: 0, 50: 1} {
		if got := len(b.Needs(r.History(), []string{"a.b"}, after(day))); got != want {
			t.Errorf("day %d: %d notices", day, got)
		}
	}
	s := r.History().Summary(after(20)).Purposes
	if len(s) != 2 || s[1].State != consent.Refused || s[1].Notice != "tree" || !s[1].Since.Equal(after(0)) {
		t.Errorf("%+v", s)
	}
}

// Answers in the order of their dates keep the earliest beginning; in another
// order, the older ones are passed over.
func TestImportOrder(t *testing.T) {
	b := treeBook(t)
	list := []consent.Historic{historic(-5, "d", ""), historic(0, "d", ""), historic(10, "d", "")}
	sum := consent.Imported{}
	r := &consent.Record{}
	for _, c := range list {
		sum.Add(take(t, b, r, c))
	}
	if s := r.History().Summary(after(20)).Purposes[0]; !s.Since.Equal(after(-5)) || sum.Given != 3 {
		t.Errorf("oldest first: since %v, %+v", s.Since, sum)
	}
	r, sum = &consent.Record{}, consent.Imported{}
	for _, c := range slices.Backward(list) {
		sum.Add(take(t, b, r, c))
	}
	if s := r.History().Summary(after(20)).Purposes[0]; !s.Since.Equal(after(10)) || sum != (consent.Imported{Given: 1, Known: 2}) {
		t.Errorf("newest first: since %v, %+v", s.Since, sum)
	}
}

func TestImportRefuses(t *testing.T) {
	b := treeBook(t)
	full := &consent.Record{}
	for i := range 32 {
		var keys []string
		for j := range 32 {
			keys = append(keys, "p"+string(rune('a'+i%26))+string(rune('a'+i/26))+string(rune('a'+j%26))+string(rune('a'+j/26)))
		}
		other := newBook(t, purposes("many", keys...))
		recordChoose(t, other, full, consent.Choice{Notice: "many", Version: 1, Locale: "en", Refuse: keys}, t0)
	}
	if n := len(full.History().Summary(t0).Purposes); n != 1024 {
		t.Fatalf("%d purposes", n)
	}
	some := &consent.Record{}
	recordChoose(t, b, some, answers("a", "d"), after(0))
	for name, c := range map[string]struct {
		r      *consent.Record
		change func(c *consent.Historic, now *time.Time)
		want   error
	}{
		"notice":        {some, func(c *consent.Historic, _ *time.Time) { c.Notice = "bush" }, consent.ErrUnknownNotice},
		"version":       {some, func(c *consent.Historic, _ *time.Time) { c.Version = 3 }, consent.ErrUnknownNotice},
		"locale":        {some, func(c *consent.Historic, _ *time.Time) { c.Locale = "de" }, consent.ErrUnknownNotice},
		"purpose":       {some, func(c *consent.Historic, _ *time.Time) { c.Grant = []string{"a", "x"} }, consent.ErrPurpose},
		"nothing":       {some, func(c *consent.Historic, _ *time.Time) { c.Grant = nil }, consent.ErrChoice},
		"both":          {some, func(c *consent.Historic, _ *time.Time) { c.Refuse = c.Grant }, consent.ErrChoice},
		"method":        {some, func(c *consent.Historic, _ *time.Time) { c.Method = "by hand" }, consent.ErrMethod},
		"no proof":      {some, func(c *consent.Historic, _ *time.Time) { c.Proof = "" }, consent.ErrProof},
		"long proof":    {some, func(c *consent.Historic, _ *time.Time) { c.Proof = strings.Repeat("x", 129) }, consent.ErrProof},
		"an address":    {some, func(c *consent.Historic, _ *time.Time) { c.Proof = "anna@example.org" }, consent.ErrProof},
		"a name":        {some, func(c *consent.Historic, _ *time.Time) { c.Proof = "Anna Example" }, consent.ErrProof},
		"an accent":     {some, func(c *consent.Historic, _ *time.Time) { c.Proof = "caf\u00e9" }, consent.ErrProof},
		"a phone":       {some, func(c *consent.Historic, _ *time.Time) { c.Proof = "+4912345678" }, consent.ErrProof},
		"a line":        {some, func(c *consent.Historic, _ *time.Time) { c.Proof = "a\nb" }, consent.ErrProof},
		"no date":       {some, func(c *consent.Historic, _ *time.Time) { c.At = time.Time{} }, consent.ErrClock},
		"before 1970":   {some, func(c *consent.Historic, _ *time.Time) { c.At = time.Unix(-1, 0) }, consent.ErrClock},
		"in the future": {some, func(c *consent.Historic, now *time.Time) { c.At = now.Add(time.Millisecond) }, consent.ErrClock},
		"no now":        {some, func(_ *consent.Historic, now *time.Time) { *now = time.Time{} }, consent.ErrClock},
		"after 9999":    {some, func(_ *consent.Historic, now *time.Time) { *now = time.Unix(1<<60, 0) }, consent.ErrClock},
		"full":          {full, func(*consent.Historic, *time.Time) {}, consent.ErrFull},
		"full, a no":    {full, func(c *consent.Historic, _ *time.Time) { c.Grant, c.Refuse = nil, c.Grant }, consent.ErrFull},
	} {
		h, now := historic(10, "a", ""), after(20)
		c.change(&h, &now)
		row := c.r.Row()
		n, err := c.r.Import(b, h, now)
		if err == nil || !errors.Is(err, c.want) || n != (consent.Imported{}) {
			t.Errorf("%s: %v %+v", name, err, n)
		}
		if !bytes.Equal(c.r.Row(), row) {
			t.Errorf("%s: the record changed", name)
		}
		if err != nil && len(h.Proof) > 2 && strings.Contains(err.Error(), h.Proof) {
			t.Errorf("%s: the error says what came in", name)
		}
	}
	longest := historic(10, "e", "")
	longest.Proof = strings.Repeat("aZ9-_.:/", 15) + "#1234567"
	if take(t, b, some, longest).Given != 1 || some.Entries()[2].Proof != longest.Proof {
		t.Error("the longest proof is not taken")
	}
}

// A no that was taken over is not overtaken by a clock that runs behind it.
func TestImportMovesTheClock(t *testing.T) {
	b := treeBook(t)
	r := &consent.Record{}
	take(t, b, r, historic(10, "", "d"))
	if err := r.Choose(b, answers("d", ""), after(9)); err != consent.ErrClock {
		t.Errorf("a yes before it: %v", err)
	}
	r.Withdraw("e", after(9))
	if list := r.Entries(); told(list[1]) != "10 withdrawn e" {
		t.Errorf("%q", lines(list))
	}
}
