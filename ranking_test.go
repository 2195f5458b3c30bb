package discreet_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/plan"
	"github.com/discreet-go/discreet/segment/rank"
	"github.com/google/go-cmp/cmp"
)

// oneDay are limits under which one day is evidence enough.
func oneDay() *rank.Limits { return &rank.Limits{Personal: 1} }

// rankingWorld declares every table that a ranking can be made of.
func rankingWorld(t *testing.T) *discreettest.Engine {
	t.Helper()
	var items dp.Public
	catalog, titles := map[string]string{}, map[string]string{}
	for i := range 12 {
		item := fmt.Sprintf("i%02d", i)
		items = append(items, item)
		catalog[item] = worldCategories[i%3]
		titles[item] = fmt.Sprintf("kind%d thing number%d", i%3, i)
	}
	p := discreettest.Purpose
	return discreettest.Open(t, discreet.Config{
		Segments: worldSegments, Catalog: catalog, Titles: titles,
		Measures: []dp.Measure{
			dp.ItemTotals{Name: "close", Purpose: p, Items: items[:4], MaxItems: 4, MaxPerItem: 1, MaxNorm: 1, HalfLifeDays: 7, LookbackDays: 30, Share: 0.2},
			dp.ItemTotals{Name: "wide", Purpose: p, Items: items, MaxItems: 12, MaxPerItem: 1, LookbackDays: 30, Share: 0.2},
			dp.CategoryItems{Name: "interests", Purpose: p, By: dp.ByCategory{Categories: worldCategories, Max: 2}, Items: items, MaxItems: 5, MaxPerItem: 1, LookbackDays: 30, Share: 0.2},
			dp.ItemPairs{Name: "pairs", Purpose: p, Items: items, MaxItems: 5, LookbackDays: 30, MaxNorm: 1, Share: 0.2},
			dp.Events{Name: "shelves", Purpose: p, By: dp.ByCategory{Categories: worldCategories, Max: 2}, MaxEvents: 5, LookbackDays: 30, Share: 0.2},
		},
	})
}

// One busy day is no interest to a ranking unless the person says so; two are, and
// a person may have fewer places personal, or none.
func TestRankLimits(t *testing.T) {
	e := rankingWorld(t)
	ctx := t.Context()
	e.Agree(t, ann)
	see := func(id string) {
		_, err := e.Record(ctx, event(e, ann, id, "i01", "books.fiction"))
		check(t, err)
	}
	see("1")
	see("2")
	ask := func(limits *rank.Limits) discreet.Ranking {
		r, err := e.Rank(ctx, discreet.RankRequest{Who: ann, Measure: "wide", Limits: limits, Limit: 4})
		check(t, err)
		if !r.Decision.Allowed {
			t.Fatal(r.Decision)
		}
		return r
	}
	if r := ask(nil); !r.Contextual || r.Held.TooFewDays == 0 {
		t.Errorf("one busy day: %+v", r)
	}
	if r := ask(oneDay()); r.Contextual || r.Held.TooFewDays != 0 {
		t.Errorf("one busy day that is to count: %+v", r)
	}
	e.Clock.Advance(24 * time.Hour)
	see("3")
	r := ask(nil)
	if r.Contextual || r.Items[0].Category != "books.fiction" || !strings.Contains(r.Items[0].Why.Text(nil), "your interest in books.fiction") {
		t.Errorf("two days: %+v", r)
	}
	half := ask(&rank.Limits{Personal: 0.5, MinDays: 2})
	personal := 0
	for _, it := range half.Items {
		if it.Why.Personal() > 0 {
			personal++
		}
	}
	if personal != 2 || half.Held.Capped != 2 || len(half.Items) != 4 {
		t.Errorf("half of the places: %+v", half.Items)
	}
	if r := ask(&rank.Limits{}); !r.Contextual || r.Reason != rank.ReasonLimit {
		t.Errorf("no place: %+v", r)
	}
	kept, err := e.Rank(ctx, discreet.RankRequest{Who: ann, Measure: "wide", Keep: func(item, _ string) bool { return item != r.Items[0].Item }})
	check(t, err)
	if slices.ContainsFunc(kept.Items, func(it rank.Ranked) bool { return it.Item == r.Items[0].Item }) {
		t.Error("an item is shown that was not to be kept")
	}
}

