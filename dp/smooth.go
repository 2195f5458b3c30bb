package dp

import (
	"math"
	"slices"
	"strings"
	"time"
)

// Smooth returns a series of releases of one measure, as of different days, smoothed
// over time: one [Points] for each release, in the order of days. Each cell is taken
// for a level that wanders, and was released with noise of known variance v:
//
//	level(t) = level(t-1) + normal, of variance q a day,    y(t) = level(t) + noise
//
// (the local level model; Durbin and Koopman, 2012, chapter 2). The one unknown, q, is
// estimated for each cell by maximum likelihood on what was released; the levels are
// the Kalman smoother's. The result is a function of the releases: the same on every
// machine but for the last digits of floats.
//
// The last day uses nothing later, so that calling Smooth every day gives what could be
// known on that day. Where numbers change slowly against the noise it gains much; a
// sudden change is shown late or smaller, which is why a [Point] has no interval.
// Kept is the weight of the day's own value.
//
// Partitions are public. Errors: ErrReleases for fewer than two releases or two as of
// one day, ErrSame, ErrDiscovered, ErrNoiseLaw, ErrMeasures, ErrCells. Cost: about a
// hundred passes over the series of each cell.
func Smooth(series []Release) ([]Points, error) {
	rs, _, err := publicOf(series)
	if err != nil {
		return nil, err
	}
	if len(rs) < 2 {
		return nil, ErrReleases
	}
	if err := alike(rs); err != nil {
		return nil, err
	}
	slices.SortFunc(rs, func(a, b Release) int { return strings.Compare(a.Header().AsOf, b.Header().AsOf) })
	s := levels{gap: make([]float64, len(rs)), variance: make([]float64, len(rs))}
	out := make([]Points, len(rs))
	all := make([]Source, len(rs))
	for t, r := range rs {
		h := r.Header()
		s.variance[t] = variance(&h)
		if t > 0 {
			if s.gap[t] = daysBetween(rs[t-1].Header().AsOf, h.AsOf); !(s.gap[t] >= 1) {
				return nil, ErrReleases
			}
		}
		all[t] = Source{Account: h.Account, Entry: h.Entry, Name: h.Name, AsOf: h.AsOf}
		out[t] = Points{Method: "smoothed", AsOf: h.AsOf, Cells: make([]Point, r.Len()), signed: signed(&h)}
	}
	y := make([]float64, len(rs))
	for i := range rs[0].Len() {
		for t, r := range rs {
			y[t] = float64(r.At(i).Value)
		}
		value, kept := s.smooth(y)
		c := rs[0].At(i)
		for t := range rs {
			out[t].Cells[i] = pointOf(&c)
			out[t].Cells[i].Value, out[t].Cells[i].Kept = value[t], kept[t]
		}
	}
	for t := range out {
		out[t].Sources = slices.Clone(all)
	}
	return out, nil
}

// daysBetween returns the days from a to b, dates of headers; NaN for what is none.
func daysBetween(a, b string) float64 {
	from, err1 := time.Parse(dateFormat, a)
	to, err2 := time.Parse(dateFormat, b)
	if err1 != nil || err2 != nil {
		return math.NaN()
	}
	return to.Sub(from).Hours() / 24
}

// levels is the local level model of a series.
type levels struct {
	gap      []float64 // days since the value before; gap[0] is not used
	variance []float64 // of the noise
}

// smooth returns the level of each day and the weight that the day's value has in it.
func (s *levels) smooth(y []float64) (value, kept []float64) {
	q := s.wander(y)
	n := len(y)
	a, p := make([]float64, n), make([]float64, n) // filtered level and its variance
	for t := range y {
		if t == 0 {
			a[0], p[0] = y[0], s.variance[0] // nothing is known beforehand
			continue
		}
		before := p[t-1] + q*s.gap[t]
		gain := before / (before + s.variance[t])
		a[t], p[t] = a[t-1]+gain*(y[t]-a[t-1]), before*s.variance[t]/(before+s.variance[t])
	}
	value, kept = a, make([]float64, n)
	kept[n-1] = p[n-1] / s.variance[n-1]
	after := p[n-1]
	for t := n - 2; t >= 0; t-- {
		next := p[t] + q*s.gap[t+1]
		back := p[t] / next
		value[t] += back * (value[t+1] - a[t])
		after = p[t] + back*back*(after-next)
		kept[t] = after / s.variance[t]
	}
	return value, kept
}

// wander estimates q: the likeliest of zero and of the powers of two from 2^-16 to 2^16
// times the variance of the noise, the latter narrowed by golden section.
func (s *levels) wander(y []float64) float64 {
	mean := 0.0
	for _, v := range s.variance {
		mean += v
	}
	mean /= float64(len(y))
	at := func(l float64) float64 { return s.fit(y, mean*math.Exp2(l)) }
	const lowest, highest, step = -16.0, 16.0, 1.0
	best, top := s.fit(y, 0), math.Inf(-1)
	for l := lowest; l <= highest; l += step {
		if f := at(l); f > best {
			best, top = f, l
		}
	}
	if math.IsInf(top, -1) {
		return 0
	}
	lo, hi := top-step, top+step
	const ratio = 0.6180339887498949
	for range 24 {
		x, z := hi-ratio*(hi-lo), lo+ratio*(hi-lo)
		if at(x) > at(z) {
			hi = z
		} else {
			lo = x
		}
	}
	return mean * math.Exp2((lo+hi)/2)
}

// fit returns the logarithm of the likelihood, but for a constant.
func (s *levels) fit(y []float64, q float64) float64 {
	a, p, sum := y[0], s.variance[0], 0.0
	for t := 1; t < len(y); t++ {
		before := p + q*s.gap[t]
		f := before + s.variance[t]
		e := y[t] - a
		sum -= math.Log(f) + e*e/f
		a += before / f * e
		p = before * s.variance[t] / f
	}
	return sum
}
