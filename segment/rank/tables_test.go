package rank_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment/rank"
)

// table makes a release of a kind from the account that the others are of.
func table(kind string, sd float64, cells ...proof.Cell) rank.Release {
	return proof.NewRelease(proof.Header{
		Format: "discreet-release/1", Account: "a", Entry: 9, Kind: kind, AsOf: "2024-03-02", StdDev: sd, Cells: len(cells),
	}, cells, nil)
}

func categories(r rank.Release) rank.Release {
	h := r.Header()
	h.By = "categories"
	return proof.NewRelease(h, r.Cells(), nil)
}

// Smoothed totals must order items better than the noisy numbers do, and better
// still where titles tell which items are of a kind.
func TestTotalsSmoothed(t *testing.T) {
	const items, kinds, sd = 600, 30, 40
	found := map[string]float64{}
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 8))
		titles, truth := map[string]string{}, map[string]float64{}
		var names []string
		var cells []proof.Cell
		like := make([]float64, kinds)
		for k := range like {
			like[k] = 60 * rng.ExpFloat64()
		}
		for i := range items {
			item := fmt.Sprintf("item-%03d", i)
			names = append(names, item)
			titles[item] = fmt.Sprintf("KIND%d THING%d", i%kinds, i)
			truth[item] = like[i%kinds] + 20*rng.ExpFloat64()
			cells = append(cells, proof.Cell{Item: item, Value: int64(math.Round(truth[item] + sd*rng.NormFloat64()))})
		}
		r := table("item-totals", sd, cells...)
		top := func(list []string) (sum float64) {
			for _, item := range list[:30] {
				sum += truth[item]
			}
			return sum
		}
		value := map[string]int64{}
		for _, c := range cells {
			value[c.Item] = c.Value
		}
		found["noisy"] += top(slices.SortedFunc(slices.Values(names), func(a, b string) int { return int(value[b] - value[a]) }))
		found["smoothed"] += top(namesOf(model(t, rank.Config{Totals: []rank.Release{r}, Titles: titles}).Rank(rank.Request{})))
		found["best"] += top(slices.SortedFunc(slices.Values(names), func(a, b string) int { return int(1000 * (truth[b] - truth[a])) }))
	}
	t.Logf("of the best thirty: noisy %.3f, smoothed %.3f", found["noisy"]/found["best"], found["smoothed"]/found["best"])
	if found["smoothed"] < 1.03*found["noisy"] || found["smoothed"] < 0.9*found["best"] {
		t.Error("titles do not help")
	}
}

func namesOf(r rank.Ranking) []string { return names(r) }