// A segment that one busy day put somebody into sways no ranking from a table of
// segments, whatever the purpose; after a second day it does.
func TestRankSegmentOfOneDay(t *testing.T) {
	e := discreettest.Open(t, discreet.Config{Segments: worldSegments, Measures: []dp.Measure{
		dp.SegmentItems{
			Name: "views", Purpose: discreettest.Purpose, Items: dp.Public{"a", "b", "c"},
			MaxSegments: 2, MaxItems: 2, MaxPerItem: 3, LookbackDays: 30, Share: 1,
		},
	}})
	ctx := t.Context()
	for i := range 400 { // runners see a, readers b: far beyond the noise
		who := discreet.Opaque(fmt.Sprint("person-", i))
		e.Agree(t, who)
		for n := range 3 {
			_, err := e.Record(ctx, event(e, who, fmt.Sprint(n), []string{"a", "b"}[i%2], []string{"sports.running", "books.fiction"}[i%2]))
			check(t, err)
		}
	}
	_, err := e.Release(ctx, discreet.Query{Name: "table", Measure: "views", Share: 1}, operator)
	check(t, err)
	e.Agree(t, ann)
	ask := func(limits *rank.Limits) rank.Ranking {
		r, err := e.Rank(ctx, discreet.RankRequest{Who: ann, Measure: "views", Limits: limits})
		check(t, err)
		return r.Ranking
	}
	segments := func(r rank.Ranking) (n int) {
		for _, it := range r.Items {
			n += len(it.Why.Segments)
		}
		return n
	}
	_, err = e.Record(ctx, event(e, ann, "1", "", "sports.running"))
	check(t, err)
	if r := ask(nil); segments(r) != 0 || !r.Contextual || r.Held.TooFewDays != 2 { // the segment and the category
		t.Errorf("one day: %+v", r)
	}
	if r := ask(oneDay()); segments(r) == 0 {
		t.Errorf("one day that is to count: %+v", r)
	}
	e.Clock.Advance(24 * time.Hour)
	_, err = e.Record(ctx, event(e, ann, "2", "", "sports.running"))
	check(t, err)
	if r := ask(nil); segments(r) == 0 || r.Held.TooFewDays != 0 {
		t.Errorf("two days: %+v", r)
	}
}

// Every kind of table can be ranked with, spends nothing, and stays with its date
// when time goes on.
func TestRankTables(t *testing.T) {
	e := rankingWorld(t)
	ctx := t.Context()
	e.Agree(t, ann)
	for i, item := range []string{"i01", "i04", "i01"} {
		_, err := e.Record(ctx, event(e, ann, fmt.Sprint(i), item, "books.fiction"))
		check(t, err)
		e.Clock.Advance(24 * time.Hour)
	}
	first := map[string]string{}
	for _, measure := range []string{"wide", "close", "interests", "pairs", "shelves"} {
		_, err := e.Release(ctx, discreet.Query{Name: "all-" + measure, Measure: measure, Share: 0.1}, operator)
		check(t, err)
	}
	spent := e.Account().SpentShare()
	for _, measure := range []string{"wide", "close", "interests"} {
		r, err := e.Rank(ctx, discreet.RankRequest{Who: ann, Measure: measure})
		check(t, err)
		if r.Contextual || len(r.Items) != 12 || r.AsOf == "" {
			t.Errorf("%s: %+v", measure, r)
		}
		first[measure] = r.AsOf
		if again, err := e.Rank(ctx, discreet.RankRequest{Measure: measure, Explore: "a page"}); err != nil || len(again.Items) != 12 {
			t.Errorf("%s: explored: %v", measure, err)
		}
	}
	e.Clock.Advance(20 * 24 * time.Hour)
	for measure, asOf := range first {
		r, err := e.Rank(ctx, discreet.RankRequest{Measure: measure})
		check(t, err)
		if r.AsOf != asOf {
			t.Errorf("%s: a table of %s says it is of %s", measure, asOf, r.AsOf)
		}
	}
	if e.Account().SpentShare() != spent {
		t.Error("ranking spent budget")
	}
	for _, measure := range []string{"pairs", "shelves", "unheard-of"} {
		if _, err := e.Rank(ctx, discreet.RankRequest{Measure: measure}); err != discreet.ErrNoTable {
			t.Errorf("%s: %v", measure, err)
		}
	}
}

// Whoever opens the store anew ranks with the tables that were released before, and says
// of which day they are; not with one of a measure that means something else now.
func TestRankAfterRestart(t *testing.T) {
	e := rankingWorld(t)
	ctx := t.Context()
	for _, measure := range []string{"wide", "pairs", "shelves"} {
		_, err := e.Release(ctx, discreet.Query{Name: "all-" + measure, Measure: measure, Share: 0.3}, operator)
		check(t, err)
	}
	ask := func(e *discreet.Engine) rank.Ranking {
		r, err := e.Rank(ctx, discreet.RankRequest{Measure: "wide"})
		check(t, err)
		return r.Ranking
	}
	want := ask(e.Engine)
	if want.Entry == 0 || want.AsOf == "" {
		t.Fatalf("%+v", want)
	}
	e.Clock.Advance(24 * time.Hour)
	check(t, e.Close())
	again, err := discreet.Open(ctx, e.Config)
	check(t, err)
	if got := ask(again); !cmp.Equal(got, want) {
		t.Errorf("after a restart: %s", cmp.Diff(want, got))
	}
	check(t, again.Close())
	other := e.Config
	other.Measures = slices.Clone(other.Measures)
	wide := other.Measures[1].(dp.ItemTotals)
	wide.LookbackDays = 7
	other.Measures[1] = wide
	changed, err := discreet.Open(ctx, other)
	check(t, err)
	if got := ask(changed); got.Entry != 0 {
		t.Errorf("a table of a measure that is no more: %+v", got)
	}
}

