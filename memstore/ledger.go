package memstore

import (
	"bytes"
	"context"
	"sync"

	"github.com/discreet-go/discreet/dp/ledger"
)

// logbook is a log; that of the ledger has blobs beside it.
type logbook struct {
	mu      sync.RWMutex
	records [][]byte
	blobs   map[uint64][]byte
	claims  ledger.Claims
}

func (l *logbook) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records, l.blobs = nil, nil
}

// LedgerAppend adds the rows from position seq on, all or none. Nothing is
// durable here.
func (s *Store) LedgerAppend(ctx context.Context, seq uint64, rows ...ledger.Row) error {
	return s.append(ctx, &s.log, seq, rows)
}

func (s *Store) append(ctx context.Context, l *logbook, seq uint64, rows []ledger.Row) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if seq != uint64(len(l.records)) {
		return ledger.ErrConflict
	}
	for i, r := range rows {
		l.records = append(l.records, bytes.Clone(r.Record))
		if r.Blob != nil {
			if l.blobs == nil {
				l.blobs = map[uint64][]byte{}
			}
			l.blobs[seq+uint64(i)] = append([]byte{}, r.Blob...)
		}
	}
	return nil
}

// LedgerRead calls f with every record from position from on.
func (s *Store) LedgerRead(ctx context.Context, from uint64, f func(seq uint64, record []byte) error) error {
	return s.read(ctx, &s.log, from, f)
}

func (s *Store) read(ctx context.Context, l *logbook, from uint64, f func(seq uint64, record []byte) error) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	l.mu.RLock()
	records := l.records[:len(l.records):len(l.records)]
	l.mu.RUnlock()
	for seq := from; seq < uint64(len(records)); seq++ {
		if err := s.ready(ctx); err != nil {
			return err
		}
		if err := f(seq, records[seq]); err != nil {
			return err
		}
	}
	return nil
}

// LedgerBlob returns a copy of the blob stored with record seq, or nil.
func (s *Store) LedgerBlob(ctx context.Context, seq uint64) ([]byte, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	s.log.mu.RLock()
	defer s.log.mu.RUnlock()
	blob, ok := s.log.blobs[seq]
	if !ok {
		return nil, nil
	}
	return append([]byte{}, blob...), nil
}

// LedgerClaim takes a key until give is called.
func (s *Store) LedgerClaim(ctx context.Context, key uint64) (give func(), err error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	return s.log.claims.Claim(key)
}
