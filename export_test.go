package discreet

import (
	"bytes"
	"context"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/segment"
)

// Vectors returns, for tests, what every person contributes to a measure today.
func (e *Engine) Vectors(ctx context.Context, measure string) (map[segment.ID][]contrib.Cell, error) {
	room, index, ok := e.measure(measure)
	if !ok {
		return nil, ErrNoPurpose
	}
	m, err := e.moment(e.cfg.Now())
	if err != nil {
		return nil, err
	}
	out := map[segment.ID][]contrib.Cell{}
	return out, e.cfg.Store.ProfileScan(ctx, room.purpose, func(id segment.ID, row []byte) error {
		if room.audit != nil {
			person, ok, err := e.audited(room, index, row, m.Now, dayOf(m.Now), m.Window)
			if ok {
				out[id] = room.specs[index].Vector(&person, m.Window, dayOf(m.Now))
			}
			return err
		}
		p, err := segment.ReadProfile(row)
		if err != nil {
			return err
		}
		if person, ok := e.reads(room, index, p, m.Now, dayOf(m.Now), m.Window); ok {
			out[id] = room.specs[index].Vector(&person, m.Window, dayOf(m.Now))
		}
		return nil
	})
}

// Idle reports whether the room that the last recording left names nobody and
// holds no event.
func Idle(e *Engine) bool {
	r := e.newRecording()
	defer r.recycle()
	idle := r.event.Who.IsZero() && r.event.MessageID+r.event.Item == "" && r.outcomes == nil && r.person.subject.IsZero()
	for _, room := range [...][]byte{r.row, r.next} {
		idle = idle && bytes.Count(room[:cap(room)], []byte{0}) == cap(room)
	}
	for _, a := range r.admissions[:cap(r.admissions)] {
		idle = idle && a.link.IsZero() && a.decision == Decision{}
	}
	for _, k := range r.keys[:cap(r.keys)] {
		idle = idle && k == segment.Key{}
	}
	for _, c := range r.consents[:cap(r.consents)] {
		idle = idle && c.subject.IsZero() && c.row == nil
	}
	for _, w := range r.work[:cap(r.work)] {
		idle = idle && w.edges == nil
	}
	return idle && r.turns == nil
}

// Declared returns the canonical form of a measure, as the ledger keeps it.
func Declared(e *Engine, measure string) []byte {
	room, index, ok := e.measure(measure)
	if !ok {
		return nil
	}
	return room.declared(&room.specs[index])
}
