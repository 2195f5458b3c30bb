package noise_test

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"
)

// Checks that hold for the discrete laws what gaussian_test.go holds for the
// rounded one, with the twins that they must reject.

// sampler draws n of a law with the parameter scale.
type sampler struct {
	name string
	law  func(scale float64) law
	draw func(t testing.TB, scale float64, n int) []int64
	fill func(t testing.TB, scale float64) func(dst []int64) error
	// quantile is the inverse of the continuous law's distribution function.
	quantile func(u float64) float64
}

func discreteSamplers() []sampler {
	return []sampler{
		{
			"discrete Laplace", geometric, drawLaplace,
			func(t testing.TB, b float64) func([]int64) error { return laplace(t, b).Fill },
			func(u float64) float64 {
				if u < 0.5 {
					return math.Log(2 * u)
				}
				return -math.Log(2 * (1 - u))
			},
		},
		{
			"discrete Gaussian", discreteLaw, drawDiscrete,
			func(t testing.TB, sigma float64) func([]int64) error { return discrete(t, sigma).Fill },
			func(u float64) float64 { return math.Sqrt2 * math.Erfinv(2*u-1) },
		},
	}
}

// TestDiscreteMomentsTell2Percent: the variance of 2^18 draws with a scale wrong by
// 2 % is off by 4 %, some nine standard deviations of it for the Laplace law and
// fourteen for the Gaussian.
func TestDiscreteMomentsTell2Percent(t *testing.T) {
	const scale, n = 5.0, 1 << 18
	for _, s := range discreteSamplers() {
		l := s.law(scale)
		if badMoments(s.draw(t, scale, n), l) {
			t.Errorf("%s: wrong mean or variance", s.name)
		}
		for _, f := range []float64{0.98, 1.02} {
			if !badMoments(s.draw(t, scale*f, n), l) {
				t.Errorf("%s: moments of %g times the scale were accepted", s.name, f)
			}
		}
	}
}

// TestDiscreteGaussianTail counts beyond 3 sigma, where 2 % of the scale are 20 %
// of the draws.
func TestDiscreteGaussianTail(t *testing.T) {
	const sigma, n = 20.0, 1 << 18
	l := discreteLaw(sigma)
	bs := []bin{}
	lost, low := 0.0, int64(math.MinInt64)
	for _, e := range []int64{-75, -68, -62} {
		p := l.below(e)
		bs = append(bs, bin{low, e, p - lost})
		lost, low = p, e
	}
	bs = append(bs, bin{low, math.MaxInt64, 1 - lost})
	if stat := chiSquare(drawDiscrete(t, sigma, n), bs); stat > chiLimit(len(bs)-1) {
		t.Errorf("wrong tail: %g", stat)
	}
	if stat := chiSquare(drawDiscrete(t, sigma*0.9, n), bs); stat < chiLimit(len(bs)-1) {
		t.Errorf("the tail of a smaller scale was accepted: %g", stat)
	}
	cut := drawDiscrete(t, sigma, n)
	for i, x := range cut {
		if x < -62 {
			cut[i] = 0
		}
	}
	if stat := chiSquare(cut, bs); stat < chiLimit(len(bs)-1) {
		t.Errorf("a cut tail was accepted: %g", stat)
	}
}

// TestDiscreteGoroutinesAreIndependent lets goroutines draw from one sampler, and
// gives the check reused noise.
func TestDiscreteGoroutinesAreIndependent(t *testing.T) {
	const scale, n = 3.0, 1 << 16
	for _, s := range discreteSamplers() {
		fill := s.fill(t, scale)
		vectors := make([][]int64, 3)
		var wait sync.WaitGroup
		for i := range vectors {
			vectors[i] = make([]int64, n)
			wait.Go(func() {
				for part := vectors[i]; len(part) > 0; {
					k := min(len(part), 1+i*997)
					if err := fill(part[:k]); err != nil {
						t.Error(err)
					}
					part = part[k:]
				}
			})
		}
		wait.Wait()
		l := s.law(scale)
		for i, a := range vectors {
			if dependent(a[1:], a[:n-1], l) || dependent(a[128:], a[:n-128], l) {
				t.Errorf("%s: draws depend on each other", s.name)
			}
			for j := range i {
				if dependent(a, vectors[j], l) {
					t.Errorf("%s: goroutines depend on each other", s.name)
				}
			}
		}
		reused, mirrored := append([]int64(nil), vectors[1]...), make([]int64, n)
		for i, x := range vectors[0] {
			mirrored[i] = -x
			if i%20 == 0 {
				reused[i] = x
			}
		}
		for name, b := range map[string][]int64{"the same noise": vectors[0], "mirrored noise": mirrored, "partly reused noise": reused} {
			if !dependent(vectors[0], b, l) {
				t.Errorf("%s: %s was accepted", s.name, name)
			}
		}
	}
}

// TestDiscreteIsNotRoundedFromFloats: noise rounded from floats of few bits leaves
// holes that the low byte shows, and rounding a continuous law is another law where
// the scale is small.
func TestDiscreteIsNotRoundedFromFloats(t *testing.T) {
	const wide, small = 1e6, 0.7
	r := rand.New(rand.NewPCG(3, 4))
	for _, s := range discreteSamplers() {
		if coarse(s.draw(t, wide, 1<<16)) {
			t.Errorf("%s: the low byte is not uniform", s.name)
		}
		floats := make([]int64, 1<<16)
		for i := range floats {
			floats[i] = int64(math.Round(wide * s.quantile((float64(r.IntN(1<<12))+0.5)/(1<<12))))
		}
		if !coarse(floats) {
			t.Errorf("%s: noise from 12-bit floats was accepted", s.name)
		}
		rounded := make([]int64, 1<<17)
		for i := range rounded {
			rounded[i] = int64(math.Round(small * s.quantile(r.Float64())))
		}
		if badFit(s.draw(t, small, 1<<17), s.law(small)) {
			t.Errorf("%s: the draws do not follow it", s.name)
		}
		if !badFit(rounded, s.law(small)) {
			t.Errorf("%s: rounded float noise was accepted", s.name)
		}
	}
}
