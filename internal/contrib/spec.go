package contrib

import (
	"fmt"
	"math/big"

	"github.com/discreet-go/discreet/internal/exact"
)

// Rows says what the rows of a table are.
type Rows uint8

// The kinds of row.
const (
	RowsSegments   Rows = iota // declared segments that the person is in
	RowsOne                    // one row, without a name
	RowsCategories             // declared categories, each with everything below it
	RowsGroups                 // declared groups, of which a person is in one
)

// Law is a law of noise.
type Law uint8

// The laws. Automatic takes the one with the lower predicted error.
const (
	Automatic Law = iota
	Gaussian      // rounded Gaussian
	Laplace       // discrete Laplace; for public partitions of one scale
)

// Quantity is what a histogram is of.
type Quantity uint8

// The quantities.
const (
	QuantitySegments   Quantity = iota + 1 // segments that a person is in
	QuantityItems                          // items that are kept of a person for a measure
	QuantityCategories                     // categories in which a person did something
	QuantityEvents                         // events of a person
	QuantityAmount                         // sum of amounts of a person, in thousandths of the unit
)

// Spec is a checked measure over public lists of keys.
type Spec struct {
	Name         string
	Purpose      string
	Kind         Kind
	Rows         Rows
	Segments     []string // rows: sorted, distinct; nil where there are none
	Categories   []string
	Groups       []string
	Items        []string // columns: sorted, distinct; nil when discovered or without items. Campaigns of groups, partitions of a table
	Edges        []int64  // columns of a histogram: lower ends of bins
	Discovered   bool
	MinPeople    int    // of a discovered key
	Attribute    string // of groups
	Outcomes     bool   // groups with outcomes
	MaxSegments  int    // rows one person counts in
	MaxItems     int    // items, campaigns or partitions one person counts with; 1 without any
	MaxPerCell   int    // L-infinity, in people, events or steps of an amount
	LookbackDays int    // 0 where days do not matter
	HalfLifeDays int    // 0 for none
	MaxNorm      int    // L2 norm of a person's vector, in people or events; 0 for none
	Amount       Amount
	Quantity     Quantity
	MaxEvents    int     // of quantiles and variances of events: more count as this
	Ranks        []int64 // of quantiles: in millionths, ascending
	Of           string  // the measure whose items a histogram counts, or whose people are denominators of means
	Noise        Law
	ShareNano    int64
	Series       bool // MaxSegments holds over the releases of a window; of segment sizes only

	weights weights
}

// weights are those of events by their age.
type weights struct {
	halfLife int     // that they were made for
	steps    []int64 // by age in days, in steps of 1/Per
}

// Scaled returns how many steps one person or event makes: Per where
// contributions are weighted or scaled, else 1.
func (s *Spec) Scaled() int64 {
	if s.HalfLifeDays > 0 || s.MaxNorm > 0 {
		return Per
	}
	return 1
}

// L0 returns the most cells one person changes.
func (s Spec) L0() int {
	switch s.Kind {
	case KindItemPairs:
		return s.MaxItems * (s.MaxItems - 1) / 2
	case KindMeans:
		if s.Of == "" {
			return 2 * s.MaxSegments
		}
	}
	return s.MaxSegments * s.MaxItems
}

// LInf returns the most one person changes one cell by, in steps.
func (s Spec) LInf() int64 {
	most := int64(s.MaxPerCell)
	if s.MaxNorm > 0 {
		most = min(most, int64(s.MaxNorm))
	}
	return most * s.Scaled()
}

// L2Squared returns the square of the L2 sensitivity, in steps: L0 * LInf^2, or the
// square of MaxNorm where that is less. It cannot overflow within the limits. For
// means with both parts it is that of the sums alone; see [Spec.JointSquared].
func (s Spec) L2Squared() uint64 {
	rows := uint64(s.L0())
	if s.Kind == KindMeans {
		rows = uint64(s.MaxSegments)
	}
	square := rows * uint64(s.LInf()) * uint64(s.LInf())
	if s.MaxNorm > 0 {
		norm := uint64(s.MaxNorm) * uint64(s.Scaled())
		square = min(square, norm*norm)
	}
	return square
}

