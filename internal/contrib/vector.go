package contrib

import (
	"cmp"
	"math"
	"slices"
)

// Vector returns the person's bounded contribution to the measure: at most L0
// distinct cells, each at most LInf in size, with squares that add up to at most
// L2Squared, whatever the person holds. asOf is the last day that counts. The result
// is a function of the arguments alone, sorted by row, then column or item.
func (s *Spec) Vector(p *Person, window int32, asOf Day) []Cell {
	var cells []Cell
	switch s.Kind {
	case KindSegmentItems, KindItemTotals, KindCategoryItems, KindKeys:
		cells = s.itemCells(p, window, asOf)
	case KindTable:
		cells = s.tableCells(p, window)
	case KindItemPairs:
		cells = s.pairCells(p, window, asOf)
	case KindHistogram:
		return s.histogramCell(p, window, asOf)
	case KindGroups:
		return s.groupCells(p, window)
	case KindQuantiles, KindVariance:
		return s.numberCells(p, window, asOf)
	default:
		cells = s.rowCells(p, window, asOf)
	}
	if s.MaxNorm > 0 {
		cells = scaled(cells, int64(s.MaxNorm)*s.Scaled())
	}
	return cells
}

// rowCells are those of a measure with one or two cells for each row.
func (s *Spec) rowCells(p *Person, window int32, asOf Day) []Cell {
	rows := s.rows(p, window, asOf)
	cells := make([]Cell, 0, len(rows)*s.Parts())
	for _, row := range rows {
		value := s.Scaled()
		switch s.Kind {
		case KindEvents:
			value = s.events(p, row, asOf)
		case KindSums:
			value = s.value(s.amount(p, row, asOf))
		case KindMeans:
			value = s.value(s.amount(p, row, asOf))
			if s.Parts() == 2 {
				cells = append(cells, Cell{Row: row, Value: 1})
			}
		}
		if value != 0 {
			cells = append(cells, Cell{Row: row, Column: s.Parts() - 1, Value: value})
		}
	}
	return cells
}

// rows returns the indexes of the rows in which the person counts, sorted.
func (s *Spec) rows(p *Person, window int32, asOf Day) []int {
	switch s.Rows {
	case RowsSegments:
		return s.segments(p, window)
	case RowsCategories:
		return s.categories(p, window, asOf)
	}
	if s.KeepsItems() {
		return []int{0}
	}
	for i := range p.Days {
		if s.within(p.Days[i].Day, asOf) && p.Days[i].Events > 0 {
			return []int{0}
		}
	}
	return nil
}

// within reports whether a day lies in the look-back.
func (s *Spec) within(day, asOf Day) bool {
	return day <= asOf && int64(asOf)-int64(day) < int64(s.LookbackDays)
}

// categories returns the indexes of the categories that count, sorted.
func (s *Spec) categories(p *Person, window int32, asOf Day) []int {
	idx := make([]int, 0, len(p.Days))
	for i := range p.Days {
		a := &p.Days[i]
		if a.Row >= 0 && a.Row < len(s.Categories) && a.Events > 0 && s.within(a.Day, asOf) {
			idx = append(idx, a.Row)
		}
	}
	slices.Sort(idx)
	idx = slices.Compact(idx)
	if len(idx) > s.MaxSegments {
		measure := s.Name + "/row"
		idx = Lowest(idx, s.MaxSegments, func(i int) uint64 {
			return Rank(&p.Salt, measure, window, s.Categories[i])
		}, cmp.Compare[int])
		slices.Sort(idx)
	}
	return idx
}

// counts reports whether an act counts in a row.
func (s *Spec) counts(a *Act, row int, asOf Day) bool {
	return (s.Rows != RowsCategories || a.Row == row) && s.within(a.Day, asOf)
}

// events returns what a person's events in a row come to: at most LInf.
func (s *Spec) events(p *Person, row int, asOf Day) int64 {
	sum := int64(0) // below 2^62 whatever the length: it is cut as it grows
	for i := range p.Days {
		if a := &p.Days[i]; s.counts(a, row, asOf) {
			sum = min(sum+int64(a.Events)*s.weight(a.Day, asOf), math.MaxInt64/2)
		}
	}
	return min(sum, int64(s.MaxPerCell)*s.Scaled())
}

// amount returns the sum of a person's amounts in a row.
func (s *Spec) amount(p *Person, row int, asOf Day) int64 {
	sum := int64(0)
	for i := range p.Days {
		if a := &p.Days[i]; s.counts(a, row, asOf) {
			sum = min(sum+min(max(a.Amount, 0), 1<<52), math.MaxInt64/2)
		}
	}
	return sum
}

