package dp

import (
	"context"
	"iter"
	"math"
	"math/big"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/noise"
	"github.com/discreet-go/discreet/internal/contrib"
	"golang.org/x/mod/sumdb/note"
)

// What tests see and no other code does.

// CellKey names a cell.
type CellKey = contrib.Key

// Exact returns the pre-noise vector, in the order of the keys.
func Exact(spec *contrib.Spec, window int32, asOf contrib.Day, people iter.Seq2[*contrib.Person, error]) ([]CellKey, []int64, error) {
	t, err := count(context.Background(), &frame{spec: *spec, window: window, asOf: asOf}, people)
	if err != nil {
		return nil, nil, err
	}
	keys := make([]CellKey, len(t.values))
	for i := range keys {
		keys[i] = t.cell(i)
	}
	return keys, t.values, nil
}

// Released returns the cells that come out of a table with the given noisy
// values, in the order of its keys.
func Released(spec *contrib.Spec, n Noise, keys []CellKey, noisy []int64) ([]Cell, error) {
	t := &tally{frame: &frame{spec: *spec}, values: noisy}
	for _, k := range keys {
		for i, s := range spec.Segments {
			if s == k.Segment {
				t.keys = append(t.keys, key{int32(i), k.Item})
			}
		}
	}
	return noise.Reaching(t.values, t.least(&n), t.maker(&n)), nil
}

// DrawLoud draws with a loss that no budget would carry.
func DrawLoud(c *Counts, p Params, mu2, delta accounting.Units, signer note.Signer) (Release, error) {
	n, err := noiseFor(&c.frame.spec, mu2, delta)
	if err != nil {
		return Release{}, err
	}
	return draw(c, &p, &n, signer)
}

// Encode, Parse and Sign open the format.
func Encode(h Header, cells []Cell) ([]byte, error)              { return encode(&h, cells) }
func Parse(text string) (Header, []Cell, error)                  { return parse(text) }
func Sign(h Header, cells []Cell, s note.Signer) ([]byte, error) { return sign(&h, cells, s) }

// PercentUp and Up write bounds.
func PercentUp(p float64) string      { return percentUp(p) }
func Up(x float64, digits int) string { return up(x, digits) }

// Margin and WholeMargin are the margin of a release, on enclosures and in floats.
func Margin(sigma *big.Rat) (int64, error) { return margin(sigma) }
func WholeMargin(sigma float64) int64      { return wholeMargin(sigma) }

// Reach returns the half width of an interval around a combination of released values.
func Reach(coefs, sigmas []float64) float64 {
	var w weights
	variance, least := 0.0, math.Inf(1)
	for i, c := range coefs {
		w = w.and(one(c, sigmas[i]))
		variance += c * c * (sigmas[i]*sigmas[i] + 1.0/12)
		least = math.Min(least, sigmas[i])
	}
	return w.reach(variance, least)
}

// Passed is the interval of a value that reached a threshold.
func Passed(value, threshold int64, sigma float64) (low, high float64) {
	return PassedFrom(value, threshold, sigma, 1)
}

// PassedFrom is Passed where fewer than least people never make a cell come out.
func PassedFrom(value, threshold int64, sigma float64, least int64) (low, high float64) {
	return passed{float64(value), float64(threshold), sigma, float64(least)}.interval()
}

// MadeOf returns, for each cell, what the interval of a consistent estimate is made
// from: the sum of the sizes of the coefficients, and the largest coefficient*sigma.
func (e Estimates) MadeOf() (sum, top []float64) {
	for i := range e.tree.nodes {
		w := e.tree.nodes[i].all
		sum, top = append(sum, w.sum), append(top, w.coef*w.sigma)
	}
	return sum, top
}

// ShareOut rounds parts of a total.
func ShareOut(total int64, values, variances []float64) []int64 {
	return shareOut(total, values, variances)
}

// SmoothLevels smooths one series and returns the estimated q too.
func SmoothLevels(gap, variance, y []float64) (value, kept []float64, q float64) {
	s := levels{gap: gap, variance: variance}
	value, kept = s.smooth(append([]float64(nil), y...))
	return value, kept, s.wander(y)
}

// AddTo adds to a sum, or reports that it does not fit.
func AddTo(sum *int64, v int64) error { return addTo(sum, v) }
