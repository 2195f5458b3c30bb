package noise_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// The laws that the fits above hold draws to are those of the reference file,
// which lies outside the project: in $DISCREET_SHARED, or in a directory named
// shared beside the module or above it.
func TestVectorsDiscreteDistributions(t *testing.T) {
	const name = "vectors/dp-reference-sample.json"
	data, err := os.ReadFile(filepath.Join(os.Getenv("DISCREET_SHARED"), name))
	for dir := ".."; err != nil && len(dir) < 40; dir += "/.." {
		data, err = os.ReadFile(filepath.Join(dir, "shared", name))
	}
	if err != nil {
		t.Skip("the reference values are not here; set DISCREET_SHARED to their directory")
	}
	var file struct {
		Entries []struct {
			ID, Family string
			Value      any
			PMF        []float64 `json:"pmf_0_to_7"`
			Params     struct {
				Sigma2 float64 `json:"sigma2"`
				Scale  float64 `json:"scale_b"`
			}
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, e := range file.Entries {
		var l law
		var draws []int64
		switch e.Family {
		case "discrete_gaussian_distribution":
			sigma := math.Sqrt(e.Params.Sigma2)
			l, draws = discreteLaw(sigma), drawDiscrete(t, sigma, 1<<16)
		case "discrete_laplace_distribution":
			l, draws = geometric(e.Params.Scale), drawLaplace(t, e.Params.Scale, 1<<16)
		default:
			continue
		}
		found++
		for k, p := range e.PMF {
			if got := l.below(int64(-k)) - l.below(int64(-k-1)); k > 0 && math.Abs(got-p) > 1e-9*p && p > 1e-12 {
				t.Errorf("%s: P(%d) = %g, want %g", e.ID, k, got, p)
			}
		}
		// The variance of draws, within 5.2 standard errors.
		v := e.Value.(float64)
		var sum, fourth float64
		for _, x := range draws {
			y := float64(x) * float64(x)
			sum, fourth = sum+y, fourth+y*y
		}
		n := float64(len(draws))
		if z := (sum/n - v) / math.Sqrt((fourth/n-v*v)/n); math.Abs(z) > zLimit {
			t.Errorf("%s: variance %g, want %g", e.ID, sum/n, v)
		}
	}
	if found == 0 {
		t.Error("no entries")
	}
}
