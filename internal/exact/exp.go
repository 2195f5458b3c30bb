package exact

import "math/big"

// Exp encloses e^x with p fraction bits, for x at most 2^14 or so: the work
// grows with the size of the result. A result below 2^-p may be enclosed by
// [0, 2^-p].
func Exp(x *big.Rat, p uint) Interval {
	if x.Sign() < 0 {
		if x.Cmp(big.NewRat(-int64(p), 1)) < 0 { // e^-p < 2^-p
			return Interval{new(big.Int), big.NewInt(1), p}
		}
		unit := Of(big.NewRat(1, 1), p+2)
		return unit.Quo(Exp(new(big.Rat).Neg(x), p+2)).reduce(p)
	}
	// e^x = (e^(x/2^k))^(2^k), with x/2^k < 2^-8 and enough guard bits for the
	// squarings and for the size of the result.
	whole := ceilQuo(x.Num(), x.Denom())
	k := uint(whole.BitLen()) + 8
	w := p + uint(whole.Uint64()*3/2) + k + 16
	y := new(big.Rat).Quo(x, new(big.Rat).SetInt(new(big.Int).Lsh(one, k)))
	s := expSmall(Of(y, w))
	for range k {
		s = s.Mul(s)
	}
	return s.reduce(p)
}

// expSmall sums the series of e^y for 0 <= y < 1/2. What is left out after a
// term is less than that term.
func expSmall(y Interval) Interval {
	sum := Of(big.NewRat(1, 1), y.p)
	term := sum
	for n := int64(1); ; n++ {
		term = term.Mul(y).quoInt(n)
		sum = sum.Add(term)
		if term.hi.Cmp(one) <= 0 {
			sum.hi.Add(sum.hi, term.hi)
			return sum
		}
	}
}

// Pi encloses pi with p fraction bits, by Machin's formula.
func Pi(p uint) Interval {
	w := p + 16
	a := arccot(5, w)
	b := arccot(239, w)
	sixteen := Interval{new(big.Int).Lsh(a.lo, 4), new(big.Int).Lsh(a.hi, 4), w}
	four := Interval{new(big.Int).Lsh(b.lo, 2), new(big.Int).Lsh(b.hi, 2), w}
	return sixteen.Sub(four).reduce(p)
}

// arccot sums the alternating series of atan(1/n): the first term left out
// bounds the error.
func arccot(n int64, w uint) Interval {
	power := Of(big.NewRat(1, n), w)
	sum := power
	for k := int64(3); ; k += 2 {
		power = power.quoInt(n * n)
		term := power.quoInt(k)
		if k%4 == 3 {
			sum = sum.Sub(term)
		} else {
			sum = sum.Add(term)
		}
		if term.hi.Cmp(one) <= 0 {
			sum.lo.Sub(sum.lo, one)
			sum.hi.Add(sum.hi, one)
			return sum
		}
	}
}
