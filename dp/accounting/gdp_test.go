package accounting_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/dp/accounting"
	"pgregory.net/rapid"
)

func deltaFor(t require, eps float64, mu accounting.Mu) float64 {
	t.Helper()
	d, err := accounting.DeltaForMu(eps, mu)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

type require interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// mu is the largest that the target allows, to 1e-12, over the whole range.
func TestMuForIsSafeAndTight(t *testing.T) {
	check := func(t require, target accounting.Target) {
		t.Helper()
		mu, err := accounting.MuFor(target)
		if err != nil {
			t.Fatalf("%+v: %v", target, err)
		}
		if d := deltaFor(t, target.Epsilon, mu); d > math.Nextafter(target.Delta, 1) {
			t.Fatalf("%+v: delta %g at the mu returned", target, d)
		}
		// DeltaForMu rounds up by less than 2^-50, so step a little further.
		if d := deltaFor(t, target.Epsilon, mu*(1+1e-12)); d <= target.Delta {
			t.Fatalf("%+v: a mu larger by 1e-12 would do", target)
		}
	}
	for _, eps := range []float64{1e-6, 1e-3, 0.1, 1, 8, 64} {
		for _, delta := range []float64{1e-300, 1e-100, 1e-30, 1e-15, 1e-6, 1e-3, 0.1, 0.5} {
			check(t, accounting.Target{Epsilon: eps, Delta: delta})
		}
	}
	checks := 0
	rapid.Check(t, func(t *rapid.T) {
		if checks++; checks > 100/slow {
			return
		}
		check(t, accounting.Target{
			Epsilon: math.Exp(rapid.Float64Range(math.Log(1e-6), math.Log(64)).Draw(t, "ln epsilon")),
			Delta:   math.Exp(rapid.Float64Range(math.Log(1e-200), math.Log(0.5)).Draw(t, "ln delta")),
		})
	})
}

func TestEpsilonInvertsDelta(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mu := accounting.Mu(math.Exp(rapid.Float64Range(math.Log(1e-4), math.Log(32)).Draw(t, "ln mu")))
		delta := math.Exp(rapid.Float64Range(math.Log(1e-60), math.Log(0.4)).Draw(t, "ln delta"))
		eps, err := accounting.EpsilonForMu(mu, delta)
		if err != nil {
			t.Fatal(err)
		}
		if d := deltaFor(t, eps, mu); d > math.Nextafter(delta, 1) {
			t.Fatalf("delta %g at the epsilon returned, %g wanted", d, delta)
		}
		if eps == 0 {
			return
		}
		if below := eps - 1e-12*math.Max(eps, 1e-3); below >= 0 && deltaFor(t, below, mu) <= delta {
			t.Fatal("a smaller epsilon would do")
		}
	})
}

// At epsilon 0 delta is the total variation distance 2 Phi(mu/2) - 1.
func TestDeltaAtZero(t *testing.T) {
	for _, mu := range []float64{1e-6, 0.1, 1, 5, 30} {
		want := math.Erf(mu / 2 / math.Sqrt2)
		got := deltaFor(t, 0, accounting.Mu(mu))
		if got < want*(1-1e-14) || got > want*(1+1e-14) {
			t.Errorf("mu %g: %g, want %g", mu, got, want)
		}
	}
}

func TestDeltaFarOut(t *testing.T) {
	if d := deltaFor(t, 5000, 1e-3); d != math.SmallestNonzeroFloat64 {
		t.Errorf("delta %g, want the smallest float above 0", d)
	}
}

// Delta grows with mu and falls with epsilon.
func TestDeltaIsMonotone(t *testing.T) {
	checks := 0
	rapid.Check(t, func(t *rapid.T) {
		if checks++; checks > 100/slow {
			return
		}
		mu := rapid.Float64Range(0.01, 10).Draw(t, "mu")
		eps := rapid.Float64Range(0, 20).Draw(t, "epsilon")
		d := deltaFor(t, eps, accounting.Mu(mu))
		if deltaFor(t, eps, accounting.Mu(mu*1.001)) < d || deltaFor(t, eps*1.001, accounting.Mu(mu)) > d {
			t.Fatal("not monotone")
		}
	})
}

