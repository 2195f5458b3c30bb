package dp

import (
	"cmp"
	"math"
	"slices"
)

// forest holds trees of released cells, each the sum of its parts.
type forest struct {
	nodes []node
	order []int // totals before their parts
}

// node is a cell. Its released value is leaf; what follows is solved for.
type node struct {
	leaf
	parent int // -1: none
	parts  []int

	up, upVariance   float64 // from the released values of the cell and all below it
	sum, sumVariance float64 // of up over the parts
	below            weights // what up is made of

	value, variance float64 // from all released values of the tree
	outside         weights // the part of value that comes from outside of the cell and all below it
	all             weights // what value is made of
}

// sort orders the nodes and reports whether there is no cycle.
func (f *forest) sort() bool {
	for i := range f.nodes {
		if f.nodes[i].parent < 0 {
			f.order = append(f.order, i)
		}
	}
	for k := 0; k < len(f.order); k++ {
		f.order = append(f.order, f.nodes[f.order[k]].parts...)
	}
	return len(f.order) == len(f.nodes) // a cycle has no root
}

// solve computes the weighted least squares projection in two passes, up and down the
// trees; docs/proofs/post-processing.md derives it.
func (f *forest) solve() {
	for _, i := range slices.Backward(f.order) {
		f.rise(&f.nodes[i])
	}
	for _, i := range f.order {
		n := &f.nodes[i]
		if n.parent < 0 {
			n.value, n.variance, n.all = n.up, n.upVariance, n.below
		}
		f.fall(n)
	}
}

// rise combines the released value of a cell with the sum of its parts.
func (f *forest) rise(n *node) {
	own := one(1, n.sigma)
	if n.parts == nil {
		n.up, n.upVariance, n.below = n.leaf.value, n.leaf.variance, own
		return
	}
	var below weights
	for _, i := range n.parts {
		p := &f.nodes[i]
		n.sum += p.up
		n.sumVariance += p.upVariance
		below = below.and(p.below)
	}
	share := n.sumVariance / (n.leaf.variance + n.sumVariance) // of the released value
	n.up = share*n.leaf.value + (1-share)*n.sum
	n.upVariance = share * n.leaf.variance
	n.below = own.scale(share).and(below.scale(1 - share))
}

// fall hands what is known of a total down to its parts.
func (f *forest) fall(n *node) {
	if n.parts == nil {
		return
	}
	gain := n.variance / n.sumVariance // by which value follows sum
	around := n.outside.and(one(n.variance/n.leaf.variance, n.sigma))
	others := f.others(n.parts)
	for k, i := range n.parts {
		p := &f.nodes[i]
		share := p.upVariance / n.sumVariance
		p.value = p.up + share*(n.value-n.sum)
		p.variance = math.Max(0, p.upVariance-share*share*(n.sumVariance-n.variance))
		p.outside = others(k).scale(1 - gain).and(around).scale(share)
		p.all = p.below.scale(1 - share*(1-gain)).and(p.outside)
	}
}

// others returns what the parts but the k-th are made of.
func (f *forest) others(parts []int) func(k int) weights {
	noise := func(k int) float64 { w := &f.nodes[parts[k]].below; return w.coef * w.sigma }
	sum, best, next := 0.0, -1, -1 // the two that bring most noise
	for k, i := range parts {
		sum += f.nodes[i].below.sum
		switch {
		case best < 0 || noise(k) > noise(best):
			best, next = k, best
		case next < 0 || noise(k) > noise(next):
			next = k
		}
	}
	return func(k int) weights {
		w := weights{sum: math.Max(0, sum-f.nodes[parts[k]].below.sum)}
		top := best
		if k == best {
			top = next
		}
		if top >= 0 {
			w.coef, w.sigma = f.nodes[parts[top]].below.coef, f.nodes[parts[top]].below.sigma
		}
		return w
	}
}

// whole rounds to whole numbers that are not negative and of which totals are the sums
// of their parts.
func (f *forest) whole(cells []Estimate) []int64 {
	out := make([]int64, len(cells))
	for _, i := range f.order {
		n := &f.nodes[i]
		if n.parent < 0 {
			out[i] = wholeOf(cells[i].Value)
		}
		if n.parts == nil {
			continue
		}
		values := make([]float64, len(n.parts))
		variances := make([]float64, len(n.parts))
		for k, p := range n.parts {
			values[k], variances[k] = cells[p].Value, math.Max(f.nodes[p].variance, 1e-12*f.nodes[p].leaf.variance)
		}
		for k, v := range shareOut(out[i], values, variances) {
			out[n.parts[k]] = v
		}
	}
	return out
}

// shareOut returns whole numbers that add up to total, are not negative, and are the
// rounding of those nearest to values, by squares over variances.
func shareOut(total int64, values, variances []float64) []int64 {
	// The nearest are max(0, value - x*variance) for the x at which they add up.
	order := make([]int, len(values))
	for k := range order {
		order[k] = k
	}
	floor := func(k int) float64 { return values[k] / variances[k] } // the x at which it becomes zero
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(floor(b), floor(a)) })
	sum, spread, x := 0.0, 0.0, 0.0
	for n, k := range order {
		sum, spread = sum+values[k], spread+variances[k]
		x = (sum - float64(total)) / spread
		if n+1 == len(order) || floor(order[n+1]) <= x {
			break
		}
	}
	out := make([]int64, len(values))
	rest := make([]float64, len(values))
	left := total
	for k := range values {
		v := math.Min(math.Max(0, values[k]-x*variances[k]), float64(total))
		out[k] = int64(v)
		rest[k] = v - math.Floor(v)
		left -= out[k]
	}
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rest[b], rest[a]) })
	for i := 0; left > 0; i++ {
		out[order[i%len(order)]]++
		left--
	}
	for i := len(order) - 1; left < 0; i-- { // floats that a rounding took too high
		if k := order[(i%len(order)+len(order))%len(order)]; out[k] > 0 {
			out[k]--
			left++
		}
	}
	return out
}
