package noise

import (
	"errors"
	"math"
	"math/big"
	"math/bits"

	"github.com/discreet-go/discreet/internal/exact"
)

// The envelope of scales.
const (
	minScaleLog = -6 // sigma is at least 2^-6
	maxScaleLog = 40 // and at most 2^40
	scaleBits   = 53 // of the mantissa, so that a float64 holds a Scale exactly
)

// ErrScale is returned for a standard deviation outside the envelope, and for
// the zero Scale.
var ErrScale = errors.New("noise: a scale is a standard deviation from 2^-6 to 2^40")

// Scale is the standard deviation sigma of the normal variable that is rounded,
// as an exact number: a 53-bit integer times a power of two. Scales are
// comparable; the zero Scale is invalid.
type Scale struct {
	mantissa uint64 // 0, or in [2^52, 2^53)
	exponent int    // sigma = mantissa * 2^exponent
}

// NewScale returns the smallest Scale that is at least sigma; it exceeds sigma by
// less than 2^-52 of it. Sigma must lie between 2^-6 and 2^40, else [ErrScale].
func NewScale(sigma *big.Rat) (Scale, error) {
	if sigma == nil || sigma.Sign() <= 0 {
		return Scale{}, ErrScale
	}
	low := new(big.Rat).SetFrac64(1, 1<<-minScaleLog)
	high := new(big.Rat).SetInt64(1 << maxScaleLog)
	if sigma.Cmp(low) < 0 || sigma.Cmp(high) > 0 {
		return Scale{}, ErrScale
	}
	// 2^d is below twice sigma and above half of it.
	d := sigma.Num().BitLen() - sigma.Denom().BitLen()
	for shift := scaleBits - d + 1; ; shift-- {
		num := new(big.Int).Lsh(sigma.Num(), uint(shift))
		m := exact.CeilQuo(num, sigma.Denom())
		if m.BitLen() <= scaleBits {
			return Scale{m.Uint64(), -shift}, nil
		}
		if m.BitLen() == scaleBits+1 && m.TrailingZeroBits() == scaleBits { // rounded up to a power of two
			return Scale{1 << (scaleBits - 1), 1 - shift}, nil
		}
	}
}

// Rat returns sigma, exactly.
func (s Scale) Rat() *big.Rat {
	return new(big.Rat).SetFloat64(s.Float64Up())
}

// Float64Up returns sigma as a float64. A Scale fits a float64 exactly; "up"
// tells that it is never below what was asked for.
func (s Scale) Float64Up() float64 {
	return math.Ldexp(float64(s.mantissa), s.exponent)
}

// valid reports whether s came from NewScale.
func (s Scale) valid() bool { return bits.Len64(s.mantissa) == scaleBits }

// fixed returns sigma as m * 2^e with m below 2^64 and e the smallest that
// rounding allows; see round.
func (s Scale) fixed() (m uint64, e int) {
	const lift = 64 - scaleBits
	m, e = s.mantissa<<lift, s.exponent-lift
	for e < -65 {
		m, e = m>>1, e+1 // exact: at most lift steps, for sigma of at least 2^-13
	}
	return m, e
}
