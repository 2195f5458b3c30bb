package discreet_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// seriesCategories have a segment each, of whoever did something there within three
// days, so that people come and go.
var seriesCategories = []string{"sports.running", "books.fiction", "home.kitchen", "music.jazz", "games.board", "food.baking"}

// seriesConfig has one measure, a series of at most limit segments a person.
func seriesConfig(limit int) discreet.Config {
	cfg := discreet.Config{
		Measures: []dp.Measure{dp.SegmentSizes{Name: "daily", Purpose: discreettest.Purpose, MaxSegments: limit, Share: 1, Series: true}},
		Budget:   dp.Budget{Epsilon: 1, Delta: 1e-6, WindowDays: 30},
	}
	for i, c := range seriesCategories {
		cfg.Segments = append(cfg.Segments, segment.Definition{
			Name: fmt.Sprint("s", i), Purpose: discreettest.Purpose, Version: 1,
			All: []segment.Predicate{{Recency: &segment.Recency{Category: c, WithinDays: 3}}},
		})
	}
	return cfg
}

func seriesPeople(n int) (people []discreet.Raw) {
	for i := range n {
		people = append(people, discreet.Email(fmt.Sprintf("person-%d@example.com", i)))
	}
	return people
}

// releaseDaily releases the series under a name of the day.
func releaseDaily(t interface{ Fatal(...any) }, e *discreet.Engine, day int) dp.Release {
	r, err := e.Release(context.Background(), discreet.Query{Name: fmt.Sprint("day-", day), Measure: "daily", Share: 0.03}, operator)
	check(t, err)
	return r
}

// window is what people counted in over the releases of a window.
type window map[segment.ID]map[int]bool

// add adds what people count in now, just after a release.
func (w window) add(t interface {
	Fatal(...any)
	Errorf(string, ...any)
}, e *discreet.Engine, limit int) {
	vectors, err := e.Vectors(context.Background(), "daily")
	check(t, err)
	for id, cells := range vectors {
		if w[id] == nil {
			w[id] = map[int]bool{}
		}
		for _, c := range cells {
			w[id][c.Row] = true
		}
		if len(w[id]) > limit {
			t.Errorf("somebody counts in %d segments over a window, at most %d may", len(w[id]), limit)
		}
	}
}

// TestSeries releases the sizes of segments daily for two windows, while people come,
// go, come late, leave, rejoin, dismiss and forget: nobody counts in more distinct
// segments over a window than the measure allows, many reach that, and what is counted
// is not the past.
func TestSeries(t *testing.T) {
	const limit, days = 2, 60
	ctx := t.Context()
	cfg := seriesConfig(limit)
	store := memstore.Volatile()
	cfg.Store = store
	e := discreettest.Open(t, cfg)
	rng := rand.New(rand.NewPCG(1, 2))
	people := seriesPeople(40)
	var counts window
	raw := map[segment.ID]map[string]bool{} // segments people were in, whatever counts
	reached := 0
	for d := range days {
		e.Clock.Set(discreettest.Start.AddDate(0, 0, d))
		if d%30 == 0 {
			for _, who := range counts {
				if len(who) == limit {
					reached++
				}
			}
			counts = window{}
		}
		grown := people[:min(len(people), 10+d)]
		e.Agree(t, grown...)
		var batch []discreet.Event
		for _, who := range grown {
			for n := rng.IntN(3); n > 0; n-- {
				ev := event(e, who, fmt.Sprint(d, n), "", seriesCategories[rng.IntN(len(seriesCategories))])
				ev.Time = ev.Time.Add(-time.Duration(rng.IntN(72)) * time.Hour)
				batch = append(batch, ev)
			}
		}
		_, err := e.RecordBatch(ctx, batch)
		check(t, err)
		for _, who := range grown {
			category := seriesCategories[rng.IntN(len(seriesCategories))]
			name := fmt.Sprint("s", rng.IntN(len(seriesCategories)))
			switch rng.IntN(12) {
			case 0:
				check(t, e.EraseInterest(ctx, who, discreettest.Purpose, category))
			case 1:
				check(t, e.Leave(ctx, who, discreettest.Purpose, name))
			case 2:
				check(t, e.Rejoin(ctx, who, discreettest.Purpose, name))
			case 3:
				check(t, e.NotInterested(ctx, who, discreettest.Purpose, category))
			case 4:
				check(t, e.Interested(ctx, who, discreettest.Purpose, category))
			}
		}
		if d%5 == 0 {
			_, err := e.Sweep(ctx)
			check(t, err)
		}
		releaseDaily(t, e.Engine, d%30)
		counts.add(t, e.Engine, limit)
		for id, row := range rows(t, store) {
			if raw[id] == nil {
				raw[id] = map[string]bool{}
			}
			for _, s := range segmentsOf(t, &cfg, row, e.Clock.Now()) {
				raw[id][s] = true
			}
		}
	}
	churned := 0
	for _, in := range raw {
		if len(in) > limit {
			churned++
		}
	}
	if reached < 20 || churned < 30 {
		t.Errorf("%d of 40 people reached the bound in the first window, %d were in more segments than that", reached, churned)
	}
}

