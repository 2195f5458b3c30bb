package pseudonym

import "github.com/discreet-go/discreet/internal/ident"

// Raw is an identifier as it came in. It shows a fixed text in every printer,
// logger and encoder; Expose is its only exit. The zero Raw is an anonymous
// visitor.
type Raw = ident.Raw

// ID is a keyed pseudonym for one purpose: 20 bytes, comparable, 32 characters
// as text.
type ID = ident.ID

// Subject is the pseudonym that consent records are kept under.
type Subject = ident.Subject

// Link binds a Subject and an ID that were derived from one Raw.
type Link = ident.Link

// Email wraps an e-mail address. Deriving from it applies the normaliser
// email/1 and fails with an error that wraps [ErrEmail], or [ErrHashed], where
// the text is not one address beyond doubt.
//
// email/1 trims white space and zero-width marks at both ends, composes (NFC),
// lower-cases character by character, maps the domain to its ASCII form as a
// look-up would (IDNA) and drops its trailing dot. It knows no provider: dots
// and +suffixes stay. It refuses quoted local parts, white space and invisible
// characters inside, and letters whose lower case depends on the language.
func Email(s string) Raw { return ident.NewRaw(ident.KindEmail, s) }

// Opaque wraps an identifier that has no form of its own, such as a customer
// number: 1 to 256 bytes, taken as they are (normaliser opaque/1). The caller
// makes sure that one person's identifier is always spelled the same.
func Opaque(s string) Raw { return ident.NewRaw(ident.KindOpaque, s) }

// maxNormal is the longest normalised identifier, in bytes.
const maxNormal = 256

// Identifier types with the version of their normalisers, as they enter the
// derivation.
const (
	typeEmail  = "email/1"
	typeOpaque = "opaque/1"
)

// set normalises r and pads the result.
func (m *message) set(r Raw) (kind int, err error) {
	m.n, kind, err = normalise((*[maxNormal]byte)(m.b[:]), r)
	if err == nil {
		m.pad()
	}
	return kind, err
}

// normalise writes the normal form of r to buf and returns its length and the
// index of its identifier type.
func normalise(buf *[maxNormal]byte, r Raw) (n, kind int, err error) {
	switch r.Kind() {
	case ident.KindEmail:
		n, err = normaliseEmail(buf, r.Expose())
		return n, kindEmail, err
	case ident.KindOpaque:
		s := r.Expose()
		if len(s) == 0 || len(s) > maxNormal {
			return 0, kindOpaque, ErrOpaque
		}
		return copy(buf[:], s), kindOpaque, nil
	}
	return 0, 0, ErrAnonymous
}
