package segment

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/discreet-go/discreet/internal/contrib"
)

// hasLeft reports whether the person has left the segment.
func (p *Profile) hasLeft(segment string) bool {
	_, ok := p.searchWish(p.left, segment)
	return ok
}

// searchWish returns where a name is, or belongs, in a list of wishes.
func (p *Profile) searchWish(list []ref, name string) (int, bool) {
	text := p.buf
	return slices.BinarySearchFunc(list, name, func(w ref, name string) int {
		if text == nil { // as read
			return cmp.Compare(p.string(w), name)
		}
		return cmp.Compare(string(p.bytes(w)), name)
	})
}

// wish adds a name to a list of wishes.
func (p *Profile) wish(list []ref, name string) []ref {
	i, ok := p.searchWish(list, name)
	if ok {
		return list
	}
	return slices.Insert(list, i, p.add(name))
}

// wishes reports whether the row holds any.
func (p *Profile) wishes() bool { return len(p.dismissed)+len(p.left) > 0 }

// adopt takes over the wishes of q: both people's together, each dismissal with
// those below it. Over MaxWishes it keeps the dismissals nearest to the root,
// and of segments those that are defined, by name where that leaves a choice.
func (r *Rules) adopt(p, q *Profile) {
	for _, d := range q.dismissed {
		name := string(q.bytes(d))
		i, known := r.taxonomy.index[name]
		if known && r.dismissed(p, i) {
			continue
		}
		p.dismissed = slices.DeleteFunc(p.dismissed, func(o ref) bool { return known && r.belowOf(i, p.bytes(o)) })
		p.dismissed = p.wish(p.dismissed, name)
	}
	for _, s := range q.left {
		p.left = p.wish(p.left, string(q.bytes(s)))
	}
	p.dismissed = p.atMost(p.dismissed, func(name []byte) int { return len(r.taxonomy.Ancestors(string(name))) })
	p.left = p.atMost(p.left, func(name []byte) int {
		if r.defined(string(name)) {
			return 0
		}
		return 1
	})
	if len(p.dismissed) > 0 {
		r.forget(p, func(c []byte) bool {
			i, ok := r.taxonomy.index[string(c)]
			return ok && r.dismissed(p, i)
		})
	}
}

// atMost keeps MaxWishes names, those of lower order first.
func (p *Profile) atMost(list []ref, order func(name []byte) int) []ref {
	if len(list) <= MaxWishes {
		return list
	}
	slices.SortStableFunc(list, func(a, b ref) int { return order(p.bytes(a)) - order(p.bytes(b)) })
	list = list[:MaxWishes]
	slices.SortFunc(list, p.compareText)
	return list
}

// pruneWishes drops dismissals of categories that are sensitive by now: they
// are never taken, and not interested in them says something too.
func (r *Rules) pruneWishes(p *Profile) bool {
	before := len(p.dismissed)
	p.dismissed = slices.DeleteFunc(p.dismissed, func(d ref) bool {
		i, ok := r.taxonomy.index[string(p.bytes(d))]
		return ok && r.taxonomy.nodes[i].sensitive
	})
	return before != len(p.dismissed)
}

// decodeWishes reads what formats 2 and 3 have after the others, in format 2 some.
func (p *Profile) decodeWishes(c *cursor, some bool) bool {
	var ok bool
	if p.dismissed, ok = p.decodeNames(c, p.dismissed[:0], maxNodeID); ok {
		p.left, ok = p.decodeNames(c, p.left[:0], contrib.MaxNameLen)
	}
	return ok && (p.wishes() || !some)
}

func (p *Profile) decodeNames(c *cursor, list []ref, limit uint64) ([]ref, bool) {
	n := c.list(2)
	if n > MaxWishes {
		return nil, false
	}
	for i := range n {
		name := c.text(limit)
		if c.bad || name.n == 0 || i > 0 && bytes.Compare(p.bytes(list[i-1]), p.bytes(name)) >= 0 {
			return nil, false
		}
		list = append(list, name)
	}
	return list, !c.bad
}

// encodeWishes appends what format 2 has after the others.
func (p *Profile) encodeWishes(dst []byte) []byte {
	for _, list := range [...][]ref{p.dismissed, p.left} {
		dst = number(dst, uint64(len(list)))
		for _, name := range list {
			dst = p.appendText(dst, name)
		}
	}
	return dst
}
