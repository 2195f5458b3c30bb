package discreet_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/segment"
)

// kindOf is what a table of a kind must say of shoppers: by the names of a cell what it
// comes to, in people, events or EUR. What is not named is 0.
type kindOf struct {
	measure dp.Measure
	want    map[contrib.Key]float64
}

func inSegment(n string) contrib.Key  { return contrib.Key{Segment: n} }
func inCategory(n string) contrib.Key { return contrib.Key{Category: n} }
func ofItem(n string) contrib.Key     { return contrib.Key{Item: n} }
func inBin(n int) contrib.Key         { return contrib.Key{Part: fmt.Sprint(n)} }

// everyKind declares a measure of each kind that reads profiles, and what it says of
// shoppers: 120 people with two events about a, of 10 EUR together; 60 of them with two
// about b, and 30 of those with three about c, of 5 EUR together.
func everyKind() []kindOf {
	const purpose, share = discreettest.Purpose, 0.05
	items, euros := dp.Public{"a", "b", "c"}, dp.Amount{Unit: "EUR", High: 30_000}
	segments, categories := dp.BySegment{Max: 3}, dp.ByCategory{Categories: dp.Public{"books", "home", "sports"}, Max: 3}
	return []kindOf{
		{dp.SegmentSizes{Name: "sizes", Purpose: purpose, MaxSegments: 3, Share: share}, map[contrib.Key]float64{
			inSegment("runners"): 120, inSegment("readers"): 60, inSegment("cooks"): 30}},
		{dp.SegmentItems{Name: "views", Purpose: purpose, Items: items, MaxSegments: 3, MaxItems: 3, MaxPerItem: 2, LookbackDays: 30, Share: share}, map[contrib.Key]float64{
			{Segment: "runners", Item: "a"}: 240, {Segment: "runners", Item: "b"}: 120, {Segment: "runners", Item: "c"}: 60,
			{Segment: "readers", Item: "a"}: 120, {Segment: "readers", Item: "b"}: 120, {Segment: "readers", Item: "c"}: 60,
			{Segment: "cooks", Item: "a"}: 60, {Segment: "cooks", Item: "b"}: 60, {Segment: "cooks", Item: "c"}: 60}},
		{dp.People{Name: "people", Purpose: purpose, By: dp.Everybody{}, LookbackDays: 30, Share: share}, map[contrib.Key]float64{{}: 120}},
		{dp.People{Name: "people-in", Purpose: purpose, By: categories, LookbackDays: 30, Share: share}, map[contrib.Key]float64{
			inCategory("sports"): 120, inCategory("books"): 60, inCategory("home"): 30}},
		{dp.Events{Name: "events", Purpose: purpose, By: dp.Everybody{}, MaxEvents: 10, LookbackDays: 30, Share: share}, map[contrib.Key]float64{{}: 240 + 120 + 90}},
		{dp.Events{Name: "events-in", Purpose: purpose, By: categories, MaxEvents: 2, LookbackDays: 30, HalfLifeDays: 30, Share: share}, map[contrib.Key]float64{
			inCategory("sports"): 240, inCategory("books"): 120, inCategory("home"): 60}},
		{dp.Sums{Name: "sums", Purpose: purpose, By: segments, Amount: euros, LookbackDays: 30, Share: share}, map[contrib.Key]float64{
			inSegment("runners"): 1350, inSegment("readers"): 750, inSegment("cooks"): 450}},
		{dp.Sums{Name: "sums-in", Purpose: purpose, By: categories, Amount: dp.Amount{Unit: "EUR", High: 12_000, Category: "sports"}, LookbackDays: 30, Share: share}, map[contrib.Key]float64{
			inCategory("sports"): 1200}},
		{dp.Means{Name: "means", Purpose: purpose, By: dp.Everybody{}, Amount: euros, LookbackDays: 30, Share: share}, map[contrib.Key]float64{
			{Part: contrib.PartCount}: 120, {Part: contrib.PartSum}: -5 * 90}}, // around 15
		{dp.Means{Name: "means-of", Purpose: purpose, By: segments, Amount: euros, Denominators: "sizes", LookbackDays: 30, Share: share}, map[contrib.Key]float64{
			{Segment: "runners", Part: contrib.PartSum}: -5 * 90, {Segment: "readers", Part: contrib.PartSum}: -5 * 30}},
		{dp.ItemTotals{Name: "totals", Purpose: purpose, Items: items, MaxItems: 3, MaxPerItem: 3, LookbackDays: 30, Share: share}, map[contrib.Key]float64{
			ofItem("a"): 240, ofItem("b"): 120, ofItem("c"): 90}},
		{dp.ItemTotals{Name: "found", Purpose: purpose, Items: dp.Discovered{MinPeople: 5}, MaxItems: 3, MaxPerItem: 1, LookbackDays: 30, Share: share}, map[contrib.Key]float64{
			ofItem("a"): 120, ofItem("b"): 60, ofItem("c"): 30}},
		{dp.CategoryItems{Name: "category-items", Purpose: purpose, By: categories, Items: items, MaxItems: 3, MaxPerItem: 1, LookbackDays: 30, Share: share}, map[contrib.Key]float64{
			{Category: "sports", Item: "a"}: 120, {Category: "sports", Item: "b"}: 60, {Category: "sports", Item: "c"}: 30,
			{Category: "books", Item: "a"}: 60, {Category: "books", Item: "b"}: 60, {Category: "books", Item: "c"}: 30,
			{Category: "home", Item: "a"}: 30, {Category: "home", Item: "b"}: 30, {Category: "home", Item: "c"}: 30}},
		{dp.ItemPairs{Name: "pairs", Purpose: purpose, Items: items, MaxItems: 3, LookbackDays: 30, Share: share}, map[contrib.Key]float64{
			{Item: "a", With: "b"}: 60, {Item: "a", With: "c"}: 30, {Item: "b", With: "c"}: 30}},
		{dp.Keys{Name: "keys", Purpose: purpose, MaxItems: 3, LookbackDays: 30, Share: share}, map[contrib.Key]float64{
			ofItem("a"): 120, ofItem("b"): 60, ofItem("c"): 30}},
		{dp.Histogram{Name: "of-segments", Purpose: purpose, Of: dp.QuantitySegments, Share: share}, map[contrib.Key]float64{inBin(1): 60, inBin(2): 60}},
		{dp.Histogram{Name: "of-items", Purpose: purpose, Of: dp.QuantityItems, Measure: "totals", Edges: []int64{0, 1, 2, 3}, Share: share}, map[contrib.Key]float64{
			inBin(1): 60, inBin(2): 30, inBin(3): 30}},
		{dp.Histogram{Name: "of-categories", Purpose: purpose, Of: dp.QuantityCategories, LookbackDays: 30, Share: share}, map[contrib.Key]float64{inBin(1): 60, inBin(2): 60}},
		{dp.Histogram{Name: "of-events", Purpose: purpose, Of: dp.QuantityEvents, Edges: []int64{0, 3, 5}, LookbackDays: 30, Share: share}, map[contrib.Key]float64{
			inBin(0): 60, inBin(3): 30, inBin(5): 30}},
		{dp.Histogram{Name: "of-amounts", Purpose: purpose, Of: dp.QuantityAmount, Unit: "EUR", Edges: []int64{0, 12_000}, LookbackDays: 30, Share: share}, map[contrib.Key]float64{
			inBin(0): 90, inBin(12_000): 30}},
	}
}

