package pgstore

import (
	"context"
	"errors"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp/ledger"
)

var tableConsentLog = []byte("consent_log")

// ConsentLogAppend adds the records from position seq on, all or none, as
// LedgerAppend does. It returns consent.ErrConflict, having written nothing, when
// the consent log does not have exactly seq records.
func (s *Store) ConsentLogAppend(ctx context.Context, seq uint64, records ...[]byte) error {
	err := s.append(ctx, tableConsentLog, seq, records)
	if errors.Is(err, ledger.ErrConflict) {
		return consent.ErrConflict
	}
	return err
}

// ConsentLogRead calls f with every record of the consent log from position from
// on, over one snapshot.
func (s *Store) ConsentLogRead(ctx context.Context, from uint64, f func(seq uint64, record []byte) error) error {
	return s.readLog(ctx, tableConsentLog, from, f)
}

// ConsentLogTail returns the number of records in the consent log and a copy of
// the last one.
func (s *Store) ConsentLogTail(ctx context.Context) (length uint64, last []byte, err error) {
	return s.tail(ctx, tableConsentLog)
}
