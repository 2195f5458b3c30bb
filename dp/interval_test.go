package dp_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"pgregory.net/rapid"
)

// below returns P(round(Z) <= n), exactly but for float rounding.
func below(n int64, sigma float64) float64 {
	return math.Erfc(-(float64(n)+0.5)/sigma/math.Sqrt2) / 2
}

func between(a, b int64, sigma float64) float64 {
	if a > b {
		return 0
	}
	return below(b, sigma) - below(a-1, sigma)
}

// noWhole are the sigmas for which no whole margin is between 0.94 and 0.96.
func noWhole(sigma float64) bool {
	return sigma > 5.051 && sigma < 5.114 || sigma > 5.583 && sigma < 5.601
}

// TestMarginIsClose holds the probability of every margin, computed, not simulated.
func TestMarginIsClose(t *testing.T) {
	for sigma := 0.05; sigma < 300; sigma *= 1.0007 {
		m := dp.WholeMargin(sigma)
		p := between(-m, m, sigma)
		switch {
		case p < 0.94:
			t.Errorf("sigma %v: %d holds with %v", sigma, m, p)
		case sigma >= 5 && !noWhole(sigma) && p > 0.96, noWhole(sigma) && p > 0.963:
			t.Errorf("sigma %v: %d holds with %v", sigma, m, p)
		}
	}
}

// TestMarginInFloats holds that enclosures and floats give one margin.
func TestMarginInFloats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sigma := rapid.Float64Range(0.1, 100).Draw(t, "sigma")
		m, err := dp.Margin(new(big.Rat).SetFloat64(sigma))
		if err != nil || m != dp.WholeMargin(sigma) {
			t.Fatal(sigma, m, dp.WholeMargin(sigma), err)
		}
	})
}

// pairHolds returns P(|a X + b Y| <= c) for rounded Gaussians X and Y, exactly.
func pairHolds(a, b, sx, sy, c float64) float64 {
	p := 0.0
	n := int64(math.Ceil(10 * sx))
	for x := -n; x <= n; x++ {
		at := a * float64(x)
		lo, hi := (-c-at)/b, (c-at)/b
		p += between(x, x, sx) * between(int64(math.Ceil(lo)), int64(math.Floor(hi)), sy)
	}
	return p
}

// TestReachOfPairs holds the probability of intervals around combinations of two
// released values: averages with any weights, and what a total and its one part become.
// It is computed from the law of the noise, not simulated.
func TestReachOfPairs(t *testing.T) {
	for _, sx := range []float64{5, 5.05, 5.08, 5.2, 5.5, 5.59, 5.9, 6.3, 7, 9, 15, 40} {
		for _, ratio := range []float64{1, 1.01, 1.2, 2, 3, 5, 8, 20, 60, 200, 1000} {
			sy := sx * ratio
			vx, vy := sx*sx+1.0/12, sy*sy+1.0/12
			a, b := vy/(vx+vy), vx/(vx+vy)
			for _, k := range [][2]float64{{a, b}, {a, 0.02}, {b, a}, {1, 1}, {1, 1e-7}} {
				reach := dp.Reach(k[:], []float64{sx, sy})
				if p := pairHolds(k[0], k[1], sx, sy, reach); p < 0.94 || p > 0.96 && !(k[1] == 1e-7 && noWhole(sx)) {
					t.Errorf("%v of sigma %v and %v: ±%v holds with %v", k, sx, sy, reach, p)
				}
			}
		}
	}
}

// TestReachOfCoarse: below a sigma of 5 intervals hold with at least the level.
func TestReachOfCoarse(t *testing.T) {
	for _, sx := range []float64{0.05, 0.2, 0.3, 0.5, 0.8, 1, 1.7, 3, 4.99} {
		for _, sy := range []float64{0.05, 0.3, 0.5, 1, 2, 4.9, 30} {
			for _, a := range []float64{0.5, 0.9, 0.99, 0.1, 1} {
				reach := dp.Reach([]float64{a, 1 - a + 1e-9}, []float64{sx, sy})
				if p := pairHolds(a, 1-a+1e-9, sx, sy, reach); p < 0.95 {
					t.Errorf("%v of sigma %v and %v: ±%v holds with %v", a, sx, sy, reach, p)
				}
			}
		}
	}
}

