package contrib_test

import (
	"math"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/internal/contrib"
)

// TestNumbersExhaustive: whoever it is, a person has at most one number in each row and
// in at most as many rows as are bounded, and each is what the record adds up to,
// within the bounds.
func TestNumbersExhaustive(t *testing.T) {
	const asOf = contrib.Day(100)
	amount := contrib.Amount{Unit: "EUR", Category: "c", Low: 1000, High: 4000}
	listed := contrib.ByCategory{Categories: contrib.Public{"p", "q"}, Max: 1}
	measures := map[string]contrib.Measure{
		"amounts by segment":  contrib.Quantiles{Name: "m", Purpose: "p", By: contrib.BySegment{Max: 2}, Of: contrib.QuantityAmount, Amount: amount, Ranks: []float64{0.5}, LookbackDays: 7, Share: 1},
		"events of all":       contrib.Quantiles{Name: "m", Purpose: "p", By: contrib.Everybody{}, Of: contrib.QuantityEvents, MaxEvents: 5, Ranks: []float64{0.5}, LookbackDays: 7, Share: 1},
		"events by category":  contrib.Variance{Name: "m", Purpose: "p", By: listed, Of: contrib.QuantityEvents, MaxEvents: 5, LookbackDays: 7, Share: 1},
		"events by segment":   contrib.Variance{Name: "m", Purpose: "p", By: contrib.BySegment{Max: 1}, Of: contrib.QuantityEvents, MaxEvents: 1 << 16, LookbackDays: 7, Share: 1},
		"amounts by category": contrib.Variance{Name: "m", Purpose: "p", By: listed, Of: contrib.QuantityAmount, Amount: amount, LookbackDays: 7, Share: 1},
	}
	act := func(row int, ago contrib.Day, events uint32, amount int64) contrib.Act {
		return contrib.Act{Row: row, Day: asOf - ago, Events: events, Amount: amount}
	}
	parts := []contrib.Act{
		act(0, 0, 1, 900), act(0, 6, 3, 1500), act(0, 7, 50, 1<<50), act(1, -1, 50, 1<<50),
		act(1, 2, 2, 0), act(1, 3, math.MaxUint32, 1<<52), act(0, 0, 0, -5), act(7, 0, 1, 2000),
	}
	names := []string{"a", "b", "c", "elsewhere"}
	for name, m := range measures {
		s, err := contrib.NewSpec(m, []string{"a", "b", "c"})
		if err != nil {
			t.Fatal(name, err)
		}
		low, high := s.Range()
		seen, cut := map[int]bool{}, false
		for set := range 1 << len(parts) {
			for in := range 1 << len(names) {
				p := contrib.Person{}
				p.Salt[0] = byte(set)
				for i, a := range parts {
					if set>>i&1 == 1 {
						p.Days = append(p.Days, a)
					}
				}
				for i, n := range names {
					if in>>i&1 == 1 {
						p.Segments = append(p.Segments, n, n)
					}
				}
				cells := s.Vector(&p, 3, asOf)
				if len(cells) > s.L0() || len(cells) > s.MaxSegments {
					t.Fatalf("%s: one person in %d rows", name, len(cells))
				}
				want := wanted(&s, &p, asOf, low, high)
				for i, c := range cells {
					number, ok := want[c.Row]
					if c.Value != 1 || c.Item != "" || i > 0 && c.Row <= cells[i-1].Row || !ok || int64(c.Column)+low != number || int64(c.Column) > high-low {
						t.Fatalf("%s: %+v of %+v, for numbers %v", name, c, p, want)
					}
					seen[c.Column] = true
				}
				if len(cells) != min(len(want), s.MaxSegments) {
					t.Fatalf("%s: %v of %v", name, cells, want)
				}
				cut = cut || len(want) > s.MaxSegments
			}
		}
		if !seen[0] && s.Quantity == contrib.QuantityAmount || !seen[int(high-low)] || len(seen) < 3 || !cut && s.Rows != contrib.RowsOne {
			t.Errorf("%s: the domain shows too little: %v, %v", name, seen, cut)
		}
	}
}

// wanted adds up, apart from the code, a person's number in each row before rows are
// chosen.
func wanted(s *contrib.Spec, p *contrib.Person, asOf contrib.Day, low, high int64) map[int]int64 {
	want := map[int]int64{}
	in := func(row int) bool {
		switch s.Rows {
		case contrib.RowsSegments:
			return slices.Contains(p.Segments, s.Segments[row])
		case contrib.RowsCategories:
			return slices.ContainsFunc(p.Days, func(a contrib.Act) bool { return a.Row == row && a.Events > 0 && a.Day <= asOf && asOf-a.Day < 7 })
		}
		return slices.ContainsFunc(p.Days, func(a contrib.Act) bool { return a.Events > 0 && a.Day <= asOf && asOf-a.Day < 7 })
	}
	for row := range max(1, len(s.Names())) {
		if !in(row) {
			continue
		}
		sum := int64(0)
		for _, a := range p.Days {
			if a.Day > asOf || asOf-a.Day >= 7 || s.Rows == contrib.RowsCategories && a.Row != row {
				continue
			}
			if s.Quantity == contrib.QuantityEvents {
				sum += int64(a.Events)
			} else {
				sum += max(a.Amount, 0)
			}
		}
		want[row] = min(max(sum, low), high) // the step is 1
	}
	return want
}

