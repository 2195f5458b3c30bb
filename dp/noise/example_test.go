package noise_test

import (
	"fmt"
	"math/big"

	"github.com/discreet-go/discreet/dp/noise"
)

// Three counts that one person changes by at most 1 each: with sigma 10 their
// release is 0.1732-GDP. The noisy counts differ from run to run.
func Example() {
	scale, err := noise.NewScale(big.NewRat(10, 1))
	if err != nil {
		fmt.Println(err)
		return
	}
	g, err := noise.NewGaussian(scale)
	if err != nil {
		fmt.Println(err)
		return
	}
	cells := []int64{1200, 0, 37}
	if err := g.AddTo(cells); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("cells", len(cells))
	fmt.Println("sigma", g.Scale().Rat().RatString())
	_, err = noise.NewScale(new(big.Rat))
	fmt.Println(err)
	// Output:
	// cells 3
	// sigma 10
	// noise: a scale is a standard deviation from 2^-6 to 2^40
}
