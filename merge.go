package discreet

import (
	"context"
	"errors"
	"time"

	"github.com/discreet-go/discreet/consent"
)

// ErrSame: the two identifiers are one.
var ErrSame = errors.New("discreet: both identifiers are the same")

// Merge joins what is held of a person under one identifier, such as a device,
// to what is held under another, such as an address, when the person signs in
// with both: one record remains, under into, in one durable step. The stricter
// consent wins, purpose by purpose. Under from nothing is left but the moment, so
// that whoever comes under it again is asked again, and enters releases from the
// next window on. Merging again changes nothing.
//
// The caller makes sure that both are one person's. For that person as the unit,
// the releases of the window of the merge are bounded by as many times mu as
// identifiers were merged, those of later windows by mu once, with the delta that
// Account reports for so many.
func (e *Engine) Merge(ctx context.Context, from, into Raw) (err error) {
	defer e.observe("Merge", e.cfg.Now(), &err)
	e.rights.Lock()
	defer e.rights.Unlock()
	if e.closed.Load() {
		return ErrClosed
	}
	k := e.keys.Load()
	old, err := e.meet(ctx, k, from)
	if err != nil {
		return err
	}
	now, err := e.meet(ctx, k, into)
	if err != nil {
		return err
	}
	if old.subject == now.subject {
		return ErrSame
	}
	// Whoever was merged before and did not come back holds nothing.
	r, err := e.consents(ctx, from)
	if err != nil {
		return err
	}
	if r.Silent() {
		held, err := e.profiled(ctx, old)
		if err != nil || !held {
			return err
		}
	}
	moved, err := e.move(ctx, old, now, func(r *consent.Record, at time.Time) { r.Leave(at) })
	if moved {
		e.stats.moved.Add(1)
	}
	return err
}
