package ident

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Subject names a person in the consent records: a pseudonym of its own,
// derived under a reserved purpose, so that it equals no profile's ID.
type Subject struct{ id ID }

// NewSubject wraps the pseudonym derived for consent records.
func NewSubject(id ID) Subject { return Subject{id} }

// ID returns the pseudonym behind the subject, for storage.
func (s Subject) ID() ID { return s.id }

// IsZero reports whether s is the invalid zero Subject.
func (s Subject) IsZero() bool { return s.id.IsZero() }

// LogValue shows the key id only.
func (s Subject) LogValue() slog.Value { return s.id.LogValue() }

// Format shows the key id only, for every verb.
func (s Subject) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// String shows the key id only.
func (s Subject) String() string { return "subject " + s.id.short() }

// Salt is the bounding salt of a profile row: a keyed pseudorandom function of
// the ID that the row was born with. It decides which of a person's
// contributions are kept; nobody without the key can predict or steer it.
type Salt [16]byte

// String returns a fixed text.
func (Salt) String() string { return "[salt]" }

// GoString returns a fixed text.
func (Salt) GoString() string { return "[salt]" }

// Format writes a fixed text for every verb.
func (Salt) Format(f fmt.State, _ rune) { io.WriteString(f, "[salt]") }

// LogValue returns a fixed text.
func (Salt) LogValue() slog.Value { return slog.StringValue("[salt]") }

// ErrZeroLink is returned where a zero Link, Subject or ID is handed in.
var ErrZeroLink = errors.New("ident: zero link")

// Link proves that a consent subject and a pseudonym for one purpose were made
// from one raw identifier. Only package pseudonym makes one, from a Raw; it
// cannot be stored or parsed. The zero Link is invalid.
type Link struct {
	subject Subject
	purpose string
	id      ID
	salt    Salt
}

// NewLink binds subject, purpose and pseudonym. Package pseudonym alone calls it.
func NewLink(subject Subject, purpose string, id ID, salt Salt) Link {
	return Link{subject, purpose, id, salt}
}

// Subject returns the consent subject.
func (l Link) Subject() Subject { return l.subject }

// Purpose returns the purpose the ID was derived for.
func (l Link) Purpose() string { return l.purpose }

// ID returns the pseudonym for the purpose.
func (l Link) ID() ID { return l.id }

// Salt returns the bounding salt that a row born now gets.
func (l Link) Salt() Salt { return l.salt }

// IsZero reports whether l is the invalid zero Link.
func (l Link) IsZero() bool { return l.subject.IsZero() || l.id.IsZero() || l.purpose == "" }

// String names the purpose and the key id only.
func (l Link) String() string { return "link for " + l.purpose + ", " + l.id.short() }

// GoString names the purpose and the key id only.
func (l Link) GoString() string { return l.String() }

// Format names the purpose and the key id only, for every verb.
func (l Link) Format(f fmt.State, _ rune) { io.WriteString(f, l.String()) }

// LogValue names the purpose and the key id only.
func (l Link) LogValue() slog.Value { return slog.StringValue(l.String()) }
