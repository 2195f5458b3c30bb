package dp_test

import (
	"fmt"
	"math/big"
	"os"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/proof"
)

// What people of each segment spent on average, from a release of people and sums. Where
// too few people are released for the noise there is no mean.
func ExampleMeansOf() {
	release := golden1("means")
	means, err := dp.MeansOf(release)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range means.Rows {
		if m.None {
			fmt.Println(m.Segment, "too few people")
			continue
		}
		fmt.Printf("%s %.2f %s, %.2f to %.2f\n", m.Segment, m.Value, means.Unit, m.Low, m.High)
	}
	// Output:
	// cooking 54.55 EUR, 51.99 to 57.04
	// travel too few people
}

// A histogram of how many segments people are in says which bound on them has the least
// error, for what one release of a table of 50 segments may cost.
func ExampleSuggest() {
	released := histogramOf("segments", map[int64]int64{0: 812, 1: 40_120, 2: 31_340, 4: 20_105, 8: 6_210, 16: 377}, 0, 1, 2, 4, 8, 16)
	mu2, err := accounting.UnitsDown(big.NewRat(1, 400))
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := dp.Suggest(released, dp.Bounding{Cells: 50, Mu2: mu2})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("at most %d segments: an error of %.0f people\n", s.Max, s.MaxError)
	fmt.Printf("scaled to a norm of %d: an error of %.0f people\n", s.Norm, s.NormError)
	// Output:
	// at most 12 segments: an error of 76 people
	// scaled to a norm of 4: an error of 80 people
}

// A released list of keys is public: pairs of them may be declared.
func ExampleKeysOf() {
	keys := dp.KeysOf(golden1("keys"))
	pairs := dp.ItemPairs{
		Name: "together", Purpose: "advertising", Items: keys, MaxItems: 10, LookbackDays: 90, MaxNorm: 2, Share: 0.1,
	}
	spec, err := dp.NewSpec(pairs, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(keys), "keys,", spec.Columns(), "pair; one person adds at most", spec.L0(), "cells")
	// Output:
	// 2 keys, 1 pair; one person adds at most 45 cells
}

// The table of a release in format 1 names its cells by what the measure has, and says
// what its values are in their unit.
func ExampleRelease_kinds() {
	if err := golden1("category-items").Table(os.Stdout, 0); err != nil {
		fmt.Println(err)
	}
	// Output:
	// category  item   value     low     high   events
	// sport     ball  934468  868920  1000016  912.566
	// cooking   pan     8470  -57078    74018    8.271
}

// golden1 is a release that is kept in format 1.
func golden1(name string) dp.Release {
	for _, g := range goldenReleases() {
		if g.file == "testdata/release-1-"+name+".note" {
			return proof.NewRelease(g.header, g.cells, nil)
		}
	}
	return dp.Release{}
}
