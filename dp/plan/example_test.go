package plan_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/ledger"
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

// A month's releases by what is wanted of them. The sheet is printed before anybody is
// asked for anything; the measures and the shares then go to an engine.
func ExampleAllocate() {
	period := plan.Period{
		Budget:   dp.Budget{Epsilon: 2, Delta: 1e-6, WindowDays: 30},
		Segments: map[string][]string{"ads": {"cooking", "gardening", "travel"}},
		Lines: []plan.Line{{
			Name: "sizes, daily", Times: 30, Target: plan.Target{Relative: 0.1, At: 500}, // 10 % at 500 people
			Measure: dp.SegmentSizes{Name: "sizes", Purpose: "ads", MaxSegments: 2},
		}, {
			Name: "items, weekly", Times: 4, Weight: 1, // what is left
			Measure: dp.SegmentItems{
				Name: "items", Purpose: "ads", Items: dp.Public{"pan", "rake"}, MaxSegments: 2, MaxItems: 2, MaxPerItem: 1, LookbackDays: 28,
			},
		}},
	}
	s, err := plan.Allocate(period)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(s.Sheet())
	share, err := s.Share("sizes, daily")
	fmt.Printf("Query{Measure: \"sizes\", Share: %.4f} of %d measures, %v\n", share, len(s.Measures()), err)
	_, err = s.Share("clicks")
	fmt.Println(errors.Is(err, plan.ErrUndeclared))
	// Output:
	// (2, 1e-06)-DP for everything released in a window of 30 days: mu 0.4483
	//
	// release        times  each of mu^2  together  sigma  ± at 95 %  threshold  within 10 % from
	// sizes, daily      30         1.5 %      45 %  25.77         50          -               500
	// items, weekly      4        13.8 %      55 %  12.03         24          -               240
	// not planned                              0 %
	// Query{Measure: "sizes", Share: 0.0150} of 2 measures, <nil>
	// true
}

// A wish that does not fit is refused with the numbers that would do.
func ExampleAllocate_impossible() {
	period := plan.Period{
		Budget:   dp.Budget{Epsilon: 1, Delta: 1e-6, WindowDays: 30},
		Segments: map[string][]string{"ads": {"cooking"}},
		Lines: []plan.Line{{
			Times: 30, Target: plan.Target{StdDev: 20},
			Measure: dp.SegmentSizes{Name: "sizes", Purpose: "ads", MaxSegments: 3},
		}},
	}
	_, err := plan.Allocate(period)
	fmt.Println(err)
	var e *plan.ImpossibleError
	if errors.As(err, &e) {
		period.Budget.Epsilon = e.Epsilon
		_, err = plan.Allocate(period)
		fmt.Println(err)
	}
	// Output:
	// plan: the targets need 4.017 times the budget; epsilon 2.1277 would do, or standard deviations and counts times 2.004
	// <nil>
}

// One small table in a declared plan had better get Laplace noise; in an account of
// Gaussian differential privacy it had not.
func ExampleChoose() {
	sizes, _ := dp.NewSpec(dp.SegmentSizes{Name: "sizes", Purpose: "ads", MaxSegments: 3, Share: 1}, []string{"cooking"})
	budget := dp.Budget{Epsilon: 1, Delta: 1e-6, WindowDays: 30}
	mu2, err := accounting.Mu2For(accounting.Target{Epsilon: budget.Epsilon, Delta: budget.Delta})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, q := range []plan.Question{
		{Spec: sizes, Bound: ledger.PLD, Budget: budget, Times: 1},
		{Spec: sizes, Bound: ledger.GDP, Loss: ledger.Loss{Mu2: mu2}},
	} {
		c, err := plan.Choose(context.Background(), q)
		fmt.Printf("Gaussian %.1f, Laplace %.1f: %v, %v\n", c.Gaussian.StdDev, c.Laplace.StdDev, c.Mechanism, err)
	}
	// Output:
	// Gaussian 7.3, Laplace 4.2: discrete-laplace, <nil>
	// Gaussian 7.3, Laplace 13.0: rounded-gaussian, <nil>
}

func ExampleNew_tooMuch() {
	one, _ := dp.NewSpec(dp.SegmentSizes{Name: "daily", Purpose: "ads", MaxSegments: 3, Share: 0.9}, []string{"cooking"})
	two, _ := dp.NewSpec(dp.SegmentSizes{Name: "weekly", Purpose: "ads", MaxSegments: 3, Share: 0.5}, []string{"cooking"})
	_, err := plan.New(plan.Config{Budget: dp.Budget{Epsilon: 1, Delta: 1e-6, WindowDays: 30}, Specs: []dp.Spec{one, two}})
	fmt.Println(err)
	// Output:
	// plan: the shares of the measures add up to 1.4; multiplied by 0.7142 they fit
}
