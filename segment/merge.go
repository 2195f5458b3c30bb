package segment

import (
	"bytes"
	"slices"
)

// Merge returns the row of a person who was recorded under two identifiers:
// into, with what from holds counted in. Either may be nil; then it is the
// other one, byte for byte. The salt of into decides what is kept over a bound,
// as if the events of from had come to into, so that the row contributes no more
// than any other row; the person counts in releases from the later of both
// windows on; consent ends with the earlier end. Message ids of from are not
// taken over: they are hashed under its own salt, and a replay under its
// identifier is refused by consent. What is declared or usable no more is left
// out. Where consent of a row has ended at the moment, it is left out whole.
// Errors: [ErrRow], [ErrMoment].
func (r *Rules) Merge(into, from []byte, m Moment) ([]byte, error) {
	if len(from) == 0 {
		return into, nil
	}
	if len(into) == 0 {
		return from, nil
	}
	if _, err := m.day(); err != nil {
		return nil, err
	}
	q := new(Profile)
	if err := q.decode(from); err != nil {
		return nil, err
	}
	ended := false
	row, err := r.rewrite(slices.Clip(bytes.Clone(into)), func(p *Profile) bool {
		if ended = p.expired(m.Now); ended || q.expired(m.Now) {
			return false
		}
		r.absorb(p, q)
		return true
	})
	switch {
	case err != nil:
		return nil, err
	case ended:
		return from, nil
	case row == nil:
		return from, nil // into held nothing
	}
	return row, nil
}

// absorb counts what q holds in p.
func (r *Rules) absorb(p, q *Profile) {
	p.created, p.seen = min(p.created, q.created), max(p.seen, q.seen)
	p.enters, p.until = max(p.enters, q.enters), min(p.until, q.until)
	if q.window > p.window {
		p.window, p.start = q.window, q.start
	}
	p.forgetMessages(p.seen)
	name := func(cat int32) (string, bool) {
		if cat < 0 {
			return "", true
		}
		_, ok := r.taxonomy.usable(q.bytes(q.cats[cat].name))
		return string(q.bytes(q.cats[cat].name)), ok
	}
	for i := range q.cats {
		c := &q.cats[i]
		if text, ok := name(int32(i)); ok {
			for _, b := range q.buckets[c.from:c.to] {
				p.count(text, b.day, b.count)
			}
		}
	}
	for _, g := range q.groups {
		s := r.measure(q.bytes(g.measure))
		if s == nil {
			continue
		}
		for _, e := range q.entries[g.from:g.to] {
			item := string(q.bytes(e.item))
			if text, ok := name(e.cat); ok && s.Counts(item) {
				p.contribute(s, g.window, Event{Item: item, Category: text}, e.day, e.count)
			}
		}
	}
	r.prune(p, p.start, p.window)
	p.dropCategories()
}
