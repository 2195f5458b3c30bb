package segment_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/segment"
	"pgregory.net/rapid"
)

// world is what a model decides from: the events themselves, what was left, and
// the definitions. It knows no order of evaluation, no tables and no sets.
type world struct {
	events      []seen
	left        []string
	definitions []segment.Definition
	advertising bool
	asOf        segment.Day
	ttl         int
}

// within returns the events that a predicate looks at.
func (w *world) within(p segment.Predicate) (list []seen) {
	root, days, calendar := "", w.ttl, segment.Calendar("")
	switch {
	case p.Score != nil:
		root = p.Score.Category
	case p.Recency != nil:
		root, days = p.Recency.Category, p.Recency.WithinDays
	case p.Frequency != nil:
		root, days, calendar = p.Frequency.Category, p.Frequency.WithinDays, p.Frequency.Calendar
	case p.Sum != nil:
		root, days, calendar = p.Sum.Category, p.Sum.WithinDays, p.Sum.Calendar
	case p.Distinct != nil:
		root, days, calendar = p.Distinct.Category, p.Distinct.WithinDays, p.Distinct.Calendar
	case p.Subtree != nil:
		root = p.Subtree.Category
	}
	for _, x := range w.events {
		if !x.below(root) || x.day > w.asOf || p.Sum != nil && (x.value == 0 || x.unit != p.Sum.Unit) {
			continue
		}
		in := int(w.asOf-x.day) < days
		if calendar != "" {
			first, after := calendars[calendar](time.Unix(int64(w.asOf)*86400, 0).UTC())
			in = x.day >= dayOf(first) && x.day < dayOf(after)
		}
		if in {
			list = append(list, x)
		}
	}
	return list
}

func (w *world) holds(p segment.Predicate, left bool) bool {
	list := w.within(p)
	amounts := int64(0)
	events, days, categories := 0, map[segment.Day]bool{}, map[string]bool{}
	for _, x := range list {
		events += x.count
		amounts += x.value
		days[x.day], categories[x.category] = true, true
	}
	switch {
	case p.Score != nil:
		sum := uint64(0)
		table := segment.Table(p.Score.HalfLifeDays, w.ttl)
		for _, x := range list {
			sum += table[w.asOf-x.day] * uint64(x.count)
		}
		return sum*1000 >= uint64(p.Score.AtLeastMilli)<<32
	case p.Recency != nil, p.Subtree != nil:
		return events > 0
	case p.Sum != nil:
		return amounts >= p.Sum.AtLeastMilli
	case p.Distinct != nil:
		return len(categories) >= p.Distinct.AtLeast
	case p.In != nil:
		i := slices.IndexFunc(w.definitions, func(d segment.Definition) bool { return d.Name == p.In.Segment })
		return w.member(w.definitions[i], left)
	case p.Frequency.Days:
		return len(days) >= p.Frequency.AtLeast
	}
	return events >= p.Frequency.AtLeast
}

// member reports whether the person is in; with left false, as if none had been left.
func (w *world) member(d segment.Definition, left bool) bool {
	hold := func(p segment.Predicate) bool { return w.holds(p, left) }
	in := !slices.ContainsFunc(d.All, func(p segment.Predicate) bool { return !hold(p) }) &&
		(len(d.Any) == 0 || slices.ContainsFunc(d.Any, hold)) &&
		!slices.ContainsFunc(d.None, func(p segment.Predicate) bool { return w.holds(p, false) })
	if !in || left && slices.Contains(w.left, d.Name) {
		return false
	}
	if !w.advertising {
		return true
	}
	days := map[segment.Day]bool{}
	for _, p := range append(slices.Clone(d.All), d.Any...) {
		if !hold(p) {
			continue
		}
		if p.In != nil {
			return true // whoever is in there has the evidence
		}
		for _, x := range w.within(p) {
			days[x.day] = true
		}
	}
	return len(days) >= 2
}

var modelCategories = []string{"sports", "sports.running", "books", "books.fiction", "books.comics", "food.cooking"}

// unitOf is the unit in which sums over a category are drawn.
func unitOf(category string) string {
	if strings.HasPrefix(category, "books") {
		return "points"
	}
	return "EUR"
}

