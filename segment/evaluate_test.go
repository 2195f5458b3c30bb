package segment_test

import (
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/segment"
	"pgregory.net/rapid"
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
}

func (s seen) below(root string) bool { return segment.Small().Contains(root, s.category) }

func modelHolds(p segment.Predicate, list []seen, asOf segment.Day) bool {
	switch {
	case p.Score != nil:
		table := segment.Table(p.Score.HalfLifeDays, 60) // tested against exact powers above
		sum := uint64(0)
		for _, x := range list {
			if age := asOf - x.day; x.below(p.Score.Category) && age >= 0 && age < 60 {
				sum += table[age] * uint64(x.count)
			}
		}
		return sum*1000 >= uint64(p.Score.AtLeastMilli)<<32
	case p.Recency != nil:
		return slices.ContainsFunc(list, func(x seen) bool {
			age := int(asOf - x.day)
			return x.below(p.Recency.Category) && age >= 0 && age < p.Recency.WithinDays
		})
	}
	n, days := 0, map[segment.Day]bool{}
	for _, x := range list {
		if age := int(asOf - x.day); x.below(p.Frequency.Category) && age >= 0 && age < p.Frequency.WithinDays {
			n += x.count
			days[x.day] = true
		}
	}
	if p.Frequency.Days {
		n = len(days)
	}
	return n >= p.Frequency.AtLeast
}

func TestSegmentsAgreeWithTheEvents(t *testing.T) {
	category := rapid.SampledFrom([]string{"sports", "sports.running", "books", "books.fiction", "books.comics", "food.cooking"})
	predicate := rapid.Custom(func(t *rapid.T) segment.Predicate {
		c := category.Draw(t, "category")
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			return segment.Predicate{Score: &segment.Score{Category: c, HalfLifeDays: rapid.IntRange(1, 40).Draw(t, "half-life"), AtLeastMilli: rapid.Int64Range(1, 6000).Draw(t, "at least")}}
		case 1:
			return segment.Predicate{Recency: &segment.Recency{Category: c, WithinDays: rapid.IntRange(1, 60).Draw(t, "within")}}
		}
		within := rapid.IntRange(1, 60).Draw(t, "within")
		return segment.Predicate{Frequency: &segment.Frequency{Category: c, AtLeast: rapid.IntRange(1, min(6, within)).Draw(t, "at least"), WithinDays: within, Days: rapid.Bool().Draw(t, "days")}}
	})
	rapid.Check(t, func(t *rapid.T) {
		d := segment.Definition{
			Name: "d", Purpose: purpose, Version: 1,
			All:  rapid.SliceOfN(predicate, 1, 2).Draw(t, "all"),
			Any:  rapid.SliceOfN(predicate, 0, 2).Draw(t, "any"),
			None: rapid.SliceOfN(predicate, 0, 1).Draw(t, "none"),
		}
		r, err := segment.NewRules(segment.RulesConfig{Purpose: purpose, Taxonomy: segment.Small(), Definitions: []segment.Definition{d}, TTLDays: 60})
		if err != nil {
			t.Fatal(err)
		}
		var row []byte
		var list []seen
		for range rapid.IntRange(0, 25).Draw(t, "n") {
			s := seen{category.Draw(t, "of"), dayOf(start) - segment.Day(rapid.IntRange(0, 59).Draw(t, "age")), rapid.IntRange(1, 3).Draw(t, "count")}
			list = append(list, s)
			at := time.Unix(int64(s.day)*86400+int64(rapid.IntRange(0, 30000).Draw(t, "second")), 0)
			row, _, err = r.Admit(row, grant(1), link(1), segment.Event{Category: s.category, Count: s.count, Time: at}, moment(0))
			if err != nil {
				t.Fatal(err)
			}
		}
		p := new(segment.Profile)
		if row != nil {
			if err := p.UnmarshalBinary(row); err != nil {
				t.Fatal(err)
			}
		}
		asOf := dayOf(start) + segment.Day(rapid.IntRange(-10, 30).Draw(t, "as of"))
		hold := func(p segment.Predicate) bool { return modelHolds(p, list, asOf) }
		want := !slices.ContainsFunc(d.All, func(p segment.Predicate) bool { return !hold(p) }) &&
			(len(d.Any) == 0 || slices.ContainsFunc(d.Any, hold)) && !slices.ContainsFunc(d.None, hold)
		if got := len(r.Segments(p, asOf)) == 1; got != want {
			t.Fatalf("in: %v, want %v", got, want)
		}
	})
}

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
