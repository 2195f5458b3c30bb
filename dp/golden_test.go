package dp_test

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"pgregory.net/rapid"
)

// kept is a release in a file of testdata, fixed, so that its format stays readable.
type kept struct {
	file   string
	header dp.Header
	cells  []dp.Cell
}

// goldenReleases are those that are kept, of both formats. Together they show every
// field.
func goldenReleases() []kept {
	h0, c0 := goldenRelease()
	base := dp.Header{
		Format: "discreet-release/1", Library: "0.1.0", Account: "00112233445566778899aabbccddeeff", Entry: 12,
		Name: "week-48", Measure: "m", Partitions: "public", Window: 2, WindowFrom: "2026-11-01", WindowTo: "2026-12-01",
		AsOf: "2026-11-23", Since: "2026-09-02", Mechanism: "rounded-gaussian", L0: 1, LInf: 1, Mu: 0.24494897427831783,
		Epsilon: 2, WindowDelta: 1e-6, Level: 0.95, Unit: "people", Step: 1, Per: 1,
	}
	with := func(file string, margin int64, f func(h *dp.Header), cells ...dp.Cell) kept {
		h := base
		h.Margin, h.Cells = margin, len(cells)
		f(&h)
		for i := range cells {
			c, m := &cells[i], margin
			if c.Part == "count" {
				m = h.CountMargin
			}
			c.Low, c.High = c.Value-m, c.Value+m
		}
		return kept{"testdata/release-1-" + file + ".note", h, cells}
	}
	outer := func(file string, f func(h *dp.Header), cells ...dp.Cell) kept {
		k := with(file, 0, f, cells...)
		k.header.Level, k.header.Lookback, k.header.Pure = 0, 28, 0.19557450820784172
		k.header.External = "github.com/google/differential-privacy/go/v3 v3.0.0"
		for i := range cells {
			cells[i].Low, cells[i].High = k.header.Low, k.header.High
			if k.header.Kind == "variance" {
				cells[i].High = 100
			}
		}
		return k
	}
	return []kept{
		{golden, h0, c0},
		with("means", 424_347, func(h *dp.Header) {
			h.Measure, h.Kind, h.By, h.Lookback = "spend", "means", "segments", 28
			h.Unit, h.Step, h.Per, h.Category = "EUR", 4, 1000, "retail.books"
			h.Low, h.High, h.Center, h.L0, h.LInf = -2500, 50_000, 23_750, 6, 26_250
			h.Sigma, h.StdDev = 227_333.0850987159, 227_333.0850988992
			h.CountSigma, h.CountStdDev, h.CountMargin = 12.24744871391589, 12.25085031349, 24
		},
			dp.Cell{Segment: "cooking", Part: "count", Value: 803}, dp.Cell{Segment: "cooking", Part: "sum", Value: -8_120_000},
			dp.Cell{Segment: "travel", Part: "count", Value: -11}, dp.Cell{Segment: "travel", Part: "sum", Value: 65_852},
		),
		with("means-of", 300_000, func(h *dp.Header) {
			h.Measure, h.Kind, h.By, h.Lookback, h.Of = "spend", "means", "segments", 28, "segment-sizes"
			h.Unit, h.Step, h.Per, h.High, h.Center, h.L0, h.LInf = "EUR", 4, 1000, 50_000, 25_000, 2, 25_000
			h.Sigma, h.StdDev = 144_337.5672974065, 144_337.56729769518
		}, dp.Cell{Segment: "cooking", Part: "sum", Value: -8_120_000}),
		with("keys", 0, func(h *dp.Header) {
			h.Measure, h.Kind, h.Lookback, h.Partitions, h.Delta = "which", "keys", 28, "discovered", 1e-7
			h.Mechanism, h.L0, h.MinPeople, h.Even = "selection", 5, 3, 52
		}, dp.Cell{Item: "knife \"chef\" <20 cm>"}, dp.Cell{Item: "pan"}),
		with("histogram", 15, func(h *dp.Header) {
			h.Measure, h.Kind, h.Of = "heavy", "histogram", "items segment-items"
			h.Mechanism, h.Sigma, h.StdDev, h.Pure = "discrete-laplace", 5.113140813511729, 7.219561590060718, 0.19557450820784172
		},
			dp.Cell{Part: "0", Value: 12}, dp.Cell{Part: "1", Value: 503}, dp.Cell{Part: "2", Value: 77}, dp.Cell{Part: "10", Value: -3},
		),
		with("groups", 11, func(h *dp.Header) {
			h.Measure, h.Kind, h.By, h.Of, h.L0 = "reach", "groups", "groups", "age-band", 2
			h.Sigma, h.StdDev = 5.773502691896258, 5.780715065341548
		},
			dp.Cell{Group: "old", Item: "spring", Part: "missed-no", Value: 210}, dp.Cell{Group: "old", Item: "spring", Part: "missed-yes", Value: 40},
			dp.Cell{Group: "old", Item: "spring", Part: "reached-no", Value: 90}, dp.Cell{Group: "old", Item: "spring", Part: "reached-yes", Value: 33},
		),
		with("category-items", 65_548, func(h *dp.Header) {
			h.Measure, h.Kind, h.By, h.Lookback, h.L0, h.LInf = "interest", "category-items", "categories", 90, 8, 6144
			h.Unit, h.Per, h.HalfLife, h.Norm = "events", 1024, 14, 8192
			h.Sigma, h.StdDev = 33_443.69995479966, 33_443.69995604556
		}, dp.Cell{Category: "cooking", Item: "pan", Value: 8470}, dp.Cell{Category: "sport", Item: "ball", Value: 934_468}),
		with("item-pairs", 16_387, func(h *dp.Header) {
			h.Measure, h.Kind, h.Lookback, h.L0, h.LInf, h.Per, h.Norm = "together", "item-pairs", 90, 10, 1024, 1024, 2048
			h.Sigma, h.StdDev = 8360.924988699915, 8360.924993683422
		}, dp.Cell{Item: "lid", With: "pan", Value: 74_100}, dp.Cell{Item: "pan", With: "wok", Value: -2741}),
		with("item-totals", 25, func(h *dp.Header) {
			h.Measure, h.Kind, h.Lookback, h.L0, h.Partitions, h.Delta = "all", "item-totals", 28, 10, "discovered", 1e-7
			h.Sigma, h.StdDev, h.Threshold, h.MinPeople = 12.909944487358056, 12.913171570144957, 73, 2
		}, dp.Cell{Item: "pan", Value: 73}),
		with("events", 25, func(h *dp.Header) {
			h.Measure, h.Kind, h.Lookback, h.LInf, h.Unit = "clicks", "events", 28, 3, "events"
			h.Sigma, h.StdDev = 12.909944487358056, 12.913171570144957
		}, dp.Cell{Value: 1201}),
		outer("quantiles", func(h *dp.Header) {
			h.Measure, h.Kind, h.Mechanism, h.By, h.Of = "spend", "quantiles", "google-bounded-quantiles", "segments", "amounts"
			h.Unit, h.Step, h.Per, h.Category, h.Low, h.High, h.L0 = "EUR", 4, 1000, "retail.books", -2500, 50_000, 3
		},
			dp.Cell{Segment: "cooking", Part: "0", Value: -2500}, dp.Cell{Segment: "cooking", Part: "0.25", Value: 803},
			dp.Cell{Segment: "cooking", Part: "0.5", Value: 9121}, dp.Cell{Segment: "travel", Part: "0.999999", Value: 49_000},
		),
		outer("variance", func(h *dp.Header) {
			h.Measure, h.Kind, h.Mechanism, h.Of, h.Unit, h.High = "busy", "variance", "google-bounded-variance", "events", "events", 20
		}, dp.Cell{Part: "variance", Value: 61}),
		with("table", 34, func(h *dp.Header) {
			h.Measure, h.Kind, h.L0, h.LInf, h.Unit = "downloads", "table", 2, 3, "events"
			h.Sigma, h.StdDev = 17.320508075688775, 17.322913534776227
		}, dp.Cell{Item: "de", Value: 4018}, dp.Cell{Item: "fr", Value: -9}),
		with("table-amounts", 565_798, func(h *dp.Header) {
			h.Measure, h.Kind, h.L0, h.LInf = "spend", "table", 2, 50_000
			h.Unit, h.Step, h.Per, h.Low, h.High = "EUR", 4, 1000, -2500, 50_000
			h.Sigma, h.StdDev = 288675.1345948129, 288675.1345949572
		}, dp.Cell{Item: "de", Value: 9_120_000}),
	}
}

