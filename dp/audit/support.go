package audit

import (
	"errors"
	"fmt"
	"math/big"
)

// ErrSupport is returned where one input can give what the other cannot.
var ErrSupport = errors.New("audit: one input gives outputs that the other cannot, more often than delta")

// SupportsEqual compares what two neighbouring inputs can give at all: the keys of
// with and without are all outputs that have a probability above 0, with that
// probability, exactly. Outputs that one input alone gives may have together
// at most delta: it is all that hides them, whatever epsilon or mu is. Delta nil
// stands for 0: the supports must be equal. Errors: ErrSupport, with the input and
// the excess; ErrFit where the probabilities of an input do not add up to 1.
//
// It is for mechanisms on tiny domains whose outputs can be enumerated, as key
// selection with the probability of each set of keys.
func SupportsEqual[K comparable](with, without map[K]*big.Rat, delta *big.Rat) error {
	if delta == nil {
		delta = new(big.Rat)
	}
	for _, side := range []struct {
		name string
		a, b map[K]*big.Rat
	}{{"with the person", with, without}, {"without the person", without, with}} {
		sum, alone := new(big.Rat), new(big.Rat)
		for k, p := range side.a {
			if p == nil || p.Sign() < 0 {
				return ErrFit
			}
			sum.Add(sum, p)
			if q := side.b[k]; q == nil || q.Sign() == 0 {
				alone.Add(alone, p)
			}
		}
		if sum.Cmp(big.NewRat(1, 1)) != 0 {
			return ErrFit
		}
		if alone.Cmp(delta) > 0 {
			f, _ := alone.Float64()
			return fmt.Errorf("%w: %s, %.3g", ErrSupport, side.name, f)
		}
	}
	return nil
}
