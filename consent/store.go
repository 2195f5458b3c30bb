package consent

import "context"

// Store keeps one row of consent records a subject. Rows are opaque bytes.
// Implementations MUST be safe for concurrent use. Rows handed to a function
// must not be kept or changed by it.
type Store interface {
	// ConsentRow returns the subject's row, or nil when there is none.
	ConsentRow(ctx context.Context, s Subject) ([]byte, error)

	// ConsentUpdate replaces every row named by subjects by what f makes of it
	// (nil deletes it), all in one durable step: all rows change or none. f(i,
	// row) gets the row of subjects[i]; subjects are distinct; f may be called several
	// times, and only the last call for each i counts. An error of f leaves every
	// row as it was and is returned.
	ConsentUpdate(ctx context.Context, subjects []Subject, f func(i int, row []byte) ([]byte, error)) error

	// ConsentSweep replaces every row by what f makes of it (nil deletes it;
	// returning row itself keeps it), in batches, each one durable step.
	ConsentSweep(ctx context.Context, f func(s Subject, row []byte) ([]byte, error)) error
}