// drawPredicate draws any predicate; those before are the segments that In may name.
func drawPredicate(before []string) *rapid.Generator[segment.Predicate] {
	return rapid.Custom(func(t *rapid.T) segment.Predicate {
		c := rapid.SampledFrom(modelCategories).Draw(t, "category")
		within, calendar := rapid.IntRange(1, 60).Draw(t, "within"), segment.Calendar("")
		if rapid.IntRange(0, 2).Draw(t, "rolling") == 0 {
			calendar = rapid.SampledFrom([]segment.Calendar{segment.ThisWeek, segment.LastWeek, segment.ThisMonth}).Draw(t, "calendar")
			within = 0
		}
		if len(before) > 0 && rapid.Bool().Draw(t, "in") {
			return segment.Predicate{In: &segment.In{Segment: rapid.SampledFrom(before).Draw(t, "segment")}}
		}
		switch rapid.IntRange(0, 7).Draw(t, "kind") {
		case 0:
			return segment.Predicate{Score: &segment.Score{Category: c, HalfLifeDays: rapid.IntRange(1, 40).Draw(t, "half-life"), AtLeastMilli: rapid.Int64Range(1, 6000).Draw(t, "at least")}}
		case 1:
			return segment.Predicate{Recency: &segment.Recency{Category: c, WithinDays: rapid.IntRange(1, 60).Draw(t, "within")}}
		case 2:
			return segment.Predicate{Subtree: &segment.Subtree{Category: c}}
		case 4, 5:
			return segment.Predicate{Sum: &segment.Sum{Category: c, AtLeastMilli: rapid.Int64Range(1, 6000).Draw(t, "at least"), Unit: unitOf(c), WithinDays: within, Calendar: calendar}}
		case 3:
			return segment.Predicate{Distinct: &segment.Distinct{Category: c, AtLeast: rapid.IntRange(1, 3).Draw(t, "at least"), WithinDays: within, Calendar: calendar}}
		}
		days := rapid.Bool().Draw(t, "days")
		most := 6
		if within > 0 {
			most = min(most, within)
		}
		return segment.Predicate{Frequency: &segment.Frequency{Category: c, AtLeast: rapid.IntRange(1, most).Draw(t, "at least"), WithinDays: within, Calendar: calendar, Days: days}}
	})
}

// drawDefinitions draws definitions that name each other in no circle, in an order
// and under names that tell nothing of who names whom.
func drawDefinitions(t *rapid.T) []segment.Definition {
	names := rapid.Permutation([]string{"a", "b", "c", "d"}).Draw(t, "names")
	var list []segment.Definition
	for i, name := range names {
		p := drawPredicate(names[:i])
		list = append(list, segment.Definition{
			Name: name, Purpose: purpose, Version: 1 + i,
			All:  rapid.SliceOfN(p, 1, 1+i%2).Draw(t, "all"),
			Any:  rapid.SliceOfN(p, 0, 2).Draw(t, "any"),
			None: rapid.SliceOfN(p, 0, 1).Draw(t, "none"),
		})
		d := &list[i]
		for _, l := range []*[]segment.Predicate{&d.All, &d.Any, &d.None} {
			if len(*l) == 0 {
				*l = nil
			}
		}
	}
	return rapid.Permutation(list).Draw(t, "given")
}

// drawEvents records events of 60 days and returns them and the row.
func drawEvents(t *rapid.T, r *segment.Rules) (list []seen, row []byte) {
	for range rapid.IntRange(0, 30).Draw(t, "n") {
		age := rapid.OneOf(rapid.IntRange(0, 59), rapid.IntRange(0, 14)).Draw(t, "age")
		s := seen{rapid.SampledFrom(modelCategories).Draw(t, "of"), dayOf(start) - segment.Day(age), rapid.IntRange(1, 3).Draw(t, "count"), 0, ""}
		if rapid.Bool().Draw(t, "amount") {
			s.value, s.unit = rapid.Int64Range(1, 3000).Draw(t, "value"), rapid.SampledFrom([]string{"EUR", "points"}).Draw(t, "unit")
		}
		list = append(list, s)
		at := time.Unix(int64(s.day)*86400+int64(rapid.IntRange(0, 30000).Draw(t, "second")), 0)
		var err error
		if row, _, err = r.Admit(row, grant(1), link(1), segment.Event{Category: s.category, Count: s.count, Value: s.value, Unit: s.unit, Time: at}, moment(0)); err != nil {
			t.Fatal(err)
		}
	}
	return list, row
}