func TestEnvelope(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		target accounting.Target
		want   error
	}{
		{accounting.Target{Epsilon: 1, Delta: 1e-6}, nil},
		{accounting.Target{Epsilon: 1e-6, Delta: 1e-15}, nil},
		{accounting.Target{Epsilon: 64, Delta: 1e-3}, nil},
		{accounting.Target{Epsilon: 64, Delta: 1e-15}, nil},
		{accounting.Target{Epsilon: 1e-6, Delta: 1e-3}, nil},
		{accounting.Target{}, accounting.ErrEpsilon},
		{accounting.Target{Epsilon: -1, Delta: 1e-6}, accounting.ErrEpsilon},
		{accounting.Target{Epsilon: 9e-7, Delta: 1e-6}, accounting.ErrEpsilon},
		{accounting.Target{Epsilon: 64.1, Delta: 1e-6}, accounting.ErrEpsilon},
		{accounting.Target{Epsilon: nan, Delta: 1e-6}, accounting.ErrEpsilon},
		{accounting.Target{Epsilon: inf, Delta: 1e-6}, accounting.ErrEpsilon},
		{accounting.Target{Epsilon: 1}, accounting.ErrDelta},
		{accounting.Target{Epsilon: 1, Delta: -1e-6}, accounting.ErrDelta},
		{accounting.Target{Epsilon: 1, Delta: 9e-16}, accounting.ErrDelta},
		{accounting.Target{Epsilon: 1, Delta: 1.1e-3}, accounting.ErrDelta},
		{accounting.Target{Epsilon: 1, Delta: nan}, accounting.ErrDelta},
		{accounting.Target{Epsilon: 1, Delta: inf}, accounting.ErrDelta},
	} {
		if err := c.target.Check(); err != c.want {
			t.Errorf("Check(%+v): %v, want %v", c.target, err, c.want)
		}
		u, err := accounting.Mu2For(c.target)
		if err != c.want || u.IsZero() != (c.want != nil) {
			t.Errorf("Mu2For(%+v): %v, want %v", c.target, err, c.want)
		}
	}
	for _, mu := range []accounting.Mu{0, -1, 33, accounting.Mu(nan), accounting.Mu(inf)} {
		if _, err := accounting.DeltaForMu(1, mu); err != accounting.ErrMu {
			t.Errorf("DeltaForMu of a bad mu: %v", err)
		}
		if _, err := accounting.EpsilonForMu(mu, 1e-6); err != accounting.ErrMu {
			t.Errorf("EpsilonForMu of a bad mu: %v", err)
		}
	}
	for _, x := range []float64{-1, nan, inf} {
		if _, err := accounting.DeltaForMu(x, 1); err != accounting.ErrEpsilon {
			t.Errorf("DeltaForMu of a bad epsilon: %v", err)
		}
		if _, err := accounting.EpsilonForMu(1, x); err != accounting.ErrDelta {
			t.Errorf("EpsilonForMu of a bad delta: %v", err)
		}
	}
}

// A budget, cut into the noise of its shares and charged again, never exceeds
// itself, and comes back whole to within a share's rounding.
func TestBudgetSigmaChargeRoundTrip(t *testing.T) {
	budget, err := accounting.Mu2For(accounting.Target{Epsilon: 1, Delta: 1e-6})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		l2 := rapid.Uint64Range(1, 1<<56).Draw(t, "l2 squared")
		share, err := budget.Share(rapid.Int64Range(1, 1e9).Draw(t, "nano"))
		if err != nil {
			t.Fatal(err)
		}
		sigma, err := accounting.SigmaFor(l2, share)
		if err != nil {
			t.Fatal(err)
		}
		charge, err := accounting.Mu2Of(l2, sigma)
		if err != nil {
			t.Fatal(err)
		}
		if charge.Cmp(share) > 0 {
			t.Fatal("the noise costs more than the share it was made for")
		}
		less := new(big.Rat).Sub(big.NewRat(1, 1), big.NewRat(1, 1<<61))
		smaller := less.Mul(less, sigma)
		// l2/smaller^2 > share, exactly: a smaller sigma would not do.
		cost := new(big.Rat).SetInt(new(big.Int).SetUint64(l2))
		if cost.Quo(cost, new(big.Rat).Mul(smaller, smaller)).Cmp(share.Rat()) <= 0 {
			t.Fatal("a smaller sigma would do")
		}
	})
}

func TestMuUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := math.Exp(rapid.Float64Range(-40, 6).Draw(t, "ln mu2"))
		u, err := accounting.UnitsUp(new(big.Rat).SetFloat64(f))
		if err != nil {
			t.Fatal(err)
		}
		mu := float64(accounting.MuUp(u))
		sq := new(big.Rat).SetFloat64(mu)
		if sq.Mul(sq, sq).Cmp(u.Rat()) < 0 {
			t.Fatal("too small")
		}
		if mu > math.Sqrt(u.Float64())*(1+1e-15) {
			t.Fatal("too large")
		}
	})
}

func TestSigmaErrors(t *testing.T) {
	u, _ := accounting.UnitsUp(big.NewRat(1, 1))
	tiny, _ := accounting.UnitsUp(new(big.Rat).SetFloat64(1e-28))
	if _, err := accounting.SigmaFor(0, u); err != accounting.ErrSensitivity {
		t.Error(err)
	}
	if _, err := accounting.SigmaFor(1, accounting.Units{}); err != accounting.ErrUnits {
		t.Error(err)
	}
	if _, err := accounting.SigmaFor(1<<60, tiny); err != accounting.ErrSigma {
		t.Error(err)
	}
	if _, err := accounting.Mu2Of(0, big.NewRat(1, 1)); err != accounting.ErrSensitivity {
		t.Error(err)
	}
	for _, s := range []*big.Rat{nil, new(big.Rat), big.NewRat(-1, 1), new(big.Rat).SetFloat64(0x1p61), new(big.Rat).SetFloat64(0x1p-70)} {
		if _, err := accounting.Mu2Of(1, s); err != accounting.ErrSigma {
			t.Errorf("Mu2Of: %v", err)
		}
		if _, err := accounting.StdDev(s); err != accounting.ErrSigma {
			t.Errorf("StdDev: %v", err)
		}
		if _, err := accounting.Margin(s, 0.95); err != accounting.ErrSigma {
			t.Errorf("Margin: %v", err)
		}
		if _, err := accounting.Threshold(s, 1, tiny); err != accounting.ErrSigma {
			t.Errorf("Threshold: %v", err)
		}
	}
}
