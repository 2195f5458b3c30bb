package discreet_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/segment"
)

// TestSums records amounts: they are kept while a segment sums them, told to their
// person, and filled for a newer version before it serves.
func TestSums(t *testing.T) {
	ctx := t.Context()
	counting := segment.Definition{
		Name: "runners", Title: "Runners", Purpose: discreettest.Purpose, Version: 1,
		All: []segment.Predicate{{Subtree: &segment.Subtree{Category: "sports"}}},
	}
	summing := func(unit string) segment.Definition {
		d := counting
		d.Version = 2
		d.All = []segment.Predicate{{Sum: &segment.Sum{Category: "sports", AtLeastMilli: 30_000, Unit: unit, WithinDays: 5}}}
		return d
	}
	e := discreettest.Open(t, discreet.Config{Store: memstore.Volatile(), Segments: []segment.Definition{counting}})
	e.Agree(t, ann)
	open := func(defs ...segment.Definition) *discreet.Engine {
		t.Helper()
		cfg := e.Config
		cfg.Segments = defs
		x, err := discreet.Open(ctx, cfg)
		check(t, err)
		return x
	}
	buy := func(x *discreet.Engine, id string, value int64, unit string) segment.Outcome {
		t.Helper()
		ev := event(e, ann, id, "", "sports.running")
		ev.Value, ev.Unit = value, unit
		out, err := x.Record(ctx, ev)
		check(t, err)
		return out[0].Result
	}
	// found returns the first finding, and what is told of amounts in all.
	found := func(x *discreet.Engine) (kind string, amount, told int64, in bool) {
		t.Helper()
		explained, err := x.Explain(ctx, ann, operator)
		check(t, err)
		p := explained.Profiles[0]
		for _, i := range p.Interests {
			for _, d := range i.Days {
				told += d.AmountMilli
			}
		}
		f := p.Segments[0].All[0]
		return f.Kind, f.Found, told, p.Segments[0].In
	}
	words := func(x *discreet.Engine) bool {
		var b bytes.Buffer
		check(t, x.Processing().WriteText(&b))
		return strings.Contains(b.String(), "sums of amounts")
	}

	if out := buy(e.Engine, "1", 10_000, "EUR"); out != segment.Admitted {
		t.Fatal(out)
	}
	if _, _, told, _ := found(e.Engine); told != 0 || words(e.Engine) {
		t.Error("an amount is kept that nothing reads")
	}
	both := open(counting, summing("EUR"))
	for id, c := range map[string]struct {
		value int64
		unit  string
		want  segment.Outcome
	}{
		"2": {20_000, "EUR", segment.Admitted}, "3": {20_000, "USD", segment.Admitted},
		"4": {-1, "EUR", segment.RefusedMalformed}, "5": {1, "", segment.RefusedMalformed},
	} {
		if out := buy(both, id, c.value, c.unit); out != c.want {
			t.Errorf("event %s: %v", id, out)
		}
	}
	if kind, _, told, in := found(both); kind != "subtree" || told != 20_000 || !in || !words(both) {
		t.Error(kind, told, in)
	}
	cfg := e.Config
	cfg.Segments = []segment.Definition{counting, summing("EUR"), {
		Name: "others", Purpose: discreettest.Purpose, Version: 1,
		All: []segment.Predicate{{Sum: &segment.Sum{Category: "sports.running", AtLeastMilli: 1, Unit: "USD", WithinDays: 5}}},
	}}
	if _, err := discreet.Open(ctx, cfg); !errors.Is(err, segment.ErrUnit) {
		t.Error("a category in two units:", err)
	}

	e.Clock.Advance(4 * 24 * time.Hour)
	if out := buy(both, "6", 10_000, "EUR"); out != segment.Admitted {
		t.Fatal(out)
	}
	if kind, amount, _, in := found(open(counting, summing("EUR"))); kind != "subtree" || in != true {
		t.Error(kind, amount, in)
	}
	e.Clock.Advance(24 * time.Hour)
	filled := open(counting, summing("EUR"))
	if kind, amount, told, in := found(filled); kind != "sum" || amount != 10_000 || told != 30_000 || in {
		t.Error(kind, amount, told, in)
	}
	buy(filled, "7", 20_000, "EUR")
	if _, amount, told, in := found(open(summing("EUR"))); amount != 30_000 || told != 50_000 || !in {
		t.Error(amount, told, in)
	}
}
