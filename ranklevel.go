package discreet

import (
	"math"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/segment/rank"
)

// Levels asks which of several tables to release and rank with. What it says of people
// comes from an earlier release, a plan or from elsewhere, never from a raw count: which
// table is released can be seen.
type Levels struct {
	Measures []string // SegmentItems, CategoryItems and ItemTotals measures, from the finest to the coarsest
	Share    float64  // of the window's budget that the release would get, as in a Query
	People   float64  // that are expected to count; above 0
	Rows     float64  // segments, or categories, that one of them counts in on average; above 0
	Items    float64  // that one of them has within the lookback on average; above 0
	Least    float64  // what a cell holds for each standard deviation of its noise at the least; 0.5 is a good one
}

// RankLevel returns the measure to release and to hand to Rank: the finest whose cells
// are predicted to stand out of their noise by Least, or the coarsest where none does. It
// takes noise, bounds and half-lives from the plan and the declared measures, reads no
// data and spends nothing. Each item of a person is taken to count once in a row. Of a
// discovered table the items are those of Config.Catalog.
//
// It returns ErrNoTable, the error of a share as Release does, and rank.ErrLevel for numbers
// out of range, or a discovered table without a Catalog.
func (e *Engine) RankLevel(l Levels) (measure string, err error) {
	share, err := contrib.ShareNano(l.Share)
	if err != nil {
		return "", err
	}
	if !(l.Rows > 0) || !(l.Items > 0) {
		return "", rank.ErrLevel
	}
	var levels []rank.Level
	for _, name := range l.Measures {
		room, index, ok := e.measure(name)
		if !ok || !rankable(room.specs[index].Kind) {
			return "", ErrNoTable
		}
		s := &room.specs[index]
		p, err := e.plan.Predict(name, share)
		if err != nil {
			return "", err
		}
		columns := s.Columns()
		if s.Discovered {
			columns = len(e.cfg.Catalog)
		}
		levels = append(levels, rank.Level{
			Cells: max(1, len(s.Names())) * columns, People: l.People, PerPerson: perPerson(s, l.Rows, l.Items),
			StdDev: p.Noise.StdDev * float64(p.Step) / float64(p.Per),
		})
	}
	at, err := rank.PickLevel(levels, l.Least)
	if err != nil {
		return "", err
	}
	return l.Measures[at], nil
}

// perPerson returns what a person adds to a table of items, within its bounds.
func perPerson(s *contrib.Spec, rows, items float64) float64 {
	cells := min(rows, float64(s.MaxSegments)) * min(items, float64(s.MaxItems))
	each := 1.0
	if s.HalfLifeDays > 0 {
		// The mean over the lookback of what halves every so many days.
		each = 0
		for age := range s.LookbackDays {
			each += math.Exp2(-float64(age)/float64(s.HalfLifeDays)) / float64(s.LookbackDays)
		}
	}
	if s.MaxNorm > 0 { // alike in all cells, a vector of that norm
		each = min(each, float64(s.MaxNorm)/math.Sqrt(cells))
	}
	return cells * each
}
