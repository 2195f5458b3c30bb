package contrib

import "slices"

// Histogram counts people by how much they have of something: each person in one
// bin, so that one person changes it by one. It tells what a bound on contributions
// leaves out, before and after the bound is there; see dp.Suggest.
type Histogram struct {
	Name    string
	Purpose string
	Of      Quantity

	// Edges are the lower ends of the bins: 0, then strictly higher; the last bin has
	// no upper end. Optional: 0, 1, 2, 4 and so on to 1024. Of amounts they are in
	// thousandths of the unit, and required.
	Edges []int64

	// Measure names the measure whose kept items are counted, for QuantityItems: those
	// in its look-back, before its bound on a release. It keeps at most MaxItems of a
	// window, so that more are seen of a person over several windows only.
	Measure string

	LookbackDays int    // for QuantityCategories, QuantityEvents and QuantityAmount
	Unit         string // for QuantityAmount
	Category     string // for QuantityAmount: only of events in it or below. Optional

	Noise Law     // of the noise. Optional
	Share float64 // planned part of the window's mu^2, in (0, 1]
}

func (m Histogram) purpose() string { return m.Purpose }

func (m Histogram) check(segments []string) (Spec, error) {
	s := Spec{
		Name: m.Name, Purpose: m.Purpose, Kind: KindHistogram, MaxItems: 1, MaxPerCell: 1,
		LookbackDays: m.LookbackDays, Quantity: m.Of, Of: m.Measure, Edges: slices.Clone(m.Edges), Noise: m.Noise,
		Amount: Amount{Unit: m.Unit, Category: m.Category},
	}
	if m.Edges == nil && m.Of != QuantityAmount {
		s.Edges = []int64{0}
		for e := int64(1); e <= 1024; e *= 2 {
			s.Edges = append(s.Edges, e)
		}
	}
	if err := s.rowsBy(Everybody{}, segments); err != nil {
		return Spec{}, err
	}
	return s.finish(m.Share)
}

// bin returns the column of a number.
func (s *Spec) bin(v int64) int {
	lo, hi := 0, len(s.Edges) // the last edge that is at most v
	for hi-lo > 1 {
		mid := (lo + hi) / 2
		if s.Edges[mid] <= v {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}
