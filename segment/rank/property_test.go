package rank_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment/rank"
	"pgregory.net/rapid"
)

// drawModel draws a release, public or discovered, over a small world.
func drawModel(t *rapid.T) (*rank.Model, []string, []string) {
	items, segs, cats := []string{"a", "b", "c", "d", "e", "f", "g"}, []string{"s", "t", "u", "v"}, []string{"x", "y", "z", ""}
	catalog := map[string]string{}
	for _, it := range items {
		if c := rapid.SampledFrom(cats).Draw(t, "category"); c != "" {
			catalog[it] = c
		}
	}
	threshold := int64(rapid.SampledFrom([]int{0, 20}).Draw(t, "threshold"))
	var cells []proof.Cell
	for _, s := range segs {
		for _, it := range items {
			if v := int64(rapid.IntRange(-40, 500).Draw(t, "value")); v >= threshold || threshold == 0 {
				cells = append(cells, proof.Cell{Segment: s, Item: it, Value: v})
			}
		}
	}
	m, err := rank.New(rank.Config{
		Items:   itemsOf(float64(rapid.IntRange(1, 40).Draw(t, "sd")), threshold, cells),
		Catalog: catalog, Parents: map[string]string{"x": "top", "y": "top"},
		Weights: rank.DefaultWeights(), SeenHalfLifeDays: 30,
	})
	if err != nil {
		t.Fatal(err)
	}
	return m, items, segs
}

var itemsOf = items

func drawPerson(t *rapid.T, items, segs []string) *rank.Person {
	p := &rank.Person{Categories: map[string]float64{}}
	for _, s := range rapid.SliceOfN(rapid.SampledFrom(segs), 0, 4).Draw(t, "segments") {
		p.Segments = append(p.Segments, rank.Segment{Name: s, Weight: rapid.Float64Range(0.1, 5).Draw(t, "weight")})
	}
	for _, it := range rapid.SliceOfN(rapid.SampledFrom(items), 0, 5).Draw(t, "items") {
		p.Items = append(p.Items, rank.OwnItem{
			Item: it, Day: rank.Day(rapid.IntRange(0, 100).Draw(t, "day")), Count: rapid.IntRange(1, 9).Draw(t, "count"),
		})
	}
	for _, c := range rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y", "z", "top"}), 0, 3).Draw(t, "categories") {
		p.Categories[c] = rapid.Float64Range(0.1, 5).Draw(t, "weight")
	}
	return p
}

func TestSharesSumToOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, items, segs := drawModel(t)
		p := drawPerson(t, items, segs)
		for _, it := range m.Rank(rank.Request{Person: p, AsOf: 100, Context: "y"}).Items {
			all := []float64{it.Why.Categories, it.Why.Seen, it.Why.Popularity, it.Why.Context}
			for _, s := range it.Why.Segments {
				all = append(all, s.Share)
			}
			for _, x := range all {
				if !(x >= 0 && x <= 1+1e-9) {
					t.Fatalf("share %v", x)
				}
			}
			if math.Abs(sum(it.Why)-1) > 1e-9 || !(it.Score > 0) {
				t.Fatalf("%+v", it)
			}
		}
	})
}

func TestOrderOfArguments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, items, segs := drawModel(t)
		p := drawPerson(t, items, segs)
		want := m.Rank(rank.Request{Person: p, AsOf: 100, Candidates: items})
		mixed := &rank.Person{Segments: slices.Clone(p.Segments), Items: slices.Clone(p.Items), Categories: p.Categories}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		rng.Shuffle(len(mixed.Segments), func(i, j int) {
			mixed.Segments[i], mixed.Segments[j] = mixed.Segments[j], mixed.Segments[i]
		})
		rng.Shuffle(len(mixed.Items), func(i, j int) { mixed.Items[i], mixed.Items[j] = mixed.Items[j], mixed.Items[i] })
		some := slices.Clone(items)
		rng.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
		limit := rapid.IntRange(1, len(items)).Draw(t, "limit")
		got := m.Rank(rank.Request{Person: mixed, AsOf: 100, Candidates: append(some, some...), Limit: limit})
		for i, it := range got.Items {
			if it.Item != want.Items[i].Item || it.Score != want.Items[i].Score {
				t.Fatalf("%v, want %v", names(got), names(want))
			}
		}
		if len(got.Items) != limit {
			t.Fatal("length")
		}
		// Fewer candidates keep the order of those that are left.
		few := some[:limit]
		rest := slices.DeleteFunc(names(want), func(it string) bool { return !slices.Contains(few, it) })
		if left := names(m.Rank(rank.Request{Person: mixed, AsOf: 100, Candidates: few})); !slices.Equal(left, rest) {
			t.Fatalf("%v, want %v", left, rest)
		}
	})
}

