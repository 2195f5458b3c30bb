package discreet

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/discreet-go/discreet/consent"
)

// errStale: a consent record is no longer what it was when it was read.
var errStale = errors.New("discreet: a consent record changed meanwhile")

const maxSteps = 64 // tries of one step, against other processes on the same store

// ErrUnlogged: consent ended, durably, but the consent log could not be written, so
// the person's journal has no entry of it either. Repeating the call notes, and logs,
// that it was made again.
var ErrUnlogged = errors.New("discreet: consent ended, and the consent log could not be written")

// A change of a consent record makes what the record becomes; nil deletes the row,
// and held says whether there was one. It must come to the same whenever it is called.
type recordChange = func(i int, r *consent.Record, held bool) (*consent.Record, error)

// A rowWrite replaces rows, in one durable step, by what f makes of them.
type rowWrite = func(f func(i int, row []byte) ([]byte, error)) error

// step changes consent records: it reads those of the subjects, has change make
// what they become, logs the commitments of what is new, and has write replace the
// rows. So whatever a record says happened is in the log. Where a row changed
// meanwhile it begins anew; then the log holds commitments that nothing opens, as
// for what was erased.
func (e *Engine) step(ctx context.Context, subjects []consent.Subject, change recordChange, write rowWrite) error {
	return e.changeRecords(ctx, subjects, change, write, false)
}

// stepAnyway is step for what ends consent: a log that cannot be written does not
// keep it from ending, without an entry, and is told with ErrUnlogged.
func (e *Engine) stepAnyway(ctx context.Context, subjects []consent.Subject, change recordChange, write rowWrite) error {
	return e.changeRecords(ctx, subjects, change, write, true)
}

func (e *Engine) changeRecords(ctx context.Context, subjects []consent.Subject, change recordChange, write rowWrite, anyway bool) error {
	for range maxSteps {
		rows, err := e.consentRows(ctx, subjects)
		if err != nil {
			return err
		}
		records := make([]*consent.Record, len(rows))
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
			records[i] = r
			for _, entry := range r.Fresh() {
				commitments = append(commitments, entry.Commitment())
			}
		}
		var unlogged error
		for some := range slices.Chunk(commitments, consent.MaxCommitments) {
			if _, err := e.log.Append(ctx, e.cfg.Now(), some...); err != nil {
				if !anyway || ctx.Err() != nil {
					return err
				}
				unlogged = errors.Join(ErrUnlogged, err)
				break
			}
		}
		next := make([][]byte, len(rows))
		for i, r := range records {
			if r == nil {
				continue
			}
			if unlogged != nil {
				r.Unnote()
			}
			next[i] = r.Row()
		}
		err = write(func(i int, row []byte) ([]byte, error) {
			if !bytes.Equal(row, rows[i]) {
				return nil, errStale
			}
			return next[i], nil
		})
		if err == nil {
			return unlogged
		}
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

// deciding returns what decides about a person, and the row that it was read from.
func (e *Engine) deciding(ctx context.Context, subject consent.Subject) (*consent.History, []byte, error) {
	row, err := e.cfg.Store.ConsentRow(ctx, subject)
	if err != nil {
		return nil, nil, err
	}
	h, err := consent.Deciding(row)
	return h, row, err
}

// consents returns what is recorded of a person's choices. The caller holds
// rights.
func (e *Engine) consents(ctx context.Context, who Raw) (*consent.Record, error) {
	n, err := e.meet(ctx, e.keys.Load(), who)
	if err != nil {
		return nil, err
	}
	return e.consentsOf(ctx, n)
}

// consentsOf returns what is recorded of choices under a name.
func (e *Engine) consentsOf(ctx context.Context, n *name) (*consent.Record, error) {
	row, err := e.cfg.Store.ConsentRow(ctx, n.subject)
	if err != nil {
		return nil, err
	}
	return consent.ReadRecord(row)
}

// answer records the answers, in order.
func (e *Engine) answer(r *consent.Record, choices []Choice, now time.Time) error {
	for _, c := range choices {
		if err := r.Choose(e.book, c, now); err != nil {
			return err
		}
	}
	return nil
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
