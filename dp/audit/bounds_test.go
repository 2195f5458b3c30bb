package audit_test

import (
	"math"
	"testing"

	"github.com/discreet-go/discreet/dp/audit"
)

// pmf returns the probability of k successes in n.
func pmf(k, n int, p float64) float64 {
	if p == 0 || p == 1 {
		if k == int(p)*n {
			return 1
		}
		return 0
	}
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x + 1)); return v }
	return math.Exp(lg(n) - lg(k) - lg(n-k) + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
}

// TestCoverage computes, exactly, how often the bounds are wrong: at most
// alpha for every probability, and not much less where a count fits it.
func TestCoverage(t *testing.T) {
	for _, n := range []int{1, 7, 50, 400} {
		for _, alpha := range []float64{0.05, 1e-3, 1e-6} {
			lo, up := make([]float64, n+1), make([]float64, n+1)
			for k := range n + 1 {
				lo[k], up[k] = audit.Lower(k, n, alpha), audit.Upper(k, n, alpha)
				if d := math.Abs(lo[k] - (1 - audit.Upper(n-k, n, alpha))); d > 1e-8 {
					t.Errorf("lower(%d, %d) and upper(%d, %d) differ by %g", k, n, n-k, n, d)
				}
			}
			worst := [2]float64{}
			for _, p := range probabilities(lo, up) {
				var wrong [2]float64
				for k := range n + 1 {
					if lo[k] > p {
						wrong[0] += pmf(k, n, p)
					}
					if up[k] < p {
						wrong[1] += pmf(k, n, p)
					}
				}
				for i, w := range wrong {
					worst[i] = max(worst[i], w)
					if w > alpha {
						t.Errorf("n %d, alpha %g: bound %d of p = %g is wrong with probability %g", n, alpha, i, p, w)
					}
				}
			}
			if min(worst[0], worst[1]) < 0.99*alpha && n > 20 {
				t.Errorf("n %d, alpha %g: the bounds are wrong only %g and are not tight", n, alpha, worst)
			}
		}
	}
}

// probabilities returns a grid, and both sides of every end of an interval.
func probabilities(lists ...[]float64) (ps []float64) {
	for i := range 101 {
		ps = append(ps, float64(i)/100)
	}
	for _, l := range lists {
		for _, p := range l {
			ps = append(ps, p*(1-1e-8), min(1, p*(1+1e-8)))
		}
	}
	return ps
}

// TestBoundsOfManyRuns compares with the closed forms at the ends and with a
// sum of binomial terms inside, at sizes that audits have.
func TestBoundsOfManyRuns(t *testing.T) {
	for _, n := range []int{10_000, 1_000_000} {
		alpha := 1e-4
		if got, want := audit.Upper(0, n, alpha), -math.Expm1(math.Log(alpha)/float64(n)); math.Abs(got/want-1) > 1e-8 {
			t.Errorf("upper(0, %d) = %g, want %g", n, got, want)
		}
		for _, k := range []int{3, n / 100, n / 2} {
			p := audit.Lower(k, n, alpha)
			sum := 0.0
			for j := k; j <= min(n, k+20*int(math.Sqrt(float64(n)))); j++ {
				sum += pmf(j, n, p)
			}
			if math.Abs(sum/alpha-1) > 1e-5 || sum > alpha*(1+1e-9) {
				t.Errorf("lower(%d, %d) = %g leaves %g, want %g", k, n, p, sum, alpha)
			}
		}
	}
}

func TestPhiInv(t *testing.T) {
	for p, want := range map[float64]float64{0.5: 0, 0.975: 1.959963984540054, 0.001: -3.090232306167813, 1e-12: -7.034483825, 1e-300: -37.0471} {
		if got := audit.PhiInv(p); math.Abs(got-want) > 1e-4 || p >= 1e-3 && math.Abs(got-want) > 1e-11 {
			t.Errorf("PhiInv(%g) = %g, want %g", p, got, want)
		}
	}
	if !math.IsInf(audit.PhiInv(0), -1) || !math.IsInf(audit.PhiInv(1), 1) {
		t.Error("the ends of PhiInv are finite")
	}
}
