package audience_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment/audience"
)

// TestGate follows one segment: it opens at k, stays open down to k/2, and opens
// again at k only.
func TestGate(t *testing.T) {
	g := newGate(t, config())
	if s := g.Visible("runners", 0); s.Open || s.Why != audience.Uncounted {
		t.Fatalf("%+v", s)
	}
	for i, c := range []struct {
		low  int64
		open bool
	}{
		{99, false}, {100, true}, {99, true}, {51, true}, {50, true}, {49, false}, {50, false}, {99, false},
		{1 << 40, true}, {50, true}, {-7, false}, {100, true},
	} {
		day := dp.Day(i)
		if err := g.Observe(sizes(uint64(i+1), day, []proof.Cell{cell("runners", c.low+10, 10)})); err != nil {
			t.Fatal(err)
		}
		s := g.Visible("runners", day)
		if s.Open != c.open || s.Low != c.low || s.Value != c.low+10 || s.AsOf != dayText(day) || s.Entry != uint64(i+1) {
			t.Errorf("look %d: %+v", i, s)
		}
		if (s.Why == audience.Enough) != c.open || !c.open && s.Why != audience.Few || (s.Since != "") != c.open {
			t.Errorf("look %d: %+v", i, s)
		}
	}
	if s := g.Visible("runners", 11); s.Since != dayText(11) {
		t.Errorf("open since %s", s.Since)
	}
	odd := config()
	odd.MinPeople = 101 // half of it is 50.5
	g = newGate(t, odd)
	for i, low := range []int64{101, 51, 50} {
		if err := g.Observe(sizes(uint64(i+1), 0, []proof.Cell{cell("runners", low, 0)})); err != nil {
			t.Fatal(err)
		}
		if open := g.Visible("runners", 0).Open; open != (low > 50) {
			t.Errorf("a bound of %d: %v", low, open)
		}
	}
}

// TestClosed goes through all that closes a segment but few people.
func TestClosed(t *testing.T) {
	both := []proof.Cell{cell("readers", 500, 10), cell("runners", 500, 10)}
	g := newGate(t, config())
	if err := g.Observe(sizes(1, 100, both)); err != nil {
		t.Fatal(err)
	}
	for day, open := range map[dp.Day]bool{99: true, 100: true, 103: true, 104: false, 500: false} {
		s := g.Visible("runners", day)
		if s.Open != open || !open && s.Why != audience.Stale {
			t.Errorf("day %d: %+v", day, s)
		}
	}
	if s := g.Visible("walkers", 100); s.Open || s.Why != audience.Absent || s.Entry != 1 {
		t.Errorf("%+v", s)
	}
	if err := g.Observe(sizes(2, 101, both[:1])); err != nil {
		t.Fatal(err)
	}
	if s := g.Visible("runners", 101); s.Open || s.Why != audience.Absent {
		t.Errorf("not in the newest: %+v", s)
	}
	// Back below k: it was closed in between, so it has to open again.
	if err := g.Observe(sizes(3, 102, []proof.Cell{cell("readers", 70, 10), cell("runners", 70, 10)})); err != nil {
		t.Fatal(err)
	}
	if g.Visible("runners", 102).Open || !g.Visible("readers", 102).Open {
		t.Error("what was absent is still open, or what was there is closed")
	}
	// So is what nobody counted for too long.
	if err := g.Observe(sizes(4, 106, []proof.Cell{cell("readers", 70, 10)})); err != nil {
		t.Fatal(err)
	}
	if g.Visible("readers", 106).Open {
		t.Error("open again below k after a gap")
	}
	var zero audience.Gate
	if s := zero.Visible("runners", 0); s.Open || zero.All(0) != nil {
		t.Errorf("the zero gate: %+v", s)
	}
}

