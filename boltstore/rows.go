package boltstore

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/segment"
	"go.etcd.io/bbolt"
)

// place is where a row stands.
type place struct {
	bucket []byte
	key    [ident.IDSize]byte
}

// stored is a row as it was read.
type stored struct {
	nonce []byte // nil: no row
	row   []byte
}

func consentPlace(who ident.Subject) (place, error) {
	if who.IsZero() {
		return place{}, ErrKey
	}
	return place{bucketConsent, who.ID().Bytes()}, nil
}

func consentPlaces(subjects []ident.Subject) ([]place, error) {
	all := make([]place, len(subjects))
	for i, who := range subjects {
		p, err := consentPlace(who)
		if err != nil {
			return nil, err
		}
		all[i] = p
	}
	return all, nil
}

func profilePlaces(keys []segment.Key) ([]place, error) {
	all := make([]place, len(keys))
	for i, k := range keys {
		switch {
		case k.ID.IsZero():
			return nil, ErrKey
		case i > 0 && keys[i-1].Purpose == k.Purpose:
			all[i].bucket = all[i-1].bucket
		case !contrib.ValidName(k.Purpose):
			return nil, ErrKey
		default:
			all[i].bucket = []byte(profilePrefix + k.Purpose)
		}
		all[i].key = k.ID.Bytes()
	}
	return all, nil
}

// read returns the rows at the places, over one snapshot, and the sealer that
// opened them. Rows that skip reports are left out.
func (s *Store) read(at []place, skip func(i int) bool) ([]stored, *sealer, error) {
	rows := make([]stored, len(at))
	var seal *sealer
	err := s.view(new(bool), func(tx *bbolt.Tx, key *sealer) error {
		seal = key
		var b *bbolt.Bucket
		for i := range at {
			if i == 0 || !bytes.Equal(at[i].bucket, at[i-1].bucket) {
				b = tx.Bucket(at[i].bucket)
			}
			if b != nil && (skip == nil || !skip(i)) {
				v := b.Get(at[i].key[:])
				if !fits(tx, v) {
					return ErrDamaged
				}
				rows[i].row = bytes.Clone(v)
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	for i := range rows {
		r := &rows[i]
		if r.row == nil {
			continue
		}
		if len(r.row) < headSize {
			return nil, nil, ErrDamaged
		}
		r.nonce = r.row[1:headSize]
		if r.row, err = seal.open(at[i].bucket, at[i].key[:], r.row); err != nil {
			return nil, nil, err
		}
	}
	return rows, seal, nil
}

const maxTries = 4 // before an update runs alone

// change replaces the rows at the places by what f makes of them, in one durable
// step. e is nil but for erasures, which are journaled first.
func (s *Store) change(ctx context.Context, at []place, f func(i int, row []byte) ([]byte, error), e *erasing) error {
	for try := 0; ; try++ {
		err := s.attempt(ctx, at, f, e, try == maxTries)
		if !errors.Is(err, errStale) {
			return err
		}
	}
}

// attempt reads, calls f without holding a transaction, and writes if nothing
// changed meanwhile, else returns errStale; alone, nothing can.
func (s *Store) attempt(ctx context.Context, at []place, f func(i int, row []byte) ([]byte, error), e *erasing, alone bool) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if s.failed.Load() {
		return ErrFailed
	}
	if alone {
		s.gate.Lock()
		defer s.gate.Unlock()
	} else {
		s.gate.RLock()
		defer s.gate.RUnlock()
	}
	rows, seal, err := s.read(at, nil)
	if err != nil {
		return err
	}
	var kept [][]byte
	r := &request{seal: seal, changes: make([]change, 0, len(at))}
	for i := range at {
		c := change{bucket: at[i].bucket, key: at[i].key[:], checked: true, nonce: rows[i].nonce}
		next, err := f(i, rows[i].row)
		if err != nil {
			return err
		}
		if e != nil && !e.whole {
			kept = append(kept, bytes.Clone(next))
		}
		switch {
		case next == nil:
			c.write = c.nonce != nil
		case c.nonce == nil || !bytes.Equal(next, rows[i].row):
			c.write, c.value = true, seal.seal(c.bucket, c.key, next)
		}
		r.changes = append(r.changes, c)
	}
	if e != nil {
		for i := range e.drop {
			r.changes = append(r.changes, change{bucket: e.drop[i].bucket, key: e.drop[i].key[:], write: true})
		}
		all := append(slices.Clone(at), e.drop...)
		r.erasure = encodeErasure(all, append(kept, make([][]byte, len(all)-len(kept))...))
	}
	// Also a request that writes nothing waits for the commit under way: what
	// it saw may not be on disk yet.
	return s.submit(r)
}

// keysAfter returns up to n keys of a bucket that follow after, in order.
func (s *Store) keysAfter(bucket, after []byte, n int) (keys []ident.ID, err error) {
	return keys, s.view(new(bool), func(tx *bbolt.Tx, _ *sealer) error {
		b := tx.Bucket(bucket)
		if b == nil {
			return nil
		}
		c := b.Cursor()
		k, _ := c.First()
		if after != nil {
			if k, _ = c.Seek(after); bytes.Equal(k, after) {
				k, _ = c.Next()
			}
		}
		for last := after; k != nil && len(keys) < n; k, _ = c.Next() {
			id, err := ident.IDFromBytes(k)
			if err != nil || bytes.Compare(k, last) <= 0 {
				return ErrDamaged // out of order, a sweep would not come to an end
			}
			keys, last = append(keys, id), k
		}
		return nil
	})
}

// sweep runs step over the keys of a bucket, in batches.
func (s *Store) sweep(ctx context.Context, bucket []byte, step func(ids []ident.ID) error) error {
	const batch = 256
	var after []byte
	for {
		if err := s.ready(ctx); err != nil {
			return err
		}
		ids, err := s.keysAfter(bucket, after, batch)
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := step(ids); err != nil {
			return err
		}
		last := ids[len(ids)-1].Bytes()
		after = last[:]
	}
}

// scan calls f with every row of a bucket, over one snapshot.
func (s *Store) scan(ctx context.Context, bucket []byte, f func(id ident.ID, row []byte) error) error {
	user := false
	return s.view(&user, func(tx *bbolt.Tx, seal *sealer) error {
		b := tx.Bucket(bucket)
		if b == nil {
			return nil
		}
		var buf []byte
		n := 0
		for c, k, v := cursor(b); k != nil; k, v = c.Next() {
			if n++; n%1024 == 0 {
				if err := s.ready(ctx); err != nil {
					return err
				}
			}
			id, err := ident.IDFromBytes(k)
			if err != nil || !fits(tx, v) {
				return ErrDamaged
			}
			buf = append(buf[:0], v...)
			row, err := seal.open(bucket, k, buf)
			if err != nil {
				return err
			}
			user = true
			err = f(id, row)
			user = false
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func cursor(b *bbolt.Bucket) (c *bbolt.Cursor, k, v []byte) {
	c = b.Cursor()
	k, v = c.First()
	return c, k, v
}

// fits reports whether a value can stand in the file at all: a damaged length
// must not become an allocation of its size.
func fits(tx *bbolt.Tx, v []byte) bool { return int64(len(v)) <= tx.Size() }
