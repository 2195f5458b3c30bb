package boltstore

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/pseudonym"
)

// Reseal seals every value under a fresh key of the file, wrapped by the root of
// next that writes, and rewrites the file as Compact does. From its return on the
// file opens with rings that hold this root, and the one before opens nothing in
// it any more. Where it ends early, killed or with an error other than ErrFailed,
// the file opens with old as before. The pseudonyms that name the rows stay.
//
// After [pseudonym.Keyring.Rotate] old and next are both the new ring; do it
// before the root from before is destroyed, or the file opens no more.
//
// The store must be bound, under old; it stays in use. Who turned the keys, and
// why, stands in the access log before anything is done, at the moment now. It
// returns ErrKeyring when old is not what opens the file, or next is empty or
// writes under the root that the file has already, ledger.ErrActor,
// ledger.ErrAccess, and the errors of Compact. A value that does not open is
// ErrDamaged, and nothing is changed.
func (s *Store) Reseal(ctx context.Context, old, next *pseudonym.Keyring, by ledger.Actor, now time.Time) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if next.KeyID() == 0 {
		return ErrKeyring
	}
	s.binding.Lock() // no Bind, and no Close, while the keyring changes
	defer s.binding.Unlock()
	if err := s.ready(ctx); err != nil {
		return err
	}
	if !old.Has(s.check) || next.Check() == s.check {
		return ErrKeyring
	}
	if key, _, err := s.readKey(s.tenant, old); err != nil {
		return err
	} else if key == nil {
		return ErrDamaged
	} else {
		clear(key[:])
	}
	if err := ledger.NewAccessLog(s).Note(ctx, by, "Reseal", now); err != nil {
		return err
	}
	if s.every > 0 {
		if err := s.flush(); err != nil {
			return err
		}
	}
	r, err := newResealer(s.tenant, next)
	if err != nil {
		return err
	}
	// The journal begins anew: what it says is done, and no older backup opens
	// with the new keyring.
	before, path := s.now.Load(), s.erasures+".next"
	if before.journal != nil {
		err := removeLeft(path)
		if err == nil {
			err = makeJournal(path, s.tenant, next)
		}
		if err != nil {
			return err
		}
		if r.fresh, err = openJournal(path, s.tenant, next, func(uint64, []byte, []byte) error { return nil }); err != nil {
			return err
		}
	}
	err = s.rewrite(ctx, r)
	if s.now.Load() == before {
		if r.fresh != nil {
			r.fresh.f.Close()
			os.Remove(path)
		}
		return err
	}
	s.check, s.keys = next.Check(), next
	if r.fresh != nil {
		before.journal.f.Close()
		if e := os.Rename(path, s.erasures); e != nil {
			return errors.Join(err, journalError(e)) // the next Bind does it
		}
		err = errors.Join(err, syncDir(filepath.Dir(s.erasures)))
	}
	return err
}

// resealer is the rewriter of Reseal.
type resealer struct {
	to             *sealer
	check, wrapped []byte
	fresh          *journal // nil: there is none
}

func newResealer(tenant string, next *pseudonym.Keyring) (*resealer, error) {
	key := new([32]byte)
	defer clear(key[:])
	rand.Read(key[:])
	wrapped, err := next.WrapStoreKey(tenant, key)
	if err != nil {
		return nil, err
	}
	to, err := newSealer(key)
	check := next.Check()
	return &resealer{to, check[:], wrapped, nil}, err
}

func (r *resealer) sealer() *sealer   { return r.to }
func (r *resealer) journal() *journal { return r.fresh }

func (r *resealer) value(old *sealer, bucket, key, value []byte) ([]byte, error) {
	if string(bucket) == string(bucketMeta) {
		switch string(key) {
		case string(keyKeyCheck):
			return r.check, nil
		case string(keyStoreKey):
			return r.wrapped, nil
		case string(keyErasures):
			return r.to.seal(bucket, key, r.fresh.position()), nil
		}
		return value, nil
	}
	text, err := old.open(bucket, key, append([]byte(nil), value...))
	if err != nil {
		return nil, err
	}
	return r.to.seal(bucket, key, text), nil
}
