package consent

import (
	"context"
	"time"
)

// Source is a consent system that a team already runs. It is asked with the raw
// identifier, because it knows no pseudonyms of ours.
//
// Lookup MUST return soon after ctx ends and MUST be safe for concurrent use.
// An error, a late answer and an answer that cannot be used mean denied.
type Source interface {
	Lookup(ctx context.Context, who Raw, purpose string) (Answer, error)
}

// AnswerState is what a [Source] knows.
type AnswerState uint8

// The states. Unknown leaves the decision to the records kept here.
const (
	Unknown AnswerState = iota
	Allowed
	Denied
)

// String names the state.
func (s AnswerState) String() string {
	switch s {
	case Unknown:
		return "unknown"
	case Allowed:
		return "allowed"
	case Denied:
		return "denied"
	}
	return "invalid"
}

// Answer is what a [Source] says about one person and purpose.
type Answer struct {
	State   AnswerState
	Since   time.Time // Allowed: when consent was given; required, for no event before it is used
	Until   time.Time // Allowed: when it ends; zero means MaxConsentDays after Since
	Notice  string    // Allowed: id of the notice that was shown, if known
	Version int       // its version
}

// SourceAnswer is the answer as it reaches [Book.Decide]. The zero SourceAnswer
// says that there is no Source. [Consult] makes one.
type SourceAnswer struct {
	Asked  bool   // a Source was asked
	Failed bool   // it failed or was late; Answer does not count
	Answer Answer // what it said
}

// Consult asks s within ctx. It never fails: an error, an answer after the end
// of ctx, and an Allowed without Since or with an end before its beginning come
// back as Failed. A nil Source was not asked.
func Consult(ctx context.Context, s Source, who Raw, purpose string) SourceAnswer {
	if s == nil {
		return SourceAnswer{}
	}
	if ctx.Err() != nil {
		return SourceAnswer{Asked: true, Failed: true}
	}
	a, err := s.Lookup(ctx, who, purpose)
	if err != nil || ctx.Err() != nil || !a.usable() {
		return SourceAnswer{Asked: true, Failed: true}
	}
	return SourceAnswer{Asked: true, Answer: a}
}

// usable reports whether the answer makes sense.
func (a *Answer) usable() bool {
	switch a.State {
	case Unknown, Denied:
		return true
	case Allowed:
		since, until := a.interval()
		return since >= 1 && since < until && a.Version >= 0
	}
	return false
}

// interval returns the answer's interval.
func (a *Answer) interval() (since, until int64) {
	since = millis(a.Since)
	if a.Until.IsZero() {
		return since, since + days(MaxConsentDays)
	}
	return since, millis(a.Until)
}
