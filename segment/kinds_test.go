package segment_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/segment"
	"pgregory.net/rapid"
)

// byCategory lists categories that lie in each other, and one by its own.
var byCategory = contrib.ByCategory{Categories: contrib.Public{"sports", "sports.running", "books", "food.cooking"}, Max: 3}

// everyKind declares a measure of each kind that reads profiles.
func everyKind() []contrib.Measure {
	euros := contrib.Amount{Unit: "EUR", Category: "sports", Low: 1000, High: 40_000}
	return []contrib.Measure{
		contrib.SegmentSizes{Name: "sizes", Purpose: purpose, MaxSegments: 2, Share: 0.01},
		contrib.SegmentItems{Name: "found", Purpose: purpose, Items: contrib.Discovered{}, MaxSegments: 1, MaxItems: 4, MaxPerItem: 1, LookbackDays: 20, Share: 0.01},
		contrib.People{Name: "people", Purpose: purpose, By: contrib.Everybody{}, LookbackDays: 7, Share: 0.01},
		contrib.People{Name: "people-in", Purpose: purpose, By: byCategory, LookbackDays: 14, Share: 0.01},
		contrib.Events{Name: "events", Purpose: purpose, By: contrib.BySegment{Max: 2}, MaxEvents: 50, LookbackDays: 20, Share: 0.01},
		contrib.Events{Name: "events-in", Purpose: purpose, By: byCategory, MaxEvents: 90, LookbackDays: 30, HalfLifeDays: 5, MaxNorm: 20, Share: 0.01},
		contrib.Sums{Name: "sums", Purpose: purpose, By: contrib.BySegment{Max: 2}, Amount: euros, LookbackDays: 30, Share: 0.01},
		contrib.Sums{Name: "sums-in", Purpose: purpose, By: byCategory, Amount: contrib.Amount{Unit: "EUR", Category: "sports.running", High: 9000}, LookbackDays: 9, Share: 0.01},
		contrib.Means{Name: "means", Purpose: purpose, By: contrib.Everybody{}, Amount: euros, LookbackDays: 60, Share: 0.01},
		contrib.Means{Name: "means-of", Purpose: purpose, By: contrib.BySegment{Max: 2}, Amount: euros, LookbackDays: 10, Denominators: "sizes", Share: 0.01},
		contrib.ItemTotals{Name: "totals", Purpose: purpose, Items: contrib.Public{"item-1", "item-2", "item-3"}, MaxItems: 2, MaxPerItem: 5, LookbackDays: 30, HalfLifeDays: 3, Share: 0.01},
		contrib.CategoryItems{Name: "category-items", Purpose: purpose, By: byCategory, Items: contrib.Discovered{}, MaxItems: 4, MaxPerItem: 1, LookbackDays: 15, Share: 0.01},
		contrib.ItemPairs{Name: "pairs", Purpose: purpose, Items: contrib.Public{"item-1", "item-2", "item-3", "item-4"}, MaxItems: 3, LookbackDays: 25, Share: 0.01},
		contrib.Keys{Name: "keys", Purpose: purpose, MaxItems: 3, LookbackDays: 12, Share: 0.01},
		contrib.Quantiles{Name: "quantiles", Purpose: purpose, By: contrib.BySegment{Max: 2}, Of: contrib.QuantityAmount, Amount: euros, Ranks: []float64{0.5}, LookbackDays: 30, Share: 0.01},
		contrib.Variance{Name: "variance", Purpose: purpose, By: byCategory, Of: contrib.QuantityEvents, MaxEvents: 60, LookbackDays: 20, Share: 0.01},
		contrib.Histogram{Name: "of-segments", Purpose: purpose, Of: contrib.QuantitySegments, Share: 0.01},
		contrib.Histogram{Name: "of-items", Purpose: purpose, Of: contrib.QuantityItems, Measure: "totals", Share: 0.01},
		contrib.Histogram{Name: "of-categories", Purpose: purpose, Of: contrib.QuantityCategories, LookbackDays: 18, Share: 0.01},
		contrib.Histogram{Name: "of-events", Purpose: purpose, Of: contrib.QuantityEvents, LookbackDays: 18, Share: 0.01},
		contrib.Histogram{Name: "of-amounts", Purpose: purpose, Of: contrib.QuantityAmount, Unit: "points", Category: "books.fiction", Edges: []int64{0, 1, 1000, 50_000}, LookbackDays: 40, Share: 0.01},
	}
}

