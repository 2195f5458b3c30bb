package fairness_test

import (
	"fmt"

	"github.com/discreet-go/discreet/fairness"
	"github.com/discreet-go/discreet/internal/proof"
)

// A month of a job advertisement. The release would come from dp.ReadRelease; its noise has
// a standard deviation of 29 people.
func Example() {
	released := proof.NewRelease(proof.Header{
		Format: "discreet-release/1", Account: "shop", Name: "audit-june", Measure: "reach", Kind: "groups", Partitions: "public", Mechanism: "rounded-gaussian",
		Entry: 31, AsOf: "2026-06-30", StdDev: 29, Mu: 0.034, LInf: 1, Epsilon: 2, WindowDelta: 1e-6,
	}, []proof.Cell{
		{Item: "jobs", Group: "men", Part: "reached", Value: 5021}, {Item: "jobs", Group: "men", Part: "missed", Value: 44931},
		{Item: "jobs", Group: "women", Part: "reached", Value: 3197}, {Item: "jobs", Group: "women", Part: "missed", Value: 46874},
	}, nil)
	table, err := fairness.Read(released)
	if err != nil {
		fmt.Println(err)
		return
	}
	rule := fairness.Default()
	rule.Reference = "men"
	report, err := fairness.Audit(table, rule)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range report.Comparisons {
		fmt.Printf("%s, %s against %s: %.2f (%.2f to %.2f), %s\n", c.Campaign, c.Group, c.Reference, c.Ratio.Value, c.Ratio.Low, c.Ratio.High, c.Verdict)
		fmt.Printf("a ratio of %.2f would be noticed\n", c.Detectable)
	}
	// Output:
	// jobs, women against men: 0.64 (0.61 to 0.67), fail
	// a ratio of 0.76 would be noticed
}