// A narrower table speaks for its items; the others keep their places behind.
func TestNarrowTotals(t *testing.T) {
	var wide, close []proof.Cell
	for i := range 40 {
		wide = append(wide, proof.Cell{Item: fmt.Sprintf("i%02d", i), Value: int64(100 - i)})
	}
	for i := range 5 {
		close = append(close, proof.Cell{Item: fmt.Sprintf("i%02d", i), Value: int64(1180 + 10*i)})
	}
	m := model(t, rank.Config{Totals: []rank.Release{table("item-totals", 3, wide...), table("item-totals", 3, close...)}})
	got := names(m.Rank(rank.Request{Limit: 7}))
	if want := []string{"i04", "i03", "i02", "i01", "i00", "i05", "i06"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if r := m.Rank(rank.Request{}); r.AsOf != "2024-03-02" || r.Entry != 9 {
		t.Errorf("dated %q, entry %d", r.AsOf, r.Entry)
	}
}

// The total of a category moves its items together, and each item keeps its
// place among them.
func TestCategoryTotals(t *testing.T) {
	var cells []proof.Cell
	catalog := map[string]string{}
	for i := range 40 {
		item := fmt.Sprintf("i%02d", i)
		catalog[item] = []string{"cards", "toys.soft", "toys"}[i%3]
		cells = append(cells, proof.Cell{Item: item, Value: int64(100 + i)})
	}
	share := func(totals rank.Release) map[string]float64 {
		m := model(t, rank.Config{
			Totals: []rank.Release{table("item-totals", 30, cells...)}, CategoryTotals: totals, Catalog: catalog,
			Parents: map[string]string{"toys.soft": "toys"}, Weights: rank.Weights{Popularity: 1},
		})
		out := map[string]float64{}
		for _, it := range m.Rank(rank.Request{}).Items {
			out[it.Category] += it.Score
		}
		return out
	}
	before := share(rank.Release{})
	after := share(categories(table("events", 1, proof.Cell{Category: "cards", Value: 300}, proof.Cell{Category: "toys", Value: 5000})))
	if after["cards"] >= before["cards"] || after["toys"] <= before["toys"] || after["toys.soft"] <= before["toys.soft"] {
		t.Errorf("%v, before %v", after, before)
	}
	sum := 0.0
	for _, v := range after {
		sum += v
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("shares sum to %v", sum)
	}
}

// Rows of categories do for the person's own categories what segments do for
// those of segments, and the reason is the interest.
func TestCategoryItems(t *testing.T) {
	s := newShop(4, 25, 2000, 5)
	var cells []proof.Cell
	for _, c := range s.release(10, 0, 2).Cells() {
		c.Category, c.Segment = "likes-"+c.Segment, ""
		cells = append(cells, c)
	}
	m := model(t, rank.Config{Items: table("category-items", 10, cells...), Catalog: s.catalog})
	got := m.Rank(rank.Request{Person: &rank.Person{Categories: map[string]float64{"likes-fans-02": 1}}, Limit: 3})
	for _, it := range got.Items {
		if it.Category != "cat-02" || it.Why.Categories < 0.4 || len(it.Why.Segments) != 0 ||
			len(it.Why.Interests) != 1 || it.Why.Interests[0].Category != "likes-fans-02" || math.Abs(sum(it.Why)-1) > 1e-9 {
			t.Errorf("%+v", it)
		}
	}
}

// A planted pair is found through the noise, and noise alone relates next to
// nothing.
func TestPairs(t *testing.T) {
	var items []string
	for i := range 40 {
		items = append(items, fmt.Sprintf("i%02d", i))
	}
	for name, planted := range map[string]float64{"planted": 400, "noise": 0} {
		most := 0.0
		for seed := range uint64(10) {
			rng := rand.New(rand.NewPCG(seed, 4))
			var totals, cells []proof.Cell
			for i, a := range items {
				totals = append(totals, proof.Cell{Item: a, Value: 1000})
				for k, b := range items[i+1:] {
					v := 60 + 20*rng.NormFloat64()
					if i%2 == 0 && k == 0 {
						v += planted
					}
					cells = append(cells, proof.Cell{Item: a, With: b, Value: int64(math.Round(v))})
				}
			}
			m := model(t, rank.Config{Totals: []rank.Release{table("item-totals", 5, totals...)}, Pairs: table("item-pairs", 20, cells...)})
			p := &rank.Person{Items: []rank.OwnItem{{Item: "i06", Day: 1, Count: 1}}}
			got := m.Rank(rank.Request{Person: p, AsOf: 1, Exclude: []string{"i06"}, Limit: 1}).Items[0]
			if planted > 0 && (got.Item != "i07" || got.Why.Pairs < 0.5 || got.Why.Like != "i06") {
				t.Errorf("seed %d: %+v", seed, got)
			}
			most = max(most, got.Score*got.Why.Pairs)
		}
		if planted == 0 && most > 0.2 {
			t.Errorf("%s gives an affinity of %v", name, most)
		}
	}
}

func TestLikeness(t *testing.T) {
	titles := map[string]string{
		"a": "red lunch bag", "b": "blue lunch bag", "c": "garden rake", "d": "garden spade", "e": "tea cup", "f": "tea pot",
	}
	var cells []proof.Cell
	for i, item := range []string{"a", "b", "c", "d", "e", "f"} {
		cells = append(cells, proof.Cell{Item: item, Value: int64(100 + i)})
	}
	m := model(t, rank.Config{Totals: []rank.Release{table("item-totals", 1, cells...)}, Titles: titles})
	q := rank.Request{AsOf: 5, Exclude: []string{"a"}, Person: &rank.Person{Items: []rank.OwnItem{{Item: "a", Day: 5, Count: 1}}}}
	got := m.Rank(q)
	if it := got.Items[0]; got.Contextual || it.Item != "b" || it.Why.Likeness < 0.5 || it.Why.Like != "a" {
		t.Errorf("%+v", it)
	}
	if it := got.Items[1]; it.Item != "f" || it.Why.Likeness != 0 || it.Why.Like != "" {
		t.Errorf("%+v", it)
	}
	total := 0.0
	for _, it := range m.Rank(rank.Request{AsOf: 5, Person: q.Person}).Items {
		total += it.Score * it.Why.Likeness
	}
	if w := rank.DefaultWeights(); math.Abs(total-w.Likeness) > 1e-9 {
		t.Errorf("the shares of likeness sum to %v", total)
	}
}

// A table in steps of 1/1024, as with a half-life or a norm, ranks like the same table in
// people or events: every number of the model is that of the other.
func TestStepsDoNotMatter(t *testing.T) {
	s := newShop(4, 25, 2000, 5)
	steps := func(r rank.Release) rank.Release {
		h, cells := r.Header(), r.Cells()
		h.Per, h.StdDev = 1024, 1024*h.StdDev
		for i := range cells {
			cells[i].Value *= 1024
		}
		return proof.NewRelease(h, cells, nil)
	}
	var totals, pairs []proof.Cell
	sums := map[string]int64{}
	items := s.release(10, 0, 2)
	for _, c := range items.Cells() {
		sums[c.Item] += c.Value
	}
	list := slices.Sorted(maps.Keys(sums))
	for i, item := range list {
		totals = append(totals, proof.Cell{Item: item, Value: sums[item]})
		pairs = append(pairs, proof.Cell{Item: item, With: list[(i+7)%len(list)], Value: int64(40 + i%90)})
	}
	var sizes []proof.Cell
	for i := range 4 {
		sizes = append(sizes, proof.Cell{Segment: fmt.Sprintf("fans-%02d", i), Value: int64(300 + 200*i)})
	}
	c := rank.Config{
		Items: items, Totals: []rank.Release{table("item-totals", 20, totals...)}, Sizes: table("segment-sizes", 9, sizes...), Pairs: table("item-pairs", 6, pairs...),
		CategoryTotals: categories(table("events", 25, proof.Cell{Category: "cat-00", Value: 900}, proof.Cell{Category: "cat-01", Value: 1500})), Catalog: s.catalog,
	}
	request := rank.Request{Person: &rank.Person{
		Segments: []rank.Segment{{Name: "fans-01", Weight: 1}, {Name: "fans-02", Weight: 1}}, Items: []rank.OwnItem{{Item: list[3], Day: 5, Count: 2}},
	}, AsOf: 9, Explore: "draw"}
	want := model(t, c).Rank(request)
	c.Items, c.Totals[0], c.Sizes, c.Pairs, c.CategoryTotals = steps(c.Items), steps(c.Totals[0]), steps(c.Sizes), steps(c.Pairs), steps(c.CategoryTotals)
	got := model(t, c).Rank(request)
	for i := range want.Items {
		if got.Items[i].Item != want.Items[i].Item || math.Abs(got.Items[i].Score-want.Items[i].Score) > 1e-12 {
			t.Fatalf("place %d: %+v, want %+v", i, got.Items[i], want.Items[i])
		}
	}
	if len(want.Items) < 50 || !slices.ContainsFunc(want.Items, func(it rank.Ranked) bool { return len(it.Why.Segments) > 0 }) {
		t.Error("nothing was ranked, or without the person")
	}
}

// A ranking says it is of the day of the oldest table that has a part in it.
func TestOldestDay(t *testing.T) {
	of := func(r rank.Release, day string) rank.Release {
		h := r.Header()
		h.AsOf = day
		return proof.NewRelease(h, r.Cells(), nil)
	}
	totals := of(table("item-totals", 1, proof.Cell{Item: "a", Value: 9}), "2024-03-09")
	pairs := of(table("item-pairs", 1, proof.Cell{Item: "a", With: "b", Value: 9}), "2024-03-08")
	shelves := of(categories(table("events", 1, proof.Cell{Category: "x", Value: 9})), "2024-03-07")
	sizes := of(table("segment-sizes", 1, proof.Cell{Segment: "s", Value: 9}), "2024-03-06")
	items := of(table("segment-items", 1, proof.Cell{Segment: "s", Item: "a", Value: 9}), "2024-03-10")
	for want, c := range map[string]rank.Config{
		"2024-03-09": {Totals: []rank.Release{totals}, Sizes: sizes}, // sizes say nothing without segments
		"2024-03-08": {Totals: []rank.Release{totals}, Pairs: pairs},
		"2024-03-07": {Totals: []rank.Release{totals}, Pairs: pairs, CategoryTotals: shelves},
		"2024-03-06": {Items: items, Sizes: sizes, CategoryTotals: shelves},
		"2024-03-10": {Items: items, CategoryTotals: shelves}, // categories move totals only
		"":           {Sizes: sizes, CategoryTotals: shelves},
	} {
		if got := model(t, c).Rank(rank.Request{}); got.AsOf != want || (got.Entry != 0) != (len(c.Totals) > 0 || !c.Items.IsZero()) {
			t.Errorf("%q: %q, entry %d", want, got.AsOf, got.Entry)
		}
	}
}
