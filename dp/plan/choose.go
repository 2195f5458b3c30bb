package plan

import (
	"context"
	"errors"
	"math"
	"math/big"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/contrib"
)

// Errors of [Choose].
var (
	ErrQuestion  = errors.New("plan: a Question is of values of one scale, and has a known Bound and Force, and with ledger.PLD a Budget and 1 to 10000 Times")
	ErrNoLaplace = errors.New("plan: discrete Laplace noise is out of range for this loss")
)

// Mechanism is a way to draw noise.
type Mechanism uint8

// The mechanisms.
const (
	ByError Mechanism = iota // whichever predicts the smaller standard deviation
	RoundedGaussian
	DiscreteLaplace
)

// String names the mechanism as a release does.
func (m Mechanism) String() string {
	switch m {
	case RoundedGaussian:
		return "rounded-gaussian"
	case DiscreteLaplace:
		return "discrete-laplace"
	}
	return "by-error"
}

// Question asks which noise a measure had better get. Which one has the smaller error
// for the same promise hangs on what certifies the account, and on how many cells a
// person changes.
type Question struct {
	Spec  dp.Spec // whatever Noise it declares; no list of keys, and no quantiles or variance
	Bound ledger.Bound

	// Loss is what one release may cost: Mu2 with ledger.GDP, Rho with ledger.ZCDP;
	// and Delta, for the threshold of a discovered measure, with each.
	Loss ledger.Loss

	// With ledger.PLD, Times releases of the measure and the mechanisms Beside are to
	// hold the Budget together, whose delta the thresholds share.
	Budget dp.Budget
	Times  int
	Beside []accounting.Mechanism

	// Force names the mechanism that is chosen whatever the errors. Optional.
	Force Mechanism
}

// Option is what one mechanism comes to.
type Option struct {
	Scale     float64 // sigma of the normal, or scale b of the Laplace distribution; rounded up
	StdDev    float64 // of a value around the bounded exact number
	Threshold int64   // of a discovered cell; 0 for public
}

// Choice is the answer to a [Question].
type Choice struct {
	Mechanism Mechanism // RoundedGaussian or DiscreteLaplace
	Gaussian  Option
	Laplace   Option // zero where it is out of range
}

// Choose predicts the error of rounded Gaussian and of discrete Laplace noise for one
// loss, and chooses the mechanism with the smaller standard deviation, whatever the
// Noise of the measure. It predicts only: [dp.Draw] draws what the measure says. Lists of
// keys, means with both parts and what another library draws have no such choice
// (ErrQuestion).
//
// Laplace noise is drawn for each of the L0 cells that a person changes by at most
// LInf. In a GDP account it costs the least of L0 [accounting.MuOfPure](LInf/b)^2 and
// MuOfPure(L1/b)^2, L1 being L0 LInf or what a norm makes of it, which a Gaussian nearly always beats; with zCDP
// L0 [accounting.RhoOfPure](LInf/b), where it wins when noise is below one; in a
// declared plan what its loss distribution says, where it wins for few cells.
//
// It returns ErrQuestion, [dp.ErrSpec], [dp.ErrLoss], ErrNoLaplace where that is
// forced and out of range, or an error of the accountant. Without PLD it takes a few
// milliseconds; with it up to some seconds, and ends when ctx does.
func Choose(ctx context.Context, q Question) (Choice, error) {
	if q.Force > DiscreteLaplace || q.Bound > ledger.PLD || q.Spec.Kind == contrib.KindKeys || q.Spec.Parts() > 1 || q.Spec.External() {
		return Choice{}, ErrQuestion
	}
	q.Spec.Noise = dp.Gaussian
	mu2, b, err := q.scales(ctx)
	if err != nil {
		return Choice{}, err
	}
	n, err := dp.Predict(&q.Spec, mu2, q.Loss.Delta)
	if err != nil {
		return Choice{}, err
	}
	c := Choice{Mechanism: RoundedGaussian, Gaussian: Option{Scale: n.Sigma, StdDev: n.StdDev, Threshold: n.Threshold}}
	if b > 0 {
		c.Laplace = Option{Scale: b, StdDev: laplaceStdDev(b)}
		if q.Spec.Discovered {
			if c.Laplace.Threshold, err = accounting.LaplaceThreshold(new(big.Rat).SetFloat64(b), q.Spec.L0(), q.Loss.Delta); err != nil {
				return Choice{}, err
			}
			c.Laplace.Threshold += n.MinPeople - 1
		}
	}
	switch {
	case q.Force == DiscreteLaplace && b == 0:
		return Choice{}, ErrNoLaplace
	case q.Force != ByError:
		c.Mechanism = q.Force
	case b > 0 && c.Laplace.StdDev < c.Gaussian.StdDev:
		c.Mechanism = DiscreteLaplace
	}
	return c, nil
}

// scales returns the squared mu that sets the Gaussian's scale, and that of Laplace
// noise, or 0.
func (q *Question) scales(ctx context.Context) (mu2 accounting.Units, b float64, err error) {
	l0, lInf := float64(q.Spec.L0()), float64(q.Spec.LInf())
	if !(l0 >= 1 && lInf >= 1) {
		return mu2, 0, dp.ErrSpec
	}
	switch q.Bound {
	case ledger.GDP:
		mu2 = q.Loss.Mu2
		each := mu2.Rat()
		u, err := accounting.UnitsDown(each.Quo(each, new(big.Rat).SetFloat64(l0)))
		if err != nil {
			return mu2, 0, err
		}
		b = smaller(over(lInf, accounting.PureWithin(u)), over(float64(q.Spec.L1()), accounting.PureWithin(mu2)))
	case ledger.ZCDP:
		if mu2, err = q.Loss.Rho.Add(q.Loss.Rho); err != nil { // a Gaussian that is mu-GDP is mu^2/2-zCDP
			return mu2, 0, err
		}
		b = over(lInf, pureWithinRho(q.Loss.Rho.Float64()/l0))
	default:
		return q.planned(ctx)
	}
	return mu2, b, nil
}

// over returns sensitivity/epsilon, rounded up, or 0 for an epsilon of 0.
func over(sensitivity, epsilon float64) float64 {
	if epsilon == 0 {
		return 0
	}
	return math.Nextafter(sensitivity/epsilon, math.Inf(1))
}

// smaller returns the smaller of two scales, of which 0 is none.
func smaller(b, c float64) float64 {
	if b == 0 || c > 0 && c < b {
		return c
	}
	return b
}

// pureWithinRho returns an epsilon, at most the largest, of which RhoOfPure is at most
// rho; or 0.
func pureWithinRho(rho float64) float64 {
	epsilon := math.Min(math.Sqrt(2*rho)*(1-0x1p-48), accounting.MaxEpsilon)
	if cost, err := accounting.RhoOfPure(epsilon); err != nil || float64(cost) > rho*(1-0x1p-50) {
		return 0
	}
	return epsilon
}

// laplaceStdDev returns the standard deviation of discrete Laplace noise:
// sqrt(2q)/(1-q), q = e^(-1/b).
func laplaceStdDev(b float64) float64 {
	return math.Sqrt(2*math.Exp(-1/b)) / -math.Expm1(-1/b)
}
