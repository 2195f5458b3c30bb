package dp

import (
	"cmp"
	"errors"
	"math"
	"slices"
)

// ErrSums is returned for sums that do not make trees: a sum without parts, a cell that
// is named twice, as a total or as a part, or a cell that is a part of itself.
var ErrSums = errors.New("dp: sums must make trees: each cell the total of at most one sum and a part of at most one")

// Ref names a released cell.
type Ref struct {
	Entry    uint64 // of its release: Header.Entry
	Segment  string
	Category string
	Group    string
	Item     string
	With     string
	Part     string
}

func refOf(entry uint64, c *Cell) Ref {
	return Ref{Entry: entry, Segment: c.Segment, Category: c.Category, Group: c.Group, Item: c.Item, With: c.With, Part: c.Part}
}

// compare orders refs by entry, then as cells are.
func (r Ref) compare(o Ref) int {
	return cmp.Or(cmp.Compare(r.Entry, o.Entry), cmp.Compare(r.Segment, o.Segment), cmp.Compare(r.Category, o.Category),
		cmp.Compare(r.Group, o.Group), cmp.Compare(r.Item, o.Item), cmp.Compare(r.With, o.With), cmp.Compare(r.Part, o.Part))
}

// Sum says that, of the exact bounded numbers, Total is the sum of Parts. It has to be
// true, also of what bounding left of each person: say it only where everybody who
// counts in Total counts in exactly one of Parts, by as much. Sizes of segments that
// people can be in at the same time do not add up, nor do items that one person can
// have two of. Where a sum is false, values are moved to where they do not belong and
// intervals miss.
type Sum struct {
	Total Ref
	Parts []Ref
}

// Consistent returns the cells that sums name, moved so that each total is the sum of
// its parts, within rounding of floats. Of all such numbers these are nearest to the
// released ones, by squares weighted with the inverse variance of the noise; so they
// are unbiased, and no other linear unbiased estimate has less variance in any cell.
// For one total y0 of variance t0 over parts y1..yn of variances t1..tn, with
// r = y0 - (y1 + ... + yn) and t = t0 + t1 + ... + tn,
//
//	y0 - r t0/t,  variance t0 - t0^2/t;    yi + r ti/t,  variance ti - ti^2/t.
//
// Totals may be parts of other totals, to any depth. An interval holds the exact number
// with probability 0.94 to 0.96 where every sigma is at least 5, and at least 0.95
// elsewhere. Cost: linear in the cells, and sorting them.
//
// Releases are of one account and one as-of day, with public partitions. Errors:
// ErrReleases, ErrSame, ErrDiscovered, ErrNoiseLaw, ErrParts, ErrMeasures for releases as of
// different days, in different steps, or scaled to a norm, which leaves no sum true: each
// person's part is scaled by all that the table holds of them, and rounded. ErrCells, ErrSums.
func Consistent(releases []Release, sums []Sum) (Estimates, error) {
	rs, sources, err := publicOf(releases)
	if err != nil {
		return Estimates{}, err
	}
	cells := map[Ref]leaf{}
	least, integral, below := math.Inf(1), true, false
	for _, r := range rs {
		h := r.Header()
		if first := rs[0].Header(); h.AsOf != first.AsOf || h.Window != first.Window || h.Norm != 0 || !sameSteps(&h, &first) {
			return Estimates{}, ErrMeasures
		}
		least, integral = math.Min(least, h.Sigma), integral && whole(&h)
		below = below || signed(&h)
		for i := range r.Len() {
			c := r.At(i)
			cells[refOf(h.Entry, &c)] = leaf{float64(c.Value), variance(&h), h.Sigma}
		}
	}
	refs, f, err := plant(cells, sums)
	if err != nil {
		return Estimates{}, err
	}
	f.solve()
	e := Estimates{Method: "consistent", Level: Level, Sources: sources, Cells: make([]Estimate, len(refs)), integral: integral, signed: below, tree: f}
	type spread struct {
		of       weights
		variance float64
	}
	known := map[spread]float64{} // most cells of a table are alike
	for i, ref := range refs {
		n := &f.nodes[i]
		key := spread{n.all, n.variance}
		reach, ok := known[key]
		if !ok {
			reach = n.all.reach(n.variance, least)
			known[key] = reach
		}
		e.Cells[i] = Estimate{
			Entry: ref.Entry, Segment: ref.Segment, Category: ref.Category, Group: ref.Group, Item: ref.Item, With: ref.With, Part: ref.Part,
			Value: n.value, StdDev: math.Sqrt(n.variance), Low: n.value - reach, High: n.value + reach,
		}
	}
	return e, nil
}

// ConsistentRows is [Consistent] for a table of rows and one of rows x items whose rows
// add up to it, as of segments: everybody in a segment has exactly one of the items.
func ConsistentRows(totals, parts Release) (Estimates, error) {
	if totals.IsZero() || parts.IsZero() {
		return Estimates{}, ErrReleases
	}
	var sums []Sum
	to, from := totals.Header().Entry, parts.Header().Entry
	for i := range parts.Len() {
		c := parts.At(i)
		total := Ref{Entry: to, Segment: c.Segment, Category: c.Category, Group: c.Group}
		if n := len(sums); n == 0 || sums[n-1].Total != total {
			sums = append(sums, Sum{Total: total})
		}
		s := &sums[len(sums)-1]
		s.Parts = append(s.Parts, refOf(from, &c))
	}
	return Consistent([]Release{totals, parts}, sums)
}

// leaf is a released cell.
type leaf struct{ value, variance, sigma float64 }

// plant makes the forest of the cells that sums name, in sorted order, so that neither
// the order of sums nor that of parts decides anything.
func plant(cells map[Ref]leaf, sums []Sum) ([]Ref, *forest, error) {
	if len(sums) == 0 {
		return nil, nil, ErrSums
	}
	at := map[Ref]int{}
	var refs []Ref
	see := func(r Ref) error {
		if _, ok := cells[r]; !ok {
			return ErrCells
		}
		if _, ok := at[r]; !ok {
			at[r] = 0
			refs = append(refs, r)
		}
		return nil
	}
	for _, s := range sums {
		for _, r := range append([]Ref{s.Total}, s.Parts...) {
			if err := see(r); err != nil {
				return nil, nil, err
			}
		}
	}
	slices.SortFunc(refs, Ref.compare)
	f := &forest{nodes: make([]node, len(refs))}
	for i, r := range refs {
		at[r] = i
		f.nodes[i] = node{leaf: cells[r], parent: -1}
	}
	for _, s := range sums {
		total := at[s.Total]
		if len(s.Parts) == 0 || f.nodes[total].parts != nil {
			return nil, nil, ErrSums
		}
		for _, r := range s.Parts {
			part := at[r]
			if f.nodes[part].parent >= 0 {
				return nil, nil, ErrSums
			}
			f.nodes[part].parent = total
			f.nodes[total].parts = append(f.nodes[total].parts, part)
		}
		slices.Sort(f.nodes[total].parts)
	}
	if !f.sort() {
		return nil, nil, ErrSums
	}
	return refs, f, nil
}