func everyMeasure() (list []dp.Measure) {
	for _, k := range everyKind() {
		list = append(list, k.measure)
	}
	return list
}

// quickKinds leaves out the kind whose noise takes longest to predict; profiles keep for
// it what they keep for the other kinds of items.
func quickKinds() []dp.Measure {
	return slices.DeleteFunc(everyMeasure(), func(m dp.Measure) bool { _, keys := m.(dp.Keys); return keys })
}

// loose is the widest budget there is, for tests that look at what is counted.
var loose = dp.Budget{Epsilon: 64, Delta: 1e-3, WindowDays: 30}

func shoppers(t *testing.T, e *discreettest.Engine) {
	t.Helper()
	var batch []discreet.Event
	add := func(who discreet.Raw, id, item, category string, count int, milli int64) {
		ev := event(e, who, id, item, category)
		ev.Count, ev.Value, ev.Unit = count, milli, "EUR"
		batch = append(batch, ev)
	}
	var people []discreet.Raw
	for i := range 120 {
		who := discreet.Opaque(fmt.Sprint("shopper-", i))
		people = append(people, who)
		add(who, "1", "a", "sports.running", 1, 4000)
		add(who, "2", "a", "sports.running", 1, 6000)
		if i < 60 {
			add(who, "3", "b", "books.fiction", 2, 0)
		}
		if i < 30 {
			add(who, "4", "c", "home.kitchen", 3, 5000)
		}
	}
	e.Agree(t, people...)
	_, err := e.RecordBatch(t.Context(), batch)
	check(t, err)
}

func worldNames() (names []string) {
	for _, d := range worldSegments {
		names = append(names, d.Name)
	}
	return names
}

