package accounting

import (
	"math"
	"math/big"

	"github.com/discreet-go/discreet/internal/exact"
)

// LaplaceStdDev returns the standard deviation of discrete Laplace noise of scale b,
// rounded up by less than 1e-12 of it for b of 1/16 and more: sqrt(2q)/(1-q) with
// q = e^(-1/b). It is for display.
func LaplaceStdDev(b *big.Rat) (float64, error) {
	if err := checkSigma(b); err != nil {
		return 0, err
	}
	s := exact.FloatUp(b)
	return math.Sqrt(2*math.Exp(-1/s)) / -math.Expm1(-1/s) * (1 + 0x1p-48), nil
}

// LaplaceMargin returns the smallest integer m such that discrete Laplace noise of
// scale b is at most m in size with at least the probability level, 1/2 to
// 1 - 2^-50: 2 q^(m+1)/(1+q) <= 1 - level, q = e^(-1/b).
func LaplaceMargin(b *big.Rat, level float64) (int64, error) {
	if err := checkSigma(b); err != nil {
		return 0, err
	}
	if !(level >= 0.5 && level <= 1-0x1p-50) {
		return 0, ErrLevel
	}
	rest := new(big.Rat).SetFloat64(level)
	rest.Sub(big.NewRat(1, 1), rest).Mul(rest, big.NewRat(1, 2))
	s, r := exact.FloatUp(b), 1-level
	guess := s*(math.Log(2/r)-math.Log1p(math.Exp(-1/s))) - 1
	return smallest(math.Max(0, guess), func(m int64) bool {
		return m >= 0 && laplaceTail(b, m+1).Cmp(rest) <= 0
	})
}
