package audit_test

import (
	"fmt"
	"math/big"

	"github.com/discreet-go/discreet/dp/audit"
)

// Every person of a tiny domain is added to every database of it. This table
// counts a person in up to two interests, but takes the first two records and
// not the first two interests: a repeated one counts twice.
func ExampleSensitivity() {
	norms, err := audit.Sensitivity(audit.Tiny[string]{
		Records: []string{"cooking", "travel", "music"}, MaxRecords: 3, MaxOthers: 1,
		Vector: func(people [][]string) (map[string]int64, error) {
			table := map[string]int64{}
			for _, records := range people {
				for _, interest := range records[:min(2, len(records))] {
					table[interest]++
				}
			}
			return table, nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("L0", norms.L0, "L1", norms.L1, "L2 squared", norms.L2Squared, "L-infinity", norms.LInf)
	fmt.Println(norms.Within(audit.Norms{L2Squared: big.NewInt(2)}))
	// Output:
	// L0 2 L1 2 L2 squared 4 L-infinity 2
	// audit: one person changes more than is claimed: L2 squared is 4, claimed 2
}

// The inputs at which to audit a table of 20 cells, of which a person may
// change 3 by 1 each.
func ExamplePairs() {
	pairs, err := audit.Pairs(audit.Bounds{Cells: 20, L0: 3, LInf: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range pairs {
		fmt.Println(len(p.Person), len(p.Others), p.Name)
	}
	// Output:
	// 3 0 a person at every bound, alone in an empty database
	// 3 100 a person at every bound, among people in every cell
	// 1 0 one cell, filled to its cap
	// 1 0 one cell, one beyond its cap
	// 2 0 one cell, one beyond its cap in single steps
	// 1 0 one cell, a hundred times its cap
	// 2 0 one cell, a count that wraps when it is added up
	// 4 0 one cell more than a person may change
	// 20 0 every cell there is
	// 20 100 every cell there is, among people in every cell
	// 6 0 everything twice, under the same message ids
	// 6 0 everything twice, under other message ids
	// 3 3 message ids that others use too
}
