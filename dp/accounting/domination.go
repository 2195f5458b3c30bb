package accounting

import (
	"math"
	"math/big"

	"github.com/discreet-go/discreet/internal/envelope"
)

// Charge is what a mechanism costs in a Gaussian DP account: squared mu, and delta.
type Charge struct{ Mu2, Delta Units }

// MuOfBoundedRange returns a mu, rounded up by less than 1e-12 of it for epsilon of
// 2e-6 and more, such that every mechanism of bounded range epsilon, as
// the exponential mechanism, is mu-GDP: [MuOfPure] of half of epsilon. Epsilon is
// in [MinEpsilon, MaxEpsilon]. Proof: docs/proofs/domination.md.
func MuOfBoundedRange(epsilon float64) (Mu, error) {
	if !envelope.Epsilon(epsilon) {
		return 0, ErrEpsilon
	}
	return MuOfPure(math.Max(epsilon/2, MinEpsilon)) // halving is exact
}

// ChargeOfBlackBox returns what any (Epsilon, Delta)-DP mechanism costs, about which
// nothing else is known: the square of [MuOfPure], and Delta, both rounded up.
// Proof: docs/proofs/domination.md.
func ChargeOfBlackBox(t Target) (Charge, error) {
	if err := t.Check(); err != nil {
		return Charge{}, err
	}
	mu, err := MuOfPure(t.Epsilon)
	if err != nil {
		return Charge{}, err
	}
	r := new(big.Rat).SetFloat64(float64(mu))
	mu2, err := UnitsUp(r.Mul(r, r))
	if err != nil {
		return Charge{}, err
	}
	delta, err := UnitsUp(new(big.Rat).SetFloat64(t.Delta))
	return Charge{Mu2: mu2, Delta: delta}, err
}