// TestGolden reads the releases that are kept, and writes them again.
func TestGolden(t *testing.T) {
	s := newSigner(t, "shop", 1)
	for _, g := range goldenReleases() {
		signed, err := dp.Sign(g.header, g.cells, s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(g.file); *update && err != nil { // what is there is never written again
			if err := os.WriteFile(g.file, signed, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		data, err := os.ReadFile(g.file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data, signed) {
			t.Fatalf("%s: the release is not written as it was: a format that changes gets a new number", g.file)
		}
		r, err := dp.ReadRelease(data, s.vkey)
		if err != nil {
			t.Fatal(g.file, err)
		}
		if r.Header() != g.header || !slices.Equal(r.Cells(), g.cells) || !bytes.Equal(r.Note(), data) {
			t.Errorf("%s is not read as it was", g.file)
		}
	}
}

// TestHeaderIsWhole fails when a field is added to the header or a cell and
// no golden release shows it.
func TestHeaderIsWhole(t *testing.T) {
	shown := map[string]bool{}
	for _, g := range goldenReleases() {
		for _, v := range []any{g.header, g.cells[0]} {
			rv := reflect.ValueOf(v)
			for i := range rv.NumField() {
				name := rv.Type().String() + "." + rv.Type().Field(i).Name
				shown[name] = shown[name] || !rv.Field(i).IsZero()
			}
		}
	}
	for name, ok := range shown {
		if !ok {
			t.Errorf("%s is in no golden release", name)
		}
	}
}

// TestEveryFieldCounts changes each field of each golden release: what comes of it is
// refused, or is another release in its own form.
func TestEveryFieldCounts(t *testing.T) {
	refused := map[string]bool{}
	for _, g := range goldenReleases() {
		if g.header.Format != dp.Format {
			continue
		}
		before, err := dp.Encode(g.header, g.cells)
		if err != nil {
			t.Fatal(err)
		}
		try := func(name string, h dp.Header, cells []dp.Cell) {
			text, err := dp.Encode(h, cells)
			if err != nil || bytes.Equal(text, before) {
				t.Fatalf("%s: %s does not show, %v", g.file, name, err)
			}
			got, gotCells, err := dp.Parse(string(text))
			if errors.Is(err, dp.ErrFormat) {
				refused[name] = true
			} else if err != nil || got != h || !slices.Equal(gotCells, cells) {
				t.Errorf("%s: with another %s it is read as something else", g.file, name)
			}
		}
		for i := range reflect.TypeFor[dp.Header]().NumField() {
			for _, v := range others(reflect.ValueOf(g.header).Field(i)) {
				h := g.header
				reflect.ValueOf(&h).Elem().Field(i).Set(v)
				try(reflect.TypeFor[dp.Header]().Field(i).Name, h, g.cells)
			}
		}
		for i := range reflect.TypeFor[dp.Cell]().NumField() {
			for _, v := range others(reflect.ValueOf(g.cells[0]).Field(i)) {
				cells := slices.Clone(g.cells)
				reflect.ValueOf(&cells[0]).Elem().Field(i).Set(v)
				try("Cell."+reflect.TypeFor[dp.Cell]().Field(i).Name, g.header, cells)
			}
		}
	}
	for _, v := range []reflect.Type{reflect.TypeFor[dp.Header](), reflect.TypeFor[dp.Cell]()} {
		for i := range v.NumField() {
			name := strings.TrimPrefix(v.Name()+"."+v.Field(i).Name, "Header.")
			if !refused[name] {
				t.Errorf("%s may be anything", name)
			}
		}
	}
}

// others returns values of one type that differ from v.
func others(v reflect.Value) (list []reflect.Value) {
	add := func(x any) {
		o := reflect.ValueOf(x).Convert(v.Type())
		if !v.Equal(o) {
			list = append(list, o)
		}
	}
	switch v.Kind() {
	case reflect.String:
		for _, s := range []string{"", "other", "UPPER", "a b", "\x00", "public", "discovered", "segments", "people", "events", "2026-11-24", "7"} {
			add(s)
		}
	case reflect.Float64:
		for _, x := range []float64{0, -1, 1, 1e300, 0.5} {
			add(x)
		}
	case reflect.Uint64:
		add(uint64(0))
		add(uint64(13))
	default:
		for _, n := range []int64{0, -1, 1, 2, 1024, 1 << 30, v.Int() + 1, v.Int() - 1} {
			add(n)
		}
	}
	return list
}

// TestHeaderIsStrict holds that what does not go together is refused.
func TestHeaderIsStrict(t *testing.T) {
	list := map[string]kept{}
	for _, g := range goldenReleases() {
		list[strings.TrimSuffix(strings.TrimPrefix(g.file, "testdata/release-1-"), ".note")] = g
	}
	for name, c := range map[string]struct {
		of     string
		change func(h *dp.Header, c []dp.Cell)
	}{
		"means without noise of people": {"means", func(h *dp.Header, _ []dp.Cell) { h.CountSigma, h.CountStdDev, h.CountMargin = 0, 0, 0 }},
		"sums with noise of people":     {"means-of", func(h *dp.Header, _ []dp.Cell) { h.CountSigma, h.CountStdDev, h.CountMargin = 1, 1, 1 }},
		"a count of sums alone":         {"means-of", func(_ *dp.Header, c []dp.Cell) { c[0].Part = "count" }},
		"means around another centre":   {"means", func(h *dp.Header, _ []dp.Cell) { h.Center-- }},
		"bounds the wrong way":          {"means", func(h *dp.Header, _ []dp.Cell) { h.Low, h.High = h.High, h.Low }},
		"amounts of people":             {"means", func(h *dp.Header, _ []dp.Cell) { h.Per = 1 }},
		"keys with numbers":             {"keys", func(_ *dp.Header, c []dp.Cell) { c[0].Value, c[0].Low, c[0].High = 1, 1, 1 }},
		"keys with a threshold":         {"keys", func(h *dp.Header, _ []dp.Cell) { h.Threshold = 2 }},
		"keys that are public":          {"keys", func(h *dp.Header, _ []dp.Cell) { h.Partitions, h.Delta, h.MinPeople = "public", 0, 0 }},
		"keys of one person":            {"keys", func(h *dp.Header, _ []dp.Cell) { h.MinPeople = 1 }},
		"even chance below the fewest":  {"keys", func(h *dp.Header, _ []dp.Cell) { h.Even = 2 }},
		"selection of numbers":          {"item-totals", func(h *dp.Header, _ []dp.Cell) { h.Mechanism, h.Sigma, h.StdDev, h.Margin = "selection", 0, 0, 0 }},
		"threshold below the fewest":    {"item-totals", func(h *dp.Header, _ []dp.Cell) { h.MinPeople = 74 }},
		"discovered events":             {"item-totals", func(h *dp.Header, _ []dp.Cell) { h.Unit, h.LInf = "events", 2 }},
		"discovered with Laplace noise": {"item-totals", func(h *dp.Header, _ []dp.Cell) { h.Mechanism, h.Pure = "discrete-laplace", 1 }},
		"discovered bins": {"histogram", func(h *dp.Header, _ []dp.Cell) {
			h.Partitions, h.Delta, h.MinPeople, h.Threshold = "discovered", 1e-7, 2, 2
		}},
		"Laplace noise without a loss":   {"histogram", func(h *dp.Header, _ []dp.Cell) { h.Pure = 0 }},
		"Gaussian noise with an epsilon": {"groups", func(h *dp.Header, _ []dp.Cell) { h.Pure = 1 }},
		"bins out of order":              {"histogram", func(_ *dp.Header, c []dp.Cell) { c[2], c[3] = c[3], c[2] }},
		"a bin that is no number":        {"histogram", func(_ *dp.Header, c []dp.Cell) { c[3].Part = "010" }},
		"items of no measure":            {"histogram", func(h *dp.Header, _ []dp.Cell) { h.Of = "items" }},
		"segments of a measure":          {"histogram", func(h *dp.Header, _ []dp.Cell) { h.Of = "segments m" }},
		"events without a look-back":     {"histogram", func(h *dp.Header, _ []dp.Cell) { h.Of = "events" }},
		"a category of no amount":        {"histogram", func(h *dp.Header, _ []dp.Cell) { h.Category = "books" }},
		"an unknown part":                {"groups", func(_ *dp.Header, c []dp.Cell) { c[0].Part = "lost" }},
		"a part with two outcomes":       {"groups", func(_ *dp.Header, c []dp.Cell) { c[0].Part = "missed-no-yes" }},
		"a part with an end":             {"groups", func(_ *dp.Header, c []dp.Cell) { c[0].Part = "missed-" }},
		"outcomes of some":               {"groups", func(_ *dp.Header, c []dp.Cell) { c[0].Part = "missed" }},
		"a person in two bins":           {"histogram", func(h *dp.Header, _ []dp.Cell) { h.L0 = 2 }},
		"a person in one row twice":      {"events", func(h *dp.Header, _ []dp.Cell) { h.L0 = 2 }},
		"more sums than people":          {"means", func(h *dp.Header, _ []dp.Cell) { h.L0 = 5 }},
		"some pairs of items":            {"item-pairs", func(h *dp.Header, _ []dp.Cell) { h.L0 = 11 }},
		"sizes of the format before": {"category-items", func(h *dp.Header, c []dp.Cell) {
			h.Kind, h.By, h.Lookback, h.HalfLife, h.Norm, h.Per, h.Unit, h.LInf = "segment-sizes", "segments", 0, 0, 0, 1, "people", 1
			for i := range c {
				c[i].Segment, c[i].Category, c[i].Item = c[i].Category+string(rune('a'+i)), "", ""
			}
		}},
		"groups of nothing":               {"groups", func(h *dp.Header, _ []dp.Cell) { h.Of = "" }},
		"a pair of one item":              {"item-pairs", func(_ *dp.Header, c []dp.Cell) { c[0].With = c[0].Item }},
		"a pair the wrong way":            {"item-pairs", func(_ *dp.Header, c []dp.Cell) { c[0].Item, c[0].With = c[0].With, c[0].Item }},
		"a norm without steps":            {"item-pairs", func(h *dp.Header, _ []dp.Cell) { h.Per, h.LInf = 1, 1 }},
		"steps without a norm":            {"item-pairs", func(h *dp.Header, _ []dp.Cell) { h.Norm = 0 }},
		"a norm of half an event":         {"item-pairs", func(h *dp.Header, _ []dp.Cell) { h.Norm = 1536 }},
		"a cell beyond the norm":          {"category-items", func(h *dp.Header, _ []dp.Cell) { h.LInf = 9 * 1024 }},
		"no category":                     {"category-items", func(_ *dp.Header, c []dp.Cell) { c[0].Category = "" }},
		"segment instead of category":     {"category-items", func(_ *dp.Header, c []dp.Cell) { c[0].Segment, c[0].Category = c[0].Category, "" }},
		"events in a row with a name":     {"events", func(_ *dp.Header, c []dp.Cell) { c[0].Segment = "a" }},
		"events that are people":          {"events", func(h *dp.Header, _ []dp.Cell) { h.Unit, h.LInf = "people", 1 }},
		"means by groups":                 {"means", func(h *dp.Header, _ []dp.Cell) { h.By = "groups" }},
		"a table that looks back":         {"table", func(h *dp.Header, _ []dp.Cell) { h.Lookback = 7 }},
		"a table with rows":               {"table", func(h *dp.Header, _ []dp.Cell) { h.By = "segments" }},
		"a table of clicks":               {"table", func(h *dp.Header, _ []dp.Cell) { h.Unit = "clicks" }},
		"a table of many a person":        {"table", func(h *dp.Header, _ []dp.Cell) { h.Unit = "people" }},
		"a partition without a name":      {"table", func(_ *dp.Header, c []dp.Cell) { c[0].Item = "" }},
		"an amount that ages":             {"table-amounts", func(h *dp.Header, _ []dp.Cell) { h.HalfLife = 7 }},
		"a table around a centre":         {"table-amounts", func(h *dp.Header, _ []dp.Cell) { h.Center = 23_750 }},
		"a table's category":              {"table", func(h *dp.Header, _ []dp.Cell) { h.Category = "books" }},
		"a format before there were such": {"events", func(h *dp.Header, _ []dp.Cell) { h.Format = dp.Format0 }},
		"discovered events of a table": {"table", func(h *dp.Header, c []dp.Cell) {
			h.Partitions, h.Delta, h.MinPeople, h.Threshold = "discovered", 1e-7, 2, -10
		}},
	} {
		t.Run(name, func(t *testing.T) {
			g := list[c.of]
			h, cells := g.header, slices.Clone(g.cells)
			c.change(&h, cells)
			text, err := dp.Encode(h, cells)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := dp.Parse(string(text)); !errors.Is(err, dp.ErrFormat) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

// TestParseReadsItsOwn changes golden texts at random: what is accepted is written back
// the same.
func TestParseReadsItsOwn(t *testing.T) {
	var texts []string
	for _, g := range goldenReleases() {
		text, err := dp.Encode(g.header, g.cells)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	rapid.Check(t, func(r *rapid.T) {
		text := []byte(rapid.SampledFrom(texts).Draw(r, "text"))
		for range rapid.IntRange(1, 3).Draw(r, "changes") {
			text[rapid.IntRange(0, len(text)-1).Draw(r, "at")] = rapid.SampledFrom([]byte("0123456789-az\",:{}\n")).Draw(r, "byte")
		}
		h, cells, err := dp.Parse(string(text))
		if err != nil {
			return
		}
		if again, err := dp.Encode(h, cells); err != nil || !bytes.Equal(again, text) {
			r.Fatalf("written back as %q", again)
		}
	})
}
