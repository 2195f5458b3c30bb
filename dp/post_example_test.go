package dp_test

import (
	"fmt"
	"os"

	"github.com/discreet-go/discreet/dp"
)

// Plans of members: everybody in a segment has exactly one plan, so a row adds up to
// the size of the segment, but for noise. Made consistent, it does so without.
func ExampleConsistentRows() {
	sizes := sizesOf(1, "2026-11-23", 20, 1012)            // segment sizes, noise of scale 20
	plans := itemsOf(2, "2026-11-23", 10, 3, 640, 331, -3) // segment x plan, of scale 10
	consistent, err := dp.ConsistentRows(sizes, plans)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range consistent.Whole().Cells {
		fmt.Printf("%-5s %4.0f, %.0f to %.0f\n", c.Item, c.Value, c.Low, c.High)
	}
	// Output:
	// 987, 962 to 1012
	// i0000  646, 629 to 664
	// i0001  337, 320 to 355
	// i0002    4, 0 to 21
}

// Twelve cells that differ by less than the noise are moved most of the way to their
// mean.
func ExampleShrink() {
	shrunk, err := dp.Shrink(sizesOf(1, "2026-11-23", 40, 480, 530, 555, 420, 510, 490, 470, 545, 500, 515, 460, 525))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.2f of the distances kept\n", shrunk.Cells[0].Kept)
	for _, c := range shrunk.Whole().Cells[:3] {
		fmt.Println(c.Value)
	}
	// Output:
	// 0.12 of the distances kept
	// 498
	// 503
	// 506
}

// The same segment on four days. The level of each day takes from the others what the
// noise leaves of it.
func ExampleSmooth() {
	days, err := dp.Smooth([]dp.Release{
		sizesOf(1, "2026-11-20", 20, 512), sizesOf(2, "2026-11-21", 20, 538),
		sizesOf(3, "2026-11-22", 20, 436), sizesOf(4, "2026-11-23", 20, 391),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, day := range days {
		fmt.Printf("%s: %.0f, of which its own value makes %.2f\n", day.AsOf, day.Cells[0].Value, day.Cells[0].Kept)
	}
	// Output:
	// 2026-11-20: 513, of which its own value makes 0.91
	// 2026-11-21: 528, of which its own value makes 0.84
	// 2026-11-22: 440, of which its own value makes 0.84
	// 2026-11-23: 396, of which its own value makes 0.91
}

// Two releases of one number, the second with half of the noise. The average has less
// noise than either, and an interval.
func ExampleAverage() {
	average, err := dp.Average(sizesOf(1, "2026-11-23", 40, 512), sizesOf(2, "2026-11-23", 20, 470))
	if err != nil {
		fmt.Println(err)
		return
	}
	c := average.Cells[0]
	fmt.Printf("%.1f ± %.1f, weights %.2f and %.2f\n", c.Value, c.High-c.Value, average.Sources[0].Weight, average.Sources[1].Weight)
	// Output:
	// 478.4 ± 35.1, weights 0.20 and 0.80
}

// Close to the threshold of a discovered table, cells are there because of their noise;
// an interval that knows it reaches further down.
func ExampleIntervals() {
	data, err := os.ReadFile("testdata/release-0.note")
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := dp.ReadRelease(data, "shop+8ba53004+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk")
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := dp.Intervals(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("threshold", r.Header().Threshold)
	for i, c := range e.Cells {
		fmt.Printf("%.0f: released with %d to %d, holds in %.0f to %.0f\n", c.Value, r.At(i).Low, r.At(i).High, c.Low, c.High)
	}
	// Output:
	// threshold 72
	// 412: released with 387 to 437, holds in 387 to 437
	// 72: released with 47 to 97, holds in 1 to 83
	// 108: released with 83 to 133, holds in 81 to 133
	// 96: released with 71 to 121, holds in 64 to 121
}
