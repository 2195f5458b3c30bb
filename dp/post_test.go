package dp_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/noise"
	"github.com/discreet-go/discreet/internal/proof"
	"pgregory.net/rapid"
)

// sizesOf makes a release of segment sizes with given values.
func sizesOf(entry uint64, asOf string, sigma float64, values ...int64) dp.Release {
	margin := dp.WholeMargin(sigma)
	h := dp.Header{
		Format: dp.Format, Library: "test", Account: "account", Entry: entry, Name: fmt.Sprintf("sizes-%d", entry), Measure: "sizes",
		Kind: "segment-sizes", Partitions: "public", Window: 3, AsOf: asOf, Mechanism: "rounded-gaussian",
		Sigma: sigma, StdDev: math.Sqrt(sigma*sigma + 1.0/12), L0: 1, LInf: 1, Mu: 1 / sigma, Level: dp.Level, Margin: margin, Cells: len(values),
	}
	cells := make([]dp.Cell, len(values))
	for i, v := range values {
		cells[i] = dp.Cell{Segment: fmt.Sprintf("s%06d", i), Value: v, Low: v - margin, High: v + margin}
	}
	return proof.NewRelease(h, cells, nil)
}

// itemsOf makes a release of segments x items, so many items in each segment.
func itemsOf(entry uint64, asOf string, sigma float64, items int, values ...int64) dp.Release {
	r := sizesOf(entry, asOf, sigma, values...)
	h, cells := r.Header(), r.Cells()
	h.Kind, h.Measure, h.Name, h.Lookback = "segment-items", "items", fmt.Sprintf("items-%d", entry), 7
	for i := range cells {
		cells[i].Segment, cells[i].Item = fmt.Sprintf("s%06d", i/items), fmt.Sprintf("i%04d", i%items)
	}
	return proof.NewRelease(h, cells, nil)
}

// altered changes the header.
func altered(r dp.Release, f func(h *dp.Header)) dp.Release {
	h := r.Header()
	f(&h)
	return proof.NewRelease(h, r.Cells(), nil)
}

const monday, tuesday = "2026-11-23", "2026-11-24"

// drawn adds noise as a release does.
func drawn(t testing.TB, sigma float64, exact []int64) []int64 {
	t.Helper()
	scale, err := noise.NewScale(new(big.Rat).SetFloat64(sigma))
	if err != nil {
		t.Fatal(err)
	}
	g, err := noise.NewGaussian(scale)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]int64, len(exact))
	if err := g.Fill(out); err != nil {
		t.Fatal(err)
	}
	for i := range out {
		out[i] += exact[i]
	}
	return out
}

func repeat(n int, v int64) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = v
	}
	return out
}

// off reports whether a share of n independent trials is outside of what probabilities
// from low to high give; false alarms 2e-7 in each direction.
func off(holds, n int, low, high float64) bool {
	p := float64(holds) / float64(n)
	return p < low-5.2*math.Sqrt(low*(1-low)/float64(n)) || p > high+5.2*math.Sqrt(high*(1-high)/float64(n))
}

