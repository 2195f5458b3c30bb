package accounting_test

import (
	"context"
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/dp/accounting"
)

// The charge of a mechanism dominates it: at every delta, Gaussian DP at the charge
// costs at least what the mechanism costs by its own losses.
func TestChargeDominates(t *testing.T) {
	checks := 0
	rapid.Check(t, func(t *rapid.T) {
		if checks++; checks > 30 {
			return
		}
		scale := float64(rapid.IntRange(4, 400).Draw(t, "scale")) / 4
		shift := float64(rapid.IntRange(1, 3).Draw(t, "shift"))
		count := rapid.IntRange(1, 20).Draw(t, "count")
		m := rapid.SampledFrom([]accounting.Mechanism{
			noise(accounting.GaussianNoise, scale, shift, count),
			noise(accounting.LaplaceNoise, scale, shift, count),
			noise(accounting.DiscreteLaplaceNoise, scale, shift, count),
			box(1/scale, 0, count),
			box(1/scale, 1e-9, count),
		}).Draw(t, "mechanism")
		c, err := accounting.ChargeOf(m)
		if err != nil {
			t.Fatal(err)
		}
		delta := math.Pow(10, -rapid.Float64Range(2, 7).Draw(t, "delta"))
		own := epsilonOf2(t, delta+c.Delta.Float64(), m)
		charged, err := accounting.EpsilonForMu(accounting.MuUp(c.Mu2), delta)
		if err != nil {
			t.Fatal(err)
		}
		if charged < own.Lower*(1-1e-9) {
			t.Fatalf("delta %g: charged %g, costs at least %g", delta, charged, own.Lower)
		}
		if m.Kind == accounting.GaussianNoise && charged > own.Upper*(1+1e-9) {
			t.Fatalf("delta %g: charged %g, costs at most %g", delta, charged, own.Upper)
		}
	})
}

func epsilonOf2(t *rapid.T, delta float64, m accounting.Mechanism) accounting.Bounds {
	l, err := accounting.Compose([]accounting.Mechanism{m})
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Epsilon(context.Background(), delta)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestChargeOf(t *testing.T) {
	four := noise(accounting.GaussianNoise, 2, 4, 3)
	if c, err := accounting.ChargeOf(four); err != nil || c.Mu2.Rat().Cmp(big.NewRat(12, 1)) != 0 || !c.Delta.IsZero() {
		t.Errorf("three of mu 2: %v, %v", c, err)
	}
	if c, err := accounting.ChargeOf(box(0, 1e-6, 2)); err != nil || !c.Mu2.IsZero() || c.Delta.Float64() < 2e-6 || c.Delta.Float64() > 2e-6*(1+1e-15) {
		t.Errorf("two deltas of 1e-6: %v, %v", c, err)
	}
	for name, c := range map[string]struct {
		m    accounting.Mechanism
		want error
	}{
		"discrete Gaussian":       {noise(accounting.DiscreteGaussianNoise, 2, 1, 1), accounting.ErrNotGDP},
		"wide discrete Gaussian":  {noise(accounting.DiscreteGaussianNoise, 1000, 1, 1), accounting.ErrNotGDP},
		"no count":                {noise(accounting.LaplaceNoise, 2, 1, 0), accounting.ErrCount},
		"nothing":                 {accounting.Mechanism{Count: 1}, accounting.ErrMechanism},
		"a loss too small":        {noise(accounting.LaplaceNoise, 1e7, 1, 1), accounting.ErrEpsilon},
		"box out of the envelope": {box(65, 0, 1), accounting.ErrMechanism},
	} {
		if _, err := accounting.ChargeOf(c.m); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
