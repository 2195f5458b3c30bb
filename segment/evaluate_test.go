package segment_test

import (
	"maps"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/segment"
)

// Each factor is at most the exact one and less than 2^-31 below it: tested by
// raising to the power of the half-life, with exact rationals.
func TestDecayTable(t *testing.T) {
	for _, halfLife := range []int{1, 2, 3, 7, 30, 90, 365, 730} {
		days := 200
		for age, f := range segment.Table(halfLife, days) {
			// f <= 2^32 * 2^(-age/h)  <=>  f^h * 2^age <= 2^(32h)
			bound := new(big.Int).Lsh(big.NewInt(1), uint(32*halfLife))
			power := func(v uint64) *big.Int {
				x := new(big.Int).Exp(new(big.Int).SetUint64(v), big.NewInt(int64(halfLife)), nil)
				return x.Lsh(x, uint(age))
			}
			if power(f).Cmp(bound) > 0 {
				t.Fatalf("half-life %d, age %d: too large", halfLife, age)
			}
			if power(f+2).Cmp(bound) <= 0 {
				t.Fatalf("half-life %d, age %d: too small", halfLife, age)
			}
		}
	}
	if f := segment.Table(7, 22); f[0] != 1<<32 || f[7] != 1<<31 || f[14] != 1<<30 || f[21] != 1<<29 {
		t.Fatal(f)
	}
}

// seen is an event as the model keeps it: the model decides from the events
// themselves.
type seen struct {
	category string
	day      segment.Day
	count    int
	value    int64
	unit     string
}

func (s seen) below(root string) bool { return segment.Small().Contains(root, s.category) }

// A threshold that is met exactly holds; a thousandth more does not.
func TestScoreAtTheThreshold(t *testing.T) {
	for milli, want := range map[int64]bool{1500: true, 1501: false} {
		r := rules(t, func(c *segment.RulesConfig) {
			c.Measures = nil
			c.Definitions = []segment.Definition{{Name: "d", Purpose: purpose, Version: 1, All: []segment.Predicate{{Score: &segment.Score{Category: "books", HalfLifeDays: 7, AtLeastMilli: milli}}}}}
		})
		row := admit(t, r, nil, segment.Event{Category: "books", Time: start}, moment(0))
		row = admit(t, r, row, segment.Event{Category: "books.fiction", Time: start.Add(-7 * day)}, moment(0))
		if got := len(r.Segments(read(t, row), dayOf(start))) == 1; got != want {
			t.Errorf("%d thousandths: %v", milli, got)
		}
	}
}

// A category that became sensitive, or is known no more, is treated as absent
// at once and gone with the next Expire.
func TestDeniedLater(t *testing.T) {
	r := rules(t)
	var row []byte
	for _, at := range []time.Duration{0, -day} {
		row = admit(t, r, row, segment.Event{Item: "item-1", Category: "sports.running", Time: start.Add(at)}, moment(0))
	}
	if got := r.Segments(read(t, row), dayOf(start)); !slices.Equal(got, []string{"runners"}) {
		t.Fatal(got)
	}
	tax, err := segment.Small().Mark("sports.running")
	if err != nil {
		t.Fatal(err)
	}
	stricter := rules(t, func(c *segment.RulesConfig) { c.Taxonomy = tax })
	p := read(t, row)
	if got := stricter.Segments(p, dayOf(start)); got != nil {
		t.Error(got)
	}
	if h := stricter.History(p, start); len(h.Items)+len(h.Interests) != 0 {
		t.Error(h)
	}
	if next, err := stricter.Expire(row, moment(0)); next != nil || err != nil {
		t.Error("it was kept", err)
	}
}