// weight returns the weight of an event of a day in the look-back, in steps.
func (s *Spec) weight(day, asOf Day) int64 {
	if s.HalfLifeDays == 0 {
		return s.Scaled()
	}
	return s.weights.steps[asOf-day]
}

// itemCells are those of the rows in which a person counts times the items that
// count.
func (s *Spec) itemCells(p *Person, window int32, asOf Day) []Cell {
	rows := s.rows(p, window, asOf)
	if len(rows) == 0 {
		return nil
	}
	items := s.items(p, window, asOf)
	cells := make([]Cell, 0, len(rows)*len(items))
	for _, it := range items {
		c := Cell{Row: rows[0], Item: it.Item, Value: int64(it.Count) * s.weight(it.Day, asOf)}
		if c.Value == 0 {
			continue // so old that it weighs nothing
		}
		if !s.Discovered {
			c.Column, _ = slices.BinarySearch(s.Items, it.Item)
		}
		cells = append(cells, c)
	}
	first := cells
	for _, row := range rows[1:] { // the same items again
		for _, c := range first {
			c.Row = row
			cells = append(cells, c)
		}
	}
	return cells
}

// pairCells are those of all pairs of the items that count.
func (s *Spec) pairCells(p *Person, window int32, asOf Day) []Cell {
	items := s.items(p, window, asOf)
	n := len(s.Items)
	cells := make([]Cell, 0, len(items)*max(0, len(items)-1)/2)
	for i, a := range items {
		first, _ := slices.BinarySearch(s.Items, a.Item)
		before := first * (2*n - first - 1) / 2 // pairs of the items before it
		for _, b := range items[i+1:] {
			second, _ := slices.BinarySearch(s.Items, b.Item)
			if value := s.weight(min(a.Day, b.Day), asOf); value > 0 {
				cells = append(cells, Cell{Column: before + second - first - 1, Value: value})
			}
		}
	}
	return cells
}

// histogramCell is the bin of a person: one cell, of 1. Whoever has nothing is in the
// first bin.
func (s *Spec) histogramCell(p *Person, window int32, asOf Day) []Cell {
	n := int64(0)
	switch s.Quantity {
	case QuantitySegments:
		names := slices.Clone(p.Segments)
		slices.Sort(names)
		n = int64(len(slices.Compact(names)))
	case QuantityItems:
		names := make([]string, 0, len(p.Items))
		for _, e := range p.Items {
			if e.Day <= asOf && e.Count > 0 {
				names = append(names, e.Item)
			}
		}
		slices.Sort(names)
		n = int64(len(slices.Compact(names)))
	case QuantityCategories:
		rows := make([]int, 0, len(p.Days))
		for _, a := range p.Days {
			if a.Events > 0 && s.within(a.Day, asOf) {
				rows = append(rows, a.Row)
			}
		}
		slices.Sort(rows)
		n = int64(len(slices.Compact(rows)))
	case QuantityEvents:
		for _, a := range p.Days {
			if s.within(a.Day, asOf) {
				n = min(n+int64(a.Events), math.MaxInt64/2)
			}
		}
	case QuantityAmount:
		n = s.amount(p, 0, asOf)
	}
	return []Cell{{Column: s.bin(n), Value: 1}}
}

// groupCells are those of the campaigns that count, of a person whose group is one.
func (s *Spec) groupCells(p *Person, window int32) []Cell {
	row, ok := slices.BinarySearch(s.Groups, p.Group)
	if !ok {
		return nil
	}
	parts := len(s.parts())
	type known struct{ campaign, part int }
	list := make([]known, 0, len(p.Reached))
	for _, c := range p.Reached {
		i, ok := slices.BinarySearch(s.Items, c.Name)
		part := 0
		switch {
		case !ok, s.Outcomes && c.Outcome != OutcomeNo && c.Outcome != OutcomeYes:
			continue
		case s.Outcomes && c.Reached:
			part = 2
		case c.Reached:
			part = 1
		}
		if s.Outcomes && c.Outcome == OutcomeYes {
			part++
		}
		list = append(list, known{i, part})
	}
	order := func(a, b known) int { return cmp.Or(cmp.Compare(a.campaign, b.campaign), cmp.Compare(b.part, a.part)) }
	slices.SortFunc(list, order)
	list = slices.CompactFunc(list, func(a, b known) bool { return a.campaign == b.campaign })
	list = Lowest(list, s.MaxItems, func(k known) uint64 {
		return Rank(&p.Salt, s.Name, window, s.Items[k.campaign])
	}, order)
	slices.SortFunc(list, order)
	cells := make([]Cell, len(list))
	for i, k := range list {
		cells[i] = Cell{Row: row, Column: k.campaign*parts + k.part, Value: 1}
	}
	return cells
}
