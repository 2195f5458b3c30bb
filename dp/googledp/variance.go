package googledp

import (
	"math"

	"github.com/discreet-go/discreet/internal/proof"
	"github.com/google/differential-privacy/go/v3/dpagg"
	"github.com/google/differential-privacy/go/v3/noise"
)

const (
	maxHalf = 1 << 11 // of the range of numbers that a variance is drawn of

	// gridBits is that of the grid that Google rounds a sum to before it adds noise:
	// the sensitivity over epsilon, over 2^40, and at most twice that.
	gridBits = 39
)

// resolution returns by how many bits numbers are shortened before a variance is drawn
// of them, and half of their range after that, which is even: so much that all sums of
// Google's are whole numbers, which floats hold exactly, and lie on the grid that
// Google rounds to, which is then no rounding. Then one person changes a sum by what
// Google's library takes to be the most. It follows from declared parameters alone; false where
// nothing is coarse enough.
func resolution(r *proof.ExternalRow) (shift int, half int64, ok bool) {
	for ; ; shift++ {
		half = (r.Span>>shift + 1) / 2
		if half < 1 {
			return 0, 0, false
		}
		// A third of epsilon for each of count, sum and squares.
		squares := 3 * float64(r.Rows) * float64(half*half)
		if half <= maxHalf && squares <= r.Epsilon*(1<<gridBits) {
			return shift, half, true
		}
	}
}

// variance draws the variance of a row.
func variance(r *proof.ExternalRow, n noise.Noise) ([]float64, error) {
	shift, half, ok := resolution(r)
	if !ok {
		return nil, errEnvelope
	}
	v, err := dpagg.NewBoundedVariance(&dpagg.BoundedVarianceOptions{
		Epsilon: r.Epsilon, MaxPartitionsContributed: int64(r.Rows), MaxContributionsPerPartition: 1,
		Lower: 0, Upper: float64(2 * half), Noise: n,
	})
	if err != nil {
		return nil, err
	}
	for _, x := range r.Numbers {
		for range x.People {
			if err := v.Add(float64(x.Number >> shift)); err != nil {
				return nil, err
			}
		}
	}
	result, err := v.Result()
	if err != nil {
		return nil, err
	}
	unit := float64(int64(1) << shift)
	return []float64{math.Min(math.Max(result, 0)*unit*unit, float64((r.Span*r.Span+3)/4))}, nil
}
