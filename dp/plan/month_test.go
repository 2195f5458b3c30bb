package plan_test

import (
	"fmt"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/plan"
)

// The month of a reference service: 100,000 people in up to five segments each,
// (2, 1e-6) for everything a month reveals. README shows this sheet.
func Example_month() {
	s, err := plan.Allocate(plan.Period{
		Budget:   dp.Budget{Epsilon: 2, Delta: 1e-6, WindowDays: 30},
		Segments: map[string][]string{"pages": {"cooking", "cycling", "film", "gardening", "music", "travel"}},
		Lines: []plan.Line{
			{
				Name: "segments, daily", Times: 30, Target: plan.Target{Relative: 0.1, At: 850},
				Measure: dp.SegmentSizes{Name: "sizes", Purpose: "pages", MaxSegments: 5},
			},
			{
				Name: "which items, once", Times: 1, Share: 0.05,
				Measure: dp.Keys{Name: "keys", Purpose: "pages", MaxItems: 8, LookbackDays: 28},
			},
			{
				Name: "audit, weekly", Times: 4, Target: plan.Target{Relative: 0.1, At: 400},
				Measure: dp.Groups{
					Name: "audit", Purpose: "fairness.audit", Attribute: "age", Groups: dp.Public{"18-39", "40-64", "65+"},
					Campaigns: dp.Public{"spring"}, MaxCampaigns: 1,
				},
			},
			{
				Name: "bounds, once", Times: 1, Share: 0.01,
				Measure: dp.Histogram{Name: "held", Purpose: "pages", Of: dp.QuantitySegments},
			},
			{
				Name: "items, weekly", Times: 4, Weight: 1, // what is left
				Measure: dp.SegmentItems{
					Name: "items", Purpose: "pages", Items: dp.Discovered{},
					MaxSegments: 5, MaxItems: 8, MaxPerItem: 1, LookbackDays: 28,
				},
			},
		},
	})
	check(err)
	fmt.Print(s.Sheet())
	// Output:
	// (2, 1e-06)-DP for everything released in a window of 30 days: mu 0.4463, and delta 1e-07 kept for thresholds
	//
	// release            times  each of mu^2  together  sigma  ± at 95 %  threshold  within 10 % from
	// segments, daily       30        1.32 %    39.6 %  43.62         85          -               850
	// which items, once      1           5 %       5 %      -          -        164                 -
	// audit, weekly          4        1.18 %     4.7 %  20.66         40          -               400
	// bounds, once           1           1 %       1 %  22.41         44          -               440
	// items, weekly          4        12.4 %    49.7 %   40.2         79        248               790
	// not planned                                  0 %
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
