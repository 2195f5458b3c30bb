package dp_test

import (
	"fmt"

	"github.com/discreet-go/discreet/dp"
)

// What half a unit of Gaussian DP a month means, and what a year of it does.
func ExampleExplain() {
	month, err := dp.Explain(dp.Loss{Mu: 0.5, Windows: 1, Identifiers: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(month)
	year, err := dp.Explain(dp.Loss{Mu: 0.5, Windows: 12, Identifiers: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("a year: mu %.3f, advantage %.3f instead of %.3f\n", year.Mu, year.Advantage, month.Advantage)
	// Output:
	// The loss: 0.5-Gaussian differential privacy. It covers 1 window and a person known under 1 identifier.
	// Suppose somebody knows everything about everybody else, and about this person everything but whether their record was in the data.
	// Where a coin decides that, a guess is right in 50 % of cases. With all that was released, it is right in at most 59.9 %.
	// A test that is wrong about 5 % of the people who are not in the data finds at most 12.7 % of those who are.
	// A test that is wrong about 1 % of the people who are not in the data finds at most 3.39 % of those who are.
	// If they are in the data, who gave that a chance of 10 % beforehand gives it at most 25.8 % afterwards with probability 95 %, and at most 32.1 % with probability 99 %.
	// If they are in the data, who gave that a chance of 1 % beforehand gives it at most 3.07 % afterwards with probability 95 %, and at most 4.12 % with probability 99 %.
	// If they are in the data, who gave that a chance of 0.1 % beforehand gives it at most 0.313 % afterwards with probability 95 %, and at most 0.424 % with probability 99 %.
	// a year: mu 1.732, advantage 0.614 instead of 0.197
}
