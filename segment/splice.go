package segment

import (
	"encoding/binary"

	"github.com/discreet-go/discreet/internal/contrib"
)

// splice admits an event by changing the few bytes that it touches, after
// decodeHead. It does the same as the way over the decoded row, at a fraction
// of the cost, and leaves to that way whatever is not plain: a new window,
// category or measure, a place at a bound, a second category of an item, an amount.
// Sums stand at the end of the row, where they stay as they are.
func (r *Rules) splice(dst []byte, p *Profile, c cursor, g *Grant, hash *[messageSize]byte, e *Event, m *Moment, day, today Day) ([]byte, bool) {
	if notice, _ := g.Notice(); r.decodeAll || m.Window > p.window || today < p.created || notice != string(p.bytes(p.notice)) {
		return nil, false
	}
	head := *p // what the other way needs unchanged
	p.note(g, m, today)
	p.scratch = p.encodeHead(p.scratch[:0], hash, today)
	count := uint32(max(e.Count, 1))
	cat, ok := p.spliceCategory(&c, e.Category, bucket{day: day, count: count})
	if ok && r.spliceGroups(p, &c, e, m.Window, today, entry{cat: cat, day: day, count: count}) {
		return append(dst, p.scratch...), true
	}
	p.created, p.seen, p.enters, p.until, p.version = head.created, head.seen, head.enters, head.until, head.version
	return nil, false
}

// spliceCategory appends the categories with one more day count, and returns
// the category's index.
func (p *Profile) spliceCategory(c *cursor, name string, more bucket) (int32, bool) {
	from := c.i // what is before is appended
	n, _, _ := c.bounded(2)
	found := int32(-1)
	for i := range n {
		id := c.text(maxNodeID)
		at := c.i
		size := c.list(1)
		if c.bad {
			return 0, false
		}
		if string(p.bytes(id)) != name {
			c.i += size
			continue
		}
		if size == 0 {
			return 0, false // named by an entry only
		}
		p.cats, p.buckets = p.cats[:0], p.buckets[:0]
		if !p.decodeBuckets(c, size) {
			return 0, false
		}
		p.cats = append(p.cats, category{to: int32(len(p.buckets))})
		p.addBucket(0, more)
		p.scratch = append(p.scratch, c.b[from:at]...)
		p.scratch = p.appendBuckets(p.scratch, p.buckets)
		found, from = int32(i), c.i
	}
	p.scratch = append(p.scratch, c.b[from:c.i]...)
	return found, name == "" || found >= 0
}

// spliceGroups appends the groups with one more event of an item.
func (r *Rules) spliceGroups(p *Profile, c *cursor, e *Event, window int32, today Day, more entry) bool {
	missing := 0 // measures that count the item and whose group was not met yet
	if e.Item != "" {
		for i := range r.measures {
			if r.counts(i, e.Item, today-more.day) {
				missing++
			}
		}
	}
	if missing > 0 {
		from := c.i
		for range c.list(7) {
			name := c.text(contrib.MaxNameLen)
			w := int32(c.number(1<<31 - 1))
			at := c.i
			n, bound, high := c.bounded(4)
			size := c.list(1)
			if c.bad {
				return false
			}
			begin, end := c.i, c.i+size
			c.i = end
			if w != window {
				continue
			}
			m := r.measureAt(p.bytes(name))
			if m < 0 || !r.counts(m, e.Item, today-more.day) {
				continue
			}
			p.scratch = append(p.scratch, c.b[from:at]...)
			if !p.spliceEntries(cursor{b: c.b[:end], i: begin}, &r.measures[m], spliced{n, bound, high, window, e.Item}, more) {
				return false
			}
			from = end
			missing--
		}
		p.scratch = append(p.scratch, c.b[from:c.i]...)
	}
	p.scratch = append(p.scratch, c.b[c.i:]...)
	return missing == 0 && !c.bad
}

// counts reports whether a measure counts an item, which is a valid key, of that age.
func (r *Rules) counts(measure int, item string, age Day) bool {
	return age < Day(r.measures[measure].LookbackDays) && r.measured[measure].items.counts(item)
}

// spliced is the group that an item goes to.
type spliced struct {
	n      int
	bound  bool
	high   uint64
	window int32
	item   string
}

// skipBefore returns the place of the first entry at or after i that is not
// plainly before the item: most of an admission's time goes by here.
func skipBefore(b []byte, i int, item string) int {
	for i < len(b) {
		n := int(b[i])
		j := i + 1 + n
		if n >= 0x80 || j+2 > len(b) || string(b[i+1:j]) >= item || b[j] >= 0x80 {
			return i
		}
		more := b[j+1] & 1
		for j++; j < len(b) && b[j] >= 0x80; j++ {
		}
		if j++; more == 1 {
			for ; j < len(b) && b[j] >= 0x80; j++ {
			}
			j++
		}
		if j > len(b) {
			return i
		}
		i = j
	}
	return i
}

// spliceEntries appends a group, from its number of entries on, with one more
// event of the item.
func (p *Profile) spliceEntries(c cursor, s *contrib.Spec, g spliced, more entry) bool {
	begin, end := c.i, len(c.b)
	at, next, count, day := end, end, s.Cap(uint64(more.count)), more.day // [at, next) is replaced
	found := false
	for c.i < end {
		if c.i = skipBefore(c.b, c.i, g.item); c.i >= end {
			break
		}
		here := c.i
		item := c.text(contrib.MaxItemLen)
		cat := int32(c.number(maxNodes+1<<16)) - 1
		values := c.i
		d, n := c.days(contrib.MaxPerCell)
		if c.bad {
			return false
		}
		name := p.bytes(item)
		if string(name) < g.item {
			continue
		}
		if string(name) > g.item {
			at, next = here, here
			break
		}
		if cat != more.cat {
			return false
		}
		at, next, found = values, c.i, true
		count, day = s.Cap(uint64(n)+uint64(more.count)), max(day, p.start+unzigzag(d))
		// The same item may follow under a category that sorts later.
		break
	}
	n := g.n
	if !found {
		switch {
		case g.bound && n == s.MaxItems:
			if contrib.Rank(&p.salt, s.Name, g.window, g.item) <= g.high {
				return false
			}
			at, next = begin, begin
		case g.bound || n+1 >= s.MaxItems:
			return false
		default:
			n++
		}
	}
	dst := number(p.scratch, uint64(n)<<1|bit(g.bound))
	if g.bound {
		dst = binary.BigEndian.AppendUint64(dst, g.high)
	}
	var buf [contrib.MaxItemLen + 32]byte
	piece := buf[:0]
	if !found && n > g.n {
		piece = number(piece, uint64(len(g.item)))
		piece = append(piece, g.item...)
		piece = number(piece, uint64(more.cat+1))
	}
	if found || n > g.n {
		piece = appendDays(piece, zigzag(day-p.start), count)
	}
	dst = number(dst, uint64(end-begin-(next-at)+len(piece)))
	dst = append(dst, c.b[begin:at]...)
	dst = append(dst, piece...)
	dst = append(dst, c.b[next:]...)
	p.scratch = dst
	return true
}
