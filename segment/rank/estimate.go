package rank

import "math"

// Limits of the estimates.
const (
	withheld    = 0.1  // of the threshold: what a withheld cell adds to an item's popularity
	leastShare  = 1e-3 // an item's share of the mean share, at least
	maxSpread   = 16.0 // relative variance, at most: a cell is rarely over five times its prediction
	maxActivity = 4.0  // a segment counts at most four times, at least a quarter of its weight
	usableAt    = 2.0  // a segment is usable when its size is so many standard deviations from zero
	rounds      = 20   // of fixed-point iterations
)

type cell struct {
	item, segment int32
	value         float64
}

// table is a released segment x item table.
type table struct {
	items, segments int
	variance        float64 // of the noise in each cell
	threshold       float64 // cells below it were withheld; 0: none were
	cells           []cell  // by item, then segment
	start           []int32 // item -> first cell; one more at the end
}

func (t *table) row(item int) []cell { return t.cells[t.start[item]:t.start[item+1]] }

// unseen returns what cells that were withheld are taken to hold together.
// Taking them for empty would leave everything to the few items on top.
func (t *table) unseen(cells int) float64 { return float64(cells) * withheld * t.threshold }

// popularity returns the share of each item in the whole table, shrunk towards
// the mean, and the share of an item that nothing is known of.
func (t *table) popularity() (pop []float64, least float64) {
	pop = make([]float64, t.items)
	if t.items == 0 {
		return pop, 1
	}
	sums := make([]float64, t.items)
	released, total := 0, 0.0
	for i := range sums {
		for _, c := range t.row(i) {
			sums[i] += c.value
		}
		sums[i] += t.unseen(t.segments - len(t.row(i)))
		if len(t.row(i)) > 0 {
			released++
			total += sums[i]
		}
	}
	mean := total / float64(max(released, 1))
	if mean <= 0 { // nothing, or nothing but noise
		for i := range pop {
			pop[i] = 1 / float64(t.items)
		}
		return pop, pop[0]
	}
	spread := 0.0
	for i, s := range sums {
		if n := len(t.row(i)); n > 0 {
			spread += (s-mean)*(s-mean) - float64(n)*t.variance
		}
	}
	spread = max(0, spread/float64(released))
	all := 0.0
	for i, s := range sums {
		if n := len(t.row(i)); n > 0 {
			pop[i] = mean + shrink(s-mean, spread, float64(n)*t.variance)
		} else {
			pop[i] = s
		}
		pop[i] = max(pop[i], leastShare*mean)
		all += pop[i]
	}
	for i := range pop {
		pop[i] /= all
	}
	return pop, max(leastShare*mean, t.unseen(t.segments)) / all
}

// shrink returns the mean of a deviation that was observed with a known
// variance and comes from a spread of mean zero.
func shrink(deviation, spread, variance float64) float64 {
	if spread <= 0 {
		return 0
	}
	return deviation * spread / (spread + variance)
}

// rates holds the share of each item within each segment.
type rates struct {
	segments int
	groups   int // categories and one more
	usable   []bool
	act      []float64 // relative activity of the members
	total    []float64 // estimated sum of the segment's row
	lift     []float64 // segment x (category, none last): factor on popularity
	ceiling  []float64 // of the share of a cell that was not released
	start    []int32   // item -> first released cell
	segment  []int32
	rate     []float64
}

// estimate shrinks the table in three steps; see the package comment.
func (t *table) estimate(pop []float64, cat []int32, cats int) rates {
	n := t.segments
	r := rates{
		segments: n,
		groups:   cats + 1,
		usable:   make([]bool, n),
		act:      make([]float64, n),
		total:    make([]float64, n),
		lift:     make([]float64, n*(cats+1)),
		ceiling:  make([]float64, n),
		start:    t.start,
		segment:  make([]int32, len(t.cells)),
		rate:     make([]float64, len(t.cells)),
	}
	bySegment := make([][]int32, n)
	for k, c := range t.cells {
		r.segment[k] = c.segment
		bySegment[c.segment] = append(bySegment[c.segment], int32(k))
	}
	for s := range n {
		r.act[s] = 1
		lift := r.lift[s*(cats+1) : (s+1)*(cats+1)]
		total, ok := t.total(bySegment[s], pop)
		for c := range lift {
			lift[c] = 1
		}
		if !ok {
			continue
		}
		r.usable[s], r.total[s] = true, total
		r.ceiling[s] = math.Inf(1)
		if t.threshold > 0 {
			r.ceiling[s] = t.threshold / total
		}
		t.lifts(lift, bySegment[s], total, pop, cat)
		t.shares(&r, s, bySegment[s], total, pop, cat, lift)
	}
	return r
}

