package rank_test

import (
	"fmt"
	"testing"

	"github.com/discreet-go/discreet/segment/rank"
)

// BenchmarkRank ranks 500 candidates out of 5,000 items for a person with 5
// segments of 50, 20 own items and 5 own categories.
func BenchmarkRank(b *testing.B) {
	s := newShop(50, 100, 5000, 4)
	for name, threshold := range map[string]int64{"public": 0, "discovered": 45} {
		m := model(b, rank.Config{Items: s.release(10, threshold, 1), Sizes: s.sizeRelease(10), Catalog: s.catalog})
		q := rank.Request{AsOf: 100, Limit: 20, Context: "cat-00", Person: &rank.Person{Categories: map[string]float64{}}}
		for k := range 5 {
			q.Person.Segments = append(q.Person.Segments, rank.Segment{Name: s.segments[k*7], Weight: 1})
			q.Person.Categories[s.categories[k*5]] = 1
		}
		for k := range 20 {
			q.Person.Items = append(q.Person.Items, rank.OwnItem{Item: s.items[k*31], Day: rank.Day(k), Count: k + 1})
		}
		for k := range 500 {
			q.Candidates = append(q.Candidates, s.items[k*10])
		}
		b.Run(fmt.Sprintf("%s/candidates=500", name), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.Rank(q)
			}
		})
	}
}

// BenchmarkNew builds a model of 50 segments and 5,000 items.
func BenchmarkNew(b *testing.B) {
	s := newShop(50, 100, 5000, 4)
	for name, threshold := range map[string]int64{"public": 0, "discovered": 45} {
		c := rank.Config{
			Items: s.release(10, threshold, 1), Catalog: s.catalog,
			Weights: rank.DefaultWeights(), SeenHalfLifeDays: rank.DefaultSeenHalfLifeDays,
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := rank.New(c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
