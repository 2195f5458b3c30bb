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

// drawFull draws a model of all kinds of table at once.
func drawFull(t *rapid.T) (*rank.Model, []string, []string) {
	items, segs := []string{"a", "b", "c", "d", "e", "f", "g"}, []string{"s", "t", "u"}
	words := []string{"red", "blue", "bag", "mug", "rake"}
	c := rank.Config{
		Catalog: map[string]string{}, Titles: map[string]string{}, Traits: map[string][]string{"a": {"new"}, "b": {"new"}},
		Parents: map[string]string{"x": "top"}, Weights: rank.DefaultWeights(), SeenHalfLifeDays: 30,
	}
	value := rapid.IntRange(-60, 500)
	var totals, cells, pairs []proof.Cell
	for i, it := range items {
		c.Catalog[it] = rapid.SampledFrom([]string{"x", "y", ""}).Draw(t, "category")
		c.Titles[it] = rapid.SampledFrom(words).Draw(t, "word") + " " + rapid.SampledFrom(words).Draw(t, "word")
		totals = append(totals, proof.Cell{Item: it, Value: int64(value.Draw(t, "total"))})
		for _, s := range segs {
			cells = append(cells, proof.Cell{Segment: s, Item: it, Value: int64(value.Draw(t, "cell"))})
		}
		for _, with := range items[i+1:] {
			pairs = append(pairs, proof.Cell{Item: it, With: with, Value: int64(value.Draw(t, "pair"))})
		}
	}
	sd := float64(rapid.IntRange(1, 60).Draw(t, "sd"))
	c.Totals = []rank.Release{table("item-totals", sd, totals...), table("item-totals", sd, totals[:4]...)}
	c.Items, c.Pairs = items0(sd, cells), table("item-pairs", sd, pairs...)
	c.CategoryTotals = categories(table("events", sd,
		proof.Cell{Category: "top", Value: int64(value.Draw(t, "top"))}, proof.Cell{Category: "x", Value: int64(value.Draw(t, "x"))}))
	m, err := rank.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return m, items, segs
}

func items0(sd float64, cells []proof.Cell) rank.Release { return items(sd, 0, cells) }

// With all parts at once, shares are shares, own data that is gone has none, and
// no order of arguments matters.
func TestAllParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, items, segs := drawFull(t)
		p := drawPerson(t, items, segs)
		q := rank.Request{Person: p, AsOf: 100, Context: "y", Explore: rapid.SampledFrom([]string{"", "one"}).Draw(t, "draw")}
		want := m.Rank(q)
		if len(want.Items) != len(items) {
			t.Fatalf("%d items", len(want.Items))
		}
		for _, it := range want.Items {
			all := []float64{it.Why.Categories, it.Why.Seen, it.Why.Popularity, it.Why.Context, it.Why.Likeness, it.Why.Pairs}
			for _, s := range it.Why.Segments {
				all = append(all, s.Share)
			}
			for _, x := range all {
				if !(x >= 0 && x <= 1+1e-9) {
					t.Fatalf("share %v", x)
				}
			}
			if math.Abs(sum(it.Why)-1) > 1e-9 || !(it.Score > 0) || math.IsInf(it.Score, 1) {
				t.Fatalf("%+v", it)
			}
			if (it.Why.Like != "") != (it.Why.Likeness+it.Why.Pairs > 0) {
				t.Fatalf("like %q for %v and %v", it.Why.Like, it.Why.Likeness, it.Why.Pairs)
			}
		}
		mixed := *p
		mixed.Items, mixed.Segments = slices.Clone(p.Items), slices.Clone(p.Segments)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		rng.Shuffle(len(mixed.Items), func(i, j int) { mixed.Items[i], mixed.Items[j] = mixed.Items[j], mixed.Items[i] })
		rng.Shuffle(len(mixed.Segments), func(i, j int) {
			mixed.Segments[i], mixed.Segments[j] = mixed.Segments[j], mixed.Segments[i]
		})
		again := q
		again.Person = &mixed
		for i, it := range m.Rank(again).Items {
			if it.Item != want.Items[i].Item || it.Score != want.Items[i].Score {
				t.Fatal("the order of arguments matters")
			}
		}
		mixed.Items = nil
		for _, it := range m.Rank(again).Items {
			if it.Why.Seen+it.Why.Likeness+it.Why.Pairs != 0 || it.Why.Like != "" {
				t.Fatalf("items that are gone have a share: %+v", it.Why)
			}
		}
	})
}
