package accounting

import (
	"errors"
	"math/big"
)

// ErrNotGDP is returned for a mechanism that no charge in Gaussian DP holds.
var ErrNotGDP = errors.New("accounting: discrete Gaussian noise is not Gaussian DP at its scale; charge it in zCDP, or declare it in a plan")

// Charge is what a mechanism costs in a Gaussian DP account: squared mu, and delta.
type Charge struct{ Mu2, Delta Units }

// ChargeOf returns what m costs in a Gaussian DP account, all Count of it together,
// rounded up: Gaussian noise its Sensitivity^2/Scale^2; Laplace noise, continuous or
// discrete, the square of [MuOfPure] of Sensitivity/Scale; a black box what
// [ChargeOfBlackBox] says. Discrete Gaussian noise gets [ErrNotGDP]: at small scales
// it is not Gaussian DP with mu = Sensitivity/Scale. Proof: docs/proofs/domination.md.
// Other errors: [ErrMechanism], [ErrCount], [ErrEpsilon] for a Laplace loss outside
// of the envelope.
func ChargeOf(m Mechanism) (Charge, error) {
	if m.Count < 1 || m.Count > maxLossCount {
		return Charge{}, ErrCount
	}
	g, err := m.group()
	if err != nil {
		return Charge{}, err
	}
	square, delta := new(big.Rat), new(big.Rat)
	switch m.Kind {
	case GaussianNoise:
		square.Quo(g.shift, g.scale)
	case LaplaceNoise, DiscreteLaplaceNoise:
		mu, err := MuOfPure(g.ratio)
		if err != nil {
			return Charge{}, err
		}
		square.SetFloat64(float64(mu))
	case BlackBox:
		delta.SetFloat64(m.Delta)
		if m.Epsilon > 0 {
			mu, err := MuOfPure(m.Epsilon)
			if err != nil {
				return Charge{}, err
			}
			square.SetFloat64(float64(mu))
		}
	default:
		return Charge{}, ErrNotGDP
	}
	count := big.NewRat(int64(m.Count), 1)
	mu2, err := UnitsUp(square.Mul(square, square).Mul(square, count))
	if err != nil {
		return Charge{}, err
	}
	d, err := UnitsUp(delta.Mul(delta, count))
	return Charge{Mu2: mu2, Delta: d}, err
}
