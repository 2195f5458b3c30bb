package discreet

import (
	"slices"
	"sync/atomic"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/segment"
)

// Edge is a person entering or leaving a segment, for what the service does for
// that person. It is personal data.
type Edge struct {
	ID      ID // the person, as known for the purpose
	Purpose string
	Segment string
	Entered bool // false: left
}

// edges gathers what a call changes, to be told when it is durable and no lock
// is held. The zero value, and nil, are empty.
type edges struct {
	e    *Engine
	list []Edge
}

// newEdges returns nil where nobody is told.
func (e *Engine) newEdges() *edges {
	if e.cfg.Edges == nil {
		return nil
	}
	return &edges{e: e}
}

// changed returns what changes from one row to another one of the same person,
// in the room at that place, as of the last Sweep. It may be called again.
func (x *edges) changed(room int, before, after []byte) ([]segment.Edge, error) {
	if x == nil {
		return nil, nil
	}
	day := contrib.Day(x.e.swept[room].Load())
	return x.e.rooms[room].rules.Edges(segment.Held{Row: before, Day: day}, segment.Held{Row: after, Day: day})
}

// add notes edges of one person.
func (x *edges) add(k segment.Key, list []segment.Edge) {
	for _, g := range list {
		x.list = append(x.list, Edge{ID: k.ID, Purpose: k.Purpose, Segment: g.Segment, Entered: g.Entered})
	}
}

// tell hands what was gathered to Config.Edges, if the call came to its end.
func (x *edges) tell(err *error) {
	if x == nil || *err != nil {
		return
	}
	for _, g := range x.list {
		x.e.cfg.Edges(g)
	}
	x.list = nil
}

// turning makes of a change of a row one that notes its edges, where the row is
// that of the name of today, the first one.
func (e *Engine) turning(x *edges, r *room, name int, k segment.Key, change func(row []byte) ([]byte, error)) func(row []byte) ([]byte, error) {
	at := slices.IndexFunc(e.rooms, func(o room) bool { return o.purpose == r.purpose })
	if x == nil || name > 0 {
		return change
	}
	return func(row []byte) ([]byte, error) {
		next, err := change(row)
		if err != nil {
			return nil, err
		}
		list, err := x.changed(at, row, next)
		x.list = nil // it may be called again
		x.add(k, list)
		return next, err
	}
}

// startEdges takes all that time changed before today for told.
func (e *Engine) startEdges() {
	e.swept = make([]atomic.Int32, len(e.rooms))
	for i := range e.segmented() {
		e.swept[i].Store(int32(e.rooms[i].rules.Day(e.cfg.Now())))
	}
}