// seen returns what a cell of the given mean contributes to the released table
// in expectation, and the chance that it is released.
func (t *table) seen(mean float64) (expected, chance float64) {
	if t.threshold == 0 {
		return mean, 1
	}
	sd := math.Sqrt(t.variance + mean)
	z := (mean - t.threshold) / sd
	if z < -8 {
		return 0, 0
	}
	chance = 0.5 * math.Erfc(-z/math.Sqrt2)
	return mean*chance + sd*math.Exp(-z*z/2)/math.Sqrt(2*math.Pi), chance
}

// total estimates the sum of a segment's row, released or not, as the factor on
// the shares that explains the released cells best. Weighting cells by their
// share keeps the noise of thousands of small cells out. It reports whether the
// sum stands out of its noise.
func (t *table) total(cells []int32, pop []float64) (float64, bool) {
	got, sum := 0.0, 0.0
	for _, k := range cells {
		c := t.cells[k]
		got += c.value * pop[c.item]
		sum += c.value
	}
	if got <= 0 {
		return 0, false
	}
	// expect returns the expected value of got and its variance.
	expect := func(total float64) (want, variance, square float64) {
		for i, p := range pop {
			if t.start[i] == t.start[i+1] {
				continue // in the catalog only
			}
			e, chance := t.seen(total * p)
			want += e * p
			variance += (t.variance + total*p) * chance * p * p
			square += chance * p * p
		}
		return want, variance, square
	}
	total := max(sum, 1)
	for range rounds {
		want, _, _ := expect(total)
		step := 4.0
		if want > 0 {
			// The root keeps the iteration from swinging where the threshold makes
			// the expectation steep; without one, one step is exact.
			step = got / want
			if t.threshold > 0 {
				step = min(max(math.Sqrt(step), 0.25), 4)
			}
		}
		total *= step
		if math.Abs(step-1) < 1e-6 {
			break
		}
	}
	_, variance, square := expect(total)
	return total, total > 0 && total*square > usableAt*math.Sqrt(variance)
}

// lifts estimates how much more, or less, the segment likes each category.
func (t *table) lifts(lift []float64, cells []int32, total float64, pop []float64, cat []int32) {
	n := len(lift) - 1 // the last is for items without category and stays 1
	got, want, variance := make([]float64, n), make([]float64, n), make([]float64, n)
	for _, k := range cells {
		c := t.cells[k]
		if g := cat[c.item]; g >= 0 {
			got[g] += c.value * pop[c.item]
		}
	}
	for i, g := range cat {
		if g < 0 || t.start[i] == t.start[i+1] {
			continue
		}
		e, chance := t.seen(total * pop[i])
		want[g] += e * pop[i]
		variance[g] += (t.variance + total*pop[i]) * chance * pop[i] * pop[i]
	}
	x := make([]float64, 0, n)
	v := make([]float64, 0, n)
	at := make([]int, 0, n)
	for g := range n {
		if variance[g] > 0 && want[g] > 0 {
			x = append(x, got[g]/want[g]-1)
			v = append(v, variance[g]/(want[g]*want[g]))
			at = append(at, g)
		}
	}
	spread := spreadOf(x, v)
	for k, g := range at {
		lift[g] = max(0, 1+shrink(x[k], spread, v[k]))
	}
}

// spreadOf estimates the variance of effects that were observed as x with
// variances v, by moments with the weights of the last round.
func spreadOf(x, v []float64) float64 {
	spread := 0.25
	for range rounds {
		sum, weights := 0.0, 0.0
		for k := range x {
			w := 1 / ((spread + v[k]) * (spread + v[k]))
			sum += w * (x[k]*x[k] - v[k])
			weights += w
		}
		if weights == 0 {
			return 0
		}
		spread = min(max(0, sum/weights), maxSpread)
	}
	return spread
}

