package audit_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/dp/audit"
	"github.com/discreet-go/discreet/dp/noise"
)

// words counts people by letter, each in at most two letters.
func words(dedupe, global bool) func(people [][]string) (map[string]int64, error) {
	return func(people [][]string) (map[string]int64, error) {
		out := map[string]int64{}
		kept := 0
		for _, p := range people {
			mine := map[string]bool{}
			for _, r := range p {
				if mine[r] && dedupe {
					continue
				}
				if len(mine) < 2 && (!global || kept < 3) {
					mine[r] = true
					out[r]++
					kept++
				}
			}
		}
		return out, nil
	}
}

func TestSensitivity(t *testing.T) {
	claim := audit.Norms{L0: 2, L1: big.NewInt(2), L2Squared: big.NewInt(2), LInf: big.NewInt(1)}
	tiny := audit.Tiny[string]{Records: []string{"a", "b", "c"}, MaxRecords: 3, MaxOthers: 2, Vector: words(true, false)}
	n, err := audit.Sensitivity(tiny)
	if err != nil || n.Within(claim) != nil || n.L0 != 2 || n.L2Squared.Int64() != 2 || n.L1.Int64() != 2 || n.LInf.Int64() != 1 {
		t.Errorf("correct bounding: %+v, %v", n, err)
	}
	tiny.Vector = words(false, false) // counts a repeated letter again
	if n, err = audit.Sensitivity(tiny); err != nil || !errors.Is(n.Within(claim), audit.ErrSensitivity) {
		t.Errorf("repeats that count: %+v, %v", n, err)
	}
	tiny.Vector = words(true, true) // a new first person pushes others out
	if n, err = audit.Sensitivity(tiny); err != nil || !errors.Is(n.Within(claim), audit.ErrSensitivity) {
		t.Errorf("a cap shared by people: %+v, %v", n, err)
	}
	tiny.MaxOthers = 6
	if _, err = audit.Sensitivity(tiny); !errors.Is(err, audit.ErrTiny) {
		t.Errorf("a huge domain: %v", err)
	}
	if _, err = audit.Sensitivity(audit.Tiny[int]{}); !errors.Is(err, audit.ErrTiny) {
		t.Errorf("no domain: %v", err)
	}
}

func TestThreshold(t *testing.T) {
	for _, at := range []int64{5, 0, -3, math.MaxInt64, math.MinInt64} {
		if err := audit.Threshold(at, func(x int64) bool { return x >= at }); err != nil {
			t.Errorf("at %d: %v", at, err)
		}
		if err := audit.Threshold(at, func(x int64) bool { return x > at }); !errors.Is(err, audit.ErrThreshold) {
			t.Errorf("beyond %d: %v", at, err)
		}
	}
	for name, keeps := range map[string]func(int64) bool{
		"one less": func(x int64) bool { return x >= 4 },
		"all":      func(int64) bool { return true },
		"magnitude": func(x int64) bool {
			return x >= 5 || x == math.MinInt64
		},
	} {
		if err := audit.Threshold(5, keeps); !errors.Is(err, audit.ErrThreshold) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFit accepts the noise that is claimed, rejecting it wrongly with a
// probability of about 1e-9 each, and rejects a scale that is 5 % off and
// values that the claim rules out.
func TestFit(t *testing.T) {
	scale, err := noise.NewScale(big.NewRat(3, 1))
	if err != nil {
		t.Fatal(err)
	}
	l, err := noise.NewLaplace(scale)
	if err != nil {
		t.Fatal(err)
	}
	g, err := noise.NewGaussian(scale)
	if err != nil {
		t.Fatal(err)
	}
	laplace := func(b float64) func(int64) float64 {
		return func(x int64) float64 {
			q := math.Exp(-1 / b)
			return (1 - q) / (1 + q) * math.Pow(q, math.Abs(float64(x)))
		}
	}
	gauss := func(s float64) func(int64) float64 {
		return func(x int64) float64 {
			a := math.Abs(float64(x))
			return (math.Erfc((a-.5)/s/math.Sqrt2) - math.Erfc((a+.5)/s/math.Sqrt2)) / 2
		}
	}
	draws := make([]int64, 200_000)
	for name, c := range map[string]struct {
		fill func([]int64) error
		pmf  func(float64) func(int64) float64
	}{"laplace": {l.Fill, laplace}, "gaussian": {g.Fill, gauss}} {
		if err := c.fill(draws); err != nil {
			t.Fatal(err)
		}
		if p, err := audit.Fit(draws, c.pmf(3)); err != nil || p < 1e-9 {
			t.Errorf("%s: %g, %v", name, p, err)
		}
		for _, wrong := range []float64{2.85, 3.15, 6} {
			if p, err := audit.Fit(draws, c.pmf(wrong)); err != nil || p > 1e-9 {
				t.Errorf("%s against scale %g: %g, %v", name, wrong, p, err)
			}
		}
		even := func(x int64) float64 {
			if x%2 != 0 {
				return 0
			}
			return c.pmf(3)(x) + c.pmf(3)(x+1)/2 + c.pmf(3)(x-1)/2
		}
		if p, err := audit.Fit(draws, even); err != nil || p != 0 {
			t.Errorf("%s against even numbers: %g, %v", name, p, err)
		}
	}
	if _, err := audit.Fit(draws[:10], laplace(3)); !errors.Is(err, audit.ErrFit) {
		t.Errorf("few draws: %v", err)
	}
	if _, err := audit.Fit(draws, func(int64) float64 { return 0 }); !errors.Is(err, audit.ErrFit) {
		t.Errorf("no distribution: %v", err)
	}
}
