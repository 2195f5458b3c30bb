package pseudonym

import "crypto/subtle"

// minDistinct is the fewest different byte values a key must have. Fewer than 8
// among 32 random bytes happen with probability below 2^-130.
const minDistinct = 8

// checkStrength refuses keys that no random generator made: one of them weak,
// or two of them equal. Equal roots show by their check values, also where one
// of them is destroyed.
func (s *secrets) checkStrength() error {
	keys := s.keys()
	for i, key := range keys {
		if weak(key) {
			return ErrWeakKey
		}
		for _, other := range keys[:min(i, 2)] { // bounding key and signing seed
			if subtle.ConstantTimeCompare(key[:], other[:]) == 1 {
				return ErrWeakKey
			}
		}
	}
	seen := make(map[[8]byte]bool, len(s.roots))
	for _, r := range s.roots {
		if seen[r.Check] {
			return ErrWeakKey
		}
		seen[r.Check] = true
	}
	return nil
}

// weak reports whether key is equal, few-valued, counting, repeating or
// printable bytes. A random key is any of these with probability below 2^-42,
// which is that of 32 printable bytes.
func weak(key *[32]byte) bool {
	var seen [256]bool
	distinct, printable, counting := 0, true, true
	for i, b := range key {
		if !seen[b] {
			seen[b] = true
			distinct++
		}
		printable = printable && (b >= 0x20 && b < 0x7f || b == '\n' || b == '\r' || b == '\t')
		counting = counting && (i < 2 || b-key[i-1] == key[1]-key[0])
	}
	if distinct < minDistinct || printable || counting {
		return true
	}
	for period := 8; period <= 16; period *= 2 {
		if subtle.ConstantTimeCompare(key[:len(key)-period], key[period:]) == 1 {
			return true
		}
	}
	return false
}
