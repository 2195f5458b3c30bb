package segment

import (
	"slices"

	"github.com/discreet-go/discreet/internal/contrib"
)

// measured is what a measure reads of a profile, looked up.
type measured struct {
	rows         [][]int32 // by node in the order of a walk: the listed categories that it lies in; nil without a list
	enter, leave int32     // the subtree whose amounts are read; empty where none are
	of           int       // place of the measure whose items are counted, else -1
	items        itemSet
}

// look looks up what a measure reads: categories that may be used, amounts in the
// unit that all else sums them in, another measure that fits.
func (r *Rules) look(s *contrib.Spec) (measured, error) {
	m := measured{of: -1, items: newItemSet(s)}
	if s.Kind == contrib.KindTable {
		return m, nil // it reads no profile
	}
	if s.Kind == contrib.KindGroups {
		return m, ErrGroups
	}
	if len(s.Categories) > 0 {
		m.rows = make([][]int32, len(r.taxonomy.nodes))
	}
	for row, name := range s.Categories {
		n, err := r.listed(name)
		if err != nil {
			return m, err
		}
		for i := n.enter; i < n.leave; i++ {
			m.rows[i] = append(m.rows[i], int32(row))
		}
	}
	if s.Amount.Low < 0 {
		return m, ErrLow
	}
	if s.Amount.Unit != "" {
		if err := r.amounts(s.Amount, &m); err != nil {
			return m, err
		}
	}
	if s.Of == "" {
		return m, nil
	}
	of := slices.IndexFunc(r.measures, func(o contrib.Spec) bool { return o.Name == s.Of && o.Purpose == s.Purpose })
	if of < 0 {
		return m, ErrOf
	}
	o := &r.measures[of]
	if s.Kind == contrib.KindMeans {
		if o.Kind != contrib.KindSegmentSizes || o.MaxSegments != s.MaxSegments || o.MaxNorm != 0 || o.Series || o.Noise == contrib.Laplace {
			return m, ErrOf
		}
		return m, nil
	}
	if !o.KeepsItems() {
		return m, ErrOf
	}
	m.of = of
	return m, nil
}

// listed returns the node of a category that a measure names.
func (r *Rules) listed(category string) (*node, error) {
	i, ok := r.taxonomy.index[category]
	switch {
	case !ok:
		return nil, ErrUnknown
	case r.taxonomy.nodes[i].sensitive:
		return nil, ErrSensitive
	}
	return &r.taxonomy.nodes[i], nil
}

// amounts notes that a measure sums amounts, of one category or of all.
func (r *Rules) amounts(a contrib.Amount, m *measured) error {
	if a.Category != "" {
		n, err := r.listed(a.Category)
		if err != nil {
			return err
		}
		m.enter, m.leave = n.enter, n.leave
		return r.sumOver(n.enter, n.leave, a.Unit)
	}
	m.leave = int32(len(r.taxonomy.nodes))
	for i := range r.taxonomy.nodes {
		if n := &r.taxonomy.nodes[i]; n.parent < 0 {
			if err := r.sumOver(n.enter, n.leave, a.Unit); err != nil {
				return err
			}
		}
	}
	return nil
}

// acts returns what the person did in categories that may be used on the days of the
// look-back that ends with last, each day moved by as much.
func (r *Rules) acts(p *Profile, spec int, last, moved Day) []contrib.Act {
	s, m := &r.measures[spec], &r.measured[spec]
	var in interests
	r.interests(p, &in)
	acts := make([]contrib.Act, 0, len(p.buckets))
	one := [1]int32{}
	for i := range in.n {
		c := &in.list[i]
		rows := one[:]
		switch {
		case m.rows != nil:
			rows = m.rows[c.enter]
		case s.Quantity == contrib.QuantityCategories:
			one[0] = c.enter
		}
		summed := c.enter >= m.enter && c.enter < m.leave && p.string(p.cats[c.cat].unit) == s.Amount.Unit
		for _, b := range p.buckets[c.from:c.to] {
			age := last - b.day
			if age >= Day(s.LookbackDays) {
				break // newest first
			}
			if age < 0 {
				continue
			}
			a := contrib.Act{Day: b.day + moved, Events: b.count}
			if summed {
				a.Amount = b.sum
			}
			for _, row := range rows {
				a.Row = int(row)
				acts = append(acts, a)
			}
		}
	}
	return acts
}

// kept returns the kept items of a measure, recorded up to a window, that may be used
// and lie in its look-back that ends with last, each day moved by as much.
func (r *Rules) kept(p *Profile, spec int, window int32, last, moved Day) (items []contrib.Entry) {
	s := &r.measures[spec]
	for i := range p.groups {
		g := &p.groups[i]
		if g.window > window || p.string(g.measure) != s.Name {
			continue
		}
		if items == nil {
			items = make([]contrib.Entry, 0, g.to-g.from)
		}
		for _, e := range p.entries[g.from:g.to] {
			if age := last - e.day; age < 0 || age >= Day(s.LookbackDays) || !r.entryUsable(p, e) {
				continue
			}
			items = append(items, contrib.Entry{Item: p.string(e.item), Day: e.day + moved, Count: e.count})
		}
	}
	return items
}

// anything reports whether the profile holds anything at all that may be used on a day:
// a histogram counts nobody of whom only a wish or a hash of a message is there.
func (r *Rules) anything(p *Profile, last Day) bool {
	var in interests
	r.interests(p, &in)
	for i := range in.n {
		c := &in.list[i]
		for _, b := range p.buckets[c.from:c.to] {
			if age := last - b.day; age >= 0 && age < r.ttl {
				return true
			}
		}
	}
	return false
}
