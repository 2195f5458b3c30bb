package ledger

import (
	"context"
	"errors"
)

// ErrConflict is returned by [Store.LedgerAppend] when the log does not have
// the expected length: somebody else appended.
var ErrConflict = errors.New("ledger: the log has moved on")

// ErrHeld is returned by [Store.LedgerClaim] when somebody else has the key.
var ErrHeld = errors.New("ledger: somebody else holds the entry")

// Row is one record of the log, with an optional blob beside it. A nil Blob is
// none.
type Row struct{ Record, Blob []byte }

// Store keeps the log of one account. Implementations MUST be safe for
// concurrent use.
type Store interface {
	// LedgerAppend adds the rows, at least one, at positions seq, seq+1 and so
	// on, in one durable step: when it returns nil, all of them survive a power
	// cut; whatever happens, either all of them are stored or none. It MUST
	// return ErrConflict, and write nothing, unless the log has exactly seq
	// records. Positions start at zero. It MUST NOT keep the rows.
	LedgerAppend(ctx context.Context, seq uint64, rows ...Row) error

	// LedgerRead calls f with every record from position from on, in order,
	// over one snapshot. f must not keep record. An error of f ends the read and
	// is returned.
	LedgerRead(ctx context.Context, from uint64, f func(seq uint64, record []byte) error) error

	// LedgerBlob returns the blob stored with record seq, or nil when there is
	// none.
	LedgerBlob(ctx context.Context, seq uint64) ([]byte, error)

	// LedgerClaim takes sole possession of a key, until give is called, or the
	// process ends, or its connection to the store does. It returns ErrHeld when
	// somebody else has it, in this process or in another. It does not wait for
	// the holder. give may be called more than once; for other processes it MAY
	// take effect a moment later. Keys are hashes: two that
	// differ MAY exclude each other now and then.
	LedgerClaim(ctx context.Context, key uint64) (give func(), err error)
}
