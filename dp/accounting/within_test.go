package accounting_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/dp/accounting"
)

// TestPureWithin inverts ChargeOf: what it returns fits, and a little more does
// not.
func TestPureWithin(t *testing.T) {
	cost := func(epsilon float64) accounting.Units {
		c, err := accounting.ChargeOf(accounting.Mechanism{Kind: accounting.BlackBox, Epsilon: epsilon, Count: 1})
		if err != nil {
			t.Fatal(err)
		}
		return c.Mu2
	}
	for _, want := range []float64{1e-6, 1.00001e-6, 1e-5, 1e-3, 0.1, 1, 2.5, 7, 20, 40, 63.9999} {
		mu2 := cost(want)
		got := accounting.PureWithin(mu2)
		if got > want*(1+1e-9) || got < want*(1-1e-9) {
			t.Errorf("for the price of %g: %g", want, got)
		}
		if c := cost(got); c.Cmp(mu2) > 0 {
			t.Errorf("%g does not fit", got)
		}
		if up := math.Min(64, got*(1+2e-9)); up > want*(1+1e-9) {
			if c := cost(up); c.Cmp(mu2) <= 0 {
				t.Errorf("%g fits too", up)
			}
		}
	}
	if got := accounting.PureWithin(accounting.Units{}); got != 0 {
		t.Errorf("for nothing: %g", got)
	}
	few, _ := accounting.UnitsDown(big.NewRat(1, 1<<60))
	if got := accounting.PureWithin(few); got != 0 {
		t.Errorf("for less than the smallest: %g", got)
	}
	lots, _ := accounting.UnitsDown(big.NewRat(1_000_000, 1))
	if got := accounting.PureWithin(lots); got != 64 {
		t.Errorf("for a lot: %g", got)
	}
}
