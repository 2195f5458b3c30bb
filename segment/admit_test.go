package segment_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment"
)

func TestAdmitAsksForProof(t *testing.T) {
	r := rules(t)
	e := segment.Event{Item: "a", Time: start}
	fields := proof.GrantFields{Subject: link(1).Subject(), Purpose: purpose, From: start.Add(-day), To: start.Add(day), Notice: "n"}
	other := fields
	other.Purpose = "fairness"
	long := fields
	long.Notice = strings.Repeat("n", 129)
	foreign := ident.NewLink(link(1).Subject(), "fairness", link(1).ID(), ident.Salt{})
	for name, c := range map[string]struct {
		g    segment.Grant
		l    segment.Link
		m    segment.Moment
		want error
	}{
		"zero grant":         {segment.Grant{}, link(1), moment(0), segment.ErrGrant},
		"endless notice":     {proof.NewGrant(long), link(1), moment(0), segment.ErrGrant},
		"zero link":          {grant(1), segment.Link{}, moment(0), segment.ErrLink},
		"both zero":          {segment.Grant{}, segment.Link{}, moment(0), segment.ErrGrant},
		"somebody else":      {grant(2), link(1), moment(0), segment.ErrSubject},
		"grant for another":  {proof.NewGrant(other), link(1), moment(0), segment.ErrPurpose},
		"link for another":   {grant(1), foreign, moment(0), segment.ErrPurpose},
		"both for another":   {proof.NewGrant(other), foreign, moment(0), segment.ErrPurpose},
		"zero moment":        {grant(1), link(1), segment.Moment{}, segment.ErrMoment},
		"far moment":         {grant(1), link(1), segment.Moment{Now: start.AddDate(400, 0, 0)}, segment.ErrMoment},
		"window before zero": {grant(1), link(1), segment.Moment{Now: start, Window: -1}, segment.ErrMoment},
	} {
		if row, out, err := r.Admit(nil, c.g, c.l, e, c.m); !errors.Is(err, c.want) || row != nil || out != 0 {
			t.Errorf("%s: %v, %v; want %v", name, out, err, c.want)
		}
	}
	if _, _, err := r.Admit([]byte("no row"), grant(1), link(1), e, moment(0)); !errors.Is(err, segment.ErrRow) {
		t.Errorf("broken row: %v", err)
	}
}

