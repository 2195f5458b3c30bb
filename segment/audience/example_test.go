package audience_test

import (
	"fmt"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment/audience"
)

// Three weeks of a shop. The tables would come from dp.ReadRelease; with their noise
// a count is known within 24 people.
func Example() {
	c := audience.Config{MinPeople: 100, TTLDays: 7, MaxAgeDays: 10}
	x, err := audience.Forecast(c, dp.Noise{Sigma: 12.5})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("could be %d; opens from about %d people\n", x.Smallest, x.OpensFrom)

	gate, err := audience.New(c, audience.Source{Account: "shop", Measures: []string{"sizes"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for week, value := range []int64{110, 160, 90} {
		day := dp.Day(20000 + 7*week)
		released := proof.NewRelease(proof.Header{
			Format: "discreet-release/0", Account: "shop", Measure: "sizes", Kind: "segment-sizes",
			Entry: uint64(week + 1), AsOf: []string{"2024-10-04", "2024-10-11", "2024-10-18"}[week], Level: dp.Level, Margin: 24,
		}, []proof.Cell{{Segment: "runners", Value: value, Low: value - 24, High: value + 24}}, nil)
		if err := gate.Observe(released); err != nil {
			fmt.Println(err)
			return
		}
		s := gate.Visible("runners", day)
		fmt.Printf("%s: %d or more, open %v\n", s.AsOf, s.Low, s.Open)
	}
	fmt.Println(gate.Visible("runners", 20000+25).Why)
	// Output:
	// could be 24; opens from about 145 people
	// 2024-10-04: 86 or more, open false
	// 2024-10-11: 136 or more, open true
	// 2024-10-18: 66 or more, open true
	// stale
}