func withEveryKind(t testing.TB) func(*segment.RulesConfig) {
	return func(c *segment.RulesConfig) {
		c.Measures = nil
		for _, m := range everyKind() {
			c.Measures = append(c.Measures, spec(t, m))
		}
	}
}

func specsOf(t testing.TB) []contrib.Spec {
	var c segment.RulesConfig
	withEveryKind(t)(&c)
	return c.Measures
}

// modelled makes of events what a release reads of their person, from the events
// themselves: what is kept of items is a function of days and categories.
func modelled(r *segment.Rules, s *contrib.Spec, all []contrib.Spec, list []arrival, person contrib.Person, asOf segment.Day) (contrib.Person, bool) {
	tax := segment.Small()
	any := false
	of := s
	if s.Quantity == contrib.QuantityItems {
		of = &all[slices.IndexFunc(all, func(o contrib.Spec) bool { return o.Name == s.Of })]
	}
	type kept struct{ item, category string }
	items := map[kept]contrib.Entry{}
	for _, a := range list {
		count, on := uint32(max(a.e.Count, 1)), min(dayOf(a.e.Time), dayOf(a.m.Now))
		if a.e.Item != "" && of.Counts(a.e.Item) && dayOf(a.m.Now)-on < segment.Day(of.LookbackDays) {
			e := items[kept{a.e.Item, a.e.Category}]
			items[kept{a.e.Item, a.e.Category}] = contrib.Entry{Item: a.e.Item, Day: max(e.Day, on), Count: of.Cap(uint64(e.Count) + uint64(count))}
		}
		if a.e.Category == "" {
			continue
		}
		any = any || on <= asOf && asOf-on < 60
		if asOf-on >= segment.Day(s.LookbackDays) || on > asOf {
			continue
		}
		act := contrib.Act{Day: on, Events: count}
		if root := s.Amount.Category; a.e.Unit == s.Amount.Unit && root != "" && tax.Contains(root, a.e.Category) {
			act.Amount = a.e.Value
		}
		switch {
		case s.Rows == contrib.RowsCategories:
			for row, root := range s.Categories {
				if tax.Contains(root, a.e.Category) {
					act.Row = row
					person.Days = append(person.Days, act)
				}
			}
			continue
		case s.Quantity == contrib.QuantityCategories:
			act.Row = slices.Index(categories, a.e.Category)
		}
		person.Days = append(person.Days, act)
	}
	var names []string
	for k := range items {
		names = append(names, k.item)
	}
	slices.Sort(names)
	names = contrib.Lowest(slices.Compact(names), of.MaxItems, func(item string) uint64 { return contrib.Rank(&person.Salt, of.Name, 3, item) }, strings.Compare)
	of4 := map[string][]string{} // an item is kept under four categories at most
	for k := range items {
		of4[k.item] = append(of4[k.item], k.category)
	}
	for name, list := range of4 {
		of4[name] = contrib.Lowest(list, 4, func(category string) uint64 {
			return contrib.Rank(&person.Salt, of.Name+"/category", 3, name+"\x00"+category)
		}, strings.Compare)
	}
	for k, e := range items {
		if slices.Contains(names, e.Item) && slices.Contains(of4[k.item], k.category) && asOf-e.Day < segment.Day(of.LookbackDays) {
			person.Items = append(person.Items, e)
		}
	}
	return person, s.Kind != contrib.KindHistogram || any || len(person.Items) > 0 && s.Of != ""
}