// TestIntervalsHoldWithDrawnNoise draws the noise of releases and counts how often
// intervals hold: released, clamped at zero, rounded, averaged, made consistent. The
// exact cells are above 4 sigma. The same count finds noise 10 % larger than stated.
// Some 30 counts, each a false alarm with probability below 4e-7.
func TestIntervalsHoldWithDrawnNoise(t *testing.T) {
	const n = 60_000
	for _, sigma := range []float64{5, 6.3, 10.4, 42.3} {
		exact := int64(4*sigma) + 2
		days := func(real float64, entries ...uint64) []dp.Release {
			var out []dp.Release
			for _, e := range entries {
				out = append(out, sizesOf(e, monday, sigma, drawn(t, real, repeat(n, exact))...))
			}
			return out
		}
		count := func(e dp.Estimates, err error, want func(i int) float64, every int) (holds, trials int) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(e.Cells); i += every {
				c := e.Cells[i]
				if trials++; c.Low <= want(i) && want(i) <= c.High {
					holds++
				}
			}
			return holds, trials
		}
		truth := func(int) float64 { return float64(exact) }
		check := func(name string, e dp.Estimates, err error, want func(int) float64, every int) {
			t.Helper()
			for _, x := range []dp.Estimates{e, e.NonNegative(), e.Whole()} {
				if holds, trials := count(x, err, want, every); off(holds, trials, 0.94, 0.96) {
					t.Errorf("sigma %v, %s %v: %d of %d intervals hold", sigma, name, x.Applied, holds, trials)
				}
			}
		}
		e, err := dp.Intervals(days(sigma, 1)[0])
		check("released", e, err, truth, 1)
		e, err = dp.Average(days(sigma, 1, 2, 3)...)
		check("average of 3", e, err, truth, 1)

		// Rows of 3 parts and their total; parts of one row depend on each other, so that
		// one of each is counted.
		parts := itemsOf(2, monday, sigma, 3, drawn(t, sigma, repeat(n/3*3, exact))...)
		totals := sizesOf(1, monday, 1.5*sigma, drawn(t, 1.5*sigma, repeat(n/3, 3*exact))...)
		e, err = dp.ConsistentRows(totals, parts)
		e.Cells = e.Cells[:n/3]
		holds, trials := count(e, err, func(int) float64 { return float64(3 * exact) }, 1)
		if off(holds, trials, 0.94, 0.96) {
			t.Errorf("sigma %v, totals: %d of %d intervals hold", sigma, holds, trials)
		}
		e, err = dp.ConsistentRows(totals, parts)
		for _, x := range []dp.Estimates{e, e.NonNegative(), e.Whole()} {
			x.Cells = x.Cells[n/3:]
			if holds, trials := count(x, err, truth, 3); off(holds, trials, 0.94, 0.96) {
				t.Errorf("sigma %v, parts %v: %d of %d intervals hold", sigma, x.Applied, holds, trials)
			}
		}

		loud, err := dp.Average(days(1.1*sigma, 1, 2, 3)...)
		if holds, trials := count(loud, err, truth, 1); !off(holds, trials, 0.94, 0.96) {
			t.Errorf("sigma %v: noise 10 %% larger is not found: %d of %d", sigma, holds, trials)
		}
	}
}

// TestClampedIntervalsHoldNearZero: below 4 sigma clamping only makes intervals hold
// more often, for the number zero too.
func TestClampedIntervalsHoldNearZero(t *testing.T) {
	const n = 40_000
	for _, exact := range []int64{0, 1, 7, 19} {
		e, err := dp.Intervals(sizesOf(1, monday, 10, drawn(t, 10, repeat(n, exact))...))
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range []dp.Estimates{e.NonNegative(), e.Whole()} {
			holds := 0
			for _, c := range x.Cells {
				if c.Value < 0 || c.Low < 0 || c.High < c.Low {
					t.Fatalf("%+v", c)
				}
				if c.Low <= float64(exact) && float64(exact) <= c.High {
					holds++
				}
			}
			if off(holds, n, 0.94, 1) {
				t.Errorf("%d: %d of %d", exact, holds, n)
			}
		}
	}
}

func TestAverage(t *testing.T) {
	e, err := dp.Average(sizesOf(2, tuesday, 20, 130, -10), sizesOf(1, monday, 10, 100, 10))
	if err != nil {
		t.Fatal(err)
	}
	v1, v2 := 100+1.0/12, 400+1.0/12
	w := v2 / (v1 + v2)
	if got := e.Cells[0]; math.Abs(got.Value-(100*w+130*(1-w))) > 1e-9 || math.Abs(got.StdDev-math.Sqrt(v1*v2/(v1+v2))) > 1e-9 || got.Segment != "s000000" {
		t.Errorf("%+v", got)
	}
	if got := e.Sources; len(got) != 2 || got[0].Entry != 1 || math.Abs(got[0].Weight-w) > 1e-12 || math.Abs(got[0].Weight+got[1].Weight-1) > 1e-12 {
		t.Errorf("%+v", got)
	}
	if w := e.Whole(); w.Cells[0].Value != 106 || w.Cells[0].Low != e.Cells[0].Low || w.Cells[1].Value != 6 || w.Cells[1].Low != 0 {
		t.Errorf("%+v", w.Cells)
	}
}

