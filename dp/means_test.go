package dp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/proof"
	"pgregory.net/rapid"
)

// meansRelease makes a release of means: so many rows of people whose amounts, less the
// middle of -l to l, add up to sum, with the stated noise drawn real times as large.
func meansRelease(t testing.TB, rows int, people, sum, l int64, sigma, countSigma, real float64) dp.Release {
	n := drawn(t, real*countSigma, repeat(rows, people))
	s := drawn(t, real*sigma, repeat(rows, sum))
	h := dp.Header{
		Format: dp.Format, Library: "test", Account: "account", Entry: 5, Name: "spend", Measure: "spend", Kind: "means", Partitions: "public", By: "segments",
		AsOf: monday, Mechanism: "rounded-gaussian", Sigma: sigma, StdDev: math.Sqrt(sigma*sigma + 1.0/12), L0: 2, LInf: l, Level: dp.Level,
		Unit: "EUR", Step: 1, Per: 1000, Low: 0, High: 2 * l, Center: l, CountSigma: countSigma, CountStdDev: math.Sqrt(countSigma*countSigma + 1.0/12), Cells: 2 * rows,
	}
	cells := make([]dp.Cell, 0, 2*rows)
	for i := range rows {
		name := fmt.Sprintf("s%06d", i)
		cells = append(cells, dp.Cell{Segment: name, Part: "count", Value: n[i]}, dp.Cell{Segment: name, Part: "sum", Value: s[i]})
	}
	return proof.NewRelease(h, cells, nil)
}

// TestMeansHold draws the noise of people and of sums and counts the rows whose interval
// misses the exact mean: at most 6 %, whatever the number of people, and about 5 % where
// there are many. The same count finds noise that is a third larger than stated. Some 60
// counts, each a false alarm with probability below 4e-7.
func TestMeansHold(t *testing.T) {
	const rows, l = 8000, 1000
	for _, sigma := range []float64{0.6, 3, 5.3, 12, 40} {
		ratio := math.Ceil(l / math.Sqrt2)
		for _, people := range []int64{1, 4, int64(3 * sigma), int64(6 * sigma), int64(40 * sigma), 5000} {
			for _, mean := range []float64{0, 0.6, 1} {
				if people < 1 {
					continue
				}
				sum := int64(math.Round(mean * l * float64(people)))
				exact := (l + float64(sum)/float64(people)) / 1000
				missed := func(real float64) (n, none int) {
					m, err := dp.MeansOf(meansRelease(t, rows, people, sum, l, sigma*ratio, sigma, real))
					if err != nil {
						t.Fatal(err)
					}
					for _, r := range m.Rows {
						switch {
						case r.None:
							none++
						case r.Low > exact+1e-9 || r.High < exact-1e-9:
							n++
						case r.Low < -1e-9 || r.High > 2+1e-9 || r.Value < r.Low || r.Value > r.High:
							t.Fatalf("%+v is not within bounds", r)
						}
					}
					return n, none
				}
				n, none := missed(1)
				if off(n, rows, 0, 0.06) {
					t.Errorf("sigma %v, %d people, mean %v: %d of %d miss", sigma, people, mean, n, rows)
				}
				if many := float64(people) > 30*sigma; many && mean < 1 && sigma >= 5 {
					if off(n, rows, 0.04, 0.06) || none > 0 {
						t.Errorf("sigma %v, %d people, mean %v: %d of %d miss, %d have none", sigma, people, mean, n, rows, none)
					}
					if wrong, _ := missed(4.0 / 3); !off(wrong, rows, 0, 0.06) {
						t.Errorf("sigma %v: noise of a third more passes: %d miss", sigma, wrong)
					}
				}
			}
		}
		// Nobody at all: a mean comes out rarely.
		m, err := dp.MeansOf(meansRelease(t, rows, 0, 0, l, sigma*ratio, sigma, 1))
		if err != nil {
			t.Fatal(err)
		}
		given := 0
		for _, r := range m.Rows {
			if !r.None {
				given++
			}
		}
		if off(given, rows, 0, 0.025) {
			t.Errorf("sigma %v: %d of %d rows of nobody have a mean", sigma, given, rows)
		}
	}
}

