package discreet

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/segment"
)

// slotBatch is how many rows get slots in one step.
const slotBatch = 256

// assignSlots gives the people who count in a release of a series their slots, as
// of its cut, durably, before anything is counted. It changes rows by what stands in
// them when they are changed, so that releases and engines on one store may do so at
// once; whoever changed since is not counted until the next release. Ending anywhere
// is harmless: a slot allows to count, and nothing was counted.
func (e *Engine) assignSlots(ctx context.Context, room *room, index int, now time.Time, t *ledger.Ticket) error {
	if !room.specs[index].Series {
		return nil
	}
	assign := func(row []byte) ([]byte, error) {
		return room.rules.AssignSlots(row, index, now, t.AsOf(), t.Window().Index)
	}
	var keys []segment.Key
	err := e.countedRows(ctx, room, func(id segment.ID, row []byte) error {
		next, err := assign(row)
		if err == nil && !bytes.Equal(next, row) {
			keys = append(keys, segment.Key{Purpose: room.purpose, ID: id})
		}
		return err
	})
	if err != nil {
		return err
	}
	for batch := range slices.Chunk(keys, slotBatch) {
		if err := e.changeRows(ctx, batch, assign); err != nil {
			return err
		}
	}
	return e.cfg.Store.ProfileSync(ctx) // also what another release assigned
}

// changeRows replaces rows, where they are there, while nobody ends the engine or
// anybody's consent.
func (e *Engine) changeRows(ctx context.Context, keys []segment.Key, change func(row []byte) ([]byte, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e.rights.RLock()
	defer e.rights.RUnlock()
	if e.closed.Load() {
		return ErrClosed
	}
	return e.cfg.Store.ProfileUpdate(ctx, keys, func(_ int, row []byte) ([]byte, error) {
		if row == nil {
			return nil, nil
		}
		return change(row)
	})
}

// entersNext reports whether a person counts in releases from the next window on:
// whoever said no in this window, and in a room with a series, whose slots went with
// the row, whoever let consent run out and agreed again.
func (r *room) entersNext(h *consent.History, m *segment.Moment) bool {
	start := timeOf(m.WindowStart)
	return h.Returned(start, r.purpose) || r.series() && h.Lapsed(start, m.Now, r.purpose)
}

// series reports whether any measure of the room is one.
func (r *room) series() bool {
	return slices.ContainsFunc(r.specs, func(s contrib.Spec) bool { return s.Series })
}
