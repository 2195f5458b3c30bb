package noise_test

import (
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/dp/noise"
)

func laplace(t testing.TB, b float64) *noise.Laplace {
	t.Helper()
	s, err := noise.NewScale(new(big.Rat).SetFloat64(b))
	if err != nil {
		t.Fatal(err)
	}
	l, err := noise.NewLaplace(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func drawLaplace(t testing.TB, b float64, n int) []int64 {
	t.Helper()
	out := make([]int64, n)
	if err := laplace(t, b).Fill(out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestLaplaceFit(t *testing.T) {
	for _, b := range []float64{0.4, 1, 2, 10, 777.5, 1e6, 0x1p40} {
		if l := geometric(b); badFit(drawLaplace(t, b, many), l) {
			t.Errorf("%s: the draws do not follow it", l.name)
		}
	}
	for _, b := range []float64{0.4, 1, 10} {
		if l := geometric(b); badMoments(drawLaplace(t, b, many), l) {
			t.Errorf("%s: wrong mean or variance", l.name)
		}
	}
}

// A scale wrong by 2 % adds n 4e-4 to the statistic, half of what it adds for the
// Gaussian, hence twice the draws.
func TestLaplaceFitRejectsWrongNoise(t *testing.T) {
	for _, b := range []float64{0.4, 1, 10, 777.5} {
		l := geometric(b)
		for _, f := range []float64{0.98, 1.02} {
			if !badFit(drawLaplace(t, b*f, 4*many), l) {
				t.Errorf("%s: noise of %g times the scale was accepted", l.name, f)
			}
			if !badMoments(drawLaplace(t, b*f, 4*many), l) {
				t.Errorf("%s: moments of %g times the scale were accepted", l.name, f)
			}
		}
	}
	// Both zeros kept: zero comes out twice as often as it should.
	l, twice := geometric(2), drawLaplace(t, 2, many)
	for i := range twice {
		if i%4 == 0 && twice[i] == 1 {
			twice[i] = 0
		}
	}
	if !badFit(twice, l) {
		t.Error("too many zeros were accepted")
	}
}

// The tail beyond 4 b, and beyond 7 b, where a draw starts over.
func TestLaplaceTail(t *testing.T) {
	const b, n = 100.0, 1 << 22
	l := geometric(b)
	var bs []bin
	lost, low := 0.0, int64(-1<<63)
	for _, e := range []int64{-1000, -850, -750, -690, -600, -500, -400} {
		p := l.below(e)
		bs = append(bs, bin{low, e, p - lost})
		lost, low = p, e
	}
	bs = append(bs, bin{low, 1<<63 - 1, 1 - lost})
	if stat := chiSquare(drawLaplace(t, b, n), bs); stat > chiLimit(len(bs)-1) {
		t.Errorf("wrong tail: %g", stat)
	}
	// Its statistic is about 257, 6.4 standard deviations above the limit.
	if stat := chiSquare(drawLaplace(t, b*0.98, n), bs); stat < chiLimit(len(bs)-1) {
		t.Errorf("the tail of a smaller scale was accepted: %g", stat)
	}
}

func TestLaplaceDrawsAreIndependent(t *testing.T) {
	const b, n = 5.0, 1 << 17
	x, y := drawLaplace(t, b, n), drawLaplace(t, b, n)
	if dependent(x, y, geometric(b)) || dependent(x[1:], x[:n-1], geometric(b)) {
		t.Error("draws depend on each other")
	}
	if !dependent(x, x, geometric(b)) {
		t.Error("reused noise was accepted")
	}
}

func TestLaplaceRefuses(t *testing.T) {
	if _, err := noise.NewLaplace(noise.Scale{}); err != noise.ErrScale {
		t.Errorf("zero Scale: %v", err)
	}
	var l noise.Laplace
	cells := []int64{5}
	if err := l.AddTo(cells); err != noise.ErrScale || cells[0] != 0 {
		t.Errorf("zero Laplace: %v", err)
	}
	cells = []int64{noise.MaxCell + 1}
	if err := laplace(t, 1).AddTo(cells); err != noise.ErrCell {
		t.Errorf("a cell beyond the limit: %v", err)
	}
	cells = []int64{noise.MaxCell, -noise.MaxCell}
	if err := laplace(t, 0x1p40).AddTo(cells); err != nil || cells[0] < 0 || cells[1] > 0 {
		t.Errorf("cells at the limit: %v", err)
	}
}

func TestLaplaceNoAllocationsPerDraw(t *testing.T) {
	l := laplace(t, 10)
	count := func(n int) float64 {
		cells := make([]int64, n)
		return testing.AllocsPerRun(20, func() {
			if err := l.AddTo(cells); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, more := count(1), count(1<<16); few != more {
		t.Errorf("%g allocations for one draw, %g for 65536", few, more)
	}
}
