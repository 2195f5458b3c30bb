package accounting_test

import (
	"context"
	"math"
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/dp/accounting"
)

// loss composes mechanisms that are known to be well-formed.
func loss(t testing.TB, ms ...accounting.Mechanism) *accounting.Loss {
	t.Helper()
	l, err := accounting.Compose(ms)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func epsilonOf(t testing.TB, delta float64, ms ...accounting.Mechanism) accounting.Bounds {
	t.Helper()
	b, err := loss(t, ms...).Epsilon(context.Background(), delta)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func deltaOf(t testing.TB, epsilon float64, ms ...accounting.Mechanism) accounting.Bounds {
	t.Helper()
	b, err := loss(t, ms...).Delta(context.Background(), epsilon)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// noise is count mechanisms of one kind.
func noise(kind accounting.MechanismKind, scale, sensitivity float64, count int) accounting.Mechanism {
	m := accounting.Mechanism{Kind: kind, Scale: new(big.Rat).SetFloat64(scale), Count: count}
	if sensitivity != 0 {
		m.Sensitivity = new(big.Rat).SetFloat64(sensitivity)
	}
	return m
}

func box(epsilon, delta float64, count int) accounting.Mechanism {
	return accounting.Mechanism{Kind: accounting.BlackBox, Epsilon: epsilon, Delta: delta, Count: count}
}

// bounds checks both bounds against a reference value, of which low is proven.
func bounds(t *testing.T, id string, b accounting.Bounds, low, value, rel, abs float64) {
	t.Helper()
	if b.Upper < low*(1-1e-7) {
		t.Errorf("%s: %.17g is below the exact %.17g", id, b.Upper, low)
	}
	if b.Upper > value*(1+rel)+abs {
		t.Errorf("%s: %.17g exceeds %.17g by more than the tolerance", id, b.Upper, value)
	}
	if b.Lower > value*(1+1e-7) {
		t.Errorf("%s: the lower bound %.17g exceeds %.17g", id, b.Lower, value)
	}
	if !(b.Lower <= b.Upper) || (b.Upper-b.Lower) > 1e-3*b.Lower {
		t.Errorf("%s: bounds %.17g and %.17g are far apart", id, b.Lower, b.Upper)
	}
	t.Logf("%s: value %.12g, upper %+.2g, gap %.2g", id, value, b.Upper/value-1, b.Upper/b.Lower-1)
}

func TestVectorsLattices(t *testing.T) {
	for _, e := range vectors(t, "k_discrete_gaussians_eps") {
		m := noise(accounting.DiscreteGaussianNoise, e.Params.Sigma, e.Params.Sensitivity, e.Params.K)
		bounds(t, e.ID, epsilonOf(t, e.Params.Delta, m), e.value(), e.value(), e.TolRel, e.TolAbs)
	}
	for _, e := range vectors(t, "k_discrete_laplaces_eps") {
		m := noise(accounting.DiscreteLaplaceNoise, e.Params.ScaleB, e.Params.Sensitivity, e.Params.K)
		bounds(t, e.ID, epsilonOf(t, e.Params.Delta, m), e.value(), e.value(), e.TolRel, e.TolAbs)
	}
	for _, e := range vectors(t, "k_pure_dp_optimal_composition") {
		m := box(e.Params.EpsilonEach, e.Params.DeltaEach, e.Params.K)
		bounds(t, e.ID, epsilonOf(t, e.Params.Delta, m), e.value(), e.value(), e.TolRel, e.TolAbs)
	}
}

func TestVectorsLaplaceComposition(t *testing.T) {
	for _, e := range vectors(t, "k_laplaces_eps") {
		m := noise(accounting.LaplaceNoise, e.Params.ScaleB, e.Params.Sensitivity, e.Params.K)
		bounds(t, e.ID, epsilonOf(t, e.Params.Delta, m), e.LowerBound, e.value(), 2e-3, 1e-4)
	}
	for _, e := range vectors(t, "pld_gaussian_eps") {
		m := noise(accounting.GaussianNoise, e.Params.Sigma, 0, e.Params.K)
		bounds(t, e.ID, epsilonOf(t, e.Params.Delta, m), e.value(), e.value(), 1e-11, 0)
	}
}

// mixture reads the mechanisms of an entry.
func mixture(t *testing.T, e entry) []accounting.Mechanism {
	t.Helper()
	var ms []accounting.Mechanism
	for _, m := range e.Params.Mechanisms {
		kinds := map[string]accounting.MechanismKind{
			"gauss": accounting.GaussianNoise, "lap": accounting.LaplaceNoise,
			"dgauss": accounting.DiscreteGaussianNoise, "dlap": accounting.DiscreteLaplaceNoise,
		}
		switch m.Kind {
		case "delta":
			ms = append(ms, box(0, m.Args[0], m.Count))
		case "epsdelta":
			ms = append(ms, box(m.Args[0], m.Args[1], m.Count))
		default:
			kind, ok := kinds[m.Kind]
			if !ok {
				t.Fatalf("%s: unknown kind", e.ID)
			}
			ms = append(ms, noise(kind, m.Args[0], m.Args[1], m.Count))
		}
	}
	return ms
}

func TestVectorsMixtures(t *testing.T) {
	for _, e := range vectors(t, "mixture_eps") {
		bounds(t, e.ID, epsilonOf(t, e.Params.Delta, mixture(t, e)...), e.LowerBound, e.value(), e.TolRel, e.TolAbs)
	}
	for _, e := range vectors(t, "mixture_delta") {
		b := deltaOf(t, e.Params.Epsilon, mixture(t, e)...)
		if b.Upper < e.LowerBound*(1-1e-7) || b.Upper > e.value()*(1+e.TolRel) || b.Lower > e.value()*(1+1e-7) || b.Upper/b.Lower > 1.01 {
			t.Errorf("%s: %.17g, %.17g; want %.17g", e.ID, b.Lower, b.Upper, e.value())
		}
	}
}

// thousand is 1,000 mechanisms of n distinct kinds and scales.
func thousand(n int) []accounting.Mechanism {
	kinds := []accounting.MechanismKind{accounting.GaussianNoise, accounting.LaplaceNoise, accounting.DiscreteLaplaceNoise, accounting.DiscreteGaussianNoise}
	var ms []accounting.Mechanism
	for i := range n {
		ms = append(ms, noise(kinds[i%4], 40+math.Floor(float64(i)*100/float64(n)*8)/8, 1, 1000/n))
	}
	return ms
}

func BenchmarkCompose1000(b *testing.B) {
	for b.Loop() {
		x := epsilonOf(b, 1e-6, thousand(20)...)
		b.ReportMetric(x.Upper/x.Lower-1, "excess")
	}
}

func BenchmarkCompose1000Distinct(b *testing.B) {
	for b.Loop() {
		x := epsilonOf(b, 1e-6, thousand(1000)...)
		b.ReportMetric(x.Upper/x.Lower-1, "excess")
	}
}

// Noise shared by all days and fresh noise of each day, on a grid of one half: a
// person changes each of L*T fresh numbers and of L shared ones by 1.
func TestVectorsCorrelated(t *testing.T) {
	for _, e := range vectors(t, "correlated_discrete_gaussian_eps") {
		cells := int(e.Params.L)
		fresh := noise(accounting.DiscreteGaussianNoise, e.Params.SigmaFresh, 1, cells*e.Params.T)
		shared := noise(accounting.DiscreteGaussianNoise, e.Params.SigmaShared, 1, cells)
		bounds(t, e.ID, epsilonOf(t, e.Params.Delta, fresh, shared), e.value(), e.value(), e.TolRel, e.TolAbs)
	}
}

func TestVectorsInverse(t *testing.T) {
	for _, e := range vectors(t, "kov_inverse") {
		target := accounting.Target{Epsilon: e.Params.TotalEpsilon, Delta: e.Params.TotalDelta}
		got, err := accounting.PureFor(context.Background(), target, e.Params.K)
		if v := e.value(); err != nil || got > v*(1+1e-10) || got < v*(1-2e-9) {
			t.Errorf("%s: %.15g, want %.15g (%v)", e.ID, got, v, err)
		}
	}
}

// What PureFor gives holds the target, and a little more does not.
func TestPureFor(t *testing.T) {
	for _, c := range []struct {
		target accounting.Target
		count  int
	}{{accounting.Target{Epsilon: 1, Delta: 1e-6}, 1}, {accounting.Target{Epsilon: 0.3, Delta: 1e-12}, 7}, {accounting.Target{Epsilon: 6, Delta: 1e-4}, 900}} {
		each, err := accounting.PureFor(context.Background(), c.target, c.count)
		if err != nil {
			t.Fatal(err)
		}
		if b := epsilonOf(t, c.target.Delta, box(each, 0, c.count)); b.Upper > c.target.Epsilon {
			t.Errorf("%d of %g: %v", c.count, each, b)
		}
		if b := epsilonOf(t, c.target.Delta, box(each*(1+1e-8), 0, c.count)); b.Upper <= c.target.Epsilon && c.count > 1 {
			t.Errorf("%d of %g: more would do", c.count, each)
		}
	}
	if _, err := accounting.PureFor(context.Background(), accounting.Target{Epsilon: 1, Delta: 1e-6}, 0); err != accounting.ErrCount {
		t.Error(err)
	}
	if _, err := accounting.PureFor(context.Background(), accounting.Target{Epsilon: 1e-6, Delta: 1e-15}, 2); err != accounting.ErrRange {
		t.Error(err)
	}
	if _, err := accounting.PureFor(context.Background(), accounting.Target{Epsilon: 1}, 2); err != accounting.ErrDelta {
		t.Error(err)
	}
}
