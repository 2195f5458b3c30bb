package pseudonym

// Limits of email/1, in bytes. RFC 5321 sections 4.5.3.1.1 to 4.5.3.1.3, RFC
// 1035 section 2.3.4.
const (
	maxEmailInput  = 1024 // as it comes in, white space included
	maxEmail       = 254
	maxEmailLocal  = 64
	maxEmailDomain = 253
	maxLabel       = 63
)

// normaliseEmail applies email/1 to s and returns the length of what it wrote.
// Plain ASCII takes one pass and no allocation. What that pass cannot decide
// goes to normaliseUnicodeEmail; on ASCII both give the same answer.
func normaliseEmail(buf *[maxNormal]byte, s string) (int, error) {
	if len(s) > maxEmailInput {
		return 0, ErrEmailLength
	}
	t := trimASCII(s)
	n, encoded, err := normaliseASCIIEmail(buf, t)
	if encoded || err != nil && !isASCII(s) {
		return normaliseUnicodeEmail(buf, s)
	}
	if err != nil && looksHashed(t) {
		return 0, ErrHashed
	}
	return n, err
}

// normaliseASCIIEmail lower-cases s, which is trimmed already. It reports
// encoded where a label of the domain claims an encoding ("xn--" and the like)
// that takes IDNA to check.
func normaliseASCIIEmail(buf *[maxNormal]byte, s string) (n int, encoded bool, err error) {
	if len(s) > maxEmail+1 { // one for a trailing dot
		return 0, false, ErrEmailLength
	}
	for n < len(s) {
		c := localBytes[s[n]]
		if c == 0 {
			break
		}
		buf[uint8(n)] = c // below 255, as checked
		n++
	}
	switch {
	case n == len(s):
		return 0, false, ErrEmailForm
	case s[n] != '@':
		return 0, false, ErrEmailLocal
	case n == 0:
		return 0, false, ErrEmailForm
	case n > maxEmailLocal:
		return 0, false, ErrEmailLength
	}
	buf[n] = '@'
	return putDomain(buf, n+1, s[n+1:])
}

// putDomain writes an ASCII domain name in lower case behind buf[:n], without
// its trailing dot, and returns the new length. Labels are letters, digits and
// inner hyphens.
func putDomain(buf *[maxNormal]byte, n int, s string) (end int, encoded bool, err error) {
	if len(s) > 0 && s[len(s)-1] == '.' {
		s = s[:len(s)-1]
	}
	if len(s) == 0 {
		return 0, false, ErrEmailForm
	}
	if len(s) > maxEmailDomain || n+len(s) > maxEmail {
		return 0, false, ErrEmailLength
	}
	start := 0 // of the label
	for i := 0; i < len(s); i++ {
		c := domainBytes[s[i]]
		buf[uint8(n+i)] = c // below 254, as checked
		if c > '.' {        // a letter or a digit
			continue
		}
		switch {
		case c == '.':
			if i == start || i-start > maxLabel || s[i-1] == '-' {
				return 0, false, ErrEmailDomain
			}
			start = i + 1
		case c == '-':
			if i == start {
				return 0, false, ErrEmailDomain
			}
			encoded = encoded || i == start+3 && s[i-1] == '-'
		case s[i] == '@':
			return 0, false, ErrEmailForm
		default:
			return 0, false, ErrEmailDomain
		}
	}
	if start == len(s) || len(s)-start > maxLabel || s[len(s)-1] == '-' {
		return 0, false, ErrEmailDomain
	}
	return n + len(s), encoded, nil
}

// localBytes maps a byte to its lower case where it may stand before the @, to 0
// elsewhere: RFC 5322 atext and the dot. Dots are not counted or placed: some
// providers hand out addresses with dots side by side, and they are delivered.
var localBytes = byteTable("abcdefghijklmnopqrstuvwxyz0123456789.!#$%&'*+-/=?^_`{|}~")

// domainBytes does the same for a domain name.
var domainBytes = byteTable("abcdefghijklmnopqrstuvwxyz0123456789.-")

func byteTable(accepted string) (t [256]byte) {
	for _, c := range []byte(accepted) {
		t[c] = c
		if 'a' <= c && c <= 'z' {
			t[c-'a'+'A'] = c
		}
	}
	return t
}

// trimASCII cuts ASCII white space off both ends.
func trimASCII(s string) string {
	for len(s) > 0 && asciiSpace(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && asciiSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func asciiSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// looksHashed reports whether s has the shape of an MD5, SHA-1 or SHA-256 in
// hexadecimal, or of a SHA-256 in base64 of either alphabet.
func looksHashed(s string) bool {
	switch len(s) {
	case 32, 40, 64:
		for i := 0; i < len(s); i++ {
			c := s[i] | 0x20
			if !(s[i] >= '0' && s[i] <= '9' || c >= 'a' && c <= 'f') {
				return false
			}
		}
		return true
	case 44:
		for i := 0; i < 43; i++ {
			c := s[i] | 0x20
			if !(s[i] >= '0' && s[i] <= '9' || c >= 'a' && c <= 'z' ||
				s[i] == '+' || s[i] == '/' || s[i] == '-' || s[i] == '_') {
				return false
			}
		}
		return s[43] == '='
	}
	return false
}
