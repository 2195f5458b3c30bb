package exact

import "math/big"

// Interval encloses a real number: lo*2^-p <= value <= hi*2^-p. Values are
// immutable; the zero Interval is not usable.
type Interval struct {
	lo, hi *big.Int
	p      uint
}

var one = big.NewInt(1) // never written to

// Of encloses r with p fraction bits; the width is at most 2^-p.
func Of(r *big.Rat, p uint) Interval {
	n := new(big.Int).Lsh(r.Num(), p)
	lo, rem := new(big.Int).DivMod(n, r.Denom(), new(big.Int))
	hi := lo
	if rem.Sign() != 0 {
		hi = new(big.Int).Add(lo, one)
	}
	return Interval{lo, hi, p}
}

// Lo returns the lower end.
func (a Interval) Lo() *big.Rat { return new(big.Rat).SetFrac(a.lo, a.unit()) }

// Hi returns the upper end.
func (a Interval) Hi() *big.Rat { return new(big.Rat).SetFrac(a.hi, a.unit()) }

func (a Interval) unit() *big.Int { return new(big.Int).Lsh(one, a.p) }

// Add returns a + b, at the precision of a, which b must share.
func (a Interval) Add(b Interval) Interval {
	return Interval{new(big.Int).Add(a.lo, b.lo), new(big.Int).Add(a.hi, b.hi), a.p}
}

// Sub returns a - b, at the precision of a, which b must share.
func (a Interval) Sub(b Interval) Interval {
	return Interval{new(big.Int).Sub(a.lo, b.hi), new(big.Int).Sub(a.hi, b.lo), a.p}
}

// Mul returns a * b for a and b that are not negative.
func (a Interval) Mul(b Interval) Interval {
	lo := new(big.Int).Mul(a.lo, b.lo)
	hi := new(big.Int).Mul(a.hi, b.hi)
	return Interval{lo.Rsh(lo, b.p), ceilRsh(hi, b.p), a.p}
}

// Quo returns a / b for a not negative and b positive.
func (a Interval) Quo(b Interval) Interval {
	lo := new(big.Int).Lsh(a.lo, b.p)
	hi := new(big.Int).Lsh(a.hi, b.p)
	return Interval{lo.Quo(lo, b.hi), ceilQuo(hi, b.lo), a.p}
}

// quoInt returns a / n for a not negative and n positive.
func (a Interval) quoInt(n int64) Interval {
	d := big.NewInt(n)
	return Interval{new(big.Int).Quo(a.lo, d), ceilQuo(a.hi, d), a.p}
}

// Sqrt returns the square root of a, which is not negative.
func (a Interval) Sqrt() Interval {
	lo := new(big.Int).Lsh(a.lo, a.p)
	hi := new(big.Int).Lsh(a.hi, a.p)
	return Interval{lo.Sqrt(lo), CeilSqrt(hi), a.p}
}

// reduce returns a with p fraction bits, p at most its own.
func (a Interval) reduce(p uint) Interval {
	return Interval{new(big.Int).Rsh(a.lo, a.p-p), ceilRsh(a.hi, a.p-p), p}
}

// CeilSqrt returns the smallest integer whose square is at least n.
func CeilSqrt(n *big.Int) *big.Int {
	r := new(big.Int).Sqrt(n)
	if new(big.Int).Mul(r, r).Cmp(n) < 0 {
		r.Add(r, one)
	}
	return r
}

// CeilQuo returns the smallest integer at least n / d, for positive d.
func CeilQuo(n, d *big.Int) *big.Int { return ceilQuo(n, d) }

func ceilQuo(n, d *big.Int) *big.Int {
	q, rem := new(big.Int).DivMod(n, d, new(big.Int))
	if rem.Sign() != 0 {
		q.Add(q, one)
	}
	return q
}

func ceilRsh(n *big.Int, s uint) *big.Int {
	r := new(big.Int).Neg(n)
	r.Rsh(r, s) // floor, also for negative numbers
	return r.Neg(r)
}
