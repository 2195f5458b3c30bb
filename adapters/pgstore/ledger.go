package pgstore

import (
	"context"
	"errors"
	"math"

	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/jackc/pgx/v5"
)

var (
	tableLedger = []byte("ledger")
	tableBlobs  = []byte("ledger-blobs")
)

// LedgerAppend adds the rows from position seq on, all or none, in one
// statement that moves the head only from seq. When it returns nil they are
// committed and synced. It returns ledger.ErrConflict, having written nothing,
// when the log does not have exactly seq records; after any other error it is
// unknown whether the rows are there.
func (s *Store) LedgerAppend(ctx context.Context, seq uint64, rows ...ledger.Row) error {
	b, err := s.ready(ctx)
	if err != nil {
		return err
	}
	if seq > math.MaxInt64-uint64(len(rows)) {
		return ledger.ErrConflict
	}
	records, blobs := make([][]byte, len(rows)), make([][]byte, len(rows))
	for i, row := range rows {
		k := seqKey(seq + uint64(i))
		records[i] = b.box.Seal(tableLedger, k, row.Record)
		if row.Blob != nil {
			blobs[i] = b.box.Seal(tableBlobs, k, row.Blob)
		}
	}
	tag, err := s.pool.Exec(ctx, s.sql(`
		WITH head AS (UPDATE {schema}.ledger_head SET length = length + $2 WHERE length = $1 RETURNING 1)
		INSERT INTO {schema}.ledger (seq, record, blob)
		SELECT $1 + r.n - 1, r.record, r.blob
		FROM head, unnest($3::bytea[], $4::bytea[]) WITH ORDINALITY AS r (record, blob, n)`),
		int64(seq), int64(len(rows)), records, blobs)
	return appended(ctx, tag, err)
}

// LedgerRead calls f with every record from position from on, over one
// snapshot. A record that is missing or does not open is ErrDamaged, with its
// position.
func (s *Store) LedgerRead(ctx context.Context, from uint64, f func(seq uint64, record []byte) error) error {
	return s.readLog(ctx, tableLedger, from, f)
}

// LedgerBlob returns the blob stored with record seq, or nil.
func (s *Store) LedgerBlob(ctx context.Context, seq uint64) ([]byte, error) {
	b, err := s.ready(ctx)
	if err != nil || seq > math.MaxInt64 {
		return nil, err
	}
	var value []byte
	err = s.pool.QueryRow(ctx, s.sql("SELECT blob FROM {schema}.ledger WHERE seq = $1"), int64(seq)).Scan(&value)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, clean(ctx, err)
	case value == nil:
		return nil, nil
	}
	blob, ok := b.box.Open(tableBlobs, seqKey(seq), value)
	if !ok {
		return nil, ErrDamaged
	}
	return blob, nil
}
