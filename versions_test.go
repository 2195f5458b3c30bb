package discreet_test

import (
	"errors"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/segment"
)

// TestVersions has two versions of a segment side by side: the older one serves
// until the newer one is filled, then the older one can go.
func TestVersions(t *testing.T) {
	ctx := t.Context()
	store := memstore.Volatile()
	version := func(n, within int) segment.Definition {
		return segment.Definition{
			Name: "runners", Title: "Runners", Purpose: discreettest.Purpose, Version: n,
			All: []segment.Predicate{{Frequency: &segment.Frequency{Category: "sports.running", AtLeast: n, WithinDays: within}}},
		}
	}
	first, second := version(1, 30), version(2, 10)
	e := discreettest.Open(t, discreet.Config{Store: store, Segments: []segment.Definition{first}})
	opened := e.Clock.Now().Truncate(24 * time.Hour)
	reopen := func(defs ...segment.Definition) (*discreet.Engine, error) {
		cfg := e.Config
		cfg.Segments = defs
		return discreet.Open(ctx, cfg)
	}
	e.Agree(t, ann)
	_, err := e.Record(ctx, event(e, ann, "1", "a", "sports.running"))
	check(t, err)
	serving := func(x *discreet.Engine) (version int, in bool) {
		t.Helper()
		explained, err := x.Explain(ctx, ann, operator)
		check(t, err)
		m := explained.Profiles[0].Segments
		for _, v := range x.SegmentVersions() {
			if v.Serves != (v.Version == m[0].Version) {
				t.Errorf("%+v, and version %d is explained", v, m[0].Version)
			}
		}
		return m[0].Version, m[0].In
	}
	if v, in := serving(e.Engine); v != 1 || !in {
		t.Fatal(v, in)
	}
	// Changed under the same version it is refused; another title is no change.
	changed := version(1, 31)
	if _, err := reopen(changed); !errors.Is(err, discreet.ErrPublished) {
		t.Fatal(err)
	}
	titled := first
	titled.Title = "People who run"
	_, err = reopen(titled)
	check(t, err)

	e.Clock.Advance(3 * 24 * time.Hour)
	both, err := reopen(second, first)
	check(t, err)
	if v, in := serving(both); v != 1 || !in {
		t.Fatal(v, in)
	}
	list := both.SegmentVersions()
	if len(list) != 2 || list[0].Version != 1 || !list[0].Published.Equal(opened) || !list[1].Published.Equal(opened.AddDate(0, 0, 3)) ||
		!list[1].Fills.Equal(opened.AddDate(0, 0, 13)) || list[1].Serves {
		t.Fatalf("%+v", list)
	}
	if _, err := reopen(first, version(2, 11)); !errors.Is(err, discreet.ErrPublished) {
		t.Error(err)
	}
	if _, err := reopen(first, second, version(3, 5)); !errors.Is(err, discreet.ErrVersions) {
		t.Error(err)
	}
	if _, err := reopen(first, first); !errors.Is(err, segment.ErrTwice) {
		t.Error(err)
	}
	if _, err := reopen(first, second, second); !errors.Is(err, discreet.ErrVersions) {
		t.Error(err)
	}
	broken := version(3, 5)
	broken.All[0].Frequency.Category = "nowhere"
	if _, err := reopen(first, broken); !errors.Is(err, segment.ErrUnknown) {
		t.Error(err)
	}

	e.Clock.Advance(9 * 24 * time.Hour)
	if v, in := serving(must(reopen(first, second))); v != 1 || !in {
		t.Fatal(v, in)
	}
	e.Clock.Advance(24 * time.Hour)
	if v, in := serving(must(reopen(first, second))); v != 2 || in { // one event, 13 days ago
		t.Fatal(v, in)
	}
	if v, in := serving(must(reopen(second))); v != 2 || in {
		t.Fatal(v, in)
	}
	// What went may come back as it was, and as nothing else.
	if v, _ := serving(must(reopen(first))); v != 1 {
		t.Fatal(v)
	}
	if _, err := reopen(changed, second); !errors.Is(err, discreet.ErrPublished) {
		t.Error(err)
	}
}

// must returns the engine, or nil, which a test notices at once.
func must(e *discreet.Engine, err error) *discreet.Engine {
	if err != nil {
		return nil
	}
	return e
}

// TestVersionsServeTogether: the older versions of a purpose serve until all newer
// ones are filled, whatever other purposes do, and a measure counts over them.
func TestVersionsServeTogether(t *testing.T) {
	older, newer := worldSegments, make([]segment.Definition, 3)
	for i, d := range worldSegments {
		newer[i] = d
		newer[i].Version = 2
		newer[i].All = []segment.Predicate{{Frequency: &segment.Frequency{Category: "music", AtLeast: 1, WithinDays: []int{5, 40, 10}[i]}}}
	}
	e := discreettest.Open(t, discreet.Config{Store: memstore.Volatile(), Segments: older, Measures: worldMeasures})
	e.Agree(t, ann)
	_, err := e.Record(t.Context(), event(e, ann, "1", "a", "sports.running"))
	check(t, err)
	cfg := e.Config
	cfg.Segments = append([]segment.Definition{newer[0], newer[1]}, older...)
	for _, c := range []struct {
		after time.Duration
		new   bool
	}{{0, false}, {6, false}, {33, false}, {1, true}} {
		e.Clock.Advance(c.after * 24 * time.Hour)
		x, err := discreet.Open(t.Context(), cfg)
		check(t, err)
		check(t, x.AdvanceWindow(t.Context(), operator))
		for _, v := range x.SegmentVersions() {
			if want := v.Name == "cooks" || (v.Version == 2) == c.new; v.Serves != want {
				t.Errorf("after %v: %+v", c.after, v)
			}
		}
		explained, err := x.Explain(t.Context(), ann, operator)
		check(t, err)
		for _, m := range explained.Profiles[0].Segments {
			if m.Segment == "runners" && m.In == c.new {
				t.Errorf("after %v: %+v", c.after, m)
			}
		}
	}
}
