package noise_test

import (
	"fmt"
	"math"
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/dp/noise"
)

// False alarms. Each check below rejects correct noise with probability at most
// 1e-6. Normal statistics are compared with 5.2 standard deviations: two-sided
// tail 2e-7, which leaves room for the error of the normal approximation at the
// sample sizes used. Chi-square statistics of d degrees of freedom are compared
// with d + 2 sqrt(d x) + 2x at x = 16.1, which they exceed with probability at
// most e^-x = 1e-7 (Laurent and Massart 2000, lemma 1); every bin expects at least
// 50 draws, so that the multinomial's excess over that stays well within 1e-6.
// The package runs less than a hundred checks: a false alarm in 10,000 runs.
const (
	zLimit = 5.2
	chiX   = 16.1
)

func chiLimit(d int) float64 {
	return float64(d) + 2*math.Sqrt(float64(d)*chiX) + 2*chiX
}

// law is a symmetric law on the integers.
type law struct {
	name  string
	below func(j int64) float64 // P(X <= j), exact for j < 0
	reach int64                 // all but 1e-16 lies within
}

// rounded is the law of round(Z).
func rounded(sigma float64) law {
	return law{fmt.Sprintf("rounded Gaussian, sigma %g", sigma), func(j int64) float64 { return below(j, sigma) }, int64(math.Ceil(9*sigma)) + 2}
}

// geometric is the discrete Laplace law.
func geometric(b float64) law {
	q := math.Exp(-1 / b)
	return law{fmt.Sprintf("discrete Laplace, scale %g", b), func(j int64) float64 {
		if j < 0 {
			return math.Exp(float64(j)/b) / (1 + q)
		}
		return 1 - math.Exp(-float64(j+1)/b)/(1+q)
	}, int64(math.Ceil(38*b)) + 2}
}

// below returns P(round(Z) <= j).
func below(j int64, sigma float64) float64 {
	return math.Erfc(-(float64(j)+0.5)/sigma/math.Sqrt2) / 2
}

// bin is the range (low, high] of integers and its probability.
type bin struct {
	low, high int64
	p         float64
}

// bins cuts the integers into at most n ranges of probability at least 1/(2n),
// the outer ones unbounded. Tails are taken from the nearer side, so that no
// probability is a difference of numbers close to 1.
func bins(l law, n int) []bin {
	var half []int64 // right edges of the ranges below -1, from the left
	step := 1 / float64(n)
	last := 0.0
	for k := range n {
		want := last + step
		lo, hi := -l.reach, int64(-1)
		for lo < hi {
			mid := lo + (hi-lo)>>1
			if l.below(mid) >= want {
				hi = mid
			} else {
				lo = mid + 1
			}
		}
		p := l.below(lo)
		if p < want || k > 0 && lo <= half[len(half)-1] {
			break
		}
		half, last = append(half, lo), p
	}
	var out []bin
	prev, lost := int64(math.MinInt64), 0.0
	for _, e := range half {
		p := l.below(e)
		out = append(out, bin{prev, e, p - lost})
		prev, lost = e, p
	}
	right := len(half)
	middle := bin{math.MinInt64, math.MaxInt64, 1 - 2*lost}
	if right > 0 {
		middle.low, middle.high = half[right-1], -half[right-1]-1
	}
	out = append(out, middle)
	for i := right - 1; i >= 0; i-- {
		b := out[i]
		high := int64(math.MaxInt64)
		if i > 0 {
			high = -b.low - 1
		}
		out = append(out, bin{-b.high - 1, high, b.p})
	}
	return out
}

// chiSquare returns the statistic of the draws over the bins.
func chiSquare(draws []int64, bs []bin) float64 {
	count := make([]int, len(bs))
	for _, x := range draws {
		lo, hi := 0, len(bs)-1
		for lo < hi {
			mid := (lo + hi) / 2
			if x <= bs[mid].high {
				hi = mid
			} else {
				lo = mid + 1
			}
		}
		count[lo]++
	}
	var stat float64
	for i, b := range bs {
		want := b.p * float64(len(draws))
		d := float64(count[i]) - want
		stat += d * d / want
	}
	return stat
}

// badFit: the draws do not follow the law.
func badFit(draws []int64, l law) bool {
	bs := bins(l, 64)
	return chiSquare(draws, bs) > chiLimit(len(bs)-1)
}

