package audit

import (
	"fmt"
	"math"
)

// LowBits is a Probe for number i: the position of its lowest set bit, as the
// exponent of 2, and 2000 for zero. A float that noise was added to carelessly
// shows by its last bits what it was added to (Mironov, CCS 2012).
func LowBits(i int) Probe {
	return Probe{Name: fmt.Sprintf("the lowest set bit of number %d", i), Of: func(out []float64) float64 {
		if i < 0 || i >= len(out) {
			return 2000
		}
		return lowestBit(out[i])
	}}
}

// lowestBit returns the largest e with x a multiple of 2^e.
func lowestBit(x float64) float64 {
	if x == 0 {
		return 2000
	}
	frac, exp := math.Frexp(math.Abs(x)) // 1/2 <= frac < 1
	m := uint64(frac * (1 << 53))
	zeros := 0
	for m&1 == 0 {
		m >>= 1
		zeros++
	}
	return float64(exp - 53 + zeros)
}

// LastByte is a Probe for number i: its integer part modulo 256. It shows
// values that are rounded to a grid which depends on the data.
func LastByte(i int) Probe {
	return Probe{Name: fmt.Sprintf("the last byte of number %d", i), Of: func(out []float64) float64 {
		if i < 0 || i >= len(out) {
			return -1
		}
		m := math.Mod(math.Floor(out[i]), 256)
		if m < 0 {
			m += 256
		}
		return m
	}}
}

// GCD is a Probe: the greatest common divisor of all numbers, 0 if all are
// zero, -1 unless all are integers below 2^53. It shows sums that were scaled
// after noise, or noise that was multiplied.
func GCD() Probe {
	return Probe{Name: "the greatest common divisor of all numbers", Of: func(out []float64) float64 {
		g := uint64(0)
		for _, x := range out {
			x = math.Abs(x)
			if x >= 1<<53 || x != math.Trunc(x) {
				return -1
			}
			for b := uint64(x); b != 0; {
				g, b = b, g%b
			}
		}
		return float64(g)
	}}
}

// KeyPresent is a Probe: whether number i is other than absent, the value that
// a Sample gives for a key that is missing.
func KeyPresent(i int, absent float64) Probe {
	return Probe{Name: fmt.Sprintf("presence of number %d", i), Of: func(out []float64) float64 {
		if i < 0 || i >= len(out) || out[i] == absent {
			return 0
		}
		return 1
	}}
}

// Support is a Probe: how many numbers are not zero.
func Support() Probe {
	return Probe{Name: "how many numbers are not zero", Of: func(out []float64) float64 {
		n := 0
		for _, x := range out {
			if x != 0 {
				n++
			}
		}
		return float64(n)
	}}
}

// Distinct is a Probe: how many different numbers there are. It shows noise
// that is reused.
func Distinct() Probe {
	return Probe{Name: "how many different numbers there are", Of: func(out []float64) float64 {
		seen := make(map[float64]struct{}, len(out))
		for _, x := range out {
			seen[x] = struct{}{}
		}
		return float64(len(seen))
	}}
}

// Difference is a Probe: number i less number j, which lists both, in this order.
func Difference(ij [2]int) Probe {
	return Probe{Name: fmt.Sprintf("number %d less number %d", ij[0], ij[1]), Of: func(out []float64) float64 {
		if min(ij[0], ij[1]) < 0 || max(ij[0], ij[1]) >= len(out) {
			return 0
		}
		return out[ij[0]] - out[ij[1]]
	}}
}

// standard returns the probes that are always tried: the lowest bit of each of
// the first 64 numbers unless it is an integer all the time, and the greatest
// common divisor where all are.
func standard(pairs []pair, dim int) (probes []Probe) {
	whole := true
	for i := range min(dim, 64) {
		fraction := false
		for _, p := range pairs {
			if p.with[i] != math.Trunc(p.with[i]) || p.without[i] != math.Trunc(p.without[i]) {
				fraction = true
				break
			}
		}
		if fraction {
			whole = false
			probes = append(probes, LowBits(i))
		}
	}
	if whole {
		probes = append(probes, GCD())
	}
	return probes
}
