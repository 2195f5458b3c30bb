package ledger

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/discreet-go/discreet/dp/accounting"
)

// Errors a caller can act on.
var (
	// ErrTerms: the terms break a rule, or differ from those the account was
	// opened with. Re-opening with other totals is no way to a fresh budget.
	ErrTerms = errors.New("ledger: terms are invalid or differ from those the account was opened with")

	// ErrPromise: what the terms let be spent does not hold the epsilon and delta
	// that they promise.
	ErrPromise = errors.New("ledger: what the terms let be spent is more than the epsilon and delta that they promise")

	// ErrRequest: a request breaks a rule; a charge of zero is one.
	ErrRequest = errors.New("ledger: a request needs a valid name, a specification, a charge that the terms know, and days that are not in the future")

	// ErrSpecification: the name was used in this window for another
	// specification, charge or as-of day.
	ErrSpecification = errors.New("ledger: the name stands for another specification in this window")

	// ErrInProgress: another caller holds the entry. Wait and ask again.
	ErrInProgress = errors.New("ledger: somebody is drawing this release right now")

	// ErrExhausted is what every [ExhaustedError] unwraps to.
	ErrExhausted = errors.New("ledger: the charge does not fit in what is left of the window")

	// ErrTicket: the ticket was answered, released or never valid, or another
	// process took the entry over. Reserve again.
	ErrTicket = errors.New("ledger: the ticket is no longer valid")

	// ErrVoid: the name was given up in this window after noise may have been
	// drawn for it. Its charge stays. Ask under another name.
	ErrVoid = errors.New("ledger: the name was voided in this window; its charge stays")

	// ErrAnswer: an answer has at least one byte.
	ErrAnswer = errors.New("ledger: an answer is empty")

	// ErrClockBack: the clock stands before the current window, or outside of
	// the years 1970 to 9999.
	ErrClockBack = errors.New("ledger: the clock stands before the current window")

	// ErrWindowJump: the clock stands more than one window ahead. Check it, then
	// call Advance.
	ErrWindowJump = errors.New("ledger: the clock stands more than one window ahead; check it and advance on purpose")

	// ErrFailed: an append failed, so it is unknown what is stored. Open the
	// account again.
	ErrFailed = errors.New("ledger: an append failed earlier; open the account again")

	// ErrBroken is what every [BrokenError] unwraps to.
	ErrBroken = errors.New("ledger: the log is broken")
)

// ExhaustedError says by how much a request does not fit.
type ExhaustedError struct {
	Requested Loss
	Spent     Loss // reserved or answered, in what the totals reach over; with DataDays, on the first day that is full
	Remaining Loss // Total less Spent
	Total     Loss
	Quota     string  // which quota, or which mechanism of the plan; "" for the account
	Epsilon   float64 // largest epsilon that fits now, for a mechanism without delta; zero for none, and in a plan
	Window    int32
	FreesOn   time.Time // when it would fit, if nothing else is charged: the start of a day; zero for never
}

// Error names the rule and the numbers, all of which are public parameters.
func (e *ExhaustedError) Error() string {
	when := "never: it exceeds a whole window"
	if !e.FreesOn.IsZero() {
		when = "on " + e.FreesOn.Format(time.DateOnly)
	}
	name, asked, left := "mu^2", e.Requested.Mu2, e.Remaining.Mu2
	if left == accounting.MaxUnits() {
		name, asked, left = "rho", e.Requested.Rho, e.Remaining.Rho
	}
	if left == accounting.MaxUnits() {
		return fmt.Sprintf("%v: the plan holds no more of it; fits again %s", ErrExhausted, when)
	}
	of := "the window"
	if e.Quota != "" {
		of = "the quota"
	}
	return fmt.Sprintf("%v: requested %s %.6g and delta %.3g, left of %s %.6g and %.3g, or an epsilon of at most %.4g; fits again %s",
		ErrExhausted, name, asked.Float64(), e.Requested.Delta.Float64(),
		of, left.Float64(), e.Remaining.Delta.Float64(), floor4(e.Epsilon), when)
}

// floor4 rounds down to four digits.
func floor4(f float64) float64 {
	if f <= 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(f))-3)
	return math.Floor(f/unit) * unit
}

// Unwrap returns ErrExhausted.
func (e *ExhaustedError) Unwrap() error { return ErrExhausted }

// BrokenError names the first broken entry of a log.
type BrokenError struct {
	Entry uint64 // position of the first entry that is not as it must be
	Rule  string // the rule it breaks
}

// Error names the entry and the rule.
func (e *BrokenError) Error() string {
	return fmt.Sprintf("%v: entry %d: %s", ErrBroken, e.Entry, e.Rule)
}

// Unwrap returns ErrBroken.
func (e *BrokenError) Unwrap() error { return ErrBroken }
