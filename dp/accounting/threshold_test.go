package accounting_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/discreet-go/discreet/dp/accounting"
	"pgregory.net/rapid"
)

func units(t require, f float64) accounting.Units {
	t.Helper()
	u, err := accounting.UnitsDown(new(big.Rat).SetFloat64(f))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// The threshold returned suffices, by the bound that ThresholdDelta proves, and
// the one below it does not.
func TestThresholdIsSafeAndSmallest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sigma := new(big.Rat).SetFloat64(math.Exp(rapid.Float64Range(math.Log(0.05), math.Log(0x1p40)).Draw(t, "ln sigma")))
		l0 := rapid.IntRange(1, 1<<20).Draw(t, "l0")
		delta := units(t, math.Exp(rapid.Float64Range(math.Log(1.3e-29), math.Log(0.49)).Draw(t, "ln delta")))
		T, err := accounting.Threshold(sigma, l0, delta)
		if err != nil {
			t.Fatal(err)
		}
		if T < 2 {
			t.Fatal("a threshold that a single person passes more often than not")
		}
		at, err := accounting.ThresholdDelta(sigma, l0, T)
		if err != nil {
			t.Fatal(err)
		}
		below, err := accounting.ThresholdDelta(sigma, l0, T-1)
		if err != nil {
			t.Fatal(err)
		}
		if at.Cmp(delta) > 0 || below.Cmp(delta) <= 0 {
			t.Fatalf("T %d costs %g, T-1 costs %g, delta is %g", T, at.Float64(), below.Float64(), delta.Float64())
		}
	})
}

// Two hand-made cases with z = 3: Q(3) = 0.00134990 in every table.
func TestThresholdByHand(t *testing.T) {
	ten := big.NewRat(10, 1)
	// (T - 1.5)/10 >= 3 from T = 31.5 on, so 32; at 31 z is 2.95.
	if T, err := accounting.Threshold(ten, 1, units(t, 0.001350)); T != 32 || err != nil {
		t.Errorf("T %d, %v; want 32", T, err)
	}
	if T, err := accounting.Threshold(ten, 2, units(t, 0.002700)); T != 32 || err != nil {
		t.Errorf("T %d, %v; want 32", T, err)
	}
	// z = 2.95: Q = 0.00158887
	if d, err := accounting.ThresholdDelta(ten, 3, 31); err != nil || math.Abs(d.Float64()-3*0.00158887) > 1e-7 {
		t.Errorf("delta %g, %v", d.Float64(), err)
	}
}

func TestThresholdErrors(t *testing.T) {
	s := big.NewRat(5, 1)
	for _, c := range []struct {
		l0    int
		delta accounting.Units
		want  error
	}{
		{0, units(t, 1e-6), accounting.ErrSensitivity},
		{-1, units(t, 1e-6), accounting.ErrSensitivity},
		{1 << 31, units(t, 1e-6), accounting.ErrSensitivity},
		{1, accounting.Units{}, accounting.ErrDelta},
		{1, units(t, 0.5), accounting.ErrDelta},
		{1, units(t, 2), accounting.ErrDelta},
	} {
		if _, err := accounting.Threshold(s, c.l0, c.delta); err != c.want {
			t.Errorf("l0 %d: %v, want %v", c.l0, err, c.want)
		}
	}
	if _, err := accounting.ThresholdDelta(s, 0, 5); err != accounting.ErrSensitivity {
		t.Error(err)
	}
	for _, T := range []int64{math.MinInt64, -5, 0} {
		d, err := accounting.ThresholdDelta(s, 1<<20, T)
		if err != nil || d.Float64() != 1 {
			t.Errorf("ThresholdDelta at %d: %g, %v", T, d.Float64(), err)
		}
	}
	if d, err := accounting.ThresholdDelta(s, 1, math.MaxInt64); err != nil || d.Float64() > 0x1p-95 {
		t.Errorf("ThresholdDelta far out: %g, %v", d.Float64(), err)
	}
}

// P(|round(Z)| <= m) = 1 - 2 Q((m + 1/2)/sigma), from math.Erfc.
func TestMarginCovers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := math.Exp(rapid.Float64Range(math.Log(0.05), math.Log(1e9)).Draw(t, "ln sigma"))
		level := 1 - math.Exp(rapid.Float64Range(math.Log(1e-9), math.Log(0.5)).Draw(t, "ln miss"))
		m, err := accounting.Margin(new(big.Rat).SetFloat64(s), level)
		if err != nil {
			t.Fatal(err)
		}
		miss := func(m int64) float64 { return math.Erfc((float64(m) + 0.5) / s / math.Sqrt2) }
		if miss(m) > (1-level)*(1+1e-6) {
			t.Fatalf("sigma %g, level %g: margin %d misses %g", s, level, m, miss(m))
		}
		if m > 0 && miss(m-1) < (1-level)*(1-1e-6) {
			t.Fatalf("sigma %g, level %g: margin %d is not the smallest", s, level, m)
		}
	})
	for _, level := range []float64{0, 0.4, 1, 2, math.NaN()} {
		if _, err := accounting.Margin(big.NewRat(1, 1), level); err != accounting.ErrLevel {
			t.Errorf("level %g: %v", level, err)
		}
	}
}

// The variance of round(Z), summed from its probabilities.
func TestStdDevAgainstTheSum(t *testing.T) {
	for _, s := range []float64{0.25, 0.3, 0.5, 1, 2, 7, 50} {
		var v float64
		for j := 1; float64(j) < 12*s+2; j++ {
			p := math.Erfc((float64(j)-0.5)/s/math.Sqrt2) - math.Erfc((float64(j)+0.5)/s/math.Sqrt2)
			v += p * float64(j) * float64(j)
		}
		got, err := accounting.StdDev(new(big.Rat).SetFloat64(s))
		want := math.Sqrt(v)
		if err != nil || got < want*(1-1e-13) || got > want*(1+1e-12) {
			t.Errorf("sigma %g: %v, want %v (%v)", s, got, want, err)
		}
	}
}

// Rounded noise, drawn: of a million people who are alone with a key, about
// ThresholdDelta get it released, within 5.2 standard deviations (a false alarm
// in 5 million runs); the tail that forgets the rounding is further away than that.
func TestThresholdHoldsForRoundedNoise(t *testing.T) {
	const n = 1_000_000
	r := rand.New(rand.NewPCG(11, 12))
	for _, sigma := range []float64{1, 2.5, 7} {
		exact := new(big.Rat).SetFloat64(sigma)
		T, err := accounting.Threshold(exact, 1, units(t, 0.02))
		if err != nil {
			t.Fatal(err)
		}
		at, err := accounting.ThresholdDelta(exact, 1, T)
		if err != nil {
			t.Fatal(err)
		}
		released := 0
		for range n {
			if 1+int64(math.Round(sigma*r.NormFloat64())) >= T {
				released++
			}
		}
		p := at.Float64()
		if math.Abs(float64(released)-n*p) > 5.2*math.Sqrt(n*p*(1-p)) {
			t.Errorf("sigma %g: %d of %d released, expected %g", sigma, released, n, n*p)
		}
		// Q((T-1)/sigma), which forgets the rounding, is another number.
		if q := math.Erfc(float64(T-1)/sigma/math.Sqrt2) / 2; math.Abs(float64(released)-n*q) < 5.2*math.Sqrt(n*q*(1-q)) {
			t.Errorf("sigma %g: the count cannot tell 3/2 from 1", sigma)
		}
	}
}
