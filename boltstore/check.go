package boltstore

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"go.etcd.io/bbolt"
)

// Checked counts what Check found whole.
type Checked struct {
	Records  uint64 // of the ledger
	Accesses int    // records of the access log
	Logged   int    // records of the consent log
	Blobs    int    // answers beside those of the ledger
	Consents int
	Profiles map[string]int // rows by purpose
}

// Check reads the whole file: the structure of its pages, during which calls that
// write wait, and then, over one snapshot, every value, which must open in its place. It
// returns ErrDamaged, with the kind of what is damaged. It does not follow the
// chain of the ledger, nor those of the other logs: ledger.Account.Verify does, and
// Read of ledger.AccessLog and consent.Log.
func (s *Store) Check(ctx context.Context) (Checked, error) {
	c := Checked{Profiles: map[string]int{}}
	if err := s.ready(ctx); err != nil {
		return c, err
	}
	if s.every > 0 {
		if err := s.flush(); err != nil {
			return c, err
		}
	}
	if err := s.structure(); err != nil {
		return c, err
	}
	err := s.view(new(bool), func(tx *bbolt.Tx, seal *sealer) error {
		var err error
		if c.Records, err = logLength(tx, bucketLedger); err != nil {
			return err
		}
		records := uint64(0)
		err = tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			if bytes.Equal(name, bucketMeta) {
				return nil
			}
			kind, purpose := "a row of an unknown kind", ""
			switch {
			case bytes.Equal(name, bucketLedger):
				kind = "a ledger record"
			case bytes.Equal(name, bucketBlobs):
				kind = "an answer"
			case bytes.Equal(name, bucketAccess):
				kind = "an access record"
			case bytes.Equal(name, bucketConsentLog):
				kind = "a consent log record"
			case bytes.Equal(name, bucketConsent):
				kind = "a consent row"
			case strings.HasPrefix(string(name), profilePrefix):
				kind, purpose = "a profile row", strings.TrimPrefix(string(name), profilePrefix)
			default:
				return fmt.Errorf("%w: %s", ErrDamaged, kind)
			}
			n := 0
			var buf []byte
			err := b.ForEach(func(k, v []byte) error {
				if n++; n%1024 == 0 {
					if err := s.ready(ctx); err != nil {
						return err
					}
				}
				if v == nil || !fits(tx, v) {
					return fmt.Errorf("%w: %s", ErrDamaged, kind)
				}
				buf = append(buf[:0], v...)
				if _, err := seal.open(name, k, buf); err != nil {
					return fmt.Errorf("%w: %s", err, kind)
				}
				return nil
			})
			switch {
			case bytes.Equal(name, bucketLedger):
				records = uint64(n)
			case bytes.Equal(name, bucketBlobs):
				c.Blobs = n
			case bytes.Equal(name, bucketAccess):
				c.Accesses = n
			case bytes.Equal(name, bucketConsentLog):
				c.Logged = n
			case bytes.Equal(name, bucketConsent):
				c.Consents = n
			default:
				c.Profiles[purpose] = n
			}
			return err
		})
		if err == nil && records != c.Records {
			return fmt.Errorf("%w: ledger records are missing", ErrDamaged)
		}
		return err
	})
	return c, err
}

// structure checks the pages: each is used once, and keys are in order. The
// database does it in a goroutine of its own, which must not meet a page that
// faults or a writer: all pages are walked before, and writers wait.
func (s *Store) structure() error {
	s.write.Lock()
	defer s.write.Unlock()
	h := s.now.Load()
	return guard(new(bool), func() error {
		return h.db.View(func(tx *bbolt.Tx) error {
			if err := walk(h.file, h.db, tx); err != nil {
				return fmt.Errorf("%w: its pages", err)
			}
			damaged := false
			for range tx.Check() {
				damaged = true
			}
			if damaged {
				return fmt.Errorf("%w: its pages", ErrDamaged)
			}
			return nil
		})
	})
}
