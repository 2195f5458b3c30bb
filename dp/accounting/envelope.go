package accounting

import (
	"errors"
	"math"

	"github.com/discreet-go/discreet/internal/envelope"
)

// The envelope: the only parameters that budgets, accounts and black boxes
// accept. What solves equations, as [MuFor] does, may be asked about more. A
// smaller epsilon gives noise that no count survives, a larger one or a larger
// delta promises nothing worth the name; a smaller delta than MinDelta is beyond
// what the ledger's units resolve with a margin.
const (
	MinEpsilon = envelope.MinEpsilon
	MaxEpsilon = envelope.MaxEpsilon
	MinDelta   = envelope.MinDelta
	MaxDelta   = envelope.MaxDelta
)

// Errors of parameters. None of them tells the value.
var (
	ErrEpsilon     = errors.New("accounting: epsilon is a number from 1e-6 to 64")
	ErrDelta       = errors.New("accounting: delta is a number from 1e-15 to 1e-3 (Gaussian noise cannot do with 0)")
	ErrMu          = errors.New("accounting: mu is a number above 0 and at most 32")
	ErrSensitivity = errors.New("accounting: a sensitivity is at least 1, and so is a number of cells")
	ErrSigma       = errors.New("accounting: sigma is above 0 and at most 2^60")
	ErrLevel       = errors.New("accounting: a confidence level is at least 0.5 and at most 1 - 1e-12")
	ErrRange       = errors.New("accounting: an argument is outside the range in which the result can be computed")
)

// Target is a wanted guarantee: (Epsilon, Delta)-differential privacy.
type Target struct {
	Epsilon float64 // in [MinEpsilon, MaxEpsilon]
	Delta   float64 // in [MinDelta, MaxDelta]
}

// Check reports whether t lies in the envelope: nil, [ErrEpsilon] or [ErrDelta].
// NaN and infinities do not.
func (t Target) Check() error {
	if !envelope.Epsilon(t.Epsilon) {
		return ErrEpsilon
	}
	if !envelope.Delta(t.Delta) {
		return ErrDelta
	}
	return nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
