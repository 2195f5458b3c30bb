package noise

import "math/bits"

// The half-normal density e^(-x^2/2), x >= 0, is covered by 1024 slots of equal
// area, which a draw chooses among with equal probability. Slots 0 to 1022 are
// strips: rectangles over [edge[i], edge[i+1]) in units of 2^-32, of height
// area/(edge[i+1]-edge[i]), which is at least the density at the left edge. The
// last slot is the tail from edge[1023] on: unit-wide rectangles, of which the
// G-th is chosen with probability 2^-(G+1).
//
// A uniform point of the slot is kept if a uniform height of the rectangle lies
// under the density: with probability e^(-x^2/2) * weight/area, where weight is
// the width of a strip, and 2^(33+G) in the tail. Points are hence kept with one
// density, area/1024 * e^(-x^2/2), whatever their slot: a kept point is exactly
// half-normal. Docs: docs/proofs/rounded-gaussian.md.

const (
	slots     = 1024
	strips    = slots - 1
	edgeBits  = 32 // edges are in units of 2^-32
	pointBits = 60 // of the fixed-point x in fast comparisons
	// maxFastTail is the number of tail rectangles that fast comparisons serve:
	// they end below 8.
	maxFastTail = 4
)

// point is a uniform point of [left, left + width) * 2^-32: the product of width
// and a uniform number of which u holds the first 64 bits.
type point struct {
	left, width uint64
	weight      uint64 // see above; 0 if it needs more than 64 bits
	u           uint64
	far         uint  // tail rectangle, for weights that need more bits
	digits      *real // more digits of u, once they were needed
}

// fixed returns x, rounded down, in units of 2^-60; x lies below it plus 2 (one
// for the rounding, one for what is not known of u). It holds for x < 16.
func (p *point) fixed() uint64 { return fixed(p.left, p.width, p.u) }

func fixed(left, width, u uint64) uint64 {
	hi, lo := bits.Mul64(width, u)
	return (left+hi)<<(pointBits-edgeBits) | lo>>(64-(pointBits-edgeBits))
}

// under reports whether the point is kept, where v holds the first 53 bits of the
// uniform height. It decides in 64-bit integers if they suffice.
func (p *point) under(v uint64, s *stream) bool {
	x := p.fixed()
	y, _ := bits.Mul64(x, x) // x^2/2 lies in [y, y+3] * 2^-57 for x < 8
	e := expNeg(y)           // e^(-x^2/2) lies within 256 of e, in 2^-63
	hi, lo := bits.Mul64(e, p.weight)
	if hi >= area {
		return p.underSlowly(v, s)
	}
	k, _ := bits.Div64(hi, lo, area)
	slack := 256*p.weight/area + 2
	switch low, high := v<<10, (v+1)<<10; { // the height is in [low, high) * 2^-63
	case high+slack <= k:
		return true
	case low >= k+slack:
		return false
	}
	return p.underSlowly(v, s)
}

// tail makes p a point of the tail and reports whether it is kept. The number of
// trailing zeros of a word is the rectangle.
func (p *point) tail(u, v uint64, s *stream) bool {
	far := uint(0)
	w := s.next()
	for w == 0 {
		far += 64
		w = s.next()
	}
	far += uint(bits.TrailingZeros64(w))
	*p = point{left: edge[strips] + uint64(far)<<edgeBits, width: 1 << edgeBits, u: u, far: far}
	if far < maxFastTail {
		p.weight = 1 << (edgeBits + 1 + far)
		return p.under(v, s)
	}
	// The density there is so low that a point is kept with probability below
	// 2^-26, in this and in every later rectangle.
	if v >= 1<<(53-26) {
		return false
	}
	return p.underSlowly(v, s)
}

// expNeg returns about 2^63 e^-t for t in [y, y+3] * 2^-57: off by less than 256.
// The series of the fraction loses less than 6 by truncating, each whole step less
// than 2 of which the next keeps 1/e, and the width of t accounts for 192.
func expNeg(y uint64) uint64 {
	const (
		one  = 1 << 63
		invE = 0x5e2d58d8b3bcdf1a // floor(2^64/e)
	)
	whole, f := y>>57, y<<7
	r := uint64(one)
	for k := uint64(21); k >= 1; k-- { // 1 - f(1 - f/2(1 - f/3(...)))
		t, _ := bits.Mul64(f, r)
		r = one - t/k
	}
	for range whole {
		r, _ = bits.Mul64(r, invE)
	}
	return r
}
