package main

import (
	"context"
	"math"
	"math/big"
	"sync"
	"time"

	"github.com/discreet-go/discreet/dp/noise"
	google "github.com/google/differential-privacy/go/v3/noise"
)

// noises measures one draw of noise, in batches, against AddNoiseInt64 of
// Google's library with the same kind of noise and the same scale.
func noises(ctx context.Context, b *bench) error {
	gauss, err := gaussianOf(50)
	if err != nil {
		return err
	}
	scale, err := noise.NewScale(big.NewRat(10, 1))
	if err != nil {
		return err
	}
	laplace, err := noise.NewLaplace(scale)
	if err != nil {
		return err
	}
	const delta = 1e-6
	epsilon := epsilonAtSigma(50, delta)
	for _, c := range []struct {
		name string
		fill func([]int64) error
		peer func() (int64, error)
	}{
		{"gaussian-sigma-50", gauss.Fill, func() (int64, error) { return google.Gaussian().AddNoiseInt64(0, 1, 1, epsilon, delta) }},
		{"laplace-scale-10", laplace.Fill, func() (int64, error) { return google.Laplace().AddNoiseInt64(0, 1, 1, 0.1, 0) }},
	} {
		if err := noiseCase(ctx, b, c.name, c.fill, c.peer); err != nil {
			return err
		}
	}
	return nil
}

func gaussianOf(sigma int64) (*noise.Gaussian, error) {
	scale, err := noise.NewScale(big.NewRat(sigma, 1))
	if err != nil {
		return nil, err
	}
	return noise.NewGaussian(scale)
}

// epsilonAtSigma returns the epsilon at which Google's noise has that sigma.
func epsilonAtSigma(sigma, delta float64) float64 {
	lo, hi := math.Log(1e-4), math.Log(10)
	for range 60 {
		mid := (lo + hi) / 2
		if google.SigmaForGaussian(1, 1, math.Exp(mid), delta) > sigma {
			lo = mid
		} else {
			hi = mid
		}
	}
	return math.Exp(hi)
}

func noiseCase(ctx context.Context, b *bench, name string, fill func([]int64) error, peer func() (int64, error)) error {
	n, share := 4<<20, 100 // the peer draws a share of them
	if b.short {
		n = 1 << 17
	}
	cells := make([]int64, 1<<16)
	ours := func(n int) error {
		for ; n > 0; n -= len(cells) {
			if err := fill(cells[:min(n, len(cells))]); err != nil {
				return err
			}
		}
		return ctx.Err()
	}
	var sink int64
	theirs := func(n int) error {
		for range n/share + 1 {
			x, err := peer()
			if err != nil {
				return err
			}
			sink ^= x
		}
		return ctx.Err()
	}
	costs, err := sideBySide(b.rounds(), n, ours, theirs)
	if err != nil {
		return err
	}
	two, err := onTwoCores(b.rounds(), n, fill)
	if err != nil {
		return err
	}
	done := float64(n/share+1) / float64(n) // of n draws by the peer
	return b.reports(name, "",
		result{Metric: "ns_sample", Value: median(costs[0], func(c cost) float64 { return c.ns })},
		result{Metric: "allocs_op", Value: math.Floor(1000*median(costs[0], func(c cost) float64 { return c.allocs })) / 1000},
		result{Metric: "speedup_google", Value: ratio(costs[1], costs[0]) / done},
		result{Metric: "speedup_2core", Value: two},
	)
}

// onTwoCores returns the time that one goroutine takes for n draws by the time that
// two take for half of them each: of each the least over many short runs, taken in
// turn, so that whatever else the machine does meanwhile spoils some of them and
// not the figure.
func onTwoCores(rounds, n int, fill func([]int64) error) (float64, error) {
	const parts = 16
	n /= parts
	run := func(workers int) (float64, error) {
		errs := make([]error, workers)
		var all sync.WaitGroup
		start := time.Now()
		for w := range workers {
			all.Go(func() {
				cells := make([]int64, 1<<16)
				for left := n / workers; left > 0 && errs[w] == nil; left -= len(cells) {
					errs[w] = fill(cells[:min(left, len(cells))])
				}
			})
		}
		all.Wait()
		took := time.Since(start).Seconds()
		for _, err := range errs {
			if err != nil {
				return 0, err
			}
		}
		return took, nil
	}
	best := [2]float64{math.Inf(1), math.Inf(1)}
	for range rounds * parts {
		for i := range best {
			took, err := run(i + 1)
			if err != nil {
				return 0, err
			}
			best[i] = min(best[i], took)
		}
	}
	return best[0] / best[1], nil
}
