package consent

import "errors"

// Reason says why a [Decision] came out as it did. Its text is a stable code.
// The zero Reason is invalid.
type Reason uint8

// The reasons. Only Granted allows.
const (
	Granted         Reason = iota + 1 // event time and now lie in one interval
	NoRecord                          // nobody asked, or nobody answered
	Refused                           // the person said no
	Withdrawn                         // the person said yes, and then no
	Expired                           // a yes that was too long ago
	Erased                            // the person was erased and has not agreed since
	OutsideInterval                   // there is consent now, but not an unbroken one since the event, or not yet
	SourceDenied                      // the team's consent system said no
	SourceFailed                      // it failed, was late, or gave no usable answer
	UnknownPurpose                    // no notice names the purpose
	Anonymous                         // there is no subject
	Moved                             // what was held moved to another identifier, and nobody agreed under this one since
	Suspended                         // the purpose is suspended, for everybody
	TooYoung                          // a child agrees to nothing alone, and nobody is advertised to who may not be an adult
	OptedOutGPC                       // Global Privacy Control
	OptedOutGPP                       // an opt-out in a string of the Global Privacy Platform
	RefusedTCF                        // the TC string does not agree
	UnclearSignal                     // a signal came along that cannot be read or relied on
)

const lastReason = UnclearSignal

// String returns the code.
func (r Reason) String() string {
	switch r {
	case Granted:
		return "granted"
	case NoRecord:
		return "no-record"
	case Refused:
		return "refused"
	case Withdrawn:
		return "withdrawn"
	case Expired:
		return "expired"
	case Erased:
		return "erased"
	case OutsideInterval:
		return "event-outside-interval"
	case SourceDenied:
		return "source-denied"
	case SourceFailed:
		return "source-failed"
	case UnknownPurpose:
		return "unknown-purpose"
	case Anonymous:
		return "anonymous"
	case Moved:
		return "moved"
	case Suspended:
		return "suspended"
	case TooYoung:
		return "too-young"
	case OptedOutGPC:
		return "gpc"
	case OptedOutGPP:
		return "gpp-opt-out"
	case RefusedTCF:
		return "tcf-refused"
	case UnclearSignal:
		return "signal-unclear"
	}
	return "invalid"
}

// ErrReason is returned for a text that is not a reason code, ErrKind for a
// value that is not a kind of entry.
var (
	ErrReason = errors.New("consent: unknown reason code")
	ErrKind   = errors.New("consent: unknown kind of entry")
)

// MarshalText returns the code.
func (r Reason) MarshalText() ([]byte, error) {
	if r == 0 || r > lastReason {
		return nil, ErrReason
	}
	return []byte(r.String()), nil
}

// UnmarshalText reads the code.
func (r *Reason) UnmarshalText(text []byte) error {
	for c := Granted; c <= lastReason; c++ {
		if c.String() == string(text) {
			*r = c
			return nil
		}
	}
	return ErrReason
}
