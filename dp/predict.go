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
// declared parameters alone, so it is known before anything is spent. Scales are in
// steps, see Header.Step and Header.Per.
type Noise struct {
	Mechanism string  // "rounded-gaussian", "discrete-laplace", "selection" of keys, "google-bounded-quantiles" or "-variance"
	Sigma     float64 // standard deviation before rounding, or scale b of Laplace noise; 0 for keys, and for quantiles and variances, of which the error is not known
	StdDev    float64 // of a value around the bounded exact number; 0 where Sigma is
	Margin    int64   // a value ± Margin holds that number with about probability Level; 0 where Sigma is
	Threshold int64   // least value of a discovered cell that is released; 0 for public
	MinPeople int64   // fewer never make a discovered cell come out; 0 for public
	Even      int64   // of keys: the fewest people with which one comes out at least half the time
	Mu, Delta float64 // the loss, rounded up
	Epsilon   float64 // of Laplace noise and of another library's: the release alone is so differentially private; else 0

	CountSigma  float64 // the same of the part "count", of means with both parts
	CountStdDev float64
	CountMargin int64

	scale, count noise.Scale // of Sigma, CountSigma
	keep         *accounting.Selection
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
	n = Noise{Mu: float64(accounting.MuUp(mu2)), Delta: exact.FloatUp(delta.Rat()), MinPeople: int64(spec.MinPeople)}
	if spec.Kind == contrib.KindKeys {
		return n, n.selection(spec, accounting.Charge{Mu2: mu2, Delta: delta})
	}
	if spec.External() {
		return n, n.external(spec, mu2)
	}
	law, err := lawFor(spec, mu2)
	if err != nil {
		return Noise{}, err
	}
	if law == Laplace {
		return n, n.laplace(spec, mu2)
	}
	return n, n.gaussian(spec, mu2, delta)
}

// lawFor returns the law with the lower error. A Gaussian DP account pays for
// Laplace noise as for any epsilon-DP mechanism, so that it is the Gaussian.
func lawFor(spec *contrib.Spec, mu2 accounting.Units) (contrib.Law, error) {
	if spec.Noise != Automatic || spec.Discovered || spec.Parts() > 1 {
		return max(spec.Noise, Gaussian), nil
	}
	var gaussian, laplace Noise
	if err := gaussian.gaussian(spec, mu2, accounting.Units{}); err != nil {
		return 0, err
	}
	if err := laplace.laplace(spec, mu2); err == nil && laplace.StdDev < gaussian.StdDev {
		return Laplace, nil
	}
	return Gaussian, nil
}

// gaussian fills in rounded Gaussian noise.
func (n *Noise) gaussian(spec *contrib.Spec, mu2, delta accounting.Units) error {
	n.Mechanism = roundedGaussian
	sigma, err := accounting.SigmaFor(spec.JointSquared(), mu2)
	if err != nil {
		return err
	}
	if n.scale, n.Sigma, n.StdDev, n.Margin, err = drawn(sigma); err != nil {
		return err
	}
	if spec.Parts() > 1 {
		sigma.Quo(sigma, new(big.Rat).SetInt(new(big.Int).SetUint64(spec.Ratio())))
		n.count, n.CountSigma, n.CountStdDev, n.CountMargin, err = drawn(sigma)
		return err
	}
	if spec.Discovered {
		if n.Threshold, err = accounting.Threshold(n.scale.Rat(), spec.L0(), delta); err != nil {
			return err
		}
		n.Threshold += n.MinPeople - 1
	}
	return nil
}

// drawn returns what is drawn for a sigma, never less than asked for.
func drawn(sigma *big.Rat) (scale noise.Scale, s, stdDev float64, m int64, err error) {
	if scale, err = noise.NewScale(sigma); err != nil {
		return scale, 0, 0, 0, err
	}
	sigma = scale.Rat()
	if stdDev, err = accounting.StdDev(sigma); err != nil {
		return scale, 0, 0, 0, err
	}
	m, err = margin(sigma)
	return scale, scale.Float64Up(), stdDev, m, err
}

// laplace fills in discrete Laplace noise, which is epsilon-DP with the largest
// epsilon that costs at most mu2.
func (n *Noise) laplace(spec *contrib.Spec, mu2 accounting.Units) error {
	epsilon := accounting.PureWithin(mu2)
	if epsilon <= 0 {
		return ErrLoss
	}
	n.Mechanism, n.Epsilon = discreteLaplace, epsilon
	b := new(big.Rat).SetInt(new(big.Int).SetUint64(spec.L1()))
	var err error
	if n.scale, err = noise.NewScale(b.Quo(b, new(big.Rat).SetFloat64(epsilon))); err != nil {
		return err
	}
	n.Sigma = n.scale.Float64Up()
	if n.StdDev, err = accounting.LaplaceStdDev(n.scale.Rat()); err != nil {
		return err
	}
	n.Margin, err = accounting.LaplaceMargin(n.scale.Rat(), Level)
	return err
}

// selection fills in the rule by which keys come out.
func (n *Noise) selection(spec *contrib.Spec, l accounting.Charge) error {
	n.Mechanism = selection
	s, err := accounting.GDPSelection(l, spec.L0())
	if err != nil {
		return err
	}
	if n.keep, err = s.Behind(n.MinPeople); err != nil {
		return err
	}
	half := big.NewRat(1, 2)
	lo, hi := int64(0), n.keep.Sure() // keys of hi people come out that often, of lo they do not
	for hi-lo > 1 {
		if mid := lo + (hi-lo)/2; n.keep.Keep(mid).Cmp(half) >= 0 {
			hi = mid
		} else {
			lo = mid
		}
	}
	n.Even = hi
	return nil
}
