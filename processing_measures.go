package discreet

import (
	"fmt"
	"strconv"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
)

// ProcessingMeasure is an aggregate that may be published, with its bounds and
// what a release of it shows at its planned share.
type ProcessingMeasure struct {
	Name         string  `json:"name"`
	Counts       string  `json:"counts"`      // "people", "events", "amounts", "people and amounts", "items": which are there, without numbers; "quantiles" or "variance"
	Of           string  `json:"of"`          // "segments", "segments and items", "everybody", "categories", "items", ...: what has a number of its own
	MaxCells     int     `json:"max_cells"`   // that one person changes
	MaxInCell    int64   `json:"max_in_cell"` // the most one person changes a cell by
	LookbackDays int     `json:"lookback_days,omitempty"`
	Share        float64 `json:"share"`               // of what a window may reveal
	Margin       int64   `json:"margin"`              // a released number ± Margin holds the bounded one, 95 times in 100
	Threshold    int64   `json:"threshold,omitempty"` // an item that nobody declared shows from about so many people on
	Since        string  `json:"since"`               // first day that it counts

	// Where a person counts by weight, or amounts are added up: MaxInCell and Margin,
	// times Step/Per, are numbers of Unit.
	Unit         string `json:"unit,omitempty"`
	Step         int64  `json:"step,omitempty"`
	Per          int64  `json:"per,omitempty"`
	HalfLifeDays int    `json:"half_life_days,omitempty"` // an event weighs half as much for every so many days
	MaxNorm      int    `json:"max_norm,omitempty"`       // root of the sum of the squares of what one person changes, at most
	Low          int64  `json:"low_milli,omitempty"`      // bounds of one person's sum of amounts, in thousandths of Unit
	High         int64  `json:"high_milli,omitempty"`
	Denominators string `json:"denominators,omitempty"` // the measure whose people the amounts are a mean over
	CountMargin  int64  `json:"count_margin,omitempty"` // of people, beside amounts
	About        string `json:"about,omitempty"`        // what quantiles and variances are of: "events" or "amounts"
	DrawnBy      string `json:"drawn_by,omitempty"`     // another library, whose noise and proof it is; Margin is then not known
	MinPeople    int64  `json:"min_people,omitempty"`   // an item that nobody declared never shows with fewer, where that is more than 2
}

func (e *Engine) processingMeasure(s *contrib.Spec) ProcessingMeasure {
	m := ProcessingMeasure{
		Name: s.Name, Counts: contrib.UnitPeople, Of: ofWords(s), MaxCells: s.L0(), MaxInCell: s.LInf(),
		LookbackDays: s.LookbackDays, Share: float64(s.ShareNano) / 1e9, Since: timeOf(e.since[s.Name]).Format(time.DateOnly),
		HalfLifeDays: s.HalfLifeDays, MaxNorm: s.MaxNorm,
	}
	unit, step, per := s.Unit()
	if per > 1 {
		m.Unit, m.Step, m.Per = unit, step, per
	}
	switch s.Kind {
	case contrib.KindSums, contrib.KindMeans:
		m.Counts, m.Low, m.High = "amounts", s.Amount.Low, s.Amount.High
		if m.Denominators = s.Of; s.Parts() == 2 {
			m.Counts = "people and amounts"
		}
	case contrib.KindKeys:
		m.Counts = "items"
	case contrib.KindQuantiles, contrib.KindVariance:
		m.Counts, m.About, m.DrawnBy = s.Kind.String(), contrib.UnitEvents, e.cfg.External.Module()
		m.High = int64(s.MaxEvents) * 1000
		if m.Unit = unit; s.Quantity == contrib.QuantityAmount {
			m.About, m.Low, m.High = "amounts", s.Amount.Low, s.Amount.High
		}
	case contrib.KindTable:
		if m.Counts = unit; s.Quantity == contrib.QuantityAmount {
			m.Counts, m.Low, m.High = "amounts", s.Amount.Low, s.Amount.High
		}
	default:
		if unit == contrib.UnitEvents {
			m.Counts = contrib.UnitEvents
		}
	}
	if s.MinPeople > contrib.MinMinPeople {
		m.MinPeople = int64(s.MinPeople)
	}
	for _, q := range e.plan.Predictions() {
		if q.Measure == s.Name {
			m.Margin, m.Threshold, m.CountMargin = q.Noise.Margin, max(q.Noise.Threshold, q.Noise.Even), q.Noise.CountMargin
		}
	}
	return m
}

