package accounting_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/dp/accounting"
	"pgregory.net/rapid"
)

func TestVectorsZCDP(t *testing.T) {
	for _, e := range vectors(t, "zcdp_to_eps") {
		eps, err := accounting.EpsilonForRho(accounting.Rho(e.Params.Rho), e.Params.Delta)
		if err != nil {
			t.Fatal(err)
		}
		e.upper(t, eps)
	}
	for _, e := range vectors(t, "eps_to_zcdp_rho") {
		rho, err := accounting.RhoFor(accounting.Target{Epsilon: e.Params.Epsilon, Delta: e.Params.Delta})
		if err != nil {
			t.Fatal(err)
		}
		// A budget: the safe side is below.
		if got, v := float64(rho), e.value(); got > v*(1+1e-7) || got < v*(1-1e-7) {
			t.Errorf("%s: %g, want %g", e.ID, got, v)
		}
	}
	for _, e := range vectors(t, "exponential_mechanism_zcdp") {
		rho, err := accounting.RhoOfBoundedRange(e.Params.BoundedRange)
		if err != nil {
			t.Fatal(err)
		}
		e.upper(t, float64(rho)*float64(e.Params.K))
	}
}

// zCDP never says less than the exact price of Gaussian noise, and RhoFor is
// safe and tight.
func TestZCDPIsSafe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mu := accounting.Mu(math.Exp(rapid.Float64Range(math.Log(1e-3), math.Log(8)).Draw(t, "ln mu")))
		delta := math.Exp(rapid.Float64Range(math.Log(1e-30), math.Log(1e-2)).Draw(t, "ln delta"))
		exact, err1 := accounting.EpsilonForMu(mu, delta)
		rho, err := accounting.RhoOfMu(mu)
		if err != nil {
			t.Fatal(err)
		}
		eps, err2 := accounting.EpsilonForRho(rho, delta)
		if err1 != nil || err2 != nil || eps < exact {
			t.Fatalf("mu %g: %g below %g, %v, %v", mu, eps, exact, err1, err2)
		}
		if eps < accounting.MinEpsilon || eps > accounting.MaxEpsilon {
			return
		}
		rho, err = accounting.RhoFor(accounting.Target{Epsilon: eps, Delta: delta})
		if err != nil {
			t.Fatal(err)
		}
		if back, err := accounting.EpsilonForRho(rho, delta); err != nil || back > eps {
			t.Fatalf("a budget of %g gives %g, %v", eps, back, err)
		}
		if back, err := accounting.EpsilonForRho(rho*(1+1e-8), delta); err != nil || back <= eps {
			t.Fatal("a larger budget would do")
		}
	})
}

// The mu of a pure mechanism has at least the delta of randomized response, the
// worst epsilon-DP mechanism, at every epsilon'; and the same at 0.
func TestMuOfPureDominates(t *testing.T) {
	for _, c := range []struct{ eps, mu float64 }{{0.1, 0.1253}, {1, 1.2320}} { // to the digits of a table
		mu, err := accounting.MuOfPure(c.eps)
		if err != nil || math.Abs(float64(mu)-c.mu) > 6e-5 {
			t.Errorf("epsilon %g: mu %g, %v", c.eps, mu, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		eps := math.Exp(rapid.Float64Range(math.Log(1e-6), math.Log(50)).Draw(t, "ln epsilon"))
		mu, err := accounting.MuOfPure(eps)
		if err != nil {
			t.Fatal(err)
		}
		// An (epsilon, 0)-DP mechanism, randomized response, has at epsilon' the delta
		// (e^epsilon - e^epsilon')/(1 + e^epsilon).
		for _, part := range []float64{0, 0.3, 0.9, 0.999} {
			e := part * eps
			pure := math.Exp(e) * math.Expm1(eps-e) / (1 + math.Exp(eps))
			if d := deltaFor(t, e, mu); d < pure*(1-1e-9) {
				t.Fatalf("epsilon %g: delta(%g) of mu %g is %g, randomized response has %g", eps, e, mu, d, pure)
			}
		}
		// At epsilon' = 0 both have the delta tanh(epsilon/2), so that a smaller mu would
		// not do.
		if d := deltaFor(t, 0, mu*(1-1e-9)); d >= math.Tanh(eps/2) && eps < 5 {
			t.Fatalf("epsilon %g: a smaller mu would do", eps)
		}
	})
}

func TestVectorsDiscreteLaplaceThreshold(t *testing.T) {
	for _, e := range vectors(t, "discrete_laplace_threshold") {
		b := new(big.Rat).SetFrac64(int64(e.Params.L0)*1000, int64(math.Round(e.Params.Epsilon*1000)))
		T, err := accounting.LaplaceThreshold(b, e.Params.L0, units(t, e.Params.Delta))
		if err != nil {
			t.Fatal(err)
		}
		// The reference takes keys as independent; the union bound may need one more.
		if v := int64(e.value()); T < v || T > v+1 {
			t.Errorf("%s: threshold %d, want %d", e.ID, T, v)
		}
	}
}

func TestLaplaceThresholdIsSafeAndSmallest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := new(big.Rat).SetFloat64(math.Exp(rapid.Float64Range(math.Log(0.1), math.Log(1e9)).Draw(t, "ln b")))
		l0 := rapid.IntRange(1, 1<<16).Draw(t, "l0")
		delta := units(t, math.Exp(rapid.Float64Range(math.Log(1e-28), math.Log(0.4)).Draw(t, "ln delta")))
		T, err := accounting.LaplaceThreshold(b, l0, delta)
		if err != nil || T < 2 {
			t.Fatal(T, err)
		}
		at, err1 := accounting.LaplaceThresholdDelta(b, l0, T)
		below, err2 := accounting.LaplaceThresholdDelta(b, l0, T-1)
		if err1 != nil || err2 != nil || at.Cmp(delta) > 0 || below.Cmp(delta) <= 0 {
			t.Fatalf("T %d costs %g, T-1 costs %g", T, at.Float64(), below.Float64())
		}
	})
}

func TestZCDPErrors(t *testing.T) {
	for _, rho := range []accounting.Rho{0, -1, 513, accounting.Rho(math.NaN()), accounting.Rho(math.Inf(1))} {
		if _, err := accounting.EpsilonForRho(rho, 1e-6); err != accounting.ErrRho {
			t.Error(err)
		}
	}
	if _, err := accounting.EpsilonForRho(1, math.NaN()); err != accounting.ErrDelta {
		t.Error(err)
	}
	if _, err := accounting.RhoFor(accounting.Target{Epsilon: math.NaN(), Delta: 1e-6}); err != accounting.ErrEpsilon {
		t.Error(err)
	}
	if _, err := accounting.RhoFor(accounting.Target{Epsilon: 1}); err != accounting.ErrDelta {
		t.Error(err)
	}
	for _, e := range []float64{0, -1, 65, math.NaN()} {
		if _, err := accounting.RhoOfPure(e); err != accounting.ErrEpsilon {
			t.Error(err)
		}
		if _, err := accounting.RhoOfBoundedRange(e); err != accounting.ErrEpsilon {
			t.Error(err)
		}
		if _, err := accounting.RhoOfMu(accounting.Mu(e)); err != accounting.ErrMu {
			t.Error(err)
		}
		if _, err := accounting.MuOfPure(e); err != accounting.ErrEpsilon {
			t.Error(err)
		}
	}
}
