package noise

import (
	"errors"
	"math/big"
	"math/bits"
)

// ErrScores is returned by Choose for an empty list of scores.
var ErrScores = errors.New("noise: there is nothing to choose from")

// Choose is the exponential mechanism: it returns i with probability proportional
// to e^(rate scores[i]), exactly, for a rational rate of at least 0. Where adding
// one person raises scores by 0 or 1 each, as counts, and lowers none, the choice
// is of bounded range rate: rate-DP, and rho-zCDP with rho = rate^2/8. Where one
// person may raise some scores by 1 and lower others, put twice the rate in those
// formulas. Proof: docs/proofs/exponential-mechanism.md.
//
// The scores must be of items that are known without looking at the data. Rate
// times the difference of two scores is at most 2^20, else [ErrExponent].
//
// It takes about a microsecond for each attempt, and len(scores) attempts or fewer
// on average. How many it takes says something about the scores to somebody who
// can measure it.
func Choose(scores []int64, rate *big.Rat) (int, error) {
	if len(scores) == 0 {
		return 0, ErrScores
	}
	if rate == nil || rate.Sign() < 0 {
		return 0, ErrExponent
	}
	best, least := scores[0], scores[0]
	for _, v := range scores {
		best, least = max(best, v), min(least, v)
	}
	widest := new(big.Rat).SetInt(new(big.Int).Sub(big.NewInt(best), big.NewInt(least)))
	if widest.Mul(widest, rate).Cmp(big.NewRat(1<<maxExponentBits, 1)) > 0 {
		return 0, ErrExponent
	}
	s, err := newStream(len(scores))
	if err != nil {
		return 0, err
	}
	defer s.wipe()
	return choose(scores, best, rate, new(coin), s), nil
}

// choose tries items at random and takes one with probability
// e^(-rate (best - score)).
func choose(scores []int64, best int64, rate *big.Rat, c *coin, s *stream) int {
	var gap big.Int
	for {
		i := s.below(uint64(len(scores)))
		gap.SetUint64(uint64(best) - uint64(scores[i])) // at least 0, below 2^64
		if c.toss(gap.Mul(&gap, rate.Num()), rate.Denom(), s) {
			return int(i)
		}
	}
}

// below returns a uniform integer below n, which is at least 1.
func (s *stream) below(n uint64) uint64 {
	for {
		hi, lo := bits.Mul64(s.next(), n)
		if lo >= -n%n { // 2^64 mod n: as many words for each result
			return hi
		}
	}
}
