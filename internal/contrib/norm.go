package contrib

import (
	"math/big"
	"math/bits"
)

// scaled scales cells down, towards zero, until their squares add up to at most the
// square of norm; what becomes zero goes. Values are at most 2^20 in size, cells at
// most 2^16 and the norm at most 2^20, so that no product is beyond 2^80.
//
// With squares that add up to n > norm^2, a value v becomes floor(|v| norm / sqrt(n))
// with the sign of v: exactly the largest w with w^2 n <= v^2 norm^2. Then the squares
// add up to at most norm^2.
func scaled(cells []Cell, norm int64) []Cell {
	n := uint64(0)
	for _, c := range cells {
		n += uint64(c.Value * c.Value)
	}
	if n <= uint64(norm)*uint64(norm) {
		return cells
	}
	out := cells[:0]
	var last, root int64 // most values are alike
	for _, c := range cells {
		size := max(c.Value, -c.Value)
		if size != last {
			last, root = size, shrunk(uint64(size)*uint64(norm), n)
		}
		if root == 0 {
			continue
		}
		if c.Value > 0 {
			c.Value = root
		} else {
			c.Value = -root
		}
		out = append(out, c)
	}
	return out
}

// shrunk returns the largest w with w^2 n <= top^2.
func shrunk(top, n uint64) int64 {
	hi, lo := bits.Mul64(top, top)
	if hi < n {
		q, _ := bits.Div64(hi, lo, n)
		return int64(new(big.Int).Sqrt(new(big.Int).SetUint64(q)).Uint64())
	}
	q := new(big.Int).Lsh(new(big.Int).SetUint64(hi), 64)
	q.Or(q, new(big.Int).SetUint64(lo)).Quo(q, new(big.Int).SetUint64(n))
	return int64(q.Sqrt(q).Uint64())
}
