package segment

import (
	"math/big"
	"math/bits"
)

// one is the fixed-point one: 32 fractional bits.
const one = uint64(1) << 32

// decayTable returns 2^-(age/halfLife) for age 0 to days-1, in fixed point with
// 32 fractional bits, rounded down. It uses integers only, so that it is the
// same on every machine: 2^-(r/h) is the product of 2^-(2^-k) over the binary
// digits k of r/h, each a repeated square root of 1/2 with 64 fractional bits.
// Every step rounds down by less than 2^-64 and there are at most 130, so that
// a factor is exact but for less than 2^-56 before the last rounding.
func decayTable(halfLife, days int) []uint64 {
	var roots [64]uint64 // roots[k] = 2^-(2^-(k+1)) * 2^64
	x := new(big.Int).Lsh(big.NewInt(1), 127)
	x.Sqrt(x) // sqrt(1/2) with 64 fractional bits
	for k := range roots {
		roots[k] = x.Uint64()
		x.Lsh(x, 64).Sqrt(x)
	}
	table := make([]uint64, days)
	for age := range table {
		whole, rest := age/halfLife, uint64(age%halfLife)
		if whole > 32 {
			break // below 2^-32
		}
		v := ^uint64(0)
		if rest == 0 {
			table[age] = one >> whole
			continue
		}
		for k := range roots {
			rest *= 2
			if rest >= uint64(halfLife) {
				rest -= uint64(halfLife)
				v, _ = bits.Mul64(v, roots[k])
			}
			if rest == 0 {
				break
			}
		}
		table[age] = v >> 32 >> whole
	}
	return table
}

// addSaturating returns a + n*f, or the largest uint64. Saturation does not
// depend on the order of the terms.
func addSaturating(a uint64, n uint32, f uint64) uint64 {
	hi, lo := bits.Mul64(uint64(n), f)
	sum, carry := bits.Add64(a, lo, 0)
	if hi|carry != 0 {
		return ^uint64(0)
	}
	return sum
}

// reaches reports whether a fixed-point score is at least milli thousandths.
func reaches(score uint64, milli int64) bool {
	hi, lo := bits.Mul64(score, 1000)
	wantHi, wantLo := bits.Mul64(uint64(milli), one)
	return hi > wantHi || hi == wantHi && lo >= wantLo
}

// milli returns a fixed-point score in thousandths, rounded down.
func milli(score uint64) int64 {
	hi, lo := bits.Mul64(score, 1000)
	return int64(hi<<32 | lo>>32) // score < 2^64, so the product is below 2^74
}
