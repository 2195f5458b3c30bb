package consent

import (
	"context"
	"errors"
)

// ErrConflict: the consent log does not have as many records as the caller
// thought, so nothing was appended.
var ErrConflict = errors.New("consent: the log has another length")

// LogStore keeps the consent log: a list of opaque records that only grows. It
// holds nothing of people: commitments without their salts.
// Implementations MUST be safe for concurrent use.
type LogStore interface {
	// ConsentLogAppend adds records, at least one, at positions seq, seq+1 and so
	// on, all in one durable step. It returns ErrConflict, having written nothing,
	// when the log does not have exactly seq records.
	ConsentLogAppend(ctx context.Context, seq uint64, records ...[]byte) error

	// ConsentLogRead calls f with every record from position from on, in order, over
	// one state of the log. An error of f ends it and is returned. The record must
	// not be kept or changed.
	ConsentLogRead(ctx context.Context, from uint64, f func(seq uint64, record []byte) error) error

	// ConsentLogTail returns the number of records and a copy of the last one.
	ConsentLogTail(ctx context.Context) (length uint64, last []byte, err error)
}
