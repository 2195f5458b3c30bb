package rank

import "math"

// popular is what is estimated of every item: its share of the whole, how far
// that may be off, and the share of an item that nothing is known of.
type popular struct {
	share []float64 // positive, together one
	doubt []float64 // standard deviation of the share, at most; nil where it is not known
	least float64
}

// fromTotals estimates the shares of items from released totals, the widest
// table first. What one table says is what is expected of the next, scaled to
// it; public features let items of a kind speak for each other. At last the
// shares of categories move towards what their own totals say.
func (m *Model) fromTotals(c *Config, f *features) popular {
	n := len(m.items)
	mean := make([]float64, n)
	var doubt []float64
	for k, r := range c.Totals {
		o := m.observe(r, mean, k == 0)
		s := o.spread(f)
		mean = o.smooth(f, s)
		doubt = o.doubt(s, mean)
	}
	if !c.CategoryTotals.IsZero() {
		m.byCategory(c.CategoryTotals, mean, doubt)
	}
	return shares(mean, doubt)
}

// shares cuts estimates at a least one and divides by their sum.
func shares(mean, doubt []float64) popular {
	sum := 0.0
	for _, v := range mean {
		sum += max(0, v)
	}
	p := popular{share: mean, doubt: doubt, least: 1}
	if len(mean) == 0 {
		return p
	}
	if !(sum > 0) || math.IsInf(sum, 1) { // nothing, or nothing but noise
		for i := range mean {
			mean[i] = 1 / float64(len(mean))
		}
		return popular{share: mean, least: mean[0]}
	}
	least := leastShare * sum / float64(len(mean))
	sum = 0
	for i, v := range mean {
		mean[i] = max(v, least)
		sum += mean[i]
	}
	for i := range mean {
		mean[i] /= sum
		if doubt != nil {
			doubt[i] /= sum
		}
	}
	p.least = least / sum
	return p
}

// observe reads a table of totals. What is expected of its items is, in the
// first table, their mean, and in a later one what the tables before say, in
// proportion. It returns numbers of the size of this table.
func (m *Model) observe(r Release, before []float64, first bool) *observed {
	n, h, in := len(m.items), r.Header(), countedOf(r)
	o := &observed{value: make([]float64, n), variance: make([]float64, n), prior: make([]float64, n)}
	for i := range o.variance {
		o.variance[i] = math.Inf(1)
	}
	sum, expected, cells := 0.0, 0.0, 0
	for k := range r.Len() {
		c := r.At(k)
		i, ok := m.index[c.Item]
		if !ok || !math.IsInf(o.variance[i], 1) {
			continue
		}
		o.value[i], o.variance[i] = in.of(c.Value), in.variance()
		sum += o.value[i]
		expected += before[i]
		cells++
	}
	if h.Threshold > 0 {
		// An item that was withheld has few people, if any.
		t := float64(h.Threshold)
		for i := range o.value {
			if math.IsInf(o.variance[i], 1) {
				o.value[i], o.variance[i] = withheld*t, t*t
				sum += o.value[i]
				expected += before[i]
				cells++
			}
		}
	}
	for i := range o.prior {
		if first {
			o.prior[i] = max(0, sum/float64(max(1, cells)))
		} else if expected > 0 && sum > 0 {
			o.prior[i] = before[i] * sum / expected
		}
	}
	return o
}

// byCategory scales the items of each category that has a released total so
// that together they have the share of it that both tables, weighted by how
// exact they are, make likely.
func (m *Model) byCategory(r Release, mean, doubt []float64) {
	n := len(m.cats.names)
	got, released := make([]float64, n), make([]bool, n)
	in := countedOf(r)
	v := in.variance()
	for k := range r.Len() {
		c := r.At(k)
		if at := m.cats.find(c.Category); at >= 0 {
			got[at], released[at] = in.of(c.Value), true
		}
	}
	// A category counts with everything below it, so an item is in the nearest
	// one that was released; those above have no say.
	group := func(cat int32) int32 {
		for ; cat >= 0 && !released[cat]; cat = m.cats.parent[cat] {
		}
		return cat
	}
	for at := n - 1; at >= 0; at-- { // children come after their parents
		if up := m.cats.parent[at]; released[at] && up >= 0 {
			if up = group(up); up >= 0 {
				got[up] -= got[at]
			}
		}
	}
	items, noise := make([]float64, n), make([]float64, n)
	all, whole := 0.0, 0.0
	for i := range mean {
		if g := group(m.cat[i]); g >= 0 {
			items[g] += max(0, mean[i])
			if doubt != nil {
				noise[g] += doubt[i] * doubt[i]
			}
		}
	}
	for g := range items {
		if released[g] && items[g] > 0 {
			all += max(0, got[g])
			whole += items[g]
		}
	}
	if all <= 0 || whole <= 0 {
		return
	}
	factor := make([]float64, n)
	for g := range factor {
		factor[g] = 1
		if released[g] && items[g] > 0 {
			to := got[g] * whole / all
			variance := v * (whole / all) * (whole / all)
			factor[g] = max(0, items[g]+shrink(to-items[g], noise[g], variance)) / items[g]
		}
	}
	for i := range mean {
		if g := group(m.cat[i]); g >= 0 {
			mean[i] *= factor[g]
			if doubt != nil {
				doubt[i] *= factor[g]
			}
		}
	}
}
