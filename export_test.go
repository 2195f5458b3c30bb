package discreet

import (
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
		p, err := segment.ReadProfile(row)
		if err != nil {
			return err
		}
		if person, ok := room.rules.Person(p, index, m.Now, dayOf(m.Now), m.Window); ok {
			out[id] = room.specs[index].Vector(&person, m.Window, dayOf(m.Now))
		}
		return nil
	})
}
