package noise

import (
	"math/big"
	"math/bits"

	"github.com/discreet-go/discreet/internal/exact"
)

// The exponential density e^-x, x >= 0, is covered by slots of equal area as the
// half-normal one is in normal.go. Strip i, 0 to 1022, is [expEdge[i],
// expEdge[i+1]) * 2^-32, and its points are kept with probability
// e^-x * width/expArea. The last slot stands for all x from R = expEdge[1023] on;
// it is kept with probability e^-R 2^32/expArea, and then, the law being without
// memory, x is R plus a fresh draw.

// wait is a point of the exponential law: turns*R plus a uniform point of a strip.
type wait struct {
	left, width uint64
	u           uint64
	turns       uint64
	digits      *real
}

// waitBits are those of the fixed-point x in fast comparisons, which serve fewer
// than maxFastTurns turns: x is then below 64.
const (
	waitBits     = 58
	maxFastTurns = 8
)

// draw makes p a point of the exponential law and returns a uniform bit.
func (p *wait) draw(s *stream) uint64 {
	for {
		w := s.next()
		i := w & (slots - 1)
		v := w >> 11
		if i == strips {
			if v < expTail || v == expTail && settleTail(v, func() (uint64, uint) { return s.next(), 64 }) {
				p.turns++
			}
			continue // with a fresh draw, or another attempt at this one
		}
		p.left, p.width, p.u = expEdge[i], expEdge[i+1]-expEdge[i], s.next()
		if v < expSure[i] || p.under(v, s) {
			return w >> 10 & 1
		}
		p.digits = nil // the turns stay: they belong to draws that were kept
	}
}

// under reports whether the point is kept; compare point.under.
func (p *wait) under(v uint64, s *stream) bool {
	hi, lo := bits.Mul64(p.width, p.u)
	x := p.left + hi // in 2^-32, below 8
	y := x<<(57-edgeBits) | lo>>(64-(57-edgeBits))
	// x lies in [y, y+2] * 2^-57, and e^-x within 256 of expNeg(y).
	hi, lo = bits.Mul64(expNeg(y), p.width)
	if hi < expArea {
		k, _ := bits.Div64(hi, lo, expArea)
		slack := 256*p.width/expArea + 2
		switch low, high := v<<10, (v+1)<<10; {
		case high+slack <= k:
			return true
		case low >= k+slack:
			return false
		}
	}
	p.digits = newReal(p.u, 64)
	return p.settle(newReal(v, 53), func() (uint64, uint) { return s.next(), 64 })
}

// settle decides what under cannot; compare point.settle.
func (p *wait) settle(height *real, more func() (uint64, uint)) bool {
	factor := new(big.Rat).SetFrac(new(big.Int).SetUint64(p.width), big.NewInt(expArea))
	for {
		near, far := p.digits.within(p.left, p.width)
		prec := max(height.bits, p.digits.bits) + edgeBits + 8
		least := exact.Exp(far.Neg(far), prec).Lo()
		most := exact.Exp(near.Neg(near), prec).Hi()
		if below, ok := height.compare(least.Mul(least, factor), most.Mul(most, factor)); ok {
			return below
		}
		height.extend(more())
		p.digits.extend(more())
	}
}

// settleTail decides whether the last slot is kept when the first 53 digits of
// the height are those of the probability.
func settleTail(v uint64, more func() (uint64, uint)) bool {
	height := newReal(v, 53)
	factor := new(big.Rat).SetFrac64(1<<edgeBits, expArea)
	minusR := new(big.Rat).SetFrac64(-int64(expEdge[strips]), 1<<edgeBits)
	for {
		e := exact.Exp(minusR, height.bits+16)
		if below, ok := height.compare(new(big.Rat).Mul(e.Lo(), factor), new(big.Rat).Mul(e.Hi(), factor)); ok {
			return below
		}
		height.extend(more())
	}
}

// span returns the interval that holds x, turns included.
func (p *wait) span() (lo, hi *big.Rat) {
	lo, hi = p.digits.within(p.left, p.width)
	far := new(big.Int).Mul(new(big.Int).SetUint64(p.turns), new(big.Int).SetUint64(expEdge[strips]))
	shift := new(big.Rat).SetFrac(far, new(big.Int).Lsh(big.NewInt(1), edgeBits))
	return lo.Add(lo, shift), hi.Add(hi, shift)
}
