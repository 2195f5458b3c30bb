package accounting_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/google/differential-privacy/go/v3/dpagg"
	google "github.com/google/differential-privacy/go/v3/noise"

	"github.com/discreet-go/discreet/dp/accounting"
)

// Where we agree with Google's library, and where we differ on purpose. Differences
// of the noise itself are tested in package dp/noise.

// The real thresholds of continuous Laplace noise are the same numbers.
func TestGoogleLaplaceThresholdAgrees(t *testing.T) {
	for _, epsilon := range []float64{0.1, 1, 7} {
		for _, delta := range []float64{1e-3, 1e-6, 1e-8} {
			for _, l0 := range []int64{1, 3, 40} {
				theirs, err := google.Laplace().Threshold(l0, 1, epsilon, 0, delta)
				if err != nil {
					t.Fatal(err)
				}
				b := new(big.Rat).Quo(big.NewRat(l0, 1), new(big.Rat).SetFloat64(epsilon))
				ours, err := accounting.ContinuousLaplaceThreshold(b, int(l0), units(t, delta))
				if err != nil || math.Abs(ours/theirs-1) > 1e-6 { // theirs loses digits in 1-(1-delta)^(1/l0)
					t.Errorf("epsilon %g, delta %g, l0 %d: %g, Google %g (%v)", epsilon, delta, l0, ours, theirs, err)
				}
			}
		}
	}
}

// Difference: their sigma is searched to 1e-3 of itself, from above; ours is the
// exact one rounded up by 1e-12. Both are safe, ours is smaller.
func TestGoogleSigmaIsWider(t *testing.T) {
	wider := 0
	for _, epsilon := range []float64{0.01, 0.1, 1, 4} {
		for _, delta := range []float64{1e-4, 1e-6, 1e-10} {
			theirs := google.SigmaForGaussian(1, 1, epsilon, delta)
			mu2, err := accounting.Mu2For(accounting.Target{Epsilon: epsilon, Delta: delta})
			if err != nil {
				t.Fatal(err)
			}
			sigma, err := accounting.SigmaFor(1, mu2)
			if err != nil {
				t.Fatal(err)
			}
			ours, _ := sigma.Float64()
			if ours > theirs*(1+1e-9) || theirs > ours*(1+1.1e-3) {
				t.Errorf("epsilon %g, delta %g: sigma %g, Google %g", epsilon, delta, ours, theirs)
			}
			if theirs > ours*(1+1e-5) {
				wider++
			}
		}
	}
	if wider == 0 {
		t.Error("the difference is gone: say so where it is explained")
	}
}

// Difference: their threshold is made for continuous noise, but compared with
// noise that was rounded to integers first. A lone key passes if its noise reaches
// T - 1 after rounding, so from T - 3/2 on, and delta is overspent. Ours is made for
// what is compared.
func TestGoogleThresholdOverspendsOnIntegers(t *testing.T) {
	over := 0
	for _, epsilon := range []float64{0.5, 1, 2, 4} {
		for _, delta := range []float64{1e-3, 1e-5, 1e-8} {
			sigma := google.SigmaForGaussian(1, 1, epsilon, delta)
			exact := new(big.Rat).SetFloat64(sigma)
			theirs, err := google.Gaussian().Threshold(1, 1, epsilon, delta, delta)
			if err != nil {
				t.Fatal(err)
			}
			spends, err := accounting.ThresholdDelta(exact, 1, int64(math.Ceil(theirs)))
			if err != nil {
				t.Fatal(err)
			}
			if spends.Float64() > delta*1.05 {
				over++
			}
			ours, err := accounting.Threshold(exact, 1, units(t, delta))
			if err != nil {
				t.Fatal(err)
			}
			spends, err = accounting.ThresholdDelta(exact, 1, ours)
			if err != nil || spends.Cmp(units(t, delta)) > 0 {
				t.Errorf("epsilon %g, delta %g: our threshold %d spends %g", epsilon, delta, ours, spends.Float64())
			}
			if float64(ours) < theirs+0.5-1e-3*sigma || float64(ours) > theirs+1.5+1e-3*sigma {
				t.Errorf("epsilon %g, delta %g: threshold %d, continuous %g", epsilon, delta, ours, theirs)
			}
		}
	}
	if over == 0 {
		t.Error("the difference is gone: say so where it is explained")
	}
}

