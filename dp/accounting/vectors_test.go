package accounting_test

import (
	"encoding/json"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	"github.com/discreet-go/discreet/dp/accounting"
)

// entry is a reference value. Upper bounds may not fall below Value by more
// than 1e-7 of it, which allows for the rounding of Value itself.
type entry struct {
	ID       string  `json:"id"`
	Family   string  `json:"family"`
	Value    any     `json:"value"`
	TolRel   float64 `json:"tol_rel"`
	TolAbs   float64 `json:"tol_abs"`
	Sigma    float64 `json:"sigma"`
	SigmaPer float64 `json:"sigma_per_cell"`

	LowerBound float64 `json:"lower_bound"`
	Params     struct {
		Epsilon        float64      `json:"epsilon"`
		Delta          float64      `json:"delta"`
		DeltaThreshold float64      `json:"delta_threshold"`
		L2             float64      `json:"l2_sensitivity"`
		Mu             float64      `json:"mu"`
		Sigma          float64      `json:"sigma"`
		Sensitivity    float64      `json:"sensitivity"`
		K              int          `json:"k"`
		L0             int          `json:"l0"`
		L              uint64       `json:"L"`
		Releases       int64        `json:"releases"`
		Rho            float64      `json:"rho"`
		BoundedRange   float64      `json:"bounded_range_eps"`
		SigmaAndL2     [][2]float64 `json:"sigma_and_l2"`
		ScaleB         float64      `json:"scale_b"`
		EpsilonEach    float64      `json:"epsilon_each"`
		TotalEpsilon   float64      `json:"total_eps"`
		TotalDelta     float64      `json:"total_delta"`
		L0Max          int          `json:"l0_max"`
		T              int          `json:"T"`
		SigmaFresh     float64      `json:"sigma_fresh_half_units"`
		SigmaShared    float64      `json:"sigma_shared_half_units"`
		DeltaEach      float64      `json:"delta_each"`
		Mechanisms     []struct {
			Kind  string
			Args  []float64
			Count int
		} `json:"mechanisms"`
	} `json:"params"`
}

func (e entry) value() float64 { return e.Value.(float64) }

