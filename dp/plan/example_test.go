package plan_test

import (
	"errors"
	"fmt"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/plan"
)

// A month of a shop: what its declared tables will cost and how exact they
// will be, before anybody's data is looked at.
func Example() {
	segments := []string{"cooking", "gardening", "travel"}
	sizes, err := dp.NewSpec(dp.SegmentSizes{Name: "sizes", Purpose: "ads", MaxSegments: 3, Share: 0.2}, segments)
	if err != nil {
		fmt.Println(err)
		return
	}
	items, err := dp.NewSpec(dp.SegmentItems{
		Name: "items", Purpose: "ads", Items: dp.Discovered{},
		MaxSegments: 3, MaxItems: 10, MaxPerItem: 1, LookbackDays: 28, Share: 0.7,
	}, segments)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := plan.New(plan.Config{
		Budget: dp.Budget{Epsilon: 2, Delta: 1e-6, WindowDays: 30},
		Specs:  []dp.Spec{sizes, items},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(p.Sheet())
	// Output:
	// (2, 1e-06)-DP for everything released in a window of 30 days: mu 0.4463, and delta 1e-07 kept for thresholds
	//
	// measure      share of mu^2  sigma  ± at 95 %  threshold  error at 100    1,000    10,000  within 10 % from
	// sizes                 20 %  8.679         17          -        8.68 %  0.868 %  0.0868 %               170
	// items                 70 %  14.67         29         88        14.7 %   1.47 %   0.147 %               290
	// not planned           10 %
}

func ExamplePlan_Charge() {
	sizes, _ := dp.NewSpec(dp.SegmentSizes{Name: "sizes", Purpose: "ads", MaxSegments: 3, Share: 0.2}, []string{"cooking"})
	p, err := plan.New(plan.Config{Budget: dp.Budget{Epsilon: 1, Delta: 1e-6, WindowDays: 30}, Specs: []dp.Spec{sizes}})
	if err != nil {
		fmt.Println(err)
		return
	}
	mu2, delta, err := p.Charge("sizes", 200_000_000) // a fifth
	fmt.Printf("mu^2 %.6f, delta %v, error %v\n", mu2.Float64(), delta.Float64(), err)
	_, _, err = p.Charge("clicks", 200_000_000)
	fmt.Println(errors.Is(err, plan.ErrUndeclared))
	// Output:
	// mu^2 0.011206, delta 0, error <nil>
	// true
}

func ExampleNew_tooMuch() {
	one, _ := dp.NewSpec(dp.SegmentSizes{Name: "daily", Purpose: "ads", MaxSegments: 3, Share: 0.9}, []string{"cooking"})
	two, _ := dp.NewSpec(dp.SegmentSizes{Name: "weekly", Purpose: "ads", MaxSegments: 3, Share: 0.5}, []string{"cooking"})
	_, err := plan.New(plan.Config{Budget: dp.Budget{Epsilon: 1, Delta: 1e-6, WindowDays: 30}, Specs: []dp.Spec{one, two}})
	fmt.Println(err)
	// Output:
	// plan: the shares of the measures add up to 1.4; multiplied by 0.7142 they fit
}
