package rank_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment/rank"
	"pgregory.net/rapid"
)

func TestKeep(t *testing.T) {
	s := newShop(3, 10, 1000, 3)
	m := model(t, rank.Config{Items: s.release(1, 0, 3), Catalog: s.catalog})
	keep := func(item, category string) bool { return category != "cat-01" && item != "item-0000" }
	for _, candidates := range [][]string{nil, {"item-0000", "item-0001", "item-0002", "unheard-of"}} {
		got := m.Rank(rank.Request{Candidates: candidates, Keep: keep, Limits: &rank.Limits{}, Person: &rank.Person{Categories: map[string]float64{"cat-01": 1}}})
		want := 19
		if candidates != nil {
			want = 2
		}
		if len(got.Items) != want {
			t.Errorf("%d items, want %d", len(got.Items), want)
		}
		for _, it := range got.Items {
			if !keep(it.Item, it.Category) {
				t.Errorf("%s is shown", it.Item)
			}
		}
	}
}

// Diversity orders by score times what is left for the category, which a slow
// way finds too.
func TestDiversity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, items, segs := drawModel(t)
		q := rank.Request{Person: drawPerson(t, items, segs), AsOf: 100}
		plain := m.Rank(q).Items
		q.Diversity = rapid.SampledFrom([]float64{0.1, 0.5, 0.9}).Draw(t, "diversity")
		left := 1 - math.Min(1, q.Diversity)
		count := map[string]int{}
		rest := slices.Clone(plain)
		var want []string
		for len(rest) > 0 {
			best, most := 0, -1.0
			for i, it := range rest {
				v := it.Score
				if it.Category != "" {
					v *= math.Pow(left, float64(count[it.Category]))
				}
				if v > most*(1+1e-12) || v >= most*(1-1e-12) && it.Item < rest[best].Item {
					best, most = i, v
				}
			}
			count[rest[best].Category]++
			want = append(want, rest[best].Item)
			rest = slices.Delete(rest, best, best+1)
		}
		if got := names(m.Rank(q)); !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

// At its end, one item of each category comes before any second one.
func TestMostDiverse(t *testing.T) {
	s := newShop(4, 10, 1000, 4)
	m := model(t, rank.Config{Items: s.release(1, 0, 3), Catalog: s.catalog})
	q := rank.Request{Person: &rank.Person{Categories: map[string]float64{"cat-01": 5}}, Limit: 6, Candidates: s.items[:20]}
	for _, q.Diversity = range []float64{1, 7, math.Inf(1)} {
		got := m.Rank(q).Items
		seen := map[string]int{}
		for _, it := range got[:4] {
			seen[it.Category]++
		}
		if len(seen) != 4 || len(got) != 6 {
			t.Errorf("%v: %v of %d", q.Diversity, seen, len(got))
		}
	}
	q.Diversity = 0
	plain := names(m.Rank(q))
	for _, q.Diversity = range []float64{-1, math.NaN()} {
		if got := names(m.Rank(q)); !slices.Equal(got, plain) {
			t.Errorf("%v changes the order", q.Diversity)
		}
	}
}

// A draw shows items now and then that the mean leaves out, more often the more
// is open, and is the same when it is asked for again.
func TestExplore(t *testing.T) {
	shown := func(sd float64) int {
		var cells []proof.Cell
		for i := range 60 {
			cells = append(cells, proof.Cell{Item: string(rune('A' + i)), Value: int64(300 - 2*i)})
		}
		m := model(t, rank.Config{Totals: []rank.Release{table("item-totals", sd, cells...)}})
		plain := names(m.Rank(rank.Request{Limit: 10}))
		other := map[string]bool{}
		for day := range 50 {
			q := rank.Request{Limit: 10, Explore: "day " + string(rune('0'+day))}
			got := names(m.Rank(q))
			if !slices.Equal(got, names(m.Rank(q))) {
				t.Fatal("one draw has two lists")
			}
			for _, item := range got {
				if !slices.Contains(plain, item) {
					other[item] = true
				}
			}
		}
		return len(other)
	}
	if exact, noisy := shown(0.01), shown(20); noisy <= exact || noisy < 10 {
		t.Errorf("%d items are explored with little noise, %d with much", exact, noisy)
	}
	m := model(t, rank.Config{Catalog: map[string]string{"a": "x", "b": "x"}})
	if got := m.Rank(rank.Request{Explore: "x"}); len(got.Items) != 2 {
		t.Error("nothing released, nothing to draw, no list")
	}
}

func TestWhyText(t *testing.T) {
	title := func(key string) string { return map[string]string{"garden": "Garden", "r1": "Rake"}[key] }
	for want, w := range map[string]rank.Why{
		"You see this because many people like it (100 %).":                                              {Popularity: 1},
		"You see this because of your interest in Garden (61 %) and because many people like it (39 %).": {Categories: 0.61, Interests: []rank.CategoryShare{{Category: "garden", Share: 0.61}}, Popularity: 0.39},
		"You see this because it is like Rake, which you had (70 %), because it goes with things you had (20 %) and because you are in the group fans (10 %).": {
			Likeness: 0.7, Pairs: 0.2, Like: "r1", Segments: []rank.SegmentShare{{Segment: "fans", Share: 0.1}},
		},
		"You see this because many people like it (100 %). Nothing of you was used for this place: you limited how many may be personal.": {Popularity: 1, Capped: true},
	} {
		if got := w.Text(title); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := (rank.Why{Categories: 1}).Text(nil); !strings.Contains(got, "of your interests (100 %)") {
		t.Error(got)
	}
}

// Interests are what Categories is made of.
func TestInterestsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, items, segs := drawModel(t)
		for _, it := range m.Rank(rank.Request{Person: drawPerson(t, items, segs), AsOf: 100}).Items {
			sum := 0.0
			for _, c := range it.Why.Interests {
				sum += c.Share
			}
			if math.Abs(sum-it.Why.Categories) > 1e-9 {
				t.Fatalf("%v of %v", sum, it.Why.Categories)
			}
		}
	})
}

func TestTableErrors(t *testing.T) {
	totals := table("item-totals", 1, proof.Cell{Item: "a", Value: 1})
	for name, c := range map[string]rank.Config{
		"items as totals":        {Totals: []rank.Release{table("segment-items", 1)}},
		"no totals":              {Totals: []rank.Release{{}}},
		"pairs as totals":        {Totals: []rank.Release{table("item-pairs", 1)}},
		"totals as pairs":        {Pairs: totals},
		"events by nobody":       {CategoryTotals: table("events", 1)},
		"totals without noise":   {Totals: []rank.Release{table("item-totals", 0)}},
		"pairs of another":       {Totals: []rank.Release{totals}, Pairs: otherAccount(table("item-pairs", 1))},
		"second totals of other": {Totals: []rank.Release{totals, otherAccount(totals)}},
	} {
		c.Weights, c.SeenHalfLifeDays = rank.DefaultWeights(), 30
		if _, err := rank.New(c); err != rank.ErrRelease {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func otherAccount(r rank.Release) rank.Release {
	h := r.Header()
	h.Account = "b"
	return proof.NewRelease(h, r.Cells(), nil)
}
