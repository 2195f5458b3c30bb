package boltstore

import (
	"bytes"
	"context"

	"github.com/discreet-go/discreet/dp/ledger"
	"go.etcd.io/bbolt"
)

// LedgerAppend adds the rows from position seq on, all or none. When it returns
// nil, they are on disk. It returns ledger.ErrConflict, having written
// nothing, when the log does not have exactly seq records.
func (s *Store) LedgerAppend(ctx context.Context, seq uint64, rows ...ledger.Row) error {
	return s.append(ctx, bucketLedger, seq, rows)
}

// LedgerRead calls f with every record from position from on, over one
// snapshot. A record that is missing or does not open is ErrDamaged, with its
// position.
func (s *Store) LedgerRead(ctx context.Context, from uint64, f func(seq uint64, record []byte) error) error {
	return s.readLog(ctx, bucketLedger, from, f)
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
