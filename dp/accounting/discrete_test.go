package accounting_test

import (
	"math"
	"testing"

	"github.com/discreet-go/discreet/dp/accounting"
)

// Discrete Gaussian noise of sigma 2, moved by 1, is not 1/2-GDP: its delta
// exceeds that of 1/2-GDP by a quarter and more at some epsilon, far beyond what
// floats lose. Rounded Gaussian noise of sigma 2 is, at every epsilon.
func TestDiscreteGaussianIsNotGDPAtItsScale(t *testing.T) {
	const sigma, reach = 2.0, 60
	discrete := func(n int) float64 { return math.Exp(-float64(n*n) / (2 * sigma * sigma)) }
	all := 0.0
	for n := -reach; n <= reach; n++ {
		all += discrete(n)
	}
	upper := func(x float64) float64 { return math.Erfc(x/sigma/math.Sqrt2) / 2 }
	rounded := func(n int) float64 {
		n = max(n, -n) // from the side where nothing cancels
		return upper(float64(n)-0.5) - upper(float64(n)+0.5)
	}
	delta := func(p func(int) float64, epsilon float64) float64 {
		d := 0.0
		for n := -reach; n <= reach; n++ {
			d += math.Max(0, p(n)-math.Exp(epsilon)*p(n-1))
		}
		return d
	}
	worst := 0.0
	for epsilon := 0.0; epsilon < 3; epsilon += 0.01 {
		bound, err := accounting.DeltaForMu(epsilon, 1/sigma)
		if err != nil {
			t.Fatal(err)
		}
		worst = max(worst, delta(discrete, epsilon)/all/bound)
		if r := delta(rounded, epsilon); r > bound*(1+1e-9) {
			t.Errorf("epsilon %g: rounded noise has delta %g, above %g", epsilon, r, bound)
		}
	}
	if worst < 1.25 {
		t.Errorf("the discrete law stays at %g of the bound", worst)
	}
}
