package pseudonym

import (
	"bytes"
	"crypto/sha256"

	"github.com/discreet-go/discreet/internal/ident"
)

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

// EmailGmail wraps an e-mail address (normaliser email-gmail/1): email/1, and
// for gmail.com and googlemail.com also Google's rules, by which dots before the
// @ and what follows a + there do not matter, and both names are gmail.com.
// Where one person writes such an address in several ways, it joins them.
func EmailGmail(s string) Raw { return ident.NewRaw(ident.KindEmailGmail, s) }

// Phone wraps a phone number in international form, which begins with a plus
// and the country code (normaliser phone/1). White space at both ends goes, and
// single spaces, hyphens and dots between digits. Brackets, letters, extensions,
// unknown country codes and a trunk zero after the country code are refused with
// errors that wrap [ErrPhone]; [PhoneIn] takes national forms.
func Phone(s string) Raw { return ident.NewRaw(ident.KindPhone, s) }

// Device wraps a device or advertising identifier: a UUID with its hyphens
// (normaliser device/1, lower case). The all-zero one is what a device shows
// whose owner refused tracking, shared by all of them: [ErrDeviceZero].
func Device(s string) Raw { return ident.NewRaw(ident.KindDevice, s) }

// Rule says how a hash that was made elsewhere, without a key, came about.
type Rule uint8

// The rules. Each is an identifier type of its own: a pseudonym of a hash joins
// with pseudonyms of the same rule only.
const (
	SHA256Email Rule = iota + 1 // SHA-256 of the trimmed, lower-case address
	SHA1Email                   // SHA-1 of the same
	MD5Email                    // MD5 of the same
	SHA256Phone                 // SHA-256 of the E.164 form with its plus
)

// Digest wraps an unkeyed hash that a system already has, in hexadecimal or
// padded base64. It is as personal as what was hashed: anybody can hash a list
// of addresses and compare. Deriving from it fails with [ErrDigest] where rule
// is none of the constants or value has another form.
func Digest(rule Rule, value string) Raw {
	kind := noRule
	if SHA256Email <= rule && rule <= SHA256Phone {
		kind = ident.KindSHA256Email + ident.Kind(rule-SHA256Email)
	}
	return ident.NewRaw(kind, value)
}

// noRule is the kind of a Digest under an unknown rule; it derives nothing.
const noRule = ident.Kind(255)

// maxNormal is the longest normalised identifier, in bytes.
const maxNormal = 256

// versions say which normalisers there are, by [ident.Kind] less one.
type versions struct {
	// current are the identifier types with the version of their normalisers, as
	// they enter the derivation; normalise applies them.
	current [kinds]string

	// earlier are versions that rows may still stand under, newest first. A new
	// version takes the place in current and in normalise, and the one before
	// comes here: no pseudonym is lost, see [Deriver.AppendCandidates].
	earlier [kinds][]normaliser
}

// normaliser is an earlier version of a normaliser.
type normaliser struct {
	idtype    string
	normalise func(buf *[maxNormal]byte, s string) (n int, err error)
}

var normalisers = versions{current: [kinds]string{
	"email/1", "opaque/1", "email-gmail/1", "phone/1", "device/1",
	"sha256-email/1", "sha1-email/1", "md5-email/1", "sha256-phone/1",
}}

// kinds is the number of identifier types.
const kinds = int(ident.KindSHA256Phone)

// set puts the normal form of r into a fresh message.
func (m *message) set(r Raw) (kind int, err error) {
	m.n, kind, err = normalise((*[maxNormal]byte)(m.b[:]), r)
	m.end = 0
	return kind, err
}

// normalise writes the normal form of r to buf and returns its length and the
// index of its identifier type.
func normalise(buf *[maxNormal]byte, r Raw) (n, kind int, err error) {
	s := r.Expose()
	kind = int(r.Kind()) - 1
	switch r.Kind() {
	case ident.KindNone:
		return 0, 0, ErrAnonymous
	case ident.KindEmail:
		n, err = normaliseEmail(buf, s)
	case ident.KindOpaque:
		if len(s) == 0 || len(s) > maxNormal {
			return 0, kind, ErrOpaque
		}
		n = copy(buf[:], s)
	case ident.KindEmailGmail:
		n, err = normaliseGmail(buf, s)
	case ident.KindPhone:
		n, err = normalisePhone(buf, s)
	case ident.KindDevice:
		n, err = normaliseDevice(buf, s)
	case ident.KindSHA256Email, ident.KindSHA256Phone:
		n, err = normaliseDigest(buf, s, sha256.Size)
	case ident.KindSHA1Email:
		n, err = normaliseDigest(buf, s, 20)
	case ident.KindMD5Email:
		n, err = normaliseDigest(buf, s, 16)
	case noRule:
		return 0, 0, ErrDigest
	default:
		return 0, 0, ErrAnonymous
	}
	return n, kind, err
}

// normaliseGmail applies email-gmail/1.
func normaliseGmail(buf *[maxNormal]byte, s string) (int, error) {
	n, err := normaliseEmail(buf, s)
	if err != nil {
		return 0, err
	}
	local, domain, _ := bytes.Cut(buf[:n], []byte("@"))
	if d := string(domain); d != "gmail.com" && d != "googlemail.com" {
		return n, nil
	}
	n = 0
	for _, c := range local {
		if c == '+' {
			break
		}
		if c != '.' {
			buf[n] = c
			n++
		}
	}
	if n == 0 {
		return 0, ErrEmailForm
	}
	return n + copy(buf[n:], "@gmail.com"), nil
}
