package memstore

import (
	"context"
	"errors"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp/ledger"
)

// ConsentLogAppend adds the records from position seq on, all or none. It returns
// consent.ErrConflict when the consent log does not have exactly seq records.
// Nothing is durable here.
func (s *Store) ConsentLogAppend(ctx context.Context, seq uint64, records ...[]byte) error {
	err := s.append(ctx, &s.consentLog, seq, rowsOf(records))
	if errors.Is(err, ledger.ErrConflict) {
		return consent.ErrConflict
	}
	return err
}

// ConsentLogRead calls f with every record from position from on.
func (s *Store) ConsentLogRead(ctx context.Context, from uint64, f func(seq uint64, record []byte) error) error {
	return s.read(ctx, &s.consentLog, from, f)
}

// ConsentLogTail returns the number of records and a copy of the last one.
func (s *Store) ConsentLogTail(ctx context.Context) (length uint64, last []byte, err error) {
	return s.tail(ctx, &s.consentLog)
}
