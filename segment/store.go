package segment

import "context"

// Key addresses one profile row: the pseudonym of a person for one purpose.
type Key struct {
	Purpose string
	ID      ID
}

// Store keeps one row of profile a person and purpose. Rows are opaque bytes.
// Implementations MUST be safe for concurrent use. Rows handed to a function
// must not be kept or changed by it.
type Store interface {
	// ProfileRow returns the row under k, or nil when there is none.
	ProfileRow(ctx context.Context, k Key) ([]byte, error)

	// ProfileUpdate replaces every row named by keys by what f makes of it (nil
	// deletes it; returning row itself keeps it), all in one step: all rows
	// change or none. f(i, row) gets the row under keys[i]; keys are distinct; f
	// may be called several times, and only the last call for each i counts. An error
	// of f leaves every row as it was and is returned.
	ProfileUpdate(ctx context.Context, keys []Key, f func(i int, row []byte) ([]byte, error)) error

	// ProfileScan calls f with every row of the purpose, over one snapshot, in
	// no particular order.
	ProfileScan(ctx context.Context, purpose string, f func(id ID, row []byte) error) error

	// ProfilePurposes returns the purposes that have rows, sorted.
	ProfilePurposes(ctx context.Context) ([]string, error)

	// ProfileSync returns when every change acknowledged before is durable, as
	// far as the store can be.
	ProfileSync(ctx context.Context) error

	// ProfileSweep replaces every row of the purpose by what f makes of it (nil
	// deletes it; returning row itself keeps it), in batches, each one step.
	ProfileSweep(ctx context.Context, purpose string, f func(id ID, row []byte) ([]byte, error)) error
}