func TestAll(t *testing.T) {
	g := newGate(t, config())
	if g.All(0) != nil {
		t.Error("states without a release")
	}
	if err := g.Observe(sizes(9, 3, []proof.Cell{cell("a", 20, 10), cell("b", 200, 10)})); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(g.All(3))
	want := `[{"segment":"a","open":false,"why":"few","value":20,"low":10,"as_of":"1970-01-04","entry":9},` +
		`{"segment":"b","open":true,"why":"enough","value":200,"low":190,"as_of":"1970-01-04","entry":9,"since":"1970-01-04"}]`
	if err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}
	for _, s := range g.All(7) {
		if s.Open || s.Why != audience.Stale {
			t.Errorf("%+v", s)
		}
	}
	for r, want := range map[audience.Reason]string{0: "invalid", audience.Enough: "enough", audience.Uncounted: "uncounted", 200: "invalid"} {
		if r.String() != want {
			t.Errorf("%d: %s", r, r)
		}
	}
}

// TestObserveRefuses hands in what is not a release of the gate's segment sizes: an
// error, and none of the others is taken.
func TestObserveRefuses(t *testing.T) {
	cells := []proof.Cell{cell("runners", 500, 10)}
	for name, r := range map[string]dp.Release{
		"zero":      {},
		"items":     sizes(2, 1, cells, func(h *proof.Header) { h.Kind = "segment-items" }),
		"account":   sizes(2, 1, cells, func(h *proof.Header) { h.Account = "other" }),
		"measure":   sizes(2, 1, cells, func(h *proof.Header) { h.Measure = "other" }),
		"entry":     sizes(0, 1, cells),
		"day":       sizes(2, 1, cells, func(h *proof.Header) { h.AsOf = "yesterday" }),
		"before":    sizes(2, 1, cells, func(h *proof.Header) { h.AsOf = "1969-12-31" }),
		"level":     sizes(2, 1, cells, func(h *proof.Header) { h.Level = 0.5 }),
		"scaled":    sizes(2, 1, cells, func(h *proof.Header) { h.Format, h.Per, h.Norm = "discreet-release/1", 1024, 2048 }),
		"Laplace":   sizes(2, 1, cells, func(h *proof.Header) { h.Format, h.Mechanism, h.Pure = "discreet-release/1", "discrete-laplace", 0.2 }),
		"no sigma":  sizes(2, 1, cells, func(h *proof.Header) { h.Sigma = 0 }),
		"NaN sigma": sizes(2, 1, cells, func(h *proof.Header) { h.Sigma = math.NaN() }),
	} {
		c := config()
		c.Chance = 1e-4 // so that the scale is looked at
		g := newGate(t, c)
		if err := g.Observe(sizes(1, 1, cells), r); !errors.Is(err, audience.ErrRelease) {
			t.Errorf("%s: %v", name, err)
		}
		if g.Visible("runners", 1).Why != audience.Uncounted {
			t.Errorf("%s: the other one was taken", name)
		}
	}
	for name, change := range map[string]func(c *audience.Config){
		"few":       func(c *audience.Config) { c.MinPeople = 9 },
		"many":      func(c *audience.Config) { c.MinPeople = 1<<30 + 1 },
		"no TTL":    func(c *audience.Config) { c.TTLDays = 0 },
		"long TTL":  func(c *audience.Config) { c.TTLDays = 91 },
		"no age":    func(c *audience.Config) { c.MaxAgeDays = 0 },
		"long age":  func(c *audience.Config) { c.MaxAgeDays = 401 },
		"chance":    func(c *audience.Config) { c.Chance = 0.026 },
		"no chance": func(c *audience.Config) { c.Chance = 1e-10 },
		"NaN":       func(c *audience.Config) { c.Chance = math.NaN() },
		"negative":  func(c *audience.Config) { c.Chance = -0.01 },
	} {
		c := config()
		change(&c)
		if g, err := audience.New(c, from); !errors.Is(err, audience.ErrConfig) || g != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, s := range map[string]audience.Source{
		"nothing": {}, "no measure": {Account: "shop"}, "no account": {Measures: []string{"sizes"}}, "empty": {Account: "shop", Measures: []string{""}},
	} {
		if g, err := audience.New(config(), s); !errors.Is(err, audience.ErrSource) || g != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// told is a release in the model: entry, day, and the lower bound of each segment.
type told struct {
	entry uint64
	day   dp.Day
	low   map[string]int64
}

// replay is the rule in the plainest words: go through the releases in order.
func replay(list []told, segment string, today dp.Day, k, maxAge int64) bool {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b told) int { return cmp.Compare(a.entry, b.entry) })
	open := false
	for i, l := range list {
		low, named := l.low[segment]
		if i > 0 && int64(l.day-list[i-1].day) > maxAge {
			open = false
		}
		open = named && (low >= k || open && 2*low >= k)
	}
	return open && int64(today-list[len(list)-1].day) <= maxAge
}

// TestOrderOfArrivalDoesNotMatter hands in releases in any order, in any pieces, with
// repetitions: the state is that of going through them in the order of entries, and a
// gate made anew from them agrees.
func TestOrderOfArrivalDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []told
		day := dp.Day(0)
		for i := range rapid.IntRange(1, 20).Draw(t, "releases") {
			day += dp.Day(rapid.IntRange(0, 5).Draw(t, "days"))
			l := told{uint64(3*i + 1), day, map[string]int64{}}
			for _, s := range []string{"a", "b"} {
				if rapid.IntRange(0, 9).Draw(t, "absent") > 0 {
					l.low[s] = rapid.SampledFrom([]int64{-3, 49, 50, 75, 99, 100, 400}).Draw(t, "low")
				}
			}
			list = append(list, l)
		}
		release := func(l told) dp.Release {
			var cells []proof.Cell
			for _, s := range []string{"a", "b"} {
				if low, ok := l.low[s]; ok {
					cells = append(cells, cell(s, low+10, 10))
				}
			}
			return sizes(l.entry, l.day, cells)
		}
		arrival := rapid.Permutation(append(slices.Clone(list), list[:len(list)/3]...)).Draw(t, "arrival")
		g, again := newGate(t, config()), newGate(t, config())
		for len(arrival) > 0 {
			n := rapid.IntRange(1, len(arrival)).Draw(t, "at once")
			var some []dp.Release
			for _, l := range arrival[:n] {
				some = append(some, release(l))
			}
			if err := g.Observe(some...); err != nil {
				t.Fatal(err)
			}
			arrival = arrival[n:]
		}
		for _, l := range list {
			if err := again.Observe(release(l)); err != nil {
				t.Fatal(err)
			}
		}
		for _, s := range []string{"a", "b", "c"} {
			for _, today := range []dp.Day{day, day + 3, day + 4} {
				want := replay(list, s, today, 100, 3)
				if got := g.Visible(s, today); got.Open != want || got != again.Visible(s, today) {
					t.Fatalf("%s on day %d: %+v, want open %v", s, today, got, want)
				}
			}
		}
	})
}

