package plan_test

import (
	"math"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/plan"
)

// The sheet tells amounts in their unit, weighted counts in people or events, and keys
// by the number of people that shows one.
func TestSheetOfEveryKind(t *testing.T) {
	amount := dp.Amount{Unit: "EUR", Low: 0, High: 100_000}
	var specs []dp.Spec
	for _, m := range []dp.Measure{
		dp.SegmentSizes{Name: "sizes", Purpose: "p", MaxSegments: 3, Share: 0.2},
		dp.Sums{Name: "sums", Purpose: "p", By: dp.BySegment{Max: 3}, Amount: amount, LookbackDays: 7, Share: 0.2},
		dp.Means{Name: "means", Purpose: "p", By: dp.BySegment{Max: 3}, Amount: amount, LookbackDays: 7, Share: 0.2},
		dp.Events{Name: "events", Purpose: "p", By: dp.BySegment{Max: 3}, MaxEvents: 1, LookbackDays: 7, HalfLifeDays: 3, Share: 0.2},
		dp.Keys{Name: "keys", Purpose: "p", MaxItems: 3, LookbackDays: 7, Share: 0.2},
	} {
		s, err := dp.NewSpec(m, []string{"a", "b", "c"})
		if err != nil {
			t.Fatal(err)
		}
		specs = append(specs, s)
	}
	p, err := plan.New(plan.Config{Budget: dp.Budget{Epsilon: 2, Delta: 1e-6, WindowDays: 30}, Specs: specs})
	if err != nil {
		t.Fatal(err)
	}
	q := p.Predictions()
	sizes, sums, means, events, keys := q[0], q[1], q[2], q[3], q[4]
	// An event that weighs at most one has the noise of a person who counts as one.
	if math.Abs(events.Error100/sizes.Error100-1) > 0.01 || events.Per != 1024 || events.Unit != "events" || events.Within10 < sizes.Within10-5 || events.Within10 > sizes.Within10+5 {
		t.Errorf("%+v\n%+v", sizes, events)
	}
	if sums.Error100 != 0 || sums.Within10 != 0 || keys.Error100 != 0 || keys.Within10 != 0 {
		t.Errorf("%+v\n%+v", sums, keys)
	}
	if means.Error100 != means.Noise.CountStdDev/100 || means.Within10 != 10*means.Noise.CountMargin {
		t.Errorf("%+v", means)
	}
	// One person's 100 EUR are as many times the noise of a sum as one person is of a count.
	if eur := sums.Noise.StdDev * float64(sums.Step) / float64(sums.Per); math.Abs(eur/100/(sizes.Noise.StdDev)-1) > 0.01 {
		t.Errorf("%g EUR beside %g people", eur, sizes.Noise.StdDev)
	}
	for _, line := range strings.Split(p.Sheet(), "\n") {
		name, _, _ := strings.Cut(line, " ")
		if euros := strings.Count(line, "EUR"); euros != map[string]int{"sums": 2, "means": 2}[name] {
			t.Errorf("%d amounts: %s", euros, line)
		}
		if none := strings.Count(line, " -"); none != map[string]int{"sizes": 1, "sums": 5, "means": 1, "events": 1, "keys": 6}[name] {
			t.Errorf("%d blanks: %s", none, line)
		}
	}
}