// segmentsOf returns the segments that the person of a row is in.
func segmentsOf(t *testing.T, cfg *discreet.Config, row []byte, now time.Time) []string {
	t.Helper()
	r, err := segment.NewRules(segment.RulesConfig{Purpose: discreettest.Purpose, Taxonomy: segment.Small(), Definitions: cfg.Segments, TTLDays: 90})
	check(t, err)
	p, err := segment.ReadProfile(row)
	check(t, err)
	return r.Segments(p, r.Day(now))
}

// TestSeriesIsWhatLeaves holds that the released table goes by the slots: everybody
// moves to another segment each day, one slot a person, so that after the first day
// tables show nobody. Counting without the slots would show all 300 people; the noise
// of a day, of a standard deviation below 15, reaches 150 with a probability below
// 1e-22 a cell.
func TestSeriesIsWhatLeaves(t *testing.T) {
	const people = 300
	ctx := t.Context()
	cfg := seriesConfig(1)
	for i := range cfg.Segments {
		cfg.Segments[i].All[0].Recency.WithinDays = 1
	}
	e := discreettest.Open(t, cfg)
	if p, err := e.Plan().Predict("daily", 90_000_000); err != nil || p.Noise.StdDev >= 15 {
		t.Fatalf("%+v, %v", p, err)
	}
	all := seriesPeople(people)
	e.Agree(t, all...)
	for d := range 4 {
		e.Clock.Set(discreettest.Start.AddDate(0, 0, d))
		var batch []discreet.Event
		for _, who := range all {
			batch = append(batch, event(e, who, fmt.Sprint(d), "", seriesCategories[d%3]))
		}
		_, err := e.RecordBatch(ctx, batch)
		check(t, err)
		r, err := e.Release(ctx, discreet.Query{Name: fmt.Sprint("day-", d), Measure: "daily", Share: 0.09}, operator)
		check(t, err)
		for i, c := range r.Cells() {
			full := i == d%3 && d%3 == 0 // all are back on day 3 where they were first
			if full != (c.Value > people/2) {
				t.Errorf("day %d, %s: %v", d, c.Segment, c.Value)
			}
		}
	}
}

