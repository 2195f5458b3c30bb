package consenthttp

import (
	"context"
	"errors"
	"runtime/debug"
	"sync/atomic"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/pseudonym"
)

// Failures of a decision that [Config.Failed] is told of.
var (
	ErrLate  = errors.New("consenthttp: Decide did not answer in time")
	ErrBusy  = errors.New("consenthttp: Decide is not asked while 64 of its calls outlast their contexts")
	ErrProof = errors.New("consenthttp: Decide allowed a purpose without a grant for it")
)

// PanicError is a panic of a function of [Config]. Its text is fixed; the value
// and the stack may hold personal data.
type PanicError struct {
	Value any
	Stack []byte
}

// Error returns a fixed text.
func (*PanicError) Error() string { return "consenthttp: a function of Config panicked" }

// guard calls f and returns its error, or a *PanicError.
func guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{v, debug.Stack()}
		}
	}()
	return f()
}

func (h *Handlers) failed(call string, err error) {
	if h.cfg.Failed != nil {
		h.cfg.Failed(Failure{call, err})
	}
}

// maxStuck is how many calls of Decide may go on after nobody waits for them.
const maxStuck = 64

// The states of a call of Decide.
const (
	underWay int32 = iota
	done
	abandoned
)

// decide asks Config.Decide within its time. A call that ignores its context
// goes on alone, and while there are maxStuck of those nobody is asked. Without
// an error the decisions are the caller's own and carry their proofs.
func (h *Handlers) decide(ctx context.Context, who pseudonym.Raw, s *consent.Signals) (map[string]consent.Decision, error) {
	if h.stuck.Load() >= maxStuck {
		h.failed("Decide", ErrBusy)
		return nil, ErrBusy
	}
	ctx, cancel := context.WithTimeout(ctx, h.cfg.DecideTimeout)
	defer cancel()
	type answer struct {
		decisions map[string]consent.Decision
		bare      bool
		err       error
	}
	var state atomic.Int32
	answers := make(chan answer, 1)
	mine := clone(s)
	go func() {
		a := answer{err: ErrLate} // should Decide end the goroutine
		defer func() {
			if !state.CompareAndSwap(underWay, done) {
				h.stuck.Add(-1)
			}
			answers <- a
		}()
		a.err = guard(func() error {
			got, err := h.cfg.Decide(ctx, who, mine)
			a.decisions, a.bare = proven(got)
			return err
		})
	}()
	var a answer
	select {
	case a = <-answers:
	case <-ctx.Done():
		h.stuck.Add(1)
		if !state.CompareAndSwap(underWay, abandoned) {
			h.stuck.Add(-1)
		}
	}
	switch {
	case a.err != nil:
	case ctx.Err() != nil:
		a.err = ErrLate
	case a.bare:
		h.failed("Decide", ErrProof)
	}
	if a.err != nil {
		h.failed("Decide", a.err)
		return nil, a.err
	}
	return a.decisions, nil
}

// proven copies the decisions. One that allows without a grant for its purpose
// denies in the copy, and bare tells of it.
func proven(got map[string]consent.Decision) (decisions map[string]consent.Decision, bare bool) {
	decisions = make(map[string]consent.Decision, len(got))
	for purpose, d := range got {
		if g, ok := d.Grant(); d.Allowed && (!ok || g.Purpose() != purpose) {
			d, bare = consent.Decision{Reason: consent.SourceFailed}, true
		}
		decisions[purpose] = d
	}
	return decisions, bare
}