// badMoments: mean or variance is not that of the law, whose reach is at most a
// million or so.
func badMoments(draws []int64, l law) bool {
	var m2, m4 float64 // moments around 0
	for j := int64(1); j <= l.reach; j++ {
		p, x := 2*(l.below(-j)-l.below(-j-1)), float64(j)
		m2, m4 = m2+p*x*x, m4+p*x*x*x*x
	}
	var s1, s2 float64
	for _, d := range draws {
		x := float64(d)
		s1, s2 = s1+x, s2+x*x
	}
	n := float64(len(draws))
	return math.Abs(s1/math.Sqrt(n*m2)) > zLimit || math.Abs((s2-n*m2)/math.Sqrt(n*(m4-m2*m2))) > zLimit
}

// badTail: the draws beyond 3.5 sigma, where other code draws than in the middle,
// are not as many or not spread as they should be. It needs 2^21 draws.
func badTail(draws []int64, sigma float64) bool {
	bs := []bin{{low: math.MinInt64}}
	lost := 0.0
	for _, z := range []float64{-4.1, -3.9, -3.7, -3.5} {
		e := int64(math.Floor(z * sigma))
		p := below(e, sigma)
		bs[len(bs)-1].high, bs[len(bs)-1].p = e, p-lost
		bs = append(bs, bin{low: e})
		lost = p
	}
	k := len(bs) - 1
	bs[k].high, bs[k].p = -bs[k].low-1, 1-2*lost
	for i := k - 1; i >= 0; i-- {
		b := bin{-bs[i].high - 1, math.MaxInt64, bs[i].p}
		if i > 0 {
			b.high = -bs[i].low - 1
		}
		bs = append(bs, b)
	}
	return chiSquare(draws, bs) > chiLimit(len(bs)-1)
}

// dependent: two vectors correlate, in themselves, in size or in sign, or agree
// in more places than chance has it.
func dependent(a, b []int64, l law) bool {
	var same float64 // P(x = y) of independent draws
	for j := -l.reach; j < 0; j++ {
		p := l.below(j) - l.below(j-1)
		same += 2 * p * p
	}
	zero := 1 - 2*l.below(-1)
	same += zero * zero
	n := float64(len(a))
	equal := 0.0
	for i := range a {
		if a[i] == b[i] {
			equal++
		}
	}
	if math.Abs(equal-n*same)/math.Sqrt(n*same*(1-same)) > zLimit {
		return true
	}
	for _, f := range []func(int64) float64{
		func(x int64) float64 { return float64(x) },
		func(x int64) float64 { return math.Abs(float64(x)) },
		func(x int64) float64 { return math.Copysign(1, float64(x)+0.5) },
		func(x int64) float64 { return float64(x & 1) },
	} {
		if math.Abs(correlation(a, b, f))*math.Sqrt(n) > zLimit {
			return true
		}
	}
	return false
}

func correlation(a, b []int64, f func(int64) float64) float64 {
	var sa, sb, saa, sbb, sab float64
	for i := range a {
		x, y := f(a[i]), f(b[i])
		sa, sb, saa, sbb, sab = sa+x, sb+y, saa+x*x, sbb+y*y, sab+x*y
	}
	n := float64(len(a))
	return (sab - sa*sb/n) / math.Sqrt((saa-sa*sa/n)*(sbb-sb*sb/n))
}

// coarse: the low byte of noise far wider than 256 is not uniform.
func coarse(draws []int64) bool {
	var count [256]float64
	for _, x := range draws {
		count[x&255]++
	}
	want := float64(len(draws)) / 256
	var stat float64
	for _, c := range count {
		stat += (c - want) * (c - want) / want
	}
	return stat > chiLimit(255)
}

func gaussian(t testing.TB, sigma float64) *noise.Gaussian {
	t.Helper()
	s, err := noise.NewScale(new(big.Rat).SetFloat64(sigma))
	if err != nil {
		t.Fatal(err)
	}
	g, err := noise.NewGaussian(s)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func draw(t testing.TB, sigma float64, n int) []int64 {
	t.Helper()
	out := make([]int64, n)
	if err := gaussian(t, sigma).Fill(out); err != nil {
		t.Fatal(err)
	}
	return out
}
