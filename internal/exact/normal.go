package exact

import "math/big"

// MaxTail is the largest argument, in standard deviations, at which tails of
// the normal distribution are computed: beyond it they are below 2^-4600.
const MaxTail = 80

// Mills encloses the Mills ratio Q(s)/phi(s) of the standard normal
// distribution with about p fraction bits, for |s| <= MaxTail, where Q is the
// upper tail and phi the density:
//
//	Q(s)/phi(s) = sqrt(pi/2) e^(s^2/2) - sum over k >= 0 of s^(2k+1)/(2k+1)!!
func Mills(s *big.Rat, p uint) Interval {
	sq := new(big.Rat).Mul(s, s)
	whole := ceilQuo(sq.Num(), sq.Denom()).Uint64()
	w := p + uint(whole*3/4) + 32 // e^(s^2/2) < 2^(3/4 s^2)
	half := new(big.Rat).Quo(sq, big.NewRat(2, 1))
	pi := Pi(w)
	centre := Interval{new(big.Int).Rsh(pi.lo, 1), ceilRsh(pi.hi, 1), w}.Sqrt().Mul(Exp(half, w))

	y := Of(sq, w)
	term := Of(new(big.Rat).Abs(s), w)
	sum := term
	for k := int64(1); ; k++ {
		term = term.Mul(y).quoInt(2*k + 1)
		sum = sum.Add(term)
		// From here on each term is at most half of the one before it.
		if term.hi.Cmp(one) <= 0 && uint64(2*k+3) > 2*whole {
			sum.hi.Add(sum.hi, term.hi)
			break
		}
	}
	if s.Sign() < 0 {
		return centre.Add(sum).reduce(p)
	}
	return centre.Sub(sum).reduce(p)
}

// InverseDensity encloses 1/phi(s) = sqrt(2 pi) e^(s^2/2) with p fraction bits.
func InverseDensity(s *big.Rat, p uint) Interval {
	half := new(big.Rat).Mul(s, s)
	half.Quo(half, big.NewRat(2, 1))
	whole := ceilQuo(half.Num(), half.Denom()).Uint64()
	w := p + uint(whole*3/2) + 8
	pi := Pi(w)
	two := Interval{new(big.Int).Lsh(pi.lo, 1), new(big.Int).Lsh(pi.hi, 1), w}
	return two.Sqrt().Mul(Exp(half, w)).reduce(p)
}

// Tail encloses the upper tail Q(z) of the standard normal distribution. The
// relative width is below 2^-60 for |z| <= MaxTail; beyond it the ends are 0 and
// 2^-4600, or 1 - 2^-4600 and 1, because Q(80) < e^(-80^2/2)/2 < 2^-4600.
func Tail(z *big.Rat) (lo, hi *big.Rat) {
	limit := big.NewRat(MaxTail, 1)
	if new(big.Rat).Abs(z).Cmp(limit) > 0 {
		most := new(big.Rat).SetFrac(one, new(big.Int).Lsh(one, 4600))
		if z.Sign() > 0 {
			return new(big.Rat), most
		}
		return new(big.Rat).Sub(big.NewRat(1, 1), most), big.NewRat(1, 1)
	}
	for p := uint(96); ; p *= 2 { // Q(z)/phi(z) > 1/81, so that 96 is enough
		m, d := Mills(z, p), InverseDensity(z, p)
		lo = new(big.Rat).SetFrac(m.lo, d.hi)
		hi = new(big.Rat).SetFrac(m.hi, d.lo)
		if Tight(lo, hi) {
			return lo, hi
		}
	}
}

// Tight reports whether 0 < lo <= hi <= lo*(1 + 2^-60).
func Tight(lo, hi *big.Rat) bool {
	if lo.Sign() <= 0 {
		return false
	}
	d := new(big.Rat).Sub(hi, lo)
	d.Mul(d, new(big.Rat).SetInt(new(big.Int).Lsh(one, 60)))
	return d.Cmp(lo) <= 0
}
