package accounting_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/dp/accounting"
)

// TestLaplaceMarginIsTheLeast compares with the sum of the law: within the margin with at
// least the level, one less with less.
func TestLaplaceMarginIsTheLeast(t *testing.T) {
	for _, b := range []float64{0.07, 0.4, 1, 2.5, 7.3, 40, 1234.5, 1e6} {
		for _, level := range []float64{0.5, 0.9, 0.95, 0.999, 1 - 0x1p-40} {
			m, err := accounting.LaplaceMargin(new(big.Rat).SetFloat64(b), level)
			if err != nil {
				t.Fatal(err)
			}
			outside := func(m int64) float64 { // P(|X| > m), from its small side
				q := math.Exp(-1 / b)
				return 2 * math.Exp(-float64(m+1)/b) / (1 + q)
			}
			if m < 0 || outside(m) > (1-level)*(1+1e-9) || m > 0 && outside(m-1) < (1-level)*(1-1e-9) {
				t.Errorf("b %v, level %v: %d leaves %v outside", b, level, m, outside(m))
			}
		}
	}
}

// TestLaplaceStdDevAgainstTheSum of squares over the law.
func TestLaplaceStdDevAgainstTheSum(t *testing.T) {
	for _, b := range []float64{0.0626, 0.2, 0.5, 1, 2.5, 7.3, 40, 300} {
		q := math.Exp(-1 / b)
		sum := 0.0
		for k := 1.0; k < 60*b+60; k++ {
			sum += 2 * k * k * math.Exp(-k/b)
		}
		want := math.Sqrt(sum * (1 - q) / (1 + q))
		got, err := accounting.LaplaceStdDev(new(big.Rat).SetFloat64(b))
		if err != nil || math.Abs(got/want-1) > 1e-9 || got < want*(1-1e-12) {
			t.Errorf("b %v: %v, want %v, %v", b, got, want, err)
		}
	}
}

func TestLaplaceErrors(t *testing.T) {
	one := big.NewRat(1, 1)
	for _, level := range []float64{0, 0.49, 1, math.NaN(), -1} {
		if _, err := accounting.LaplaceMargin(one, level); !errors.Is(err, accounting.ErrLevel) {
			t.Errorf("level %v: %v", level, err)
		}
	}
	for _, b := range []*big.Rat{nil, new(big.Rat), big.NewRat(-1, 1)} {
		if _, err := accounting.LaplaceMargin(b, 0.95); !errors.Is(err, accounting.ErrSigma) {
			t.Error(err)
		}
		if _, err := accounting.LaplaceStdDev(b); !errors.Is(err, accounting.ErrSigma) {
			t.Error(err)
		}
	}
}
