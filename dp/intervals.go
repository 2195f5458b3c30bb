package dp

import "math"

// Intervals returns the cells of one release with intervals that hold whatever a
// threshold let through.
//
// Of public partitions every cell comes out, and they are the intervals of the release.
// Of discovered partitions those that come out close to the threshold have noise in
// their favour, and the interval Value ± Margin misses the exact number of those more
// often than it says. The intervals here hold for each cell that comes out, with a
// probability of at least Level whatever its exact number is: the interval has the
// numbers x for which neither a value as high as the released one nor one as low is
// rare, among values that reach the threshold. Close to it they reach far down, to
// Header.MinPeople at the least, or 1 where there is none, and hold up to 0.99 of the time;
// some standard deviations above it they are Value ± Margin, give or take 1. Values
// stay as they are: close to the threshold they are too high.
//
// Errors: ErrReleases, ErrNoiseLaw. Cost: microseconds a cell.
func Intervals(r Release) (Estimates, error) {
	_, sources, err := sourcesOf([]Release{r})
	if err != nil {
		return Estimates{}, err
	}
	h := r.Header()
	e := Estimates{Method: "intervals", Level: Level, Sources: sources, Cells: make([]Estimate, r.Len()), integral: whole(&h), signed: signed(&h)}
	for i := range e.Cells {
		c := r.At(i)
		e.Cells[i] = estimateOf(&c)
		e.Cells[i].Value, e.Cells[i].StdDev, e.Cells[i].Low, e.Cells[i].High = float64(c.Value), h.StdDev, float64(c.Low), float64(c.High)
		if h.Threshold > 0 {
			low, high := passed{float64(c.Value), float64(h.Threshold), h.Sigma, float64(max(1, h.MinPeople))}.interval()
			e.Cells[i].StdDev, e.Cells[i].Low, e.Cells[i].High = 0, low, high
		}
	}
	return e, nil
}

// passed is a value that reached a threshold.
type passed struct{ value, threshold, sigma, least float64 } // least that an exact number is

// interval returns the least and the greatest x for which both tails have more than
// half of 1 - Level.
func (p passed) interval() (low, high float64) {
	const rare = (1 - Level) / 2
	// Both tails are monotone in x: the upper one rises, the lower one falls.
	end := math.Max(p.least, p.value+math.Ceil(40*p.sigma)+1)
	low = search(p.least, end, func(x float64) bool { above, _ := p.tails(x); return above >= rare })
	high = search(p.least, end, func(x float64) bool { _, below := p.tails(x); return below < rare }) - 1
	return math.Min(low, p.value), math.Max(high, low)
}

// tails returns how probable values at least as high, and at most as high, are for x
// people, among values that reach the threshold.
func (p passed) tails(x float64) (above, below float64) {
	reach := upper((p.threshold - 0.5 - x) / p.sigma)
	if reach == 0 { // x is too far below for floats
		return 0, 1
	}
	return upper((p.value-0.5-x)/p.sigma) / reach, 1 - upper((p.value+0.5-x)/p.sigma)/reach
}

// search returns the least whole x from lo on for which ok holds, at most hi; ok is
// false below it and true above.
func search(lo, hi float64, ok func(float64) bool) float64 {
	for lo < hi {
		mid := math.Floor((lo + hi) / 2)
		if ok(mid) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// upper is the upper tail of the standard normal distribution.
func upper(x float64) float64 { return math.Erfc(x/math.Sqrt2) / 2 }
