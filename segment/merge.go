package segment

import (
	"bytes"
	"cmp"
	"slices"
)

// Merge returns the row of a person who was recorded under two identifiers:
// into, with what from holds counted in. Where only one of them is there, or only
// one whose consent has not ended at the moment, it is that one, byte for byte;
// nil where there is none.
//
// The salt of into decides what is kept over a bound, as if the events of from
// had come to into, so that the row contributes no more than any other row; the
// person counts in releases from the later of both windows on, and with
// Moment.EntersNext from the next one on; consent ends with the earlier end, and
// the notice is that of the newer event. Message ids stay known for their seven
// days under the salt they were hashed with, so that a message that is sent again
// under either identifier counts once; for that, the row remembers at most eight
// merged rows. Slots are those of into, whose salt they go by. Wishes are those of both, and hold for what
// comes from either row: see [MaxWishes] for where they are too many. What is declared or usable no more, or over today's bounds, is
// left out. Errors: [ErrRow], [ErrMoment].
func (r *Rules) Merge(into, from []byte, m Moment) ([]byte, error) {
	if _, err := m.Day(); err != nil {
		return nil, err
	}
	var q *Profile
	if len(from) > 0 {
		q = new(Profile)
		if err := q.decode(from); err != nil {
			return nil, err
		}
		if q.expired(m.Now) {
			q, from = nil, nil
		}
	}
	merge := func(row []byte, q *Profile) ([]byte, error) {
		ended := false
		next, err := r.rewrite(slices.Clip(bytes.Clone(row)), func(p *Profile) bool {
			if ended = p.expired(m.Now); ended {
				return false
			}
			later := m.EntersNext && p.enters <= m.Window
			if later {
				p.enters = m.Window + 1
			}
			if q != nil {
				r.absorb(p, q)
			}
			return later || q != nil
		})
		if ended {
			return nil, err
		}
		return next, err
	}
	row, err := merge(into, q)
	if err != nil || row != nil {
		return row, err
	}
	return merge(from, nil)
}

// absorb counts what q holds in p.
func (r *Rules) absorb(p, q *Profile) {
	if cmp.Or(cmp.Compare(q.seen, p.seen), cmp.Compare(q.version, p.version)) > 0 {
		p.version, p.notice = q.version, p.add(string(q.bytes(q.notice)))
	}
	p.created, p.seen = min(p.created, q.created), max(p.seen, q.seen)
	p.enters, p.until = max(p.enters, q.enters), min(p.until, q.until)
	if q.window > p.window {
		p.window, p.start = q.window, q.start
	}
	p.inherit(q)
	r.adopt(p, q)
	name := func(cat int32) (string, int32, bool) {
		if cat < 0 {
			return "", -1, true
		}
		i, ok := r.taxonomy.usable(q.bytes(q.cats[cat].name))
		ok = ok && !r.dismissed(p, i)
		return string(q.bytes(q.cats[cat].name)), i, ok
	}
	for i := range q.cats {
		c := &q.cats[i]
		text, at, ok := name(int32(i))
		if !ok {
			continue
		}
		unit := r.unit(&r.taxonomy.nodes[at])
		same := string(q.bytes(c.unit)) == unit
		for _, b := range q.buckets[c.from:c.to] {
			add := amount{b.sum, unit}
			if !same {
				add = amount{}
			}
			p.count(text, b.day, b.count, add)
		}
	}
	for _, g := range q.groups {
		s := r.measure(q.bytes(g.measure))
		if s == nil {
			continue
		}
		for _, e := range q.entries[g.from:g.to] {
			item := string(q.bytes(e.item))
			if text, _, ok := name(e.cat); ok && s.Counts(item) {
				p.contribute(s, g.window, &Event{Item: item, Category: text}, e.day, e.count)
			}
		}
	}
	r.prune(p, r.startDay(p.start), p.window)
	r.bound(p)
	p.dropCategories()
}

// bound trims what is kept to the bounds of today, which may be lower than those
// under which it was recorded.
func (r *Rules) bound(p *Profile) {
	for i := range p.groups {
		g := &p.groups[i]
		s := r.measure(p.bytes(g.measure))
		if s == nil {
			continue
		}
		for j := g.from; j < g.to; j++ {
			p.entries[j].count = s.Cap(uint64(p.entries[j].count))
		}
		p.boundItems(i, s)
	}
}
