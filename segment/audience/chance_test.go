package audience_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment/audience"
)

// Every test of this file fails by chance in less than one of 10^8 runs: a number of
// successes in n trials of probability at most p is above n*p + six standard
// deviations + 20 with a probability below 10^-9.
func most(n int, p float64) int { return int(float64(n)*p+6*math.Sqrt(float64(n)*p*(1-p))) + 20 }

// tables puts the values into releases of a thousand segments each; bound is what a
// release says is the lower end of an interval.
func tables(d *drawer, values []int64, bound func(v int64) int64) (list [][]proof.Cell) {
	for some := range slices.Chunk(values, 1000) {
		cells := make([]proof.Cell, len(some))
		for i, v := range some {
			cells[i] = proof.Cell{Segment: fmt.Sprintf("s%03d", i), Value: v, Low: bound(v), High: v + d.margin}
		}
		list = append(list, cells)
	}
	return list
}

// opened counts how many of the values open their segment, each at one look at a
// segment that was not open, or that was where there is something before.
func opened(t *testing.T, d *drawer, c audience.Config, values []int64, bound func(v int64) int64, before ...int64) (n int) {
	t.Helper()
	for _, cells := range tables(d, values, bound) {
		g := newGate(t, c)
		for i, v := range before {
			earlier := slices.Clone(cells)
			for j := range earlier {
				earlier[j].Value, earlier[j].Low = v, v-d.margin
			}
			if err := g.Observe(sizes(uint64(i+1), 9, earlier, d.header)); err != nil {
				t.Fatal(err)
			}
		}
		if err := g.Observe(sizes(uint64(len(before)+1), 10, cells, d.header)); err != nil {
			t.Fatal(err)
		}
		for _, s := range g.All(10) {
			if s.Open {
				n++
			}
		}
	}
	return n
}

// TestFewOpenRarely releases segments of k-1 people, with the noise of releases: no
// more of them open than Chance says. The rule that takes the value for its lower
// bound opens half of them, and is caught; so is a margin that is a tenth too small.
func TestFewOpenRarely(t *testing.T) {
	const looks = 200_000
	d := newDrawer(t, 43.4)
	c := config()
	values := d.values(t, int64(c.MinPeople)-1, looks)
	low := func(v int64) int64 { return v - d.margin }
	if n, limit := opened(t, d, c, values, low), most(looks, audience.DefaultChance); n > limit || n < looks/100 {
		t.Errorf("%d of %d opened, at most %d should", n, looks, limit)
	}
	if n := opened(t, d, c, values, func(v int64) int64 { return v }); n <= most(looks, audience.DefaultChance) {
		t.Errorf("the value in place of the bound opens %d only: the test has no power", n)
	}
	if n := opened(t, d, c, values, func(v int64) int64 { return v - d.margin*9/10 }); n <= most(looks, audience.DefaultChance) {
		t.Errorf("a margin that is too small opens %d only: the test has no power", n)
	}
	c.Chance = 0.001
	if n, limit := opened(t, d, c, values, low), most(looks, c.Chance); n > limit || n < looks/10_000 {
		t.Errorf("chance 0.001: %d of %d opened, at most %d should", n, looks, limit)
	}
}

// TestManyLooks releases a segment of k-1 people thirty days in a row: it is open on
// any of them no more often than thirty times Chance.
func TestManyLooks(t *testing.T) {
	const runs, looks = 4000, 30
	d := newDrawer(t, 20)
	c := config()
	c.Chance = 0.002
	n := 0
	for range runs / 1000 {
		g := newGate(t, c)
		ever := map[string]bool{}
		for i := range looks {
			cells := tables(d, d.values(t, int64(c.MinPeople)-1, 1000), func(v int64) int64 { return v - d.margin })[0]
			if err := g.Observe(sizes(uint64(i+1), dp.Day(i), cells, d.header)); err != nil {
				t.Fatal(err)
			}
			for _, s := range g.All(dp.Day(i)) {
				if s.Open {
					ever[s.Segment] = true
				}
			}
		}
		n += len(ever)
	}
	if limit := most(runs, looks*c.Chance); n > limit || n == 0 {
		t.Errorf("%d of %d were open at some look, at most %d should", n, runs, limit)
	}
}

