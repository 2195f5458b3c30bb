package dp

import (
	"math"

	"github.com/discreet-go/discreet/internal/contrib"
)

// RowMean is the mean of a row: of the amounts of its people, each between the bounds of
// the measure and rounded to its steps.
type RowMean struct {
	Segment  string `json:"segment,omitempty"`
	Category string `json:"category,omitempty"`

	// None says that the released number of people is too small against its noise for a
	// mean, or for an interval around one. Value, Low and High are then 0.
	None bool `json:"none,omitempty"`

	Value float64 `json:"value"` // in RowMeans.Unit
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// RowMeans are means computed from released numbers of people and sums. They are a
// function of releases alone, so they cost nothing and are as private as those. The zero
// value holds nothing.
type RowMeans struct {
	Unit    string    `json:"unit"`
	Level   float64   `json:"level"` // of the intervals: Level
	Sources []Source  `json:"sources"`
	Rows    []RowMean `json:"rows"`
}

// Statement says in plain sentences what the numbers are and which releases they come
// from.
func (m RowMeans) Statement() string {
	if len(m.Sources) == 0 {
		return "This is not computed from releases."
	}
	return "The values are means of people's amounts in " + m.Unit + ", each amount taken between bounds." +
		" Rows with too few people for their noise have none; of all rows, about 95% have an interval that holds the exact mean or none." +
		tail(m.Sources, nil)
}

// meanFloor is the number of people that the interval of a denominator must lie above.
const meanFloor = 1

// MeansOf returns the mean of each row of a release of [Means] with both parts.
//
// With n the released number of people, of noise variance v, and s the released sum around
// the middle c of the bounds, of variance w, the mean is c + s/n, and its interval is
// Fieller's: the means c + x within the bounds for which s - x n is within what its noise,
// of variance w + x^2 v, explains at Level. Where the interval of n reaches down to one
// person or less there is no mean.
//
// Of all rows, an interval that misses the exact mean comes out with probability of at most
// 0.06, and about 0.05 where there are many people and every sigma is at least 5. Where
// nobody is in a row, no mean is right; one comes out with probability below 0.025.
// Proof: docs/proofs/means.md. Errors: ErrReleases, ErrNoiseLaw, ErrMeasures for a release
// of something else, ErrCells.
func MeansOf(r Release) (RowMeans, error) {
	h := r.Header()
	switch {
	case r.IsZero():
		return RowMeans{}, ErrReleases
	case h.Kind != contrib.KindMeans.String() || h.Of != "":
		return RowMeans{}, ErrMeasures
	case h.Mechanism != roundedGaussian || !positive(h.Sigma) || !positive(h.CountSigma):
		return RowMeans{}, ErrNoiseLaw
	case r.Len()%2 != 0:
		return RowMeans{}, ErrCells
	}
	m := RowMeans{
		Unit: h.Unit, Level: Level, Rows: make([]RowMean, r.Len()/2),
		Sources: []Source{{Account: h.Account, Entry: h.Entry, Name: h.Name, AsOf: h.AsOf}},
	}
	people := sizedNoise{h.CountSigma, square(max(h.CountSigma, h.CountStdDev))}
	for i := range m.Rows {
		n, s := r.At(2*i), r.At(2*i+1)
		if n.Part != contrib.PartCount || s.Part != contrib.PartSum || n.Segment != s.Segment || n.Category != s.Category {
			return RowMeans{}, ErrCells
		}
		m.Rows[i] = meanOf(&h, &n, &s, people)
	}
	return m, nil
}

// MeansFrom is [MeansOf] for a release of sums alone, of [Means] with Denominators, over
// the numbers of people in a release of that measure of segment sizes. Both are of one
// account, one accounting window and one as-of day, so that the same people count in both.
// Errors: ErrReleases, ErrSame, ErrNoiseLaw, ErrMeasures for releases that do not belong
// together, or sizes that are scaled to a norm, ErrCells for a segment without a size.
func MeansFrom(sums, sizes Release) (RowMeans, error) {
	_, sources, err := publicOf([]Release{sums, sizes})
	if err != nil {
		return RowMeans{}, err
	}
	h, of := sums.Header(), sizes.Header()
	if h.Kind != contrib.KindMeans.String() || of.Kind != contrib.KindSegmentSizes.String() || h.Of != of.Measure ||
		h.L0 != of.L0 || h.Window != of.Window || h.AsOf != of.AsOf || of.LInf != 1 || of.Norm != 0 {
		return RowMeans{}, ErrMeasures
	}
	size := make(map[string]Cell, sizes.Len())
	for i := range sizes.Len() {
		c := sizes.At(i)
		size[c.Segment] = c
	}
	m := RowMeans{Unit: h.Unit, Level: Level, Sources: sources, Rows: make([]RowMean, sums.Len())}
	people := sizedNoise{of.Sigma, variance(&of)}
	for i := range m.Rows {
		s := sums.At(i)
		n, ok := size[s.Segment]
		if !ok || s.Part != contrib.PartSum {
			return RowMeans{}, ErrCells
		}
		m.Rows[i] = meanOf(&h, &n, &s, people)
	}
	return m, nil
}

// sizedNoise is the noise of numbers of people.
type sizedNoise struct{ sigma, variance float64 }

func square(x float64) float64 { return x * x }

// meanOf returns the mean of a row.
func meanOf(h *Header, people, sum *Cell, noise sizedNoise) RowMean {
	m := RowMean{Segment: sum.Segment, Category: sum.Category}
	n, s := float64(people.Value), float64(sum.Value)
	if n-one(1, noise.sigma).reach(noise.variance, 0) <= meanFloor {
		m.None = true
		return m
	}
	least := math.Min(h.Sigma, noise.sigma)
	reach := func(x float64) float64 { // of the noise of s - x n
		w := one(1, h.Sigma).and(one(x, noise.sigma))
		return w.reach(variance(h)+x*x*noise.variance, least)
	}
	low, high := float64(h.Low-h.Center), float64(h.High-h.Center)
	from := crossing(low, high, func(x float64) bool { return x*n-s >= -reach(x) })
	to := crossing(low, high, func(x float64) bool { return x*n-s > reach(x) })
	inUnit := func(x float64) float64 { return (float64(h.Center) + x) * float64(h.Step) / float64(h.Per) }
	value := math.Min(math.Max(s/n, low), high)
	m.Value, m.Low, m.High = inUnit(value), inUnit(math.Min(from, value)), inUnit(math.Max(to, value))
	return m
}

// crossing returns where ok begins to hold between low and high, and high where it does
// not; ok holds from there on.
func crossing(low, high float64, ok func(float64) bool) float64 {
	if ok(low) {
		return low
	}
	for range 60 {
		mid := low + (high-low)/2
		if mid <= low || mid >= high {
			break
		}
		if ok(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}