func TestPostProcessingRefuses(t *testing.T) {
	a, b := sizesOf(1, monday, 10, 5, 6, 7, 8), sizesOf(2, tuesday, 10, 5, 6, 7, 8)
	with := func(f func(h *dp.Header)) dp.Release { return altered(b, f) }
	discovered := with(func(h *dp.Header) { h.Partitions, h.Threshold, h.Delta = "discovered", 40, 1e-9 })
	cases := []struct {
		name string
		rs   []dp.Release
		want error
	}{
		{"none", nil, dp.ErrReleases},
		{"zero", []dp.Release{a, {}}, dp.ErrReleases},
		{"one", []dp.Release{a}, dp.ErrReleases},
		{"twice", []dp.Release{a, a}, dp.ErrSame},
		{"accounts", []dp.Release{a, with(func(h *dp.Header) { h.Account = "other" })}, dp.ErrReleases},
		{"discovered", []dp.Release{a, discovered}, dp.ErrDiscovered},
		{"law", []dp.Release{a, with(func(h *dp.Header) { h.Mechanism = "discrete-laplace" })}, dp.ErrNoiseLaw},
		{"no noise", []dp.Release{a, with(func(h *dp.Header) { h.Sigma = 0 })}, dp.ErrNoiseLaw},
		{"nan", []dp.Release{a, with(func(h *dp.Header) { h.StdDev = math.NaN() })}, dp.ErrNoiseLaw},
		{"measure", []dp.Release{a, with(func(h *dp.Header) { h.Measure = "other" })}, dp.ErrMeasures},
		{"bounds", []dp.Release{a, with(func(h *dp.Header) { h.L0 = 2 })}, dp.ErrMeasures},
		{"fewer cells", []dp.Release{a, sizesOf(2, tuesday, 10, 5)}, dp.ErrCells},
	}
	for _, c := range cases {
		if e, err := dp.Average(c.rs...); err != c.want || e.Cells != nil {
			t.Errorf("Average, %s: %v", c.name, err)
		}
		if p, err := dp.Smooth(c.rs); err != c.want || p != nil {
			t.Errorf("Smooth, %s: %v", c.name, err)
		}
	}
	if _, err := dp.Smooth([]dp.Release{a, sizesOf(2, monday, 10, 5, 6, 7, 8)}); err != dp.ErrReleases {
		t.Errorf("two as of one day: %v", err)
	}
	if _, err := dp.Smooth([]dp.Release{a, with(func(h *dp.Header) { h.AsOf = "soon" })}); err != dp.ErrReleases {
		t.Errorf("no day: %v", err)
	}
	renamed := b.Cells()
	renamed[1].Segment = "else"
	if _, err := dp.Average(a, proof.NewRelease(b.Header(), renamed, nil)); err != dp.ErrCells {
		t.Errorf("other cells: %v", err)
	}
	for name, f := range map[string]func(dp.Release) error{
		"Shrink":     func(r dp.Release) error { _, err := dp.Shrink(r); return err },
		"ShrinkRows": func(r dp.Release) error { _, err := dp.ShrinkRows(r); return err },
		"totals":     func(r dp.Release) error { _, err := dp.ShrinkToTotals(r, a); return err },
		"parts":      func(r dp.Release) error { _, err := dp.ShrinkToTotals(a, r); return err },
		"consistent": func(r dp.Release) error { _, err := dp.ConsistentRows(a, r); return err },
	} {
		if err := f(dp.Release{}); err != dp.ErrReleases {
			t.Errorf("%s of nothing: %v", name, err)
		}
		if err := f(discovered); err != dp.ErrDiscovered {
			t.Errorf("%s of a discovered table: %v", name, err)
		}
	}
	if _, err := dp.ShrinkToTotals(a, a); err != dp.ErrSame {
		t.Error(err)
	}
	if _, err := dp.ShrinkToTotals(itemsOf(3, monday, 9, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10), a); err != dp.ErrCells {
		t.Errorf("a segment without total: %v", err)
	}
	if _, err := dp.Intervals(dp.Release{}); err != dp.ErrReleases {
		t.Error(err)
	}
	if e, err := dp.Intervals(discovered); err != nil || e.Cells[0].StdDev != 0 {
		t.Error(err)
	}
}