// The same, seen from outside: at delta 0.05 the lone key comes out of their
// library more often than that. A binomial with p <= 0.05 exceeds its mean by 8
// standard deviations with probability below 1e-14.
func TestGoogleThresholdOverspendsMeasured(t *testing.T) {
	const n, epsilon, delta = 40_000, 4.0, 0.05
	theirs, err := google.Laplace().Threshold(1, 1, epsilon, 0, delta)
	if err != nil {
		t.Fatal(err)
	}
	out := 0
	for range n {
		x, err := google.Laplace().AddNoiseInt64(1, 1, 1, epsilon, 0)
		if err != nil {
			t.Fatal(err)
		}
		if float64(x) >= theirs {
			out++
		}
	}
	if limit := n*delta + 8*math.Sqrt(n*delta*(1-delta)); float64(out) < limit {
		t.Errorf("%d of %d come out: the difference is gone", out, n)
	}
}

// Difference: a delta that a float cannot tell from 0 beside 1 turns their
// threshold to infinity, which their aggregators then convert to an integer. Ours
// stays finite and right.
func TestGoogleThresholdEndsAtSmallDelta(t *testing.T) {
	const epsilon, noiseDelta, delta = 1, 1e-9, 5e-17
	theirs, err := google.Gaussian().Threshold(1, 1, epsilon, noiseDelta, delta)
	if err != nil {
		t.Fatal(err)
	}
	if !math.IsInf(theirs, 1) {
		t.Errorf("threshold %g: the difference is gone", theirs)
	}
	sigma := new(big.Rat).SetFloat64(google.SigmaForGaussian(1, 1, epsilon, noiseDelta))
	ours, err := accounting.Threshold(sigma, 1, units(t, delta))
	if err != nil {
		t.Fatal(err)
	}
	at, _ := accounting.ThresholdDelta(sigma, 1, ours)
	below, _ := accounting.ThresholdDelta(sigma, 1, ours-1)
	if at.Cmp(units(t, delta)) > 0 || below.Cmp(units(t, delta)) <= 0 {
		t.Errorf("threshold %d spends %g, one less %g", ours, at.Float64(), below.Float64())
	}
}

// Their partition selection follows the optimal rule for up to three keys a
// person, and ours is the same rule: 20,000 tosses of theirs at each number of people (4,000 under the race detector) lie
// within 7 standard deviations, which a right binomial leaves about once in 1e11.
// Difference: from four keys on they compare Gaussian noise with a threshold. What we
// have for many keys is the optimal rule under Gaussian DP, at the same halves of
// delta, which keeps at least as many at every number of people.
func TestGoogleSelection(t *testing.T) {
	const n = 20_000 / slow
	target := accounting.Target{Epsilon: 1, Delta: 1e-3}
	keeps := func(l0, people int64) float64 {
		kept := 0
		for range n {
			s, err := dpagg.NewPreAggSelectPartition(&dpagg.PreAggSelectPartitionOptions{
				Epsilon: target.Epsilon, Delta: target.Delta, MaxPartitionsContributed: l0,
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.IncrementBy(people); err != nil {
				t.Fatal(err)
			}
			keep, err := s.ShouldKeepPartition()
			if err != nil {
				t.Fatal(err)
			}
			if keep {
				kept++
			}
		}
		return float64(kept) / n
	}
	slack := func(p float64) float64 { return 7*math.Sqrt(p*(1-p)/n) + 1e-3 }
	for _, l0 := range []int64{1, 3} {
		rule, err := accounting.OptimalSelection(target, int(l0))
		if err != nil {
			t.Fatal(err)
		}
		for _, people := range []int64{rule.Sure() / 4, rule.Sure() / 2, rule.Sure() * 3 / 4} {
			want, _ := rule.Keep(people).Float64()
			if got := keeps(l0, people); math.Abs(got-want) > slack(want) {
				t.Errorf("l0 %d, %d people: kept %g, rule %g", l0, people, got, want)
			}
		}
	}
	mu2, err := accounting.Mu2For(accounting.Target{Epsilon: target.Epsilon, Delta: target.Delta / 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, l0 := range []int64{4, 8, 20} {
		rule, err := accounting.GDPSelection(accounting.Charge{Mu2: mu2, Delta: units(t, target.Delta/2)}, int(l0))
		if err != nil {
			t.Fatal(err)
		}
		more := false
		for _, people := range []int64{rule.Sure() / 3, rule.Sure() / 2, rule.Sure() * 2 / 3} {
			ours, _ := rule.Keep(people).Float64()
			theirs := keeps(l0, people)
			if theirs > ours+slack(ours) {
				t.Errorf("l0 %d, %d people: kept %g, rule %g", l0, people, theirs, ours)
			}
			more = more || theirs < ours-slack(ours)
		}
		if !more {
			t.Errorf("l0 %d: the difference is gone", l0)
		}
	}
}
