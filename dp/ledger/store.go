package ledger

import (
	"context"
	"errors"
)

// ErrConflict is returned by [Store.LedgerAppend] when the log does not have
// the expected length: somebody else appended.
var ErrConflict = errors.New("ledger: the log has moved on")

// Store keeps the log of one account. Implementations MUST be safe for
// concurrent use.
type Store interface {
	// LedgerAppend adds a record at position seq, with an optional blob beside
	// it, in one durable step: when it returns nil, record and blob survive a
	// power cut. It MUST return ErrConflict, and write nothing, unless the log
	// has exactly seq records. Positions start at zero.
	LedgerAppend(ctx context.Context, seq uint64, record, blob []byte) error

	// LedgerRead calls f with every record from position from on, in order,
	// over one snapshot. f must not keep record. An error of f ends the read and
	// is returned.
	LedgerRead(ctx context.Context, from uint64, f func(seq uint64, record []byte) error) error

	// LedgerBlob returns the blob stored with record seq, or nil when there is
	// none.
	LedgerBlob(ctx context.Context, seq uint64) ([]byte, error)
}
