package rank_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment/rank"
)

// shop is a made-up truth: segments that like one category each.
type shop struct {
	segments, categories []string
	items                []string
	catalog              map[string]string
	truth                map[[2]string]float64 // expected count of (segment, item)
	sizes                map[string]float64
}

// newShop makes a shop with Zipf items; segment k likes category k lift times
// as much as everybody.
func newShop(segments, perCategory int, people, lift float64) shop {
	s := shop{catalog: map[string]string{}, truth: map[[2]string]float64{}, sizes: map[string]float64{}}
	for k := range segments {
		s.segments = append(s.segments, fmt.Sprintf("fans-%02d", k))
		s.categories = append(s.categories, fmt.Sprintf("cat-%02d", k))
	}
	for i := range perCategory * segments {
		item := fmt.Sprintf("item-%04d", i)
		s.items = append(s.items, item)
		s.catalog[item] = s.categories[i%segments]
	}
	for k, seg := range s.segments {
		s.sizes[seg] = people
		all := 0.0
		rate := make([]float64, len(s.items))
		for i := range s.items {
			rate[i] = 1 / float64(i+5)
			if i%segments == k {
				rate[i] *= lift
			}
			all += rate[i]
		}
		for i, item := range s.items {
			s.truth[[2]string{seg, item}] = 5 * people * rate[i] / all
		}
	}
	return s
}

// release adds normal noise to the truth; threshold > 0 withholds small cells.
func (s shop) release(sd float64, threshold int64, seed uint64) rank.Release {
	rng := rand.New(rand.NewPCG(seed, 1))
	var cells []proof.Cell
	for _, seg := range s.segments {
		for _, item := range s.items {
			v := int64(math.Round(s.truth[[2]string{seg, item}] + sd*rng.NormFloat64()))
			if threshold == 0 || v >= threshold {
				cells = append(cells, proof.Cell{Segment: seg, Item: item, Value: v})
			}
		}
	}
	return items(sd, threshold, cells)
}

func (s shop) sizeRelease(sd float64) rank.Release {
	var cells []proof.Cell
	for _, seg := range s.segments {
		cells = append(cells, proof.Cell{Segment: seg, Value: int64(s.sizes[seg])})
	}
	return proof.NewRelease(proof.Header{Format: "discreet-release/0", Account: "a", Kind: "segment-sizes", StdDev: sd, Cells: len(cells)}, cells, nil)
}

// items makes a segment x item release.
func items(sd float64, threshold int64, cells []proof.Cell) rank.Release {
	slices.SortFunc(cells, func(a, b proof.Cell) int {
		return cmp.Or(cmp.Compare(a.Segment, b.Segment), cmp.Compare(a.Item, b.Item))
	})
	return proof.NewRelease(proof.Header{
		Format: "discreet-release/0", Account: "a", Entry: 7, Kind: "segment-items", AsOf: "2024-03-01",
		StdDev: sd, Threshold: threshold, Cells: len(cells),
	}, cells, nil)
}

func model(t testing.TB, c rank.Config) *rank.Model {
	t.Helper()
	if c.Weights == (rank.Weights{}) {
		c.Weights = rank.DefaultWeights()
	}
	if c.SeenHalfLifeDays == 0 {
		c.SeenHalfLifeDays = rank.DefaultSeenHalfLifeDays
	}
	m, err := rank.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func names(r rank.Ranking) []string {
	var out []string
	for _, it := range r.Items {
		out = append(out, it.Item)
	}
	return out
}

func sum(w rank.Why) float64 { return w.Personal() + w.Popularity + w.Context }
