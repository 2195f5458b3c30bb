package segment

import (
	"cmp"
	"slices"

	"github.com/discreet-go/discreet/internal/contrib"
)

// What is kept over a bound is decided by rank, lowest first, and the highest
// rank that is kept is stored with the row: most of what comes too much is then
// refused after one hash. The lowest k of a set do not depend on the order in
// which its members came, and what is in them in the end was in them from its
// first event on, so that its counts are whole.

// categoryRank is the name under which categories are ranked.
const categoryRank = "categories"

// count adds events, and what they sum up to, to a category's day, within the bound
// on categories.
func (p *Profile) count(name string, day Day, n uint32, add amount) {
	i, ok := p.findCategory(name)
	known := ok && p.cats[i].from < p.cats[i].to
	if !known && p.catBound && contrib.Rank(&p.salt, categoryRank, 0, name) > p.catHigh {
		return
	}
	c := p.category(name)
	if add.sum > 0 {
		p.sumIn(c, add.unit)
	}
	p.addBucket(c, bucket{day, n, add.sum})
	if known || len(p.cats) < maxCategories {
		return
	}
	p.boundCategories()
}

// boundCategories keeps the day counts of the maxCategories of lowest rank.
func (p *Profile) boundCategories() {
	p.ranks = p.ranks[:0]
	for i := range p.cats {
		if c := &p.cats[i]; c.from < c.to {
			p.ranks = append(p.ranks, ranked{contrib.Rank(&p.salt, categoryRank, 0, string(p.bytes(c.name))), int32(i)})
		}
	}
	if len(p.ranks) < maxCategories {
		return
	}
	p.sortRanks()
	kept, gone := p.ranks[:maxCategories], p.ranks[maxCategories:]
	if len(gone) > 0 {
		p.compact(
			func(c int32, _ bucket) bool {
				return !slices.ContainsFunc(gone, func(r ranked) bool { return r.at == c })
			},
			func(*group, entry) bool { return true })
	}
	p.catBound, p.catHigh = true, kept[len(kept)-1].rank
}

// sortRanks orders by rank; the tables are sorted, so that the place breaks
// ties as the name would.
func (p *Profile) sortRanks() {
	slices.SortFunc(p.ranks, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.at, b.at))
	})
}

// contribute keeps an event's item for a measure, within its bounds.
func (p *Profile) contribute(s *contrib.Spec, window int32, e *Event, day Day, n uint32) {
	gi := p.group(s.Name, window)
	g := &p.groups[gi]
	at, found := p.findItem(g, e.Item)
	rank := uint64(0)
	if !found && g.bound && p.distinct(g) == s.MaxItems {
		if rank = contrib.Rank(&p.salt, s.Name, window, e.Item); rank > g.high {
			return // a bound group is not empty, so it need not be removed
		}
	}
	cat := int32(-1)
	if e.Category != "" {
		cat = p.category(e.Category)
	}
	i := at
	for ; i < g.to && string(p.bytes(p.entries[i].item)) == e.Item; i++ {
		o := &p.entries[i]
		if o.cat == cat {
			o.day = max(o.day, day)
			o.count = s.Cap(uint64(o.count) + uint64(n))
			return
		}
		if o.cat > cat {
			break
		}
	}
	item := ref{}
	if found {
		item = p.entries[at].item
	} else {
		item = p.add(e.Item)
	}
	p.entries = slices.Insert(p.entries, int(i), entry{item, cat, day, s.Cap(uint64(n)), rank})
	p.shift(gi, 1)
	if found {
		p.boundCategoriesOf(gi, at, s)
		return
	}
	p.boundItems(gi, s)
}

// group returns the index of the group, which it adds if need be.
func (p *Profile) group(measure string, window int32) int {
	i := 0
	for ; i < len(p.groups); i++ {
		g := &p.groups[i]
		o := cmp.Compare(string(p.bytes(g.measure)), measure)
		if o == 0 && g.window == window {
			return i
		}
		if o > 0 || o == 0 && g.window > window {
			break
		}
	}
	at := int32(len(p.entries))
	if i < len(p.groups) {
		at = p.groups[i].from
	}
	p.groups = slices.Insert(p.groups, i, group{measure: p.add(measure), window: window, from: at, to: at})
	return i
}

// shift makes room for n more entries in group i.
func (p *Profile) shift(i int, n int32) {
	p.groups[i].to += n
	for j := i + 1; j < len(p.groups); j++ {
		p.groups[j].from += n
		p.groups[j].to += n
	}
}

