package pseudonym

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/subtle"
	"slices"
	"time"
)

// Rotate returns the ring with a new random root, which writes from now on, for
// a year; the one that wrote is read from now on, for two years. k stays as it
// is. [UpdateKeyFile] brings the new ring to disk: derive nothing that is stored
// under it before. Errors: [ErrKeyring], [ErrKeyTime], [ErrTooManyKeys].
//
// After a leak a new root heals nothing that was derived before: whoever holds
// the old root and old rows keeps the link between rows and people.
func (k *Keyring) Rotate(now time.Time) (*Keyring, error) {
	now = now.UTC().Truncate(time.Second)
	return k.edit(func(s *secrets) error {
		if len(s.roots) >= maxRoots {
			return ErrTooManyKeys
		}
		fresh, err := newRoot(now)
		if err != nil {
			return err
		}
		before := *s.roots[0]
		before.State, before.Since, before.Deadline = Read, now, now.AddDate(readYears, 0, 0)
		if now.Before(s.roots[0].Since) || !before.valid() {
			return ErrKeyTime
		}
		for _, r := range s.roots {
			if r.Check == fresh.Check {
				return ErrWeakKey
			}
		}
		s.roots = slices.Insert(s.roots, 0, fresh)
		s.roots[1] = &before
		return fresh.drawID(s.roots[1:])
	})
}

// Retire returns the ring with a root moved on: from read to erase-only, and
// from there to destroyed, which drops its key bytes from the ring (k, and files
// and backups from before, still hold them). What was written under a destroyed
// root is never found again, nor is a store key wrapped under it: erase or
// re-key the rows and seal the stores anew before.
//
// Errors: [ErrKeyring], [ErrKeyID], [ErrKeyTime], [ErrWriteKey] for the root
// that writes, [ErrKeyState] for a step back, a step too far or none.
func (k *Keyring) Retire(id uint32, to State, now time.Time) (*Keyring, error) {
	now = now.UTC().Truncate(time.Second)
	return k.edit(func(s *secrets) error {
		i := find(s.roots, id)
		if i < 0 {
			return ErrKeyID
		}
		r := *s.roots[i]
		switch {
		case r.State == Write:
			return ErrWriteKey
		case to != r.State+1 || to > Destroyed:
			return ErrKeyState
		case now.Before(r.Since):
			return ErrKeyTime
		}
		r.State, r.Since, r.Deadline = to, now, time.Time{}
		if to == Destroyed {
			r.key = nil
		}
		if !r.valid() {
			return ErrKeyTime
		}
		s.roots[i] = &r
		return nil
	})
}

// SetDeadline returns the ring with another deadline for the state that a root
// is in. The zero time is none, which only a root that is erase-only may have; a
// destroyed one has none. Errors: [ErrKeyring], [ErrKeyID], [ErrKeyTime].
func (k *Keyring) SetDeadline(id uint32, deadline time.Time) (*Keyring, error) {
	deadline = deadline.UTC().Truncate(time.Second)
	return k.edit(func(s *secrets) error {
		i := find(s.roots, id)
		if i < 0 {
			return ErrKeyID
		}
		r := *s.roots[i]
		if r.Deadline = deadline; !r.valid() {
			return ErrKeyTime
		}
		s.roots[i] = &r
		return nil
	})
}

// RotateSigning returns the ring with a new random signing key. The public half
// of the one before stays among [Keyring.Verifiers], so that what it signed can
// be read; its seed is gone from the ring. Errors: [ErrKeyring], [ErrKeyTime],
// [ErrTooManyKeys].
func (k *Keyring) RotateSigning(now time.Time) (*Keyring, error) {
	now = now.UTC().Truncate(time.Second)
	return k.edit(func(s *secrets) error {
		switch {
		case len(s.signed) >= maxRoots:
			return ErrTooManyKeys
		case now.Before(s.signingCreated) || !validTime(now):
			return ErrKeyTime
		}
		s.signed = slices.Insert(slices.Clone(s.signed), 0, verifier{s.signingCreated, now, publicKey(s.signing)})
		s.signing, s.signingCreated = new([32]byte), now
		if _, err := rand.Read(s.signing[:]); err != nil {
			return err
		}
		if weak(s.signing) {
			return ErrWeakKey
		}
		return nil
	})
}

// edit returns a ring with what f makes of a copy of the secrets.
func (k *Keyring) edit(f func(s *secrets) error) (*Keyring, error) {
	s, err := k.secrets()
	if err != nil {
		return nil, err
	}
	if s.remote() {
		return nil, ErrRemoteRing
	}
	next := new(secrets)
	*next = *s
	next.roots = slices.Clone(s.roots)
	if err := f(next); err != nil {
		return nil, err
	}
	return next.ring(), nil
}

// publicKey returns the public half of a signing key.
func publicKey(seed *[32]byte) (public [32]byte) {
	private := ed25519.NewKeyFromSeed(seed[:])
	defer clear(private)
	copy(public[:], private.Public().(ed25519.PublicKey))
	return public
}

// follows reports whether a ring came from before by the steps of this file: it
// lost no root and no verifier, went nowhere back and kept the bounding key.
func (s *secrets) follows(before *secrets) bool {
	now := make(map[uint32]*root, len(s.roots))
	for _, r := range s.roots {
		now[r.ID] = r
	}
	for _, old := range before.roots {
		r := now[old.ID]
		if r == nil || r.Check != old.Check || !r.Created.Equal(old.Created) || r.State < old.State || r.Since.Before(old.Since) {
			return false
		}
	}
	public := map[[32]byte]bool{publicKey(s.signing): true}
	for _, v := range s.signed {
		public[v.public] = true
	}
	for _, v := range before.signed {
		if !public[v.public] {
			return false
		}
	}
	return public[publicKey(before.signing)] && subtle.ConstantTimeCompare(s.bounding[:], before.bounding[:]) == 1
}
