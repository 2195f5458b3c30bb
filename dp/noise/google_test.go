package noise_test

import (
	"math"
	"math/big"
	"testing"

	google "github.com/google/differential-privacy/go/v3/noise"

	"github.com/discreet-go/discreet/dp/noise"
)

// Where our noise is that of Google's library, and where it differs on purpose.
// Thresholds and selection are compared in package dp/accounting.

// Google's Gaussian noise, at its own sigma, is rounded to integers like ours (a
// deliberate difference is that ours is exact: theirs is a binomial on a grid of
// a power of two). Both samples fit one law, and each other.
func TestAgainstGoogle(t *testing.T) {
	const n = 40_000
	for _, c := range []struct{ epsilon, delta float64 }{{1, 1e-6}, {0.1, 1e-9}, {4, 1e-5}} {
		sigma := google.SigmaForGaussian(1, 1, c.epsilon, c.delta)
		theirs := make([]int64, n)
		gauss := google.Gaussian()
		for i := range theirs {
			x, err := gauss.AddNoiseInt64(0, 1, 1, c.epsilon, c.delta)
			if err != nil {
				t.Fatal(err)
			}
			theirs[i] = x
		}
		ours := draw(t, sigma, n)
		bs := bins(rounded(sigma), 32)
		if stat := twoSample(ours, theirs, bs); stat > chiLimit(len(bs)-1) {
			t.Errorf("epsilon %g: the samples differ, %g", c.epsilon, stat)
		}
		for _, sample := range [][]int64{ours, theirs} {
			if chiSquare(sample, bs) > chiLimit(len(bs)-1) {
				t.Errorf("epsilon %g: a sample does not follow the law", c.epsilon)
			}
		}
		// The comparison has teeth: 10 % more noise does not pass it.
		if stat := twoSample(draw(t, sigma*1.1, n), theirs, bs); stat <= chiLimit(len(bs)-1) {
			t.Errorf("epsilon %g: other noise passed", c.epsilon)
		}
	}
}

// twoSample returns the chi-square statistic of two samples of equal size: the sum
// of (a-b)^2/(a+b).
func twoSample(a, b []int64, bs []bin) float64 {
	count := func(draws []int64) []float64 {
		out := make([]float64, len(bs))
		for _, x := range draws {
			for i := range bs {
				if x <= bs[i].high {
					out[i]++
					break
				}
			}
		}
		return out
	}
	ca, cb := count(a), count(b)
	var stat float64
	for i := range bs {
		if s := ca[i] + cb[i]; s > 0 {
			stat += (ca[i] - cb[i]) * (ca[i] - cb[i]) / s
		}
	}
	return stat
}

// Difference: their Laplace noise for integers is the rounded one, P(0) = 1 -
// e^(-1/2b); ours is the discrete one, P(0) = (1-q)/(1+q) with q = e^(-1/b). Both
// are epsilon-DP; the discrete law is the one with the exact threshold, and has
// less variance where b is small.
func TestGoogleLaplaceIsRounded(t *testing.T) {
	const n, epsilon, b = 40_000, 2.0, 0.5
	theirs := make([]int64, n)
	for i := range theirs {
		x, err := google.Laplace().AddNoiseInt64(0, 1, 1, epsilon, 0)
		if err != nil {
			t.Fatal(err)
		}
		theirs[i] = x
	}
	round := law{"rounded Laplace", func(j int64) float64 {
		if j < 0 {
			return math.Exp((float64(j)+0.5)/b) / 2
		}
		return 1 - math.Exp(-(float64(j)+0.5)/b)/2
	}, 22}
	ours := drawLaplace(t, b, n)
	if badFit(theirs, round) || badFit(ours, geometric(b)) {
		t.Error("a sample does not follow its law")
	}
	if !badFit(ours, round) || !badFit(theirs, geometric(b)) {
		t.Error("the difference is gone: say so where it is explained")
	}
}

// Difference: their sensitivity is the product of two integers that may wrap
// around: three cells of 6e18 each get noise of scale 2. We take the scale itself,
// and refuse one that is out of range; the products of declared bounds are
// checked before (internal/envelope).
func TestGoogleSensitivityWraps(t *testing.T) {
	const huge = 6148914691236517206
	for range 50 {
		x, err := google.Laplace().AddNoiseInt64(0, 3, huge, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		if x > 1000 || x < -1000 {
			t.Fatal("the difference is gone: say so where it is explained")
		}
	}
	scale := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(3), big.NewInt(huge)), big.NewInt(1))
	if _, err := noise.NewScale(scale); err != noise.ErrScale {
		t.Errorf("a scale of 2^64: %v", err)
	}
}

// Difference: a sum near the ends of the integers wraps around in theirs, so that
// a huge count may come out negative. We refuse cells beyond 2^62 before anything
// is drawn.
func TestGoogleSumsWrap(t *testing.T) {
	wrapped := false
	for range 100 {
		x, err := google.Gaussian().AddNoiseInt64(math.MaxInt64-1, 1, 1, 0.1, 1e-9)
		if err != nil {
			t.Fatal(err)
		}
		wrapped = wrapped || x < 0
	}
	if !wrapped {
		t.Error("the difference is gone: say so where it is explained")
	}
	cells := []int64{math.MaxInt64 - 1}
	if err := gaussian(t, 50).AddTo(cells); err != noise.ErrCell || cells[0] != math.MaxInt64-1 {
		t.Errorf("a cell near the end: %v", err)
	}
}

// Difference: where their scale exceeds 2^40, noise lies on a grid wider than 1, and
// the true count is rounded to it. Ours has every integer at every scale.
func TestGoogleNoiseIsOnAGrid(t *testing.T) {
	const count = 1<<41 + 1
	odd := false
	for range 64 {
		x, err := google.Laplace().AddNoiseInt64(count, 1, 1<<44, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		odd = odd || x&1 == 1
	}
	if odd {
		t.Error("the difference is gone: say so where it is explained")
	}
	for _, draws := range [][]int64{drawLaplace(t, 0x1p40, 64), draw(t, 0x1p40, 64)} {
		odd := 0
		for _, x := range draws {
			odd += int(x & 1)
		}
		if odd == 0 || odd == len(draws) { // by chance once in 2^63
			t.Error("the low bit stands still")
		}
	}
}