// TestSourcesAreTold: every result names the releases it was computed from, and says
// that it is not a release.
func TestSourcesAreTold(t *testing.T) {
	a, b := sizesOf(1, monday, 10, 5, 6, 7, -8), sizesOf(2, tuesday, 10, 5, 6, 7, 8)
	avg, err := dp.Average(b, a)
	if err != nil {
		t.Fatal(err)
	}
	smooth, err := dp.Smooth([]dp.Release{b, a})
	if err != nil {
		t.Fatal(err)
	}
	shrunk, err := dp.Shrink(a)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := dp.Intervals(a)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"average":   {avg.NonNegative().Statement(), []string{"inverse variance", "about 95%", "set to zero, last", "sizes-1 as of 2026-11-23 (entry 1), sizes-2 as of 2026-11-24 (entry 2)"}},
		"smoothed":  {smooth[0].Statement(), []string{"smoothed over the days", "no intervals", "entry 1", "entry 2"}},
		"shrunk":    {shrunk.Whole().Statement(), []string{"common centre", "no intervals", "rounded to whole numbers, last", "entry 1"}},
		"intervals": {plain.Statement(), []string{"released ones", "entry 1"}},
		"nothing":   {dp.Estimates{}.Statement(), []string{"not computed from releases"}},
		"no points": {dp.Points{}.Statement(), []string{"not computed from releases"}},
	} {
		for _, part := range c.want {
			if !strings.Contains(c.text, part) {
				t.Errorf("%s: %q is missing in %q", name, part, c.text)
			}
		}
	}
	if got := shrunk.NonNegative(); shrunk.Cells[3].Value >= 0 && got.Cells[3].Value != shrunk.Cells[3].Value {
		t.Error(got)
	}
	data, err := json.Marshal(smooth[1])
	if err != nil || !strings.Contains(string(data), `"method":"smoothed"`) || strings.Contains(string(data), `"low"`) {
		t.Error(string(data), err)
	}
	// Results are not shared with what they were made from.
	before := plain.Cells[3].Value
	plain.NonNegative().Cells[0].Value = 99
	if plain.Whole(); plain.Cells[3].Value != before || plain.Cells[0].Value == 99 || plain.Applied != nil {
		t.Error("estimates are changed in place")
	}
}

// squared adds up the squared errors.
func squared(cells []dp.Point, exact []int64) (sum float64) {
	for i, c := range cells {
		sum += (c.Value - float64(exact[i])) * (c.Value - float64(exact[i]))
	}
	return sum
}

// TestShrinkPays holds that shrinking is not worse than the released values, summed
// over the cells, whatever the exact numbers are, and much better where they are
// alike. Differences of squared errors are compared with 5.2 standard errors over 400
// tables: false alarms below 2e-7 each, twelve in all. Told a variance four times too
// large, it is worse, and found so.
func TestShrinkPays(t *testing.T) {
	const tables, cells = 400, 12
	random := rand.New(rand.NewPCG(1, 2))
	shapes := map[string]func(i int) int64{
		"equal":  func(int) int64 { return 500 },
		"spread": func(int) int64 { return 500 + int64(random.NormFloat64()*30) },
		"wide":   func(int) int64 { return 500 + int64(random.NormFloat64()*300) },
		"outlier": func(i int) int64 {
			if i == 0 {
				return 2000
			}
			return 500
		},
	}
	for name, shape := range shapes {
		gain := func(stated float64, shrink func(r, totals dp.Release) (dp.Points, error)) (z, ratio float64) {
			var sum, square, raw, shrunk float64
			for n := range tables {
				exact := make([]int64, cells)
				total := int64(0)
				for i := range exact {
					exact[i] = shape(i)
					total += exact[i]
				}
				r := itemsOf(uint64(2*n+1), monday, 20, cells, drawn(t, 20, exact)...)
				lie := altered(r, func(h *dp.Header) { h.Sigma, h.StdDev = h.Sigma*stated, h.StdDev*stated })
				p, err := shrink(lie, sizesOf(uint64(2*n+2), monday, 20, drawn(t, 20, []int64{total})...))
				if err != nil {
					t.Fatal(err)
				}
				plain := make([]dp.Point, cells)
				for i := range plain {
					plain[i].Value = float64(r.At(i).Value)
				}
				a, b := squared(plain, exact), squared(p.Cells, exact)
				raw, shrunk = raw+a, shrunk+b
				sum, square = sum+a-b, square+(a-b)*(a-b)
			}
			mean := sum / tables
			return mean / math.Sqrt((square/tables-mean*mean)/tables), shrunk / raw
		}
		for way, shrink := range map[string]func(r, totals dp.Release) (dp.Points, error){
			"mean":   func(r, _ dp.Release) (dp.Points, error) { return dp.Shrink(r) },
			"rows":   func(r, _ dp.Release) (dp.Points, error) { return dp.ShrinkRows(r) },
			"totals": dp.ShrinkToTotals,
		} {
			z, ratio := gain(1, shrink)
			if z < -5.2 {
				t.Errorf("%s, %s: worse than released by %v standard errors", name, way, -z)
			}
			if name == "equal" && ratio > 0.4 {
				t.Errorf("equal cells, %s: %v of the squared error is left", way, ratio)
			}
			if name == "spread" {
				if z, _ := gain(3, shrink); z > -5.2 {
					t.Errorf("%s: a variance nine times too large is not found: %v", way, z)
				}
			}
		}
	}
}

