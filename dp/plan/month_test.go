package plan_test

import (
	"fmt"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/plan"
)

// The month of a reference service: 100,000 people in up to five segments each,
// (2, 1e-6) for everything a month reveals. README shows this sheet.
func Example_month() {
	segments := []string{"cooking", "cycling", "film", "gardening", "music", "travel"}
	sizes, err := dp.NewSpec(dp.SegmentSizes{Name: "sizes", Purpose: "pages", MaxSegments: 5, Share: 0.4}, segments)
	check(err)
	items, err := dp.NewSpec(dp.SegmentItems{
		Name: "items", Purpose: "pages", Items: dp.Discovered{},
		MaxSegments: 5, MaxItems: 8, MaxPerItem: 1, LookbackDays: 28, Share: 0.45,
	}, segments)
	check(err)
	p, err := plan.New(plan.Config{
		Budget: dp.Budget{Epsilon: 2, Delta: 1e-6, WindowDays: 30},
		Specs:  []dp.Spec{sizes, items},
	})
	check(err)
	fmt.Println("release            of mu^2    each   sigma  ± at 95 %  threshold  within 10 % from")
	for _, r := range []struct {
		what, measure string
		times         int64
	}{{"segments, daily", "sizes", 30}, {"items, weekly", "items", 4}} {
		spec := map[string]dp.Spec{"sizes": sizes, "items": items}[r.measure]
		q, err := p.Predict(r.measure, spec.ShareNano/r.times)
		check(err)
		fmt.Printf("%-16s %7.0f %% %5.2f %% %7.1f %10d %10d %17d\n", r.what,
			100*float64(spec.ShareNano)/1e9, 100*q.Share(), q.Noise.Sigma, q.Noise.Margin, q.Noise.Threshold, q.Within10)
	}
	fmt.Println("kept for audits and bounds  15 %")
	// Output:
	// release            of mu^2    each   sigma  ± at 95 %  threshold  within 10 % from
	// segments, daily       40 %  1.33 %    43.4         85          0               850
	// items, weekly         45 % 11.25 %    42.3         83        260               830
	// kept for audits and bounds  15 %
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
