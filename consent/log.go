package consent

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Errors of the consent log.
var (
	// ErrLog: the log could not be written, so it is unknown whether it holds
	// what was to be appended.
	ErrLog = errors.New("consent: the log could not be written, and may or may not hold what was to be appended")

	// ErrCommitments: an append without commitments, with too many, or with one
	// that no entry has.
	ErrCommitments = errors.New("consent: an append takes 1 to 4096 commitments, none of them zero")

	// ErrHead: a head that no log has.
	ErrHead = errors.New("consent: the head of an empty log has no chain")
)

const (
	maxCommitments = 4096
	logTries       = 64 // appends, when other processes are faster each time
)

// Log is the consent log of a store: a hash chain over commitments to the
// entries of everybody's histories. Whoever has an entry, with its salt, finds
// it in the log and sees that it was there at a time and was not changed since;
// whoever does not learns nothing of it but that time, also when the entry is
// deleted. docs/proofs/consent-log.md has the argument.
//
// Several processes may append to one store. Calls that wait share an append. It
// is safe for concurrent use.
type Log struct {
	store LogStore

	queue   sync.Mutex // guards waiting
	waiting []*logAppend

	mu    sync.Mutex // guards what follows; held over an append
	known bool       // end is where the log ended once
	end   logEnd
}

// logAppend is a call that waits.
type logAppend struct {
	ms          int64
	commitments [][32]byte

	first uint64 // guarded by mu, as are the others
	done  bool
	err   error
}

// NewLog returns the consent log of the store.
func NewLog(s LogStore) *Log { return &Log{store: s} }

// Append adds the commitments at the end of the log, one record each, one behind
// the other and durably in one step, and returns the position of the first. The
// time of a record is now, or that of the record before where that is later.
//
// It checks what other processes appended since the last call, and costs one
// write of the store otherwise. It returns ErrCommitments; ErrClock for a time
// before 1970 or after 9999; the error of ctx when that has ended already, or
// else runs to its end; a *[BrokenError] when the log does not go on from where
// it was; or ErrLog, with ErrConflict when other processes were faster 64 times.
func (l *Log) Append(ctx context.Context, now time.Time, commitments ...[32]byte) (first uint64, err error) {
	ms := millis(now)
	switch {
	case len(commitments) == 0 || len(commitments) > maxCommitments:
		return 0, ErrCommitments
	case ms < 1 || ms > maxMoment:
		return 0, ErrClock
	case ctx.Err() != nil:
		return 0, ctx.Err()
	}
	for _, c := range commitments {
		if c == [32]byte{} {
			return 0, ErrCommitments
		}
	}
	a := &logAppend{ms: ms, commitments: commitments}
	l.queue.Lock()
	l.waiting = append(l.waiting, a)
	l.queue.Unlock()

	l.mu.Lock()
	defer l.mu.Unlock()
	if a.done {
		return a.first, a.err
	}
	l.queue.Lock()
	group := l.waiting
	l.waiting = nil
	l.queue.Unlock()
	err = ErrLog // should the store panic
	defer func() {
		for _, other := range group {
			if other.done, other.err = true, err; err != nil {
				other.first = 0
			}
		}
	}()
	if err = l.append(context.WithoutCancel(ctx), group); err != nil {
		return 0, err
	}
	return a.first, nil
}

// append writes the group behind whatever the store has. l.mu is held.
func (l *Log) append(ctx context.Context, group []*logAppend) error {
	if !l.known {
		if err := l.open(ctx); err != nil {
			return err
		}
	}
	var rows [][]byte
	for range logTries {
		end := l.end
		rows = rows[:0]
		for _, a := range group {
			a.first = end.head.Length
			for i := range a.commitments {
				rows = end.extend(rows, a.ms, &a.commitments[i])
			}
		}
		err := l.store.ConsentLogAppend(ctx, l.end.head.Length, rows...)
		switch {
		case err == nil:
			l.end = end
			return nil
		case !errors.Is(err, ErrConflict):
			return fmt.Errorf("%w: %w", ErrLog, err) // the next call finds out what is there
		}
		if err := l.follow(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: %w", ErrLog, ErrConflict)
}

// open reads where the log ends. It takes the last record but one at its word,
// and checks the last.
func (l *Log) open(ctx context.Context) error {
	n, _, err := l.store.ConsentLogTail(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrLog, err)
	}
	var end logEnd
	from := n - min(n, 2)
	err = l.store.ConsentLogRead(ctx, from, func(seq uint64, row []byte) error {
		if seq == from && from > 0 {
			r, ok := readRecord(seq, row)
			if !ok {
				return &BrokenError{from, ruleForm}
			}
			end = logEnd{LogHead{seq + 1, r.Chain}, r.Time.UnixMilli()}
			return nil
		}
		_, err := end.accept(seq, row)
		return err
	})
	switch {
	case err != nil:
		return wrapLog(err)
	case end.head.Length < n:
		return &BrokenError{max(from, end.head.Length), ruleMissing}
	}
	l.end, l.known = end, true
	return nil
}

// follow reads, and checks, what the store has behind the end that is known.
func (l *Log) follow(ctx context.Context) error {
	before := l.end.head.Length
	err := l.store.ConsentLogRead(ctx, before, func(seq uint64, row []byte) error {
		_, err := l.end.accept(seq, row)
		return err
	})
	if err != nil {
		return wrapLog(err)
	}
	if l.end.head.Length > before {
		return nil
	}
	switch n, _, err := l.store.ConsentLogTail(ctx); {
	case err != nil:
		return wrapLog(err)
	case n < before:
		return &BrokenError{n, ruleMissing}
	}
	return fmt.Errorf("%w: the store reports a conflict that is not there", ErrLog)
}

// wrapLog tells a broken log from a store that fails.
func wrapLog(err error) error {
	if errors.Is(err, ErrBroken) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrLog, err)
}
