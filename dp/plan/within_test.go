package plan_test

import (
	"errors"
	"math"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/plan"
)

// TestCountWithin holds the smallest count against its meaning: the noise stays within
// the part of it with the probability, and not for a count below.
func TestCountWithin(t *testing.T) {
	p := mustNew(t, plan.Config{Budget: budget, Specs: three(t)})
	for _, q := range p.Predictions() {
		if got, err := q.CountWithin(plan.Within{Relative: 0.1, Level: dp.Level}); err != nil || got != q.Within10 {
			t.Errorf("%s: %d, Within10 is %d: %v", q.Measure, got, q.Within10, err)
		}
		for _, relative := range []float64{0.01, 0.05, 0.3, 1} {
			for _, level := range []float64{0.5, 0.9, 0.99, 1 - 1e-9} {
				got, err := q.CountWithin(plan.Within{Relative: relative, Level: level})
				if err != nil {
					t.Fatal(err)
				}
				// P(|round(Z)| <= m) is erf((m + 1/2)/(sigma sqrt(2))).
				holds := func(count int64) bool {
					m := math.Floor(relative*float64(count) + 1e-9)
					return count >= max(1, q.Noise.Threshold) && math.Erf((m+0.5)/q.Noise.Sigma/math.Sqrt2) >= level-1e-12
				}
				if !holds(got) || holds(got-1) {
					t.Errorf("%s: %d is not the smallest count within %v at %v", q.Measure, got, relative, level)
				}
			}
		}
		for _, w := range []plan.Within{
			{}, {Relative: 0.1}, {Level: 0.9}, {Relative: 1.1, Level: 0.9}, {Relative: -1, Level: 0.9}, {Relative: 0.1, Level: 1}, {Relative: 0.1, Level: 0.4},
			{Relative: math.NaN(), Level: 0.9}, {Relative: 0.1, Level: math.NaN()}, {Relative: 1e-12, Level: 0.9},
		} {
			if _, err := q.CountWithin(w); !errors.Is(err, plan.ErrWithin) {
				t.Errorf("%+v: %v", w, err)
			}
		}
	}
	huge := plan.Prediction{Unit: "people", Step: 1, Per: 1, Noise: dp.Noise{Sigma: 1 << 59, Margin: 1 << 60}}
	if got, err := huge.CountWithin(plan.Within{Relative: 1e-9, Level: dp.Level}); err != nil || got != math.MaxInt64 {
		t.Error("what no count reaches has a count:", got, err)
	}
}

// TestCountWithinOfKinds holds it for values in steps of a person or event, for the people
// of means and for Laplace noise, and refuses what has no count.
func TestCountWithinOfKinds(t *testing.T) {
	amount := dp.Amount{Unit: "EUR", High: 100_000}
	specs := []dp.Spec{
		spec(t, dp.Events{Name: "weighted", Purpose: "p", By: dp.BySegment{Max: 3}, MaxEvents: 2, LookbackDays: 7, HalfLifeDays: 3, Share: 0.1}),
		spec(t, dp.SegmentSizes{Name: "normed", Purpose: "p", MaxSegments: 3, MaxNorm: 1, Share: 0.1}),
		spec(t, dp.SegmentSizes{Name: "laplace", Purpose: "p", MaxSegments: 1, Noise: dp.Laplace, Share: 0.1}),
		spec(t, dp.Means{Name: "means", Purpose: "p", By: dp.BySegment{Max: 3}, Amount: amount, LookbackDays: 7, Share: 0.1}),
		spec(t, dp.Sums{Name: "sums", Purpose: "p", By: dp.BySegment{Max: 3}, Amount: amount, LookbackDays: 7, Share: 0.1}),
		spec(t, dp.Keys{Name: "keys", Purpose: "p", MaxItems: 3, LookbackDays: 7, Share: 0.1}),
	}
	p := mustNew(t, plan.Config{Budget: budget, Specs: specs})
	for _, q := range p.Predictions() {
		ten, err := q.CountWithin(plan.Within{Relative: 0.1, Level: dp.Level})
		if q.Measure == "sums" || q.Measure == "keys" {
			if !errors.Is(err, plan.ErrNoCount) || ten != 0 {
				t.Errorf("%s: %d, %v", q.Measure, ten, err)
			}
			continue
		}
		if err != nil || ten != q.Within10 || ten < 2 {
			t.Errorf("%s: %d, Within10 is %d: %v", q.Measure, ten, q.Within10, err)
		}
		sigma, per := q.Noise.Sigma, float64(q.Per)
		if q.Measure == "means" {
			sigma, per = q.Noise.CountSigma, 1
		}
		for _, level := range []float64{0.6, 0.99} {
			got, err := q.CountWithin(plan.Within{Relative: 0.2, Level: level})
			if err != nil {
				t.Fatal(err)
			}
			holds := func(count int64) bool {
				m := math.Floor(0.2*float64(count)*per + 1e-9)
				if q.Measure == "laplace" { // P(|noise| > m) is 2 q^(m+1)/(1+q)
					r := math.Exp(-1 / sigma)
					return 2*math.Pow(r, m+1)/(1+r) <= 1-level+1e-12
				}
				return math.Erf((m+0.5)/sigma/math.Sqrt2) >= level-1e-12
			}
			if !holds(got) || holds(got-1) {
				t.Errorf("%s: %d is not the smallest count within 0.2 at %v", q.Measure, got, level)
			}
		}
	}
}