// TestExternalDeclarations refuses what breaks a rule of quantiles and variances.
func TestExternalDeclarations(t *testing.T) {
	ok := contrib.Quantiles{Name: "m", Purpose: "p", By: contrib.Everybody{}, Of: contrib.QuantityEvents, MaxEvents: 20, Ranks: []float64{0.9, 0.5, 0, 1}, LookbackDays: 7, Share: 1}
	s, err := contrib.NewSpec(ok, nil)
	if err != nil || s.Columns() != 4 || s.Key(0, 1).Part != "0.5" || s.Key(0, 2).Part != "0.9" || s.Key(0, 3).Part != "1" || s.L0() != 1 || s.LInf() != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	amount := contrib.Amount{Unit: "EUR", High: 100_000}
	with := func(f func(m *contrib.Quantiles)) contrib.Measure { m := ok; f(&m); return m }
	for name, c := range map[string]struct {
		measure contrib.Measure
		want    error
	}{
		"no ranks":           {with(func(m *contrib.Quantiles) { m.Ranks = nil }), contrib.ErrRanks},
		"a rank below 0":     {with(func(m *contrib.Quantiles) { m.Ranks = []float64{-1e-9} }), contrib.ErrRanks},
		"a rank above 1":     {with(func(m *contrib.Quantiles) { m.Ranks = []float64{1.1} }), contrib.ErrRanks},
		"a rank of NaN":      {with(func(m *contrib.Quantiles) { m.Ranks = []float64{math.NaN()} }), contrib.ErrRanks},
		"a rank twice":       {with(func(m *contrib.Quantiles) { m.Ranks = []float64{0.5, 0.5000001} }), contrib.ErrRanks},
		"65 ranks":           {with(func(m *contrib.Quantiles) { m.Ranks = many(65) }), contrib.ErrRanks},
		"no rows":            {with(func(m *contrib.Quantiles) { m.By = nil }), contrib.ErrBy},
		"no events":          {with(func(m *contrib.Quantiles) { m.MaxEvents = 0 }), contrib.ErrBound},
		"too many events":    {with(func(m *contrib.Quantiles) { m.MaxEvents = 1<<16 + 1 }), contrib.ErrBound},
		"of segments":        {with(func(m *contrib.Quantiles) { m.Of = contrib.QuantitySegments }), contrib.ErrAmount},
		"of nothing":         {with(func(m *contrib.Quantiles) { m.Of = 0 }), contrib.ErrAmount},
		"events and amounts": {with(func(m *contrib.Quantiles) { m.Amount = amount }), contrib.ErrAmount},
		"amounts and events": {with(func(m *contrib.Quantiles) { m.Of, m.Amount = contrib.QuantityAmount, amount }), contrib.ErrBound},
		"amount without":     {with(func(m *contrib.Quantiles) { m.Of, m.MaxEvents = contrib.QuantityAmount, 0 }), contrib.ErrAmount},
		"equal bounds": {with(func(m *contrib.Quantiles) {
			m.Of, m.MaxEvents, m.Amount = contrib.QuantityAmount, 0, contrib.Amount{Unit: "EUR", Low: 5, High: 5}
		}), contrib.ErrAmount},
		"no look-back":      {with(func(m *contrib.Quantiles) { m.LookbackDays = 0 }), contrib.ErrLookback},
		"no share":          {with(func(m *contrib.Quantiles) { m.Share = 0 }), contrib.ErrShare},
		"variance, no look": {contrib.Variance{Name: "m", Purpose: "p", By: contrib.Everybody{}, Of: contrib.QuantityEvents, MaxEvents: 3, Share: 1}, contrib.ErrLookback},
	} {
		if _, err := contrib.NewSpec(c.measure, nil); err != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, f := range map[string]func(s *contrib.Spec){
		"Laplace asked for": func(s *contrib.Spec) { s.Noise = contrib.Laplace }, "two a row": func(s *contrib.Spec) { s.MaxPerCell = 2 },
		"norm": func(s *contrib.Spec) { s.MaxNorm = 1 }, "ranks of sums": func(s *contrib.Spec) { s.Kind, s.Quantity = contrib.KindEvents, 0 },
		"ranks of a variance": func(s *contrib.Spec) { s.Kind = contrib.KindVariance }, "ranks out of order": func(s *contrib.Spec) { s.Ranks = []int64{2, 1} },
	} {
		broken := s
		if f(&broken); broken.Check() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	for _, text := range []string{"", "0.50", ".5", "5e-1", "1.0", "-0", "0.0000001", "1.000001", "NaN", "+0.5", "0x1"} {
		if contrib.ValidRankText(text) {
			t.Errorf("%q is a rank", text)
		}
	}
	for r := range int64(1_000_001) {
		if r%997 == 0 && !contrib.ValidRankText(contrib.RankText(r)) {
			t.Fatal(contrib.RankText(r))
		}
	}
}

func many(n int) (list []float64) {
	for i := range n {
		list = append(list, float64(i)/100)
	}
	return list
}
