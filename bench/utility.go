package main

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"time"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/google/differential-privacy/go/v3/dpagg"
)

// The month that is compared: every day how many people are in each of 50
// segments, once the items that most people had, once a mean for each segment.
// All of it together is (1, 1e-6) a person, and each of the 32 releases has one
// share of it.
const (
	utilityEpsilon  = 1
	utilityDelta    = 1e-6
	utilityDays     = 30
	utilityReleases = utilityDays + 2
	utilitySegments = 50
	utilityTop      = 20
	utilityShare    = 1. / utilityReleases
)

var (
	utilityBudget = dp.Budget{Epsilon: utilityEpsilon, Delta: utilityDelta, WindowDays: utilityDays}
	utilityStart  = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
)

// utility measures how far released numbers are from the true ones. Ours come
// from releases as a service makes them; the peer adds the noise that
// Google's library has by default for the same promise, to the same bounded
// numbers, with its budget split evenly, since it has no accounting of its own.
func utility(ctx context.Context, b *bench) error {
	for _, l := range []int{3, 10} {
		if err := utilityMonth(ctx, b, l); err != nil {
			return err
		}
	}
	for _, l := range []int{3, 10} {
		if err := utilityMean(ctx, b, l); err != nil {
			return err
		}
	}
	for _, l := range []int{3, 10} {
		if err := utilityKeys(ctx, b, l); err != nil {
			return err
		}
	}
	return utilityData(ctx, b)
}

// deviations adds up squared deviations.
type deviations struct {
	n          int
	sum2, sum4 float64
}

func (d *deviations) add(v float64) {
	d.n++
	d.sum2 += v * v
	d.sum4 += v * v * v * v
}

// rmse returns the root of the mean square.
func (d *deviations) rmse() float64 { return math.Sqrt(d.sum2 / float64(d.n)) }

// relative returns the standard error of rmse, as a part of it.
func (d *deviations) relative() float64 {
	n := float64(d.n)
	mean := d.sum2 / n
	return math.Sqrt(math.Max(0, d.sum4/n-mean*mean)/n) / (2 * mean)
}

// over returns how many times the deviations are those of another, and the
// standard error of that.
func (d *deviations) over(o *deviations) (ratio, se float64) {
	ratio = d.rmse() / o.rmse()
	return ratio, ratio * math.Hypot(d.relative(), o.relative())
}

// leastLaplace returns the least scale of Laplace noise with which so many numbers
// that a person changes by 1 hold the promise together, by the exact composition of
// its loss: what the peer's noise could be, with an accounting of its own.
func leastLaplace(ctx context.Context, numbers int) (float64, error) {
	lo, hi := 1., 1024.
	for hi > lo*(1+1e-4) {
		mid := math.Sqrt(lo * hi)
		loss, err := accounting.Compose([]accounting.Mechanism{{
			Kind: accounting.LaplaceNoise, Scale: new(big.Rat).SetFloat64(mid), Count: numbers,
		}})
		if err != nil {
			return 0, err
		}
		delta, err := loss.Delta(ctx, utilityEpsilon)
		if err != nil {
			return 0, err
		}
		if delta.Upper <= utilityDelta {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi, nil
}

// peerDefault returns a count as Google's library releases it by default, with
// that epsilon.
func peerDefault(count int64, epsilon float64, l0 int) (int64, error) {
	c, err := dpagg.NewCount(&dpagg.CountOptions{Epsilon: epsilon, MaxPartitionsContributed: int64(l0)})
	if err != nil {
		return 0, err
	}
	if err := c.IncrementBy(count); err != nil {
		return 0, err
	}
	return c.Result()
}

// caseOf names a case after how many cells one person may change.
func caseOf(name string, l int) string { return fmt.Sprintf("%s/L=%d", name, l) }
