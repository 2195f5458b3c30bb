package boltstore

import (
	"bytes"
	"context"

	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/segment"
)

// Update replaces consent rows and profile rows, which are distinct, by what f
// makes of them, in one step that is on disk when it returns, whatever the
// durability. f is called with the subjects' rows and then with those under keys,
// in order; i counts through both.
func (s *Store) Update(ctx context.Context, subjects []ident.Subject, keys []segment.Key, f func(i int, row []byte) ([]byte, error)) error {
	if err := s.ready(ctx); err != nil {
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
	at = append(at, profiles...)
	if len(at) == 0 {
		return nil
	}
	if s.every == 0 {
		return s.change(ctx, at, f, nil)
	}
	return s.settle(keys, func(waiting []*pending) error {
		return s.change(ctx, at, func(i int, row []byte) ([]byte, error) {
			if n := i - len(subjects); n >= 0 && waiting[n] != nil {
				row = bytes.Clone(waiting[n].row)
			}
			return f(i, row)
		}, nil)
	})
}
