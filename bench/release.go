package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"runtime"
	"slices"
	"time"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/noise"
	"github.com/google/differential-privacy/go/v3/dpagg"
	google "github.com/google/differential-privacy/go/v3/noise"
)

const (
	releaseEpsilon = 1
	releaseDelta   = 5e-7 // of the noise, and once more of the threshold
	releaseL0      = 3    // keys of one person
)

// A row is a released key with its noisy count.
type row struct {
	key   string
	value int64
}

// releases measures what a release does after its charge: noise on every count
// of a discovered table, and the cells that reach the threshold. The peer makes a
// dpagg.Count of each key, with the same kind of noise and the same guarantee.
//
// Memory is what is allocated on the way from the counts to the released rows.
// Both sides have the input already; ours overwrites it.
func releases(ctx context.Context, b *bench) error {
	n, rounds := 1_000_000, 3
	if b.short {
		n, rounds = 20_000, 1
	}
	keys, counts := zipf(n)
	m := make(map[string]int64, n)
	for i, k := range keys {
		m[k] = counts[i]
	}
	how, err := newReleaser()
	if err != nil {
		return err
	}
	peer := func() ([]row, error) {
		var out []row
		for i, k := range keys {
			var err error
			if out, err = peerCount(out, k, counts[i]); err != nil {
				return nil, err
			}
		}
		return out, ctx.Err()
	}
	peerMap := func() ([]row, error) {
		var out []row
		for k, c := range m {
			var err error
			if out, err = peerCount(out, k, c); err != nil {
				return nil, err
			}
		}
		return out, ctx.Err()
	}
	scratch := make([]int64, n)
	slicesIn := func() ([]row, error) { return how.release(keys, scratch) }
	mapIn := func() ([]row, error) {
		sorted := make([]string, 0, len(m))
		for k := range m {
			sorted = append(sorted, k)
		}
		slices.Sort(sorted) // so that no order is left of who came first
		values := make([]int64, len(sorted))
		for i, k := range sorted {
			values[i] = m[k]
		}
		return how.release(sorted, values)
	}
	for _, c := range []struct {
		name       string
		ours, peer func() ([]row, error)
	}{
		{"histogram-1m", slicesIn, peer},
		{"histogram-1m-map", mapIn, peerMap},
	} {
		var speed, memory, ours []float64
		for range rounds {
			copy(scratch, counts)
			a, err := spendingOf(c.ours)
			if err != nil {
				return err
			}
			p, err := spendingOf(c.peer)
			if err != nil {
				return err
			}
			if a.rows == 0 || math.Abs(float64(a.rows-p.rows)) > 0.2*float64(p.rows) {
				return errors.New("bench: the two sides release different tables")
			}
			ours = append(ours, a.seconds*1e3)
			speed, memory = append(speed, p.seconds/a.seconds), append(memory, a.bytes/p.bytes)
		}
		itself := func(v float64) float64 { return v }
		err := b.reports(c.name, "",
			result{Metric: "ms", Value: median(ours, itself)},
			result{Metric: "speedup_dpagg", Value: median(speed, itself)},
			result{Metric: "memory_ratio_dpagg", Value: median(memory, itself)},
		)
		if err != nil {
			return err
		}
	}
	return nil
}

// zipf returns n keys in order, whose counts follow Zipf's law, scattered.
func zipf(n int) ([]string, []int64) {
	keys, counts := make([]string, n), make([]int64, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("item-%07d", i)
		rank := uint64(i)*2654435761%uint64(n) + 1
		counts[i] = max(1, int64(float64(n)/float64(rank)))
	}
	return keys, counts
}

// releaser holds what is known before anything is spent.
type releaser struct {
	gaussian  *noise.Gaussian
	threshold int64
}

func newReleaser() (*releaser, error) {
	mu2, err := accounting.Mu2For(accounting.Target{Epsilon: releaseEpsilon, Delta: releaseDelta})
	if err != nil {
		return nil, err
	}
	sigma, err := accounting.SigmaFor(releaseL0, mu2)
	if err != nil {
		return nil, err
	}
	scale, err := noise.NewScale(sigma)
	if err != nil {
		return nil, err
	}
	delta, err := accounting.UnitsDown(new(big.Rat).SetFloat64(releaseDelta))
	if err != nil {
		return nil, err
	}
	r := &releaser{}
	if r.threshold, err = accounting.Threshold(scale.Rat(), releaseL0, delta); err != nil {
		return nil, err
	}
	r.gaussian, err = noise.NewGaussian(scale)
	return r, err
}

func (r *releaser) release(keys []string, counts []int64) ([]row, error) {
	return noise.Histogram(r.gaussian, counts, r.threshold, func(i int, v int64) row { return row{keys[i], v} })
}

func peerCount(out []row, key string, count int64) ([]row, error) {
	c, err := dpagg.NewCount(&dpagg.CountOptions{
		Epsilon: releaseEpsilon, Delta: releaseDelta, MaxPartitionsContributed: releaseL0, Noise: google.Gaussian(),
	})
	if err != nil {
		return nil, err
	}
	if err := c.IncrementBy(count); err != nil {
		return nil, err
	}
	v, err := c.ThresholdedResult(releaseDelta)
	if err != nil || v == nil {
		return out, err
	}
	return append(out, row{key, *v}), nil
}

// spending is what one release took.
type spending struct {
	seconds, bytes float64
	rows           int
}

func spendingOf(f func() ([]row, error)) (spending, error) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	rows, err := f()
	took := time.Since(start).Seconds()
	runtime.ReadMemStats(&after)
	return spending{took, float64(after.TotalAlloc - before.TotalAlloc), len(rows)}, err
}