// TestReachOfManyEqual: averages of k values with one sigma, by convolution of the law.
func TestReachOfManyEqual(t *testing.T) {
	for _, sigma := range []float64{5, 5.08, 5.59, 6, 8, 21} {
		n := int(math.Ceil(10 * sigma))
		single := make([]float64, 2*n+1)
		for i := range single {
			single[i] = between(int64(i-n), int64(i-n), sigma)
		}
		sum := single
		for k := 2; k <= 8; k++ {
			next := make([]float64, len(sum)+2*n)
			for i, p := range sum {
				for j, q := range single {
					next[i+j] += p * q
				}
			}
			sum = next
			coefs, sigmas := make([]float64, k), make([]float64, k)
			for i := range coefs {
				coefs[i], sigmas[i] = 1/float64(k), sigma
			}
			reach := dp.Reach(coefs, sigmas)
			m := int(math.Floor(reach * float64(k)))
			p := 0.0
			for x := -m; x <= m; x++ {
				p += sum[x+len(sum)/2]
			}
			if p < 0.94 || p > 0.96 {
				t.Errorf("%d of sigma %v: ±%v holds with %v", k, sigma, reach, p)
			}
		}
	}
}

// TestPassedHolds computes, for cells that come out of a threshold, how often the
// interval holds. The interval of the release misses far more of those that were let
// through by chance.
func TestPassedHolds(t *testing.T) {
	for _, sigma := range []float64{0.4, 1, 2, 4.9, 5, 5.9, 6.4, 6.5, 6.7, 8, 13, 42.3} {
		for _, tails := range []float64{3, 4.8, 6.5} {
			threshold := 2 + int64(math.Ceil(tails*sigma))
			last := threshold + int64(math.Ceil(22*sigma))
			type interval struct{ low, high float64 }
			all := map[int64]interval{}
			for y := threshold; y <= last; y++ {
				low, high := dp.Passed(y, threshold, sigma)
				all[y] = interval{low, high}
				if low < 1 || low > float64(y) || high < low {
					t.Fatalf("sigma %v: %d has [%v, %v]", sigma, y, low, high)
				}
			}
			m := dp.WholeMargin(sigma)
			worst := 1.0
			step := max(1, int64(sigma/8))
			for x := int64(1); x <= threshold+int64(10*sigma); x += step {
				holds, plain := 0.0, 0.0
				for y := threshold; y <= last; y++ {
					p := between(y-x, y-x, sigma)
					if i := all[y]; i.low <= float64(x) && float64(x) <= i.high {
						holds += p
					}
					if y-m <= x && x <= y+m {
						plain += p
					}
				}
				out := 1 - below(threshold-x-1, sigma)
				if 1-out == 1 { // never released, in floats
					continue
				}
				if out < 0.5 { // the small tail, without cancellation
					out = below(x-threshold, sigma)
				}
				if out < 1e-12 {
					continue
				}
				holds, plain = holds/out, plain/out
				worst = min(worst, plain)
				switch {
				case holds < 0.95-1e-9,
					float64(x) > 4*sigma && sigma >= 5 && holds > 0.99,
					x > threshold+int64(4*sigma) && (sigma >= 5 && holds > 0.975 || sigma >= 11 && holds > 0.96):
					t.Errorf("sigma %v, threshold %d, %d people: holds with %v", sigma, threshold, x, holds)
				}
			}
			if sigma > 1 && worst > 0.5 {
				t.Errorf("sigma %v: plain intervals were not the worse: %v", sigma, worst)
			}
		}
	}
}

// TestPassedHoldsFromTheFewest: where fewer people never make a cell come out, intervals
// reach down to that many and no further, and hold as often, computed from the law.
func TestPassedHoldsFromTheFewest(t *testing.T) {
	for _, least := range []int64{2, 5, 30} {
		for _, sigma := range []float64{2, 6.4, 13} {
			threshold := least + 1 + int64(math.Ceil(3*sigma))
			last := threshold + int64(math.Ceil(20*sigma))
			for x := least; x <= threshold+int64(6*sigma); x += max(1, int64(sigma/4)) {
				holds, out := 0.0, 0.0
				for y := threshold; y <= last; y++ {
					low, high := dp.PassedFrom(y, threshold, sigma, least)
					if low < float64(least) || high < low {
						t.Fatalf("sigma %v: %d has [%v, %v]", sigma, y, low, high)
					}
					p := between(y-x, y-x, sigma)
					out += p
					if low <= float64(x) && float64(x) <= high {
						holds += p
					}
				}
				if out > 1e-9 && holds/out < 0.95-1e-6 {
					t.Errorf("sigma %v, at least %d, %d people: holds with %v", sigma, least, x, holds/out)
				}
			}
		}
	}
}
