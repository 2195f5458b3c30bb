package exact

import (
	"math"
	"math/big"
)

// FloatUp returns the smallest float64 at least r.
func FloatUp(r *big.Rat) float64 {
	f, _ := r.Float64()
	switch {
	case math.IsInf(f, 1):
		return f
	case math.IsInf(f, -1):
		return -math.MaxFloat64
	case new(big.Rat).SetFloat64(f).Cmp(r) < 0:
		return math.Nextafter(f, math.Inf(1))
	}
	return f
}

// FloatDown returns the largest float64 at most r.
func FloatDown(r *big.Rat) float64 {
	return -FloatUp(new(big.Rat).Neg(r))
}
