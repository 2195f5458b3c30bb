package fairness_test

import (
	"context"
	"fmt"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/fairness"
	"github.com/discreet-go/discreet/internal/proof"
)

// groups makes a table of two groups, as dp.ReadRelease and Read would.
func groups(measure string, list map[string][4]int64) (*fairness.Table, error) {
	var cells []proof.Cell
	for item, v := range list {
		for i, c := range [4][2]string{{"men", "reached"}, {"men", "missed"}, {"women", "reached"}, {"women", "missed"}} {
			cells = append(cells, proof.Cell{Item: item, Group: c[0], Part: c[1], Value: v[i]})
		}
	}
	return fairness.Read(proof.NewRelease(proof.Header{
		Format: "discreet-release/1", Account: "shop", Name: measure + "-june", Measure: measure, Kind: "groups", Partitions: "public",
		Mechanism: "rounded-gaussian", Entry: 31, AsOf: "2026-06-30", StdDev: 29, Mu: 0.034, LInf: 1, Epsilon: 2, WindowDelta: 1e-6,
	}, cells, nil))
}

// A gate refuses a job advertisement, for what it uses and for whom it reaches.
func ExampleGate() {
	log := func(_ context.Context, d fairness.Decision) error { return nil } // to a file, and synced
	gate, err := fairness.NewGate(fairness.GateConfig{
		Account: "shop", Exposures: "reach", Membership: "members", Log: log,
		Categories: []fairness.Category{{
			Name: fairness.Employment, Forbidden: []string{"gender", "age"}, Groups: []string{"men", "women"},
			Audit: fairness.Default(), Proxy: fairness.DefaultProxy(), MaxAgeDays: 30,
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	reach, err := groups("reach", map[string][4]int64{"jobs": {5021, 44931, 3197, 46874}})
	if err != nil {
		fmt.Println(err)
		return
	}
	members, err := groups("members", map[string][4]int64{"music": {15020, 34932, 14981, 35030}, "razors": {20010, 29960, 2030, 47970}})
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := gate.Check(context.Background(), fairness.Request{
		Campaign: "jobs", Category: fairness.Employment, Uses: []string{"age", "music", "razors"}, Today: dp.Day(20640), Tables: []*fairness.Table{reach, members},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("open:", d.Open)
	for _, c := range d.Causes {
		fmt.Println(c.Reason, c.Name)
	}
	// Output:
	// open: false
	// forbidden age
	// proxy-detected razors
	// audit-failed women
}

// A campaign that is seen by few women is shown more where women are, and nowhere less.
func ExampleCorrect() {
	table, err := groups("reach", map[string][4]int64{"sports": {4010, 45950, 420, 49580}, "news": {1980, 48020, 2790, 47200}})
	if err != nil {
		fmt.Println(err)
		return
	}
	plan, err := fairness.Correct(table, fairness.CorrectRule{
		Placements: []string{"sports", "news"}, Reference: "men", Target: 0.9, Level: 0.95, MaxWeight: 4,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range plan.Placements {
		fmt.Printf("%s: %.1f times as much\n", p.Name, p.Weight)
	}
	fmt.Printf("ratio %.2f, then %.2f; budget %.1f times as much\n", plan.Groups[1].Ratio, plan.Groups[1].Then, plan.Budget)
	// Output:
	// sports: 1.0 times as much
	// news: 2.8 times as much
	// ratio 0.54, then 0.86; budget 1.9 times as much
}