// TestShrunkCloses opens a segment and lets it shrink to less than k/2: whatever
// went before, the next release leaves it open no more often than Chance says.
func TestShrunkCloses(t *testing.T) {
	const runs = 100_000
	d := newDrawer(t, 30)
	c := config()
	values := d.values(t, (int64(c.MinPeople)+1)/2-1, runs)
	n := opened(t, d, c, values, func(v int64) int64 { return v - d.margin }, 1000)
	if limit := most(runs, audience.DefaultChance); n > limit || n < runs/100 {
		t.Errorf("%d of %d stayed open, at most %d should", n, runs, limit)
	}
}

// TestForecast holds what is predicted to what happens: from OpensFrom people on a
// release opens a segment 95 times of 100, from StaysFrom on it stays open.
func TestForecast(t *testing.T) {
	const runs = 40_000
	for _, sigma := range []float64{0.5, 7, 43.4} {
		for _, chance := range []float64{0, 1e-4} {
			d := newDrawer(t, sigma)
			c := config()
			c.MinPeople, c.Chance = 300, chance
			x, err := audience.Forecast(c, dp.Noise{Sigma: d.sigma})
			if err != nil {
				t.Fatal(err)
			}
			if chance == 0 && x.Margin != d.margin {
				t.Errorf("sigma %v: a margin of %d, released with %d", sigma, x.Margin, d.margin)
			}
			low := func(v int64) int64 { return v - d.margin }
			closed := runs - opened(t, d, c, d.values(t, x.OpensFrom, runs), low)
			if limit := most(runs, 0.05); closed > limit {
				t.Errorf("sigma %v, chance %v: %d of %d did not open, at most %d should", sigma, chance, closed, runs, limit)
			}
			// One margin less and it opens about as often as not: the prediction is tight.
			if few := opened(t, d, c, d.values(t, x.OpensFrom-2*x.Margin-1, runs), low); few > runs/2 {
				t.Errorf("sigma %v: far fewer people open it too", sigma)
			}
			closed = runs - opened(t, d, c, d.values(t, x.StaysFrom, runs), low, 10_000)
			if limit := most(runs, 0.05); closed > limit {
				t.Errorf("sigma %v, chance %v: %d did not stay open, at most %d should", sigma, chance, closed, limit)
			}
		}
	}
}

// TestSmallest asks for less than the noise can carry, and is told what would do;
// with that, an empty segment hardly ever opens.
func TestSmallest(t *testing.T) {
	d := newDrawer(t, 43.4)
	c := config()
	c.MinPeople = 50
	x, err := audience.Forecast(c, dp.Noise{Sigma: d.sigma})
	var small *audience.SmallError
	if !errors.As(err, &small) || !errors.Is(err, audience.ErrSmall) || small.Smallest != d.margin || x.Smallest != d.margin || small.MinPeople != 50 {
		t.Fatalf("%+v, %v", x, err)
	}
	c.MinPeople = int(small.Smallest)
	if _, err := audience.Forecast(c, dp.Noise{Sigma: d.sigma}); err != nil {
		t.Errorf("what should do does not: %v", err)
	}
	const runs = 200_000
	if n := opened(t, d, c, d.values(t, 0, runs), func(v int64) int64 { return v - d.margin }); n > most(runs, 1.0/7000) {
		t.Errorf("%d of %d empty segments opened", n, runs)
	}
	c.MinPeople = 10
	if x, err = audience.Forecast(c, dp.Noise{Sigma: 1}); err != nil || x.Smallest != audience.LeastPeople {
		t.Errorf("hardly any noise: %+v, %v", x, err)
	}
	for _, sigma := range []float64{0, -1, math.NaN(), math.Inf(1), 1e300} {
		if _, err := audience.Forecast(config(), dp.Noise{Sigma: sigma}); !errors.Is(err, audience.ErrNoise) {
			t.Errorf("sigma %v: %v", sigma, err)
		}
	}
	if _, err := audience.Forecast(audience.Config{}, dp.Noise{Sigma: 1}); !errors.Is(err, audience.ErrConfig) {
		t.Errorf("no configuration: %v", err)
	}
}
