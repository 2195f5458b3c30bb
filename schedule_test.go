package discreet_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/dp/plan"
)

// TestScheduleIsReleased opens an engine with what a schedule says and releases every
// line as often as planned: each is as predicted, all fit, and nothing more does.
func TestScheduleIsReleased(t *testing.T) {
	names := []string{}
	for _, d := range worldSegments {
		names = append(names, d.Name)
	}
	s, err := plan.Allocate(plan.Period{
		Budget:   dp.Budget{Epsilon: 2, Delta: 1e-6, WindowDays: 30},
		Segments: map[string][]string{discreettest.Purpose: names},
		Lines: []plan.Line{
			{Name: "daily", Measure: worldMeasures[0], Times: 5, Target: plan.Target{Relative: 0.1, At: 400}},
			{Name: "again", Measure: worldMeasures[0], Times: 1, Share: 0.05},
			{Name: "views", Measure: worldMeasures[1], Times: 2, Weight: 1},
			{Name: "found", Measure: worldMeasures[2], Times: 2, Weight: 3},
		},
	})
	check(t, err)
	e := discreettest.Open(t, discreet.Config{Segments: worldSegments, Measures: s.Measures(), Budget: s.Plan().Budget()})
	if e.Plan().Sheet() != s.Plan().Sheet() {
		t.Errorf("the engine planned\n%s\nthe schedule is\n%s", e.Plan().Sheet(), s.Plan().Sheet())
	}
	ctx := t.Context()
	release := func(line plan.Allocated, name string) (dp.Release, error) {
		share, err := s.Share(line.Line)
		check(t, err)
		return e.Release(ctx, discreet.Query{Name: name, Measure: line.Each.Measure, Share: share}, operator)
	}
	for _, line := range s.Lines() {
		for i := range line.Times {
			r, err := release(line, fmt.Sprint(line.Line, "-", i))
			check(t, err)
			if h, n := r.Header(), line.Each.Noise; h.Sigma != n.Sigma || h.StdDev != n.StdDev || h.Margin != n.Margin || h.Threshold != n.Threshold || h.Delta != n.Delta {
				t.Errorf("%s: predicted %+v, released %+v", line.Line, n, h)
			}
		}
	}
	if spent := e.Account().SpentShare(); spent < 1-1e-6 || spent > 1 {
		t.Errorf("%v of the budget is spent", spent)
	}
	for _, line := range s.Lines() {
		if _, err := release(line, line.Line+"-more"); !errors.As(err, new(*ledger.ExhaustedError)) {
			t.Errorf("%s: one more than planned: %v", line.Line, err)
		}
	}
	if _, err := e.Release(ctx, discreet.Query{Name: "x", Measure: "daily", Share: 0.1}, operator); !errors.Is(err, plan.ErrUndeclared) {
		t.Errorf("a measure of the name of a line: %v", err)
	}
}
