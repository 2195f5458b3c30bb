package consent

import (
	"context"
	"errors"
)

// Read calls f with every record from the first on, over one state of the log,
// and checks their chain on the way: a *[BrokenError] names the first record that
// is not as it was written. That the end was cut off shows against an earlier
// head only, see [Log.Holds]. f may be nil. An error of f, or of the store, ends
// it and is returned.
func (l *Log) Read(ctx context.Context, f func(LogRecord) error) error {
	var end logEnd
	return l.store.ConsentLogRead(ctx, 0, func(seq uint64, row []byte) error {
		r, err := end.accept(seq, row)
		if err != nil || f == nil {
			return err
		}
		return f(r)
	})
}

// Head returns the length of the log and the chain of its last record. It reads
// that record only, and takes it at its word. Kept or published elsewhere, a head
// lets [Log.Holds] tell later whether the log only grew since.
func (l *Log) Head(ctx context.Context) (LogHead, error) {
	n, last, err := l.store.ConsentLogTail(ctx)
	if err != nil || n == 0 {
		return LogHead{}, err
	}
	r, ok := readRecord(n-1, last)
	if !ok {
		return LogHead{}, &BrokenError{n - 1, ruleForm}
	}
	return LogHead{n, r.Chain}, nil
}

// errFound ends a read.
var errFound = errors.New("consent: the record is found")

// Find returns the position of the first record with the commitment. It reads
// the log from its beginning and checks it up to that record, or to its end: it
// returns a *[BrokenError], also when the commitment stands behind what is broken.
func (l *Log) Find(ctx context.Context, commitment [32]byte) (seq uint64, ok bool, err error) {
	err = l.Read(ctx, func(r LogRecord) error {
		if r.Commitment == commitment {
			seq, ok = r.Seq, true
			return errFound
		}
		return nil
	})
	if errors.Is(err, errFound) {
		err = nil
	}
	return seq, ok, err
}

// Holds returns nil when the log is whole and still has, unchanged, every record
// up to an earlier head: it only grew since. It reads the whole log. It returns a
// *[BrokenError] with the first record that is broken or missing, or with the
// last one that the head covers, when that or one before it is another; or
// ErrHead.
func (l *Log) Holds(ctx context.Context, head LogHead) error {
	if head.Length == 0 && head != (LogHead{}) {
		return ErrHead
	}
	n := uint64(0)
	err := l.Read(ctx, func(r LogRecord) error {
		if n++; n == head.Length && r.Chain != head.Chain {
			return &BrokenError{r.Seq, ruleOther}
		}
		return nil
	})
	if err == nil && n < head.Length {
		err = &BrokenError{n, ruleMissing}
	}
	return err
}
