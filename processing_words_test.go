package discreet

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// What is stated of a loss is never below it, and not far above.
func TestAboveRoundsUp(t *testing.T) {
	for x, want := range map[float64]float64{1: 1, 2.5: 2.5, math.E: 2.72, 7.389: 7.39, 1.001: 1.01, 999.1: 1000, 1.23e-6: 1.23e-6, 1.231e-6: 1.24e-6} {
		if got := above(x); got != want {
			t.Errorf("above(%g) = %g, want %g", x, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		x := math.Exp(rapid.Float64Range(-60, 60).Draw(t, "ln x"))
		if got := above(x); got < x || got > x*1.011 {
			t.Fatalf("above(%g) = %g", x, got)
		}
	})
}
