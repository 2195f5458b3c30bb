package accounting_test

import (
	"fmt"

	"github.com/discreet-go/discreet/dp/accounting"
)

// A budget of (1, 1e-6), a tenth of it spent on a table in which one person
// changes at most 15 cells, and a threshold for its keys.
func Example() {
	budget, err := accounting.Mu2For(accounting.Target{Epsilon: 1, Delta: 1e-6})
	if err != nil {
		fmt.Println(err)
		return
	}
	share, _ := budget.Share(100_000_000) // billionths
	sigma, _ := accounting.SigmaFor(15, share)
	cost, _ := accounting.Mu2Of(15, sigma)
	margin, _ := accounting.Margin(sigma, 0.95)
	alone, _ := accounting.EpsilonForMu(accounting.MuUp(cost), 1e-6)

	fmt.Printf("mu %.6f\n", accounting.MuUp(budget))
	fmt.Println("sigma", sigma.FloatString(3))
	fmt.Println("fits", cost.Cmp(share) <= 0)
	fmt.Println("95% within", margin)
	fmt.Printf("alone it is (%.4f, 1e-6)-DP\n", alone)
	// Output:
	// mu 0.236704
	// sigma 51.742
	// fits true
	// 95% within 101
	// alone it is (0.2912, 1e-6)-DP
}
