package contrib

import (
	"math/big"
	"math/bits"
)

// decayBits is the number of fractional bits of a weight.
const decayBits = 32

// DecayTable returns 2^-(age/halfLife) for age 0 to days-1, in fixed point with
// 32 fractional bits, rounded down. It uses integers only, so that it is the
// same on every machine: 2^-(r/h) is the product of 2^-(2^-k) over the binary
// digits k of r/h, each a repeated square root of 1/2 with 64 fractional bits.
// Every step rounds down by less than 2^-64 and there are at most 130, so that
// a factor is exact but for less than 2^-56 before the last rounding.
func DecayTable(halfLife, days int) []uint64 {
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
			table[age] = 1 << decayBits >> whole
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
