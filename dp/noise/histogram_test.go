package noise_test

import (
	"slices"
	"testing"

	"github.com/discreet-go/discreet/dp/noise"
)

// What comes out is what reaches the threshold, in order, with nothing left over.
func TestReaching(t *testing.T) {
	type pair struct {
		i int
		v int64
	}
	of := func(i int, v int64) pair { return pair{i, v} }
	got := noise.Reaching([]int64{5, 9, -3, 10, 9}, 9, of)
	if !slices.Equal(got, []pair{{1, 9}, {3, 10}, {4, 9}}) || cap(got) != len(got) {
		t.Errorf("got %v of capacity %d", got, cap(got))
	}
	if got := noise.Reaching([]int64{-1 << 63, 0}, noise.Everything, of); len(got) != 2 {
		t.Errorf("everything is %v", got)
	}
}

// Counts of 0 get noise: with sigma 50, of 40,000 about Q(49.5/50) = 16.1 %, 6443, reach
// 50; 5.2 standard deviations are 382.
func TestHistogram(t *testing.T) {
	counts := make([]int64, 40_000)
	got, err := noise.Histogram(gaussian(t, 50), counts, 50, func(i int, v int64) int64 {
		if counts[i] != v {
			t.Fatal("the counts are not overwritten")
		}
		return v
	})
	if err != nil || len(got) < 6443-382 || len(got) > 6443+382 || slices.Min(got) < 50 {
		t.Errorf("%d came out: %v", len(got), err)
	}
	if _, err := noise.Histogram(new(noise.Gaussian), counts, 0, func(int, int64) int { return 0 }); err != noise.ErrScale {
		t.Errorf("the zero Gaussian: %v", err)
	}
	counts[3] = noise.MaxCell + 1
	if got, err := noise.Histogram(gaussian(t, 50), counts, 0, func(int, int64) int { return 0 }); err != noise.ErrCell || got != nil {
		t.Errorf("a cell beyond the range: %v, %v", got, err)
	}
}
