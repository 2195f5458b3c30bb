package contrib

import "github.com/discreet-go/discreet/internal/envelope"

// Check holds what sensitivity rests on, whoever filled the Spec in: everything
// but ShareNano. It takes one pass over the public keys.
func (s *Spec) Check() error {
	if !ValidName(s.Name) || !ValidName(s.Purpose) || s.Of != "" && !ValidName(s.Of) {
		return ErrName
	}
	if s.MaxSegments < 1 || s.MaxSegments > MaxSegments || s.MaxItems < 1 || s.MaxItems > MaxItems ||
		s.MaxPerCell < 1 || s.MaxPerCell > MaxPerCell || s.MaxNorm < 0 || s.MaxNorm > MaxPerCell/Per ||
		!envelope.Bounds(int64(s.L0()), int64(s.MaxPerCell)*s.Scaled()) { // before a norm: see scaled
		return ErrBound
	}
	if err := s.checkKeys(); err != nil {
		return err
	}
	if err := s.checkKind(); err != nil {
		return err
	}
	if s.HalfLifeDays < 0 || s.HalfLifeDays > MaxHalfLifeDays || s.weights.halfLife != s.HalfLifeDays ||
		s.HalfLifeDays > 0 && len(s.weights.steps) != s.LookbackDays {
		return ErrHalfLife
	}
	if s.Noise > Laplace || s.Noise == Laplace && (s.Discovered || s.Parts() > 1) || s.Noise != Automatic && s.Kind == KindKeys ||
		s.Noise != Gaussian && s.Kind == KindGroups {
		return ErrNoise
	}
	return nil
}

// checkKeys holds that keys are sorted, valid and not too many.
func (s *Spec) checkKeys() error {
	rows := s.Names()
	if s.Rows > RowsGroups || s.Rows != RowsOne && !sortedKeys(rows) || s.Items != nil && !sortedKeys(s.Items) {
		return ErrPartitions
	}
	for _, list := range []struct {
		rows  Rows
		names []string
	}{{RowsSegments, s.Segments}, {RowsCategories, s.Categories}, {RowsGroups, s.Groups}} {
		if list.rows != s.Rows && list.names != nil {
			return ErrPartitions
		}
	}
	if s.Kind == KindItemPairs && len(s.Items) > 1<<12 || s.Columns() > MaxPublic/max(1, len(rows)) {
		return ErrBound
	}
	switch {
	case !s.Discovered && s.MinPeople != 0, s.Discovered && (s.MinPeople < MinMinPeople || s.MinPeople > MaxMinPeople):
		return ErrMinPeople
	case s.Discovered && s.Items != nil:
		return ErrPartitions
	case s.Discovered && (s.MaxPerCell != 1 || s.HalfLifeDays != 0 || s.MaxNorm != 0):
		return ErrCapped
	}
	return nil
}

// sortedKeys reports whether list is a strictly ascending list of valid keys.
func sortedKeys(list []string) bool {
	if len(list) == 0 || len(list) > MaxPublic || !ValidKey(list[0]) {
		return false
	}
	for i, k := range list[1:] {
		if k <= list[i] || !ValidKey(k) {
			return false
		}
	}
	return true
}

// lookback reports whether the look-back is one.
func (s *Spec) lookback() bool { return s.LookbackDays >= 1 && s.LookbackDays <= MaxLookbackDays }

// rule is a condition and the error of breaking it.
type rule struct {
	holds bool
	err   error
}

// first returns the error of the first rule that does not hold.
func first(rules ...rule) error {
	for _, r := range rules {
		if !r.holds {
			return r.err
		}
	}
	return nil
}

