package fairness

import (
	"math"

	"github.com/discreet-go/discreet/dp/accounting"
)

// Verdict is what an audit comes to.
type Verdict string

// The verdicts.
const (
	Pass         Verdict = "pass"         // the ratio is above MinRatio
	Fail         Verdict = "fail"         // the ratio is below MinRatio
	Inconclusive Verdict = "inconclusive" // the released numbers leave both open
)

// power is the probability with which a disparity that is called detectable is detected,
// and with which a budget or a number of people that would decide does.
const power = 0.8

// doubt is the p-value for "the ratio is at least minRatio", and for "it is at most that".
// The first is small only where the released numbers also speak against equal rates twice
// as clearly: so with alpha, equal rates are flagged with a probability of alpha/2, also
// where noise makes minRatio and 1 hard to tell apart.
func (c pair) doubt(minRatio float64) (fail, pass float64) {
	if !c.group.counted() || !c.reference.counted() {
		return 1, 1
	}
	below, above := c.tails(minRatio)
	equal, _ := c.tails(1)
	return min(1, max(below, 2*equal)), above
}

// design is what is assumed for a forecast: the share of the reference, and how many
// times as much people and noise variance there are.
type design struct {
	pair
	p        float64
	people   float64
	variance float64
}

// plan takes the share of the reference for true.
func (c pair) plan() design {
	p := min(max(c.reference.value(), 0.5/c.reference.n()), 1-1e-9)
	return design{c, p, 1, 1}
}

// expected is what would be released were there no noise in it and no chance, where the
// share of the group is truth times that of the reference.
func (d design) expected(truth float64) pair {
	with := func(s share, p float64) share {
		n := max(s.n(), 1) * d.people
		return share{p * n, (1 - p) * n, s.varYes * d.variance, s.varNo * d.variance}
	}
	return pair{with(d.group, min(truth*d.p, 1-1e-9)), with(d.reference, d.p)}
}

// probability returns that of p_g - ratio*p_ref being so low that a tail of at most alpha
// lies below it at the edge, or so high that one of 1-alpha does, where the ratio is truth.
// The edge is what would be fitted to the expected numbers.
func (d design) probability(truth, ratio, alpha float64) (low, high float64) {
	e := d.expected(truth)
	edge := e.edge(ratio, e.fitted(ratio))
	l := edge
	l.p1, l.p2 = min(truth*d.p, 1-1e-9), d.p
	l.noise = l.a*l.a*e.group.noise(l.p1) + l.b*l.b*e.reference.noise(l.p2)
	s, grain := edge.critical(alpha)-(l.p1-ratio*l.p2), e.grain(&edge)
	return l.below(s - grain), l.above(s + grain)
}

// critical returns the difference at or below which a tail of alpha lies. On the scale of
// normal quantiles the distribution is nearly a line, so a few steps find it.
func (l *law) critical(alpha float64) float64 {
	sd, z := l.sd(), quantile(alpha)
	lo, hi := -40*sd, 40*sd
	s := z * sd
	for range 60 {
		off := quantile(l.below(s)) - z
		if off > 0 {
			hi = s
		} else {
			lo = s
		}
		if math.Abs(off) < 1e-7 || hi-lo < 1e-9*sd {
			break
		}
		if s -= off * sd; !(s > lo && s < hi) {
			s = (lo + hi) / 2
		}
	}
	return s
}

// fails is the probability of Fail.
func (d design) fails(truth, minRatio, alpha float64) float64 {
	a, _ := d.probability(truth, minRatio, alpha)
	b, _ := d.probability(truth, 1, alpha/2)
	return min(a, b)
}

// passes is the probability of Pass.
func (d design) passes(truth, minRatio, alpha float64) float64 {
	_, p := d.probability(truth, minRatio, 1-alpha)
	return p
}

// detectable returns the greatest ratio that is flagged with probability power, 0 where
// there is none.
func (c pair) detectable(minRatio, alpha float64) float64 {
	d := c.plan()
	fails := func(x float64) bool { return d.fails(x, minRatio, alpha) >= power }
	if !fails(0) {
		return 0
	}
	return search(0, minRatio, 20, func(x float64) bool { return !fails(x) })
}

// passable returns the least ratio that passes with probability power, 0 where there is
// none.
func (c pair) passable(minRatio, alpha float64) float64 {
	d := c.plan()
	passes := func(x float64) bool { return d.passes(x, minRatio, alpha) >= power }
	most := (1 - 1e-6) / d.p
	if most <= minRatio || !passes(most) {
		return 0
	}
	return search(minRatio, most, 24, passes)
}

// needs returns how much the variance of the noise may be multiplied with at the most, and
// how much the people have to be at the least, each by itself, for the verdict to come
// with probability power, were the ratio what it is estimated to be. 0 says that nothing
// would do.
func (c pair) needs(minRatio, alpha float64) (variance, people float64) {
	const mostPeople, leastVariance = 1e6, 1e-6
	d := c.plan()
	truth := min(max(c.group.value(), 0)/d.p, (1-1e-6)/d.p)
	enough := func(d design) bool {
		if truth < minRatio {
			return d.fails(truth, minRatio, alpha) >= power
		}
		return d.passes(truth, minRatio, alpha) >= power
	}
	halve := func(most float64, ok func(x float64) bool) float64 { // ok(1) is false, ok(most) true; in logarithms
		lo, hi := 0.0, math.Log(most)
		for range 20 {
			if mid := (lo + hi) / 2; ok(math.Exp(mid)) {
				hi = mid
			} else {
				lo = mid
			}
		}
		return math.Exp(hi)
	}
	if enough(d) {
		return 1, 1
	}
	lessNoise := func(x float64) bool { d := d; d.variance = 1 / x; return enough(d) }
	morePeople := func(x float64) bool { d := d; d.people = x; return enough(d) }
	if lessNoise(1 / leastVariance) {
		variance = 1 / halve(1/leastVariance, lessNoise)
	}
	if morePeople(mostPeople) {
		people = halve(mostPeople, morePeople)
	}
	return variance, people
}

// windowMu returns the loss that the accounting window of the table's release may have, 0
// where the release does not say.
func (t *Table) windowMu() float64 {
	mu, err := accounting.MuFor(t.window)
	if err != nil {
		return 0
	}
	return float64(mu)
}
