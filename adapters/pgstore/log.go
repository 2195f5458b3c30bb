package pgstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A log is a table of records by position, beside a head with their number.

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// appended says what an append to a log came to.
func appended(ctx context.Context, tag pgconn.CommandTag, err error) error {
	switch {
	case state(err) == duplicate:
		return fmt.Errorf("%w: a log has records beyond its head", ErrDamaged)
	case err != nil:
		return clean(ctx, err)
	case tag.RowsAffected() == 0:
		return ledger.ErrConflict
	}
	return nil
}

// append adds records without blobs to a log of exactly seq records, in one
// statement that moves the head only from seq.
func (s *Store) append(ctx context.Context, log []byte, seq uint64, records [][]byte) error {
	b, err := s.ready(ctx)
	if err != nil {
		return err
	}
	if seq > math.MaxInt64-uint64(len(records)) {
		return ledger.ErrConflict
	}
	rows := make([][]byte, len(records))
	for i, record := range records {
		rows[i] = b.box.Seal(log, seqKey(seq+uint64(i)), record)
	}
	name := string(log)
	tag, err := s.pool.Exec(ctx, s.sql(`
		WITH head AS (UPDATE {schema}.`+name+`_head SET length = length + $2 WHERE length = $1 RETURNING 1)
		INSERT INTO {schema}.`+name+` (seq, record)
		SELECT $1 + r.n - 1, r.record FROM head, unnest($3::bytea[]) WITH ORDINALITY AS r (record, n)`),
		int64(seq), int64(len(rows)), rows)
	return appended(ctx, tag, err)
}

// tail returns the number of records in a log and a copy of the last one.
func (s *Store) tail(ctx context.Context, log []byte) (length uint64, last []byte, err error) {
	b, err := s.ready(ctx)
	if err != nil {
		return 0, nil, err
	}
	var n int64
	var value []byte
	name := string(log)
	err = s.pool.QueryRow(ctx, s.sql("SELECT h.length, (SELECT record FROM {schema}."+name+" WHERE seq = h.length - 1) FROM {schema}."+name+"_head h")).Scan(&n, &value)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, nil, fmt.Errorf("%w: the %s has no head", ErrDamaged, name)
	case err != nil:
		return 0, nil, clean(ctx, err)
	case n == 0:
		return 0, nil, nil
	}
	last, ok := b.box.Open(log, seqKey(uint64(n-1)), value)
	if !ok {
		return 0, nil, fmt.Errorf("%w: %s record %d", ErrDamaged, name, n-1)
	}
	return uint64(n), last, nil
}

// readLog calls f with every record of a log from position from on.
func (s *Store) readLog(ctx context.Context, log []byte, from uint64, f func(seq uint64, record []byte) error) error {
	b, err := s.ready(ctx)
	if err != nil {
		return err
	}
	name := string(log)
	return s.snapshot(ctx, func(tx pgx.Tx) error {
		var length, end int64
		err := tx.QueryRow(ctx, s.sql("SELECT length, (SELECT coalesce(max(seq) + 1, 0) FROM {schema}."+name+") FROM {schema}."+name+"_head")).Scan(&length, &end)
		switch {
		case errors.Is(err, pgx.ErrNoRows), err == nil && length != end:
			return fmt.Errorf("%w: the %s does not end where its head says", ErrDamaged, name)
		case err != nil:
			return clean(ctx, err)
		case from >= uint64(length):
			return nil
		}
		err = stream(ctx, tx, s.sql("SELECT seq, record FROM {schema}."+name+" WHERE seq >= $1 ORDER BY seq"), []any{int64(from)}, func(rows pgx.Rows) error {
			var seq int64
			var value []byte
			if err := rows.Scan(&seq, &value); err != nil {
				return clean(ctx, err)
			}
			if uint64(seq) != from {
				return fmt.Errorf("%w: %s record %d is missing", ErrDamaged, name, from)
			}
			record, ok := b.box.Open(log, seqKey(from), value)
			if !ok {
				return fmt.Errorf("%w: %s record %d", ErrDamaged, name, from)
			}
			from++
			return f(from-1, record)
		})
		if err == nil && from != uint64(length) {
			return fmt.Errorf("%w: %s record %d is missing", ErrDamaged, name, from)
		}
		return err
	})
}

// snapshot runs f in a transaction that sees one state of the database.
func (s *Store) snapshot(ctx context.Context, f func(tx pgx.Tx) error) error {
	tx, err := s.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return clean(ctx, err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	return f(tx)
}

// stream calls f with every row of a query, in portions.
func stream(ctx context.Context, tx pgx.Tx, query string, args []any, f func(rows pgx.Rows) error) error {
	const portion = 512
	if _, err := tx.Exec(ctx, "DECLARE discreet NO SCROLL CURSOR FOR "+query, args...); err != nil {
		return clean(ctx, err)
	}
	for {
		// Not from the cache of statements: what it returns depends on the cursor.
		rows, err := tx.Query(ctx, fmt.Sprintf("FETCH FORWARD %d FROM discreet", portion), pgx.QueryExecModeDescribeExec)
		if err != nil {
			return clean(ctx, err)
		}
		n := 0
		for rows.Next() {
			n++
			if err := f(rows); err != nil {
				rows.Close()
				return err
			}
		}
		rows.Close()
		switch err := clean(ctx, rows.Err()); {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case n < portion:
			return nil
		}
	}
}