// checkKind holds what is true of a kind of measure.
func (s *Spec) checkKind() error {
	items, groups, table := s.KeepsItems(), s.Kind == KindGroups, s.Kind == KindTable
	err := first(
		rule{groups || table || items == (s.Items != nil || s.Discovered), ErrPartitions},
		rule{groups == (s.Rows == RowsGroups) && (s.Rows != RowsOne || s.MaxSegments == 1), ErrBy},
		rule{groups || table || items || s.MaxItems == 1, ErrBound},
		rule{s.Kind == KindHistogram || s.Edges == nil && (table || s.Quantity == 0 || s.External()), ErrEdges},
		rule{s.External() || s.MaxEvents == 0 && s.Ranks == nil, ErrRanks},
		rule{s.Kind == KindHistogram || s.Kind == KindMeans || s.Of == "", ErrName},
		rule{groups || !s.Outcomes, ErrPartitions},
		rule{s.Kind == KindSegmentSizes || !s.Series, ErrPartitions},
		rule{groups == ValidName(s.Attribute) && (groups || s.Attribute == ""), ErrName},
		rule{s.Kind == KindSums || s.Kind == KindMeans || s.Kind == KindHistogram || table || s.External() || s.Amount == Amount{}, ErrAmount},
	)
	if err != nil {
		return err
	}
	one := s.MaxPerCell == 1
	plain := s.HalfLifeDays == 0 && s.MaxNorm == 0
	days, timeless := s.lookback(), s.LookbackDays == 0
	switch s.Kind {
	case KindSegmentSizes:
		return first(rule{s.Rows == RowsSegments, ErrBy}, rule{timeless, ErrLookback}, rule{one && s.HalfLifeDays == 0, ErrBound})
	case KindSegmentItems:
		return first(rule{s.Rows == RowsSegments, ErrBy}, rule{days, ErrLookback})
	case KindPeople:
		return first(rule{s.Rows != RowsSegments, ErrBy}, rule{days, ErrLookback}, rule{one && s.HalfLifeDays == 0, ErrBound})
	case KindEvents:
		return first(rule{days, ErrLookback})
	case KindSums, KindMeans:
		low, high := s.Amount.Steps()
		center := s.Center()
		return first(rule{days, ErrLookback}, rule{s.Amount.valid(), ErrAmount},
			rule{plain && int64(s.MaxPerCell) == max(center-low, high-center), ErrBound},
			rule{s.Of == "" || s.Rows == RowsSegments, ErrBy})
	case KindItemTotals:
		return first(rule{s.Rows == RowsOne, ErrBy}, rule{days, ErrLookback})
	case KindKeys:
		return first(rule{s.Rows == RowsOne, ErrBy}, rule{days, ErrLookback}, rule{s.Discovered, ErrPartitions})
	case KindCategoryItems:
		return first(rule{s.Rows == RowsCategories, ErrBy}, rule{days, ErrLookback})
	case KindItemPairs:
		return first(rule{s.Rows == RowsOne, ErrBy}, rule{days, ErrLookback},
			rule{!s.Discovered && len(s.Items) >= 2, ErrPartitions}, rule{one && s.MaxItems >= 2, ErrBound})
	case KindHistogram:
		return first(rule{s.Rows == RowsOne, ErrBy}, rule{one && plain, ErrBound}, rule{s.edges(), ErrEdges}, s.quantity())
	case KindTable:
		return s.checkTable()
	case KindGroups:
		return first(rule{s.Items != nil && !s.Discovered, ErrPartitions}, rule{s.MaxSegments == 1 && one && plain, ErrBound}, rule{timeless, ErrLookback})
	case KindQuantiles, KindVariance:
		return s.checkExternal()
	}
	return ErrPartitions
}

// quantity holds what a histogram is of.
func (s *Spec) quantity() rule {
	switch s.Quantity {
	case QuantitySegments:
		return rule{s.LookbackDays == 0 && s.Of == "" && s.Amount == Amount{}, ErrQuantity}
	case QuantityItems:
		return rule{s.LookbackDays == 0 && s.Of != "" && s.Amount == Amount{}, ErrQuantity}
	case QuantityCategories, QuantityEvents:
		return rule{s.lookback() && s.Of == "" && s.Amount == Amount{}, ErrQuantity}
	case QuantityAmount:
		return rule{s.lookback() && s.Of == "" && s.Amount.unit(), ErrQuantity}
	}
	return rule{false, ErrQuantity}
}

// edges reports whether the edges are 0 and then strictly higher.
func (s *Spec) edges() bool {
	if len(s.Edges) < 1 || len(s.Edges) > MaxEdges || s.Edges[0] != 0 {
		return false
	}
	for i, e := range s.Edges[1:] {
		if e <= s.Edges[i] {
			return false
		}
	}
	return true
}
