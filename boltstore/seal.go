package boltstore

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"

	"golang.org/x/crypto/chacha20poly1305"
)

// A sealed value is a version byte, a random nonce, and the ciphertext with
// its tag.
const (
	sealVersion = 0
	sealDomain  = "discreet-bolt-v0"
	nonceSize   = chacha20poly1305.NonceSizeX
	headSize    = 1 + nonceSize
)

// sealer seals values under the key of the file. It is safe for concurrent use.
type sealer struct{ aead cipher.AEAD }

func newSealer(key *[32]byte) (*sealer, error) {
	aead, err := chacha20poly1305.NewX(key[:])
	return &sealer{aead}, err
}

// bound appends what is authenticated with a value: where it stands.
func bound(dst []byte, bucket, key []byte) []byte {
	dst = append(dst, sealDomain...)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(bucket)))
	dst = append(dst, bucket...)
	return append(dst, key...)
}

// seal returns the value as it is stored in bucket under key.
func (s *sealer) seal(bucket, key, value []byte) []byte {
	var place [160]byte
	out := make([]byte, headSize, headSize+len(value)+s.aead.Overhead())
	out[0] = sealVersion
	rand.Read(out[1:headSize])
	return s.aead.Seal(out, out[1:headSize], value, bound(place[:0], bucket, key))
}

// open returns the value. It decrypts in place: sealed must be the caller's own
// copy, and must not be used afterwards.
func (s *sealer) open(bucket, key, sealed []byte) ([]byte, error) {
	var place [160]byte
	if len(sealed) < headSize || sealed[0] != sealVersion {
		return nil, ErrDamaged
	}
	text := sealed[headSize:]
	value, err := s.aead.Open(text[:0], sealed[1:headSize], text, bound(place[:0], bucket, key))
	if err != nil {
		return nil, ErrDamaged
	}
	return value, nil
}
