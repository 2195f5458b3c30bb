package fairness

import (
	"math"
	"testing"
)

// binomial returns the probabilities of 0 to n.
func binomial(n int, p float64) []float64 {
	out := make([]float64, n+1)
	for k := range out {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(k + 1))
		c, _ := math.Lgamma(float64(n - k + 1))
		out[k] = math.Exp(a - b - c + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
	}
	return out
}

// enumerated is P(S <= s), term by term.
func (l *law) enumerated(s float64) float64 {
	first, second := binomial(int(l.n1), l.p1), []float64{1}
	if l.b != 0 {
		second = binomial(int(l.n2), l.p2)
	}
	p := 0.0
	for i, x := range first {
		for j, y := range second {
			if x*y < 1e-18 {
				continue
			}
			at := l.a*(float64(i)-l.n1*l.p1) - l.b*(float64(j)-l.n2*l.p2)
			p += x * y * normal((s-at)/math.Sqrt(l.noise))
		}
	}
	return p
}

// TestLaw compares the approximation with the sum over all counts: within 1 % of the
// probability in the tail that decides, from 1 % on, and within .001 anywhere, down to two
// people who are reached among hundreds.
func TestLaw(t *testing.T) {
	worst, far := 0.0, 0.0
	for _, c := range []law{
		{1. / 100, 100, 0.08, 0.8 / 100, 100, 0.1, 1.6 * 1.6},
		{1. / 100, 100, 0.016, 0.8 / 900, 900, 0.02, 1.6 * 1.6},
		{1. / 300, 300, 0.08, 0.8 / 300, 300, 0.1, 8 * 8},
		{1. / 1000, 1000, 0.016, 0.8 / 1000, 1000, 0.02, 0.81 * 0.81},
		{1. / 100, 100, 0.5, 1.0 / 300, 300, 0.5, 2 * 2},
		{1. / 50, 50, 0.95, 1.0 / 300, 300, 0.9, 2 * 2},
		{1. / 250, 250, 0.02, 0, 0, 0, 1},
		{1. / 250, 250, 0.99, 0, 0, 0, 1.6 * 1.6},
	} {
		c.noise *= c.a*c.a*((1-c.p1)*(1-c.p1)+c.p1*c.p1) + c.b*c.b*((1-c.p2)*(1-c.p2)+c.p2*c.p2)
		for z := -4.0; z <= 4; z += 0.125 {
			s := z * c.sd()
			want, got := c.enumerated(s), c.below(s)
			far = max(far, math.Abs(got-want))
			if math.Abs(got-want) > 0.001 {
				t.Errorf("%+v at %v: %v, want %v", c, z, got, want)
			}
			for _, tail := range [][2]float64{{got, want}, {c.above(s), 1 - want}} {
				if tail[1] < 0.01 || tail[1] > 0.1 {
					continue
				}
				off := math.Abs(tail[0]/tail[1] - 1)
				worst = max(worst, off)
				if off > 0.01 {
					t.Errorf("%+v at %v: a tail of %v, want %v", c, z, tail[0], tail[1])
				}
			}
			if sum := got + c.above(s); math.Abs(sum-1) > 1e-9 {
				t.Errorf("%+v at %v: tails add up to %v", c, z, sum)
			}
			// A normal number of the same variance would not do in the small cells.
			if c.n2 == 900 && z == -1.625 && math.Abs(normal(z)/want-1) < 0.1 {
				t.Error("the normal approximation passes too: the test has no power")
			}
		}
	}
	t.Logf("tails off by %.2g of themselves at most, anything by %.2g", worst, far)
}

// TestLawRises holds that probabilities rise, stay within 0 and 1, and are not lost far out.
func TestLawRises(t *testing.T) {
	for _, c := range []law{
		{1, 100, 0.01, 0.8, 1e6, 0.02, 4}, {1e-6, 1e6, 0.3, 1e-6, 1e6, 0.3, 1e-18}, {1, 5, 1e-9, 1, 5, 1e-9, 0.25},
		{1, 10, 0.5, 1, 10, 0.5, 0.25}, {1, 100, 0, 0.8, 100, 0.5, 1}, {1, 1e9, 0.5, 0, 0, 0, 900},
	} {
		last := -1.0
		for z := -60.0; z <= 60; z += 0.01 {
			p := c.below(z * c.sd())
			if !(p >= last-1e-12 && p >= 0 && p <= 1) {
				t.Fatalf("%+v: %v at %v, after %v", c, p, z, last)
			}
			last = p
		}
		if first := c.below(-60 * c.sd()); first > 1e-9 || last < 1-1e-9 {
			t.Errorf("%+v: from %v to %v", c, first, last)
		}
	}
}

// TestFitted holds that the fitted shares are those that fit best: nothing near is nearer.
func TestFitted(t *testing.T) {
	for _, c := range []pair{
		{share{5, 95, 2.6, 2.6}, share{12, 88, 2.6, 2.6}},
		{share{50, 950, 64, 64}, share{9000, 90000, 64, 64}},
		{share{990, 20, 10, 10}, share{900, 100, 10, 10}},
	} {
		for _, ratio := range []float64{0.5, 0.8, 1, 1.05} {
			p := c.fitted(ratio)
			g, r := c.group.spread(min(ratio*p, 1)), c.reference.spread(p)
			distance := func(p float64) float64 {
				a, b := c.group.value()-ratio*p, c.reference.value()-p
				return a*a/g + b*b/r
			}
			if top := min(1, 1/ratio) * (1 - 1e-9); p >= top*(1-1e-12) {
				continue // at the end of what can be
			}
			if distance(p) > distance(p*1.001) || distance(p) > distance(p*0.999) {
				t.Errorf("%+v, ratio %v: %v is not best", c, ratio, p)
			}
		}
	}
	// Counts below zero come from noise: the fit stays a probability.
	for _, c := range []pair{{share{-5, 100, 4, 4}, share{-3, 100, 4, 4}}, {share{104, -4, 4, 4}, share{103, -3, 4, 4}}} {
		for _, ratio := range []float64{1e-9, 0.8, 1, 50} {
			if p := c.fitted(ratio); !(p > 0 && p < 1 && ratio*p < 1) {
				t.Errorf("%+v: %v", c, p)
			}
		}
	}
}
