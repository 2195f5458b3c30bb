package main

import (
	"context"
	"math"
	"math/big"
	"time"

	"github.com/discreet-go/discreet/dp/accounting"
)

// accountings measures what it takes to say what many mechanisms cost together,
// and what Gaussian noise saves by being accounted for as such.
func accountings(ctx context.Context, b *bench) error {
	if err := composition(ctx, b, "pld-1000", 20, true); err != nil {
		return err
	}
	if err := composition(ctx, b, "pld-1000-distinct", 1000, false); err != nil {
		return err
	}
	// The noise needed at (1, 1e-6): sigma = 1/mu = 1/sqrt(2 rho).
	target := accounting.Target{Epsilon: 1, Delta: 1e-6}
	mu, err := accounting.MuFor(target)
	if err != nil {
		return err
	}
	rho, err := accounting.RhoFor(target)
	if err != nil {
		return err
	}
	return b.reports("gdp-vs-zcdp", "", result{Metric: "sigma_ratio", Value: float64(mu) / math.Sqrt(2*float64(rho))})
}

// thousand is a thousand mechanisms of n kinds and scales, n a divisor of 1,000.
func thousand(n int) []accounting.Mechanism {
	kinds := []accounting.MechanismKind{
		accounting.GaussianNoise, accounting.LaplaceNoise, accounting.DiscreteLaplaceNoise, accounting.DiscreteGaussianNoise,
	}
	var ms []accounting.Mechanism
	for i := range n {
		scale := big.NewRat(40*8+int64(i*800/n), 8) // 40 to 140
		ms = append(ms, accounting.Mechanism{Kind: kinds[i%len(kinds)], Scale: scale, Count: 1000 / n})
	}
	return ms
}

// composition composes a thousand mechanisms and asks for epsilon at 1e-6, on
// one core.
func composition(ctx context.Context, b *bench, name string, n int, excess bool) error {
	ms := thousand(n)
	var times []float64
	var got accounting.Bounds
	for range b.rounds() {
		start := time.Now()
		l, err := accounting.Compose(ms)
		if err != nil {
			return err
		}
		if got, err = l.Epsilon(ctx, 1e-6); err != nil {
			return err
		}
		times = append(times, float64(time.Since(start))/float64(time.Millisecond))
	}
	list := []result{{Metric: "ms", Value: median(times, func(v float64) float64 { return v })}}
	if excess {
		list = append(list, result{Metric: "rel_excess", Value: (got.Upper - got.Lower) / got.Lower})
	}
	return b.reports(name, "", list...)
}
