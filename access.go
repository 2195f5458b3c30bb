package discreet

import (
	"context"

	"github.com/discreet-go/discreet/dp/ledger"
)

// Actor says who makes a privileged call, and why: Explain, Export, Receipt, Erase,
// Release, ReleaseCounts, SignEvidence, ExportMemberships, Suspend, Resume, SetKeys,
// AdvanceWindow, AmendBudget. The call is logged, durably, before it does anything: who,
// what, why and when, and nothing about whom it was about. A call without a valid Actor
// is refused with [ledger.ErrActor].
type Actor = ledger.Actor

// AccessLog calls f with every privileged call, the first one first, and checks
// on the way that nobody changed the log: a [*ledger.BrokenError] names the
// first entry that is not as it was written. f may be nil. It is for the
// operator's auditor: who asked about people, and when, is not for the public.
func (e *Engine) AccessLog(ctx context.Context, f func(ledger.Access) error) error {
	if e.closed.Load() {
		return ErrClosed
	}
	return e.access.Read(ctx, f)
}

// note logs a privileged call that is about to be made.
func (e *Engine) note(ctx context.Context, by Actor, action string) error {
	if e.closed.Load() {
		return ErrClosed
	}
	return e.access.Note(ctx, by, action, e.cfg.Now())
}