// ofWords says what of a measure has a number of its own.
func ofWords(s *contrib.Spec) string {
	rows := [...]string{contrib.RowsSegments: "segments", contrib.RowsOne: "everybody", contrib.RowsCategories: "categories", contrib.RowsGroups: "groups"}[s.Rows]
	switch s.Kind {
	case contrib.KindSegmentItems, contrib.KindCategoryItems:
		return rows + " and items"
	case contrib.KindItemTotals, contrib.KindKeys:
		return "items"
	case contrib.KindItemPairs:
		return "pairs of items"
	case contrib.KindTable:
		return "partitions of what a batch job hands in"
	case contrib.KindGroups:
		return "groups and campaigns"
	case contrib.KindHistogram:
		switch s.Quantity {
		case contrib.QuantitySegments:
			return "number of segments"
		case contrib.QuantityItems:
			return "number of items that are kept for " + s.Of
		case contrib.QuantityCategories:
			return "number of categories"
		case contrib.QuantityEvents:
			return "number of events"
		}
		return "sum of amounts in " + s.Amount.Unit
	}
	return rows
}

// words says what a measure publishes, and how exactly.
func (m *ProcessingMeasure) words() string {
	s := "Measure " + m.Name
	switch m.Counts {
	case "items":
		s += fmt.Sprintf(" lists items, without numbers; one person counts with at most %s. Published at its planned share, %.3g %% of a window", count(int64(m.MaxCells), "item"), 100*m.Share)
		return s + m.found() + "."
	case "quantiles", "variance":
		s += fmt.Sprintf(" gives the %s of the numbers of events of people by %s", m.Counts, m.Of)
		if m.About == "amounts" {
			s = fmt.Sprintf("Measure %s gives the %s of the sums of amounts of people in %s by %s", m.Name, m.Counts, m.Unit, m.Of)
		}
		return s + fmt.Sprintf("; that of one person counts as at least %s and at most %s, in at most %s. Published at its planned share, %.3g %% of a window,"+
			" with noise of %s, whose proof is its authors'; how exact it is depends on the data.",
			thousandths(m.Low), thousandths(m.High), count(int64(m.MaxCells), "row"), 100*m.Share, m.DrawnBy)
	case "amounts", "people and amounts":
		if s += " adds up amounts"; m.Counts != "amounts" {
			s = "Measure " + m.Name + " counts people and adds up amounts"
		}
		s += fmt.Sprintf(" in %s by %s", m.Unit, m.Of)
		if m.Denominators != "" {
			s += ", for means over the people of " + m.Denominators
		}
		s += fmt.Sprintf("; the sum of one person counts as at least %s and at most %s", thousandths(m.Low), thousandths(m.High))
	default:
		s += fmt.Sprintf(" counts %s by %s", m.Counts, m.Of)
	}
	if m.HalfLifeDays > 0 {
		s += ", half as much for every " + count(int64(m.HalfLifeDays), "day") + " that went by"
	}
	s += fmt.Sprintf("; one person changes at most %s, each by at most %s", count(int64(m.MaxCells), "number"), m.number(m.MaxInCell))
	if m.MaxNorm > 0 {
		s += fmt.Sprintf(", and all of them by a norm of at most %d", m.MaxNorm)
	}
	s += fmt.Sprintf(". Published at its planned share, %.3g %% of a window, a number is exact to ±%s, 95 times in 100", 100*m.Share, m.number(m.Margin))
	if m.CountMargin > 0 {
		s += fmt.Sprintf(", one of people to ±%d", m.CountMargin)
	}
	return s + m.found() + "."
}

// found says from how many people on an item shows that nobody declared.
func (m *ProcessingMeasure) found() (s string) {
	if m.Threshold > 0 {
		s = fmt.Sprintf(", and an item that was found in the data shows from about %d people on", m.Threshold)
	}
	if m.MinPeople > 0 {
		s += fmt.Sprintf(", and never with fewer than %d", m.MinPeople)
	}
	return s
}

// number writes what is in steps as a number of the unit.
func (m *ProcessingMeasure) number(v int64) string {
	switch {
	case m.Per <= 1:
		return strconv.FormatInt(v, 10)
	case m.Per == 1000:
		return thousandths(v*m.Step) + " " + m.Unit
	}
	return fmt.Sprintf("%.4g", float64(v)*float64(m.Step)/float64(m.Per))
}

// thousandths writes an amount.
func thousandths(v int64) string {
	return strconv.FormatFloat(float64(v)/1000, 'f', -1, 64)
}
