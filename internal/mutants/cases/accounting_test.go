package cases

import (
	"math"
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/plan"
	"github.com/discreet-go/discreet/internal/contrib"
)

func units(t testing.TB, r *big.Rat) accounting.Units {
	t.Helper()
	u, err := accounting.UnitsDown(r)
	check(t, err)
	return u
}

// thresholdValue compares thresholds with the inequality that they promise, in
// floats of another source, and checks that one less would break it.
func thresholdValue(t *testing.T) {
	for _, c := range []struct {
		sigma, delta float64
		l0           int
	}{{1, .05, 1}, {2, .05, 3}, {2.5, 1e-3, 2}, {10, 1e-9, 7}, {33.3, 1e-6, 1}, {7.75, .1, 2}} {
		got, err := accounting.Threshold(new(big.Rat).SetFloat64(c.sigma), c.l0, units(t, new(big.Rat).SetFloat64(c.delta)))
		check(t, err)
		cost := func(at int64) float64 { return float64(c.l0) * tail((float64(at)-1.5)/c.sigma) }
		if cost(got) > c.delta*(1+1e-9) || cost(got-1) <= c.delta*(1-1e-9) {
			t.Errorf("%+v: threshold %d costs %v", c, got, cost(got))
		}
	}
}

// sigmaValue checks l2^2/sigma^2 <= mu^2 between exact numbers.
func sigmaValue(t *testing.T) {
	for i := int64(1); i <= 50; i++ {
		mu2 := units(t, big.NewRat(i*i+1, 7*i))
		l2 := uint64(i * 13)
		sigma, err := accounting.SigmaFor(l2, mu2)
		check(t, err)
		cost := new(big.Rat).Quo(big.NewRat(int64(l2), 1), new(big.Rat).Mul(sigma, sigma))
		if cost.Cmp(mu2.Rat()) > 0 {
			t.Fatalf("sigma costs %v of %v", cost, mu2.Rat())
		}
	}
}

// unitsRound checks the direction of every rounding of a loss, and its sums.
func unitsRound(t *testing.T) {
	for i := int64(1); i < 100; i++ {
		r := big.NewRat(i, 7*i+3)
		up, err := accounting.UnitsUp(r)
		check(t, err)
		down := units(t, r)
		if up.Rat().Cmp(r) < 0 || down.Rat().Cmp(r) > 0 {
			t.Fatal("a charge is rounded down, or a budget up")
		}
		sum, err := up.Add(down)
		check(t, err)
		if sum.Rat().Cmp(new(big.Rat).Add(up.Rat(), down.Rat())) != 0 {
			t.Fatal("a sum of charges is not their sum")
		}
		half := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 32))
		full := units(t, half.Sub(half, new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 96))))
		if sum, err = full.Add(full); err != nil || sum.Rat().Cmp(new(big.Rat).Add(full.Rat(), full.Rat())) != 0 {
			t.Fatal("the sum of two charges loses a carry")
		}
		mu := new(big.Rat).SetFloat64(float64(accounting.MuUp(up)))
		if mu.Mul(mu, mu).Cmp(up.Rat()) < 0 {
			t.Fatal("a loss is stated below what it is")
		}
	}
}

// deltaOf is the delta of mu-GDP at epsilon, in floats of another source.
func deltaOf(epsilon, mu float64) float64 {
	return tail(epsilon/mu-mu/2) - math.Exp(epsilon)*tail(epsilon/mu+mu/2)
}

// conversion checks that a budget implies what it promises.
func conversion(t *testing.T) {
	for _, epsilon := range []float64{0.1, 1, 3, 10, 30} {
		for _, delta := range []float64{1e-3, 1e-6, 1e-9} {
			mu2, err := accounting.Mu2For(accounting.Target{Epsilon: epsilon, Delta: delta})
			check(t, err)
			if got := deltaOf(epsilon, math.Sqrt(mu2.Float64())); got > delta*(1+1e-5) || got < delta*0.99 {
				t.Errorf("the budget of (%v, %v) is (%v, %v)-DP", epsilon, delta, epsilon, got)
			}
		}
	}
}

// planTotals checks that the Gaussian part and the reserve share delta.
func planTotals(t *testing.T) {
	budget := dp.Budget{Epsilon: 1, Delta: 1e-3, WindowDays: 30}
	s, err := contrib.NewSpec(dp.SegmentItems{
		Name: "m", Purpose: "p", Items: dp.Discovered{}, MaxSegments: 1, MaxItems: 1, MaxPerItem: 1, LookbackDays: 7, Share: 1,
	}, []string{"a"})
	check(t, err)
	p, err := plan.New(plan.Config{Budget: budget, Specs: []contrib.Spec{s}})
	check(t, err)
	mu2, delta := p.Totals()
	if got := deltaOf(budget.Epsilon, math.Sqrt(mu2.Float64())) + delta.Float64(); got > budget.Delta*(1+1e-6) {
		t.Errorf("a window of delta %v may spend %v", budget.Delta, got)
	}
	cost, used, err := p.Charge("m", 1_000_000_000)
	check(t, err)
	if cost.Cmp(mu2) > 0 || used.Cmp(delta) > 0 || used.IsZero() {
		t.Error("a whole share is not the whole")
	}
}
