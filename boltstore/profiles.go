package boltstore

import (
	"context"
	"strings"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/segment"
	"go.etcd.io/bbolt"
)

// ProfileRow returns a copy of the row under k, or nil when there is none.
func (s *Store) ProfileRow(ctx context.Context, k segment.Key) ([]byte, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	at, err := profilePlaces([]segment.Key{k})
	if err != nil {
		return nil, err
	}
	if s.every > 0 {
		s.late.mu.Lock()
		p := s.late.find(k)
		s.late.mu.Unlock()
		if p != nil && p.row == nil {
			return nil, nil
		} else if p != nil {
			return append([]byte{}, p.row...), nil
		}
	}
	rows, _, err := s.read(at, nil)
	if err != nil {
		return nil, err
	}
	return rows[0].row, nil
}

// ProfileUpdate replaces the rows under keys, which are distinct, by what f
// makes of them, in one step: on disk when it returns with Sync, within the
// interval with Interval. It copies what f returns before it calls f again.
func (s *Store) ProfileUpdate(ctx context.Context, keys []segment.Key, f func(i int, row []byte) ([]byte, error)) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if len(keys) == 0 {
		return nil
	}
	if s.every > 0 {
		return s.updateLate(ctx, keys, f)
	}
	at, err := profilePlaces(keys)
	if err != nil {
		return err
	}
	return s.change(ctx, at, f, nil)
}

// ProfileErase replaces the row under k by what f makes of it at a person's wish,
// on disk when it returns, whatever the durability, and in the erasure journal
// before that: in an older copy of the store, and where the process ends in
// between, the row is deleted whole, since the journal keeps no profile.
func (s *Store) ProfileErase(ctx context.Context, k segment.Key, f func(row []byte) ([]byte, error)) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	at, err := profilePlaces([]segment.Key{k})
	if err != nil {
		return err
	}
	if err := s.startJournal(); err != nil {
		return err
	}
	if s.every == 0 {
		return s.change(ctx, at, func(_ int, row []byte) ([]byte, error) { return f(row) }, &erasing{whole: true})
	}
	return s.settle([]segment.Key{k}, func(waiting []*pending) error {
		return s.change(ctx, at, func(_ int, row []byte) ([]byte, error) {
			if waiting[0] != nil {
				row = waiting[0].row
			}
			return f(row)
		}, &erasing{whole: true})
	})
}

// ProfileScan calls f with every row of the purpose, over one snapshot. With
// Interval it first writes what is waiting. Rows stay valid until f returns.
func (s *Store) ProfileScan(ctx context.Context, purpose string, f func(id segment.ID, row []byte) error) error {
	bucket, err := s.profiles(ctx, purpose)
	if err != nil {
		return err
	}
	return s.scan(ctx, bucket, f)
}

// ProfilePurposes returns the purposes that have rows, sorted.
func (s *Store) ProfilePurposes(ctx context.Context) ([]string, error) {
	if err := s.ProfileSync(ctx); err != nil {
		return nil, err
	}
	var list []string
	err := s.view(new(bool), func(tx *bbolt.Tx, _ *sealer) error {
		list = list[:0]
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			purpose, ok := strings.CutPrefix(string(name), profilePrefix)
			if !ok {
				return nil
			}
			if k, _ := b.Cursor().First(); k != nil {
				list = append(list, purpose)
			}
			return nil
		})
	})
	return list, err
}

// ProfileSync returns when every change acknowledged before is on disk.
func (s *Store) ProfileSync(ctx context.Context) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if s.every > 0 {
		return s.flush()
	}
	return nil
}

// ProfileSweep replaces every row of the purpose by what f makes of it, in
// batches. Rows that come during the sweep may be left out.
func (s *Store) ProfileSweep(ctx context.Context, purpose string, f func(id segment.ID, row []byte) ([]byte, error)) error {
	bucket, err := s.profiles(ctx, purpose)
	if err != nil {
		return err
	}
	return s.sweep(ctx, bucket, func(ids []ident.ID) error {
		keys := make([]segment.Key, len(ids))
		for i, id := range ids {
			keys[i] = segment.Key{Purpose: purpose, ID: id}
		}
		return s.ProfileUpdate(ctx, keys, func(i int, row []byte) ([]byte, error) {
			if row == nil {
				return nil, nil // gone meanwhile
			}
			return f(ids[i], row)
		})
	})
}

// profiles returns the bucket of a purpose, with everything written to it that
// was acknowledged so far.
func (s *Store) profiles(ctx context.Context, purpose string) ([]byte, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	if !contrib.ValidName(purpose) {
		return nil, ErrKey
	}
	if s.every > 0 {
		if err := s.flush(); err != nil {
			return nil, err
		}
	}
	return []byte(profilePrefix + purpose), nil
}
