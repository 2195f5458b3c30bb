package audit_test

import (
	"context"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/discreet-go/discreet/dp/audit"
	"github.com/discreet-go/discreet/dp/noise"
)

// gaussian adds rounded Gaussian noise to fixed cells.
func gaussian(t testing.TB, sigma *big.Rat, cells ...int64) audit.Sample {
	t.Helper()
	s, err := noise.NewScale(sigma)
	if err != nil {
		t.Fatal(err)
	}
	g, err := noise.NewGaussian(s)
	if err != nil {
		t.Fatal(err)
	}
	return func(context.Context) ([]float64, error) {
		out := append([]int64(nil), cells...)
		if err := g.AddTo(out); err != nil {
			return nil, err
		}
		f := make([]float64, len(out))
		for i, x := range out {
			f[i] = float64(x)
		}
		return f, nil
	}
}

func run(t testing.TB, c audit.Claim, with, without audit.Sample, o audit.Options) *audit.Report {
	t.Helper()
	r, err := audit.Run(t.Context(), c, with, without, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// floats wraps a mechanism that needs no context and cannot fail.
func floats(f func() []float64) audit.Sample {
	return func(context.Context) ([]float64, error) { return f(), nil }
}

func zeros(n int) []int64 { return make([]int64, n) }

func one(n, at int) []int64 {
	v := make([]int64, n)
	v[at] = 1
	return v
}

// TestCatches plants bugs of many kinds; the auditor must see every one, and
// must not see any in the correct twin. A run that misses one by chance has a
// probability below 1e-9 in each case: every leak is many standard errors
// beyond its claim. A false alarm of the twins has 1e-8 each, by Alpha.
func TestCatches(t *testing.T) {
	two := big.NewRat(2, 1)
	laplace := func(b float64) float64 {
		return b * math.Log(rand.Float64()) * float64(1-2*rand.IntN(2))
	}
	round := math.RoundToEven
	normal := func(s float64) float64 { return round(s * rand.NormFloat64()) }
	cases := []struct {
		name          string
		claim         audit.Claim
		with, without audit.Sample
		good          bool
		o             audit.Options
	}{
		{name: "correct", good: true, claim: audit.Claim{Mu: 0.5}, with: gaussian(t, two, 1), without: gaussian(t, two, 0)},
		{name: "correct wide", good: true, claim: audit.Claim{Mu: 1}, with: gaussian(t, two, 1, 1, 1, 1, 0, 0), without: gaussian(t, two, zeros(6)...)},
		{name: "no noise", claim: audit.Claim{Mu: 4}, with: floats(func() []float64 { return []float64{1} }), without: floats(func() []float64 { return []float64{0} })},
		{name: "no noise epsilon", claim: audit.Claim{Epsilon: 4}, with: floats(func() []float64 { return []float64{1} }), without: floats(func() []float64 { return []float64{0} })},
		{name: "half the scale", claim: audit.Claim{Mu: 0.5}, with: gaussian(t, big.NewRat(1, 1), 1), without: gaussian(t, big.NewRat(1, 1), 0)},
		{name: "half the scale, epsilon", claim: audit.Claim{Epsilon: 1}, with: floats(func() []float64 { return []float64{1 + laplace(.5)} }), without: floats(func() []float64 { return []float64{laplace(.5)} })},
		{name: "cells, not people", claim: audit.Claim{Mu: 0.5}, with: gaussian(t, two, 1, 1, 1, 1), without: gaussian(t, two, 0, 0, 0, 0)},
		{name: "person without noise in one of 40", claim: audit.Claim{Mu: 0.5}, with: gaussian(t, big.NewRat(1, 3), one(40, 17)...), without: gaussian(t, big.NewRat(1, 3), zeros(40)...)},
		{name: "low bits", claim: audit.Claim{Epsilon: 2}, with: floats(func() []float64 { return []float64{1 + laplace(1)} }), without: floats(func() []float64 { return []float64{laplace(1)} })},
		{name: "grid", claim: audit.Claim{Mu: 0.5}, with: floats(func() []float64 { return []float64{2 * normal(50), 2 * normal(50)} }), without: floats(func() []float64 { return []float64{normal(100), normal(100)} })},
		{name: "spread", claim: audit.Claim{Mu: 0.5}, with: floats(func() []float64 { return []float64{normal(20), normal(20), normal(20)} }), without: floats(func() []float64 { return []float64{normal(10), normal(10), normal(10)} })},
		{name: "key present", claim: audit.Claim{Epsilon: 1, Delta: 0.01}, with: floats(func() []float64 { return []float64{float64(b2i(rand.IntN(4) == 0)), normal(2)} }), without: floats(func() []float64 { return []float64{0, normal(2)} })},
		{name: "key present, mu", claim: audit.Claim{Mu: 0.5, Delta: 0.01}, with: floats(func() []float64 { return []float64{float64(b2i(rand.IntN(4) == 0)), normal(2)} }), without: floats(func() []float64 { return []float64{0, normal(2)} })},
		{name: "support", claim: audit.Claim{Mu: 0.5}, with: floats(func() []float64 { return shuffled(8, 5) }), without: floats(func() []float64 { return shuffled(8, 4) }), o: audit.Options{Probes: []audit.Probe{audit.Support()}}},
		{name: "one draw for two cells", claim: audit.Claim{Mu: 0.5}, with: floats(func() []float64 { z := normal(50); return []float64{1 + z, z, normal(50)} }), without: floats(func() []float64 { z := normal(50); return []float64{z, z, normal(50)} })},
		{name: "seeded by the query", claim: audit.Claim{Mu: 0.5}, with: floats(func() []float64 { r := rand.New(rand.NewPCG(1, 2)); return []float64{1 + round(30*r.NormFloat64())} }), without: floats(func() []float64 { r := rand.New(rand.NewPCG(1, 2)); return []float64{round(30 * r.NormFloat64())} })},
		{name: "same draws on both inputs, seed varies", claim: audit.Claim{Mu: 0.5}, with: seeded(1), without: seeded(0)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := c.o
			o.Runs, o.Alpha = 8000, 1e-8
			r := run(t, c.claim, c.with, c.without, o)
			want := audit.Violated
			if c.good {
				want = audit.Consistent
			}
			if r.Verdict != want {
				t.Errorf("got:\n%s", r)
			}
			t.Logf("\n%s", r)
		})
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// shuffled returns n numbers of which some are 1, in random order.
func shuffled(n, some int) []float64 {
	out := make([]float64, n)
	for _, i := range rand.Perm(n)[:some] {
		out[i] = 1
	}
	return out
}

// seeded draws the noise of 20 days from few seeds: days share draws.
func seeded(add float64) audit.Sample {
	return floats(func() []float64 {
		r := rand.New(rand.NewPCG(uint64(rand.IntN(16)), 0))
		out := make([]float64, 3)
		for i := range out {
			out[i] = add + math.Round(30*r.NormFloat64())
		}
		return out
	})
}
