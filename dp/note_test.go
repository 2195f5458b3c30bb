package dp_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/contrib"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files")

const golden = "testdata/release-0.note"

// goldenRelease is fixed, so that format 0 stays readable.
func goldenRelease() (dp.Header, []dp.Cell) {
	h := dp.Header{
		Format: "discreet-release/0", Library: "0.1.0", Account: "00112233445566778899aabbccddeeff", Entry: 12,
		Name: "items-2026-11-23", Measure: "segment-items", Kind: "segment-items", Partitions: "discovered",
		Window: 2, WindowFrom: "2026-11-01", WindowTo: "2026-12-01", AsOf: "2026-11-23", Since: "2026-09-02", Lookback: 28,
		Mechanism: "rounded-gaussian", Sigma: 12.909944487358056, StdDev: 12.913171570144957,
		L0: 10, LInf: 1, Mu: 0.24494897427831783, Delta: 1e-7, Threshold: 72,
		Epsilon: 2, WindowDelta: 1e-6, Level: 0.95, Margin: 25, Cells: 4,
	}
	cell := func(segment, item string, v int64) dp.Cell {
		return dp.Cell{Segment: segment, Item: item, Value: v, Low: v - 25, High: v + 25}
	}
	return h, []dp.Cell{
		cell("cooking", "knife \"chef\" <20 cm> & board", 412),
		cell("cooking", "pan", 72),
		cell("cooking", "żurek\u2028", 108),
		cell("travel", "pan", 96),
	}
}

func TestReadWhatWasDrawn(t *testing.T) {
	s := newSigner(t, "shop", 1)
	for name, spec := range tinySpecs(t) {
		t.Run(name, func(t *testing.T) {
			mu2 := units(t, 1, 5)
			p := params(mu2, units(t, 0, 1))
			list := make([]contrib.Person, 300)
			for i := range list {
				list[i] = contrib.Person{Salt: salt(uint64(i)), Segments: []string{"a", "b", "c"}, Items: []contrib.Entry{
					{Item: "x", Day: today, Count: 1}, {Item: "y", Day: today, Count: 2}, {Item: "z", Day: today, Count: 3},
				}, Days: []contrib.Act{{Day: today, Events: 2, Amount: 3000}}, Group: "old", Reached: []contrib.Campaign{{Name: "u"}}}
			}
			if spec.Discovered {
				p.Delta = units(t, 1, 20_000_000)
			}
			drawn, err := dp.Draw(count(t, spec, list), charged(p), s)
			if err != nil {
				t.Fatal(err)
			}
			if drawn.Len() == 0 {
				t.Fatal("nothing came out")
			}
			read, err := dp.ReadRelease(drawn.Note(), s.vkey, newSigner(t, "other", 9).vkey, s.vkey)
			if err != nil {
				t.Fatal(err)
			}
			if read.Header() != drawn.Header() || !slices.Equal(read.Cells(), drawn.Cells()) || !bytes.Equal(read.Note(), drawn.Note()) {
				t.Error("what is read is not what was drawn")
			}
		})
	}
}

func TestReadReleaseUnverified(t *testing.T) {
	s := newSigner(t, "shop", 1)
	h, cells := goldenRelease()
	signed, err := dp.Sign(h, cells, s)
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(signed), "\n\n")
	tampered := bytes.Replace(signed, []byte(`"value":412`), []byte(`"value":413`), 1)
	wrong := newSigner(t, "shop", 9)
	for name, c := range map[string]struct {
		data      []byte
		verifiers []string
		want      error
	}{
		"nobody trusted":  {signed, nil, dp.ErrUnverified},
		"another key":     {signed, []string{wrong.vkey}, dp.ErrUnverified},
		"another name":    {signed, []string{newSigner(t, "mall", 1).vkey}, dp.ErrUnverified},
		"tampered":        {tampered, []string{s.vkey}, dp.ErrUnverified},
		"unsigned":        {[]byte(text + "\n"), []string{s.vkey}, dp.ErrUnverified},
		"empty":           {nil, []string{s.vkey}, dp.ErrUnverified},
		"cut":             {signed[:len(signed)-9], []string{s.vkey}, dp.ErrUnverified},
		"broken verifier": {signed, []string{s.vkey, "shop+0000+x"}, dp.ErrVerifier},
		"empty verifier":  {signed, []string{""}, dp.ErrVerifier},
		"trusted":         {signed, []string{wrong.vkey, s.vkey}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := dp.ReadRelease(c.data, c.verifiers...)
			if !errors.Is(err, c.want) || r.IsZero() != (err != nil) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
		})
	}
}

