package synth

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// rng draws from a PCG. Everything it draws is defined by integers and by
// square roots, which round alike on every machine.
type rng struct{ src *rand.PCG }

func newSource(seed, stream uint64) *rand.PCG { return rand.NewPCG(seed, stream) }

// below returns a number in [0, n), with a bias of at most n/2^64.
func (r rng) below(n uint64) uint64 {
	hi, _ := bits.Mul64(r.src.Uint64(), n)
	return hi
}

// pareto returns a weight of at least 2^32 whose tail falls like x^(-4/3); it
// is capped at a thousand times the least.
func (r rng) pareto() uint64 {
	u := float64(r.src.Uint64()>>12+1) / (1 << 52) // (0, 1]
	root := math.Sqrt(u)
	x := 1 / float64(root*math.Sqrt(root)) // u^(-3/4)
	return uint64(min(x, 1000) * (1 << 32))
}

// An alias picks an index with probability proportional to its weight, in
// constant time (Walker, with Vose's construction in integers).
type alias struct {
	keep []uint64 // the slot's own index is picked when the draw is below
	to   []int32
}

// zipf returns the alias of n indexes with weights 1/1, 1/2, 1/3, ...
func zipf(n int) alias {
	w := make([]uint64, n)
	for i := range w {
		w[i] = 1 << 32 / uint64(i+1)
	}
	return newAlias(w)
}

func newAlias(weights []uint64) alias {
	n := uint64(len(weights))
	a := alias{make([]uint64, n), make([]int32, n)}
	var sum uint64 // at most 2^24 weights of 2^42
	for _, w := range weights {
		sum += w
	}
	// There are n slots of size sum, and index i has n times its weight to put
	// into them; both in units of 2^16, so that they stay within 64 bits.
	left := make([]uint64, n)
	var small, large []int32
	for i, w := range weights {
		hi, lo := bits.Mul64(w, n)
		left[i] = hi<<48 | lo>>16
		a.to[i] = int32(i)
		a.keep[i] = math.MaxUint64
	}
	slot := sum >> 16
	for i := range left {
		if left[i] < slot {
			small = append(small, int32(i))
		} else {
			large = append(large, int32(i))
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		a.to[s] = l
		a.keep[s], _ = bits.Div64(left[s], 0, slot)
		if left[l] -= slot - left[s]; left[l] < slot {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	return a
}

func (a alias) pick(r rng) int {
	i, frac := bits.Mul64(r.src.Uint64(), uint64(len(a.keep)))
	if frac < a.keep[i] {
		return int(i)
	}
	return int(a.to[i])
}