// What the person does not have any more has no share any more.
func TestRemovalRemovesShares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, items, segs := drawModel(t)
		p := drawPerson(t, items, segs)
		gone := rapid.SampledFrom(segs).Draw(t, "gone")
		p.Segments = slices.DeleteFunc(p.Segments, func(s rank.Segment) bool { return s.Name == gone })
		p.Categories = nil
		for _, it := range m.Rank(rank.Request{Person: p, AsOf: 100}).Items {
			if it.Why.Categories != 0 || slices.ContainsFunc(it.Why.Segments, func(s rank.SegmentShare) bool { return s.Segment == gone }) {
				t.Fatalf("%+v", it.Why)
			}
		}
		p.Items = nil
		for _, it := range m.Rank(rank.Request{Person: p, AsOf: 100}).Items {
			if it.Why.Seen != 0 {
				t.Fatalf("%+v", it.Why)
			}
		}
	})
}

// More of the person's own evidence for an item or category never lowers it.
func TestMoreEvidenceNeverLowers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, items, segs := drawModel(t)
		p := drawPerson(t, items, segs)
		if len(p.Items) > 0 {
			k := rapid.IntRange(0, len(p.Items)-1).Draw(t, "which")
			more := *p
			more.Items = slices.Clone(p.Items)
			more.Items[k].Count += rapid.IntRange(1, 100).Draw(t, "more")
			more.Items[k].Day = min(100, more.Items[k].Day+rank.Day(rapid.IntRange(0, 20).Draw(t, "later")))
			place := func(p *rank.Person) int {
				return slices.Index(names(m.Rank(rank.Request{Person: p, AsOf: 100})), p.Items[k].Item)
			}
			if was, is := place(p), place(&more); is > was {
				t.Fatalf("own item falls from %d to %d", was, is)
			}
		}
		for c, w := range p.Categories {
			more := *p
			more.Categories = map[string]float64{}
			for k, v := range p.Categories {
				more.Categories[k] = v
			}
			more.Categories[c] = w * 2
			if c == "x" || c == "y" { // inside of top, which may have weight too
				continue
			}
			share := func(p *rank.Person) (sum float64) {
				for _, it := range m.Rank(rank.Request{Person: p, AsOf: 100}).Items {
					if it.Category == c {
						sum += it.Score
					}
				}
				return sum
			}
			if was, is := share(p), share(&more); is < was*(1-1e-12) {
				t.Fatalf("own category falls from %v to %v", was, is)
			}
		}
	})
}

// A larger released count never lowers the item for the segment, as long as the
// table is large enough that one cell does not change what all cells say.
func TestMoreCountsNeverLower(t *testing.T) {
	s := newShop(4, 25, 2000, 4)
	rng := rand.New(rand.NewPCG(5, 6))
	for _, threshold := range []int64{0, 40} {
		base := s.release(10, threshold, 5).Cells()
		for range 60 {
			k := rng.IntN(len(base))
			cells := slices.Clone(base)
			place := func() int {
				m := model(t, rank.Config{Items: items(10, threshold, slices.Clone(cells)), Catalog: s.catalog})
				got := m.Rank(rank.Request{Person: &rank.Person{Segments: []rank.Segment{{Name: base[k].Segment, Weight: 1}}}})
				return slices.Index(names(got), base[k].Item)
			}
			was := place()
			for _, more := range []int64{5, 50, 500} {
				cells[k].Value += more
				is := place()
				if is > was {
					t.Errorf("%s of %s: %d more and it falls from %d to %d", base[k].Item, base[k].Segment, more, was, is)
				}
				was = is
			}
		}
	}
}
