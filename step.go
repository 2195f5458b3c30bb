package discreet

import (
	"bytes"
	"context"
	"errors"

	"github.com/discreet-go/discreet/consent"
)

// errStale: a consent record is no longer what it was when it was read.
var errStale = errors.New("discreet: a consent record changed meanwhile")

const maxSteps = 64 // tries of one step, against other processes on the same store

// step changes consent records: it reads those of the subjects, in order, has
// change make what they become, logs the commitments of what is new, and has
// write replace the rows, which gets what the store's functions ask for. So
// whatever a record says happened is in the log. Where a row changed meanwhile it
// begins anew; then the log holds commitments that nothing opens, as for what was
// erased. change must come to the same whenever it is called.
func (e *Engine) step(
	ctx context.Context, subjects []consent.Subject,
	change func(i int, r *consent.Record, held bool) (*consent.Record, error),
	write func(f func(i int, row []byte) ([]byte, error)) error,
) error {
	for range maxSteps {
		rows, err := e.consentRows(ctx, subjects)
		if err != nil {
			return err
		}
		next := make([][]byte, len(rows))
		var commitments [][32]byte
		for i := range rows {
			r, err := consent.ReadRecord(rows[i])
			if err == nil {
				r, err = change(i, r, rows[i] != nil)
			}
			if err != nil {
				return err
			}
			if r == nil {
				continue
			}
			next[i] = r.Row()
			for _, entry := range r.Fresh() {
				commitments = append(commitments, entry.Commitment())
			}
		}
		if len(commitments) > 0 {
			if _, err := e.log.Append(ctx, e.cfg.Now(), commitments...); err != nil {
				return err
			}
		}
		err = write(func(i int, row []byte) ([]byte, error) {
			if !bytes.Equal(row, rows[i]) {
				return nil, errStale
			}
			return next[i], nil
		})
		if !errors.Is(err, errStale) {
			return err
		}
	}
	return consent.ErrConflict
}

// consentRows reads the rows of the subjects, over one state of the store.
func (e *Engine) consentRows(ctx context.Context, subjects []consent.Subject) ([][]byte, error) {
	rows := make([][]byte, len(subjects))
	if len(subjects) == 1 {
		row, err := e.cfg.Store.ConsentRow(ctx, subjects[0])
		rows[0] = row
		return rows, err
	}
	err := e.cfg.Store.ConsentUpdate(ctx, subjects, func(i int, row []byte) ([]byte, error) {
		rows[i] = bytes.Clone(row)
		if i == len(rows)-1 {
			return nil, errStop // read, and nothing written
		}
		return row, nil
	})
	if errors.Is(err, errStop) {
		err = nil
	}
	return rows, err
}

// ConsentLog calls f with every record of the consent log, the first one first,
// and checks on the way that nobody changed it: a [*consent.BrokenError] names the
// first record that is not as it was written. f may be nil. The log tells nothing
// of people: it holds commitments to what their records say.
func (e *Engine) ConsentLog(ctx context.Context, f func(consent.LogRecord) error) error {
	if e.closed.Load() {
		return ErrClosed
	}
	return e.log.Read(ctx, f)
}
