package segment

import "github.com/discreet-go/discreet/internal/contrib"

// Limits of amounts, in thousandths of their unit.
const (
	MaxAmount = 1 << 40 // Event.Value, and the threshold of a Sum

	maxSum = 1 << 44 // of one category and day; 256 categories of 730 days stay below 2^62
)

// saneAmount reports whether an event's amount is one, or none.
func (e *Event) saneAmount() bool {
	return e.Value >= 0 && e.Value <= MaxAmount && (e.Unit == "" && e.Value == 0 || contrib.ValidUnit(e.Unit))
}

// sumOver notes that amounts of a subtree are read in a unit. Subtrees lie in each
// other or apart, so that where the root has the unit, all of it has.
func (r *Rules) sumOver(enter, leave int32, unit string) error {
	if r.units == nil {
		r.units = make([]string, len(r.taxonomy.nodes))
	}
	if r.units[enter] == unit {
		return nil
	}
	for i := enter; i < leave; i++ {
		if r.units[i] != "" && r.units[i] != unit {
			return ErrUnit
		}
		r.units[i] = unit
	}
	return nil
}

// fill notes the sums of definitions that do not serve yet.
func (r *Rules) fill(list []Definition) error {
	for i := range list {
		d := &list[i]
		if err := d.check(); err != nil {
			return numbered(i, err)
		}
		if d.Purpose != r.purpose {
			return numbered(i, ErrForeign)
		}
		for _, l := range d.lists() {
			for j := range l.list {
				if l.list[j].Sum == nil {
					continue
				}
				if _, err := r.predicate(&l.list[j], map[int][]uint64{}); err != nil {
					return numbered(i, l.placed(j, err))
				}
			}
		}
	}
	return nil
}

// unit returns the unit in which amounts of a node are summed, "" for not at all.
func (r *Rules) unit(n *node) string {
	if r.units == nil {
		return ""
	}
	return r.units[n.enter]
}

// amount is what an event adds to the sum of its category and day.
type amount struct {
	sum  int64
	unit string
}

// amount returns what of an event's amount is kept: nothing, unless a definition or
// measure sums its category in its unit.
func (r *Rules) amount(n *node, e *Event) amount {
	if n == nil || e.Value == 0 || r.unit(n) != e.Unit {
		return amount{}
	}
	return amount{e.Value, e.Unit}
}

// sumIn makes the sums of a category be of a unit: those of another one go.
func (p *Profile) sumIn(i int32, unit string) {
	c := &p.cats[i]
	if c.unit.n > 0 && string(p.bytes(c.unit)) == unit {
		return
	}
	p.dropSums(c)
	c.unit = p.add(unit)
}

// dropSums drops the sums of a category and reports whether there were any.
func (p *Profile) dropSums(c *category) (gone bool) {
	for j := c.from; j < c.to; j++ {
		gone = gone || p.buckets[j].sum > 0
		p.buckets[j].sum = 0
	}
	c.unit = ref{}
	return gone
}

// pruneSums drops the sums that no definition or measure reads.
func (r *Rules) pruneSums(p *Profile) (gone bool) {
	for i := range p.cats {
		c := &p.cats[i]
		if c.unit.n == 0 {
			continue
		}
		at, ok := r.taxonomy.usable(p.bytes(c.name))
		if !ok || r.unit(&r.taxonomy.nodes[at]) != string(p.bytes(c.unit)) {
			gone = p.dropSums(c) || gone
		}
	}
	return gone
}

// eachSum calls f with the sums of the subtree that lie in the window and are of
// the unit.
func (q *predicate) eachSum(p *Profile, in *interests, asOf Day, f func(age Day, sum int64)) {
	from, to := q.span(asOf)
	for i := range in.n {
		c := &in.list[i]
		if c.enter < q.enter || c.enter >= q.leave || p.string(p.cats[c.cat].unit) != q.Sum.Unit {
			continue
		}
		for _, b := range p.buckets[c.from:c.to] {
			if age := asOf - b.day; b.sum > 0 && age >= from && age < to {
				f(age, b.sum)
			}
		}
	}
}

// daysWithSum returns on how many days of a category there is a sum.
func (p *Profile) daysWithSum(c *category) (n int) {
	for _, b := range p.buckets[c.from:c.to] {
		if b.sum > 0 {
			n++
		}
	}
	return n
}

// summed returns how many categories have sums.
func (p *Profile) summed() (n int) {
	for i := range p.cats {
		if c := &p.cats[i]; c.unit.n > 0 && p.daysWithSum(c) > 0 {
			n++
		}
	}
	return n
}

// encodeSums appends the sums of n categories. Days stand in them once more, so
// that a day count that changes before them leaves them as they are; see splice.
func (p *Profile) encodeSums(dst []byte, n int) []byte {
	dst = number(dst, uint64(n))
	next := 0
	for i := range p.cats {
		c := &p.cats[i]
		if c.unit.n == 0 {
			continue
		}
		days := p.daysWithSum(c)
		if days == 0 {
			continue
		}
		dst = number(dst, uint64(i-next))
		next = i + 1
		dst = p.appendText(dst, c.unit)
		dst = number(dst, uint64(days))
		last, first := Day(0), true
		for _, b := range p.buckets[c.from:c.to] {
			switch {
			case b.sum == 0:
				continue
			case first:
				dst = number(dst, zigzag(b.day-p.start))
			default:
				dst = number(dst, uint64(last-b.day-1))
			}
			dst = number(dst, uint64(b.sum))
			last, first = b.day, false
		}
	}
	return dst
}

// decodeSums reads the sums to the day counts that they belong to.
func (p *Profile) decodeSums(c *cursor) bool {
	n, next := c.list(6), 0
	if n == 0 {
		return p.slotted && !c.bad
	}
	for range n {
		at := next + int(c.number(uint64(len(p.cats))))
		unit := c.text(contrib.MaxUnitLen)
		days := c.list(2)
		if c.bad || at >= len(p.cats) || days == 0 || !contrib.ValidUnit(p.bytes(unit)) {
			return false
		}
		next = at + 1
		cat := &p.cats[at]
		cat.unit = unit
		place, day := cat.from, Day(0)
		for j := range days {
			d := c.number(2*MaxDay + 1)
			if j == 0 {
				day = p.start + unzigzag(d)
			} else {
				day -= Day(d) + 1
			}
			sum := c.number(maxSum)
			for place < cat.to && p.buckets[place].day > day {
				place++
			}
			if c.bad || sum == 0 || place == cat.to || p.buckets[place].day != day {
				return false
			}
			p.buckets[place].sum = int64(sum)
			place++
		}
	}
	return true
}