// TestEveryKindIsReleased records what shoppers do and releases a table of each kind:
// what is counted is exactly what they did, and what comes out is that with noise. A
// value that is 7 standard deviations off fails; of the 70 there are, one is so by
// chance in fewer than 1e-9 of all runs.
func TestEveryKindIsReleased(t *testing.T) {
	ctx := t.Context()
	e := discreettest.Open(t, discreet.Config{Segments: worldSegments, Measures: everyMeasure(), Budget: loose})
	shoppers(t, e)
	for _, k := range everyKind() {
		spec, err := contrib.NewSpec(k.measure, worldNames())
		check(t, err)
		_, step, per := spec.Unit()
		// in returns a number of a part of the table in its unit.
		in := func(part string, v float64) float64 {
			if part == contrib.PartCount {
				return v
			}
			return v * float64(step) / float64(per)
		}
		vectors, err := e.Vectors(ctx, spec.Name)
		check(t, err)
		exact := map[contrib.Key]float64{}
		for _, cells := range vectors {
			for _, c := range cells {
				key := spec.RowKey(c.Row)
				if key.Item = c.Item; !spec.Discovered {
					key = spec.Key(c.Row, c.Column)
				}
				exact[key] += in(key.Part, float64(c.Value))
			}
		}
		for key, v := range exact {
			if v != k.want[key] {
				t.Errorf("%s: %+v counts %g, want %g", spec.Name, key, v, k.want[key])
			}
		}
		for key, v := range k.want {
			if exact[key] != v {
				t.Errorf("%s: %+v counts %g, want %g", spec.Name, key, exact[key], v)
			}
		}

		r, err := e.Release(ctx, discreet.Query{Name: "of-" + spec.Name, Measure: spec.Name, Share: 0.05}, operator)
		check(t, err)
		h := r.Header()
		if h.Kind != spec.Kind.String() || h.Measure != spec.Name {
			t.Errorf("%s is released as %s %s", spec.Name, h.Kind, h.Measure)
		}
		seen := 0
		for _, c := range r.Cells() {
			key := contrib.Key{Segment: c.Segment, Category: c.Category, Group: c.Group, Item: c.Item, With: c.With, Part: c.Part}
			deviation := h.StdDev
			if key.Part == contrib.PartCount {
				deviation = h.CountStdDev
			}
			if off := in(key.Part, float64(c.Value)) - k.want[key]; spec.Kind != contrib.KindKeys && math.Abs(off) > 7*in(key.Part, deviation) {
				t.Errorf("%s: %+v is %g off", spec.Name, key, off)
			}
			if k.want[key] != 0 {
				seen++
			}
		}
		if seen != len(k.want) {
			t.Errorf("%s: %d of %d cells came out", spec.Name, seen, len(k.want))
		}
	}
	check(t, e.VerifyLedger(ctx))
}

