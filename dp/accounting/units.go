package accounting

import (
	"errors"
	"math/big"
	"math/bits"
)

// Units is a privacy loss as an exact non-negative number: a 128-bit integer
// in units of 2^-96. Squared mu (Gaussian DP) and additive delta are kept in
// it, so that sums in the ledger are exact and comparisons are integer
// comparisons. It is comparable; its zero value is zero loss.
type Units struct{ hi, lo uint64 }

const unitBits = 96

// ErrUnits is returned where a loss is negative, infinite, NaN or too large.
var ErrUnits = errors.New("accounting: a loss is out of range")

// UnitsDown converts r, rounding down; for budgets.
func UnitsDown(r *big.Rat) (Units, error) { return unitsOf(r, false) }

// UnitsUp converts r, rounding up; for charges.
func UnitsUp(r *big.Rat) (Units, error) { return unitsOf(r, true) }

func unitsOf(r *big.Rat, up bool) (Units, error) {
	if r == nil || r.Sign() < 0 {
		return Units{}, ErrUnits
	}
	n := new(big.Int).Lsh(r.Num(), unitBits)
	q, rem := new(big.Int).QuoRem(n, r.Denom(), new(big.Int))
	if up && rem.Sign() > 0 {
		q.Add(q, big.NewInt(1))
	}
	return fromInt(q)
}

func fromInt(q *big.Int) (Units, error) {
	if q.Sign() < 0 || q.BitLen() > 128 {
		return Units{}, ErrUnits
	}
	lo := new(big.Int).And(q, new(big.Int).SetUint64(^uint64(0))).Uint64()
	return Units{hi: new(big.Int).Rsh(q, 64).Uint64(), lo: lo}, nil
}

func (u Units) int() *big.Int {
	n := new(big.Int).SetUint64(u.hi)
	return n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(u.lo))
}

// Rat returns the exact value.
func (u Units) Rat() *big.Rat {
	return new(big.Rat).SetFrac(u.int(), new(big.Int).Lsh(big.NewInt(1), unitBits))
}

// Float64 returns the nearest float, for display only.
func (u Units) Float64() float64 { f, _ := u.Rat().Float64(); return f }

// IsZero reports whether u is zero.
func (u Units) IsZero() bool { return u == Units{} }

// Cmp compares u and v: -1, 0 or 1.
func (u Units) Cmp(v Units) int {
	switch {
	case u == v:
		return 0
	case u.hi < v.hi || u.hi == v.hi && u.lo < v.lo:
		return -1
	}
	return 1
}

// Add returns u + v, or ErrUnits on overflow.
func (u Units) Add(v Units) (Units, error) {
	lo, carry := bits.Add64(u.lo, v.lo, 0)
	hi, carry := bits.Add64(u.hi, v.hi, carry)
	if carry != 0 {
		return Units{}, ErrUnits
	}
	return Units{hi, lo}, nil
}

// Sub returns u - v, or ErrUnits when v is larger.
func (u Units) Sub(v Units) (Units, error) {
	lo, borrow := bits.Sub64(u.lo, v.lo, 0)
	hi, borrow := bits.Sub64(u.hi, v.hi, borrow)
	if borrow != 0 {
		return Units{}, ErrUnits
	}
	return Units{hi, lo}, nil
}

// MaxUnits returns the largest Units, just below 2^32.
func MaxUnits() Units { return Units{^uint64(0), ^uint64(0)} }

// Half returns u/2, rounded up.
func (u Units) Half() Units {
	half := Units{u.hi >> 1, u.lo>>1 | u.hi<<63}
	if u.lo&1 == 1 {
		half, _ = half.Add(Units{0, 1}) // never overflows
	}
	return half
}

// Share returns the given billionths of u, rounded down.
func (u Units) Share(nano int64) (Units, error) {
	if nano < 0 || nano > 1_000_000_000 {
		return Units{}, ErrUnits
	}
	n := u.int()
	n.Mul(n, big.NewInt(nano)).Quo(n, big.NewInt(1_000_000_000))
	return fromInt(n)
}

// MarshalText writes 32 hexadecimal digits, the number of 2^-96 units.
func (u Units) MarshalText() ([]byte, error) {
	const digits = "0123456789abcdef"
	out := make([]byte, 0, 32)
	for _, w := range [2]uint64{u.hi, u.lo} {
		for s := 60; s >= 0; s -= 4 {
			out = append(out, digits[w>>s&15])
		}
	}
	return out, nil
}

// UnmarshalText reads what MarshalText writes, and nothing else.
func (u *Units) UnmarshalText(text []byte) error {
	if len(text) != 32 {
		return ErrUnits
	}
	var w [2]uint64
	for i, c := range text {
		var d uint64
		switch {
		case c >= '0' && c <= '9':
			d = uint64(c - '0')
		case c >= 'a' && c <= 'f':
			d = uint64(c-'a') + 10
		default:
			return ErrUnits
		}
		w[i/16] = w[i/16]<<4 | d
	}
	*u = Units{w[0], w[1]}
	return nil
}