// For every kind, what a profile says of a person is what its events say, in any order.
func TestEveryKindReadsWhatHappened(t *testing.T) {
	r, all := rules(t, withEveryKind(t)), specsOf(t)
	rapid.Check(t, func(t *rapid.T) {
		var list []arrival
		var row []byte
		for _, a := range arrivals(t) {
			a.e.Count = min(a.e.Count, 40) // a day of a category holds 2^24
			a.e.Value = min(a.e.Value, 1e6)
			a.m.EntersNext = false
			next, out, err := r.Admit(row, a.g, link(1), a.e, a.m)
			if err != nil {
				t.Fatal(err)
			}
			if row = next; out == segment.Admitted {
				list = append(list, a)
			}
		}
		if row == nil {
			return
		}
		p, err := segment.ReadProfile(row)
		if err != nil {
			t.Fatal(err)
		}
		asOf := dayOf(start) + segment.Day(rapid.IntRange(6, 30).Draw(t, "as of"))
		in := r.Segments(p, asOf)
		for i := range all {
			s := &all[i]
			got, counts := r.Person(p, i, start, asOf, 3)
			want, should := modelled(r, s, all, list, contrib.Person{Salt: link(1).Salt()}, asOf)
			if counts != should {
				t.Fatalf("%s: counts %v", s.Name, counts)
			}
			if want.Segments = in; !counts {
				continue
			}
			if got, want := s.Vector(&got, 3, asOf), s.Vector(&want, 3, asOf); !slices.Equal(got, want) {
				t.Fatalf("%s: %v, want %v", s.Name, got, want)
			}
		}
	})
}

// Rows with measures of every kind are free of order and repetition, and splicing
// changes nothing.
func TestEveryKindIsFreeOfOrder(t *testing.T) {
	r, decoding := rules(t, withEveryKind(t)), rules(t, withEveryKind(t))
	decoding.DecodeAll()
	rapid.Check(t, func(t *rapid.T) {
		list := arrivals(t)
		want := fold(t, r, nil, list)
		again := slices.Clone(list)
		if len(list) > 0 {
			again = append(again, rapid.SliceOfN(rapid.SampledFrom(list), 0, 8).Draw(t, "again")...)
		}
		if got := fold(t, decoding, nil, rapid.Permutation(again).Draw(t, "order")); string(got) != string(want) {
			t.Fatalf("%x\n%x", got, want)
		}
		canonical(t, want)
	})
}

// vectors returns what a row contributes to each measure; a row that counts nowhere and
// no row are one.
func vectors(t failer, r *segment.Rules, all []contrib.Spec, row []byte, m segment.Moment, asOf segment.Day) map[string][]contrib.Cell {
	out := map[string][]contrib.Cell{}
	if row == nil {
		return out
	}
	p, err := segment.ReadProfile(row)
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		person, ok := r.Person(p, i, m.Now, asOf, m.Window)
		if cells := all[i].Vector(&person, m.Window, asOf); ok && len(cells) > 0 {
			out[all[i].Name] = cells
		}
	}
	return out
}

func sameVectors(t failer, a, b map[string][]contrib.Cell) {
	if !maps.EqualFunc(a, b, slices.Equal) {
		t.Fatalf("%v\n%v", a, b)
	}
}

// Forgetting equals never having seen in every vector, below the bounds on items, also
// where the heads of rows tell them apart.
func TestForgetEqualsNeverSeenInEveryKind(t *testing.T) {
	change := func(c *segment.RulesConfig) {
		for i := range c.Measures {
			if c.Measures[i].KeepsItems() {
				c.Measures[i].MaxItems = 20
			}
		}
	}
	r, c := rules(t, withEveryKind(t), change), segment.RulesConfig{Measures: specsOf(t)}
	change(&c)
	rapid.Check(t, func(t *rapid.T) {
		root := rapid.SampledFrom([]string{"sports", "sports.running", "books", "music", "nowhere"}).Draw(t, "root")
		var all, others []arrival
		for _, a := range arrivals(t) {
			a.m.EntersNext, a.g = false, grant(1)
			a.e.Category = rapid.SampledFrom([]string{"", "sports", "sports.running", "books.fiction", "nowhere"}).Draw(t, "one of few")
			if all = append(all, a); a.e.Category == "" || !segment.Small().Contains(root, a.e.Category) {
				others = append(others, a)
			}
		}
		asOf := dayOf(start) + segment.Day(rapid.IntRange(6, 40).Draw(t, "as of"))
		got, err := r.ForgetCategory(fold(t, r, nil, all), root)
		if err != nil {
			t.Fatal(err)
		}
		sameVectors(t, vectors(t, r, c.Measures, got, moment(0), asOf), vectors(t, r, c.Measures, fold(t, r, nil, others), moment(0), asOf))
	})
}

