package dp_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"math"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unsafe"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/contrib"
)

var errStore = errors.New("the store is gone")

func TestCountRefuses(t *testing.T) {
	spec := mustSpec(t, dp.SegmentSizes{Name: "sizes", Purpose: "p", MaxSegments: 1, Share: 1}, "a", "b")
	broken := func(f func(*dp.Spec)) *dp.Spec {
		s := *mustSpec(t, dp.SegmentItems{
			Name: "m", Purpose: "p", Items: dp.Public{"x", "y"}, MaxSegments: 1, MaxItems: 1,
			MaxPerItem: 1, LookbackDays: 7, Share: 1,
		}, "a", "b")
		f(&s)
		return &s
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	fails := func(p *contrib.Person, err error) iter.Seq2[*contrib.Person, error] {
		return func(yield func(*contrib.Person, error) bool) { yield(p, err) }
	}
	one := people([]contrib.Person{{Segments: []string{"a"}}})
	for name, c := range map[string]struct {
		ctx    context.Context
		spec   *dp.Spec
		people iter.Seq2[*contrib.Person, error]
		want   error
	}{
		"no specification":     {t.Context(), nil, one, dp.ErrSpec},
		"zero specification":   {t.Context(), &dp.Spec{}, one, dp.ErrSpec},
		"no people":            {t.Context(), spec, nil, dp.ErrPeople},
		"nil person":           {t.Context(), spec, fails(nil, nil), dp.ErrPeople},
		"failing store":        {t.Context(), spec, fails(nil, errStore), errStore},
		"cancelled":            {ended, spec, one, context.Canceled},
		"unsorted segments":    {t.Context(), broken(func(s *dp.Spec) { s.Segments = []string{"b", "a"} }), one, dp.ErrSpec},
		"segment twice":        {t.Context(), broken(func(s *dp.Spec) { s.Segments = []string{"a", "a"} }), one, dp.ErrSpec},
		"unsorted items":       {t.Context(), broken(func(s *dp.Spec) { s.Items = []string{"y", "x"} }), one, dp.ErrSpec},
		"no items":             {t.Context(), broken(func(s *dp.Spec) { s.Items = nil }), one, dp.ErrSpec},
		"discovered and items": {t.Context(), broken(func(s *dp.Spec) { s.Discovered = true }), one, dp.ErrSpec},
		"discovered events":    {t.Context(), broken(func(s *dp.Spec) { s.Discovered, s.Items, s.MaxPerCell = true, nil, 2 }), one, dp.ErrSpec},
		"no bound":             {t.Context(), broken(func(s *dp.Spec) { s.MaxItems = 0 }), one, dp.ErrSpec},
		"negative bound":       {t.Context(), broken(func(s *dp.Spec) { s.MaxPerCell = -1 }), one, dp.ErrSpec},
		"huge bounds":          {t.Context(), broken(func(s *dp.Spec) { s.MaxItems, s.MaxSegments = 1024, 1024 }), one, dp.ErrSpec},
		"no look-back":         {t.Context(), broken(func(s *dp.Spec) { s.LookbackDays = 0 }), one, dp.ErrSpec},
		"unknown kind":         {t.Context(), broken(func(s *dp.Spec) { s.Kind = 9 }), one, dp.ErrSpec},
		"sizes with items":     {t.Context(), broken(func(s *dp.Spec) { s.Kind = contrib.KindSegmentSizes }), one, dp.ErrSpec},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := dp.Count(c.ctx, c.spec, 3, today, c.people)
			if !errors.Is(err, c.want) || got != nil {
				t.Fatalf("got %v, want %v", err, c.want)
			}
		})
	}
}

// TestCountStops holds that nobody is read after ctx ended.
func TestCountStops(t *testing.T) {
	spec := mustSpec(t, dp.SegmentSizes{Name: "sizes", Purpose: "p", MaxSegments: 1, Share: 1}, "a")
	ctx, cancel := context.WithCancel(t.Context())
	read := 0
	_, err := dp.Count(ctx, spec, 3, today, func(yield func(*contrib.Person, error) bool) {
		for yield(&contrib.Person{Segments: []string{"a"}}, nil) {
			if read++; read == 1000 {
				cancel()
			}
		}
	})
	if !errors.Is(err, context.Canceled) || read > 1300 {
		t.Fatalf("%d people were read, then %v", read, err)
	}
}

// TestCountKeepsNoRecord overwrites the bytes that the items pointed into.
func TestCountKeepsNoRecord(t *testing.T) {
	spec := tinySpecs(t)["discovered 1x1"]
	keys, _, err := dp.Exact(spec, 3, today, func(yield func(*contrib.Person, error) bool) {
		for _, row := range []string{"row one", "row two"} {
			buf := []byte(row)
			if !yield(&contrib.Person{Segments: []string{"a"}, Items: []contrib.Entry{{Item: unsafe.String(&buf[0], len(buf)), Day: today, Count: 1}}}, nil) {
				return
			}
			clear(buf)
		}
	})
	if err != nil || len(keys) != 2 || keys[0].Item != "row one" || keys[1].Item != "row two" {
		t.Fatal(keys, err)
	}
}

