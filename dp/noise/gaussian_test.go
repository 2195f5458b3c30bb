package noise_test

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/discreet-go/discreet/dp/noise"
)

const many = 1 << 19

func TestFit(t *testing.T) {
	for _, sigma := range []float64{0.3, 1, 2, 4.22, 50, 1e6, 0x1p40} {
		if badFit(draw(t, sigma, many), rounded(sigma)) {
			t.Errorf("sigma %g: the draws do not follow the rounded Gaussian", sigma)
		}
	}
}

// Noise of a scale wrong by 2 % is rejected: its chi-square statistic is about
// n 8e-4 above that of right noise (half of that at sigma 0.3), 210 and more,
// where the limit is 160 for 64 bins and the spread about 40.
func TestFitRejectsWrongScale(t *testing.T) {
	for _, sigma := range []float64{0.3, 1, 2, 50, 0x1p39} {
		for _, f := range []float64{0.98, 1.02} {
			if !badFit(draw(t, sigma*f, 2*many), rounded(sigma)) {
				t.Errorf("sigma %g: noise of %g times the scale was accepted", sigma, f)
			}
		}
	}
}

func TestMoments(t *testing.T) {
	for _, sigma := range []float64{0.3, 1, 2, 50, 1000} {
		if badMoments(draw(t, sigma, many), rounded(sigma)) {
			t.Errorf("sigma %g: wrong mean or variance", sigma)
		}
		for _, f := range []float64{0.98, 1.02} {
			if !badMoments(draw(t, sigma*f, many), rounded(sigma)) {
				t.Errorf("sigma %g: noise of %g times the scale was accepted", sigma, f)
			}
		}
		shifted := draw(t, sigma, many)
		for i := range shifted {
			if i%50 == 0 {
				shifted[i] += int64(math.Ceil(sigma))
			}
		}
		if !badMoments(shifted, rounded(sigma)) {
			t.Errorf("sigma %g: noise with a mean was accepted", sigma)
		}
	}
}

func TestTails(t *testing.T) {
	const sigma, n = 40.0, 1 << 22
	if badTail(draw(t, sigma, n), sigma) {
		t.Error("wrong tails")
	}
	// With 2n draws the statistic is 6.5 of its standard deviations above the limit.
	for _, f := range []float64{0.98, 1.02} {
		if !badTail(draw(t, sigma*f, 2*n), sigma) {
			t.Errorf("tails of %g times the scale were accepted", f)
		}
	}
	cut := draw(t, sigma, n)
	for i, x := range cut {
		if math.Abs(float64(x)) > 4.1*sigma {
			cut[i] = 0
		}
	}
	if !badTail(cut, sigma) {
		t.Error("tails cut at 4.1 sigma were accepted")
	}
}

func TestNeighboursAndGoroutinesAreIndependent(t *testing.T) {
	const sigma, n = 3.0, 1 << 17
	g := gaussian(t, sigma)
	vectors := make([][]int64, 4)
	var wait sync.WaitGroup
	for i := range vectors {
		vectors[i] = make([]int64, n)
		wait.Go(func() {
			for part := vectors[i]; len(part) > 0; { // calls of many lengths
				k := min(len(part), 1+i*997)
				if err := g.Fill(part[:k]); err != nil {
					t.Error(err)
				}
				part = part[k:]
			}
		})
	}
	wait.Wait()
	for i, a := range vectors {
		for _, lag := range []int{1, 2, 128} {
			if dependent(a[lag:], a[:n-lag], rounded(sigma)) {
				t.Errorf("goroutine %d: draws %d apart depend on each other", i, lag)
			}
		}
		for j := range i {
			if dependent(a, vectors[j], rounded(sigma)) {
				t.Errorf("goroutines %d and %d depend on each other", i, j)
			}
		}
	}
	// Reused noise: the same vector, the same with other signs, every fiftieth
	// draw repeated, halves of one stream.
	a := vectors[0]
	mirrored, sparse := make([]int64, n), append([]int64(nil), vectors[1]...)
	for i, x := range a {
		mirrored[i] = -x
		if i%20 == 0 {
			sparse[i] = x
		}
	}
	for name, b := range map[string][]int64{"the same noise": a, "mirrored noise": mirrored, "partly reused noise": sparse} {
		if !dependent(a, b, rounded(sigma)) {
			t.Errorf("%s was accepted", name)
		}
	}
	repeated := append([]int64(nil), a...)
	for i := 1; i < n; i += 20 {
		repeated[i] = repeated[i-1]
	}
	if !dependent(repeated[1:], repeated[:n-1], rounded(sigma)) {
		t.Error("repeated neighbours were accepted")
	}
}

