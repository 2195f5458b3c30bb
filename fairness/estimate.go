package fairness

import "math"

// Estimate is a number with an interval that knows of sampling and of noise. Intervals
// are two-sided, of the level of the rule, each by itself. Where no upper end can be given, as for a
// ratio to a rate that may be zero, Open is set and High is the value.
type Estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Open  bool    `json:"open,omitempty"`
}

// steps is how often what holds the end of an interval is halved.
const steps = 40

// search returns the point between lo and hi from which on ok holds; it holds at hi.
func search(lo, hi float64, steps int, ok func(float64) bool) float64 {
	for range steps {
		mid := (lo + hi) / 2
		if ok(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return (lo + hi) / 2
}

// alone is the distribution of yes - p*n where the share is p.
func (s share) alone(p float64) law {
	return law{a: 1, n1: s.n(), p1: p, noise: s.noise(p)}
}

// interval is the share, with the values that the released numbers do not reject at level.
func (s share) interval(level float64) Estimate {
	rare := (1 - level) / 2
	e := Estimate{Value: min(max(s.value(), 0), 1)}
	tails := func(p float64) (below, above float64) {
		l, d := s.alone(p), s.yes-p*s.n()
		return l.below(d), l.above(d)
	}
	e.Low = search(0, e.Value, steps, func(p float64) bool { _, above := tails(p); return above > rare })
	e.High = search(e.Value, 1, steps, func(p float64) bool { below, _ := tails(p); return below <= rare })
	e.Low, e.High = min(e.Low, e.Value), max(e.High, e.Value)
	if e.Low < 1e-12 {
		e.Low = 0
	}
	return e
}

// mostRatio is the greatest ratio that an interval ends at.
const mostRatio = 1e4

// ratio is the share of the group as a multiple of that of the reference, with the
// multiples that the released numbers do not reject at level. This is Fieller's interval
// (1954): nothing is divided by a number with noise, and a reference that may be zero
// leaves the upper end open.
func (c pair) ratio(level float64) Estimate {
	rare := (1 - level) / 2
	top := max(c.group.value(), 0)
	var e Estimate
	if bottom := c.reference.value(); bottom > 0 {
		e.Value = min(top/bottom, mostRatio)
	} else {
		e.Value, e.Open = 0, true
	}
	low := func(r float64) bool { _, above := c.tails(r); return above > rare }
	e.Low = 0
	if !low(1e-9) {
		e.Low = search(0, max(e.Value, 1e-6), steps, low)
	}
	high := func(r float64) bool { below, _ := c.tails(r); return below <= rare }
	at := max(2*e.Value, 1)
	for at < mostRatio && !high(at) {
		at *= 2
	}
	if e.Open = e.Open || !high(at); e.Open {
		e.High = e.Value
	} else {
		e.High = max(search(e.Value, at, steps, high), e.Value)
	}
	e.Low = min(e.Low, e.Value)
	return e
}

// minus is the difference of two independent estimates, by the ends of their intervals
// (Zou and Donner, 2008). Where the two rise together it is wider than it need be.
func (e Estimate) minus(o Estimate) Estimate {
	d := e.Value - o.Value
	return Estimate{
		Value: d,
		Low:   d - math.Hypot(e.Value-e.Low, o.High-o.Value),
		High:  d + math.Hypot(e.High-e.Value, o.Value-o.Low),
	}
}

// counted is a number of people with the interval of its noise alone.
func counted(people, variance, level float64) Estimate {
	reach := quantile(1-(1-level)/2)*math.Sqrt(variance) + 0.5
	return Estimate{Value: people, Low: people - reach, High: people + reach}
}

// rounded cuts an estimate to six digits behind the point, away from its value.
func (e Estimate) rounded() Estimate {
	e.Value, e.Low, e.High = round(e.Value), math.Floor(e.Low*1e6)/1e6, math.Ceil(e.High*1e6)/1e6
	return e
}

// round cuts to six digits behind the point. Minus zero is zero.
func round(x float64) float64 { return math.Round(x*1e6)/1e6 + 0 }

// roundedUp cuts a p-value to six digits behind the point, so that it stays one: never below,
// and never zero.
func roundedUp(p float64) float64 { return min(max(math.Ceil(p*1e6), 1)/1e6, 1) }