func TestAdmitRefuses(t *testing.T) {
	r := rules(t)
	row := admit(t, r, nil, segment.Event{MessageID: "m", Item: "item-1", Category: "sports.running", Time: start}, moment(0))
	short := proof.NewGrant(proof.GrantFields{
		Subject: link(1).Subject(), Purpose: purpose, From: start.Add(-2 * day), To: start.Add(2 * day), Notice: "pages", Version: 2,
	})
	ok := segment.Event{MessageID: "n", Item: "item-1", Category: "sports.running", Time: start}
	change := func(f func(*segment.Event)) segment.Event {
		e := ok
		f(&e)
		return e
	}
	for name, c := range map[string]struct {
		g    segment.Grant
		e    segment.Event
		m    segment.Moment
		want segment.Outcome
	}{
		"as it should be":        {short, ok, moment(0), segment.Admitted},
		"without category":       {short, change(func(e *segment.Event) { e.Category = "" }), moment(0), segment.Admitted},
		"without item":           {short, change(func(e *segment.Event) { e.Item = "" }), moment(0), segment.Admitted},
		"a little ahead":         {short, change(func(e *segment.Event) { e.Time = start.Add(10 * time.Minute) }), moment(0), segment.Admitted},
		"again":                  {short, change(func(e *segment.Event) { e.MessageID = "m" }), moment(0), segment.Duplicate},
		"again, other content":   {short, change(func(e *segment.Event) { e.MessageID, e.Item = "m", "x" }), moment(0), segment.Duplicate},
		"before consent":         {short, change(func(e *segment.Event) { e.Time = start.Add(-2*day - 1) }), moment(0), segment.RefusedInterval},
		"as consent ends":        {short, change(func(e *segment.Event) { e.Time = start.Add(2 * day) }), moment(2*day - 1), segment.RefusedInterval},
		"recorded after consent": {short, ok, moment(2 * day), segment.RefusedInterval},
		"future":                 {short, change(func(e *segment.Event) { e.Time = start.Add(10*time.Minute + 1) }), moment(0), segment.RefusedFuture},
		"on the last day":        {grant(1), change(func(e *segment.Event) { e.Time = start.Add(-59 * day) }), moment(0), segment.Admitted},
		"too old":                {grant(1), change(func(e *segment.Event) { e.Time = start.Add(-60 * day) }), moment(0), segment.RefusedTooOld},
		"unknown":                {short, change(func(e *segment.Event) { e.Category = "sports.unheard-of" }), moment(0), segment.RefusedCategoryUnknown},
		"sensitive":              {short, change(func(e *segment.Event) { e.Category = "health" }), moment(0), segment.RefusedSensitive},
		"below sensitive":        {short, change(func(e *segment.Event) { e.Category = "health.mental" }), moment(0), segment.RefusedSensitive},
		"nothing":                {short, change(func(e *segment.Event) { e.Item, e.Category = "", "" }), moment(0), segment.RefusedMalformed},
		"no time":                {short, change(func(e *segment.Event) { e.Time = time.Time{} }), moment(0), segment.RefusedMalformed},
		"long item":              {short, change(func(e *segment.Event) { e.Item = strings.Repeat("i", 129) }), moment(0), segment.RefusedMalformed},
		"control in item":        {short, change(func(e *segment.Event) { e.Item = "a\nb" }), moment(0), segment.RefusedMalformed},
		"no UTF-8":               {short, change(func(e *segment.Event) { e.Item = "\xff" }), moment(0), segment.RefusedMalformed},
		"long message id":        {short, change(func(e *segment.Event) { e.MessageID = strings.Repeat("m", 257) }), moment(0), segment.RefusedMalformed},
		"negative count":         {short, change(func(e *segment.Event) { e.Count = -1 }), moment(0), segment.RefusedMalformed},
		"absurd count":           {short, change(func(e *segment.Event) { e.Count = segment.MaxEvents + 1 }), moment(0), segment.RefusedMalformed},
		"an amount":              {short, change(func(e *segment.Event) { e.Value, e.Unit = segment.MaxAmount, "EUR" }), moment(0), segment.Admitted},
		"a unit of nothing":      {short, change(func(e *segment.Event) { e.Unit = "EUR" }), moment(0), segment.Admitted},
		"negative amount":        {short, change(func(e *segment.Event) { e.Value, e.Unit = -1, "EUR" }), moment(0), segment.RefusedMalformed},
		"absurd amount":          {short, change(func(e *segment.Event) { e.Value, e.Unit = segment.MaxAmount+1, "EUR" }), moment(0), segment.RefusedMalformed},
		"amount in no unit":      {short, change(func(e *segment.Event) { e.Value = 1 }), moment(0), segment.RefusedMalformed},
		"bad unit":               {short, change(func(e *segment.Event) { e.Unit = "E R" }), moment(0), segment.RefusedMalformed},
		"long unit":              {short, change(func(e *segment.Event) { e.Unit = strings.Repeat("E", 17) }), moment(0), segment.RefusedMalformed},
		"kind":                   {short, change(func(e *segment.Event) { e.Kind = "View It" }), moment(0), segment.RefusedMalformed},
	} {
		before := bytes.Clone(row)
		next, out, err := r.Admit(row, c.g, link(1), c.e, c.m)
		if err != nil || out != c.want {
			t.Errorf("%s: %v, %v; want %v", name, out, err, c.want)
		}
		if changed := !bytes.Equal(next, row); changed != (c.want == segment.Admitted) {
			t.Errorf("%s: changed %v", name, changed)
		}
		if !bytes.Equal(row, before) {
			t.Errorf("%s: the row given was written to", name)
		}
		if c.want != segment.Admitted && &next[0] != &row[0] {
			t.Errorf("%s: refusal made new bytes", name)
		}
	}
	if next, out, err := r.Admit(nil, short, link(1), segment.Event{Time: start}, moment(0)); next != nil || out != segment.RefusedMalformed || err != nil {
		t.Errorf("a refused first event left a row: %v, %v", out, err)
	}
}

func TestOutcomesHaveCodes(t *testing.T) {
	seen := map[string]bool{}
	for o := segment.Outcome(0); o <= segment.RefusedDismissed+1; o++ {
		text, err := o.MarshalText()
		if err != nil || string(text) != o.String() {
			t.Fatal(o, err)
		}
		seen[o.String()] = true
	}
	if len(seen) != 11 { // ten and "none"
		t.Fatal(seen)
	}
}

func TestMessageIDsAreBounded(t *testing.T) {
	r := rules(t)
	var row []byte
	e := segment.Event{Item: "item-1", Time: start}
	id := func(i int) string { return "message-" + string(rune('a'+i%26)) + item(i) }
	for i := range segment.MaxMessages {
		e.MessageID = id(i)
		row = admit(t, r, row, e, moment(0))
	}
	e.MessageID = "one more"
	if _, out, err := r.Admit(row, grant(1), link(1), e, moment(7*day)); out != segment.RefusedFull || err != nil {
		t.Fatal(out, err)
	}
	e.MessageID = id(7)
	if _, out, _ := r.Admit(row, grant(1), link(1), e, moment(7*day)); out != segment.Duplicate {
		t.Fatal(out)
	}
	e.MessageID = "one more"
	next, out, err := r.Admit(row, grant(1), link(1), e, moment(8*day))
	if out != segment.Admitted || err != nil || len(next) > 200 {
		t.Fatal(out, err, len(next))
	}
	e.MessageID, e.Category = "", "sports" // never a duplicate
	a := admit(t, r, row, e, moment(0))
	b := admit(t, r, a, e, moment(0))
	if bytes.Equal(a, b) {
		t.Fatal("events without id were taken for duplicates")
	}
}

