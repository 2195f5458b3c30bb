package pseudonym

import (
	"encoding/base64"
	"encoding/hex"
)

// uuidSize is the length of a UUID as text, with its hyphens.
const uuidSize = 36

// normaliseDevice applies device/1: a UUID with its hyphens, in lower case.
func normaliseDevice(buf *[maxNormal]byte, s string) (int, error) {
	if len(s) > maxEmailInput {
		return 0, ErrDevice
	}
	s = trimASCII(s)
	if looksHashed(s) {
		return 0, ErrHashed
	}
	if len(s) != uuidSize {
		return 0, ErrDevice
	}
	zero := true
	for i := range uuidSize {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return 0, ErrDevice
			}
		default:
			if 'A' <= c && c <= 'F' {
				c += 'a' - 'A'
			}
			if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') {
				return 0, ErrDevice
			}
			zero = zero && c == '0'
		}
		buf[i] = c
	}
	if zero {
		return 0, ErrDeviceZero
	}
	return uuidSize, nil
}

// normaliseDigest reads a hash of size bytes in hexadecimal of either case or in
// padded base64 of either alphabet, and writes it in lower-case hexadecimal. The
// spellings have different lengths, so each text is read in one way.
func normaliseDigest(buf *[maxNormal]byte, s string, size int) (int, error) {
	if len(s) > maxEmailInput {
		return 0, ErrDigest
	}
	s = trimASCII(s)
	var sum [64]byte
	var n int
	var err error
	switch len(s) {
	case hex.EncodedLen(size):
		n, err = hex.Decode(sum[:], append(make([]byte, 0, 128), s...))
	case base64.StdEncoding.EncodedLen(size):
		text := append(make([]byte, 0, 128), s...)
		for i, c := range text {
			switch c {
			case '-':
				text[i] = '+'
			case '_':
				text[i] = '/'
			case '\r', '\n': // the decoder would skip them
				return 0, ErrDigest
			}
		}
		n, err = base64.StdEncoding.Strict().Decode(sum[:], text)
	default:
		return 0, ErrDigest
	}
	if err != nil || n != size {
		return 0, ErrDigest
	}
	return hex.Encode(buf[:], sum[:size]), nil
}
