package googledp

import (
	"math"

	"github.com/discreet-go/discreet/internal/proof"
	"github.com/google/differential-privacy/go/v3/dpagg"
	"github.com/google/differential-privacy/go/v3/noise"
)

// branching is that of Google's tree, and tallest the tree whose leaves are as many as
// there are numbers at most.
const (
	branching = 16
	tallest   = 4
)

// height returns the height of the lowest tree with a leaf for each number from 0 to
// span; the tallest has one for the last two. Noise is in proportion to it.
func height(span int64) (h int, leaves int64) {
	h, leaves = 1, branching
	for leaves <= span && h < tallest {
		h, leaves = h+1, leaves*branching
	}
	return h, leaves
}

// quantiles draws the quantiles of a row from one tree, which is paid for once. Bounds
// are 0 and the number of leaves, a power of two, so that a number has a leaf of its
// own, whose values are from that number to the next.
func quantiles(r *proof.ExternalRow, n noise.Noise) ([]float64, error) {
	h, leaves := height(r.Span)
	tree, err := dpagg.NewBoundedQuantiles(&dpagg.BoundedQuantilesOptions{
		Epsilon: r.Epsilon, MaxPartitionsContributed: int64(r.Rows), MaxContributionsPerPartition: 1,
		Lower: 0, Upper: float64(leaves), Noise: n, TreeHeight: h, BranchingFactor: branching,
	})
	if err != nil {
		return nil, err
	}
	for _, x := range r.Numbers {
		for range x.People {
			if err := tree.Add(float64(x.Number)); err != nil {
				return nil, err
			}
		}
	}
	values := make([]float64, len(r.Ranks))
	for i, rank := range r.Ranks {
		v, err := tree.Result(float64(rank) / 1_000_000)
		if err != nil {
			return nil, err
		}
		values[i] = math.Min(math.Max(math.Floor(v), 0), float64(r.Span))
	}
	return values, nil
}
