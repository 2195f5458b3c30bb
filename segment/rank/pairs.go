package rank

import (
	"cmp"
	"slices"
)

// maxPartners is how many others of an item are kept, the strongest.
const maxPartners = 200

// partner is another item that goes with one, and how much.
type partner struct {
	item  int32
	place int32 // among the items of the table
	share float64
}

// pairs holds, for each item, what is had together with it beyond what the
// popularity of both explains; the shares of an item add up to at most one.
type pairs struct {
	of    [][]partner
	place []int32 // item -> place among those that the table relates, or -1
	items int     // that it relates
}

// newPairs estimates affinities from a released table of pairs. A pair is
// expected in proportion to the popularity of both; what it holds beyond that is
// shrunk with the known variance of the noise, so that a table that is nothing
// but noise relates no items.
func (m *Model) newPairs(r Release, share []float64) *pairs {
	if r.IsZero() {
		return nil
	}
	type cell struct {
		a, b  int32
		value float64
		mean  float64
	}
	var cells []cell
	in := countedOf(r)
	sum, expected := 0.0, 0.0
	for k := range r.Len() {
		c := r.At(k)
		a, ok := m.index[c.Item]
		b, also := m.index[c.With]
		if !ok || !also || a == b {
			continue
		}
		p := share[a] * share[b]
		cells = append(cells, cell{a, b, in.of(c.Value), p})
		sum += in.of(c.Value)
		expected += p
	}
	out := &pairs{of: make([][]partner, len(m.items))}
	if !(expected > 0) {
		return out
	}
	scale := max(0, sum) / expected
	v := in.variance()
	// The spread around the expectation is relative to it, as it is of cells.
	above, below := 0.0, 0.0
	for i := range cells {
		c := &cells[i]
		c.mean *= scale
		w := 1 / ((v + c.mean) * (v + c.mean))
		d := c.value - c.mean
		above += w * c.mean * (d*d - v)
		below += w * c.mean * c.mean
	}
	spread := 0.0
	if below > 0 {
		spread = max(0, above/below)
	}
	for _, c := range cells {
		if gain := shrink(c.value-c.mean, spread*c.mean, v); gain > 0 {
			out.of[c.a] = append(out.of[c.a], partner{item: c.b, share: gain})
			out.of[c.b] = append(out.of[c.b], partner{item: c.a, share: gain})
		}
	}
	for i, list := range out.of {
		slices.SortFunc(list, func(x, y partner) int {
			return cmp.Or(cmp.Compare(y.share, x.share), cmp.Compare(x.item, y.item))
		})
		list = slices.Clone(list[:min(len(list), maxPartners)])
		all := 0.0
		for _, p := range list {
			all += p.share
		}
		// What an item holds beyond expectation, of all that it holds: an item that
		// shows little beyond it says little of others.
		whole := max(all, scale*share[i])
		for k := range list {
			list[k].share /= whole
		}
		slices.SortFunc(list, func(x, y partner) int { return cmp.Compare(x.item, y.item) })
		out.of[i] = list
	}
	out.number()
	return out
}

// number gives places to the items that are related to any.
func (p *pairs) number() {
	p.place = make([]int32, len(p.of))
	for i := range p.place {
		p.place[i] = -1
	}
	for _, list := range p.of {
		for k := range list {
			at := &p.place[list[k].item]
			if *at < 0 {
				*at = int32(p.items)
				p.items++
			}
			list[k].place = *at
		}
	}
}

// affinities returns, by place, the share of each item that goes with any of the
// person's own, or nil where none does; together at most one.
func (p *pairs) affinities(own []weightedItem) []float64 {
	if p == nil {
		return nil
	}
	var out []float64
	for _, o := range own {
		list := p.of[o.item]
		if out == nil && len(list) > 0 {
			out = make([]float64, p.items)
		}
		for i := range list {
			out[list[i].place] += o.weight * list[i].share
		}
	}
	return out
}

// share returns what an item has of affinities.
func (p *pairs) share(affinities []float64, item int32) float64 {
	if at := p.place[item]; at >= 0 {
		return affinities[at]
	}
	return 0
}

// weightedItem is an own item that the model knows; weights together are one.
type weightedItem struct {
	item   int32
	weight float64
}
