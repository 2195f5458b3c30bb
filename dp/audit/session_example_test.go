package audit_test

import (
	"context"
	"fmt"
	"math/big"

	"github.com/discreet-go/discreet/dp/audit"
	"github.com/discreet-go/discreet/dp/noise"
)

// An account that claims mu = 1 for everything it answers, and charges a name
// once. It draws new noise each time the name is asked for, which an analyst
// who asks 30 times averages away.
func ExampleSessions() {
	scale, err := noise.NewScale(big.NewRat(1, 1))
	if err != nil {
		fmt.Println(err)
		return
	}
	g, err := noise.NewGaussian(scale)
	if err != nil {
		fmt.Println(err)
		return
	}
	sessions := audit.Sessions[string]{
		Open: func(_ context.Context, withPerson bool) (audit.Session[string], error) {
			count := int64(40)
			if withPerson {
				count++
			}
			return audit.Session[string]{Ask: func(_ context.Context, name string) (audit.Answer, error) {
				if name != "buyers" {
					return audit.Answer{Refused: true}, nil
				}
				cell := []int64{count}
				err := g.AddTo(cell)
				return audit.Answer{Numbers: []float64{float64(cell[0])}}, err
			}}, nil
		},
		Analyst: audit.Hammer(audit.Question[string]{Ask: "buyers", With: []float64{41}, Without: []float64{40}, Sigma: 1}, 30),
	}
	with, without := sessions.Samples()
	report, err := audit.Run(context.Background(), audit.Claim{Mu: 1}, with, without, audit.Options{Runs: 4000})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Claim, "is", report.Verdict)
	// Output:
	// 1-GDP is violated
}
