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

func sparse(sigma, cut float64, l0 int) accounting.SparseCut {
	return accounting.SparseCut{Sigma: new(big.Rat).SetFloat64(sigma), Cut: new(big.Rat).SetFloat64(cut), L0: l0}
}

func TestVectorsSparseHistogram(t *testing.T) {
	vectors(t, "gaussian_sparse_histogram_delta") // skips where the file is not
	const name = "vectors/dp-reference-sample.json"
	data, err := os.ReadFile(filepath.Join(os.Getenv("DISCREET_SHARED"), name))
	for dir := ".."; err != nil && len(dir) < 40; dir += "/.." {
		data, err = os.ReadFile(filepath.Join(dir, "shared", name))
	}
	var file struct {
		Entries []struct {
			Family string
			Value  any
			Params struct {
				Sigma, Threshold, Epsilon float64
				L0                        int
			}
		}
	}
	if json.Unmarshal(data, &file) != nil {
		t.Fatal("unreadable")
	}
	for _, e := range file.Entries {
		if e.Family != "gaussian_sparse_histogram_delta" {
			continue
		}
		got, err := accounting.SparseDelta(sparse(e.Params.Sigma, e.Params.Threshold, e.Params.L0), e.Params.Epsilon)
		if want := e.Value.(float64); err != nil || got < want*(1-1e-9) || got > want*(1+1e-8) {
			t.Errorf("%g: %.15g, want %.15g (%v)", e.Params.Sigma, got, want, err)
		}
	}
}

func TestVectorsLaplaceThreshold(t *testing.T) {
	for _, e := range vectors(t, "laplace_threshold") {
		b := new(big.Rat).Quo(big.NewRat(int64(e.Params.L0), 1), new(big.Rat).SetFloat64(e.Params.Epsilon))
		got, err := accounting.ContinuousLaplaceThreshold(b, e.Params.L0, units(t, e.Params.Delta))
		if err != nil {
			t.Fatal(err)
		}
		e.upper(t, got)
		if got < e.value()*(1-1e-13) {
			t.Errorf("%s: below the exact value", e.ID)
		}
	}
}

func TestVectorsWeightedGaussianThreshold(t *testing.T) {
	for _, e := range vectors(t, "weighted_gaussian_threshold") {
		got, err := accounting.ContinuousWeightedThreshold(new(big.Rat).SetFloat64(e.Sigma), e.Params.L0Max, units(t, e.Params.DeltaThreshold))
		if err != nil {
			t.Fatal(err)
		}
		e.upper(t, got)
		if got < e.value()*(1-1e-13) {
			t.Errorf("%s: below the exact value", e.ID)
		}
	}
}

// The exact delta lies between each of its parts and their sum.
func TestSparseDeltaBetweenPartsAndSum(t *testing.T) {
	cuts := []accounting.SparseCut{sparse(5, 22.5, 1), sparse(4, 3, 7), sparse(13, 69.5, 10), sparse(50, 300, 12)}
	for _, h := range cuts[:2+2/slow] {
		sigma, _ := h.Sigma.Float64()
		cut, _ := h.Cut.Float64()
		for _, epsilon := range []float64{0, 0.1, 1, 3} {
			got, err := accounting.SparseDelta(h, epsilon)
			if err != nil {
				t.Fatal(err)
			}
			noise, err := accounting.DeltaForMu(epsilon, accounting.Mu(math.Sqrt(float64(h.L0))/sigma))
			if err != nil {
				t.Fatal(err)
			}
			any := -math.Expm1(float64(h.L0) * math.Log1p(-math.Erfc((cut-1)/sigma/math.Sqrt2)/2))
			if got < max(noise, any)*(1-1e-12) || got > (noise+any)*(1+1e-9) {
				t.Errorf("sigma %g, epsilon %g: %g beside %g and %g", sigma, epsilon, got, noise, any)
			}
		}
	}
	for _, h := range []accounting.SparseCut{{}, {Sigma: big.NewRat(1, 1), L0: 1}, sparse(1, 5, 5000)} {
		if _, err := accounting.SparseDelta(h, 1); err == nil {
			t.Error("taken")
		}
	}
	if _, err := accounting.SparseDelta(sparse(1, 5, 1), -1); err != accounting.ErrEpsilon {
		t.Error(err)
	}
}
