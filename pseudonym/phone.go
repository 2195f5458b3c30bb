package pseudonym

// Limits of phone/1, in digits behind the plus. ITU-T E.164 clause 6.
const (
	minPhone = 7
	maxPhone = 15
	// maxPhoneInput bounds what is read, separators and white space included.
	maxPhoneInput = 64
)

// normalisePhone applies phone/1 to s and returns the length of what it wrote.
// It takes one pass and no allocation.
func normalisePhone(buf *[maxNormal]byte, s string) (int, error) {
	if len(s) > maxPhoneInput {
		if looksHashed(trimASCII(s)) {
			return 0, ErrHashed
		}
		return 0, ErrPhoneLength
	}
	s = trimASCII(s)
	if s == "" || s[0] != '+' {
		if looksHashed(s) {
			return 0, ErrHashed
		}
		return 0, ErrPhoneForm
	}
	buf[0] = '+'
	n, separated := 1, true // no separator may follow the plus
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			if n > maxPhone {
				return 0, ErrPhoneLength
			}
			buf[n] = c
			n++
			separated = false
		case (c == ' ' || c == '-' || c == '.') && !separated:
			separated = true
		default:
			return 0, ErrPhoneForm
		}
	}
	if separated { // ends in a separator, or holds no digit
		return 0, ErrPhoneForm
	}
	if n-1 < minPhone {
		return 0, ErrPhoneLength
	}
	code := countryCode(buf[1:n])
	if code == 0 {
		return 0, ErrPhoneCountry
	}
	national := buf[1+code : n]
	switch buf[1] {
	case '1', '7': // both plans have ten digits; in the first, none begins with 0 or 1
		if len(national) != 10 {
			return 0, ErrPhoneLength
		}
		if buf[1] == '1' && (national[0] < '2' || national[3] < '2') {
			return 0, ErrPhoneForm
		}
	}
	if national[0] == '0' && !zeroPlan(string(buf[1:1+code])) {
		return 0, ErrPhoneTrunk
	}
	return n, nil
}

// countryCode returns how many of the digits are the country code, or 0 where
// no country or network has it. digits are at least minPhone.
func countryCode(digits []byte) int {
	switch digits[0] {
	case '1', '7':
		return 1
	case '0':
		return 0
	}
	two := int(digits[0]-'0')*10 + int(digits[1]-'0')
	if twoDigitCodes[two] {
		return 2
	}
	if threeDigitCodes[two]>>(digits[2]-'0')&1 == 1 {
		return 3
	}
	return 0
}

// twoDigitCodes are the country codes of two digits. ITU-T E.164 list of
// assigned codes.
var twoDigitCodes = [100]bool{
	20: true, 27: true,
	30: true, 31: true, 32: true, 33: true, 34: true, 36: true, 39: true,
	40: true, 41: true, 43: true, 44: true, 45: true, 46: true, 47: true, 48: true, 49: true,
	51: true, 52: true, 53: true, 54: true, 55: true, 56: true, 57: true, 58: true,
	60: true, 61: true, 62: true, 63: true, 64: true, 65: true, 66: true,
	81: true, 82: true, 84: true, 86: true,
	90: true, 91: true, 92: true, 93: true, 94: true, 95: true, 98: true,
}

// threeDigitCodes has, for the first two digits of a code of three, one bit for
// each third digit that is assigned; all ten are 0x3ff.
var threeDigitCodes = [100]uint16{
	21: 1<<1 | 1<<2 | 1<<3 | 1<<6 | 1<<8,
	22: 0x3ff, 23: 0x3ff, 24: 0x3ff,
	25: 0x3ff &^ (1 << 9),
	26: 0x3ff,
	29: 1<<0 | 1<<1 | 1<<7 | 1<<8 | 1<<9,
	35: 0x3ff,
	37: 0x3ff &^ (1 << 9),
	38: 1<<0 | 1<<1 | 1<<2 | 1<<3 | 1<<5 | 1<<6 | 1<<7 | 1<<9,
	42: 1<<0 | 1<<1 | 1<<3,
	50: 0x3ff, 59: 0x3ff,
	67: 0x3ff &^ (1 << 1),
	68: 0x3ff &^ (1 << 4),
	69: 1<<0 | 1<<1 | 1<<2,
	80: 1<<0 | 1<<8,
	85: 1<<0 | 1<<2 | 1<<3 | 1<<5 | 1<<6,
	87: 1<<0 | 1<<8,
	88: 1<<0 | 1<<1 | 1<<2 | 1<<3 | 1<<6 | 1<<8,
	96: 0x3ff &^ (1 << 9),
	97: 0x3ff &^ (1 << 8),
	99: 1<<2 | 1<<3 | 1<<4 | 1<<5 | 1<<6 | 1<<8,
}

// zeroPlan reports whether numbers of a country code may begin with a zero when
// dialled from abroad. Elsewhere a zero there is a trunk prefix that does not
// belong into an international number, and what was meant is not guessed.
func zeroPlan(code string) bool {
	switch code {
	case "39", "225", "229", "241", "242", "378":
		return true
	}
	return false
}

// PhoneParser turns a number as it is written inside a country into its E.164
// form. region is an ISO 3166 code of two letters, such as "GB". It is called
// with personal data: it must not log, and its errors are not passed on.
type PhoneParser interface {
	E164(number, region string) (string, error)
}

// PhoneIn wraps a phone number written in the national form of a region. What
// the parser returns must pass phone/1 as it is when a pseudonym is derived. It
// fails with [ErrPhoneForm] where the parser fails or is nil.
func PhoneIn(p PhoneParser, number, region string) (Raw, error) {
	if p == nil {
		return Raw{}, ErrPhoneForm
	}
	s, err := p.E164(number, region)
	if err != nil {
		return Raw{}, ErrPhoneForm
	}
	return Phone(s), nil
}
