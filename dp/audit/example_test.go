package audit_test

import (
	"context"
	"fmt"
	"math/big"

	"github.com/discreet-go/discreet/dp/audit"
	"github.com/discreet-go/discreet/dp/noise"
)

// A counter whose noise was made for one cell a person, while a person is in
// nine: the auditor finds out from the outputs.
func Example() {
	scale, err := noise.NewScale(big.NewRat(4, 1))
	if err != nil {
		fmt.Println(err)
		return
	}
	g, err := noise.NewGaussian(scale)
	if err != nil {
		fmt.Println(err)
		return
	}
	mechanism := func(count int64) audit.Sample {
		return func(context.Context) ([]float64, error) {
			cells := make([]int64, 9)
			out := make([]float64, 9)
			for i := range cells {
				cells[i] = count
			}
			err := g.AddTo(cells)
			for i, c := range cells {
				out[i] = float64(c)
			}
			return out, err
		}
	}
	claim := audit.Claim{Mu: 0.25} // 1/4: the true mu is sqrt(9)/4
	report, err := audit.Run(context.Background(), claim, mechanism(101), mechanism(100), audit.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Claim, "is", report.Verdict)
	fmt.Println("runs of each input:", report.Runs)
	// Output:
	// 0.25-GDP is violated
	// runs of each input: 20000
}
