package contrib

// What the numbers of a table are of, where that is no unit of amounts.
const (
	UnitPeople = "people"
	UnitEvents = "events"
)

// Unit returns what the steps of a measure are: a value of its table times step/per is
// a number of unit. For means with both parts it is that of the sums.
func (s *Spec) Unit() (unit string, step, per int64) {
	switch {
	case s.Kind == KindSums || s.Kind == KindMeans, (s.External() || s.Kind == KindTable) && s.Quantity == QuantityAmount:
		return s.Amount.Unit, s.Amount.Step(), 1000
	case s.Kind == KindEvents || s.External(), s.Kind == KindTable && s.Quantity == QuantityEvents, s.KeepsItems() && s.MaxPerCell > 1:
		return UnitEvents, 1, s.Scaled()
	}
	return UnitPeople, 1, s.Scaled()
}
