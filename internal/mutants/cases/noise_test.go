package cases

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/dp/noise"
)

// far bounds a standard normal with probability above 1 - 1e-9.
const far = 6.2

func scaleOf(t testing.TB, r *big.Rat) noise.Scale {
	t.Helper()
	s, err := noise.NewScale(r)
	check(t, err)
	return s
}

func gaussianOf(t testing.TB, sigma float64) *noise.Gaussian {
	t.Helper()
	g, err := noise.NewGaussian(scaleOf(t, new(big.Rat).SetFloat64(sigma)))
	check(t, err)
	return g
}

// noiseIndependence looks for cells that share noise, within a table, between
// the buffers of one call and between calls.
func noiseIndependence(t *testing.T) {
	const n, sigma = 20_000, 1 << 30
	g := gaussianOf(t, sigma)
	seen := map[int64]int{} // at this scale n^2/sigma/4 = 0.2 pairs collide by chance
	collisions := 0
	for range 2 {
		cells := make([]int64, n/2)
		check(t, g.AddTo(cells))
		for _, v := range cells {
			if v == 0 {
				continue
			}
			if seen[v]++; seen[v] > 1 {
				collisions++
			}
		}
	}
	if collisions > 12 {
		t.Fatalf("%d of %d cells hold noise that another one holds", collisions, n)
	}
}

// emptyCells draws a table of nobody: all cells hold noise.
func emptyCells(t *testing.T) {
	cells := make([]int64, 1000)
	check(t, gaussianOf(t, 1<<20).AddTo(cells))
	zeros := 0
	for _, v := range cells {
		if v == 0 {
			zeros++
		}
	}
	if zeros > 10 {
		t.Fatalf("%d of %d empty cells have no noise", zeros, len(cells))
	}
}

// noiseRange adds noise where it could wrap.
func noiseRange(t *testing.T) {
	for _, v := range []int64{math.MaxInt64, math.MinInt64, noise.MaxCell + 1, -noise.MaxCell - 1} {
		if gaussianOf(t, 1<<40).AddTo([]int64{v}) == nil {
			t.Fatal("a cell that may wrap is noised")
		}
	}
	ok := []int64{noise.MaxCell, -noise.MaxCell}
	check(t, gaussianOf(t, 1<<40).AddTo(ok))
	if ok[0] < 1<<61 || ok[1] > -1<<61 {
		t.Fatal("a cell wrapped")
	}
}

// gaussianLaw compares the empirical law at many points with the exact one.
func gaussianLaw(t *testing.T) {
	const n, sigma = 2_000_000, 1000
	draws := make([]int64, n)
	check(t, gaussianOf(t, sigma).Fill(draws))
	slices.Sort(draws)
	for z := -4.0; z <= 4.01; z += 0.25 {
		at := int64(math.Round(z * sigma))
		k, _ := slices.BinarySearch(draws, at)
		above := float64(n - k) // draws >= at, which is Z >= at - 1/2
		p := tail((float64(at) - 0.5) / sigma)
		if math.Abs(above-n*p) > far*math.Sqrt(n*p*(1-p))+20 {
			t.Errorf("P(noise >= %d) is %v, not %v", at, above/n, p)
		}
	}
}

// lowBits draws at a large scale: every bit is as often set as not.
func lowBits(t *testing.T) {
	const n = 20_000
	draws := make([]int64, n)
	check(t, gaussianOf(t, 1<<40).Fill(draws))
	for bit := range 16 {
		set := 0.0
		for _, v := range draws {
			set += float64(v >> bit & 1)
		}
		if math.Abs(set-n/2) > far*math.Sqrt(n)/2 {
			t.Errorf("bit %d is set in %v of the draws", bit, set/n)
		}
	}
}

func laplaceLaw(t *testing.T) {
	const n, b = 200_000, 1.5
	l, err := noise.NewLaplace(scaleOf(t, big.NewRat(3, 2)))
	check(t, err)
	draws := make([]int64, n)
	check(t, l.Fill(draws))
	count := map[int64]float64{}
	for _, v := range draws {
		count[v]++
	}
	q := math.Exp(-1 / b)
	for v := int64(-6); v <= 6; v++ {
		p := (1 - q) / (1 + q) * math.Pow(q, math.Abs(float64(v)))
		if math.Abs(count[v]-n*p) > far*math.Sqrt(n*p*(1-p)) {
			t.Errorf("P(%d) is %v, not %v", v, count[v]/n, p)
		}
	}
}

// noiseScale: what is drawn is never below what was asked for.
func noiseScale(t *testing.T) {
	for i := int64(1); i < 200; i++ {
		want := big.NewRat(1_000_003*i, 7*i+3)
		if got := scaleOf(t, want).Rat(); got.Cmp(want) < 0 {
			t.Fatalf("%v is drawn for %v", got, want)
		}
	}
}

// thresholdEdge: T comes out, T-1 does not, and nothing is left of what does not.
func thresholdEdge(t *testing.T) {
	id := func(i int, _ int64) int { return i }
	got := noise.Reaching([]int64{9, 10, 11, 8, -1}, 10, id)
	if !slices.Equal(got, []int{1, 2}) || cap(got) != 2 {
		t.Fatalf("reached: %v, of room for %d", got, cap(got))
	}
	all := noise.Reaching([]int64{math.MinInt64, 0}, noise.Everything, id)
	if len(all) != 2 {
		t.Fatal("a public cell is suppressed")
	}
}