func TestShrinkFormula(t *testing.T) {
	r := sizesOf(1, monday, 10, 100, 120, 140, 160, 180)
	p, err := dp.Shrink(r)
	if err != nil {
		t.Fatal(err)
	}
	kept := 1 - 2*(100+1.0/12)/4000
	for i, c := range p.Cells {
		if want := 140 + kept*float64(20*i-40); math.Abs(c.Value-want) > 1e-9 || math.Abs(c.Kept-kept) > 1e-12 {
			t.Errorf("%d: %+v, want %v", i, c, want)
		}
	}
	for _, few := range []dp.Release{sizesOf(1, monday, 10, 1, 2, 3), sizesOf(1, monday, 10)} {
		p, err := dp.Shrink(few)
		if err != nil || len(p.Cells) != few.Len() {
			t.Fatal(err)
		}
		for i, c := range p.Cells {
			if c.Value != float64(few.At(i).Value) || c.Kept != 1 {
				t.Errorf("%+v moved", c)
			}
		}
	}
	// Equal parts of the total: 3 cells, so that (K-2) v/S is small.
	p, err = dp.ShrinkToTotals(itemsOf(2, monday, 1, 3, 10, 20, 60), sizesOf(1, monday, 5, 120))
	if err != nil {
		t.Fatal(err)
	}
	kept = 1 - (1+1.0/12)/(900+400+400)
	if math.Abs(p.Cells[0].Value-(40-30*kept)) > 1e-9 || len(p.Sources) != 2 {
		t.Errorf("%+v", p)
	}
	same, err := dp.Shrink(sizesOf(1, monday, 10, 7, 7, 7, 7))
	if err != nil || same.Cells[2].Value != 7 || same.Cells[2].Kept != 0 {
		t.Error(same, err)
	}
}

// TestSmoothIsThePosterior solves the normal equations of the model densely.
func TestSmoothIsThePosterior(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 9).Draw(t, "days")
		gap, variance, y := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range n {
			gap[i] = float64(rapid.IntRange(1, 5).Draw(t, "gap"))
			variance[i] = rapid.Float64Range(1, 400).Draw(t, "variance")
			y[i] = rapid.Float64Range(-300, 300).Draw(t, "value")
		}
		value, kept, q := dp.SmoothLevels(gap, variance, y)
		if q == 0 { // then it is the weighted mean
			sum, weight := 0.0, 0.0
			for i := range y {
				sum, weight = sum+y[i]/variance[i], weight+1/variance[i]
			}
			for i := range y {
				if math.Abs(value[i]-sum/weight) > 1e-6 || math.Abs(kept[i]-1/weight/variance[i]) > 1e-9 {
					t.Fatal(value[i], sum/weight, kept[i])
				}
			}
			return
		}
		m := make([][]float64, n)
		rhs := make([]float64, n)
		for i := range m {
			m[i] = make([]float64, n)
			m[i][i] += 1 / variance[i]
			rhs[i] = y[i] / variance[i]
			if i > 0 {
				w := 1 / (q * gap[i])
				m[i][i] += w
				m[i-1][i-1] += w
				m[i][i-1] -= w
				m[i-1][i] -= w
			}
		}
		inverse := invert(m)
		for i := range value {
			want := 0.0
			for j := range rhs {
				want += inverse[i][j] * rhs[j]
			}
			if math.Abs(value[i]-want) > 1e-4*(1+math.Abs(want)) || math.Abs(kept[i]-inverse[i][i]/variance[i]) > 1e-4 {
				t.Fatalf("day %d: %v, want %v; kept %v, want %v; q %v", i, value[i], want, kept[i], inverse[i][i]/variance[i], q)
			}
		}
	})
}