// A sweep changes no vector of any kind, nor does joining a row with nothing.
func TestExpireChangesNoVector(t *testing.T) {
	r, all := rules(t, withEveryKind(t)), specsOf(t)
	rapid.Check(t, func(t *rapid.T) {
		row := fold(t, r, nil, arrivals(t))
		m := moment(time.Duration(rapid.IntRange(6, 90).Draw(t, "later")) * day)
		m.Window = rapid.Int32Range(3, 6).Draw(t, "window")
		next, err := r.Expire(row, m)
		if err != nil {
			t.Fatal(err)
		}
		sameVectors(t, vectors(t, r, all, row, m, dayOf(m.Now)), vectors(t, r, all, next, m, dayOf(m.Now)))
	})
}

// Joining two rows contributes what one row with the events of both would.
func TestMergeOfEveryKind(t *testing.T) {
	r, all := rules(t, withEveryKind(t)), specsOf(t)
	rapid.Check(t, func(t *rapid.T) {
		var rows [2][]byte
		list := arrivals(t)
		for i, a := range list {
			a.m.EntersNext, a.g, a.e.MessageID = false, grant(1), ""
			list[i] = a
			n := rapid.IntRange(0, 1).Draw(t, "row")
			next, _, err := r.Admit(rows[n], grant(byte(n+1)), link(byte(n+1)), a.e, a.m)
			if err != nil {
				t.Fatal(err)
			}
			rows[n] = next
		}
		if rows[0] == nil || rows[1] == nil {
			return // the salt of the one row that is there
		}
		m := moment(6 * day)
		merged, err := r.Merge(rows[0], rows[1], m)
		if err != nil {
			t.Fatal(err)
		}
		got, want := vectors(t, r, all, merged, m, dayOf(m.Now)), vectors(t, r, all, fold(t, r, nil, list), m, dayOf(m.Now))
		for i := range all {
			if name := all[i].Name; distinct(list) > 3 && (all[i].KeepsItems() || name == "of-items") {
				delete(got, name) // what the other salt let go is not there any more
				delete(want, name)
			}
		}
		sameVectors(t, got, want)
	})
}

func distinct(list []arrival) int {
	items := map[string]bool{}
	for _, a := range list {
		if a.e.Item != "" {
			items[a.e.Item] = true
		}
	}
	return len(items)
}

// A person of whom all is forgotten, whose message ids are still known and who said
// something, contributes to no measure, as if never seen; so does one with wishes alone.
func TestForgottenCountsNowhere(t *testing.T) {
	r, all := rules(t, withEveryKind(t)), specsOf(t)
	row := admit(t, r, nil, segment.Event{MessageID: "m", Item: "item-1", Category: "sports.running", Value: 5000, Unit: "EUR", Time: start}, moment(0))
	for i := range all {
		person, ok := r.Person(read(t, row), i, start, dayOf(start), 3)
		if cells := all[i].Vector(&person, 3, dayOf(start)); !ok || len(cells) == 0 && all[i].Rows != contrib.RowsSegments && all[i].Name != "pairs" && all[i].Name != "of-amounts" {
			t.Errorf("%s does not count: %v", all[i].Name, cells)
		}
	}
	forgotten, err := r.ForgetCategory(row, "sports")
	dismissed, err2 := r.Dismiss(row, "sports")
	wish, err3 := r.Begin(nil, grant(1), link(1), moment(0))
	wish, err4 := r.Leave(must(t, wish, err3), "runners")
	for name, row := range map[string][]byte{"forgotten": must(t, forgotten, err), "dismissed": must(t, dismissed, err2), "a wish": must(t, wish, err4)} {
		for i := range all {
			person, ok := r.Person(read(t, row), i, start, dayOf(start), 3)
			if ok && len(all[i].Vector(&person, 3, dayOf(start))) > 0 {
				t.Errorf("%s: %s counts", name, all[i].Name)
			}
		}
	}
}

