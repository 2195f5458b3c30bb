package contrib_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/internal/contrib"
)

func TestKindsRefuse(t *testing.T) {
	segments := []string{"a", "b"}
	eur := contrib.Amount{Unit: "EUR", High: 1000}
	people := contrib.People{Name: "n", Purpose: "p", By: contrib.Everybody{}, LookbackDays: 7, Share: 0.1}
	events := contrib.Events{Name: "n", Purpose: "p", By: contrib.BySegment{Max: 2}, MaxEvents: 3, LookbackDays: 7, Share: 0.1}
	sums := contrib.Sums{Name: "n", Purpose: "p", By: contrib.Everybody{}, Amount: eur, LookbackDays: 7, Share: 0.1}
	means := contrib.Means{Name: "n", Purpose: "p", By: contrib.BySegment{Max: 2}, Amount: eur, LookbackDays: 7, Share: 0.1}
	totals := contrib.ItemTotals{Name: "n", Purpose: "p", Items: contrib.Public{"i"}, MaxItems: 2, MaxPerItem: 2, LookbackDays: 7, Share: 0.1}
	byCategory := contrib.CategoryItems{
		Name: "n", Purpose: "p", By: contrib.ByCategory{Categories: contrib.Public{"x"}, Max: 1}, Items: contrib.Public{"i"},
		MaxItems: 2, MaxPerItem: 2, LookbackDays: 7, Share: 0.1,
	}
	pairs := contrib.ItemPairs{Name: "n", Purpose: "p", Items: contrib.Public{"i", "j"}, MaxItems: 2, LookbackDays: 7, Share: 0.1}
	which := contrib.Keys{Name: "n", Purpose: "p", MaxItems: 2, LookbackDays: 7, Share: 0.1}
	heavy := contrib.Histogram{Name: "n", Purpose: "p", Of: contrib.QuantitySegments, Share: 0.1}
	groups := contrib.Groups{Name: "n", Purpose: "p", Attribute: "age", Groups: contrib.Public{"old"}, Campaigns: contrib.Public{"c"}, MaxCampaigns: 1, Share: 0.1}
	bounds := func(low, high int64) func(*contrib.Sums) {
		return func(m *contrib.Sums) { m.Amount.Low, m.Amount.High = low, high }
	}
	for name, c := range map[string]struct {
		measure contrib.Measure
		want    error
	}{
		"people":                {people, nil},
		"people by segment":     {with(people, func(m *contrib.People) { m.By = contrib.BySegment{Max: 1} }), contrib.ErrBy},
		"people by nothing":     {with(people, func(m *contrib.People) { m.By = nil }), contrib.ErrBy},
		"people of all time":    {with(people, func(m *contrib.People) { m.LookbackDays = 0 }), contrib.ErrLookback},
		"no such law":           {with(people, func(m *contrib.People) { m.Noise = 3 }), contrib.ErrNoise},
		"negative norm":         {with(people, func(m *contrib.People) { m.MaxNorm = -1 }), contrib.ErrBound},
		"events":                {events, nil},
		"events without bound":  {with(events, func(m *contrib.Events) { m.MaxEvents = 0 }), contrib.ErrBound},
		"rows without bound":    {with(events, func(m *contrib.Events) { m.By = contrib.BySegment{} }), contrib.ErrBound},
		"no categories":         {with(events, func(m *contrib.Events) { m.By = contrib.ByCategory{Max: 1} }), contrib.ErrPartitions},
		"category twice":        {with(events, func(m *contrib.Events) { m.By = contrib.ByCategory{Categories: contrib.Public{"x", "x"}, Max: 1} }), contrib.ErrPartitions},
		"long half-life":        {with(events, func(m *contrib.Events) { m.HalfLifeDays = 3651 }), contrib.ErrHalfLife},
		"negative half-life":    {with(events, func(m *contrib.Events) { m.HalfLifeDays = -1 }), contrib.ErrHalfLife},
		"squares beyond 2^56":   {with(events, func(m *contrib.Events) { m.MaxEvents, m.MaxNorm = 1<<20, 1 }), contrib.ErrBound},
		"norm beyond 2^20":      {with(events, func(m *contrib.Events) { m.MaxNorm = 1025 }), contrib.ErrBound},
		"sums":                  {sums, nil},
		"sums of no unit":       {with(sums, func(m *contrib.Sums) { m.Amount.Unit = "" }), contrib.ErrAmount},
		"a unit with a space":   {with(sums, func(m *contrib.Sums) { m.Amount.Unit = "E R" }), contrib.ErrAmount},
		"sums of no category":   {with(sums, func(m *contrib.Sums) { m.Amount.Category = "\x00" }), contrib.ErrAmount},
		"bounds of one number":  {with(sums, bounds(5, 5)), contrib.ErrAmount},
		"bounds the wrong way":  {with(sums, bounds(5, 4)), contrib.ErrAmount},
		"bounds beyond 2^40":    {with(sums, bounds(0, 1<<40+1)), contrib.ErrAmount},
		"bounds of one step":    {with(sums, bounds(1<<40-1, 1<<40)), contrib.ErrAmount},
		"wide bounds":           {with(sums, bounds(-1<<40, 1<<40)), nil},
		"means":                 {means, nil},
		"means of one number":   {with(means, func(m *contrib.Means) { m.Amount.High = 0 }), contrib.ErrAmount},
		"a bad denominator":     {with(means, func(m *contrib.Means) { m.Denominators = "a b" }), contrib.ErrName},
		"denominators of all":   {with(means, func(m *contrib.Means) { m.Denominators, m.By = "sizes", contrib.Everybody{} }), contrib.ErrBy},
		"totals":                {totals, nil},
		"totals of nothing":     {with(totals, func(m *contrib.ItemTotals) { m.Items = nil }), contrib.ErrPartitions},
		"discovered events":     {with(totals, func(m *contrib.ItemTotals) { m.Items = contrib.Discovered{} }), contrib.ErrCapped},
		"discovered weights":    {with(totals, func(m *contrib.ItemTotals) { m.Items, m.MaxPerItem, m.HalfLifeDays = contrib.Discovered{}, 1, 7 }), contrib.ErrCapped},
		"discovered norm":       {with(totals, func(m *contrib.ItemTotals) { m.Items, m.MaxPerItem, m.MaxNorm = contrib.Discovered{}, 1, 1 }), contrib.ErrCapped},
		"discovered, Laplace":   {with(totals, func(m *contrib.ItemTotals) { m.Items, m.MaxPerItem, m.Noise = contrib.Discovered{}, 1, contrib.Laplace }), contrib.ErrNoise},
		"keys of one person":    {with(totals, func(m *contrib.ItemTotals) { m.Items, m.MaxPerItem = contrib.Discovered{MinPeople: 1}, 1 }), contrib.ErrMinPeople},
		"keys of a million":     {with(totals, func(m *contrib.ItemTotals) { m.Items, m.MaxPerItem = contrib.Discovered{MinPeople: 1<<20 + 1}, 1 }), contrib.ErrMinPeople},
		"items by category":     {byCategory, nil},
		"items of no category":  {with(byCategory, func(m *contrib.CategoryItems) { m.By.Categories = nil }), contrib.ErrPartitions},
		"too many cells":        {with(byCategory, func(m *contrib.CategoryItems) { m.By.Max, m.MaxItems = 1024, 65 }), contrib.ErrBound},
		"pairs":                 {pairs, nil},
		"pairs of one":          {with(pairs, func(m *contrib.ItemPairs) { m.Items = contrib.Public{"i"} }), contrib.ErrPartitions},
		"one item a person":     {with(pairs, func(m *contrib.ItemPairs) { m.MaxItems = 1 }), contrib.ErrBound},
		"363 items a person":    {with(pairs, func(m *contrib.ItemPairs) { m.MaxItems = 363 }), contrib.ErrBound},
		"362 items a person":    {with(pairs, func(m *contrib.ItemPairs) { m.MaxItems = 362 }), nil},
		"keys":                  {which, nil},
		"keys without bound":    {with(which, func(m *contrib.Keys) { m.MaxItems = 0 }), contrib.ErrBound},
		"keys of minus people":  {with(which, func(m *contrib.Keys) { m.Items.MinPeople = -1 }), contrib.ErrMinPeople},
		"histogram":             {heavy, nil},
		"of nothing":            {with(heavy, func(m *contrib.Histogram) { m.Of = 0 }), contrib.ErrQuantity},
		"of what there is not":  {with(heavy, func(m *contrib.Histogram) { m.Of = 6 }), contrib.ErrQuantity},
		"segments by days":      {with(heavy, func(m *contrib.Histogram) { m.LookbackDays = 7 }), contrib.ErrQuantity},
		"items of no measure":   {with(heavy, func(m *contrib.Histogram) { m.Of = contrib.QuantityItems }), contrib.ErrQuantity},
		"events of all time":    {with(heavy, func(m *contrib.Histogram) { m.Of = contrib.QuantityEvents }), contrib.ErrQuantity},
		"amounts without edges": {with(heavy, func(m *contrib.Histogram) { m.Of, m.LookbackDays, m.Unit = contrib.QuantityAmount, 7, "EUR" }), contrib.ErrEdges},
		"edges from one":        {with(heavy, func(m *contrib.Histogram) { m.Edges = []int64{1, 2} }), contrib.ErrEdges},
		"edges twice":           {with(heavy, func(m *contrib.Histogram) { m.Edges = []int64{0, 2, 2} }), contrib.ErrEdges},
		"groups":                {groups, nil},
		"groups of nothing":     {with(groups, func(m *contrib.Groups) { m.Attribute = "" }), contrib.ErrName},
		"no groups":             {with(groups, func(m *contrib.Groups) { m.Groups = nil }), contrib.ErrPartitions},
		"no campaigns":          {with(groups, func(m *contrib.Groups) { m.Campaigns = nil }), contrib.ErrPartitions},
		"groups without bound":  {with(groups, func(m *contrib.Groups) { m.MaxCampaigns = 0 }), contrib.ErrBound},
		"no share":              {with(groups, func(m *contrib.Groups) { m.Share = 0 }), contrib.ErrShare},
	} {
		s, err := contrib.NewSpec(c.measure, segments)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil && (s.Check() != nil || contrib.PurposeOf(c.measure) != "p") {
			t.Errorf("%s: what was made is refused", name)
		}
	}
}

