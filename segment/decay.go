package segment

import (
	"math/bits"

	"github.com/discreet-go/discreet/internal/contrib"
)

// one is the fixed-point one: 32 fractional bits.
const one = uint64(1) << 32

// decayTable returns 2^-(age/halfLife) for age 0 to days-1, in fixed point with
// 32 fractional bits.
func decayTable(halfLife, days int) []uint64 { return contrib.DecayTable(halfLife, days) }

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
