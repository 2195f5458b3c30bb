package segment

import (
	"bytes"
	"time"
)

// ForgetCategory returns the row without what it holds about the category and
// everything below it: day counts, and kept items recorded under it. It equals
// never having seen those events, but for what the package comment says. A
// category that the taxonomy does not know is forgotten by itself. The row that
// is left may be nil: nothing else was held. It fails with [ErrRow] only.
//
// Consent stays as it is: later events of the category count again.
func (r *Rules) ForgetCategory(row []byte, category string) ([]byte, error) {
	root, known := r.taxonomy.index[category]
	return r.rewrite(row, func(p *Profile) bool {
		return r.forget(p, func(name []byte) bool {
			if !known {
				return string(name) == category
			}
			return r.belowOf(root, name)
		})
	})
}

// forget drops day counts and items of the categories that are gone.
func (r *Rules) forget(p *Profile, gone func(category []byte) bool) bool {
	of := func(c int32) bool { return gone(p.bytes(p.cats[c].name)) }
	return p.compact(
		func(c int32, _ bucket) bool { return !of(c) },
		func(_ *group, e entry) bool { return e.cat < 0 || !of(e.cat) })
}

// EndBy returns the row with its consent ending at end, if it ended later: for
// a person who agreed anew, for a shorter time. It never prolongs; a later event
// does. It fails with [ErrRow] only.
func (r *Rules) EndBy(row []byte, end time.Time) ([]byte, error) {
	return r.rewrite(row, func(p *Profile) bool {
		if p.until <= end.UnixMilli() {
			return false
		}
		p.until = max(end.UnixMilli(), 0)
		return true
	})
}

// Expire returns the row without what is over at the moment: day counts beyond
// the TTL, items beyond the look-back of a measure in windows before m.Window,
// message ids past seven days, and what belongs to measures or categories that
// are declared no more. It returns nil when consent has ended or nothing is
// left, and row itself when nothing went. Errors: [ErrRow], [ErrMoment].
//
// Reads skip what has expired, so that a late Expire changes no answer.
func (r *Rules) Expire(row []byte, m Moment) ([]byte, error) {
	if _, err := m.Day(); err != nil {
		return nil, err
	}
	today := r.Day(m.Now)
	kept := today - r.overDay(m.Now, today) // a day, where a release of today still reads one more
	ended := false
	next, err := r.rewrite(row, func(p *Profile) bool {
		ended = p.expired(m.Now)
		return r.prune(p, max(today, p.seen)-kept, m.Window)
	})
	if ended {
		return nil, err
	}
	return next, err
}

// rewrite returns what change makes of the row: nil when nothing is left, row
// itself when it reports no change.
func (r *Rules) rewrite(row []byte, change func(p *Profile) bool) ([]byte, error) {
	if len(row) == 0 {
		return nil, nil
	}
	p := r.pool.Get().(*Profile)
	defer func() {
		p.buf = nil // lets go of row
		r.pool.Put(p)
	}()
	if err := p.decode(row[:len(row):len(row)]); err != nil { // what is added is not written behind it
		return nil, err
	}
	changed := change(p)
	switch {
	case p.empty():
		return nil, nil
	case !changed:
		return row, nil
	}
	p.scratch = p.encode(p.scratch[:0], nil, 0)
	return bytes.Clone(p.scratch), nil
}