// TestSeriesMoves rotates the keys, moves rows, and merges two people within a window:
// slots move along, and a merged record counts in as many segments as any other.
func TestSeriesMoves(t *testing.T) {
	const limit = 2
	ctx := t.Context()
	cfg := seriesConfig(limit)
	keys, err := pseudonym.NewKeyring()
	check(t, err)
	store := memstore.Volatile()
	cfg.Keys, cfg.Store = keys, store
	e := discreettest.Open(t, cfg)
	e.Agree(t, ann, bob)
	did := func(who discreet.Raw, id string, categories ...int) {
		t.Helper()
		for i, c := range categories {
			_, err := e.Record(ctx, event(e, who, fmt.Sprint(id, i), "", seriesCategories[c]))
			check(t, err)
		}
	}
	in := func(who discreet.Raw) map[int]bool {
		t.Helper()
		counts := window{}
		counts.add(t, e.Engine, limit)
		id, err := e.ID(who, discreettest.Purpose)
		check(t, err)
		return counts[id]
	}
	did(ann, "a", 0, 1)
	did(bob, "b", 4, 5)
	releaseDaily(t, e.Engine, 0)
	first, other := in(ann), in(bob)
	if len(first) != 2 || len(other) != 2 {
		t.Fatal(first, other)
	}
	next := rotated(t, keys)
	check(t, e.SetKeys(ctx, next, operator))
	before := slices.Collect(maps.Values(rows(t, store)))
	if _, err := e.Rekey(ctx, slices.Values([]discreet.Raw{ann, bob})); err != nil {
		t.Fatal(err)
	}
	after := slices.Collect(maps.Values(rows(t, store)))
	text := func(list [][]byte) (s []string) {
		for _, row := range list {
			s = append(s, string(row))
		}
		slices.Sort(s)
		return s
	}
	if !slices.Equal(text(before), text(after)) {
		t.Error("a row changed when it moved")
	}
	e.Clock.Advance(24 * time.Hour)
	did(ann, "c", 2, 3)
	releaseDaily(t, e.Engine, 1)
	if got := in(ann); !maps.Equal(got, first) {
		t.Errorf("after the move %v, before %v", got, first)
	}
	check(t, e.Merge(ctx, bob, ann))
	e.Clock.Advance(24 * time.Hour)
	did(ann, "d", 0, 1, 2, 3, 4, 5)
	releaseDaily(t, e.Engine, 2)
	if got := in(ann); !maps.Equal(got, first) {
		t.Errorf("after the merge %v, before %v", got, first)
	}
	e.Clock.Set(discreettest.Start.AddDate(0, 0, 31))
	did(ann, "e", 2, 3)
	releaseDaily(t, e.Engine, 3)
	if got := in(ann); !maps.Equal(got, map[int]bool{2: true, 3: true}) {
		t.Errorf("in the next window %v", got)
	}
}

// TestSeriesAndConsent takes consent away within a window, in every way in which it
// may go, and gives it again: whoever had slots counts from the next window on.
// Whose consent is prolonged keeps them.
func TestSeriesAndConsent(t *testing.T) {
	ctx := t.Context()
	short := discreettest.Notice()
	short.ConsentDays = 5
	for name, c := range map[string]struct {
		end  func(e *discreettest.Engine) error
		want map[int]bool // what ann counts in after that, within the window
	}{
		"withdrawn": {func(e *discreettest.Engine) error { return errOf(e.Withdraw(ctx, ann)) }, nil},
		"erased":    {func(e *discreettest.Engine) error { return errOf(e.Erase(ctx, ann, operator)) }, nil},
		"run out": {func(e *discreettest.Engine) error {
			e.Clock.Advance(6 * 24 * time.Hour)
			return nil
		}, nil},
		"run out and swept": {func(e *discreettest.Engine) error {
			e.Clock.Advance(6 * 24 * time.Hour)
			_, err := e.Sweep(ctx)
			return err
		}, nil},
		"prolonged": {func(e *discreettest.Engine) error {
			e.Clock.Advance(4 * 24 * time.Hour)
			e.Agree(t, ann)
			e.Clock.Advance(2 * 24 * time.Hour)
			_, err := e.Sweep(ctx)
			return err
		}, map[int]bool{0: true}},
		"nothing": {func(*discreettest.Engine) error { return nil }, map[int]bool{0: true}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := seriesConfig(1)
			cfg.Notices = []consent.Notice{short}
			e := discreettest.Open(t, cfg)
			in := func() map[int]bool {
				id, err := e.ID(ann, discreettest.Purpose)
				check(t, err)
				counts := window{}
				counts.add(t, e.Engine, 1)
				return counts[id]
			}
			did := func(id string, categories ...int) {
				for i, c := range categories {
					_, err := e.Record(ctx, event(e, ann, fmt.Sprint(id, i), "", seriesCategories[c]))
					check(t, err)
				}
			}
			e.Agree(t, ann)
			did("a", 0)
			releaseDaily(t, e.Engine, 0)
			if got := in(); !got[0] {
				t.Fatal(got)
			}
			check(t, c.end(e))
			e.Clock.Advance(time.Hour)
			e.Agree(t, ann)
			e.Clock.Advance(time.Hour)
			did("b", 0, 1, 2)
			releaseDaily(t, e.Engine, 1)
			if got := in(); !maps.Equal(got, c.want) {
				t.Errorf("counts in %v, want %v", got, c.want)
			}
			e.Clock.Set(discreettest.Start.AddDate(0, 0, 31))
			e.Agree(t, ann)
			did("c", 2)
			releaseDaily(t, e.Engine, 2)
			if got := in(); !maps.Equal(got, map[int]bool{2: true}) {
				t.Errorf("in the next window: %v", got)
			}
		})
	}
}

