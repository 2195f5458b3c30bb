package accounting

import (
	"math"
	"math/big"

	"github.com/discreet-go/discreet/internal/exact"
)

// maxCells bounds the number of keys one person may hold.
const maxCells = 1 << 30

// Threshold returns the smallest integer T with
//
//	l0 * Q((T - 3/2)/sigma) <= delta
//
// where Q is the upper tail of the normal distribution. A key that one person
// alone holds, with a count of 1, is released if 1 + round(Z) >= T, which is
// Z >= T - 3/2; so with this T the probability that any of the l0 keys that
// only one person holds comes out is at most delta. For a count of up to c add
// c - 1 to T. Proof: docs/proofs/threshold.md.
//
// Delta is above 0 and below 1/2; then T is at least 2. T is decided on proven
// enclosures and never below what is needed. Errors: [ErrSigma],
// [ErrSensitivity], [ErrDelta].
func Threshold(sigma *big.Rat, l0 int, delta Units) (int64, error) {
	if err := checkCells(sigma, l0); err != nil {
		return 0, err
	}
	if delta.IsZero() || delta.Cmp(oneHalf) >= 0 {
		return 0, ErrDelta
	}
	target := new(big.Rat).Quo(delta.Rat(), big.NewRat(int64(l0), 1))
	t, _ := target.Float64()
	s, _ := sigma.Float64()
	return smallest(1.5+s*tailGuess(t), func(t int64) bool {
		_, q := exact.Tail(standard(t, 3, sigma))
		return q.Cmp(target) <= 0
	})
}

// oneHalf is 1/2 in Units.
var oneHalf = Units{hi: 1 << (unitBits - 1 - 64)}

// ThresholdDelta returns the delta that threshold t costs, rounded up: the left
// side of the inequality of [Threshold], and at most 1.
func ThresholdDelta(sigma *big.Rat, l0 int, t int64) (Units, error) {
	if err := checkCells(sigma, l0); err != nil {
		return Units{}, err
	}
	_, q := exact.Tail(standard(t, 3, sigma))
	q.Mul(q, big.NewRat(int64(l0), 1))
	if one := big.NewRat(1, 1); q.Cmp(one) > 0 {
		q = one
	}
	return UnitsUp(q)
}

// Margin returns the smallest integer m with P(|round(Z)| <= m) >= level: a
// released count, plus and minus m, holds the bounded exact count with at least
// that probability. Level is in [0.5, 1 - 1e-12].
func Margin(sigma *big.Rat, level float64) (int64, error) {
	if err := checkSigma(sigma); err != nil {
		return 0, err
	}
	if !(level >= 0.5 && level <= 1-1e-12) {
		return 0, ErrLevel
	}
	// |round(Z)| > m is |Z| > m + 1/2.
	target := new(big.Rat).SetFloat64(level)
	target.Sub(big.NewRat(1, 1), target)
	target.Quo(target, big.NewRat(2, 1))
	t, _ := target.Float64()
	s, _ := sigma.Float64()
	return smallest(math.Max(0, s*tailGuess(t)-0.5), func(m int64) bool {
		if m < 0 {
			return false
		}
		_, q := exact.Tail(standard(m, -1, sigma))
		return q.Cmp(target) <= 0
	})
}

// standard returns (t - halves/2)/sigma.
func standard(t, halves int64, sigma *big.Rat) *big.Rat {
	z := new(big.Rat).SetInt64(t)
	z.Sub(z, big.NewRat(halves, 2))
	return z.Quo(z, sigma)
}

// smallest returns the smallest t for which ok holds, ok being false below it
// and true from it on. It gallops from guess and then halves.
func smallest(guess float64, ok func(int64) bool) (int64, error) {
	if !(math.Abs(guess) < 1<<62) {
		return 0, ErrRange
	}
	lo := int64(math.Ceil(guess)) - 1
	hi := lo + 1
	for step := int64(1); ok(lo); step *= 2 {
		if step > 1<<40 {
			return 0, ErrRange
		}
		hi, lo = lo, lo-step
	}
	for step := int64(1); !ok(hi); step *= 2 {
		if step > 1<<40 {
			return 0, ErrRange
		}
		lo, hi = hi, hi+step
	}
	for hi-lo > 1 {
		mid := lo + (hi-lo)/2
		if ok(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi, nil
}

func checkCells(sigma *big.Rat, l0 int) error {
	if l0 < 1 || l0 > maxCells {
		return ErrSensitivity
	}
	return checkSigma(sigma)
}
