package noise

import (
	"errors"
	"math/big"

	"github.com/discreet-go/discreet/internal/exact"
)

// ErrExponent is returned for an exponent that is missing, negative or beyond
// 2^20, and for rates and scores that make one.
var ErrExponent = errors.New("noise: an exponent is a rational number from 0 to 2^20")

const maxExponentBits = 20

// BernoulliExp returns true with probability e^-x, exactly, for rational x in
// [0, 2^20]; else [ErrExponent]. It takes a microsecond or two.
func BernoulliExp(x *big.Rat) (bool, error) {
	if x == nil || x.Sign() < 0 || x.Cmp(big.NewRat(1<<maxExponentBits, 1)) > 0 {
		return false, ErrExponent
	}
	s, err := newStream(1)
	if err != nil {
		return false, err
	}
	defer s.wipe()
	var c coin
	return c.toss(x.Num(), x.Denom(), s), nil
}

// coin tosses coins that fall true with probability e^(-num/den). It holds
// integers that tosses use over again, and serves one call.
type coin struct{ y, rem big.Int }

// maxFastExponent bounds the x, in 2^-57, for which expNeg serves: below 32.
const maxFastExponent = 32 << 57

// toss compares a uniform height, of which it draws as many digits as it takes,
// with e^(-num/den), num >= 0 and den > 0.
func (c *coin) toss(num, den *big.Int, s *stream) bool {
	w := s.next()
	c.y.Lsh(num, 57)
	c.y.QuoRem(&c.y, den, &c.rem)
	if c.y.IsUint64() && c.y.Uint64() < maxFastExponent {
		// 2^63 e^-x is within 256 of e.
		e, h := expNeg(c.y.Uint64()), w>>1
		switch {
		case h+1+256 <= e:
			return true
		case h >= e+256:
			return false
		}
	} else if w >= 1<<18 { // the height is at least 2^-46, and e^-32 below that
		return false
	}
	return settleCoin(newReal(w, 64), new(big.Rat).SetFrac(num, den), func() (uint64, uint) { return s.next(), 64 })
}

// settleCoin decides whether the height lies below e^-x, calling more for more of
// its digits. The two are never equal: e^-x is irrational or, at x = 0, 1.
func settleCoin(height *real, x *big.Rat, more func() (uint64, uint)) bool {
	if x.Sign() == 0 {
		return true
	}
	minus := new(big.Rat).Neg(x)
	for {
		e := exact.Exp(minus, height.bits+16)
		if below, ok := height.compare(e.Lo(), e.Hi()); ok {
			return below
		}
		height.extend(more())
	}
}
