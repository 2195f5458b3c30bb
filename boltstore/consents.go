package boltstore

import (
	"context"

	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/segment"
)

// ConsentRow returns a copy of the subject's row, or nil when there is none.
func (s *Store) ConsentRow(ctx context.Context, who ident.Subject) ([]byte, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	at, err := consentPlace(who)
	if err != nil {
		return nil, err
	}
	rows, _, err := s.read([]place{at}, nil)
	if err != nil {
		return nil, err
	}
	return rows[0].row, nil
}

// ConsentUpdate replaces the rows of the subjects, which are distinct, by what
// f makes of them, in one step that is on disk when it returns. It copies what f
// returns before it calls f again.
func (s *Store) ConsentUpdate(ctx context.Context, subjects []ident.Subject, f func(i int, row []byte) ([]byte, error)) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if len(subjects) == 0 {
		return nil
	}
	at, err := consentPlaces(subjects)
	if err != nil {
		return err
	}
	return s.change(ctx, at, f, nil)
}

// ConsentSweep replaces every row by what f makes of it, in batches, each on
// disk before the next. Rows that come during the sweep may be left out.
func (s *Store) ConsentSweep(ctx context.Context, f func(who ident.Subject, row []byte) ([]byte, error)) error {
	return s.sweep(ctx, bucketConsent, func(ids []ident.ID) error {
		at := make([]place, len(ids))
		for i, id := range ids {
			at[i] = place{bucketConsent, id.Bytes()}
		}
		return s.change(ctx, at, func(i int, row []byte) ([]byte, error) {
			if row == nil {
				return nil, nil // gone meanwhile
			}
			return f(ident.NewSubject(ids[i]), row)
		}, nil)
	})
}

// Forget replaces the subject's consent row by what f makes of it (nil deletes
// it) and deletes the profile rows under keys, in one step that is on disk when
// it returns, whatever the durability, and in the erasure journal before that.
func (s *Store) Forget(ctx context.Context, who ident.Subject, f func(row []byte) ([]byte, error), keys []segment.Key) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	at, err := consentPlace(who)
	if err != nil {
		return err
	}
	drop, err := profilePlaces(keys)
	if err != nil {
		return err
	}
	if err := s.startJournal(); err != nil {
		return err
	}
	do := func() error {
		return s.change(ctx, []place{at}, func(_ int, row []byte) ([]byte, error) { return f(row) }, &erasing{drop: drop})
	}
	if s.every > 0 {
		return s.settle(keys, func([]*pending) error { return do() })
	}
	return do()
}
