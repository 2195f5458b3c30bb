package fairness

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestRejected takes the worked example of Benjamini and Hochberg (1995), section 4.
func TestRejected(t *testing.T) {
	p := []float64{0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(p), func(i, j int) { p[i], p[j] = p[j], p[i] })
	for c, want := range map[Correction]float64{Holm: 0.0019, BH: 0.0095, "": 0.0019, Uncorrected: 0.0459} {
		for i, r := range c.rejected(p, 0.05) {
			if r != (p[i] <= want) {
				t.Errorf("%s: %v is rejected: %v", c, p[i], r)
			}
		}
	}
	if got := BH.rejected([]float64{0.04, 0.045, 0.05}, 0.05); slices.Contains(got, false) {
		t.Error("the last p-value carries the others with it")
	}
	if got := Holm.rejected(nil, 0.05); len(got) != 0 {
		t.Error(got)
	}
}

// TestCorrections holds the share of false rejections: of any with Holm, whatever p-values
// have to do with each other, of those rejected with BH. It fails by chance less than once in
// 10^8 runs.
func TestCorrections(t *testing.T) {
	const runs, m = 20000, 12
	r := rand.New(rand.NewPCG(3, 4))
	for _, together := range []float64{0, 0.7} {
		ever, plain, share := 0, 0, 0.0
		for range runs {
			p := make([]float64, m)
			common := r.NormFloat64()
			for i := range p {
				z := math.Sqrt(together)*common + math.Sqrt(1-together)*r.NormFloat64()
				if i < m/3 { // not true
					z -= 2.5
				}
				p[i] = normal(z)
			}
			if slices.Contains(Holm.rejected(p, 0.05)[m/3:], true) {
				ever++
			}
			if slices.Contains(Uncorrected.rejected(p, 0.05)[m/3:], true) {
				plain++
			}
			wrong, all := 0.0, 0.0
			for i, x := range BH.rejected(p, 0.05) {
				if x {
					all++
					if i >= m/3 {
						wrong++
					}
				}
			}
			share += wrong / max(all, 1)
		}
		if limit := int(0.05*runs + 6*math.Sqrt(0.05*0.95*runs)); ever > limit {
			t.Errorf("%v together: a false rejection in %d of %d", together, ever, runs)
		}
		if share/runs > 0.05+6*math.Sqrt(0.05/runs) {
			t.Errorf("%v together: %v of the rejections are false", together, share/runs)
		}
		if plain < runs/10 {
			t.Error("without correction there are no more: the test has no power")
		}
	}
}

// TestSpending holds that looks share alpha, and the values of Lan and DeMets (1983).
func TestSpending(t *testing.T) {
	for _, s := range []Spending{"", Even, OBrienFleming, Pocock} {
		for _, n := range []int{1, 2, 5, 52, 400} {
			sum := 0.0
			for k := range n {
				a := s.at(k, n, 0.05)
				if !(a >= 0) {
					t.Fatalf("%s: look %d of %d has %v", s, k, n, a)
				}
				sum += a
			}
			if math.Abs(sum-0.05) > 1e-12 {
				t.Errorf("%s: %d looks spend %v", s, n, sum)
			}
		}
	}
	for _, c := range []struct {
		s    Spending
		look int
		want float64
	}{
		{OBrienFleming, 0, 2 * normal(-quantile(0.975)*math.Sqrt(5))}, {OBrienFleming, 4, 0.05 - 0.02843}, {Pocock, 0, 0.05 * math.Log(1+(math.E-1)/5)}, {Even, 3, 0.01},
	} {
		if got := c.s.at(c.look, 5, 0.05); math.Abs(got-c.want) > 1e-5 {
			t.Errorf("%s, look %d: %v, want %v", c.s, c.look, got, c.want)
		}
	}
}
