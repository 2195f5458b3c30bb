package audience

import (
	"errors"
	"fmt"

	"github.com/discreet-go/discreet/dp"
)

// ErrSmall is what every [SmallError] unwraps to.
var ErrSmall = errors.New("audience: MinPeople is smaller than the noise can carry")

// SmallError says that noise is too large for a MinPeople.
type SmallError struct {
	MinPeople int   // as configured
	Smallest  int64 // would do
}

// Error tells the number that would do.
func (e *SmallError) Error() string {
	return fmt.Sprintf("%v: %d, where %d would do; or spend more on each release", ErrSmall, e.MinPeople, e.Smallest)
}

// Unwrap returns ErrSmall.
func (e *SmallError) Unwrap() error { return ErrSmall }

// Outlook says what audiences come to with some noise, before anything is counted.
type Outlook struct {
	Margin    int64 // taken off a released count: the rest is its lower bound
	Smallest  int64 // the smallest MinPeople that this noise can carry
	OpensFrom int64 // people from which on one release opens a segment with probability 95 % or more
	StaysFrom int64 // people from which on a segment that is open stays so through one release, with that probability
}

// Forecast returns what audiences come to when segment sizes are released with
// noise that dp.Predict, or a plan's Prediction, gives. It returns ErrConfig,
// ErrNoise, or a *SmallError beside the outlook.
//
// Noise can carry a MinPeople of Margin or more, and of LeastPeople. With less, what
// noise adds is more than what is asked for: an empty segment would open nearly as
// often as one of MinPeople-1. From Margin on an empty segment opens only where
// noise reaches twice the margin, with DefaultChance in less than one of 7,000 releases.
func Forecast(c Config, n dp.Noise) (Outlook, error) {
	if err := c.Check(); err != nil {
		return Outlook{}, err
	}
	if !(n.Sigma > 0) {
		return Outlook{}, ErrNoise
	}
	margin, err := c.margin(n.Sigma)
	if err != nil {
		return Outlook{}, errors.Join(ErrNoise, err)
	}
	below, err := marginOf(n.Sigma, 0.05)
	if err != nil {
		return Outlook{}, errors.Join(ErrNoise, err)
	}
	x := Outlook{
		Margin: margin, Smallest: max(LeastPeople, margin),
		OpensFrom: c.opens() + margin + below, StaysFrom: c.stays() + margin + below,
	}
	if int64(c.MinPeople) < x.Smallest {
		return x, &SmallError{c.MinPeople, x.Smallest}
	}
	return x, nil
}