// L1 returns the L1 sensitivity, in steps: L0 * LInf, or sqrt(L0) * L2, rounded
// up, where that is less; of means with both parts MaxSegments * (LInf + 1).
func (s Spec) L1() uint64 {
	if s.Parts() == 2 {
		return uint64(s.MaxSegments) * uint64(s.LInf()+1)
	}
	most := uint64(s.L0()) * uint64(s.LInf())
	square := new(big.Int).Mul(new(big.Int).SetUint64(s.L2Squared()), big.NewInt(int64(s.L0())))
	return min(most, exact.CeilSqrt(square).Uint64())
}

// Parts returns how many columns of different noise the table has: 2 for means
// with people and sums, else 1.
func (s *Spec) Parts() int {
	if s.Kind == KindMeans && s.Of == "" {
		return 2
	}
	return 1
}

// Ratio returns, for means with both parts, how many times the noise of the sums is
// that of the people: r, with which the whole vector, people times r beside sums, has
// the squared L2 sensitivity MaxSegments * (r^2 + LInf^2). With a mean that is
// expected a quarter of its range, 2 LInf, from the centre, r = sqrt(LInf * LInf/2)
// gives the estimate of the mean the least error; it is rounded up. See
// docs/proofs/means.md.
func (s *Spec) Ratio() uint64 {
	l := new(big.Int).SetInt64(s.LInf())
	l.Mul(l, l).Add(l, big.NewInt(1)).Rsh(l, 1)
	return max(1, exact.CeilSqrt(l).Uint64())
}

// JointSquared returns the square that Gaussian noise of one value is made for:
// L2Squared, or, for means with both parts, MaxSegments * (Ratio^2 + LInf^2), the
// square of the L2 sensitivity of the whole vector in the steps of the sums.
func (s Spec) JointSquared() uint64 {
	square := s.L2Squared()
	if s.Parts() > 1 {
		ratio := s.Ratio()
		square += uint64(s.MaxSegments) * ratio * ratio
	}
	return square
}

// Names returns the names of the rows, or nil where there is one without a name.
func (s *Spec) Names() []string {
	switch s.Rows {
	case RowsCategories:
		return s.Categories
	case RowsGroups:
		return s.Groups
	case RowsOne:
		return nil
	}
	return s.Segments
}

// Columns returns how many public columns each row has; 0 when they are discovered.
func (s *Spec) Columns() int {
	switch s.Kind {
	case KindItemPairs:
		return len(s.Items) * (len(s.Items) - 1) / 2
	case KindHistogram:
		return len(s.Edges)
	case KindGroups:
		return len(s.Items) * len(s.parts())
	case KindMeans:
		return s.Parts()
	case KindQuantiles:
		return len(s.Ranks)
	}
	if s.Discovered {
		return 0
	}
	return max(1, len(s.Items))
}

// Key names a cell.
type Key struct{ Segment, Category, Group, Item, With, Part string }

// Key returns the key of a public cell.
func (s *Spec) Key(row, column int) Key {
	k := s.RowKey(row)
	switch s.Kind {
	case KindItemPairs:
		i, rest := 0, column
		for n := len(s.Items) - 1; rest >= n; n-- {
			i, rest = i+1, rest-n
		}
		k.Item, k.With = s.Items[i], s.Items[i+1+rest]
	case KindHistogram:
		k.Part = fmt.Sprint(s.Edges[column])
	case KindGroups:
		parts := s.parts()
		k.Item, k.Part = s.Items[column/len(parts)], parts[column%len(parts)]
	case KindMeans:
		k.Part = PartSum
		if s.Parts() == 2 && column == 0 {
			k.Part = PartCount
		}
	case KindQuantiles:
		k.Part = RankText(s.Ranks[column])
	case KindVariance:
		k.Part = PartVariance
	default:
		if s.Items != nil {
			k.Item = s.Items[column]
		}
	}
	return k
}

