package synth_test

import (
	"fmt"
	"hash/fnv"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet/internal/synth"
)

func config() synth.Config {
	return synth.Config{
		Seed: 7, People: 20_000, Items: 500, Events: 200_000, Days: 60,
		Categories: []string{"sport", "music", "garden", "cooking"},
		Start:      time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}

func open(t testing.TB, c synth.Config) *synth.Generator {
	t.Helper()
	g, err := synth.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// digest sums up a stream.
func digest(g *synth.Generator) uint64 {
	h := fnv.New64a()
	for r := range g.All() {
		fmt.Fprintln(h, r.Kind, r.Person, r.Email, r.Time.UnixMilli(), r.Granted, r.MessageID, r.Action, r.Item, r.Category)
	}
	return h.Sum64()
}

// TestSame holds that a Config means one stream, on every machine and in
// every version.
func TestSame(t *testing.T) {
	g := open(t, config())
	const want = 0xaa4bcd998323173
	if got := digest(g); got != want {
		t.Errorf("digest %#x, want %#x", got, uint64(want))
	}
	if digest(g) != digest(open(t, config())) {
		t.Error("two reads of one stream differ")
	}
	c := config()
	c.Seed++
	if digest(open(t, c)) == want {
		t.Error("another seed gives the same stream")
	}
}

func TestStream(t *testing.T) {
	c := config()
	g := open(t, c)
	var last time.Time
	var events, withdrawals, comebacks, refused, asked int
	left := map[int]bool{}
	known := map[int]bool{}
	ids := map[string]bool{}
	perPerson := make([]int, c.People)
	perItem := map[string]int{}
	for r := range g.All() {
		if r.Time.Before(last) || r.Time.Before(c.Start) || !r.Time.Before(c.Start.AddDate(0, 0, c.Days)) {
			t.Fatal("time goes back or out of the span")
		}
		last = r.Time
		if r.Email != g.Email(r.Person) {
			t.Fatal("wrong e-mail")
		}
		switch r.Kind {
		case synth.Choice:
			if known[r.Person] && !left[r.Person] {
				t.Fatal("asked twice")
			}
			if left[r.Person] {
				comebacks++
			} else {
				asked++
			}
			if r.Granted == g.Refuses(r.Person) {
				t.Fatal("a person changed their mind")
			}
			if !r.Granted {
				refused++
			}
			known[r.Person], left[r.Person] = true, false
		case synth.Withdrawal:
			if !known[r.Person] || left[r.Person] || g.Refuses(r.Person) {
				t.Fatal("a withdrawal of nothing")
			}
			left[r.Person] = true
			withdrawals++
		case synth.Event:
			if !known[r.Person] || ids[r.MessageID] || r.Category == "" {
				t.Fatal("event before the choice, or seen before, or without a category")
			}
			ids[r.MessageID] = true
			events++
			perPerson[r.Person]++
			perItem[r.Item]++
		}
	}
	if events != c.Events {
		t.Errorf("%d events", events)
	}
	between := func(what string, got, low, high float64) {
		if got < low || got > high {
			t.Errorf("%s: %.3f, want %.3f to %.3f", what, got, low, high)
		}
	}
	between("refused", float64(refused)/float64(asked), 0.09, 0.11)
	between("withdrawn", float64(withdrawals)/float64(asked), 0.01, 0.02)
	between("came back", float64(comebacks)/float64(withdrawals), 0.05, 0.34)
	slices.Sort(perPerson)
	top := 0
	for _, n := range perPerson[len(perPerson)*99/100:] {
		top += n
	}
	between("share of the busiest hundredth", float64(top)/float64(events), 0.05, 0.40)
	between("first item against tenth", float64(perItem["item-00000"])/float64(perItem["item-00009"]), 1.2, 20)
}

// TestSmall opens the smallest and the oddest configurations.
func TestSmall(t *testing.T) {
	for _, c := range []synth.Config{
		{People: 1, Items: 1, Events: 1, Days: 1, Categories: []string{"a"}},
		{People: 3, Items: 2, Events: 100, Days: 1, Categories: []string{"a", "b", "c"}},
		{People: 2, Items: 3, Events: 100_000, Days: 1, Categories: []string{"a"}},
	} {
		n := 0
		for r := range open(t, c).All() {
			if r.Kind == synth.Event {
				n++
			}
		}
		if n != c.Events {
			t.Errorf("%d events, want %d", n, c.Events)
		}
	}
	for _, c := range []synth.Config{
		{}, {People: 1, Items: 1, Events: 1, Days: 1},
		{People: -1, Items: 1, Events: 1, Days: 1, Categories: []string{"a"}},
		{People: 1, Items: 1, Events: 1, Days: 1 << 40, Categories: []string{"a"}},
	} {
		if _, err := synth.New(c); err != synth.ErrConfig {
			t.Errorf("got %v", err)
		}
	}
}

// TestStop holds that a reader may stop anywhere.
func TestStop(t *testing.T) {
	n := 0
	for range open(t, config()).All() {
		if n++; n == 10 {
			break
		}
	}
}

func BenchmarkAll(b *testing.B) {
	c := config()
	c.Events = 1_000_000
	g := open(b, c)
	b.ReportAllocs()
	for b.Loop() {
		for range g.All() {
		}
	}
	b.ReportMetric(float64(c.Events)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