// What became sensitive counts in no measure, at once.
func TestEveryKindDeniedLater(t *testing.T) {
	r := rules(t, withEveryKind(t))
	row := admit(t, r, nil, segment.Event{Item: "item-1", Category: "sports.cycling", Value: 5000, Unit: "EUR", Time: start}, moment(0))
	tax, err := segment.Small().Mark("sports.cycling")
	if err != nil {
		t.Fatal(err)
	}
	stricter, all := rules(t, withEveryKind(t), func(c *segment.RulesConfig) { c.Taxonomy = tax }), specsOf(t)
	for i := range all {
		person, ok := stricter.Person(read(t, row), i, start, dayOf(start), 3)
		if ok && len(all[i].Vector(&person, 3, dayOf(start))) > 0 {
			t.Errorf("%s counts", all[i].Name)
		}
	}
}

// With a zone, acts count on the days of the zone that are over, as items do.
func TestEveryKindInAZone(t *testing.T) {
	z := zone(t, "America/Los_Angeles")
	r := rules(t, withEveryKind(t), inZone(z))
	evening := time.Date(2026, 3, 3, 4, 0, 0, 0, time.UTC) // March 2 there
	row := admit(t, r, nil, segment.Event{Item: "item-1", Category: "sports.running", Time: evening}, segment.Moment{Now: evening, Window: 3, WindowStart: dayOf(start)})
	at := slices.IndexFunc(specsOf(t), func(s contrib.Spec) bool { return s.Name == "category-items" })
	for asOf, want := range map[segment.Day]int{dayOf(evening) - 1: 0, dayOf(evening): 1, dayOf(evening) + 1: 1} {
		person, ok := r.Person(read(t, row), at, evening, asOf, 3)
		if !ok || len(person.Items) != want || len(person.Days) != 2*want {
			t.Errorf("as of %d: %+v", asOf-dayOf(evening), person)
			continue
		}
		for _, a := range person.Days { // the cut of the day of accounting after is one day of the zone behind
			if a.Day != person.Items[0].Day || a.Day > asOf {
				t.Errorf("as of %d: %+v", asOf-dayOf(evening), a)
			}
		}
	}
}