// TestReadReleaseIsStrict signs texts with the trusted key that are wrong in
// one place each.
func TestReadReleaseIsStrict(t *testing.T) {
	s := newSigner(t, "shop", 1)
	h, cells := goldenRelease()
	text, err := dp.Encode(h, cells)
	if err != nil {
		t.Fatal(err)
	}
	ok := string(text)
	if _, err := dp.ReadRelease(s.resign(ok), s.vkey); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(ok, "\n")
	with := func(order ...int) string {
		var b strings.Builder
		for _, i := range order {
			b.WriteString(lines[i])
		}
		return b.String()
	}
	replace := func(old, new string) string {
		if !strings.Contains(ok, old) {
			t.Fatalf("no %s to replace", old)
		}
		return strings.Replace(ok, old, new, 1)
	}
	change := func(f func(*dp.Header, []dp.Cell)) string {
		h, cells := goldenRelease()
		f(&h, cells)
		text, err := dp.Encode(h, cells)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for name, text := range map[string]string{
		"nothing":               "\n",
		"format alone":          with(0),
		"another format":        replace("discreet-release/0", "discreet-release/1"),
		"format in the header":  change(func(h *dp.Header, _ []dp.Cell) { h.Format = "discreet-release/1" }),
		"no header":             with(0, 2, 3, 4, 5),
		"cell missing":          with(0, 1, 2, 3, 4),
		"cell more":             with(0, 1, 2, 3, 4, 5, 5),
		"cells swapped":         with(0, 1, 3, 2, 4, 5),
		"cell twice":            with(0, 1, 2, 2, 3, 4),
		"blank line":            with(0, 1, 2, 3, 4, 5) + "\n",
		"unknown header field":  replace(`"library":`, `"more":1,"library":`),
		"unknown cell field":    replace(`{"segment":`, `{"more":1,"segment":`),
		"header field twice":    replace(`"entry":12`, `"entry":12,"entry":12`),
		"cell field twice":      replace(`"value":412`, `"value":412,"value":412`),
		"field in capitals":     replace(`"value":412`, `"Value":412`),
		"field missing":         replace(`"since":"2026-09-02",`, ``),
		"space":                 replace(`"value":412`, `"value": 412`),
		"another number form":   replace(`"value":412`, `"value":4.12e2`),
		"another string form":   replace(`"pan"`, `"\u0070an"`),
		"after the object":      replace("437}\n", "437}{}\n"),
		"null":                  replace(`"value":412`, `"value":null`),
		"interval moved":        replace(`"low":387`, `"low":386`),
		"interval of nothing":   change(func(h *dp.Header, _ []dp.Cell) { h.Margin = -1 }),
		"below the threshold":   change(func(h *dp.Header, _ []dp.Cell) { h.Threshold = 73 }),
		"no threshold":          change(func(h *dp.Header, _ []dp.Cell) { h.Threshold = 0 }),
		"threshold of one":      change(func(h *dp.Header, _ []dp.Cell) { h.Threshold = 1 }),
		"no delta":              change(func(h *dp.Header, _ []dp.Cell) { h.Delta = 0 }),
		"delta above all":       change(func(h *dp.Header, _ []dp.Cell) { h.Delta = 1e-5 }),
		"public with delta":     change(func(h *dp.Header, _ []dp.Cell) { h.Partitions = "public" }),
		"unknown partitions":    change(func(h *dp.Header, _ []dp.Cell) { h.Partitions = "any" }),
		"unknown kind":          change(func(h *dp.Header, _ []dp.Cell) { h.Kind = "any" }),
		"unknown mechanism":     change(func(h *dp.Header, _ []dp.Cell) { h.Mechanism = "none" }),
		"sizes with items":      change(func(h *dp.Header, _ []dp.Cell) { h.Kind = "segment-sizes" }),
		"discovered events":     change(func(h *dp.Header, _ []dp.Cell) { h.LInf = 2 }),
		"no noise":              change(func(h *dp.Header, _ []dp.Cell) { h.Sigma = 0 }),
		"no loss":               change(func(h *dp.Header, _ []dp.Cell) { h.Mu = 0 }),
		"no bound":              change(func(h *dp.Header, _ []dp.Cell) { h.L0 = 0 }),
		"huge bound":            change(func(h *dp.Header, _ []dp.Cell) { h.L0 = 1 << 30 }),
		"another level":         change(func(h *dp.Header, _ []dp.Cell) { h.Level = 0.9 }),
		"no entry":              change(func(h *dp.Header, _ []dp.Cell) { h.Entry = 0 }),
		"no account":            change(func(h *dp.Header, _ []dp.Cell) { h.Account = "" }),
		"no library":            change(func(h *dp.Header, _ []dp.Cell) { h.Library = "" }),
		"bad name":              change(func(h *dp.Header, _ []dp.Cell) { h.Name = "a b" }),
		"negative window":       change(func(h *dp.Header, _ []dp.Cell) { h.Window = -1 }),
		"no look-back":          change(func(h *dp.Header, _ []dp.Cell) { h.Lookback = 0 }),
		"no such day":           change(func(h *dp.Header, _ []dp.Cell) { h.Since = "2026-02-30" }),
		"day in another form":   change(func(h *dp.Header, _ []dp.Cell) { h.Since = "2026-9-2" }),
		"day after the window":  change(func(h *dp.Header, _ []dp.Cell) { h.AsOf = "2026-12-01" }),
		"window backwards":      change(func(h *dp.Header, _ []dp.Cell) { h.WindowFrom = "2026-12-01" }),
		"absurd budget":         change(func(h *dp.Header, _ []dp.Cell) { h.Epsilon = 1e6 }),
		"wrong number of cells": change(func(h *dp.Header, _ []dp.Cell) { h.Cells = 3 }),
		"no segment":            change(func(_ *dp.Header, c []dp.Cell) { c[0].Segment = "" }),
		"no item":               change(func(_ *dp.Header, c []dp.Cell) { c[0].Item = "" }),
		"long item":             change(func(_ *dp.Header, c []dp.Cell) { c[0].Item = strings.Repeat("a", 129) }),
		"control in an item":    change(func(_ *dp.Header, c []dp.Cell) { c[0].Item = "a\x1b" }),
		"very long line":        change(func(h *dp.Header, _ []dp.Cell) { h.Library = strings.Repeat("a", 1<<13) }),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := dp.ReadRelease(s.resign(text), s.vkey); !errors.Is(err, dp.ErrFormat) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

// TestCellLines holds that the fast writer writes what encoding/json would,
// for any key that the rules let through: the reader decodes with it.
func TestCellLines(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h, _ := goldenRelease()
		key := rapid.StringN(1, 30, 128).Filter(contrib.ValidKey)
		v := rapid.Int64Min(h.Threshold).Draw(r, "value")
		c := dp.Cell{Segment: key.Draw(r, "segment"), Item: key.Draw(r, "item"), Value: v, Low: v - 25, High: v + 25}
		if c.High < v {
			c.High = 1<<63 - 1
		}
		h.Cells = 1
		text, err := dp.Encode(h, []dp.Cell{c})
		if err != nil {
			r.Fatal(err)
		}
		_, cells, err := dp.Parse(string(text))
		if err != nil || cells[0] != c {
			r.Fatalf("%+v: %+v, %v", c, cells, err)
		}
	})
}

// FuzzParse reads any text: what is accepted is written back the same.
func FuzzParse(f *testing.F) {
	h, cells := goldenRelease()
	text, err := dp.Encode(h, cells)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(strings.ReplaceAll(string(text), "discovered", "public"))
	for _, g := range goldenReleases() {
		text, err := dp.Encode(g.header, g.cells)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("discreet-release/0\n{}\n")
	f.Add("discreet-release/0\n" + strings.Repeat("\n", 100))
	h = dp.Header{
		Format: h.Format, Library: "0", Account: "0", Entry: 1, Name: "n", Measure: "m", Kind: "segment-sizes", Partitions: "public",
		WindowFrom: "2026-11-01", WindowTo: "2026-11-02", AsOf: "2026-11-01", Since: "2026-11-01", Mechanism: h.Mechanism,
		Sigma: 1, StdDev: 1, L0: 1, LInf: 1, Mu: 1, Epsilon: 1, WindowDelta: 1e-6, Level: .95,
	}
	empty, err := dp.Encode(h, nil)
	if err != nil {
		f.Fatal(err)
	}
	if _, _, err := dp.Parse(string(empty)); err != nil {
		f.Fatal(err)
	}
	f.Add(string(empty))
	f.Fuzz(func(t *testing.T, text string) {
		h, cells, err := dp.Parse(text)
		if err != nil {
			if !errors.Is(err, dp.ErrFormat) {
				t.Fatal(err)
			}
			return
		}
		again, err := dp.Encode(h, cells)
		if err != nil || string(again) != text {
			t.Fatalf("written back as %q", again)
		}
	})
}

// FuzzReadRelease reads any bytes: only what the key signed comes through.
func FuzzReadRelease(f *testing.F) {
	s := newSigner(f, "shop", 1)
	kept, err := os.ReadFile(golden)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(kept)
	f.Add(bytes.ReplaceAll(kept, []byte("shop"), []byte("mall")))
	f.Add([]byte("\n\n— shop AAAA\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := dp.ReadRelease(data, s.vkey)
		if err == nil && !bytes.Equal(r.Note(), data) {
			t.Fatal("the note is not the one that was read")
		}
		if err == nil && r.Header().Name != "items-2026-11-23" {
			t.Fatal("a release that was never signed is read")
		}
	})
}
