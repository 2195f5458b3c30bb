package boltstore

import (
	"context"
	"errors"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp/ledger"
)

// ConsentLogAppend adds the records from position seq on, all or none. When it
// returns nil, they are on disk. It returns consent.ErrConflict, having written
// nothing, when the consent log does not have exactly seq records.
func (s *Store) ConsentLogAppend(ctx context.Context, seq uint64, records ...[]byte) error {
	err := s.append(ctx, bucketConsentLog, seq, rowsOf(records))
	if errors.Is(err, ledger.ErrConflict) {
		return consent.ErrConflict
	}
	return err
}

// ConsentLogRead calls f with every record of the consent log from position from
// on, over one snapshot.
func (s *Store) ConsentLogRead(ctx context.Context, from uint64, f func(seq uint64, record []byte) error) error {
	return s.readLog(ctx, bucketConsentLog, from, f)
}

// ConsentLogTail returns the number of records in the consent log and a copy of
// the last one.
func (s *Store) ConsentLogTail(ctx context.Context) (length uint64, last []byte, err error) {
	return s.tail(ctx, bucketConsentLog)
}
