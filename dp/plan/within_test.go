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
	huge := plan.Prediction{Noise: dp.Noise{Sigma: 1 << 59, Margin: 1 << 60}}
	if got, err := huge.CountWithin(plan.Within{Relative: 1e-9, Level: dp.Level}); err != nil || got != math.MaxInt64 {
		t.Error("what no count reaches has a count:", got, err)
	}
}
