package pseudonym

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"time"
)

// Keyring holds the secrets of a tenant or of several: the root that pseudonyms
// are derived from, the key behind bounding salts, and the seed of the signing
// key, all independent and random. It is immutable and safe for concurrent use,
// and shows a fixed text in every printer, logger and encoder. The zero Keyring
// is invalid.
type Keyring struct {
	_    [0]func() // not comparable
	open func() *secrets
}

// secrets hide behind a function value, which no printer and no dumper looks
// into. They travel by pointer only: a value would show in a traceback.
type secrets struct {
	root     [32]byte
	bounding [32]byte
	signing  [32]byte // Ed25519 seed
	keyID    uint32   // of the root: 24 bits, not zero

	created, boundingCreated, signingCreated time.Time // UTC, whole seconds
}

// NewKeyring makes fresh keys that exist in memory only: what is derived from
// them cannot be derived again after the process ends.
func NewKeyring() (*Keyring, error) {
	s, err := newSecrets()
	if err != nil {
		return nil, err
	}
	return newKeyring(s)
}

func newSecrets() (*secrets, error) {
	now := time.Now().UTC().Truncate(time.Second)
	s := &secrets{created: now, boundingCreated: now, signingCreated: now}
	var id [3]byte
	for s.keyID == 0 {
		if _, err := rand.Read(id[:]); err != nil {
			return nil, err
		}
		s.keyID = uint32(id[0])<<16 | uint32(id[1])<<8 | uint32(id[2])
	}
	for _, key := range s.keys() {
		if _, err := rand.Read(key[:]); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// newKeyring checks the secrets and takes them over.
func newKeyring(s *secrets) (*Keyring, error) {
	if s.keyID == 0 || s.keyID > 0xffffff {
		return nil, ErrKeyring
	}
	if err := s.checkStrength(); err != nil {
		return nil, err
	}
	return &Keyring{open: func() *secrets { return s }}, nil
}

func (s *secrets) keys() [3]*[32]byte {
	return [3]*[32]byte{&s.root, &s.bounding, &s.signing}
}

func (s *secrets) wipe() {
	for _, key := range s.keys() {
		clear(key[:])
	}
}

// check computes the key check value of the root.
func (s *secrets) check() (v [8]byte, err error) {
	info, err := enc(labelCheck)
	if err != nil {
		return v, err
	}
	b, err := hkdf.Expand(sha256.New, s.root[:], string(info), len(v))
	copy(v[:], b)
	return v, err
}

func (k *Keyring) secrets() (*secrets, error) {
	if k == nil || k.open == nil {
		return nil, ErrKeyring
	}
	return k.open(), nil
}

// KeyID returns the 24-bit id of the root, which every ID made under it
// carries. It was drawn at random and is never 0, except for an invalid Keyring.
func (k *Keyring) KeyID() uint32 {
	s, err := k.secrets()
	if err != nil {
		return 0
	}
	return s.keyID
}

// Created returns when the root was made, in UTC; the zero time for an invalid
// Keyring.
func (k *Keyring) Created() time.Time {
	s, err := k.secrets()
	if err != nil {
		return time.Time{}
	}
	return s.created
}

// Check returns the check value of the root, HKDF-Expand(root,
// enc("pseudonym-kcv-v1"), 8). Stored next to data, it tells a wrong keyring
// before anything is written under it; it says nothing about the root. It is
// zero for an invalid Keyring.
func (k *Keyring) Check() [8]byte {
	s, err := k.secrets()
	if err != nil {
		return [8]byte{}
	}
	v, err := s.check()
	if err != nil {
		return [8]byte{}
	}
	return v
}
