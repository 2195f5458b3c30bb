package ingest

import (
	"errors"
	"fmt"
	"maps"
	"time"
)

// Errors a caller may want to tell apart.
var (
	ErrMapping  = errors.New("ingest: the mapping needs a person of kind email or opaque, a time, a kind, and an item or a category")
	ErrHeader   = errors.New("ingest: the file has no readable header line")
	ErrColumn   = errors.New("ingest: a mapped column is not in the header, or is there twice")
	ErrFile     = errors.New("ingest: the file cannot be read to its end")
	ErrEncoding = errors.New("ingest: the file is UTF-16; it must be UTF-8")
	ErrUsed     = errors.New("ingest: the rows of a reader are read once")
)

// Stats counts what happened to the rows so far.
// Rows = Yielded + NoPerson + Malformed + Excluded.
type Stats struct {
	Rows      int64
	Yielded   int64
	NoPerson  int64
	Malformed int64
	Excluded  int64
	Reasons   map[Reason]int64 // rows not yielded, by reason

	Back        int64         // yielded rows whose time is before that of an earlier one
	BackMost    time.Duration // by how much at most
	First, Last time.Time     // earliest and latest time of a yielded row
}

// MalformedError stops the reading of a file in which more than half of the
// rows, of at least 1,000 or of all at its end, are malformed.
type MalformedError struct {
	Rows      int64
	Malformed int64
	Reason    Reason // the commonest
}

// Error says how many rows are malformed and the commonest reason.
func (e *MalformedError) Error() string {
	return fmt.Sprintf("ingest: more than half of the rows are malformed (%d of %d, most often for the reason %q); check the format and the mapping",
		e.Malformed, e.Rows, e.Reason)
}

// minRows is how many rows are read before a file may be called malformed.
const minRows = 1000

type tally struct {
	stats  Stats
	counts [numReasons]int64
}

// skip counts a row that is not yielded.
func (t *tally) skip(r Reason) {
	t.stats.Rows++
	t.counts[r]++
	switch {
	case r == ReasonNoPerson:
		t.stats.NoPerson++
	case r.Malformed():
		t.stats.Malformed++
	default:
		t.stats.Excluded++
	}
}

// take counts a row that is yielded, and reports whether time went back.
func (t *tally) take(at time.Time) (back bool) {
	s := &t.stats
	s.Rows++
	s.Yielded++
	if s.Yielded == 1 || at.Before(s.First) {
		s.First = at
	}
	if s.Yielded > 1 && at.Before(s.Last) {
		s.Back++
		s.BackMost = max(s.BackMost, s.Last.Sub(at))
		return true
	}
	s.Last = at
	return false
}

// broken returns the error of a file that is mostly malformed, or nil.
func (t *tally) broken(end bool) error {
	s := &t.stats
	if s.Malformed*2 <= s.Rows || s.Rows < minRows && !end {
		return nil
	}
	e := &MalformedError{Rows: s.Rows, Malformed: s.Malformed}
	for r, n := range t.counts {
		if Reason(r).Malformed() && n > t.counts[e.Reason] {
			e.Reason = Reason(r)
		}
	}
	return e
}

// snapshot returns the counts so far.
func (t *tally) snapshot() Stats {
	s := t.stats
	s.Reasons = make(map[Reason]int64)
	maps.Insert(s.Reasons, func(yield func(Reason, int64) bool) {
		for r, n := range t.counts {
			if n > 0 && !yield(Reason(r), n) {
				return
			}
		}
	})
	return s
}