func TestPersonRefuses(t *testing.T) {
	r := rules(t)
	row := admit(t, r, nil, segment.Event{Item: "item-1", Category: "food.cooking", Time: start}, moment(0))
	p := read(t, row)
	for _, spec := range []int{-1, 3} {
		if _, ok := r.Person(p, spec, start, dayOf(start), 3); ok {
			t.Error("no such measure")
		}
	}
	if _, ok := r.Person(p, 0, start.AddDate(0, 0, 265), dayOf(start), 3); ok {
		t.Error("consent has ended")
	}
	if h := r.History(p, start.AddDate(0, 0, 265)); len(h.Segments)+len(h.Items)+len(h.Interests) != 0 {
		t.Error("history after consent has ended")
	}
	person, ok := r.Person(p, 1, start, dayOf(start), 3)
	if !ok || !slices.Equal(person.Segments, []string{"cooks"}) || len(person.Items) != 1 ||
		person.Items[0] != (contrib.Entry{Item: "item-1", Day: dayOf(start), Count: 1}) || person.Salt != link(1).Salt() {
		t.Error(person)
	}
	if person, _ = r.Person(p, 1, start, dayOf(start), 2); len(person.Items) != 0 {
		t.Error("items of a later window count in an earlier one")
	}
}

func TestHistory(t *testing.T) {
	r := rules(t)
	var row []byte
	for _, e := range []segment.Event{
		{Item: "item-1", Category: "books.fiction", Time: start.Add(-30 * day), Count: 2},
		{Item: "item-1", Category: "books.children", Time: start},
		{Item: "item-9", Time: start.Add(-5 * day), Count: 7},
	} {
		row = admit(t, r, row, e, moment(0))
	}
	h := r.History(read(t, row), start)
	today := dayOf(start)
	if want := []segment.OwnItem{
		{Item: "item-1", Category: "books.children", Day: today, Count: 3},
		{Item: "item-9", Day: today - 5, Count: 1},
	}; !slices.Equal(h.Items, want) {
		t.Errorf("%+v", h.Items)
	}
	if want := []segment.Interest{
		{Category: "books.children", Weight: 1000, Events: 1, Days: 1, Last: today},
		{Category: "books.fiction", Weight: 1000, Events: 2, Days: 1, Last: today - 30},
	}; !slices.Equal(h.Interests, want) {
		t.Errorf("%+v", h.Interests)
	}
}

// TestHistoryTellsDays: of a segment it is told on how many distinct days lies what puts
// the person into it, whatever the purpose asks for, through the segments that it names.
func TestHistoryTellsDays(t *testing.T) {
	r := rules(t, func(c *segment.RulesConfig) {
		c.Measures = nil
		of := func(name, category string) segment.Definition {
			return segment.Definition{Name: name, Purpose: purpose, Version: 1, Any: []segment.Predicate{{Frequency: &segment.Frequency{Category: category, AtLeast: 1, WithinDays: 30}}}}
		}
		in := func(name string, others ...string) segment.Definition {
			d := segment.Definition{Name: name, Purpose: purpose, Version: 1}
			for _, other := range others {
				d.All = append(d.All, segment.Predicate{In: &segment.In{Segment: other}})
			}
			return d
		}
		c.Definitions = []segment.Definition{of("cooks", "food.cooking"), of("readers", "books"), in("both", "cooks", "readers"), in("cooks-again", "cooks", "cooks-too"), in("cooks-too", "cooks")}
	})
	var row []byte
	for _, e := range []segment.Event{
		{Category: "food.cooking", Time: start, Count: 9}, {Category: "food.cooking", Time: start},
		{Category: "books.fiction", Time: start.Add(-3 * day)}, {Category: "books.children", Time: start.Add(-9 * day)},
		{Category: "books.fiction", Time: start.Add(-40 * day)}, // before the window
	} {
		row = admit(t, r, row, e, moment(0))
	}
	h := r.History(read(t, row), start)
	got := map[string]int{}
	for i, name := range h.Segments {
		got[name] = h.SegmentDays[i]
	}
	if want := map[string]int{"cooks": 1, "cooks-too": 1, "cooks-again": 1, "readers": 2, "both": 3}; !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