func profileOf(t *rapid.T, row []byte) *segment.Profile {
	p := new(segment.Profile)
	if row != nil {
		if err := p.UnmarshalBinary(row); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// Who is in which segment follows from the events, what was left and the
// definitions, as a model decides it that knows nothing of how it is computed; and
// an explanation tells the same.
func TestMembershipsAgreeWithTheEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := world{definitions: drawDefinitions(t), advertising: rapid.Bool().Draw(t, "advertising"), ttl: 60}
		r, err := segment.NewRules(segment.RulesConfig{Purpose: purpose, Taxonomy: segment.Small(), Definitions: w.definitions, TTLDays: w.ttl, Advertising: w.advertising})
		if err != nil {
			t.Fatal(err)
		}
		var row []byte
		w.events, row = drawEvents(t, r)
		if row != nil {
			for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d"}), rapid.ID[string]).Draw(t, "left") {
				w.left = append(w.left, name)
				row, err = r.Leave(row, name)
				row = must(t, row, err)
			}
		}
		p := profileOf(t, row)
		w.asOf = dayOf(start) + segment.Day(rapid.IntRange(-10, 30).Draw(t, "as of"))
		var want, explained []string
		for _, d := range w.definitions {
			if w.member(d, true) {
				want = append(want, d.Name)
			}
		}
		slices.Sort(want)
		if got := r.Segments(p, w.asOf); !slices.Equal(got, want) {
			t.Fatalf("in %v, want %v", got, want)
		}
		now := time.Unix(int64(w.asOf)*86400, 0)
		x := r.Explain(p, now)
		for _, m := range x.Segments {
			if m.In {
				explained = append(explained, m.Segment)
			}
		}
		if row != nil && !slices.Equal(explained, want) {
			t.Fatalf("explained %v, want %v", explained, want)
		}
		_ = x.String()
	})
}

// Leaving segments never puts a person into another one, and rejoining all of them
// is as if none had been left.
func TestLeavingAddsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, err := segment.NewRules(segment.RulesConfig{
			Purpose: purpose, Taxonomy: segment.Small(), Definitions: drawDefinitions(t), TTLDays: 60, Advertising: rapid.Bool().Draw(t, "advertising"),
		})
		if err != nil {
			t.Fatal(err)
		}
		_, row := drawEvents(t, r)
		if row == nil {
			return
		}
		asOf := dayOf(start)
		before := r.Segments(profileOf(t, row), asOf)
		for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d"}), rapid.ID[string]).Draw(t, "left") {
			next, err := r.Leave(row, name)
			row = must(t, next, err)
			after := r.Segments(profileOf(t, row), asOf)
			for _, in := range after {
				if !slices.Contains(before, in) || in == name {
					t.Fatalf("in %v, after leaving %q in %v", before, name, after)
				}
			}
			before = after
		}
	})
}

// Who left a segment is not put into one that leaves out its members, directly or
// through others; who never was in it is.
func TestLeavingIsNoWayIn(t *testing.T) {
	some := func(category string) segment.Predicate {
		return segment.Predicate{Subtree: &segment.Subtree{Category: category}}
	}
	in := func(name string) segment.Predicate { return segment.Predicate{In: &segment.In{Segment: name}} }
	of := func(name string, all segment.Predicate, none ...segment.Predicate) segment.Definition {
		return segment.Definition{Name: name, Purpose: purpose, Version: 1, All: []segment.Predicate{all}, None: none}
	}
	r, err := segment.NewRules(segment.RulesConfig{Purpose: purpose, Taxonomy: segment.Small(), TTLDays: 60, Definitions: []segment.Definition{
		of("cooks", some("food.cooking")), of("eaters", some("food"), in("cooks")), of("through", in("cooks")),
		of("others", some("food"), in("through")), of("not-others", some("food"), in("others")),
	}})
	if err != nil {
		t.Fatal(err)
	}
	row := admit(t, r, nil, segment.Event{Category: "food.cooking", Time: start}, moment(0))
	if got := r.Segments(read(t, row), dayOf(start)); !slices.Equal(got, []string{"cooks", "not-others", "through"}) {
		t.Fatal(got)
	}
	left, err := r.Leave(row, "cooks")
	left = must(t, left, err)
	if got := r.Segments(read(t, left), dayOf(start)); !slices.Equal(got, []string{"not-others"}) {
		t.Error(got)
	}
	if x := r.Explain(read(t, left), start); !x.Segments[1].None[0].Holds || x.Segments[4].All[0].Holds {
		t.Errorf("%+v", x.Segments)
	}
	row = admit(t, r, nil, segment.Event{Category: "food", Time: start}, moment(0))
	if got := r.Segments(read(t, row), dayOf(start)); !slices.Equal(got, []string{"eaters", "others"}) {
		t.Error(got)
	}
}

