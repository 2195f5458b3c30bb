package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/discreet-go/discreet/dp/ledger"
	"go.etcd.io/bbolt"
)

// A log is a bucket whose keys are positions, from zero, without gaps.

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// append adds rows to a log of exactly seq records.
func (s *Store) append(ctx context.Context, log []byte, seq uint64, rows []ledger.Row) error {
	for {
		if err := s.ready(ctx); err != nil {
			return err
		}
		if err := s.appendRows(log, seq, rows); !errors.Is(err, errStale) {
			return err
		}
	}
}

func (s *Store) appendRows(log []byte, seq uint64, rows []ledger.Row) error {
	seal := s.now.Load().seal
	r := &request{seal: seal, log: log, seq: seq}
	for i, row := range rows {
		k := seqKey(seq + uint64(i))
		r.changes = append(r.changes, change{bucket: log, key: k, write: true, value: seal.seal(log, k, row.Record)})
		if row.Blob != nil {
			r.changes = append(r.changes, change{bucket: bucketBlobs, key: k, write: true, value: seal.seal(bucketBlobs, k, row.Blob)})
		}
	}
	return s.submit(r)
}

// readLog calls f with every record of a log from position from on.
func (s *Store) readLog(ctx context.Context, log []byte, from uint64, f func(seq uint64, record []byte) error) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	user := false
	return s.view(&user, func(tx *bbolt.Tx, seal *sealer) error {
		n, err := logLength(tx, log)
		if err != nil || n <= from {
			return err
		}
		c := tx.Bucket(log).Cursor()
		var buf []byte
		for k, v := c.Seek(seqKey(from)); from < n; k, v = c.Next() {
			if err := s.ready(ctx); err != nil {
				return err
			}
			if !bytes.Equal(k, seqKey(from)) {
				return fmt.Errorf("%w: %s record %d is missing", ErrDamaged, log, from)
			}
			if !fits(tx, v) {
				return fmt.Errorf("%w: %s record %d", ErrDamaged, log, from)
			}
			buf = append(buf[:0], v...)
			record, err := seal.open(log, k, buf)
			if err != nil {
				return fmt.Errorf("%w: %s record %d", err, log, from)
			}
			user = true
			err = f(from, record)
			user = false
			if err != nil {
				return err
			}
			from++
		}
		return nil
	})
}

// tail returns the number of records in a log and a copy of the last one.
func (s *Store) tail(ctx context.Context, log []byte) (length uint64, last []byte, err error) {
	if err := s.ready(ctx); err != nil {
		return 0, nil, err
	}
	err = s.view(new(bool), func(tx *bbolt.Tx, seal *sealer) error {
		n, err := logLength(tx, log)
		if err != nil || n == 0 {
			return err
		}
		k := seqKey(n - 1)
		v := tx.Bucket(log).Get(k)
		if !fits(tx, v) {
			return ErrDamaged
		}
		if last, err = seal.open(log, k, bytes.Clone(v)); err != nil {
			return fmt.Errorf("%w: %s record %d", err, log, n-1)
		}
		length = n
		return nil
	})
	return length, last, err
}

// rowsOf returns records as rows without blobs.
func rowsOf(records [][]byte) []ledger.Row {
	rows := make([]ledger.Row, len(records))
	for i, r := range records {
		rows[i].Record = r
	}
	return rows
}
