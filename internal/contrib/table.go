package contrib

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// Table counts what a batch job hands in as (person, partition, value): people,
// events or amounts of each partition. It reads no profile; package dp bounds what is
// handed in, in any order and of any size, to what is stated here.
type Table struct {
	Name          string
	Purpose       string     // of the Link and the Grant that come with each contribution
	Partitions    Partitions // Public, or Discovered where people are counted
	MaxPartitions int        // L0: partitions one person counts in, per release
	Of            Counted    // what is counted
	MaxNorm       int        // L2: a person's whole vector is scaled down to this norm, in people or events. Optional
	Noise         Law        // of the noise. Optional
	Share         float64    // planned part of the window's mu^2, in (0, 1]
}

// Counted says what a [Table] counts: [CountedPeople], [CountedEvents] or
// [CountedAmounts].
type Counted interface{ counted(*Spec) error }

// CountedPeople counts each person once in a partition, whatever the values.
type CountedPeople struct{}

// CountedEvents adds up the values, which are numbers of events from 1 on.
type CountedEvents struct {
	Max int // L-infinity: events one person counts with in a partition
}

// CountedAmounts adds up the values, which are amounts, in thousandths of the unit. A
// person's sum in a partition is taken between the bounds.
type CountedAmounts struct {
	Unit string // 1 to 16 characters, as "EUR"
	Low  int64  // in thousandths of the unit: less counts as this
	High int64  // in thousandths of the unit: more counts as this
}

func (CountedPeople) counted(s *Spec) error {
	s.MaxPerCell = 1
	return nil
}

func (c CountedEvents) counted(s *Spec) error {
	s.MaxPerCell, s.Quantity = c.Max, QuantityEvents
	return nil
}

func (c CountedAmounts) counted(s *Spec) error {
	s.Amount, s.Quantity = Amount{Unit: c.Unit, Low: c.Low, High: c.High}, QuantityAmount
	if !s.Amount.valid() {
		return ErrAmount
	}
	low, high := s.Amount.Steps()
	s.MaxPerCell = int(max(-low, high))
	return nil
}

func (m Table) purpose() string { return m.Purpose }

func (m Table) check(segments []string) (Spec, error) {
	if m.Of == nil {
		return Spec{}, ErrCounted
	}
	s := Spec{Name: m.Name, Purpose: m.Purpose, Kind: KindTable, MaxItems: m.MaxPartitions, MaxNorm: m.MaxNorm, Noise: m.Noise}
	if err := m.Of.counted(&s); err != nil {
		return Spec{}, err
	}
	return s.finishItems(Everybody{}, m.Partitions, segments, m.Share)
}

// checkTable holds what is true of a table.
func (s *Spec) checkTable() error {
	err := first(
		rule{s.Rows == RowsOne, ErrBy}, rule{s.LookbackDays == 0 && s.HalfLifeDays == 0, ErrLookback},
		rule{s.Items != nil || s.Discovered, ErrPartitions}, rule{!s.Discovered || s.Quantity == 0, ErrCapped},
	)
	if err != nil {
		return err
	}
	switch s.Quantity {
	case 0:
		return first(rule{s.MaxPerCell == 1, ErrBound}, rule{s.Amount == Amount{}, ErrAmount})
	case QuantityEvents:
		return first(rule{s.Amount == Amount{}, ErrAmount})
	case QuantityAmount:
		low, high := s.Amount.Steps()
		return first(rule{s.Amount.valid() && s.Amount.Category == "", ErrAmount},
			rule{s.MaxNorm == 0 && int64(s.MaxPerCell) == max(-low, high), ErrBound})
	}
	return ErrCounted
}

// Given is one contribution of a person to a [Table], as it was handed in. There may
// be several to one partition.
type Given struct {
	Partition string
	Value     int64
}

// Takes reports whether a value may be one of the table: any where people are counted,
// at least 1 of events, and within 2^52 thousandths of zero of amounts.
func (s *Spec) Takes(value int64) bool {
	switch s.Quantity {
	case QuantityEvents:
		return value >= 1
	case QuantityAmount:
		return value >= -maxGiven && value <= maxGiven
	}
	return true
}

const maxGiven = 1 << 52

// Add adds two values of one person in one partition, and reports whether that says
// of the person all that both said.
func (s *Spec) Add(a, b int64) (int64, bool) {
	switch s.Quantity {
	case QuantityEvents:
		most := int64(s.MaxPerCell)
		return min(min(a, most)+min(b, most), most), true
	case QuantityAmount:
		const room = math.MaxInt64 / 2
		if a > room || a < -room || b > room || b < -room {
			return 0, false
		}
		return a + b, true
	}
	return 1, true
}

// tableCells are those of the partitions that count.
func (s *Spec) tableCells(p *Person, window int32) []Cell {
	list := make([]Given, 0, len(p.Given))
	for _, g := range p.Given {
		if (s.Quantity != QuantityEvents || g.Value >= 1) && s.Counts(g.Partition) {
			list = append(list, g)
		}
	}
	slices.SortFunc(list, func(a, b Given) int { return cmp.Compare(a.Partition, b.Partition) })
	cells := make([]Cell, 0, min(len(list), s.MaxItems+1))
	for i := 0; i < len(list); {
		j := i + 1
		for j < len(list) && list[j].Partition == list[i].Partition {
			j++
		}
		cells = append(cells, Cell{Item: list[i].Partition, Value: s.given(list[i:j])})
		i = j
	}
	byItem := func(a, b Cell) int { return cmp.Compare(a.Item, b.Item) }
	cells = Lowest(cells, s.MaxItems, func(c Cell) uint64 { return Rank(&p.Salt, s.Name, window, c.Item) }, byItem)
	slices.SortFunc(cells, byItem)
	cells = slices.DeleteFunc(cells, func(c Cell) bool { return c.Value == 0 }) // amounts that come to nothing
	if !s.Discovered {
		for i := range cells {
			cells[i].Column, _ = slices.BinarySearch(s.Items, cells[i].Item)
		}
	}
	return cells
}

// given returns what a person's contributions to one partition come to, in steps.
func (s *Spec) given(list []Given) int64 {
	switch s.Quantity {
	case QuantityEvents:
		sum := int64(0)
		for _, g := range list {
			sum, _ = s.Add(sum, g.Value)
		}
		return sum * s.Scaled()
	case QuantityAmount:
		// In 128 bits, so that neither order nor number of values matters.
		var hi, lo uint64
		for _, g := range list {
			var carry uint64
			lo, carry = bits.Add64(lo, uint64(g.Value), 0)
			hi, _ = bits.Add64(hi, uint64(g.Value>>63), carry)
		}
		switch sum := int64(lo); {
		case int64(hi) == sum>>63:
			return s.value(sum)
		case int64(hi) < 0:
			return s.value(math.MinInt64)
		}
		return s.value(math.MaxInt64)
	}
	return s.Scaled()
}
