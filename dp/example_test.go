package dp_test

import (
	"errors"
	"fmt"
	"os"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
)

// A table that somebody published is read with their public key, and says
// itself what it is.
func Example() {
	data, err := os.ReadFile("testdata/release-0.note")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = dp.ReadRelease(data, "mall+d3333ed3+AWd+3Zx6b7ql1gnccAXOgBHVTgMUrPicoXIFe8FA7eYq")
	fmt.Println("trusting somebody else:", errors.Is(err, dp.ErrUnverified))

	r, err := dp.ReadRelease(data, "shop+8ba53004+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk")
	if err != nil {
		fmt.Println(err)
		return
	}
	h := r.Header()
	fmt.Printf("%s: at most %d cells a person, mu %.3f, ±%d\n", h.Name, h.L0, h.Mu, h.Margin)
	if err := r.Table(os.Stdout, 1); err != nil {
		fmt.Println(err)
	}
	// Output:
	// trusting somebody else: true
	// items-2026-11-23: at most 10 cells a person, mu 0.245, ±25
	// segment  item                          value  low  high
	// cooking  knife "chef" <20 cm> & board    412  387   437
	// ... and 3 more cells
}

func ExampleBudget() {
	fmt.Println(dp.Budget{Epsilon: 2, Delta: 1e-6, WindowDays: 30}.Check())
	err := dp.Budget{Epsilon: 2, Delta: 1e-6}.Check()
	fmt.Println(errors.Is(err, dp.ErrWindow), err)
	// Output:
	// <nil>
	// true dp: Budget.WindowDays must be from 1 to 400
}

// The noise of one release follows from declared parameters alone.
func ExamplePredict() {
	spec, err := dp.NewSpec(dp.SegmentSizes{Name: "sizes", Purpose: "ads", MaxSegments: 3, Share: 0.5}, []string{"cooking", "travel"})
	if err != nil {
		fmt.Println(err)
		return
	}
	total, err := accounting.Mu2For(accounting.Target{Epsilon: 1, Delta: 1e-6})
	if err != nil {
		fmt.Println(err)
		return
	}
	half, _ := total.Share(500_000_000)
	n, err := dp.Predict(&spec, half, accounting.Units{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s of scale %.3f, ±%d\n", n.Mechanism, n.Sigma, n.Margin)
	// Output:
	// rounded-gaussian of scale 10.348, ±20
}