// TestMeasuresWithoutSegments has a purpose with measures and no segments: it is asked
// for, recorded, released, told and erased like any other.
func TestMeasuresWithoutSegments(t *testing.T) {
	ctx := t.Context()
	cfg, both := twoPurposes(nil)
	cfg.Keys, cfg.Segments = nil, worldSegments
	count := dp.Events{Name: "mails", Purpose: otherPurpose, By: dp.Everybody{}, MaxEvents: 5, LookbackDays: 30, Share: 1}
	cfg.Measures, cfg.Budget, cfg.Store = []dp.Measure{count}, loose, memstore.Volatile()
	e := discreettest.Open(t, cfg)
	check(t, e.Choose(ctx, ann, both))
	out, err := e.Record(ctx, event(e, ann, "1", "a", "sports.running"))
	check(t, err)
	if len(out) != 2 || out[0].Result != segment.Admitted || out[1].Result != segment.Admitted {
		t.Fatal(out)
	}
	_, err = e.Release(ctx, discreet.Query{Name: "one", Measure: "mails", Share: 0.1}, operator)
	check(t, err)
	counted := func() int {
		v, err := e.Vectors(ctx, "mails")
		check(t, err)
		return len(v)
	}
	if x, err := e.Explain(ctx, ann, operator); err != nil || len(x.Profiles) != 2 || counted() != 1 {
		t.Errorf("%v, %+v", err, x.Profiles)
	}
	check(t, errOf(e.Withdraw(ctx, ann, otherPurpose)))
	if counted() != 0 {
		t.Error("counted after a withdrawal")
	}
	none := cfg
	none.Store, none.Keys = memstore.Volatile(), e.Config.Keys
	for name, c := range map[string]struct {
		measure dp.Measure
		want    error
	}{
		"sizes":     {dp.SegmentSizes{Name: "m", Purpose: otherPurpose, MaxSegments: 1, Share: 1}, discreet.ErrNoSegments},
		"sums":      {dp.Sums{Name: "m", Purpose: otherPurpose, By: dp.BySegment{Max: 1}, Amount: dp.Amount{Unit: "EUR", High: 1}, LookbackDays: 1, Share: 1}, discreet.ErrNoSegments},
		"histogram": {dp.Histogram{Name: "m", Purpose: otherPurpose, Of: dp.QuantitySegments, Share: 1}, discreet.ErrNoSegments},
		"nobody's":  {dp.People{Name: "m", Purpose: "unheard", By: dp.Everybody{}, LookbackDays: 1, Share: 1}, discreet.ErrNoPurpose},
		"special":   {dp.People{Name: "m", Purpose: otherPurpose, By: dp.ByCategory{Categories: dp.Public{"health"}, Max: 1}, LookbackDays: 1, Share: 1}, segment.ErrSensitive},
		"groups":    {dp.Groups{Name: "m", Purpose: otherPurpose, Attribute: "a", Groups: dp.Public{"x"}, Campaigns: dp.Public{"y"}, MaxCampaigns: 1, Share: 1}, segment.ErrGroups},
	} {
		none.Measures, none.Tenant, none.Taxonomy, none.TTLDays = []dp.Measure{c.measure}, "test", segment.Small(), 90
		if _, err := discreet.Open(ctx, none); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Without the measure the profiles are nobody's to erase.
	left := e.Config
	left.Measures = nil
	check(t, e.Choose(ctx, bob, both))
	_, err = e.Record(ctx, event(e, bob, "1", "a", "sports.running"))
	check(t, err)
	if _, err := discreet.Open(ctx, left); !errors.Is(err, discreet.ErrLeftover) {
		t.Error(err)
	}
	left.Retire = []string{otherPurpose}
	_, err = discreet.Open(ctx, left)
	check(t, err)
}

// TestMeasureDeclaredLater counts from the day on which it was declared, also what is
// read by day; a segment that changes moves that day for what reads segments alone.
func TestMeasureDeclaredLater(t *testing.T) {
	ctx, reserve := t.Context(), 0.1 // for the thresholds of what comes later
	e := discreettest.Open(t, discreet.Config{
		Store: memstore.Volatile(), Segments: worldSegments, Measures: everyMeasure()[:1], Budget: loose, ReserveShare: &reserve,
	})
	shoppers(t, e)
	cfg := e.Config
	later := func(days int) *discreet.Engine {
		e.Clock.Set(discreettest.Start.AddDate(0, 0, days))
		x, err := discreet.Open(ctx, cfg)
		check(t, err)
		return x
	}
	total := func(x *discreet.Engine, measure string) (n int64) {
		v, err := x.Vectors(ctx, measure)
		check(t, err)
		for _, cells := range v {
			for _, c := range cells {
				n += c.Value
			}
		}
		return n
	}
	since := func(x *discreet.Engine, name, measure string) string {
		r, err := x.Release(ctx, discreet.Query{Name: name, Measure: measure, Share: 0.01}, operator)
		check(t, err)
		return r.Header().Since
	}
	cfg.Measures = everyMeasure()
	x := later(2)
	for _, measure := range []string{"people", "events", "sums-in", "totals", "pairs"} {
		if n := total(x, measure); n != 0 {
			t.Errorf("%s counts %d from before it was declared", measure, n)
		}
	}
	out, err := x.Record(ctx, event(e, discreet.Opaque("shopper-1"), "late", "a", "sports.running"))
	check(t, err)
	if out[0].Result != segment.Admitted || total(x, "people") != 1 || total(x, "events") != 1 {
		t.Error("an event of today does not count")
	}
	cfg.Segments = append([]segment.Definition{}, worldSegments...)
	cfg.Segments[0].Version, cfg.Segments[0].Title = 2, "Runners, anew"
	x = later(4)
	for measure, day := range map[string]string{
		"sizes": "2026-01-09", "sums": "2026-01-09", "of-segments": "2026-01-09", "means-of": "2026-01-09",
		"people": "2026-01-07", "totals": "2026-01-07", "of-items": "2026-01-07", "means": "2026-01-07",
	} {
		if got := since(x, "since-"+measure, measure); got != day {
			t.Errorf("%s counts since %s, want %s", measure, got, day)
		}
	}
	// Another bound on what is kept is another meaning of what is counted of it.
	for i, m := range cfg.Measures {
		if totals, ok := m.(dp.ItemTotals); ok && totals.Name == "totals" {
			totals.MaxItems = 2
			cfg.Measures[i] = totals
		}
	}
	if x = later(5); since(x, "again", "of-items") != "2026-01-10" || since(x, "still", "of-events") != "2026-01-07" {
		t.Error("a histogram goes on where its measure does not")
	}
}

// measureName returns the name of a measure.
func measureName(m dp.Measure) string {
	s, err := contrib.NewSpec(m, worldNames())
	if err != nil {
		return ""
	}
	return s.Name
}
