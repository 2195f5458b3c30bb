package rank

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/discreet-go/discreet/internal/proof"
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
	doubt []float64 // standard deviation of the share, at most; nil where it is not known
	least float64   // share of an item that nothing is known of

	purpose  string
	titles   *features // words of titles; nil without titles
	ordinary []float64 // mean of the vectors of titles, by popularity
	pairs    *pairs

	cat    []int32 // category of each item, -1 for none
	cats   tree
	inside []float64 // share of all items at or below each category

	byCats   bool     // segments are categories of interest
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
	m := &Model{weights: c.Weights, halfLife: float64(c.SeenHalfLifeDays), purpose: c.Purpose}
	m.dated(&c)
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
		segs[m.rowOf(cell)] = struct{}{}
	}
	for _, r := range c.Totals {
		for i := range r.Len() {
			names[r.At(i).Item] = struct{}{}
		}
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
	pop, least := t.popularity()
	m.rates = t.estimate(pop, m.cat, len(m.cats.names))
	m.rates.activity(c.Sizes, m.segIndex)
	m.pop, m.least = pop, least
	if len(c.Totals) > 0 {
		p := m.fromTotals(&c, m.kinds(&c))
		m.pop, m.doubt, m.least = p.share, p.doubt, p.least
		m.rates.rebase(pop, m.pop)
	}
	m.read(&c)

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
	for _, x := range []float64{w.Popularity, w.Segments, w.Categories, w.Seen, w.Context, w.Likeness, w.Pairs} {
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
	var account string
	fits := func(r Release, kinds ...string) bool {
		h := r.Header()
		if r.IsZero() {
			return true
		}
		first := account == ""
		if first {
			account = h.Account
		}
		return slices.Contains(kinds, h.Kind) && h.StdDev > 0 && h.StdDev <= math.MaxInt64 && (first || h.Account == account)
	}
	ok := fits(c.Items, kindItems, kindCategoryItems) && fits(c.Sizes, kindSizes) && fits(c.Pairs, kindPairs) &&
		fits(c.CategoryTotals, kindEvents) && (c.CategoryTotals.IsZero() || c.CategoryTotals.Header().By == "categories")
	for _, r := range c.Totals {
		ok = ok && !r.IsZero() && fits(r, kindTotals)
	}
	if !ok {
		return ErrRelease
	}
	return nil
}

const (
	kindItems         = "segment-items" // as a release header names them
	kindSizes         = "segment-sizes"
	kindCategoryItems = "category-items"
	kindTotals        = "item-totals"
	kindPairs         = "item-pairs"
	kindEvents        = "events"
)

// dated takes over from when the tables are: the oldest day of all that have a part,
// so that nothing looks newer than it is, and the entry of the first table of items.
func (m *Model) dated(c *Config) {
	m.byCats = c.Items.Header().Kind == kindCategoryItems
	list := append([]Release{c.Items}, c.Totals...)
	for _, r := range list {
		if m.entry == 0 {
			m.entry = r.Header().Entry
		}
	}
	list = append(list, c.Pairs)
	if !c.Items.IsZero() {
		list = append(list, c.Sizes)
	}
	if len(c.Totals) > 0 {
		list = append(list, c.CategoryTotals)
	}
	for _, r := range list {
		if h := r.Header(); !r.IsZero() && (m.asOf == "" || h.AsOf < m.asOf) {
			m.asOf = h.AsOf
		}
	}
}

// rowOf returns the name of a cell's row.
func (m *Model) rowOf(c proof.Cell) string {
	if m.byCats {
		return c.Category
	}
	return c.Segment
}

// kinds returns the public features by which items speak for each other.
func (m *Model) kinds(c *Config) *features {
	names := make([][]string, len(m.items))
	for i, item := range m.items {
		names[i] = wordsOf(c.Titles[item])
		for _, t := range c.Traits[item] {
			names[i] = append(names[i], "trait "+t)
		}
		for at := m.cat[i]; at >= 0; at = m.cats.parent[at] {
			names[i] = append(names[i], "category "+m.cats.names[at])
		}
	}
	return newFeatures(names)
}

// read prepares what the person's own items are held against.
func (m *Model) read(c *Config) {
	m.pairs = m.newPairs(c.Pairs, m.pop)
	if len(c.Titles) == 0 {
		return
	}
	names := make([][]string, len(m.items))
	for i, item := range m.items {
		names[i] = wordsOf(c.Titles[item])
	}
	m.titles = newFeatures(names)
	m.ordinary = make([]float64, len(m.titles.names))
	for i, p := range m.pop {
		m.titles.add(m.ordinary, int32(i), p)
	}
}

func positions(names []string) map[string]int32 {
	m := make(map[string]int32, len(names))
	for i, n := range names {
		m[n] = int32(i)
	}
	return m
}

// table gathers the released cells by item.
func (m *Model) table(r Release) *table {
	h, in := r.Header(), countedOf(r)
	t := &table{
		variance: in.variance(),
		items:    len(m.items),
		segments: len(m.segs),
	}
	if h.Threshold > 0 {
		t.threshold = float64(h.Threshold)
	}
	for i := range r.Len() {
		c := r.At(i)
		if item, ok := m.index[c.Item]; ok {
			t.cells = append(t.cells, cell{item, m.segIndex[m.rowOf(c)], in.of(c.Value)})
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
