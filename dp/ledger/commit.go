package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Calls that come while an append is under way share the next one: the first
// of them leads, stages what each of them wants as records, and appends them in
// one durable step.

const (
	groupSteps = 512      // calls in one append
	groupBytes = 16 << 20 // of answers in one append, unless a single one is larger
)

// step is one call's part of an append.
type step struct {
	ctx   context.Context
	bytes int
	stage func(g *group) error // runs under a.mu; again, after the log moved
	err   error
	wake  chan bool // true: lead the next group; false: done
}

// group is the records of one append. They are applied to the state as they
// are staged, and taken back when they are not appended.
type group struct {
	st   *state
	from uint64
	rows []Row
	undo []func()
}

// add stages r as the next record.
func (g *group) add(r *record, blob []byte) error {
	r.V, r.Seq, r.Prev = recordVersion, g.st.next, g.st.head
	line, err := r.encode()
	if err != nil || len(line) > recordMax {
		return ErrRequest
	}
	if rule := g.st.check(r); rule != "" {
		return &BrokenError{r.Seq, rule} // unreachable: callers ask first
	}
	g.undo = append(g.undo, g.st.apply(r))
	g.rows = append(g.rows, Row{line, blob})
	return nil
}

// revert takes everything back that was staged.
func (g *group) revert() {
	for i := len(g.undo) - 1; i >= 0; i-- {
		g.undo[i]()
	}
	g.undo, g.rows = nil, nil
}

// queue holds the steps that wait for the next append.
type queue struct {
	mu      sync.Mutex
	waiting []*step
	leading bool // somebody appends, or was told to
}

// do stages and appends one step, alone or with others, and returns when it is
// durable, or refused. A step whose ctx ends while it waits is left out; one
// whose append began goes on to its end.
func (a *Account) do(ctx context.Context, bytes int, stage func(g *group) error) error {
	s := &step{ctx: ctx, bytes: bytes, stage: stage, wake: make(chan bool, 1)}
	if a.queue.join(s) {
		a.lead(s)
		return s.err
	}
	select {
	case lead := <-s.wake:
		if lead {
			a.lead(s)
		}
	case <-ctx.Done():
		if a.queue.leave(s) {
			return ctx.Err()
		}
		if <-s.wake {
			a.lead(s)
		}
	}
	return s.err
}

// join adds s, and reports whether s leads.
func (q *queue) join(s *step) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, s)
	lead := !q.leading
	q.leading = true
	return lead
}

// leave takes s out, unless it is in an append or was told to lead one.
func (q *queue) leave(s *step) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, w := range q.waiting {
		if w == s && len(s.wake) == 0 {
			q.waiting = append(q.waiting[:i], q.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// take returns the steps of the next append; the leader is the first.
func (q *queue) take() []*step {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, bytes := 0, 0
	for n < min(len(q.waiting), groupSteps) {
		if bytes += q.waiting[n].bytes; n > 0 && bytes > groupBytes {
			break
		}
		n++
	}
	steps := append([]*step(nil), q.waiting[:n]...)
	q.waiting = append(q.waiting[:0], q.waiting[n:]...)
	return steps
}

// next hands the lead on.
func (q *queue) next() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.leading = len(q.waiting) > 0; q.leading {
		q.waiting[0].wake <- true
	}
}

// lead appends the next group, of which s is the first.
func (a *Account) lead(s *step) {
	steps := a.queue.take()
	defer func() { // also when the store panics
		a.queue.next()
		for _, other := range steps {
			if other != s {
				other.wake <- false
			}
		}
	}()
	a.append(steps)
}

// append stages the steps and appends their records in one step of the store.
// A failure that may have left something behind fails the account, and with it
// every step: what one of them saw may not be there.
func (a *Account) append(steps []*step) {
	a.mu.Lock()
	defer a.mu.Unlock()
	fail := func(err error) {
		a.failed.Store(true)
		for _, s := range steps {
			s.err = err
		}
	}
	if a.failed.Load() {
		fail(ErrFailed)
		return
	}
	// A cancelled append would leave the log in doubt, so it is not cancelled.
	ctx := context.WithoutCancel(steps[0].ctx)
	for {
		g := &group{st: a.st, from: a.st.next}
		for _, s := range steps {
			if s.err = s.ctx.Err(); s.err == nil {
				s.err = s.stage(g)
			}
		}
		if len(g.rows) == 0 {
			return
		}
		err := a.try(ctx, g, fail)
		switch {
		case err == nil:
			a.publish()
			return
		case !errors.Is(err, ErrConflict):
			fail(fmt.Errorf("%w: %w", ErrFailed, err))
			return
		}
		if err := a.catchUp(ctx); err != nil {
			fail(err)
			return
		}
		if a.st.next == g.from {
			fail(fmt.Errorf("%w: the store reports a conflict that is not there", ErrFailed))
			return
		}
	}
}

// try appends a group, and takes it back from the state where that fails.
func (a *Account) try(ctx context.Context, g *group, fail func(error)) error {
	ended := false
	defer func() {
		if !ended { // the store panics
			g.revert()
			fail(ErrFailed)
		}
	}()
	err := a.store.LedgerAppend(ctx, g.from, g.rows...)
	ended = true
	if err != nil {
		g.revert()
	}
	return err
}
