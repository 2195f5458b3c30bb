package fairness_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/noise"
	"github.com/discreet-go/discreet/fairness"
	"github.com/discreet-go/discreet/internal/proof"
)

// header is that of a release of groups with noise of standard deviation sd.
func header(sd float64) proof.Header {
	return proof.Header{
		Format: "discreet-release/1", Library: "test", Account: "shop", Entry: 7, Name: "audit-week-2", Measure: "reach",
		Kind: "groups", Partitions: "public", WindowFrom: "2026-06-01", WindowTo: "2026-07-01", AsOf: "2026-06-08", Since: "2026-06-01",
		Mechanism: "rounded-gaussian", Sigma: sd, StdDev: sd, L0: 1, LInf: 1, Mu: 1 / sd, Epsilon: 2, WindowDelta: 1e-6, Level: dp.Level,
		Margin: int64(math.Ceil(1.96 * sd)),
	}
}

// counts are people of one group in one campaign: reached and missed, or with outcomes
// reached-yes, reached-no, missed-yes, missed-no.
type counts map[[2]string][]int64 // by campaign and group

var partNames = map[int][]string{2: {"reached", "missed"}, 4: {"reached-yes", "reached-no", "missed-yes", "missed-no"}}

// released makes a release of the counts as they are: the caller adds the noise.
func released(sd float64, list counts, change ...func(h *proof.Header)) dp.Release {
	var cells []proof.Cell
	h := header(sd)
	for key, values := range list {
		for i, part := range partNames[len(values)] {
			cells = append(cells, proof.Cell{Group: key[1], Item: key[0], Part: part, Value: values[i], Low: values[i] - h.Margin, High: values[i] + h.Margin})
		}
	}
	h.Cells = len(cells)
	for _, c := range change {
		c(&h)
	}
	return proof.NewRelease(h, cells, []byte("note of "+h.Name))
}

// table reads a release of the counts.
func table(t testing.TB, sd float64, list counts, change ...func(h *proof.Header)) *fairness.Table {
	t.Helper()
	got, err := fairness.Read(released(sd, list, change...))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// crowd draws people, and what is released of them.
type crowd struct {
	people *rand.Rand
	noise  *noise.Gaussian
	drawn  []int64 // noise that is left
	sd     float64
}

func newCrowd(t testing.TB, sigma float64) *crowd {
	t.Helper()
	scale, err := noise.NewScale(new(big.Rat).SetFloat64(sigma))
	if err != nil {
		t.Fatal(err)
	}
	n, err := noise.NewGaussian(scale)
	if err != nil {
		t.Fatal(err)
	}
	return &crowd{rand.New(rand.NewPCG(1, 2)), n, nil, math.Sqrt(sigma*sigma + 1.0/12)}
}

// of draws how many of n people are reached, each with probability p, and releases them.
func (c *crowd) of(t testing.TB, n int, p float64) []int64 {
	t.Helper()
	reached := c.binomial(n, p)
	return c.noisy(t, int64(reached), int64(n-reached))
}

// binomial draws how many of n people are reached, each with probability p.
func (c *crowd) binomial(n int, p float64) (reached int) {
	for i, step := 0, math.Log1p(-p); p > 0; reached++ {
		if i += int(math.Log(1-c.people.Float64())/step) + 1; i > n {
			break
		}
	}
	return reached
}

// noisy releases two numbers of people.
func (c *crowd) noisy(t testing.TB, reached, missed int64) []int64 {
	t.Helper()
	if len(c.drawn) == 0 {
		c.drawn = make([]int64, 4096)
		if err := c.noise.Fill(c.drawn); err != nil {
			t.Fatal(err)
		}
	}
	v := []int64{reached + c.drawn[0], missed + c.drawn[1]}
	c.drawn = c.drawn[2:]
	return v
}
