package discreet

import (
	"bytes"
	"context"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/segment"
)

// name is what a person is known under: the pseudonyms of one identifier under
// one root.
type name struct {
	subject consent.Subject
	ids     []segment.ID // by room
}

// names returns what a person may be known under: the name of today first, then
// those under older roots, earlier normalisers, and hashes that Config.Adopt
// tells of. With all, those that are kept for access and erasure only come too.
func (e *Engine) names(k *keyset, who Raw, all bool) ([]name, error) {
	list, err := e.namesOf(nil, k, who, all)
	if err != nil {
		return nil, err
	}
	for _, rule := range e.cfg.Adopt {
		old, ok := rule.Of(who)
		if !ok {
			continue
		}
		if list, err = e.namesOf(list, k, old, all); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (e *Engine) namesOf(list []name, k *keyset, who Raw, all bool) ([]name, error) {
	subjects, ids := k.deriver.AppendSubjects, k.deriver.AppendCandidates
	if all {
		subjects, ids = k.deriver.AppendAllSubjects, k.deriver.AppendAll
	}
	known, err := subjects(nil, who)
	if err != nil {
		return nil, err
	}
	first := len(list)
	for _, s := range known {
		list = append(list, name{subject: s, ids: make([]segment.ID, 0, len(e.rooms))})
	}
	for _, r := range e.rooms {
		under, err := ids(nil, who, r.purpose)
		if err != nil {
			return nil, err
		}
		for i, id := range under {
			list[first+i].ids = append(list[first+i].ids, id)
		}
	}
	return list, nil
}

// keysOf returns the profile rows under a name, for the purposes that f says.
func (e *Engine) keysOf(n *name, f func(purpose string) bool) (keys []segment.Key) {
	for i, r := range e.rooms {
		if f(r.purpose) {
			keys = append(keys, segment.Key{Purpose: r.purpose, ID: n.ids[i]})
		}
	}
	return keys
}

// meet moves what is held of a person to the name of today, and returns it. The
// caller holds rights, and k is the keyset in use.
func (e *Engine) meet(ctx context.Context, k *keyset, who Raw) (*name, error) {
	list, err := e.names(k, who, false)
	if err != nil {
		return nil, err
	}
	_, err = e.gather(ctx, list[1:], &list[0])
	return &list[0], err
}

// gather moves what is held under any of the names to another one.
func (e *Engine) gather(ctx context.Context, from []name, to *name) (moved bool, err error) {
	for i := range from {
		held, err := e.holds(ctx, &from[i])
		if err == nil && held {
			held, err = e.move(ctx, &from[i], to, nil)
		}
		if err != nil {
			return moved, err
		}
		moved = moved || held
	}
	if moved {
		e.stats.moved.Add(1)
	}
	return moved, nil
}

// holds reports whether anything is held under a name.
func (e *Engine) holds(ctx context.Context, n *name) (bool, error) {
	row, err := e.cfg.Store.ConsentRow(ctx, n.subject)
	if err != nil || row != nil {
		return row != nil, err
	}
	return e.profiled(ctx, n)
}

// profiled reports whether there is a profile under a name.
func (e *Engine) profiled(ctx context.Context, n *name) (bool, error) {
	for i, r := range e.rooms {
		row, err := e.cfg.Store.ProfileRow(ctx, segment.Key{Purpose: r.purpose, ID: n.ids[i]})
		if err != nil || row != nil {
			return row != nil, err
		}
	}
	return false, nil
}

// move joins what is held under one name to what is held under another, in one
// durable step, and reports whether there was anything. stays says what remains
// of the consent; nil for nothing.
func (e *Engine) move(ctx context.Context, from, to *name, stays func(r *consent.Record, now time.Time)) (moved bool, err error) {
	now := e.cfg.Now()
	people := []consent.Subject{from.subject, to.subject}
	var keys []segment.Key
	for i, r := range e.rooms {
		keys = append(keys, segment.Key{Purpose: r.purpose, ID: from.ids[i]}, segment.Key{Purpose: r.purpose, ID: to.ids[i]})
	}
	var left *consent.Record   // the consent that was there; nil for none
	var joined *consent.Record // the consent of both
	two := false               // there were two consents
	err = e.step(ctx, people, func(i int, r *consent.Record, held bool) (*consent.Record, error) {
		if i == 1 {
			two = left != nil && held
			if joined = r; left != nil && (held || stays != nil) {
				joined.Merge(left, now)
			} else if left != nil {
				joined = left // where the whole name is given up, also what was left of earlier moves goes along
			}
			return joined, nil
		}
		if left = nil; !held {
			return nil, nil
		}
		left = r
		if stays == nil {
			return nil, nil
		}
		remains := r.Clone()
		stays(remains, now)
		return remains, nil
	}, func(f func(int, []byte) ([]byte, error)) error {
		var profile []byte // the row that was there
		return e.cfg.Store.Update(ctx, people, keys, func(i int, row []byte) ([]byte, error) {
			if i < len(people) {
				moved = left != nil
				return f(i, row)
			}
			if i%2 == 0 {
				profile = bytes.Clone(row)
				moved = moved || row != nil
				return nil, nil
			}
			r := &e.rooms[i/2-1]
			if joined.History().Refused(r.purpose, now) || row == nil && profile == nil {
				return nil, nil
			}
			m, err := e.moment(now)
			if err != nil {
				return nil, err
			}
			m.EntersNext = joined.History().Returned(timeOf(m.WindowStart), r.purpose)
			next, err := r.keeper().Merge(row, profile, m)
			if end, open := e.endOf(to, joined, r.purpose, now); err == nil && two && open {
				next, err = r.keeper().EndBy(next, end) // the one that ends sooner may have had no profile
			}
			return next, err
		})
	})
	return moved, err
}
