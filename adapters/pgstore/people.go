package pgstore

import (
	"context"
	"strings"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/segment"
	"github.com/jackc/pgx/v5"
)

// ConsentRow returns a copy of the subject's row, or nil when there is none.
func (s *Store) ConsentRow(ctx context.Context, who ident.Subject) ([]byte, error) {
	at, err := consentPlace(who)
	return s.row(ctx, at, err)
}

// ProfileRow returns a copy of the row under k, or nil when there is none.
func (s *Store) ProfileRow(ctx context.Context, k segment.Key) ([]byte, error) {
	at, err := profilePlaces([]segment.Key{k})
	if err != nil {
		at = make([]place, 1)
	}
	return s.row(ctx, at[0], err)
}

func (s *Store) row(ctx context.Context, at place, bad error) ([]byte, error) {
	b, err := s.ready(ctx)
	if err != nil {
		return nil, err
	}
	if bad != nil {
		return nil, bad
	}
	rows, err := s.get(ctx, s.pool, b, []place{at})
	if err != nil {
		return nil, err
	}
	return rows[0].row, nil
}

// ConsentUpdate replaces the rows of the subjects, which are distinct, by what
// f makes of them, in one step that is durable when it returns. f is called
// without a lock, and again after the rows changed meanwhile; after six times,
// while no other update writes. After ErrDatabase it is unknown whether the step
// happened.
func (s *Store) ConsentUpdate(ctx context.Context, subjects []ident.Subject, f func(i int, row []byte) ([]byte, error)) error {
	if _, err := s.ready(ctx); err != nil || len(subjects) == 0 {
		return err
	}
	at, err := consentPlaces(subjects)
	if err != nil {
		return err
	}
	return s.change(ctx, at, f, nil)
}

// ProfileUpdate replaces the rows under keys as ConsentUpdate does.
func (s *Store) ProfileUpdate(ctx context.Context, keys []segment.Key, f func(i int, row []byte) ([]byte, error)) error {
	if _, err := s.ready(ctx); err != nil || len(keys) == 0 {
		return err
	}
	at, err := profilePlaces(keys)
	if err != nil {
		return err
	}
	return s.change(ctx, at, f, nil)
}

// Update replaces consent rows and profile rows, as ConsentUpdate does, in one
// step. f is called with the subjects' rows and then with those under keys, in
// order; i counts through both.
func (s *Store) Update(ctx context.Context, subjects []ident.Subject, keys []segment.Key, f func(i int, row []byte) ([]byte, error)) error {
	if _, err := s.ready(ctx); err != nil || len(subjects)+len(keys) == 0 {
		return err
	}
	at, err := consentPlaces(subjects)
	if err != nil {
		return err
	}
	profiles, err := profilePlaces(keys)
	if err != nil {
		return err
	}
	return s.change(ctx, append(at, profiles...), f, nil)
}

// Forget replaces the subject's consent row by what f makes of it (nil deletes
// it) and deletes the profile rows under keys, in one durable step.
func (s *Store) Forget(ctx context.Context, who ident.Subject, f func(row []byte) ([]byte, error), keys []segment.Key) error {
	if _, err := s.ready(ctx); err != nil {
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
	return s.change(ctx, []place{at}, func(_ int, row []byte) ([]byte, error) { return f(row) }, drop)
}

// ConsentSweep replaces every row by what f makes of it, in batches, each
// durable before the next. Rows that come during the sweep may be left out.
func (s *Store) ConsentSweep(ctx context.Context, f func(who ident.Subject, row []byte) ([]byte, error)) error {
	return s.sweepRows(ctx, placeConsent, func(id ident.ID, row []byte) ([]byte, error) { return f(ident.NewSubject(id), row) })
}

// ProfileSweep replaces every row of the purpose by what f makes of it, in
// batches. Rows that come during the sweep may be left out.
func (s *Store) ProfileSweep(ctx context.Context, purpose string, f func(id segment.ID, row []byte) ([]byte, error)) error {
	if !contrib.ValidName(purpose) {
		return ErrKey
	}
	return s.sweepRows(ctx, profilePrefix+purpose, f)
}

func (s *Store) sweepRows(ctx context.Context, table string, f func(id ident.ID, row []byte) ([]byte, error)) error {
	return s.sweep(ctx, table, func(ids []ident.ID) error {
		at := make([]place, len(ids))
		for i, id := range ids {
			at[i] = place{table, id.Bytes()}
		}
		return s.change(ctx, at, func(i int, row []byte) ([]byte, error) {
			if row == nil {
				return nil, nil // gone meanwhile
			}
			return f(ids[i], row)
		}, nil)
	})
}

// ProfileScan calls f with every row of the purpose, over one snapshot.
func (s *Store) ProfileScan(ctx context.Context, purpose string, f func(id segment.ID, row []byte) error) error {
	b, err := s.ready(ctx)
	if err != nil {
		return err
	}
	if !contrib.ValidName(purpose) {
		return ErrKey
	}
	table := profilePrefix + purpose
	return s.snapshot(ctx, func(tx pgx.Tx) error {
		return stream(ctx, tx, s.sql("SELECT id, value FROM {schema}.subject_row WHERE place = $1"), []any{table}, func(rows pgx.Rows) error {
			var raw, value []byte
			if err := rows.Scan(&raw, &value); err != nil {
				return clean(ctx, err)
			}
			id, err := ident.IDFromBytes(raw)
			if err != nil {
				return ErrDamaged
			}
			row, ok := b.box.Open([]byte(table), raw, value)
			if !ok {
				return ErrDamaged
			}
			return f(id, row)
		})
	})
}

// ProfilePurposes returns the purposes that have rows, sorted.
func (s *Store) ProfilePurposes(ctx context.Context) ([]string, error) {
	if _, err := s.ready(ctx); err != nil {
		return nil, err
	}
	// From one purpose to the next by the index, without reading their rows.
	rows, err := s.pool.Query(ctx, s.sql(`
		WITH RECURSIVE p (place) AS (
			(SELECT place FROM {schema}.subject_row WHERE place > $1 ORDER BY place LIMIT 1)
			UNION ALL
			SELECT (SELECT r.place FROM {schema}.subject_row r WHERE r.place > p.place ORDER BY r.place LIMIT 1)
			FROM p WHERE p.place IS NOT NULL)
		SELECT place FROM p WHERE place IS NOT NULL`), profilePrefix)
	if err != nil {
		return nil, clean(ctx, err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			return nil, clean(ctx, err)
		}
		if purpose, ok := strings.CutPrefix(table, profilePrefix); ok {
			list = append(list, purpose)
		}
	}
	return list, clean(ctx, rows.Err())
}

// ProfileSync has nothing to wait for: every update is durable when it returns.
func (s *Store) ProfileSync(ctx context.Context) error {
	_, err := s.ready(ctx)
	return err
}