// vectors returns the entries of a family from the reference file, which lies
// outside the project: in $DISCREET_SHARED, or in a directory named shared
// beside the module or above it.
func vectors(t *testing.T, family string) []entry {
	t.Helper()
	var out []entry
	for _, raw := range rawEntries(t) {
		var head struct{ Family string }
		if json.Unmarshal(raw, &head); head.Family != family {
			continue
		}
		var e entry
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	if len(out) == 0 {
		t.Fatalf("no entries of family %s", family)
	}
	return out
}

// rawEntries returns all entries of the reference file.
func rawEntries(t *testing.T) []json.RawMessage {
	t.Helper()
	const name = "vectors/dp-reference-sample.json"
	data, err := os.ReadFile(filepath.Join(os.Getenv("DISCREET_SHARED"), name))
	for dir := ".."; err != nil && len(dir) < 40; dir += "/.." {
		data, err = os.ReadFile(filepath.Join(dir, "shared", name))
	}
	if err != nil {
		t.Skip("the reference values are not here; set DISCREET_SHARED to their directory")
	}
	var file struct {
		Entries []json.RawMessage `json:"entries"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return file.Entries
}

// upper checks an upper bound against a reference value.
func (e entry) upper(t *testing.T, got float64) {
	t.Helper()
	v := e.value()
	if got < v*(1-1e-7) {
		t.Errorf("%s: %.17g is below the exact %.17g", e.ID, got, v)
	}
	if got > v+e.TolRel*math.Abs(v)+e.TolAbs {
		t.Errorf("%s: %.17g exceeds %.17g by more than the tolerance", e.ID, got, v)
	}
}

func square(x float64) *big.Rat {
	r := new(big.Rat).SetFloat64(x)
	return r.Mul(r, r)
}

func TestVectorsAnalyticGaussianSigma(t *testing.T) {
	for _, e := range vectors(t, "analytic_gaussian_sigma") {
		mu, err := accounting.MuFor(accounting.Target{Epsilon: e.Params.Epsilon, Delta: e.Params.Delta})
		if err != nil {
			t.Errorf("%s: %v", e.ID, err)
			continue
		}
		e.upper(t, e.Params.L2/float64(mu))
		budget, err := accounting.UnitsDown(square(float64(mu)))
		if err != nil {
			t.Fatal(err)
		}
		sigma, err := accounting.SigmaFor(uint64(e.Params.L2*e.Params.L2), budget)
		if err != nil {
			t.Fatal(err)
		}
		s, _ := sigma.Float64()
		e.upper(t, s)
	}
}

func TestVectorsGDPDelta(t *testing.T) {
	for _, e := range vectors(t, "gdp_delta") {
		d, err := accounting.DeltaForMu(e.Params.Epsilon, accounting.Mu(e.Params.Mu))
		if err != nil {
			t.Fatal(err)
		}
		e.upper(t, d)
	}
}

// compose charges each Gaussian in Units and converts the sum.
func compose(t *testing.T, delta float64, mechanisms [][2]float64) float64 {
	t.Helper()
	var sum accounting.Units
	for _, m := range mechanisms {
		r := square(m[1])
		u, err := accounting.UnitsUp(r.Quo(r, square(m[0])))
		if err != nil {
			t.Fatal(err)
		}
		if sum, err = sum.Add(u); err != nil {
			t.Fatal(err)
		}
	}
	eps, err := accounting.EpsilonForMu(accounting.MuUp(sum), delta)
	if err != nil {
		t.Fatal(err)
	}
	return eps
}

func TestVectorsGaussianComposition(t *testing.T) {
	for _, e := range vectors(t, "k_gaussians_eps") {
		ms := make([][2]float64, e.Params.K)
		for i := range ms {
			ms[i] = [2]float64{e.Params.Sigma, e.Params.Sensitivity}
		}
		e.upper(t, compose(t, e.Params.Delta, ms))
	}
	for _, e := range vectors(t, "hetero_gaussians_eps") {
		e.upper(t, compose(t, e.Params.Delta, e.Params.SigmaAndL2))
	}
}

// One budget over equal shares: sigma per cell.
func TestVectorsBundleSigma(t *testing.T) {
	for _, e := range vectors(t, "bundle_sigma") {
		budget, err := accounting.Mu2For(accounting.Target{Epsilon: e.Params.Epsilon, Delta: e.Params.Delta})
		if err != nil {
			t.Fatal(err)
		}
		share, err := budget.Share(1_000_000_000 / e.Params.Releases)
		if err != nil {
			t.Fatal(err)
		}
		sigma, err := accounting.SigmaFor(e.Params.L, share)
		if err != nil {
			t.Fatal(err)
		}
		s, _ := sigma.Float64()
		e.upper(t, s)
	}
}

// The reference is the real number 1 + sigma z of continuous noise, with
// independent keys; ours is the smallest integer that is safe for rounded noise
// by the union bound, and hence at least half above it, and less than one and a
// half but for the union bound's excess, which is below 1e-3 sigma there.
func TestVectorsGaussianThreshold(t *testing.T) {
	for _, e := range vectors(t, "gaussian_threshold") {
		sigma := new(big.Rat).SetFloat64(e.Sigma)
		T, err := accounting.Threshold(sigma, e.Params.L0, units(t, e.Params.DeltaThreshold))
		if err != nil {
			t.Fatal(err)
		}
		if got, v := float64(T), e.value(); got < v+0.5-1e-6*v || got > v+1.5+1e-3*e.Sigma {
			t.Errorf("%s: threshold %d, continuous %g", e.ID, T, v)
		}
	}
}