// A row of a consent that ended is not continued by the next consent; a longer
// end of the same consent is.
func TestLapsedConsent(t *testing.T) {
	r := rules(t)
	between := func(from, to time.Duration, version int) segment.Grant {
		return proof.NewGrant(proof.GrantFields{
			Subject: link(1).Subject(), Purpose: purpose, From: start.Add(from), To: start.Add(to), Notice: "pages", Version: version,
		})
	}
	take := func(row []byte, g segment.Grant, id string, at time.Duration) []byte {
		t.Helper()
		row, out, err := r.Admit(row, g, link(1), segment.Event{MessageID: id, Category: "sports.running", Time: start.Add(at)}, moment(at))
		if err != nil || out != segment.Admitted {
			t.Fatal(out, err)
		}
		return row
	}
	first := take(nil, between(-day, 3*day, 1), "a", 0)
	if end := read(t, first).ConsentEnds(); !end.Equal(start.Add(3 * day)) {
		t.Fatal(end)
	}
	anew := take(first, between(3*day, 30*day, 1), "b", 4*day)
	if !bytes.Equal(anew, take(nil, between(3*day, 30*day, 1), "b", 4*day)) {
		t.Fatal("a lapsed row was continued")
	}
	longer := take(first, between(-day, 30*day, 2), "b", 4*day)
	if got := r.Segments(read(t, longer), dayOf(start)+4); len(got) != 1 || got[0] != "runners" {
		t.Fatal(got)
	}
	if id, version := read(t, longer).Notice(); id != "pages" || version != 2 {
		t.Fatal(id, version)
	}
	// A notice with a shorter consent shortens it.
	shorter := take(longer, between(-day, 10*day, 3), "c", 5*day)
	if end := read(t, shorter).ConsentEnds(); !end.Equal(start.Add(10 * day)) {
		t.Fatal(end)
	}
}

func TestComingBackEntersNextWindow(t *testing.T) {
	r := rules(t)
	m := moment(0)
	m.EntersNext = true
	e := segment.Event{Category: "food.cooking", Time: start}
	row, _, err := r.Admit(nil, grant(1), link(1), e, m)
	if err != nil {
		t.Fatal(err)
	}
	row = admit(t, r, row, e, moment(0))
	for window, want := range map[int32]bool{2: false, 3: false, 4: true, 5: true} {
		if _, ok := r.Person(read(t, row), 0, start, dayOf(start), window); ok != want {
			t.Errorf("window %d: %v", window, ok)
		}
	}
	if got := r.History(read(t, row), start); len(got.Segments) != 1 {
		t.Error("not served at once")
	}
}

// What no measure may count is not kept.
func TestOnlyWhatMayCountIsKept(t *testing.T) {
	r := rules(t, func(c *segment.RulesConfig) { c.Measures = c.Measures[2:] })
	row := admit(t, r, nil, segment.Event{Kind: "unmistakable-kind", MessageID: "unmistakable-id", Item: "unmistakable-item", Category: "sports", Time: start}, moment(0))
	for _, text := range []string{"unmistakable-kind", "unmistakable-id", "unmistakable-item"} {
		if bytes.Contains(row, []byte(text)) {
			t.Errorf("the row holds %q", text)
		}
	}
	row = admit(t, r, row, segment.Event{Item: "item-2", Time: start}, moment(0))
	if !bytes.Contains(row, []byte("item-2")) {
		t.Error("a countable item was not kept")
	}
	// An item beyond the look-back is not kept either.
	r = rules(t, func(c *segment.RulesConfig) { c.Measures = c.Measures[1:2] })
	row = admit(t, r, nil, segment.Event{Item: "old-item", Category: "sports", Time: start.Add(-20 * day)}, moment(0))
	if bytes.Contains(row, []byte("old-item")) {
		t.Error("an item beyond the look-back was kept")
	}
	row = admit(t, r, row, segment.Event{Item: "old-item", Category: "sports", Time: start.Add(-19 * day)}, moment(0))
	if !bytes.Contains(row, []byte("old-item")) {
		t.Error("an item within the look-back was not kept")
	}
}

// Person and Vector agree on a count that stands under two categories.
func TestPersonAddsUpCategories(t *testing.T) {
	r := rules(t)
	var row []byte
	for _, c := range []string{"books.fiction", "books.children", "", "books.fiction"} {
		row = admit(t, r, row, segment.Event{Item: "item-1", Category: c, Time: start}, moment(0))
	}
	s := spec(t, contrib.SegmentItems{Name: "public", Purpose: purpose, Items: contrib.Public{"item-1", "item-2", "item-3"}, MaxSegments: 1, MaxItems: 2, MaxPerItem: 5, LookbackDays: 60, Share: 0.1})
	p, ok := r.Person(read(t, row), 2, start, dayOf(start), 3)
	if v := s.Vector(&p, 3, dayOf(start)); !ok || len(v) != 1 || v[0].Value != 4 {
		t.Fatal(ok, v)
	}
}
