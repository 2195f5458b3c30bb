package pgstore

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/jackc/pgx/v5"
)

var tableAccess = []byte("access")

// AccessAppend adds the records from position seq on, all or none, as
// LedgerAppend does.
func (s *Store) AccessAppend(ctx context.Context, seq uint64, records ...[]byte) error {
	b, err := s.ready(ctx)
	if err != nil {
		return err
	}
	if seq > math.MaxInt64-uint64(len(records)) {
		return ledger.ErrConflict
	}
	rows := make([][]byte, len(records))
	for i, record := range records {
		rows[i] = b.box.Seal(tableAccess, seqKey(seq+uint64(i)), record)
	}
	tag, err := s.pool.Exec(ctx, s.sql(`
		WITH head AS (UPDATE {schema}.access_head SET length = length + $2 WHERE length = $1 RETURNING 1)
		INSERT INTO {schema}.access (seq, record)
		SELECT $1 + r.n - 1, r.record FROM head, unnest($3::bytea[]) WITH ORDINALITY AS r (record, n)`),
		int64(seq), int64(len(rows)), rows)
	return appended(ctx, tag, err)
}

// AccessRead calls f with every record of the access log from position from on,
// over one snapshot.
func (s *Store) AccessRead(ctx context.Context, from uint64, f func(seq uint64, record []byte) error) error {
	return s.readLog(ctx, tableAccess, from, f)
}

// AccessTail returns the number of records in the access log and a copy of the
// last one.
func (s *Store) AccessTail(ctx context.Context) (length uint64, last []byte, err error) {
	b, err := s.ready(ctx)
	if err != nil {
		return 0, nil, err
	}
	var n int64
	var value []byte
	err = s.pool.QueryRow(ctx, s.sql(`
		SELECT h.length, (SELECT record FROM {schema}.access WHERE seq = h.length - 1) FROM {schema}.access_head h`)).Scan(&n, &value)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, nil, fmt.Errorf("%w: the access log has no head", ErrDamaged)
	case err != nil:
		return 0, nil, clean(ctx, err)
	case n == 0:
		return 0, nil, nil
	}
	last, ok := b.box.Open(tableAccess, seqKey(uint64(n-1)), value)
	if !ok {
		return 0, nil, fmt.Errorf("%w: access record %d", ErrDamaged, n-1)
	}
	return uint64(n), last, nil
}