// TestMeansOfWhatWasDrawn: through Count and Draw, with both parts and over sizes.
func TestMeansOfWhatWasDrawn(t *testing.T) {
	s := newSigner(t, "shop", 1)
	list := make([]contrib.Person, 4000)
	for i := range list {
		list[i] = contrib.Person{Salt: salt(uint64(i)), Segments: []string{"a"}, Days: []contrib.Act{{Day: today, Events: 1, Amount: int64(30_000 + 10_000*(i%3))}}}
		if i%4 == 0 {
			list[i].Segments = []string{"a", "b"}
		}
	}
	of := dp.Amount{Unit: "EUR", Low: 0, High: 100_000}
	draw := func(m dp.Measure, entry uint64) dp.Release {
		p := params(units(t, 1, 20), accounting.Units{})
		p.Entry = entry
		r, err := dp.Draw(count(t, mustSpec(t, m, "a", "b", "c"), list), charged(p), s)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	both, err := dp.MeansOf(draw(dp.Means{Name: "m", Purpose: "p", By: dp.BySegment{Max: 2}, Amount: of, LookbackDays: 7, Share: 1}, 3))
	if err != nil {
		t.Fatal(err)
	}
	sizes := draw(dp.SegmentSizes{Name: "sizes", Purpose: "p", MaxSegments: 2, Share: 1}, 4)
	sums := draw(dp.Means{Name: "m", Purpose: "p", By: dp.BySegment{Max: 2}, Amount: of, LookbackDays: 7, Denominators: "sizes", Share: 1}, 5)
	over, err := dp.MeansFrom(sums, sizes)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []dp.RowMeans{both, over} {
		if m.Unit != "EUR" || len(m.Rows) != 3 || m.Level != dp.Level {
			t.Fatalf("%+v", m)
		}
		for i, want := range []float64{40, 40} {
			r := m.Rows[i]
			if r.None || math.Abs(r.Value-want) > 5 || r.High-r.Low > 20 || r.High <= r.Low {
				t.Errorf("%+v, want about %v", r, want)
			}
		}
		if r := m.Rows[2]; !r.None && r.High-r.Low < 30 {
			t.Errorf("a mean of nobody: %+v", r)
		}
		if text := m.Statement(); !strings.Contains(text, "EUR") || !strings.Contains(text, "weekly as of 2024-10-04") {
			t.Error(text)
		}
	}
	if over.Rows[0].High-over.Rows[0].Low > both.Rows[0].High-both.Rows[0].Low {
		t.Error("denominators from elsewhere are not the more exact")
	}
	if (dp.RowMeans{}).Statement() != "This is not computed from releases." {
		t.Error("the zero value states something")
	}
}

func TestMeansRefuse(t *testing.T) {
	both := meansRelease(t, 2, 100, 5, 10, 70, 10, 1)
	sums := altered(both, func(h *dp.Header) { h.Of, h.CountSigma, h.CountStdDev, h.Cells = "sizes", 0, 0, 1 })
	sums = proof.NewRelease(sums.Header(), sums.Cells()[1:2], nil)
	sizes := altered(sizesOf(9, monday, 10, 100, 100), func(h *dp.Header) { h.Measure, h.L0, h.Window = "sizes", 2, 0 })
	if _, err := dp.MeansFrom(sums, sizes); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		release dp.Release
		want    error
	}{
		"zero":           {dp.Release{}, dp.ErrReleases},
		"sizes":          {sizes, dp.ErrMeasures},
		"sums alone":     {sums, dp.ErrMeasures},
		"another law":    {altered(both, func(h *dp.Header) { h.Mechanism = "discrete-laplace" }), dp.ErrNoiseLaw},
		"no noise":       {altered(both, func(h *dp.Header) { h.CountSigma = 0 }), dp.ErrNoiseLaw},
		"a cell missing": {proof.NewRelease(both.Header(), both.Cells()[:3], nil), dp.ErrCells},
		"parts swapped":  {proof.NewRelease(both.Header(), both.Cells()[1:3], nil), dp.ErrCells},
	} {
		if _, err := dp.MeansOf(c.release); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		sums, sizes dp.Release
		want        error
	}{
		"zero":            {sums, dp.Release{}, dp.ErrReleases},
		"one release":     {sums, altered(sizes, func(h *dp.Header) { h.Entry = 5 }), dp.ErrSame},
		"another account": {sums, altered(sizes, func(h *dp.Header) { h.Account = "other" }), dp.ErrReleases},
		"another day":     {sums, altered(sizes, func(h *dp.Header) { h.AsOf = tuesday }), dp.ErrMeasures},
		"another window":  {sums, altered(sizes, func(h *dp.Header) { h.Window = 7 }), dp.ErrMeasures},
		"another measure": {sums, altered(sizes, func(h *dp.Header) { h.Measure = "other" }), dp.ErrMeasures},
		"another bound":   {sums, altered(sizes, func(h *dp.Header) { h.L0 = 3 }), dp.ErrMeasures},
		"a norm":          {sums, altered(sizes, func(h *dp.Header) { h.Norm, h.LInf, h.Per = 2048, 1024, 1024 }), dp.ErrMeasures},
		"both parts":      {both, sizes, dp.ErrParts},
		"the wrong way":   {sizes, sums, dp.ErrMeasures},
		"no size":         {sums, proof.NewRelease(sizes.Header(), sizes.Cells()[1:], nil), dp.ErrCells},
		"Laplace noise":   {sums, altered(sizes, func(h *dp.Header) { h.Mechanism = "discrete-laplace" }), dp.ErrNoiseLaw},
	} {
		if _, err := dp.MeansFrom(c.sums, c.sizes); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTwoNoisesAreRefused by all that knows one.
func TestTwoNoisesAreRefused(t *testing.T) {
	both := meansRelease(t, 8, 100, 5, 10, 70, 10, 1)
	next := altered(both, func(h *dp.Header) { h.Entry, h.AsOf = 6, tuesday })
	errs := map[string]error{}
	_, errs["Intervals"] = dp.Intervals(both)
	_, errs["Average"] = dp.Average(both, next)
	_, errs["Shrink"] = dp.Shrink(both)
	_, errs["ShrinkRows"] = dp.ShrinkRows(both)
	_, errs["ShrinkToTotals"] = dp.ShrinkToTotals(both, next)
	_, errs["Smooth"] = dp.Smooth([]dp.Release{both, next})
	_, errs["Consistent"] = dp.Consistent([]dp.Release{both}, []dp.Sum{{}})
	for name, err := range errs {
		if !errors.Is(err, dp.ErrParts) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNamesOfKinds: estimates and points have the names of cells of every kind, and
// nothing that is signed is clamped.
func TestNamesOfKinds(t *testing.T) {
	for _, g := range goldenReleases() {
		r := proof.NewRelease(g.header, g.cells, nil)
		e, err := dp.Intervals(r)
		switch {
		case g.header.CountSigma > 0 && errors.Is(err, dp.ErrParts), g.header.Mechanism != "rounded-gaussian" && errors.Is(err, dp.ErrNoiseLaw):
			continue
		case err != nil:
			t.Fatal(g.file, err)
		}
		for i, c := range e.Cells {
			was := g.cells[i]
			if c.Segment != was.Segment || c.Category != was.Category || c.Group != was.Group || c.Item != was.Item || c.With != was.With || c.Part != was.Part {
				t.Errorf("%s: %+v of %+v", g.file, c, was)
			}
		}
		signed := g.header.Center != 0 || g.header.Low < 0
		if got := e.NonNegative().Cells[0].Value; signed && got != e.Cells[0].Value {
			t.Errorf("%s: a sum around a middle is clamped to %v", g.file, got)
		}
		if g.header.Partitions == "public" {
			p, err := dp.Shrink(r)
			if err != nil {
				t.Fatal(g.file, err)
			}
			data, err := json.Marshal(p.Cells[0])
			if err != nil || g.cells[0].With != "" && !strings.Contains(string(data), `"with":"pan"`) {
				t.Error(g.file, string(data), err)
			}
		}
	}
}

func TestKeysOf(t *testing.T) {
	for file, want := range map[string]string{"keys": "[knife \"chef\" <20 cm> pan]", "item-pairs": "[lid pan wok]", "item-totals": "[pan]", "events": "[]"} {
		for _, g := range goldenReleases() {
			if !strings.HasSuffix(g.file, "release-1-"+file+".note") {
				continue
			}
			keys := dp.KeysOf(proof.NewRelease(g.header, g.cells, nil))
			if got := fmt.Sprint(keys); got != want {
				t.Errorf("%s: %s", file, got)
			}
			if len(keys) > 1 {
				mustSpec(t, dp.ItemPairs{Name: "m", Purpose: "p", Items: keys, MaxItems: 2, LookbackDays: 7, Share: 1})
			}
		}
	}
	if dp.KeysOf(dp.Release{}) != nil {
		t.Error("the zero release has keys")
	}
}

// histogramOf makes a release of a histogram without noise.
func histogramOf(of string, people map[int64]int64, edges ...int64) dp.Release {
	h := dp.Header{
		Format: dp.Format, Library: "test", Account: "account", Entry: 5, Name: "heavy", Measure: "heavy", Kind: "histogram", Partitions: "public",
		AsOf: monday, Mechanism: "rounded-gaussian", Sigma: 5, StdDev: 5, L0: 1, LInf: 1, Unit: "people", Step: 1, Per: 1, Of: of, Cells: len(edges),
	}
	var cells []dp.Cell
	for _, e := range edges {
		cells = append(cells, dp.Cell{Part: fmt.Sprint(e), Value: people[e]})
	}
	return proof.NewRelease(h, cells, nil)
}

// TestSuggestIsTheLeastError compares with the error of every bound, added up person by
// person: people have so many of cells that are alike.
func TestSuggestIsTheLeastError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const cells = 30
		people := map[int64]int64{}
		var edges []int64
		for m := range int64(13) {
			edges = append(edges, m)
			people[m] = rapid.Int64Range(0, 400).Draw(t, "people")
		}
		mu2 := rapid.SampledFrom([]int64{2, 20, 200, 2000}).Draw(t, "mu2")
		loss, err := accounting.UnitsDown(big.NewRat(1, mu2))
		if err != nil {
			t.Fatal(err)
		}
		got, err := dp.Suggest(histogramOf("segments", people, edges...), dp.Planned{Cells: cells, Mu2: loss})
		if err != nil {
			t.Fatal(err)
		}
		errorOf := func(weight func(m float64) float64, squares float64) float64 {
			lost := 0.0
			for m, n := range people {
				for range n {
					lost += float64(m) * (1 - weight(float64(m)))
				}
			}
			return math.Sqrt(lost/cells*lost/cells + squares*float64(mu2))
		}
		bestMax, bestNorm := math.Inf(1), math.Inf(1)
		for b := 1.0; b <= 20; b++ {
			bestMax = min(bestMax, errorOf(func(m float64) float64 { return min(1, b/max(m, 1)) }, b))
			bestNorm = min(bestNorm, errorOf(func(m float64) float64 { return min(1, b/math.Sqrt(max(m, 1))) }, b*b))
		}
		if math.Abs(got.MaxError/bestMax-1) > 1e-9 || math.Abs(got.NormError/bestNorm-1) > 1e-9 || got.Max < 1 || got.Norm < 1 {
			t.Fatalf("%+v; the least errors are %v and %v", got, bestMax, bestNorm)
		}
	})
}

// TestSuggestFollowsTheLoss: more loss allows higher bounds, and heavier people ask for them.
func TestSuggestFollowsTheLoss(t *testing.T) {
	people := map[int64]int64{0: 500, 1: 4000, 2: 3000, 4: 1500, 8: 600, 16: 100}
	r := histogramOf("items m", people, 0, 1, 2, 4, 8, 16)
	last := dp.Suggestion{}
	for _, mu2 := range []int64{1_000_000, 10_000, 100, 1} {
		s, err := dp.Suggest(r, dp.Planned{Cells: 50, Mu2: units(t, 1, mu2)})
		if err != nil {
			t.Fatal(err)
		}
		if s.Max < last.Max || s.Norm < last.Norm || last.Max > 0 && s.MaxError > last.MaxError {
			t.Errorf("%+v after %+v", s, last)
		}
		last = s
	}
	if last.Max != 16 || last.Sources[0].Entry != 5 {
		t.Errorf("%+v", last)
	}
	mu2 := units(t, 1, 100)
	for name, c := range map[string]struct {
		r    dp.Release
		plan dp.Planned
		want error
	}{
		"zero":       {dp.Release{}, dp.Planned{Cells: 5, Mu2: mu2}, dp.ErrReleases},
		"events":     {histogramOf("events", people, 0, 1), dp.Planned{Cells: 5, Mu2: mu2}, dp.ErrMeasures},
		"amounts":    {histogramOf("amounts EUR", people, 0, 1), dp.Planned{Cells: 5, Mu2: mu2}, dp.ErrMeasures},
		"sizes":      {sizesOf(3, monday, 5, 1), dp.Planned{Cells: 5, Mu2: mu2}, dp.ErrMeasures},
		"no cells":   {r, dp.Planned{Mu2: mu2}, dp.ErrCells},
		"no loss":    {r, dp.Planned{Cells: 5}, dp.ErrLoss},
		"no bins":    {histogramOf("segments", people), dp.Planned{Cells: 5, Mu2: mu2}, dp.ErrCells},
		"false bins": {histogramOf("segments", people, 0, 5, 4), dp.Planned{Cells: 5, Mu2: mu2}, dp.ErrCells},
	} {
		if _, err := dp.Suggest(c.r, c.plan); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
