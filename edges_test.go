package discreet_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/discreettest"
)

// TestEdges: each change is told once, when it is durable, whatever changed it.
func TestEdges(t *testing.T) {
	ctx := t.Context()
	var (
		mu   sync.Mutex
		told []string
		e    *discreettest.Engine
	)
	e = openWorld(t, discreet.Config{Edges: func(g discreet.Edge) {
		// No lock is held, and what is told has happened.
		x, err := e.Explain(ctx, ann, operator)
		check(t, err)
		in := false
		for _, p := range x.Profiles {
			for _, m := range p.Segments {
				in = in || m.Segment == g.Segment && m.In
			}
		}
		id, err := e.ID(ann, g.Purpose)
		check(t, err)
		if in != g.Entered || g.ID != id || g.Purpose != discreettest.Purpose {
			t.Errorf("%+v is told and not so", g)
		}
		mu.Lock()
		defer mu.Unlock()
		told = append(told, fmt.Sprint(g.Segment, " ", g.Entered))
	}})
	want := func(step string, edges ...string) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if !slices.Equal(told, edges) {
			t.Errorf("%s: told %v, want %v", step, told, edges)
		}
		told = nil
	}
	record := func(id, category string) {
		t.Helper()
		_, err := e.Record(ctx, event(e, ann, id, "a", category))
		check(t, err)
	}
	record("0", "sports.running")
	want("before consent")
	e.Agree(t, ann)
	record("1", "sports.running")
	want("the first event", "runners true")
	record("1", "sports.running")
	record("2", "sports.running")
	want("more of the same")
	check(t, e.Leave(ctx, ann, discreettest.Purpose, "runners"))
	want("leaving", "runners false")
	record("3", "sports.running")
	want("an event of what was left")
	check(t, e.Rejoin(ctx, ann, discreettest.Purpose, "runners"))
	want("rejoining", "runners true")
	_, err := e.RecordBatch(ctx, []discreet.Event{event(e, ann, "4", "a", "books.fiction"), event(e, ann, "5", "a", "books.fiction"), event(e, ann, "6", "a", "home.kitchen")})
	check(t, err)
	want("a batch", "cooks true", "readers true")
	check(t, e.NotInterested(ctx, ann, discreettest.Purpose, "books"))
	want("not interested", "readers false")
	check(t, e.Interested(ctx, ann, discreettest.Purpose, "books"))
	check(t, e.EraseInterest(ctx, ann, discreettest.Purpose, "home"))
	want("an interest erased", "cooks false")
	_, err = e.Sweep(ctx)
	check(t, err)
	want("a sweep at once")
	e.Clock.Advance(59 * 24 * time.Hour)
	check(t, e.AdvanceWindow(ctx, operator))
	_, err = e.Sweep(ctx)
	check(t, err)
	want("the last day")
	e.Clock.Advance(24 * time.Hour)
	check(t, e.AdvanceWindow(ctx, operator))
	_, err = e.Sweep(ctx)
	check(t, err)
	want("time", "runners false")
	_, err = e.Sweep(ctx)
	check(t, err)
	want("a second sweep")
	record("7", "sports.running")
	want("back again", "runners true")
	// Out by time, unseen, and back in by an event: nothing changed for who follows.
	e.Clock.Advance(70 * 24 * time.Hour)
	check(t, e.AdvanceWindow(ctx, operator))
	record("8", "sports.running")
	want("after a gap that nobody told of")
}
