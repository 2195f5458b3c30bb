package plan_test

import (
	"context"
	"errors"
	"math"
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/dp/plan"
	"github.com/discreet-go/discreet/internal/contrib"
)

func sizesOf(t fatal, most int) contrib.Spec {
	t.Helper()
	return spec(t, dp.SegmentSizes{Name: "sizes", Purpose: "p", MaxSegments: most, Share: 1})
}

func unitsFrom(t fatal, f float64) accounting.Units {
	t.Helper()
	u, err := accounting.UnitsDown(new(big.Rat).SetFloat64(f))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func near(got, want, part float64) bool { return math.Abs(got/want-1) <= part }

// TestChooseInAPlan holds the crossover at (1, 1e-6) against published arithmetic: with
// 8 cells a person Laplace noise has the smaller error (11.31 to 11.95), with 9 the
// Gaussian (12.67 to 12.72). So does one release of 8 cells, and 8 of one.
func TestChooseInAPlan(t *testing.T) {
	q := plan.Question{Bound: ledger.PLD, Budget: dp.Budget{Epsilon: 1, Delta: 1e-6, WindowDays: 30}}
	for _, c := range []struct {
		cells, times      int
		laplace, gaussian float64
		want              plan.Mechanism
	}{
		{1, 1, 1.38, 4.235, plan.DiscreteLaplace}, {8, 1, 11.31, 11.95, plan.DiscreteLaplace}, {1, 8, 11.31, 11.95, plan.DiscreteLaplace},
		{9, 1, 12.72, 12.67, plan.RoundedGaussian}, {96, 1, 57.4, 41.4, plan.RoundedGaussian},
	} {
		q.Spec, q.Times, q.Force = sizesOf(t, c.cells), c.times, plan.ByError
		got, err := plan.Choose(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if got.Mechanism != c.want || !near(got.Laplace.StdDev, c.laplace, 0.02) || !near(got.Gaussian.StdDev, c.gaussian, 0.002) {
			t.Errorf("%d cells, %d times: %+v", c.cells, c.times, got)
		}
		for _, forced := range []plan.Mechanism{plan.RoundedGaussian, plan.DiscreteLaplace} {
			if q.Force = forced; c.cells < 9 {
				if again, err := plan.Choose(t.Context(), q); err != nil || again.Mechanism != forced || again.Laplace != got.Laplace || again.Gaussian != got.Gaussian {
					t.Errorf("forced %v: %+v, %v", forced, again, err)
				}
			}
		}
	}
	// What is beside it takes its part, to the last: the two together hold the budget, and
	// hardly more would be held.
	q.Spec, q.Times, q.Force = sizesOf(t, 2), 3, plan.ByError
	q.Beside = []accounting.Mechanism{{Kind: accounting.GaussianNoise, Scale: big.NewRat(8, 1), Count: 2}}
	got, err := plan.Choose(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	delta := func(b float64) float64 {
		l, err := accounting.Compose(append([]accounting.Mechanism{
			{Kind: accounting.DiscreteLaplaceNoise, Scale: new(big.Rat).SetFloat64(b), Count: 6},
		}, q.Beside...))
		if err != nil {
			t.Fatal(err)
		}
		d, err := l.Delta(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		return d.Upper
	}
	if delta(got.Laplace.Scale) > 1e-6 || delta(got.Laplace.Scale*0.999) <= 1e-6 {
		t.Error("the scale of Laplace noise is not the least that holds the plan")
	}
	mu2 := 6/(got.Gaussian.Scale*got.Gaussian.Scale) + 2.0/64
	if d, err := accounting.DeltaForMu(1, accounting.Mu(math.Sqrt(mu2))); err != nil || d > 1e-6*(1+1e-9) || d < 1e-6*0.99 {
		t.Error("the scale of Gaussian noise is not the least that holds the plan:", d, err)
	}
}

// TestChooseInAnAccount holds both scales against what the account would charge: it
// fits, and a little less noise would not.
func TestChooseInAnAccount(t *testing.T) {
	for _, cells := range []int{1, 5, 40} {
		for _, loss := range []float64{1e-4, 0.02, 1, 8, 40} {
			u := unitsFrom(t, loss)
			s := sizesOf(t, cells)
			gdp, err := plan.Choose(t.Context(), plan.Question{Spec: s, Bound: ledger.GDP, Loss: ledger.Loss{Mu2: u}})
			if err != nil {
				t.Fatal(err)
			}
			charge := func(b float64) float64 {
				perCell, err1 := accounting.ChargeOf(accounting.Mechanism{Kind: accounting.DiscreteLaplaceNoise, Scale: new(big.Rat).SetFloat64(b), Count: cells})
				if err1 != nil {
					t.Fatal(err1)
				}
				least := perCell.Mu2.Float64()
				if mu, err := accounting.MuOfPure(float64(cells) / b); err == nil {
					least = math.Min(least, float64(mu)*float64(mu))
				}
				return least
			}
			if charge(gdp.Laplace.Scale) > loss*(1+1e-12) || charge(gdp.Laplace.Scale*0.9999) <= loss {
				t.Errorf("%d cells, mu^2 %v: %+v is not the least noise", cells, loss, gdp)
			}
			if n, err := dp.Predict(&s, u, accounting.Units{}); err != nil || n.Sigma != gdp.Gaussian.Scale || n.StdDev != gdp.Gaussian.StdDev {
				t.Error("the Gaussian is not that of a release:", err)
			}
			zcdp, err := plan.Choose(t.Context(), plan.Question{Spec: s, Bound: ledger.ZCDP, Loss: ledger.Loss{Rho: u}})
			if err != nil {
				t.Fatal(err)
			}
			// Both cost cells/(2 scale^2).
			if want := math.Sqrt(float64(cells) / 2 / loss); !near(zcdp.Gaussian.Scale, want, 1e-9) || !near(zcdp.Laplace.Scale, want, 1e-9) || zcdp.Laplace.Scale < want {
				t.Errorf("%d cells, rho %v: %+v", cells, loss, zcdp)
			}
			for _, c := range []plan.Choice{gdp, zcdp} {
				if (c.Mechanism == plan.DiscreteLaplace) != (c.Laplace.StdDev < c.Gaussian.StdDev) {
					t.Errorf("%+v is not the smaller error", c)
				}
			}
			if loss <= 1 && gdp.Mechanism != plan.RoundedGaussian {
				t.Error("a Gaussian DP account prefers Laplace noise")
			}
		}
	}
	one, err := plan.Choose(t.Context(), plan.Question{Spec: sizesOf(t, 1), Bound: ledger.ZCDP, Loss: ledger.Loss{Rho: unitsFrom(t, 8)}})
	if err != nil || one.Mechanism != plan.DiscreteLaplace {
		t.Errorf("noise below one: %+v, %v", one, err)
	}
}

// TestChooseWithNorm: Laplace noise is no larger than what a release would draw, whose
// L1 sensitivity a norm lowers.
func TestChooseWithNorm(t *testing.T) {
	s := spec(t, dp.SegmentSizes{Name: "sizes", Purpose: "p", MaxSegments: 2, MaxNorm: 1, Noise: dp.Laplace, Share: 1})
	for _, loss := range []float64{0.1, 4} {
		u := unitsFrom(t, loss)
		got, err := plan.Choose(t.Context(), plan.Question{Spec: s, Loss: ledger.Loss{Mu2: u}})
		if err != nil {
			t.Fatal(err)
		}
		n, err := dp.Predict(&s, u, accounting.Units{})
		if err != nil || n.Mechanism != "discrete-laplace" || got.Laplace.Scale > n.Sigma*(1+1e-9) {
			t.Errorf("mu^2 %v: %+v, a release has %v, %v", loss, got.Laplace, n.Sigma, err)
		}
	}
}

// TestChooseThresholds gives a discovered table its threshold with either noise.
func TestChooseThresholds(t *testing.T) {
	s, loss := items(t, "found", dp.Discovered{}, 1), ledger.Loss{Mu2: unitsFrom(t, 0.1), Delta: unitsFrom(t, 1e-8)}
	got, err := plan.Choose(t.Context(), plan.Question{Spec: s, Loss: loss})
	if err != nil {
		t.Fatal(err)
	}
	n, err := dp.Predict(&s, loss.Mu2, loss.Delta)
	if err != nil || got.Gaussian.Threshold != n.Threshold {
		t.Error("the Gaussian's threshold is not that of a release:", err)
	}
	d, err := accounting.LaplaceThresholdDelta(new(big.Rat).SetFloat64(got.Laplace.Scale), s.L0(), got.Laplace.Threshold)
	if err != nil || d.Cmp(loss.Delta) > 0 || got.Laplace.Threshold < 2 {
		t.Error("the threshold of Laplace noise costs more than delta:", err)
	}
	// Where more people are asked for, both rise by as many.
	many, err := plan.Choose(t.Context(), plan.Question{Spec: items(t, "found", dp.Discovered{MinPeople: 42}, 1), Loss: loss})
	if err != nil || many.Gaussian.Threshold != got.Gaussian.Threshold+40 || many.Laplace.Threshold != got.Laplace.Threshold+40 {
		t.Errorf("with 42 people %+v, with 2 %+v, %v", many, got, err)
	}
}

// TestChooseWhateverTheNoise: the law that a measure names does not stand for the other.
func TestChooseWhateverTheNoise(t *testing.T) {
	loss := ledger.Loss{Mu2: unitsFrom(t, 0.1)}
	var choices []plan.Choice
	for _, law := range []dp.Law{dp.Automatic, dp.Gaussian, dp.Laplace} {
		s := spec(t, dp.SegmentSizes{Name: "sizes", Purpose: "p", MaxSegments: 2, Noise: law, Share: 1})
		c, err := plan.Choose(t.Context(), plan.Question{Spec: s, Loss: loss})
		if err != nil {
			t.Fatal(err)
		}
		choices = append(choices, c)
	}
	if choices[0] != choices[1] || choices[0] != choices[2] || choices[0].Gaussian.StdDev >= choices[0].Laplace.StdDev {
		t.Errorf("%+v", choices)
	}
}

// TestChooseWhateverIsDeclared: the two options are those of the two laws, whichever of
// them the measure declares or a release would take by itself.
func TestChooseWhateverIsDeclared(t *testing.T) {
	for _, loss := range []float64{0.1, 40} {
		var want plan.Choice
		for _, law := range []dp.Law{dp.Gaussian, dp.Laplace, dp.Automatic} {
			s := sizesOf(t, 1)
			s.Noise = law
			got, err := plan.Choose(t.Context(), plan.Question{Spec: s, Loss: ledger.Loss{Mu2: unitsFrom(t, loss)}})
			if err != nil {
				t.Fatal(err)
			}
			if want.Mechanism == plan.ByError {
				want = got
			}
			if got != want {
				t.Errorf("mu^2 %v, law %d: %+v, not %+v", loss, law, got, want)
			}
		}
	}
}

func TestChooseRefuses(t *testing.T) {
	s, loss := sizesOf(t, 1), ledger.Loss{Mu2: unitsFrom(t, 0.1)}
	inPlan := plan.Question{Spec: s, Bound: ledger.PLD, Times: 1, Budget: budget}
	for name, c := range map[string]struct {
		q    func() plan.Question
		want error
	}{
		"bound": {func() plan.Question { return plan.Question{Spec: s, Bound: 7, Loss: loss} }, plan.ErrQuestion},
		"force": {func() plan.Question { return plan.Question{Spec: s, Loss: loss, Force: 7} }, plan.ErrQuestion},
		"keys": {func() plan.Question {
			return plan.Question{Spec: spec(t, dp.Keys{Name: "k", Purpose: "p", MaxItems: 1, LookbackDays: 7, Share: 1}), Loss: ledger.Loss{Mu2: loss.Mu2, Delta: unitsFrom(t, 1e-9)}}
		}, plan.ErrQuestion},
		"means": {func() plan.Question {
			return plan.Question{Spec: spec(t, dp.Means{Name: "m", Purpose: "p", By: dp.Everybody{}, Amount: dp.Amount{Unit: "EUR", High: 9}, LookbackDays: 7, Share: 1}), Loss: loss}
		}, plan.ErrQuestion},
		"no loss": {func() plan.Question { return plan.Question{Spec: s} }, dp.ErrLoss},
		"no rho":  {func() plan.Question { return plan.Question{Spec: s, Bound: ledger.ZCDP, Loss: loss} }, dp.ErrLoss},
		"no values": {func() plan.Question {
			return plan.Question{Spec: spec(t, dp.Keys{Name: "list", Purpose: "p", MaxItems: 2, LookbackDays: 7, Share: 1}), Loss: ledger.Loss{Mu2: loss.Mu2, Delta: unitsFrom(t, 1e-9)}}
		}, plan.ErrQuestion},
		"another library": {func() plan.Question {
			return plan.Question{Spec: spec(t, dp.Variance{Name: "spread", Purpose: "p", By: dp.Everybody{}, Of: dp.QuantityEvents, MaxEvents: 9, LookbackDays: 7, Share: 1}), Loss: loss}
		}, plan.ErrQuestion},
		"no spec": {func() plan.Question { return plan.Question{Loss: loss} }, dp.ErrSpec},
		"delta": {func() plan.Question {
			return plan.Question{Spec: s, Loss: ledger.Loss{Mu2: loss.Mu2, Delta: unitsFrom(t, 1e-9)}}
		}, dp.ErrLoss},
		"never":     {func() plan.Question { q := inPlan; q.Times = 0; return q }, plan.ErrQuestion},
		"no budget": {func() plan.Question { q := inPlan; q.Budget = dp.Budget{}; return q }, dp.ErrEpsilon},
		"beside":    {func() plan.Question { q := inPlan; q.Beside = make([]accounting.Mechanism, 1); return q }, accounting.ErrCount},
		"all delta": {func() plan.Question { q := inPlan; q.Loss.Delta = unitsFrom(t, 1e-6); return q }, plan.ErrReserve},
		"out of range": {func() plan.Question {
			return plan.Question{Spec: s, Loss: ledger.Loss{Mu2: unitsFrom(t, 1e-14)}, Force: plan.DiscreteLaplace}
		}, plan.ErrNoLaplace},
	} {
		if got, err := plan.Choose(t.Context(), c.q()); !errors.Is(err, c.want) || got != (plan.Choice{}) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := plan.Choose(done, inPlan); !errors.Is(err, context.Canceled) {
		t.Error("a done context goes on:", err)
	}
	for m, want := range map[plan.Mechanism]string{plan.ByError: "by-error", plan.RoundedGaussian: "rounded-gaussian", plan.DiscreteLaplace: "discrete-laplace"} {
		if m.String() != want {
			t.Error(m.String())
		}
	}
}
