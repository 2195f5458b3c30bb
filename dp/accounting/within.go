package accounting

import (
	"math"

	"github.com/discreet-go/discreet/internal/envelope"
)

// PureWithin returns the largest epsilon, rounded down by less than 1e-9 of it,
// such that an epsilon-DP mechanism costs at most mu2 in a Gaussian DP account;
// at most MaxEpsilon, and zero where even MinEpsilon costs more. Cost: a few
// calls of [ChargeOf].
func PureWithin(mu2 Units) float64 {
	fits := func(epsilon float64) bool {
		c, err := ChargeOf(Mechanism{Kind: BlackBox, Epsilon: epsilon, Count: 1})
		return err == nil && c.Mu2.Cmp(mu2) <= 0
	}
	if fits(envelope.MaxEpsilon) {
		return envelope.MaxEpsilon
	}
	// e^epsilon/(1 + e^epsilon) = Phi(mu/2), as in MuOfPure.
	z := math.Sqrt(mu2.Float64()) / 2
	guess := math.Log(math.Erfc(-z/math.Sqrt2) / math.Erfc(z/math.Sqrt2))
	for slack := 0x1p-44; slack < 0.5; slack *= 2 {
		if epsilon := guess * (1 - slack); envelope.Epsilon(epsilon) && fits(epsilon) {
			return epsilon
		}
	}
	if fits(envelope.MinEpsilon) {
		return envelope.MinEpsilon
	}
	return 0
}
