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
	share float64
}

// pairs holds, for each item, what is had together with it beyond what the
// popularity of both explains; the shares of an item add up to at most one.
type pairs struct{ of [][]partner }

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
	sum, expected := 0.0, 0.0
	for k := range r.Len() {
		c := r.At(k)
		a, ok := m.index[c.Item]
		b, also := m.index[c.With]
		if !ok || !also || a == b {
			continue
		}
		p := share[a] * share[b]
		cells = append(cells, cell{a, b, float64(c.Value), p})
		sum += float64(c.Value)
		expected += p
	}
	out := &pairs{of: make([][]partner, len(m.items))}
	if !(expected > 0) {
		return out
	}
	scale := max(0, sum) / expected
	v := r.Header().StdDev * r.Header().StdDev
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
			out.of[c.a] = append(out.of[c.a], partner{c.b, gain})
			out.of[c.b] = append(out.of[c.b], partner{c.a, gain})
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
	return out
}

// affinities returns, for each item that goes with any of the person's own, its
// share; together at most one.
func (p *pairs) affinities(own []weightedItem) map[int32]float64 {
	if p == nil || len(own) == 0 {
		return nil
	}
	out := make(map[int32]float64)
	for _, o := range own {
		for _, q := range p.of[o.item] {
			out[q.item] += o.weight * q.share
		}
	}
	return out
}

// weightedItem is an own item that the model knows; weights together are one.
type weightedItem struct {
	item   int32
	weight float64
}
