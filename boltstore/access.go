package boltstore

import (
	"bytes"
	"context"
	"fmt"

	"github.com/discreet-go/discreet/dp/ledger"
	"go.etcd.io/bbolt"
)

// AccessAppend adds the records from position seq on, all or none. When it
// returns nil, they are on disk. It returns ledger.ErrConflict, having written
// nothing, when the access log does not have exactly seq records.
func (s *Store) AccessAppend(ctx context.Context, seq uint64, records ...[]byte) error {
	rows := make([]ledger.Row, len(records))
	for i, r := range records {
		rows[i].Record = r
	}
	return s.append(ctx, bucketAccess, seq, rows)
}

// AccessRead calls f with every record of the access log from position from on,
// over one snapshot.
func (s *Store) AccessRead(ctx context.Context, from uint64, f func(seq uint64, record []byte) error) error {
	return s.readLog(ctx, bucketAccess, from, f)
}

// AccessTail returns the number of records in the access log and a copy of the
// last one.
func (s *Store) AccessTail(ctx context.Context) (length uint64, last []byte, err error) {
	if err := s.ready(ctx); err != nil {
		return 0, nil, err
	}
	err = s.view(new(bool), func(tx *bbolt.Tx, seal *sealer) error {
		n, err := logLength(tx, bucketAccess)
		if err != nil || n == 0 {
			return err
		}
		k := seqKey(n - 1)
		v := tx.Bucket(bucketAccess).Get(k)
		if !fits(tx, v) {
			return ErrDamaged
		}
		if last, err = seal.open(bucketAccess, k, bytes.Clone(v)); err != nil {
			return fmt.Errorf("%w: access record %d", err, n-1)
		}
		length = n
		return nil
	})
	return length, last, err
}
