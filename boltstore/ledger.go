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

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// LedgerAppend adds the rows from position seq on, all or none. When it returns
// nil, they are on disk. It returns ledger.ErrConflict, having written
// nothing, when the log does not have exactly seq records.
func (s *Store) LedgerAppend(ctx context.Context, seq uint64, rows ...ledger.Row) error {
	for {
		if err := s.ready(ctx); err != nil {
			return err
		}
		if err := s.appendRows(seq, rows); !errors.Is(err, errStale) {
			return err
		}
	}
}

func (s *Store) appendRows(seq uint64, rows []ledger.Row) error {
	seal := s.now.Load().seal
	r := &request{seal: seal, append: true, seq: seq}
	for i, row := range rows {
		k := seqKey(seq + uint64(i))
		r.changes = append(r.changes, change{bucket: bucketLedger, key: k, write: true, value: seal.seal(bucketLedger, k, row.Record)})
		if row.Blob != nil {
			r.changes = append(r.changes, change{bucket: bucketBlobs, key: k, write: true, value: seal.seal(bucketBlobs, k, row.Blob)})
		}
	}
	return s.submit(r)
}

// LedgerRead calls f with every record from position from on, over one
// snapshot. A record that is missing or does not open is ErrDamaged, with its
// position.
func (s *Store) LedgerRead(ctx context.Context, from uint64, f func(seq uint64, record []byte) error) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	user := false
	return s.view(&user, func(tx *bbolt.Tx, seal *sealer) error {
		n, err := logLength(tx)
		if err != nil || n <= from {
			return err
		}
		c := tx.Bucket(bucketLedger).Cursor()
		var buf []byte
		for k, v := c.Seek(seqKey(from)); from < n; k, v = c.Next() {
			if err := s.ready(ctx); err != nil {
				return err
			}
			if !bytes.Equal(k, seqKey(from)) {
				return fmt.Errorf("%w: ledger record %d is missing", ErrDamaged, from)
			}
			if !fits(tx, v) {
				return fmt.Errorf("%w: ledger record %d", ErrDamaged, from)
			}
			buf = append(buf[:0], v...)
			record, err := seal.open(bucketLedger, k, buf)
			if err != nil {
				return fmt.Errorf("%w: ledger record %d", err, from)
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

// LedgerBlob returns the blob stored with record seq, or nil.
func (s *Store) LedgerBlob(ctx context.Context, seq uint64) ([]byte, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	k := seqKey(seq)
	var sealed []byte
	var seal *sealer
	err := s.view(new(bool), func(tx *bbolt.Tx, key *sealer) error {
		seal = key
		if b := tx.Bucket(bucketBlobs); b != nil {
			v := b.Get(k)
			if !fits(tx, v) {
				return ErrDamaged
			}
			sealed = bytes.Clone(v)
		}
		return nil
	})
	if err != nil || sealed == nil {
		return nil, err
	}
	return seal.open(bucketBlobs, k, sealed)
}

// LedgerClaim takes a key until give is called or the store is closed: one
// process at a time holds the file.
func (s *Store) LedgerClaim(ctx context.Context, key uint64) (give func(), err error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	return s.claims.Claim(key)
}
