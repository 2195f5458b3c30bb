// Package sealed seals the values of stores: XChaCha20-Poly1305 under a store's
// key, each value bound to the place where it stands.
package sealed

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"

	"golang.org/x/crypto/chacha20poly1305"
)

// A sealed value is a version byte, a random nonce, and the ciphertext with
// its tag.
const (
	version = 0

	// HeadSize is the length of what stands before the ciphertext: the version
	// and the nonce, which is a value's own.
	HeadSize = 1 + chacha20poly1305.NonceSizeX
)

// Box seals values under one key. It is safe for concurrent use.
type Box struct {
	aead   cipher.AEAD
	domain string
}

// New returns a Box. The domain keeps values of different kinds of store apart.
// It does not keep key.
func New(domain string, key *[32]byte) (*Box, error) {
	aead, err := chacha20poly1305.NewX(key[:])
	return &Box{aead, domain}, err
}

// bound appends what is authenticated with a value: where it stands.
func (b *Box) bound(dst, table, key []byte) []byte {
	dst = append(dst, b.domain...)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(table)))
	dst = append(dst, table...)
	return append(dst, key...)
}

// Seal returns the value as it is stored in table under key.
func (b *Box) Seal(table, key, value []byte) []byte {
	var place [160]byte
	out := make([]byte, HeadSize, HeadSize+len(value)+b.aead.Overhead())
	out[0] = version
	rand.Read(out[1:HeadSize])
	return b.aead.Seal(out, out[1:HeadSize], value, b.bound(place[:0], table, key))
}

// Open returns the value, and false where it is not what was sealed for the
// place. It decrypts in place: sealed must be the caller's own copy, and must
// not be used afterwards.
func (b *Box) Open(table, key, sealed []byte) ([]byte, bool) {
	var place [160]byte
	if len(sealed) < HeadSize || sealed[0] != version {
		return nil, false
	}
	text := sealed[HeadSize:]
	value, err := b.aead.Open(text[:0], sealed[1:HeadSize], text, b.bound(place[:0], table, key))
	return value, err == nil
}
