package noise

import (
	"errors"
	"math/big"
)

// ErrProbability is returned for a probability that is missing or outside of [0, 1].
var ErrProbability = errors.New("noise: a probability is a rational number from 0 to 1")

// Toss returns true with probability p, exactly, for rational p in [0, 1]; else
// [ErrProbability]. It decides whether a key comes out whose selection rule, as
// accounting.Selection, says p. It takes about a microsecond.
func Toss(p *big.Rat) (bool, error) {
	if p == nil || p.Sign() < 0 || p.Cmp(big.NewRat(1, 1)) > 0 {
		return false, ErrProbability
	}
	s, err := newStream(1)
	if err != nil {
		return false, err
	}
	defer s.wipe()
	return toss(p, s.next), nil
}

// toss compares the digits of a uniform number, 64 bits at a time, with those of p
// until they differ.
func toss(p *big.Rat, next func() uint64) bool {
	rest, digit := new(big.Int).Set(p.Num()), new(big.Int)
	for rest.Sign() > 0 {
		digit.QuoRem(rest.Lsh(rest, 64), p.Denom(), rest)
		if !digit.IsUint64() { // p is 1
			return true
		}
		if w, d := next(), digit.Uint64(); w != d {
			return w < d
		}
	}
	return false // the uniform number is at least p
}
