package pseudonym

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// normaliseUnicodeEmail applies email/1 to any text: trim, NFC, lower case, IDNA
// for the domain. Errors of the libraries quote their input and are not wrapped.
func normaliseUnicodeEmail(buf *[maxNormal]byte, s string) (int, error) {
	if !utf8.ValidString(s) {
		return 0, ErrEmailEncoding
	}
	s = strings.TrimFunc(norm.NFC.String(strings.TrimFunc(s, outer)), outer)
	if looksHashed(s) {
		return 0, ErrHashed
	}
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || domain == "" || strings.Contains(domain, "@") {
		return 0, ErrEmailForm
	}

	for _, r := range local {
		if r < utf8.RuneSelf && localBytes[r] == 0 || !visible(r) {
			return 0, ErrEmailLocal
		}
	}
	local = norm.NFC.String(strings.Map(unicode.ToLower, local))
	if len(local) > maxEmailLocal {
		return 0, ErrEmailLength
	}

	for _, r := range domain {
		if !visible(r) && !joiner(r) {
			return 0, ErrEmailDomain
		}
	}
	ascii, err := idna.Lookup.ToASCII(strings.Map(unicode.ToLower, domain))
	if err != nil {
		return 0, ErrEmailDomain
	}
	// An empty encoding ("xn--") is mapped to an empty label, which at the end would
	// pass for the dot of a full name.
	if strings.HasSuffix(ascii, ".") && !strings.ContainsRune(".\u3002\uff0e\uff61", lastRune(domain)) {
		return 0, ErrEmailDomain
	}
	// Some names break a rule of IDNA only once they are mapped (direction).
	if again, err := idna.Lookup.ToASCII(ascii); err != nil || again != ascii {
		return 0, ErrEmailDomain
	}
	n := copy(buf[:], local)
	buf[n] = '@'
	n, _, err = putDomain(buf, n+1, ascii)
	return n, err
}

func lastRune(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}

// outer reports what is trimmed at both ends: Unicode white space, the byte
// order mark and the zero-width space.
func outer(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b' }

// visible reports whether r may stand inside an address: an assigned letter,
// mark, number, punctuation or symbol that shows, and whose lower case does not
// depend on the language. Characters of a later version of Unicode than the
// toolchain's are refused now and may be accepted later; what is accepted keeps
// its normal form, by Unicode's stability policy.
func visible(r rune) bool {
	return unicode.IsPrint(r) && r != ' ' && r != 'İ' &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// joiner reports the two invisible characters that IDNA admits in the scripts
// that need them.
func joiner(r rune) bool { return r == '\u200c' || r == '\u200d' }