// TestCountsShowNothing looks for a number of people that cannot be missed in
// every way a Counts could be shown, also from inside other values.
func TestCountsShowNothing(t *testing.T) {
	const many = 48_611
	list := make([]contrib.Person, many)
	for i := range list {
		list[i] = contrib.Person{Segments: []string{"a"}, Items: []contrib.Entry{{Item: "secret-key", Day: today, Count: 1}}}
	}
	for name, spec := range map[string]*dp.Spec{
		"public": mustSpec(t, dp.SegmentSizes{Name: "sizes", Purpose: "p", MaxSegments: 1, Share: 1}, "a"),
		"discovered": mustSpec(t, dp.SegmentItems{
			Name: "m", Purpose: "p", Items: dp.Discovered{}, MaxSegments: 1, MaxItems: 1, MaxPerItem: 1, LookbackDays: 7, Share: 1,
		}, "a"),
	} {
		t.Run(name, func(t *testing.T) {
			c := count(t, spec, list)
			type outer struct {
				Counts  *dp.Counts
				Value   dp.Counts
				hidden  *dp.Counts
				hiddenV dp.Counts
			}
			o := outer{c, *c, c, *c}
			var out strings.Builder
			for _, v := range []any{c, *c, o, &o, []any{c}, map[string]any{"c": *c}} {
				for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
					fmt.Fprintf(&out, verb+"\n", v)
				}
				if b, err := json.Marshal(v); err == nil {
					out.Write(b)
				}
				slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
				slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
			}
			var b bytes.Buffer
			if gob.NewEncoder(&b).Encode(c) == nil {
				t.Error("exact counts are encoded by gob")
			}
			seen := out.String() + b.String()
			// Whole words: addresses and moments hold the digits by chance.
			for _, s := range []string{"48611", fmt.Sprintf("%x", many), "secret-key"} {
				if regexp.MustCompile(`(?i)\b(0x)?` + s + `\b`).MatchString(seen) {
					t.Errorf("%q is shown", s)
				}
			}
			if !strings.Contains(seen, "[exact counts]") {
				t.Error("the fixed text is not shown")
			}
			walk(t, reflect.ValueOf(&o), map[uintptr]bool{}, func(v reflect.Value) {
				switch {
				case v.CanInt() && v.Int() == many, v.CanUint() && v.Uint() == many:
					t.Error("package reflect finds the exact number")
				case v.Kind() == reflect.String && v.String() == "secret-key":
					t.Error("package reflect finds a discovered key")
				}
			})
			for i := range reflect.TypeFor[dp.Counts]().NumField() {
				if reflect.TypeFor[dp.Counts]().Field(i).IsExported() {
					t.Error("Counts has an exported field")
				}
			}
		})
	}
}

// walk visits everything that package reflect reaches without unsafe.
func walk(t *testing.T, v reflect.Value, seen map[uintptr]bool, visit func(reflect.Value)) {
	visit(v)
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && !seen[v.Pointer()] {
			seen[v.Pointer()] = true
			walk(t, v.Elem(), seen, visit)
		}
	case reflect.Interface:
		if !v.IsNil() {
			walk(t, v.Elem(), seen, visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			walk(t, v.Field(i), seen, visit)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			walk(t, v.Index(i), seen, visit)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			walk(t, k, seen, visit)
			walk(t, v.MapIndex(k), seen, visit)
		}
	}
}

func TestBudgetCheck(t *testing.T) {
	ok := dp.Budget{Epsilon: 1, Delta: 1e-6, WindowDays: 30}
	if err := ok.Check(); err != nil {
		t.Fatal(err)
	}
	with := func(f func(*dp.Budget)) dp.Budget { b := ok; f(&b); return b }
	for _, x := range []float64{0, -1, math.NaN(), math.Inf(1), math.Inf(-1), 1e9, 1e-20} {
		if err := with(func(b *dp.Budget) { b.Epsilon = x }).Check(); !errors.Is(err, dp.ErrEpsilon) {
			t.Errorf("an epsilon of %v: %v", x, err)
		}
		if err := with(func(b *dp.Budget) { b.Delta = x }).Check(); !errors.Is(err, dp.ErrDelta) {
			t.Errorf("a delta of %v: %v", x, err)
		}
	}
	for _, n := range []int{0, -1, 401, math.MaxInt} {
		if err := with(func(b *dp.Budget) { b.WindowDays = n }).Check(); !errors.Is(err, dp.ErrWindow) {
			t.Errorf("a window of %d: %v", n, err)
		}
	}
}

// TestCountAsOf counts what lies in the look-back up to the as-of day, over
// the entries of all windows, capped.
func TestCountAsOf(t *testing.T) {
	spec := mustSpec(t, dp.SegmentItems{
		Name: "m", Purpose: "p", Items: dp.Public{"x", "y"}, MaxSegments: 2, MaxItems: 2, MaxPerItem: 5, LookbackDays: 7, Share: 1,
	}, "a", "b")
	p := contrib.Person{Segments: []string{"b", "elsewhere"}, Items: []contrib.Entry{
		{Item: "x", Day: today - 6, Count: 1}, {Item: "x", Day: today - 7, Count: 1}, {Item: "x", Day: today, Count: 2},
		{Item: "y", Day: today + 1, Count: 1}, {Item: "y", Day: today - 1, Count: 9}, {Item: "z", Day: today, Count: 1},
	}}
	got := exact(t, spec, p, p)
	want := map[dp.CellKey]int64{{Segment: "a", Item: "x"}: 0, {Segment: "a", Item: "y"}: 0, {Segment: "b", Item: "x"}: 6, {Segment: "b", Item: "y"}: 10}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	p.Items = []contrib.Entry{{Item: "y", Day: today + 1, Count: 1}}
	if got := exact(t, spec, p); got[dp.CellKey{Segment: "b", Item: "y"}] != 0 {
		t.Error("what comes after the as-of day is counted")
	}
}