// Noise from few bits, here 12 of a uniform, leaves holes that the low byte shows.
func TestNoCoarseNoise(t *testing.T) {
	const sigma = 1e6
	if coarse(draw(t, sigma, many)) {
		t.Error("the low byte is not uniform")
	}
	r := rand.New(rand.NewPCG(1, 2))
	floats := make([]int64, many)
	for i := range floats {
		u := (float64(r.IntN(1<<12)) + 0.5) / (1 << 12)
		floats[i] = int64(math.Round(sigma * math.Sqrt2 * math.Erfinv(2*u-1)))
	}
	if !coarse(floats) {
		t.Error("noise from 12-bit floats was accepted")
	}
	half := draw(t, sigma/2, many)
	for i := range half {
		half[i] *= 2
	}
	if !coarse(half) {
		t.Error("noise on even numbers only was accepted")
	}
}

func TestAddToKeepsSums(t *testing.T) {
	const n = 1 << 12
	cells := make([]int64, n)
	for i := range cells {
		cells[i] = int64(i) * 1_000_003
	}
	if err := gaussian(t, 20).AddTo(cells); err != nil {
		t.Fatal(err)
	}
	for i := range cells {
		cells[i] -= int64(i) * 1_000_003
		if math.Abs(float64(cells[i])) > 20*12 {
			t.Fatal("a cell moved by 12 sigma")
		}
	}
	if badMoments(cells, rounded(20)) {
		t.Error("what was added is not the noise")
	}
}

func TestAddToNeverWraps(t *testing.T) {
	g := gaussian(t, 0x1p40)
	edge := []int64{noise.MaxCell, -noise.MaxCell}
	if err := g.AddTo(edge); err != nil || edge[0] < 0 || edge[1] > 0 {
		t.Errorf("cells at the limit: %v", err)
	}
	for _, bad := range []int64{noise.MaxCell + 1, -noise.MaxCell - 1, math.MaxInt64, math.MinInt64} {
		cells := []int64{1, bad, 3}
		if err := g.AddTo(cells); err != noise.ErrCell {
			t.Errorf("a cell beyond the limit: %v", err)
		}
		if cells[0] != 1 || cells[1] != bad || cells[2] != 3 {
			t.Error("cells were touched although one was refused")
		}
	}
}

func TestZeroValuesRefuse(t *testing.T) {
	if _, err := noise.NewGaussian(noise.Scale{}); err != noise.ErrScale {
		t.Errorf("zero Scale: %v", err)
	}
	var g noise.Gaussian
	cells := []int64{7, 8}
	if err := g.AddTo(cells); err != noise.ErrScale || cells[0] != 0 || cells[1] != 0 {
		t.Errorf("zero Gaussian: %v, and the cells must not come back as they were", err)
	}
	if err := g.Fill(cells); err != noise.ErrScale {
		t.Errorf("zero Gaussian: %v", err)
	}
}

func TestEmptyAndShort(t *testing.T) {
	g := gaussian(t, 1e9)
	if err := g.Fill(nil); err != nil {
		t.Error(err)
	}
	seen := map[int64]bool{}
	for range 100 {
		one := []int64{0}
		if err := g.AddTo(one); err != nil {
			t.Fatal(err)
		}
		seen[one[0]] = true
	}
	// 100 draws of standard deviation 1e9 hold an equal pair with probability
	// below 100^2/2 * 0.3e-9 = 1.5e-6; two pairs below 3e-12.
	if len(seen) < 99 {
		t.Error("calls repeat each other")
	}
}

// A call allocates a handful of objects, and a draw none.
func TestNoAllocationsPerDraw(t *testing.T) {
	g := gaussian(t, 50)
	count := func(n int) float64 {
		cells := make([]int64, n)
		return testing.AllocsPerRun(20, func() {
			if err := g.Fill(cells); err != nil {
				t.Fatal(err)
			}
			if err := g.AddTo(cells); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, more := count(1), count(1<<16); few != more || more > 20 {
		t.Errorf("%g allocations for one draw, %g for 65536", few, more)
	}
}