// Measures are held to the rules of definitions: categories that are known and not
// special, units that agree, and other measures that are there and fit.
func TestMeasuresAreChecked(t *testing.T) {
	euros := contrib.Amount{Unit: "EUR", High: 1000}
	in := func(a contrib.Amount, category string) contrib.Amount { a.Category = category; return a }
	people := func(list ...string) contrib.Measure {
		return contrib.People{Name: "m", Purpose: purpose, By: contrib.ByCategory{Categories: list, Max: 1}, LookbackDays: 7, Share: 0.1}
	}
	sums := func(name string, a contrib.Amount) contrib.Measure {
		return contrib.Sums{Name: name, Purpose: purpose, By: contrib.Everybody{}, Amount: a, LookbackDays: 7, Share: 0.1}
	}
	sizes := func(most, norm int) contrib.Measure {
		return contrib.SegmentSizes{Name: "sizes", Purpose: purpose, MaxSegments: most, MaxNorm: norm, Share: 0.1}
	}
	means := contrib.Means{Name: "m", Purpose: purpose, By: contrib.BySegment{Max: 2}, Amount: euros, LookbackDays: 7, Denominators: "sizes", Share: 0.1}
	items := contrib.Histogram{Name: "m", Purpose: purpose, Of: contrib.QuantityItems, Measure: "keys", Share: 0.1}
	keys := contrib.Keys{Name: "keys", Purpose: purpose, MaxItems: 3, LookbackDays: 12, Share: 0.1}
	points := contrib.Amount{Unit: "points", High: 1000}
	groups := contrib.Groups{Name: "m", Purpose: purpose, Attribute: "a", Groups: contrib.Public{"x"}, Campaigns: contrib.Public{"y"}, MaxCampaigns: 1, Share: 0.1}
	for name, c := range map[string]struct {
		measures []contrib.Measure
		want     error
	}{
		"listed":               {[]contrib.Measure{people("sports", "books")}, nil},
		"unknown":              {[]contrib.Measure{people("sports", "nowhere")}, segment.ErrUnknown},
		"special":              {[]contrib.Measure{people("health")}, segment.ErrSensitive},
		"amounts":              {[]contrib.Measure{sums("a", in(points, "books.fiction"))}, nil},
		"amounts unknown":      {[]contrib.Measure{sums("a", in(euros, "nowhere"))}, segment.ErrUnknown},
		"amounts special":      {[]contrib.Measure{sums("a", in(euros, "health"))}, segment.ErrSensitive},
		"another definition's": {[]contrib.Measure{sums("a", in(points, "sports"))}, segment.ErrUnit},
		"all, two units":       {[]contrib.Measure{sums("a", euros)}, segment.ErrUnit}, // fiction is in points
		"two measures":         {[]contrib.Measure{sums("a", in(euros, "home")), sums("b", in(points, "home.kitchen"))}, segment.ErrUnit},
		"two that agree":       {[]contrib.Measure{sums("a", in(euros, "home")), sums("b", in(euros, "home.kitchen"))}, nil},
		"long":                 {[]contrib.Measure{contrib.Keys{Name: "m", Purpose: purpose, MaxItems: 1, LookbackDays: 61, Share: 0.1}}, segment.ErrTTL},
		"no denominators":      {[]contrib.Measure{means}, segment.ErrOf},
		"other bounds":         {[]contrib.Measure{sizes(3, 0), means}, segment.ErrOf},
		"a norm":               {[]contrib.Measure{sizes(2, 1), means}, segment.ErrOf},
		"Laplace noise":        {[]contrib.Measure{contrib.SegmentSizes{Name: "sizes", Purpose: purpose, MaxSegments: 2, Noise: contrib.Laplace, Share: 0.1}, means}, segment.ErrOf},
		"a series":             {[]contrib.Measure{contrib.SegmentSizes{Name: "sizes", Purpose: purpose, MaxSegments: 2, Series: true, Share: 0.1}, means}, segment.ErrOf},
		"below zero":           {[]contrib.Measure{sums("a", contrib.Amount{Unit: "EUR", Category: "home", Low: -1, High: 1000})}, segment.ErrLow},
		"denominators":         {[]contrib.Measure{means, sizes(2, 0)}, nil},
		"no items":             {[]contrib.Measure{items}, segment.ErrOf},
		"of sizes":             {[]contrib.Measure{contrib.Histogram{Name: "m", Purpose: purpose, Of: contrib.QuantityItems, Measure: "sizes", Share: 0.1}, sizes(2, 0)}, segment.ErrOf},
		"items":                {[]contrib.Measure{items, keys}, nil},
		"groups":               {[]contrib.Measure{groups}, segment.ErrGroups},
	} {
		config := segment.RulesConfig{Purpose: purpose, Taxonomy: segment.Small(), Definitions: append(slices.Clip(definitions), spenders), TTLDays: 60}
		if slices.Contains([]string{"denominators", "other bounds", "a norm", "no denominators", "Laplace noise", "a series"}, name) {
			config.Definitions = definitions // nothing sums in points
		}
		for _, m := range c.measures {
			config.Measures = append(config.Measures, spec(t, m))
		}
		if _, err := segment.NewRules(config); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A measure of amounts of everything keeps those of every category; once it is gone, so
// are they.
func TestSumOfEverything(t *testing.T) {
	everything := spec(t, contrib.Sums{Name: "all", Purpose: purpose, By: contrib.Everybody{}, Amount: contrib.Amount{Unit: "EUR", High: 1 << 16}, LookbackDays: 30, Share: 0.1})
	r := rules(t, func(c *segment.RulesConfig) { c.Measures = []contrib.Spec{everything} })
	var row []byte
	want := int64(0)
	for i, root := range []string{"sports", "books.fiction", "music", "food.cooking", "home"} {
		row = admit(t, r, row, paid(root, int64(1000+i), "EUR", i), moment(0))
		want += int64(1000 + i)
	}
	row = admit(t, r, row, paid("travel", 5000, "USD", 0), moment(0))
	person, ok := r.Person(read(t, row), 0, start, dayOf(start), 3)
	if cells := everything.Vector(&person, 3, dayOf(start)); !ok || len(cells) != 1 || cells[0].Value != (want+everything.Amount.Step()/2)/everything.Amount.Step() {
		t.Errorf("%v %v, want %d in steps of %d", person, cells, want, everything.Amount.Step())
	}
	plain := rules(t)
	next, err := plain.Expire(row, moment(0))
	for _, in := range plain.Explain(read(t, must(t, next, err)), start).Interests {
		if in.Unit != "" {
			t.Error("an amount is left that nothing reads")
		}
	}
}
