package memstore

import (
	"bytes"
	"context"

	"github.com/discreet-go/discreet/dp/ledger"
)

// AccessAppend adds the records from position seq on, all or none. Nothing is
// durable here.
func (s *Store) AccessAppend(ctx context.Context, seq uint64, records ...[]byte) error {
	return s.append(ctx, &s.access, seq, rowsOf(records))
}

// AccessRead calls f with every record from position from on.
func (s *Store) AccessRead(ctx context.Context, from uint64, f func(seq uint64, record []byte) error) error {
	return s.read(ctx, &s.access, from, f)
}

// AccessTail returns the number of records and a copy of the last one.
func (s *Store) AccessTail(ctx context.Context) (length uint64, last []byte, err error) {
	return s.tail(ctx, &s.access)
}

// rowsOf returns records as rows without blobs.
func rowsOf(records [][]byte) []ledger.Row {
	rows := make([]ledger.Row, len(records))
	for i, r := range records {
		rows[i].Record = r
	}
	return rows
}

func (s *Store) tail(ctx context.Context, l *logbook) (length uint64, last []byte, err error) {
	if err := s.ready(ctx); err != nil {
		return 0, nil, err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	n := len(l.records)
	if n == 0 {
		return 0, nil, nil
	}
	return uint64(n), bytes.Clone(l.records[n-1]), nil
}
