package noise

import "math"

// Histogram adds independent noise to each count, in place, and returns what
// cell makes of each noisy count that is at least least, in order. Counts below
// it leave no trace in the result: not in its order, not in its capacity. Use
// [Everything] where the keys are public. Package dp makes its releases with it.
//
// Cost: one pass of [Gaussian.AddTo] and two over the integers; memory is the
// result alone. Errors as [Gaussian.AddTo].
func Histogram[C any](g *Gaussian, counts []int64, least int64, cell func(i int, noisy int64) C) ([]C, error) {
	if err := g.AddTo(counts); err != nil {
		return nil, err
	}
	return Reaching(counts, least, cell), nil
}

// Everything is the threshold that every count reaches.
const Everything = math.MinInt64

// Reaching is the second half of [Histogram], post-processing of noisy counts.
func Reaching[C any](noisy []int64, least int64, cell func(i int, noisy int64) C) []C {
	n := 0
	for _, v := range noisy {
		if v >= least {
			n++
		}
	}
	out := make([]C, 0, n) // no room left over that would tell of others
	for i, v := range noisy {
		if v >= least {
			out = append(out, cell(i, v))
		}
	}
	return out
}