// A window of distinct categories has both ends.
func TestDistinctWindow(t *testing.T) {
	r, err := segment.NewRules(segment.RulesConfig{Purpose: purpose, Taxonomy: segment.Small(), TTLDays: 60, Definitions: []segment.Definition{
		{Name: "rolling", Purpose: purpose, Version: 1, All: []segment.Predicate{{Distinct: &segment.Distinct{Category: "books", AtLeast: 2, WithinDays: 3}}}},
		{Name: "week", Purpose: purpose, Version: 1, All: []segment.Predicate{{Distinct: &segment.Distinct{Category: "books", AtLeast: 2, Calendar: segment.LastWeek}}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		first, second int // days before start, a Monday
		want          []string
	}{
		"both within":        {0, 2, []string{"rolling"}},
		"one too old":        {0, 3, nil},
		"both last week":     {3, 7, []string{"week"}},
		"one before":         {7, 8, nil},
		"one after":          {0, 7, nil},
		"both, at both ends": {1, 2, []string{"rolling", "week"}},
	} {
		row := admit(t, r, nil, segment.Event{Category: "books.fiction", Time: start.Add(-time.Duration(c.first) * day)}, moment(0))
		row = admit(t, r, row, segment.Event{Category: "books", Time: start.Add(-time.Duration(c.second) * day)}, moment(0))
		row = admit(t, r, row, segment.Event{Category: "books", Time: start.Add(-time.Duration(c.second) * day)}, moment(0))
		if got := r.Segments(read(t, row), dayOf(start)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// One busy day never puts anybody into a segment for advertising, whatever the
// definitions and the events.
func TestOneBusyDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, err := segment.NewRules(segment.RulesConfig{
			Purpose: purpose, Taxonomy: segment.Small(), Definitions: drawDefinitions(t), TTLDays: 60, Advertising: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		at := start.Add(-time.Duration(rapid.IntRange(0, 59).Draw(t, "age")) * day)
		var row []byte
		for range rapid.IntRange(1, 20).Draw(t, "n") {
			e := segment.Event{
				Category: rapid.SampledFrom(modelCategories).Draw(t, "of"), Count: rapid.SampledFrom([]int{1, 5, segment.MaxEvents}).Draw(t, "count"),
				Time: time.Unix(at.Unix()/86400*86400+int64(rapid.IntRange(0, 32000).Draw(t, "second")), 0),
			}
			if row, _, err = r.Admit(row, grant(1), link(1), e, moment(0)); err != nil {
				t.Fatal(err)
			}
		}
		if got := r.Segments(profileOf(t, row), dayOf(start)+segment.Day(rapid.IntRange(0, 30).Draw(t, "as of"))); len(got) != 0 {
			t.Fatalf("one day put somebody into %v", got)
		}
	})
}

func TestEvidenceIsExplained(t *testing.T) {
	advertising := func(c *segment.RulesConfig) { c.Advertising = true }
	r := rules(t, advertising)
	row := admit(t, r, nil, segment.Event{Category: "food.cooking", Time: start, Count: 50}, moment(0))
	x := r.Explain(read(t, row), start)
	if m := x.Segments[0]; m.In || m.EvidenceDays != 1 || m.EvidenceDaysNeeded != 2 || !m.Any[0].Holds ||
		!strings.Contains(x.String(), "must: events of that on at least 2 days; found 1: does not hold") {
		t.Errorf("%+v\n%s", m, x)
	}
	row = admit(t, r, row, segment.Event{Category: "food.cooking", Time: start.Add(-6 * day)}, moment(0))
	x = r.Explain(read(t, row), start)
	if m := x.Segments[0]; !m.In || m.EvidenceDays != 2 {
		t.Errorf("%+v", m)
	}
	// A day beyond the window of the predicate is no evidence of it.
	if got := r.Segments(read(t, row), dayOf(start)+1); len(got) != 0 {
		t.Error(got)
	}
	if m := rules(t).Explain(read(t, row), start).Segments[0]; m.EvidenceDaysNeeded != 0 {
		t.Errorf("%+v", m)
	}
}

func TestExplainGoesThroughSegments(t *testing.T) {
	r := rules(t, func(c *segment.RulesConfig) {
		c.Measures = nil
		c.Definitions = append(slices.Clone(c.Definitions),
			segment.Definition{Name: "both", Purpose: purpose, Version: 1, Title: "Cooks and runs", All: []segment.Predicate{{In: &segment.In{Segment: "cooks"}}, {In: &segment.In{Segment: "runners"}}}},
			segment.Definition{Name: "all-of-it", Purpose: purpose, Version: 1, Any: []segment.Predicate{{In: &segment.In{Segment: "both"}}, {In: &segment.In{Segment: "readers"}}}},
		)
	})
	var row []byte
	for _, at := range []time.Duration{0, -day} {
		row = admit(t, r, row, segment.Event{Category: "sports.running", Time: start.Add(at)}, moment(0))
		row = admit(t, r, row, segment.Event{Category: "food.cooking", Time: start.Add(at)}, moment(0))
	}
	if got := r.Segments(read(t, row), dayOf(start)); !slices.Equal(got, []string{"all-of-it", "both", "cooks", "runners"}) {
		t.Fatal(got)
	}
	text := r.Explain(read(t, row), start).String()
	for _, want := range []string{
		"all-of-it: in\n  one of: in the segment Cooks and runs: holds\n    because: in the segment cooks: holds\n      because: Food and drink > Cooking: an event within 7 days; found one 0 days ago: holds\n" +
			"    because: in the segment Runs regularly: holds\n      because: Sports: at least 2 days with an event within 20 days; found 2: holds\n" +
			"  one of: in the segment Reads often: does not hold\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s\nis missing in\n%s", want, text)
		}
	}
	left, err := r.Leave(row, "cooks")
	left = must(t, left, err)
	if got := r.Segments(read(t, left), dayOf(start)); !slices.Equal(got, []string{"runners"}) {
		t.Error("who left a segment is in one that asks for it", got)
	}
}

func TestReferencesAreChecked(t *testing.T) {
	in := func(name string) []segment.Predicate {
		return []segment.Predicate{{In: &segment.In{Segment: name}}}
	}
	def := func(name string, all []segment.Predicate, none ...segment.Predicate) segment.Definition {
		return segment.Definition{Name: name, Purpose: purpose, Version: 1, All: all, None: none}
	}
	base := []segment.Predicate{{Subtree: &segment.Subtree{Category: "books"}}}
	for name, c := range map[string]struct {
		list  []segment.Definition
		want  error
		where string
	}{
		"a chain, backwards": {[]segment.Definition{def("a", in("b")), def("b", in("c")), def("c", base)}, nil, ""},
		"nobody":             {[]segment.Definition{def("a", base), def("b", append(slices.Clone(base), in("x")...))}, segment.ErrReference, "definition 2: all 2"},
		"nobody, under none": {[]segment.Definition{def("b", base), def("a", base, in("x")...)}, segment.ErrReference, "definition 2: none 1"},
		"itself":             {[]segment.Definition{def("b", base), def("a", in("a"))}, segment.ErrCircular, "definition 2"},
		"itself, under none": {[]segment.Definition{def("a", base, in("a")...)}, segment.ErrCircular, "definition 1"},
		"a circle":           {[]segment.Definition{def("a", in("b")), def("b", in("c")), def("c", base, in("a")...)}, segment.ErrCircular, "definition"},
		"no name":            {[]segment.Definition{def("a", in(""))}, segment.ErrReference, "definition 1: all 1"},
		"a diamond":          {[]segment.Definition{def("a", append(in("b"), in("c")...)), def("b", in("d")), def("c", in("d")), def("d", base)}, nil, ""},
	} {
		_, err := segment.NewRules(segment.RulesConfig{Purpose: purpose, Taxonomy: segment.Small(), Definitions: c.list, TTLDays: 60})
		if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.where) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// As long a chain as there may be, and every one of it named by the next twice.
	var long []segment.Definition
	for i := range segment.MaxDefinitions {
		d := def(fmt.Sprintf("s%04d", segment.MaxDefinitions-i), base)
		if i > 0 {
			before := long[i-1].Name
			d.All, d.Any = in(before), in(before)
		}
		long = append(long, d)
	}
	r, err := segment.NewRules(segment.RulesConfig{Purpose: purpose, Taxonomy: segment.Small(), Definitions: long, TTLDays: 60, Advertising: true})
	if err != nil {
		t.Fatal(err)
	}
	row := admit(t, r, nil, segment.Event{Category: "books", Time: start}, moment(0))
	row = admit(t, r, row, segment.Event{Category: "books", Time: start.Add(-day)}, moment(0))
	if got := r.Segments(read(t, row), dayOf(start)); len(got) != segment.MaxDefinitions {
		t.Error(len(got))
	}
	left, err := r.Leave(row, long[0].Name)
	if got := r.Segments(read(t, must(t, left, err)), dayOf(start)); len(got) != 0 {
		t.Error(len(got))
	}
	if label, err := r.Label("s0001", segment.LabelTerms{}); err != nil || label.LookbackDays != 60 || len(label.Categories) != 1 {
		t.Error(label, err)
	}
}
