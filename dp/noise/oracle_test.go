package noise_test

import (
	"testing"

	google "github.com/google/differential-privacy/go/v3/noise"
)

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
