// Package proof holds the values that prove a step was taken: a Grant, that
// consent was decided; a Release, that noise was paid for and drawn. They are
// made in few named packages and cannot be forged outside this module.
package proof

import (
	"log/slog"
	"time"

	"github.com/discreet-go/discreet/internal/ident"
)

// Grant proves that one subject's consent for one purpose was decided, for one
// consent interval. Package consent makes it; package segment asks for it. The
// zero Grant is invalid.
type Grant struct {
	subject ident.Subject
	purpose string
	from    time.Time
	to      time.Time
	decided int64 // ms
	notice  string
	version int
}

// GrantFields are the parts of a Grant.
type GrantFields struct {
	Subject ident.Subject
	Purpose string
	From    time.Time // consent was given
	To      time.Time // consent ends (expires) at the latest
	Decided time.Time // when that was looked up; in milliseconds
	Notice  string    // id of the notice that was shown
	Version int       // its version
}

// NewGrant makes a Grant. Package consent and the test helpers alone call it.
func NewGrant(f GrantFields) Grant {
	return Grant{f.Subject, f.Purpose, f.From, f.To, f.Decided.UnixMilli(), f.Notice, f.Version}
}

// Subject returns the person the consent belongs to.
func (g Grant) Subject() ident.Subject { return g.subject }

// Purpose returns the purpose that was granted.
func (g Grant) Purpose() string { return g.purpose }

// From returns the moment consent was given.
func (g Grant) From() time.Time { return g.from }

// To returns the moment the consent ends at the latest.
func (g Grant) To() time.Time { return g.to }

// Decided returns when the consent was looked up, to the millisecond: what the person said
// after that is not known.
func (g Grant) Decided() time.Time { return time.UnixMilli(g.decided).UTC() }

// Notice returns id and version of the notice that was shown.
func (g Grant) Notice() (id string, version int) { return g.notice, g.version }

// Covers reports whether t lies in the consent interval [From, To).
func (g Grant) Covers(t time.Time) bool { return !t.Before(g.from) && t.Before(g.to) }

// IsZero reports whether g is the invalid zero Grant.
func (g Grant) IsZero() bool { return g.subject.IsZero() || g.purpose == "" }

// String names the purpose only.
func (g Grant) String() string { return "grant for " + g.purpose }

// GoString names the purpose only.
func (g Grant) GoString() string { return g.String() }

// LogValue names the purpose only.
func (g Grant) LogValue() slog.Value { return slog.StringValue(g.String()) }