// TestSeriesTwoWorlds adds one person to a run with releases: nobody else's row or
// vector changes.
func TestSeriesTwoWorlds(t *testing.T) {
	keys, err := pseudonym.NewKeyring()
	check(t, err)
	people := seriesPeople(4)
	rapid.Check(t, func(rt *rapid.T) {
		deeds := make([]deed, rapid.IntRange(1, 14).Draw(rt, "deeds"))
		for i := range deeds {
			deeds[i] = drawDeed(rt, len(people))
		}
		extra := rapid.IntRange(0, len(people)-1).Draw(rt, "extra person")
		run := func(without int) (*discreettest.Engine, *memstore.Store) {
			store := memstore.Volatile()
			e := discreettest.Open(t, discreet.Config{
				Keys: keys, Store: store, Segments: worldSegments, Budget: dp.Budget{Epsilon: 1, Delta: 1e-6, WindowDays: 7},
				Measures: []dp.Measure{dp.SegmentSizes{Name: "daily", Purpose: discreettest.Purpose, MaxSegments: 1, Share: 1, Series: true}},
			})
			for i := range people {
				if i != without {
					check(rt, e.Choose(context.Background(), people[i], agree))
				}
			}
			for n, d := range deeds {
				e.Clock.Advance(d.after)
				check(rt, e.AdvanceWindow(context.Background(), operator))
				if d.person != without {
					d.do(rt, e, people[d.person], n)
				}
				releaseDaily(rt, e.Engine, n)
			}
			return e, store
		}
		with, storeWith := run(-1)
		less, storeLess := run(extra)
		id, err := with.ID(people[extra], discreettest.Purpose)
		check(rt, err)
		a, b := rows(rt, storeWith), rows(rt, storeLess)
		delete(a, id)
		if !maps.EqualFunc(a, b, slices.Equal) {
			rt.Fatal("adding a person changed somebody else's row")
		}
		va, err := with.Vectors(context.Background(), "daily")
		check(rt, err)
		vb, err := less.Vectors(context.Background(), "daily")
		check(rt, err)
		delete(va, id)
		if diff := cmp.Diff(va, vb, discreettest.Options()); diff != "" {
			rt.Fatal("adding a person changed somebody else's vector")
		}
	})
}

// A measure that becomes a series is another one: a name that it was released under
// is not asked for again.
func TestSeriesIsDeclared(t *testing.T) {
	cfg := seriesConfig(1)
	store := memstore.Volatile()
	cfg.Store = store
	e := discreettest.Open(t, cfg)
	first := releaseDaily(t, e.Engine, 0)
	if again := releaseDaily(t, e.Engine, 0); string(again.Note()) != string(first.Note()) {
		t.Error("asked again it is another one")
	}
	m := cfg.Measures[0].(dp.SegmentSizes)
	m.Series = false
	plain := e.Config
	plain.Measures = []dp.Measure{m}
	other, err := discreet.Open(t.Context(), plain)
	check(t, err)
	_, err = other.Release(t.Context(), discreet.Query{Name: "day-0", Measure: "daily", Share: 0.03}, operator)
	if !errors.Is(err, ledger.ErrSpecification) {
		t.Error(err)
	}
}
