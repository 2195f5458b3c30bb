package dp

import (
	"errors"
	"math/big"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/noise"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/exact"
)

// Level is the nominal probability with which a value's interval holds the bounded
// exact number. Intervals have whole ends, so that the probability is rarely 0.95 to
// the digit. It is never below 0.94; from a sigma of 5 on it is at most 0.96, but
// for sigmas from 5.05 to 5.12 and from 5.58 to 5.60, where no whole number is right
// and it is at most 0.963.
const Level = 0.95

// The probabilities between which a margin is looked for.
const (
	levelLeast = 0.94
	levelMost  = 0.96
)

// ErrLoss is returned for a loss that a measure cannot be released with: zero,
// a delta where partitions are public, or none where they are discovered.
var ErrLoss = errors.New("dp: a release needs a loss above zero, with a delta if and only if partitions are discovered")

// Noise is what a release of a measure gets for a loss. It follows from
// declared parameters alone, so it is known before anything is spent.
type Noise struct {
	Mechanism string  // "rounded-gaussian"
	Sigma     float64 // standard deviation before rounding
	StdDev    float64 // of a value around the bounded exact number
	Margin    int64   // a value ± Margin holds that number with about probability Level
	Threshold int64   // least value of a discovered cell that is released; 0 for public
	Mu, Delta float64 // the loss, rounded up

	scale noise.Scale // Sigma
}

// margin returns the least margin of probability Level; where that is so coarse
// that it has more than levelMost, the one below it, if that has levelLeast.
func margin(sigma *big.Rat) (int64, error) {
	m, err := accounting.Margin(sigma, Level)
	if err != nil {
		return 0, err
	}
	most, err := accounting.Margin(sigma, levelMost)
	if err != nil {
		return 0, err
	}
	least, err := accounting.Margin(sigma, levelLeast)
	if err != nil {
		return 0, err
	}
	if most == m && least < m {
		return m - 1, nil
	}
	return m, nil
}

// Predict returns the noise of one release of a measure for the loss (mu2,
// delta). A release by [Draw] with that loss has exactly this noise. It returns
// ErrSpec, ErrLoss, or an error of packages accounting or noise when the scale
// is beyond their range.
//
// StdDev and Margin are about a cell before a threshold; the cells of a
// discovered table that come out close to the threshold are, on average, those
// with noise in their favour.
func Predict(spec *contrib.Spec, mu2, delta accounting.Units) (Noise, error) {
	if err := checkSpec(spec); err != nil {
		return Noise{}, err
	}
	return noiseFor(spec, mu2, delta)
}

func noiseFor(spec *contrib.Spec, mu2, delta accounting.Units) (n Noise, err error) {
	if mu2.IsZero() || delta.IsZero() == spec.Discovered {
		return Noise{}, ErrLoss
	}
	n = Noise{Mechanism: roundedGaussian, Mu: float64(accounting.MuUp(mu2)), Delta: exact.FloatUp(delta.Rat())}
	sigma, err := accounting.SigmaFor(spec.L2Squared(), mu2)
	if err != nil {
		return Noise{}, err
	}
	if n.scale, err = noise.NewScale(sigma); err != nil {
		return Noise{}, err
	}
	sigma, n.Sigma = n.scale.Rat(), n.scale.Float64Up() // what is drawn, never less than asked for
	if n.StdDev, err = accounting.StdDev(sigma); err != nil {
		return Noise{}, err
	}
	if n.Margin, err = margin(sigma); err != nil {
		return Noise{}, err
	}
	if spec.Discovered {
		if n.Threshold, err = accounting.Threshold(sigma, spec.L0(), delta); err != nil {
			return Noise{}, err
		}
	}
	return n, nil
}
