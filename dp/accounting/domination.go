package accounting

import (
	"math"

	"github.com/discreet-go/discreet/internal/envelope"
)

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
	return ChargeOf(Mechanism{Kind: BlackBox, Epsilon: t.Epsilon, Delta: t.Delta, Count: 1})
}