// RowKey returns what the cells of a row have in common.
func (s *Spec) RowKey(row int) (k Key) {
	switch s.Rows {
	case RowsSegments:
		k.Segment = s.Segments[row]
	case RowsCategories:
		k.Category = s.Categories[row]
	case RowsGroups:
		k.Group = s.Groups[row]
	}
	return k
}

// Parts of a key.
const (
	PartCount     = "count" // people, of means
	PartSum       = "sum"   // of amounts around the centre, of means
	PartReached   = "reached"
	PartMissed    = "missed"
	partNoOutcome = "-no"
	partOutcome   = "-yes"
)

// parts returns the parts of a campaign's cells, in the order of text.
func (s *Spec) parts() []string {
	if !s.Outcomes {
		return []string{PartMissed, PartReached}
	}
	return []string{PartMissed + partNoOutcome, PartMissed + partOutcome, PartReached + partNoOutcome, PartReached + partOutcome}
}

// KeepsItems reports whether a profile keeps items for the measure.
func (s *Spec) KeepsItems() bool {
	switch s.Kind {
	case KindSegmentItems, KindItemTotals, KindCategoryItems, KindItemPairs, KindKeys:
		return true
	}
	return false
}

// ReadsDays reports whether the measure reads what a person did day by day.
func (s *Spec) ReadsDays() bool {
	switch s.Kind {
	case KindPeople, KindEvents, KindSums, KindMeans, KindCategoryItems, KindQuantiles, KindVariance:
		return true
	case KindHistogram:
		return s.Quantity >= QuantityCategories
	}
	return false
}

// partition takes the items of a declaration.
func (s *Spec) partition(p Partitions) error {
	switch items := p.(type) {
	case Public:
		list, err := keys(items)
		if err != nil {
			return err
		}
		s.Items = list
	case Discovered:
		s.Discovered, s.MinPeople = true, items.MinPeople
		if s.MinPeople == 0 {
			s.MinPeople = MinMinPeople
		}
	default:
		return ErrPartitions
	}
	return nil
}

// finish checks a declaration and sorts its keys.
func (s Spec) finish(share float64) (Spec, error) {
	for _, list := range []struct {
		rows  Rows
		names *[]string
	}{{RowsSegments, &s.Segments}, {RowsCategories, &s.Categories}, {RowsGroups, &s.Groups}} {
		if list.rows != s.Rows {
			*list.names = nil
			continue
		}
		sorted, err := keys(*list.names)
		if err != nil {
			return Spec{}, err
		}
		*list.names = sorted
	}
	s.prepare()
	if err := s.Check(); err != nil {
		return Spec{}, err
	}
	var err error
	s.ShareNano, err = ShareNano(share)
	return s, err
}

// prepare fills in what follows from the declaration.
func (s *Spec) prepare() {
	if s.HalfLifeDays < 1 || s.HalfLifeDays > MaxHalfLifeDays || s.LookbackDays < 1 || s.LookbackDays > MaxLookbackDays {
		return
	}
	table := DecayTable(s.HalfLifeDays, s.LookbackDays)
	s.weights = weights{halfLife: s.HalfLifeDays, steps: make([]int64, len(table))}
	for i, w := range table {
		s.weights.steps[i] = int64(w >> (decayBits - 10)) // in steps of 1/Per
	}
}

// String names the kind.
func (k Kind) String() string {
	switch k {
	case KindSegmentSizes:
		return "segment-sizes"
	case KindSegmentItems:
		return "segment-items"
	case KindPeople:
		return "people"
	case KindEvents:
		return "events"
	case KindSums:
		return "sums"
	case KindMeans:
		return "means"
	case KindItemTotals:
		return "item-totals"
	case KindCategoryItems:
		return "category-items"
	case KindItemPairs:
		return "item-pairs"
	case KindHistogram:
		return "histogram"
	case KindGroups:
		return "groups"
	case KindKeys:
		return "keys"
	case KindQuantiles:
		return "quantiles"
	case KindVariance:
		return "variance"
	case KindTable:
		return "table"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}
