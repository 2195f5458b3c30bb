package discreet_test

import (
	"errors"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/segment"
)

// TestZone has days of California: two events around a midnight of UTC lie on one day,
// people are told the dates that they lived by, and releases keep days of UTC. Another
// zone is another meaning.
func TestZone(t *testing.T) {
	ctx := t.Context()
	west, err := time.LoadLocation("America/Los_Angeles")
	check(t, err)
	e := openWorld(t, discreet.Config{Store: memstore.Volatile(), Zone: west})
	evening := e.Clock.Now().UTC().Truncate(24 * time.Hour).Add(47*time.Hour + 30*time.Minute)
	e.Agree(t, ann)
	for i, at := range []time.Time{evening, evening.Add(time.Hour)} {
		e.Clock.Set(at)
		_, err := e.Record(ctx, event(e, ann, "ab"[i:i+1], "a", "sports.running"))
		check(t, err)
	}
	explained, err := e.Explain(ctx, ann, operator)
	check(t, err)
	days := explained.Profiles[0].Interests[0].Days
	if len(days) != 1 || days[0].Day != evening.In(west).Format(time.DateOnly) || days[0].Events != 2 {
		t.Errorf("%+v", days)
	}
	since := func(zone *time.Location) (since, asOf string) {
		t.Helper()
		cfg := e.Config
		cfg.Zone = zone
		x, err := discreet.Open(ctx, cfg)
		check(t, err)
		r, err := x.Release(ctx, discreet.Query{Name: e.Clock.Now().Format("2006-01-02-15"), Measure: "sizes", Share: 0.1}, operator)
		check(t, err)
		return r.Header().Since, r.Header().AsOf
	}
	today := e.Clock.Now().UTC().Format(time.DateOnly)
	if s, asOf := since(west); s == today || asOf != today {
		t.Error("the same zone counts since", s, "as of", asOf)
	}
	e.Clock.Advance(time.Hour)
	if s, asOf := since(nil); s != today || asOf != today {
		t.Error("another zone counts since", s, "as of", asOf)
	}
	cfg := e.Config
	cfg.Zone = time.Local
	if _, err := discreet.Open(ctx, cfg); !errors.Is(err, segment.ErrZone) {
		t.Error(err)
	}
}
