package noise

import (
	"math/big"

	"github.com/discreet-go/discreet/internal/exact"
)

// real is a uniform number of [0, 1) of which the first bits are known:
// n/2^bits <= value < (n+1)/2^bits.
type real struct {
	n    *big.Int
	bits uint
}

func newReal(w uint64, bits uint) *real {
	return &real{new(big.Int).SetUint64(w), bits}
}

// extend reveals more bits.
func (r *real) extend(w uint64, bits uint) {
	r.n.Lsh(r.n, bits)
	r.n.Or(r.n, new(big.Int).SetUint64(w))
	r.bits += bits
}

// ends returns the ends of the interval that holds the value.
func (r *real) ends() (lo, hi *big.Rat) {
	unit := new(big.Int).Lsh(big.NewInt(1), r.bits)
	lo = new(big.Rat).SetFrac(r.n, unit)
	return lo, new(big.Rat).SetFrac(new(big.Int).Add(r.n, big.NewInt(1)), unit)
}

// within returns the interval that holds left + width times the value, in units of
// 2^-edgeBits.
func (r *real) within(left, width uint64) (lo, hi *big.Rat) {
	lo, hi = r.ends()
	w := new(big.Rat).SetInt(new(big.Int).SetUint64(width))
	l := new(big.Rat).SetInt(new(big.Int).SetUint64(left))
	for _, x := range [2]*big.Rat{lo, hi} {
		x.Mul(x, w)
		x.Add(x, l)
		x.Quo(x, big.NewRat(1<<edgeBits, 1))
	}
	return lo, hi
}

// span returns the interval that holds x.
func (p *point) span() (lo, hi *big.Rat) { return p.digits.within(p.left, p.width) }

// underSlowly decides what under cannot, with as many more digits of the height
// and of the point as it takes. Each round leaves it open with a probability that
// is 2^-50 of the one before, or less.
func (p *point) underSlowly(v uint64, s *stream) bool {
	p.digits = newReal(p.u, 64)
	return p.settle(newReal(v, 53), func() (uint64, uint) { return s.next(), 64 })
}

// settle reports whether the height lies below e^(-x^2/2) weight/area. It calls
// more for more digits, of the height and of the point in turn.
func (p *point) settle(height *real, more func() (uint64, uint)) bool {
	weight := new(big.Int).SetUint64(p.weight)
	if p.weight == 0 {
		weight.Lsh(big.NewInt(1), edgeBits+1+p.far)
	}
	factor := new(big.Rat).SetFrac(weight, big.NewInt(area))
	for {
		near, far := p.span()
		prec := max(height.bits, p.digits.bits) + uint(weight.BitLen()) + 8
		least := exact.Exp(minusHalfSquare(far), prec).Lo()
		most := exact.Exp(minusHalfSquare(near), prec).Hi()
		if below, ok := height.compare(least.Mul(least, factor), most.Mul(most, factor)); ok {
			return below
		}
		height.extend(more())
		p.digits.extend(more())
	}
}

// compare reports whether the value lies below a number of [least, most], if its
// known digits tell.
func (r *real) compare(least, most *big.Rat) (below, ok bool) {
	low, high := r.ends()
	switch {
	case high.Cmp(least) <= 0:
		return true, true
	case low.Cmp(most) >= 0:
		return false, true
	}
	return false, false
}

func minusHalfSquare(x *big.Rat) *big.Rat {
	r := new(big.Rat).Mul(x, x)
	return r.Mul(r, big.NewRat(-1, 2))
}

// roundSlowly rounds sigma x, with as many more digits of x as it takes.
func (g *Gaussian) roundSlowly(p *point, s *stream) (int64, error) {
	if p.digits == nil {
		p.digits = newReal(p.u, 64)
	}
	return g.scale.settleRound(p, func() (uint64, uint) { return s.next(), 64 })
}

func (s Scale) settleRound(p *point, more func() (uint64, uint)) (int64, error) {
	return settleInteger(s, big.NewRat(1, 2), p.span, p.digits, more)
}

// settleInteger returns floor(sigma x + add), where span tells what is known of x
// and digits are those that are revealed.
func settleInteger(s Scale, add *big.Rat, span func() (lo, hi *big.Rat), digits *real, more func() (uint64, uint)) (int64, error) {
	sigma := s.Rat()
	for {
		lo, hi := span()
		a := floor(lo.Add(lo.Mul(lo, sigma), add))
		b := floor(hi.Add(hi.Mul(hi, sigma), add))
		if a.Cmp(b) == 0 {
			if a.BitLen() > 62 {
				return 0, ErrOverflow
			}
			return a.Int64(), nil
		}
		digits.extend(more())
	}
}

func floor(r *big.Rat) *big.Int {
	return new(big.Int).Div(r.Num(), r.Denom())
}
