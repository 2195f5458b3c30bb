package ident

import (
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Sizes of an ID, in bytes and in characters of its text form.
const (
	IDSize     = 20
	IDTextSize = 32

	idFormat = 1
	alphabet = "0123456789abcdefghjkmnpqrstvwxyz" // Crockford base32, lower case
)

// ErrID is returned for bytes or text that are not an ID in canonical form.
var ErrID = errors.New("ident: not a canonical pseudonym")

// ID is a keyed pseudonym: one format byte, a three-byte key id and the first
// 16 bytes of HMAC-SHA-256. It is comparable. The zero ID is invalid.
//
// An ID is personal data to whoever holds the key and a stable handle to
// whoever does not; its String shows the key id only. MarshalText gives the
// canonical 32 characters.
type ID struct{ b [IDSize]byte }

// NewID assembles an ID; the key id has 24 bits and is not zero. Package
// pseudonym alone calls it.
func NewID(keyID uint32, prf *[16]byte) (id ID) {
	binary.BigEndian.PutUint32(id.b[:], idFormat<<24|keyID&0xffffff)
	copy(id.b[4:], prf[:])
	return id
}

// IDFromBytes reads the 20-byte form.
func IDFromBytes(b []byte) (ID, error) {
	if len(b) != IDSize || b[0] != idFormat || b[1]|b[2]|b[3] == 0 {
		return ID{}, ErrID
	}
	return ID{[IDSize]byte(b)}, nil
}

// KeyID returns the id of the key that made the pseudonym.
func (id ID) KeyID() uint32 { return binary.BigEndian.Uint32(id.b[:4]) & 0xffffff }

// IsZero reports whether id is the invalid zero ID.
func (id ID) IsZero() bool { return id == ID{} }

// Equal compares in constant time, for the case that an ID is used as a secret.
func (id ID) Equal(other ID) bool { return subtle.ConstantTimeCompare(id.b[:], other.b[:]) == 1 }

// Bytes returns the 20-byte form.
func (id ID) Bytes() [IDSize]byte { return id.b }

// AppendBinary appends the 20-byte form.
func (id ID) AppendBinary(dst []byte) ([]byte, error) { return append(dst, id.b[:]...), nil }

// MarshalBinary returns the 20-byte form.
func (id ID) MarshalBinary() ([]byte, error) { return id.AppendBinary(nil) }

// UnmarshalBinary reads the 20-byte form.
func (id *ID) UnmarshalBinary(b []byte) error {
	v, err := IDFromBytes(b)
	if err == nil {
		*id = v
	}
	return err
}

// AppendText appends the canonical 32 characters.
func (id ID) AppendText(dst []byte) ([]byte, error) {
	for i := 0; i < IDSize; i += 5 {
		v := uint64(id.b[i])<<32 | uint64(binary.BigEndian.Uint32(id.b[i+1:]))
		for shift := 35; shift >= 0; shift -= 5 {
			dst = append(dst, alphabet[v>>shift&31])
		}
	}
	return dst, nil
}

// MarshalText returns the canonical 32 characters.
func (id ID) MarshalText() ([]byte, error) {
	return id.AppendText(make([]byte, 0, IDTextSize))
}

// UnmarshalText reads the canonical form and refuses every other spelling.
func (id *ID) UnmarshalText(text []byte) error {
	if len(text) != IDTextSize {
		return ErrID
	}
	var b [IDSize]byte
	for i := range IDSize / 5 {
		var v uint64
		for _, c := range text[8*i : 8*i+8] {
			d := digits[c]
			if d < 0 {
				return ErrID
			}
			v = v<<5 | uint64(d)
		}
		b[5*i] = byte(v >> 32)
		binary.BigEndian.PutUint32(b[5*i+1:], uint32(v))
	}
	return id.UnmarshalBinary(b[:])
}

// digits maps a character to its value, -1 where it has none.
var digits = func() (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	for i := range len(alphabet) {
		t[alphabet[i]] = int8(i)
	}
	return t
}()

func (id ID) short() string { return fmt.Sprintf("pseudonym(key=%d)", id.KeyID()) }

// String shows the key id only.
func (id ID) String() string { return id.short() }

// GoString shows the key id only.
func (id ID) GoString() string { return id.short() }

// Format shows the key id only, for every verb.
func (id ID) Format(s fmt.State, _ rune) { io.WriteString(s, id.short()) }

// LogValue shows the key id only.
func (id ID) LogValue() slog.Value { return slog.StringValue(id.short()) }
