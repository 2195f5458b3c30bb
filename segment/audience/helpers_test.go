package audience_test

import (
	"math/big"
	"testing"
	"time"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/noise"
	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment/audience"
)

var from = audience.Source{Account: "shop", Measures: []string{"sizes"}}

func config() audience.Config {
	return audience.Config{MinPeople: 100, TTLDays: 7, MaxAgeDays: 3}
}

func dayText(d dp.Day) string {
	return time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly)
}

// cell is a count with its interval.
func cell(segment string, value, margin int64) proof.Cell {
	return proof.Cell{Segment: segment, Value: value, Low: value - margin, High: value + margin}
}

// sizes is a release of segment sizes; the header may be changed.
func sizes(entry uint64, day dp.Day, cells []proof.Cell, change ...func(h *proof.Header)) dp.Release {
	h := proof.Header{
		Format: "discreet-release/0", Account: "shop", Entry: entry, Measure: "sizes", Kind: "segment-sizes",
		AsOf: dayText(day), Sigma: 5, StdDev: 5, Level: dp.Level, Margin: 10, Cells: len(cells),
	}
	for _, c := range change {
		c(&h)
	}
	return proof.NewRelease(h, cells, nil)
}

func newGate(t interface {
	Helper()
	Fatal(...any)
}, c audience.Config) *audience.Gate {
	t.Helper()
	g, err := audience.New(c, from)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// source draws the noise of releases, and knows their margin.
type drawer struct {
	sigma  float64
	margin int64
	noise  *noise.Gaussian
}

func newDrawer(t *testing.T, sigma float64) *drawer {
	t.Helper()
	s, err := noise.NewScale(new(big.Rat).SetFloat64(sigma))
	if err != nil {
		t.Fatal(err)
	}
	d := &drawer{sigma: s.Float64Up()}
	if d.margin, err = accounting.Margin(s.Rat(), dp.Level); err != nil {
		t.Fatal(err)
	}
	if d.noise, err = noise.NewGaussian(s); err != nil {
		t.Fatal(err)
	}
	return d
}

// values returns n released values of a segment of so many people.
func (d *drawer) values(t *testing.T, people int64, n int) []int64 {
	t.Helper()
	v := make([]int64, n)
	for i := range v {
		v[i] = people
	}
	if err := d.noise.AddTo(v); err != nil {
		t.Fatal(err)
	}
	return v
}

func (d *drawer) header(h *proof.Header) { h.Sigma, h.StdDev, h.Margin = d.sigma, d.sigma, d.margin }