// invert inverts a matrix, densely.
func invert(m [][]float64) [][]float64 {
	n := len(m)
	a := make([][]float64, n)
	for i := range a {
		a[i] = append(slices.Clone(m[i]), make([]float64, n)...)
		a[i][n+i] = 1
	}
	for c := range n {
		p := c
		for r := c + 1; r < n; r++ {
			if math.Abs(a[r][c]) > math.Abs(a[p][c]) {
				p = r
			}
		}
		a[c], a[p] = a[p], a[c]
		pivot := a[c][c]
		for k := range a[c] {
			a[c][k] /= pivot
		}
		for r := range n {
			if f := a[r][c]; r != c && f != 0 {
				for k := range a[r] {
					a[r][k] -= f * a[c][k]
				}
			}
		}
	}
	out := make([][]float64, n)
	for i := range out {
		out[i] = a[i][n:]
	}
	return out
}

// TestSmoothPays compares squared errors over many series: of levels that stand still
// and that wander, smoothing gains, and with a variance told nine times too large it
// gains less. False alarms: below 2e-7 each.
func TestSmoothPays(t *testing.T) {
	const series, days, sigma = 600, 14, 20.0
	random := rand.New(rand.NewPCG(3, 4))
	run := func(wander, stated float64) float64 {
		exact := make([][]int64, days)
		for d := range exact {
			exact[d] = make([]int64, series)
			for i := range exact[d] {
				if exact[d][i] = 1000; d > 0 {
					exact[d][i] = exact[d-1][i] + int64(math.Round(random.NormFloat64()*wander))
				}
			}
		}
		var rs []dp.Release
		for d := range days {
			r := sizesOf(uint64(d+1), fmt.Sprintf("2026-11-%02d", d+1), sigma, drawn(t, sigma, exact[d])...)
			rs = append(rs, altered(r, func(h *dp.Header) { h.Sigma, h.StdDev = h.Sigma*stated, h.StdDev*stated }))
		}
		out, err := dp.Smooth(rs)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for d, p := range out {
			if p.AsOf != rs[d].Header().AsOf || len(p.Sources) != days {
				t.Fatalf("day %d: %+v", d, p)
			}
			sum += squared(p.Cells, exact[d])
		}
		// In units of the released values' squared error; its relative standard error is
		// about sqrt(2*14/8400), 0.06, at most, where all days of a series go together.
		return sum / (series * days * sigma * sigma)
	}
	still, slow, fast := run(0, 1), run(5, 1), run(200, 1)
	if still > 0.3 || slow > 0.6 || fast > 1.3 {
		t.Errorf("squared error left: %v standing, %v slow, %v fast", still, slow, fast)
	}
	if wrong := run(20, 3); wrong < run(20, 1)*1.05 {
		t.Errorf("a variance nine times too large is not found: %v", wrong)
	}
}

// asJSON writes floats so that no two look the same.
func asJSON(t interface{ Fatal(...any) }, v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestSmoothAnyOrder: the order of the releases makes no difference, not even of a bit.
func TestSmoothAnyOrder(t *testing.T) {
	rs := []dp.Release{
		sizesOf(3, "2026-11-21", 12, 100, 40), sizesOf(1, "2026-11-22", 10, 130, 20),
		sizesOf(2, "2026-11-25", 14, 90, 33), sizesOf(9, "2026-12-01", 10, 95, 41),
	}
	want, err := dp.Smooth(rs)
	if err != nil {
		t.Fatal(err)
	}
	average, err := dp.Average(rs...)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		mixed := rapid.Permutation(rs).Draw(t, "order")
		got, err := dp.Smooth(mixed)
		if err != nil || asJSON(t, got) != asJSON(t, want) {
			t.Fatal(got, err)
		}
		if got, err := dp.Average(mixed...); err != nil || asJSON(t, got) != asJSON(t, average) {
			t.Fatal(got, err)
		}
	})
}