// findItem returns where the item's entries begin, or belong.
func (p *Profile) findItem(g *group, item string) (int32, bool) {
	lo, hi := g.from, g.to
	for lo < hi {
		mid := (lo + hi) / 2
		if string(p.bytes(p.entries[mid].item)) < item {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < g.to && string(p.bytes(p.entries[lo].item)) == item
}

// distinct returns the number of items in the group.
func (p *Profile) distinct(g *group) int {
	n := 0
	for i := g.from; i < g.to; i++ {
		if i == g.from || p.compareText(p.entries[i-1].item, p.entries[i].item) != 0 {
			n++
		}
	}
	return n
}

// boundItems keeps the entries of the MaxItems items of lowest rank, and notes
// the highest of them when there are so many.
func (p *Profile) boundItems(gi int, s *contrib.Spec) {
	g := &p.groups[gi]
	g.bound, g.high = false, 0
	if int(g.to-g.from) < s.MaxItems {
		return
	}
	p.ranks = p.ranks[:0]
	for i := g.from; i < g.to; i++ {
		if i == g.from || p.compareText(p.entries[i-1].item, p.entries[i].item) != 0 {
			e := &p.entries[i]
			if e.rank == 0 {
				e.rank = contrib.Rank(&p.salt, s.Name, g.window, string(p.bytes(e.item)))
			}
			p.ranks = append(p.ranks, ranked{e.rank, i})
		}
	}
	if len(p.ranks) < s.MaxItems {
		return
	}
	p.sortRanks()
	g.bound, g.high = true, p.ranks[s.MaxItems-1].rank
	gone := p.ranks[s.MaxItems:]
	slices.SortFunc(gone, func(a, b ranked) int { return cmp.Compare(b.at, a.at) })
	for _, r := range gone { // from the back, so that places stay
		end := r.at + 1
		for end < g.to && p.compareText(p.entries[r.at].item, p.entries[end].item) == 0 {
			end++
		}
		p.entries = slices.Delete(p.entries, int(r.at), int(end))
		p.shift(gi, r.at-end)
	}
}

// boundCategoriesOf keeps the maxPerItem categories of lowest rank of the item
// whose entries begin at. Real catalogues have one.
func (p *Profile) boundCategoriesOf(gi int, at int32, s *contrib.Spec) {
	g := &p.groups[gi]
	end := at + 1
	for end < g.to && p.compareText(p.entries[at].item, p.entries[end].item) == 0 {
		end++
	}
	if end-at <= maxPerItem {
		return
	}
	p.ranks = p.ranks[:0]
	for i := at; i < end; i++ {
		key := string(p.bytes(p.entries[i].item)) + "\x00"
		if c := p.entries[i].cat; c >= 0 {
			key += string(p.bytes(p.cats[c].name))
		}
		p.ranks = append(p.ranks, ranked{contrib.Rank(&p.salt, s.Name+"/category", g.window, key), i})
	}
	p.sortRanks()
	drop := int(p.ranks[maxPerItem].at) // one came, so one goes
	p.entries = slices.Delete(p.entries, drop, drop+1)
	p.shift(gi, -1)
}

// prune drops what is over at a day and window: day counts beyond the TTL,
// items beyond the look-back in windows that are over, what belongs to measures
// or categories that are declared no more, sums that no definition or measure
// reads, slots of windows that are over, and message ids past seven days. It reports
// whether anything went.
func (r *Rules) prune(p *Profile, day Day, window int32) bool {
	gone := p.forgetMessages(day)
	gone = r.pruneWishes(p) || gone
	gone = r.pruneSums(p) || gone
	gone = p.pruneSlots(window) || gone
	denied := false
	p.remapping = p.remapping[:0]
	for i := range p.cats {
		_, ok := r.taxonomy.usable(p.bytes(p.cats[i].name))
		bit := int32(1)
		if !ok {
			bit, denied = 0, true
		}
		p.remapping = append(p.remapping, bit)
	}
	usable := p.remapping
	stale := denied
	for _, b := range p.buckets {
		stale = stale || day-b.day >= r.ttl
	}
	for i := range p.groups {
		g := &p.groups[i]
		if s := r.measure(p.bytes(g.measure)); s == nil || g.window < window {
			stale = true
		}
	}
	if !stale {
		return gone
	}
	var (
		last *group
		spec *contrib.Spec
	)
	return p.compact(
		func(c int32, b bucket) bool { return usable[c] == 1 && day-b.day < r.ttl },
		func(g *group, e entry) bool {
			if g != last {
				last, spec = g, r.measure(p.bytes(g.measure))
			}
			if spec == nil || e.cat >= 0 && usable[e.cat] == 0 {
				return false
			}
			return g.window >= window || day-e.day < Day(spec.LookbackDays)
		}) || gone
}
