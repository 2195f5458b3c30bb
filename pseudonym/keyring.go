package pseudonym

import (
	"crypto/rand"
	"time"
)

// Keyring holds the secrets of a tenant or of several: the roots that
// pseudonyms are derived from, the key behind bounding salts, and the seed of
// the signing key, all independent and random. One root writes; earlier ones
// stay to read, or only to erase, until they are destroyed.
//
// A Keyring is immutable and safe for concurrent use: [Keyring.Rotate] and its
// like return another one. It shows a fixed text in every printer, logger and
// encoder. The zero Keyring is invalid.
type Keyring struct {
	_    [0]func() // not comparable
	open func() *secrets
}

// secrets hide behind a function value, which no printer and no dumper looks
// into. Keys travel by pointer only: a value would show in a traceback. They do
// not change once they are in a ring.
type secrets struct {
	roots    []*root // newest first; the first one writes
	bounding *[32]byte
	signing  *[32]byte // Ed25519 seed
	signed   []verifier

	boundingCreated, signingCreated time.Time // UTC, whole seconds
}

// verifier is the public half of an earlier signing key.
type verifier struct {
	created, until time.Time
	public         [32]byte
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
	r, err := newRoot(now)
	if err != nil {
		return nil, err
	}
	if err := r.drawID(nil); err != nil {
		return nil, err
	}
	s := &secrets{
		roots: []*root{r}, bounding: new([32]byte), signing: new([32]byte),
		boundingCreated: now, signingCreated: now,
	}
	for _, key := range []*[32]byte{s.bounding, s.signing} {
		if _, err := rand.Read(key[:]); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// newKeyring checks the secrets and takes them over.
func newKeyring(s *secrets) (*Keyring, error) {
	if !s.valid() {
		return nil, ErrKeyring
	}
	if err := s.checkStrength(); err != nil {
		return nil, err
	}
	return s.ring(), nil
}

// ring takes over secrets that were checked.
func (s *secrets) ring() *Keyring { return &Keyring{open: func() *secrets { return s }} }

// valid reports whether the roots have different ids, one of them writes and
// stands first, and none is older than the one behind it.
func (s *secrets) valid() bool {
	if len(s.roots) == 0 || len(s.roots) > maxRoots || len(s.signed) > maxRoots {
		return false
	}
	seen := make(map[uint32]bool, len(s.roots))
	for i, r := range s.roots {
		if !r.valid() || seen[r.ID] || (r.State == Write) != (i == 0) || i > 0 && s.roots[i-1].Created.Before(r.Created) {
			return false
		}
		seen[r.ID] = true
	}
	created := s.signingCreated
	for _, v := range s.signed {
		if !validTime(v.created) || !validTime(v.until) || v.until.Before(v.created) || created.Before(v.until) {
			return false
		}
		created = v.created
	}
	return validTime(s.boundingCreated) && validTime(s.signingCreated)
}

// keys returns the bounding key, the signing seed and the roots that are left.
func (s *secrets) keys() []*[32]byte {
	keys := []*[32]byte{s.bounding, s.signing}
	for _, r := range s.roots {
		if r.key != nil {
			keys = append(keys, r.key)
		}
	}
	return keys
}

// wipe clears keys that were not handed out.
func (s *secrets) wipe() {
	for _, key := range s.keys() {
		clear(key[:])
	}
}

func (k *Keyring) secrets() (*secrets, error) {
	if k == nil || k.open == nil {
		return nil, ErrKeyring
	}
	return k.open(), nil
}

// write returns what is known of the root that writes, or nothing.
func (k *Keyring) write() (info KeyInfo) {
	if s, err := k.secrets(); err == nil {
		info = s.roots[0].KeyInfo
	}
	return info
}

// KeyID returns the 24-bit id of the root that writes, which every new ID
// carries. It was drawn at random and is never 0, except for an invalid Keyring.
func (k *Keyring) KeyID() uint32 { return k.write().ID }

// Created returns when the root that writes was made, in UTC; the zero time for
// an invalid Keyring.
func (k *Keyring) Created() time.Time { return k.write().Created }

// Check returns the check value of the root that writes, HKDF-Expand(root,
// enc("pseudonym-kcv-v1"), 8). Stored next to data, it tells a wrong keyring
// before anything is written under it, see [Keyring.Has]; it says nothing about
// the root. It is zero for an invalid Keyring.
func (k *Keyring) Check() [8]byte { return k.write().Check }

// Has reports whether the root with this check value is in the ring, in any
// state but destroyed.
func (k *Keyring) Has(check [8]byte) bool {
	s, err := k.secrets()
	if err != nil {
		return false
	}
	for _, r := range s.roots {
		if r.Check == check && r.State != Destroyed {
			return true
		}
	}
	return false
}

// Roots returns what may be known of the roots, newest first: the first one
// writes. It is empty for an invalid Keyring.
func (k *Keyring) Roots() []KeyInfo {
	s, err := k.secrets()
	if err != nil {
		return nil
	}
	return s.infos()
}

func (s *secrets) infos() []KeyInfo {
	list := make([]KeyInfo, len(s.roots))
	for i, r := range s.roots {
		list[i] = r.KeyInfo
	}
	return list
}

// Overdue returns the roots whose deadline is not after now, newest first. A
// deadline is a promise that somebody has to keep: a root past it goes on as
// before, because a service that stopped at midnight would be worse. What to do
// is [Keyring.Rotate] for the root that writes, [Keyring.Retire] for the others.
func (k *Keyring) Overdue(now time.Time) (list []KeyInfo) {
	for _, info := range k.Roots() {
		if !info.Deadline.IsZero() && !info.Deadline.After(now) {
			list = append(list, info)
		}
	}
	return list
}