// shares estimates the share of each released cell of a segment, and makes all
// shares of the segment, released or not, add up to one.
func (t *table) shares(r *rates, s int, cells []int32, total float64, pop []float64, cat []int32, lift []float64) {
	predict := func(i int32) float64 {
		g := cat[i]
		if g < 0 {
			g = int32(len(lift) - 1)
		}
		return total * pop[i] * lift[g]
	}
	// The spread around the prediction is relative to it. Cells that would have
	// been withheld had they been lower say more of the threshold than of it.
	moment := func(sure bool) (above, below float64, n int) {
		for _, k := range cells {
			c := t.cells[k]
			mean := predict(c.item)
			if _, chance := t.seen(mean); sure && chance < 0.9 {
				continue
			}
			v := t.variance + mean
			w := 1 / (v * v)
			above += w * mean * mean * ((c.value-mean)*(c.value-mean) - v)
			below += w * mean * mean * mean * mean
			n++
		}
		return above, below, n
	}
	above, below, n := moment(true)
	if n < 8 {
		above, below, _ = moment(false)
	}
	spread := 0.0
	if below > 0 {
		spread = min(max(0, above/below), maxSpread)
	}
	sum := 0.0
	for _, k := range cells {
		c := t.cells[k]
		mean := predict(c.item)
		r.rate[k] = max(0, mean+shrink(c.value-mean, spread*mean*mean, t.variance+mean)) / total
		sum += r.rate[k] - min(mean/total, r.ceiling[s])
	}
	for i := range pop {
		sum += min(predict(int32(i))/total, r.ceiling[s])
	}
	if sum <= 0 {
		r.usable[s] = false
		return
	}
	for _, k := range cells {
		r.rate[k] /= sum
	}
	for g := range lift {
		lift[g] /= sum
	}
	r.ceiling[s] /= sum
}

// activity compares the sums of the rows with the released sizes.
func (r *rates) activity(sizes Release, index map[string]int32) {
	if sizes.IsZero() {
		return
	}
	size := make([]float64, r.segments)
	people := countedOf(sizes)
	least := usableAt * people.deviation
	rows, all := 0.0, 0.0
	for i := range sizes.Len() {
		c := sizes.At(i)
		if s, ok := index[c.Segment]; ok && r.usable[s] && people.of(c.Value) > least {
			size[s] = people.of(c.Value)
			rows += r.total[s]
			all += size[s]
		}
	}
	for s, n := range size {
		if n > 0 {
			r.act[s] = min(max(r.total[s]/n*all/rows, 1/maxActivity), maxActivity)
		}
	}
}

// rebase carries the rates, which stand against one popularity, over to another:
// what a segment likes more than everybody stays as many times as much.
func (r *rates) rebase(from, to []float64) {
	for i := range from {
		for k := r.start[i]; k < r.start[i+1]; k++ {
			r.rate[k] *= to[i] / from[i]
		}
	}
	if len(r.ceiling) > 0 {
		most := 0.0
		for i := range from {
			most = max(most, to[i]/from[i])
		}
		for s := range r.ceiling {
			r.ceiling[s] *= most
		}
	}
}

// row returns the shares of an item by segment, if all of them were released.
func (r *rates) row(item int32) (row []float64, full bool) {
	if item < 0 {
		return nil, false
	}
	row = r.rate[r.start[item]:r.start[item+1]]
	return row, len(row) == r.segments
}

// of returns the share of an item within a segment.
func (r *rates) of(item, segment, group int32, pop float64) float64 {
	from := int(r.start[item])
	row := r.segment[from:r.start[item+1]]
	lo, hi := 0, len(row)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if row[mid] < segment {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(row) && row[lo] == segment {
		return r.rate[from+lo]
	}
	if group < 0 {
		group = int32(r.groups - 1)
	}
	return min(pop*r.lift[int(segment)*r.groups+int(group)], r.ceiling[segment])
}
