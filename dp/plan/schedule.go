package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/discreet-go/discreet/dp"
)

// Allocated is a line of a period and what each of its releases gets.
type Allocated struct {
	Line  string
	Times int
	Each  Prediction // of one release; Each.Share() is what a query asks for
}

// Schedule is a period whose budget is split: what [Allocate] makes. It does not
// change and is safe for concurrent use.
type Schedule struct {
	plan     *Plan
	lines    []Allocated
	measures []dp.Measure // one for each measure of the plan, with any share
}

// Plan returns the plan, in which each measure has the sum of its releases. An engine
// with the Budget, the ReserveShare and the Measures of the schedule has the same.
func (s *Schedule) Plan() *Plan { return s.plan }

// Lines returns what the lines get, in the order of declaration.
func (s *Schedule) Lines() []Allocated { return slices.Clone(s.lines) }

// Measures returns the measures, each once, with the share that all its releases
// take together: what goes into an engine's Config.
func (s *Schedule) Measures() []dp.Measure {
	list := make([]dp.Measure, len(s.measures))
	for i, m := range s.measures {
		list[i] = dp.Planned(m, float64(s.plan.specs[i].ShareNano)/nano)
	}
	return list
}

// Share returns the share of mu^2 of one release of a line: what goes into a query.
// It returns ErrUndeclared for a line that the period does not have.
func (s *Schedule) Share(line string) (float64, error) {
	q, err := s.Predict(line)
	return q.Share(), err
}

// Predict returns what one release of a line gets, or ErrUndeclared.
func (s *Schedule) Predict(line string) (Prediction, error) {
	for _, l := range s.lines {
		if l.Line == line {
			return l.Each, nil
		}
	}
	return Prediction{}, ErrUndeclared
}

// Sheet returns the budget sheet of the period, a text table: for every line how
// often it is released, the share of mu^2 of each release and of all, the scale of
// the noise, the 95 % margin, the threshold of discovered cells, and the smallest
// count known within 10 %.
func (s *Schedule) Sheet() string {
	var b strings.Builder
	s.plan.head(&b)
	rows := [][]string{{"release", "times", "each of mu^2", "together", "sigma", "± at 95 %", "threshold", "within 10 % from"}}
	left := int64(nano)
	for _, l := range s.lines {
		all := l.Each.ShareNano * int64(l.Times)
		left -= all
		row := []string{l.Line, fmt.Sprint(l.Times), percent(l.Each.Share()), percent(float64(all) / nano)}
		rows = append(rows, slices.Concat(row, l.Each.noiseTexts(), l.Each.errorTexts()[3:]))
	}
	rows = append(rows, []string{"not planned", "", "", unplanned(left)})
	align(&b, rows)
	return b.String()
}
