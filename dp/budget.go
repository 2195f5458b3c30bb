package dp

import (
	"errors"

	"github.com/discreet-go/discreet/dp/accounting"
)

// MaxWindowDays is the longest accounting window.
const MaxWindowDays = 400

// Errors of a [Budget]; test for them with errors.Is.
var (
	ErrEpsilon = accounting.ErrEpsilon
	ErrDelta   = accounting.ErrDelta
	ErrWindow  = errors.New("dp: Budget.WindowDays must be from 1 to 400")
)

// Budget bounds everything that is released in one accounting window, taken
// together: it is (Epsilon, Delta)-differentially private with respect to
// adding or removing one person record.
//
// A common choice is Epsilon of 1 to 4 and Delta well below one over the number
// of people. There are no defaults: a zero field is an error.
type Budget struct {
	Epsilon    float64 // accounting.MinEpsilon to accounting.MaxEpsilon
	Delta      float64 // accounting.MinDelta to accounting.MaxDelta
	WindowDays int     // length of the window in days, 1 to MaxWindowDays
}

// Check returns nil, or the rule that b breaks: ErrEpsilon, ErrDelta or
// ErrWindow. NaN and infinities break one.
func (b Budget) Check() error {
	if err := b.target().Check(); err != nil {
		return err
	}
	if b.WindowDays < 1 || b.WindowDays > MaxWindowDays {
		return ErrWindow
	}
	return nil
}

func (b Budget) target() accounting.Target {
	return accounting.Target{Epsilon: b.Epsilon, Delta: b.Delta}
}
