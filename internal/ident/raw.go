// Package ident holds the values that say who an event is about: the raw
// identifier before it is pseudonymized, the keyed pseudonym it becomes, and
// the link that proves both were made from one identifier.
//
// They live here, below every other package, because several packages name
// them while only package pseudonym may make a Link or an ID from a Raw.
package ident

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"log/slog"
	"unsafe"
)

// Kind is the type of a raw identifier; it decides the normaliser and is part
// of the key derivation.
type Kind uint8

// The identifier kinds. The zero Kind belongs to the zero Raw only.
const (
	KindNone Kind = iota
	KindEmail
	KindOpaque
	KindEmailGmail
	KindPhone
	KindDevice
	KindSHA256Email // and what follows: hashes that were made elsewhere, without a key
	KindSHA1Email
	KindMD5Email
	KindSHA256Phone
)

const redacted = "[raw identifier]"

var errRawEncoding = errors.New("ident: a raw identifier is not encoded")

// Raw is an identifier as it came in: an e-mail address, a customer number.
// The zero Raw is an anonymous visitor.
//
// A Raw prints, logs and marshals as a fixed text, also from inside other
// structs: it holds the bytes behind a pointer to a single byte, which fmt and
// the encoders print as an address at most. Expose is the only way out.
type Raw struct {
	_    [0]func() // not comparable, so not a map key
	p    *byte
	n    int
	kind Kind
}

// NewRaw wraps an identifier of the given kind. It does not check it; the
// normaliser does when the pseudonym is derived.
func NewRaw(kind Kind, s string) Raw {
	return Raw{p: unsafe.StringData(s), n: len(s), kind: kind}
}

// Kind returns the kind of the identifier.
func (r Raw) Kind() Kind { return r.kind }

// IsZero reports whether r is the anonymous visitor.
func (r Raw) IsZero() bool { return r.kind == KindNone }

// Expose returns the identifier in clear. It is the only exit; a review looks
// for its callers.
func (r Raw) Expose() string {
	if r.n == 0 {
		return ""
	}
	return unsafe.String(r.p, r.n)
}

// Same reports whether both were given as the same text of the same kind. Two
// spellings of one identifier are not the same: their pseudonyms are.
func (r Raw) Same(other Raw) bool { return r.kind == other.kind && r.Expose() == other.Expose() }

// Hash returns a hash of text and kind for tables in memory, which goes with them: it
// is no pseudonym, and another one under each seed.
func (r Raw) Hash(seed maphash.Seed) uint64 {
	return maphash.String(seed, r.Expose()) + uint64(r.kind)*0x9e3779b97f4a7c15
}

// String returns a fixed text.
func (r Raw) String() string { return redacted }

// GoString returns a fixed text.
func (r Raw) GoString() string { return redacted }

// Format writes a fixed text for every verb.
func (r Raw) Format(s fmt.State, _ rune) { io.WriteString(s, redacted) }

// LogValue returns a fixed text.
func (r Raw) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON writes a fixed text.
func (r Raw) MarshalJSON() ([]byte, error) { return json.Marshal(redacted) }

// MarshalText writes a fixed text.
func (r Raw) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalBinary refuses.
func (r Raw) MarshalBinary() ([]byte, error) { return nil, errRawEncoding }

// GobEncode refuses.
func (r Raw) GobEncode() ([]byte, error) { return nil, errRawEncoding }