// TestOldReleasesAreSettled gives a gate more than it keeps apart: what they came to
// stays, and one that arrives too late changes nothing.
func TestOldReleasesAreSettled(t *testing.T) {
	g := newGate(t, config())
	low := func(i uint64) int64 {
		if i == 1 {
			return 100
		}
		return 60 // open since the first one only
	}
	for i := uint64(1); i <= 200; i++ {
		if i == 3 {
			continue
		}
		if err := g.Observe(sizes(i, dp.Day(i), []proof.Cell{cell("runners", low(i), 0)})); err != nil {
			t.Fatal(err)
		}
	}
	if s := g.Visible("runners", 200); !s.Open || s.Since != dayText(1) {
		t.Errorf("%+v", s)
	}
	if err := g.Observe(sizes(3, 3, nil)); err != nil { // it would have closed it
		t.Fatal(err)
	}
	if !g.Visible("runners", 200).Open {
		t.Error("a settled release came back")
	}
	if err := g.Observe(sizes(150, 150, nil)); err != nil { // has it
		t.Fatal(err)
	}
	if !g.Visible("runners", 200).Open {
		t.Error("an entry was taken twice")
	}
}

// TestTogether observes and asks from many goroutines; run it with -race.
func TestTogether(t *testing.T) {
	g := newGate(t, config())
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Add(2)
		go func() {
			defer wg.Done()
			for i := range 50 {
				if err := g.Observe(sizes(uint64(1+4*i+w), 10, []proof.Cell{cell("runners", 500, 10)})); err != nil {
					t.Error(err)
				}
			}
		}()
		go func() {
			defer wg.Done()
			for range 50 {
				g.Visible("runners", 10)
				g.All(10)
			}
		}()
	}
	wg.Wait()
	if s := fmt.Sprint(g.Visible("runners", 10).Open); s != "true" {
		t.Error(s)
	}
}
