package rank

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Model ranks from one release. It is immutable and safe for concurrent use;
// the zero Model knows no items.
type Model struct {
	weights  Weights
	halfLife float64
	asOf     string
	entry    uint64

	items []string // sorted
	index map[string]int32
	pop   []float64 // share of each item; positive, together one
	least float64   // share of an item that nothing is known of

	cat    []int32 // category of each item, -1 for none
	cats   tree
	inside []float64 // share of all items at or below each category

	segs     []string // sorted
	segIndex map[string]int32
	rates    rates
}

// New estimates a Model from released tables. Its cost is one pass over
// segments times items, and a few over the cells; do it once for each release,
// not for each ranking.
func New(c Config) (*Model, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	h := c.Items.Header()
	m := &Model{weights: c.Weights, halfLife: float64(c.SeenHalfLifeDays), asOf: h.AsOf, entry: h.Entry}
	cats, err := newTree(c.Catalog, c.Parents)
	if err != nil {
		return nil, err
	}
	m.cats = cats

	names := make(map[string]struct{}, len(c.Catalog)+c.Items.Len())
	segs := make(map[string]struct{})
	for item := range c.Catalog {
		names[item] = struct{}{}
	}
	for i := range c.Items.Len() {
		cell := c.Items.At(i)
		names[cell.Item] = struct{}{}
		segs[cell.Segment] = struct{}{}
	}
	delete(names, "")
	m.items = slices.Sorted(maps.Keys(names))
	m.segs = slices.Sorted(maps.Keys(segs))
	m.index, m.segIndex = positions(m.items), positions(m.segs)
	m.cat = make([]int32, len(m.items))
	for i, item := range m.items {
		m.cat[i] = m.cats.find(c.Catalog[item])
	}

	t := m.table(c.Items)
	m.pop, m.least = t.popularity()
	m.rates = t.estimate(m.pop, m.cat, len(m.cats.names))
	m.rates.activity(c.Sizes, m.segIndex)

	m.inside = make([]float64, len(m.cats.names))
	for i, cat := range m.cat {
		for ; cat >= 0; cat = m.cats.parent[cat] {
			m.inside[cat] += m.pop[i]
		}
	}
	return m, nil
}

func (c Config) check() error {
	w := c.Weights
	for _, x := range []float64{w.Popularity, w.Segments, w.Categories, w.Seen, w.Context} {
		if !(x >= 0 && x <= 1e6) {
			return ErrWeights
		}
	}
	if w.Popularity < 1e-6 {
		return ErrWeights
	}
	if c.SeenHalfLifeDays < 1 || c.SeenHalfLifeDays > 3650 {
		return ErrHalfLife
	}
	known := func(sd float64) bool { return sd > 0 && sd <= math.MaxInt64 }
	h := c.Items.Header()
	if !c.Items.IsZero() && (h.Kind != kindItems || !known(h.StdDev)) {
		return ErrRelease
	}
	if !c.Sizes.IsZero() {
		s := c.Sizes.Header()
		if s.Kind != kindSizes || !known(s.StdDev) || !c.Items.IsZero() && s.Account != h.Account {
			return ErrRelease
		}
	}
	return nil
}

const (
	kindItems = "segment-items" // as a release header names them
	kindSizes = "segment-sizes"
)

func positions(names []string) map[string]int32 {
	m := make(map[string]int32, len(names))
	for i, n := range names {
		m[n] = int32(i)
	}
	return m
}

// table gathers the released cells by item.
func (m *Model) table(r Release) *table {
	h := r.Header()
	t := &table{
		variance: h.StdDev * h.StdDev,
		items:    len(m.items),
		segments: len(m.segs),
	}
	if h.Threshold > 0 {
		t.threshold = float64(h.Threshold)
	}
	for i := range r.Len() {
		c := r.At(i)
		if item, ok := m.index[c.Item]; ok {
			t.cells = append(t.cells, cell{item, m.segIndex[c.Segment], float64(c.Value)})
		}
	}
	place := func(a, b cell) int { return cmp.Or(cmp.Compare(a.item, b.item), cmp.Compare(a.segment, b.segment)) }
	slices.SortStableFunc(t.cells, place)
	t.cells = slices.CompactFunc(t.cells, func(a, b cell) bool { return place(a, b) == 0 })
	t.start = make([]int32, t.items+1)
	for _, c := range t.cells {
		t.start[c.item+1]++
	}
	for i := range t.items {
		t.start[i+1] += t.start[i]
	}
	return t
}

// Items returns how many items the model knows.
func (m *Model) Items() int { return len(m.items) }

// Segments returns the segments whose table says something: those that can
// have a share in a ranking. The others are too small for their noise.
func (m *Model) Segments() []string {
	var out []string
	for i, s := range m.segs {
		if m.rates.usable[i] {
			out = append(out, s)
		}
	}
	return out
}
