package discreet

import (
	"context"
	"errors"
	"slices"
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
// next window on. Merging again changes nothing. Config.Ended is told, for each
// identifier, which consents the other one's no ended.
//
// The caller makes sure that both are one person's. For that person as the unit,
// the releases of the window of the merge are bounded by as many times mu as
// identifiers were merged, those of later windows by mu once, with the delta that
// Account reports for so many.
func (e *Engine) Merge(ctx context.Context, from, into Raw) (err error) {
	defer e.observe("Merge", e.cfg.Now(), &err)
	ended, err := e.merge(ctx, from, into)
	return e.tellAll(ctx, ended, err)
}

// merge is Merge, and returns what it ended under either identifier.
func (e *Engine) merge(ctx context.Context, from, into Raw) (ended []Ended, err error) {
	e.rights.Lock()
	defer e.rights.Unlock()
	if e.closed.Load() {
		return nil, ErrClosed
	}
	k := e.keys.Load()
	old, err := e.meet(ctx, k, from)
	if err != nil {
		return nil, err
	}
	to, err := e.meet(ctx, k, into)
	if err != nil {
		return nil, err
	}
	if old.subject == to.subject {
		return nil, ErrSame
	}
	// Whoever was merged before and did not come back holds nothing.
	left, err := e.consentsOf(ctx, old)
	if err != nil {
		return nil, err
	}
	if left.Silent() {
		held, err := e.profiled(ctx, old)
		if err != nil || !held {
			return nil, err
		}
	}
	met, err := e.consentsOf(ctx, to)
	if err != nil {
		return nil, err
	}
	moved, err := e.move(ctx, old, to, func(r *consent.Record, at time.Time) { r.Leave(at) })
	if err != nil {
		return nil, err
	}
	if moved {
		e.stats.moved.Add(1)
	}
	joined, err := e.consentsOf(ctx, to)
	if err != nil {
		return nil, err
	}
	now := e.cfg.Now()
	open := joined.History().Open(now)
	for _, side := range []struct {
		name   *name
		record *consent.Record
	}{{old, left}, {to, met}} {
		then := side.record.History().Open(now)
		ends := func(p string) bool { return slices.Contains(then, p) && !slices.Contains(open, p) }
		ended = append(ended, e.ended(side.name, side.record, ends, consent.KindWithdrawn))
	}
	return ended, nil
}