// Tables are swapped in while rankings are served: each ranking is of one table or
// of the other, whole, and none waits for a release.
func TestRankWhileReleasing(t *testing.T) {
	e := rankingWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			last := uint64(0)
			for ctx.Err() == nil {
				r, err := e.Rank(context.Background(), discreet.RankRequest{Measure: "wide"})
				if err != nil || len(r.Items) != 12 || r.Entry < last {
					t.Errorf("%d items, entry %d after %d, %v", len(r.Items), r.Entry, last, err)
					return
				}
				last = r.Entry
			}
		})
	}
	for i := range 30 {
		_, err := e.Release(t.Context(), discreet.Query{Name: fmt.Sprintf("r%d", i), Measure: "wide", Share: 0.01}, operator)
		check(t, err)
	}
	cancel()
	wg.Wait()
	r, err := e.Rank(t.Context(), discreet.RankRequest{Measure: "wide"})
	check(t, err)
	newest, err := e.Release(t.Context(), discreet.Query{Name: "r29", Measure: "wide", Share: 0.01}, operator)
	check(t, err)
	if r.Entry != newest.Header().Entry {
		t.Errorf("the ranking is of entry %d, the newest table of %d", r.Entry, newest.Header().Entry)
	}
}

// The level is the finest table whose cells stand out of the noise that the plan predicts,
// by figures worked out here from the declared bounds. Nothing is spent.
func TestRankLevel(t *testing.T) {
	e := rankingWorld(t)
	sd := func(measure string) float64 {
		p, err := e.Plan().Predict(measure, 2e8)
		check(t, err)
		return p.Noise.StdDev * float64(p.Step) / float64(p.Per)
	}
	decayed := 0.0 // of 30 days with a half-life of 7
	for age := range 30 {
		decayed += math.Exp2(-float64(age)/7) / 30
	}
	// interests: 2 rows of 3, 5 items of 12; wide: 8 items of 12; close: 4 items of 4, of norm 1.
	fine := 0.5 * 12 * float64(len(worldCategories)) * sd("interests") / (2 * 5)
	middle := 0.5 * 12 * sd("wide") / 8
	narrow := 0.5 * 4 * sd("close") / (4 * min(decayed, 0.5))
	if middle >= fine {
		t.Fatal("the test has no levels")
	}
	for _, c := range []struct {
		people   float64
		measures []string
		want     string
	}{
		{1.001 * fine, []string{"interests", "wide"}, "interests"},
		{0.999 * fine, []string{"interests", "wide"}, "wide"},
		{0.999 * middle, []string{"interests", "wide"}, "wide"},
		{1.001 * middle, []string{"wide", "interests"}, "wide"},
		{0.999 * middle, []string{"wide", "interests"}, "interests"},
		{1.001 * narrow, []string{"close", "interests"}, "close"},
		{0.999 * narrow, []string{"close", "interests"}, "interests"},
	} {
		got, err := e.RankLevel(discreet.Levels{Measures: c.measures, Share: 0.2, People: c.people, Rows: 7, Items: 8, Least: 0.5})
		if err != nil || got != c.want {
			t.Errorf("%v people, %v: %q, %v, want %q", c.people, c.measures, got, err, c.want)
		}
	}
	if e.Account().SpentShare() != 0 {
		t.Error("it spent budget")
	}
	good := discreet.Levels{Measures: []string{"wide"}, Share: 0.2, People: 100, Rows: 1, Items: 1, Least: 0.5}
	for name, c := range map[string]struct {
		change func(l *discreet.Levels)
		want   error
	}{
		"none":       {func(l *discreet.Levels) { l.Measures = nil }, rank.ErrLevel},
		"no table":   {func(l *discreet.Levels) { l.Measures = []string{"shelves"} }, discreet.ErrNoTable},
		"undeclared": {func(l *discreet.Levels) { l.Measures = []string{"unheard-of"} }, discreet.ErrNoTable},
		"no share":   {func(l *discreet.Levels) { l.Share = 0 }, plan.ErrShare},
		"no people":  {func(l *discreet.Levels) { l.People = 0 }, rank.ErrLevel},
		"no rows":    {func(l *discreet.Levels) { l.Rows = math.NaN() }, rank.ErrLevel},
		"no items":   {func(l *discreet.Levels) { l.Items = -1 }, rank.ErrLevel},
		"no least":   {func(l *discreet.Levels) { l.Least = 0 }, rank.ErrLevel},
	} {
		l := good
		c.change(&l)
		if _, err := e.RankLevel(l); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