// TestGroupsAreGaussian: no release of groups has noise that verdicts do not know,
// whoever filled the Spec in.
func TestGroupsAreGaussian(t *testing.T) {
	s, err := contrib.NewSpec(contrib.Groups{
		Name: "n", Purpose: "p", Attribute: "age", Groups: contrib.Public{"old"}, Campaigns: contrib.Public{"c"}, MaxCampaigns: 1, Share: 0.1,
	}, nil)
	if err != nil || s.Noise != contrib.Gaussian {
		t.Fatalf("%d, %v", s.Noise, err)
	}
	for _, law := range []contrib.Law{contrib.Automatic, contrib.Laplace} {
		if s.Noise = law; !errors.Is(s.Check(), contrib.ErrNoise) {
			t.Errorf("law %d is taken", law)
		}
	}
}

// TestSpecsKeepNoArgument changes every list after the Spec was made of it.
func TestSpecsKeepNoArgument(t *testing.T) {
	a, b, edges := contrib.Public{"x", "y"}, contrib.Public{"i", "j"}, []int64{0, 7}
	var specs []contrib.Spec
	for _, m := range []contrib.Measure{
		contrib.CategoryItems{
			Name: "n", Purpose: "p", By: contrib.ByCategory{Categories: a, Max: 1}, Items: b, MaxItems: 2, MaxPerItem: 2, LookbackDays: 7, Share: 0.1,
		},
		contrib.Groups{Name: "n", Purpose: "p", Attribute: "age", Groups: a, Campaigns: b, MaxCampaigns: 1, Share: 0.1},
		contrib.Histogram{Name: "n", Purpose: "p", Of: contrib.QuantitySegments, Edges: edges, Share: 0.1},
	} {
		s, err := contrib.NewSpec(m, nil)
		if err != nil {
			t.Fatal(err)
		}
		specs = append(specs, s)
	}
	a[0], b[0], edges[0] = "changed", "changed", 5
	for _, s := range specs {
		if s.Check() != nil || slices.Contains(s.Names(), "changed") || slices.Contains(s.Items, "changed") {
			t.Errorf("%s shares a list with its caller", s.Kind)
		}
	}
}

// TestSteps: bounds of amounts are at most 2^16 steps apart and 2^20 from zero, in the
// least steps that do.
func TestSteps(t *testing.T) {
	for _, c := range []struct{ low, high, step, from, to int64 }{
		{0, 1, 1, 0, 1}, {0, 1 << 16, 1, 0, 1 << 16}, {0, 1<<16 + 1, 2, 0, 1<<15 + 1}, {-1, 1 << 16, 2, 0, 1 << 15},
		{0, 200_000, 4, 0, 50_000}, {1 << 20, 1<<20 + 5, 2, 1 << 19, 1<<19 + 3}, {-3, 3, 1, -3, 3}, {-7, 1 << 17, 3, -2, 43_691},
	} {
		a := contrib.Amount{Unit: "EUR", Low: c.low, High: c.high}
		low, high := a.Steps()
		if a.Step() != c.step || low != c.from || high != c.to {
			t.Errorf("%d to %d is %d to %d in steps of %d", c.low, c.high, low, high, a.Step())
		}
	}
}
