package discreet_test

import (
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
)

// TestImportMovesTheEnd imports a newer yes to a text with a shorter or longer
// consent: what is held ends with it, counts no longer, and wishes no earlier.
func TestImportMovesTheEnd(t *testing.T) {
	ctx := t.Context()
	short, long := discreettest.Notice(), discreettest.Notice()
	short.Version, short.ConsentDays = 2, 10
	long.Version, long.ConsentDays = 3, 395
	e := openWorld(t, discreet.Config{Notices: []consent.Notice{discreettest.Notice(), short, long}})
	import1 := func(who discreet.Raw, version int) {
		t.Helper()
		again := agree
		again.Version = version
		e.Clock.Advance(time.Hour)
		n, err := e.Import(ctx, all(historic(who, e.Clock.Now(), again)))
		if check(t, err); n.Given != 1 {
			t.Fatalf("%+v", n)
		}
	}
	e.Agree(t, ann, bob)
	check(t, e.NotInterested(ctx, bob, discreettest.Purpose, "books"))
	e.Clock.Advance(100 * 24 * time.Hour)
	check(t, e.AdvanceWindow(ctx, operator))
	_, err := e.Record(ctx, event(e, ann, "1", "a", "sports.running"))
	check(t, err)
	import1(ann, 2)
	import1(bob, 3)
	if counted(t, e) != 2 {
		t.Error("not counted while consent holds")
	}
	// An answer that was known before shortens nothing.
	old := agree
	n, err := e.Import(ctx, all(historic(bob, discreettest.Start.AddDate(0, 0, -5), old)))
	if check(t, err); n.Known != 1 {
		t.Errorf("%+v", n)
	}
	e.Clock.Advance(11 * 24 * time.Hour)
	if counted(t, e) != 1 {
		t.Error("counted after consent expired")
	}
	s, err := e.Sweep(ctx)
	if check(t, err); s.Profiles != 1 {
		t.Errorf("swept %+v", s)
	}
	for range 10 {
		e.Clock.Advance(30 * 24 * time.Hour)
		check(t, e.AdvanceWindow(ctx, operator))
		_, err = e.Sweep(ctx)
		check(t, err)
	}
	x, err := e.Explain(ctx, bob, operator)
	check(t, err)
	if len(x.Profiles) != 1 || len(x.Profiles[0].Dismissed) != 1 {
		t.Errorf("a wish ended before consent: %+v", x.Profiles)
	}
}

// TestImportMovesTheEndBesideANo: an answer that says no to one purpose, and yes to
// another one for a shorter time, deletes the one and shortens the other.
func TestImportMovesTheEndBesideANo(t *testing.T) {
	ctx := t.Context()
	cfg := inTwoRooms()
	short := cfg.Notices[0]
	short.Version, short.ConsentDays = 2, 10
	cfg.Notices = append(cfg.Notices, short)
	e := discreettest.Open(t, cfg)
	yes := discreet.Choice{Notice: "pages", Version: 1, Locale: "en", Method: "banner", Grant: []string{"personalize", "measure"}}
	check(t, e.Choose(ctx, ann, yes))
	ev := view(ann, "sports.running")
	ev.Time = e.Clock.Now()
	_, err := e.Record(ctx, ev)
	check(t, err)
	e.Clock.Advance(time.Hour)
	yes.Version, yes.Grant, yes.Refuse = 2, yes.Grant[:1], yes.Grant[1:]
	n, err := e.Import(ctx, all(historic(ann, e.Clock.Now(), yes)))
	if check(t, err); n.Given != 1 || n.Refused != 1 {
		t.Errorf("%+v", n)
	}
	held := func() (list []time.Time) {
		x, err := e.Explain(ctx, ann, operator)
		check(t, err)
		for _, p := range x.Profiles {
			if p.Purpose != "personalize" {
				t.Error("a profile is left of what was refused")
			}
			list = append(list, p.ConsentEnds)
		}
		return list
	}
	if list := held(); len(list) != 1 || !list[0].Equal(e.Clock.Now().AddDate(0, 0, 10)) {
		t.Errorf("consent ends %v", list)
	}
}

// TestOlderTextMovesNoEnd: a yes to an older version than the one that was agreed to
// changes nothing, also not the end of what is held.
func TestOlderTextMovesNoEnd(t *testing.T) {
	ctx := t.Context()
	for name, days := range map[string]int{"shorter": 300, "longer": 10} {
		first, second := discreettest.Notice(), discreettest.Notice()
		first.ConsentDays = 310 - days
		second.Version, second.ConsentDays = 2, days
		e := openWorld(t, discreet.Config{Notices: []consent.Notice{first, second}})
		newer := agree
		newer.Version = 2
		check(t, e.Choose(ctx, ann, newer))
		_, err := e.Record(ctx, event(e, ann, "1", "a", "sports.running"))
		check(t, err)
		check(t, e.NotInterested(ctx, ann, discreettest.Purpose, "books"))
		e.Clock.Advance(time.Hour)
		check(t, e.Choose(ctx, ann, agree))
		x, err := e.Explain(ctx, ann, operator)
		check(t, err)
		if want := discreettest.Start.AddDate(0, 0, days); !x.Profiles[0].ConsentEnds.Equal(want) {
			t.Errorf("%s: the profile ends %v, want %v", name, x.Profiles[0].ConsentEnds, want)
		}
	}
}

// TestMergeMovesTheEnd joins somebody with a profile to somebody whose consent ends
// sooner, or later: what is held ends no later than the consent of both.
func TestMergeMovesTheEnd(t *testing.T) {
	ctx := t.Context()
	short := discreettest.Notice()
	short.Version, short.ConsentDays = 2, 10
	for name, swap := range map[string]bool{"from": false, "into": true} {
		e := openWorld(t, discreet.Config{Notices: []consent.Notice{discreettest.Notice(), short}})
		e.Agree(t, ann)
		_, err := e.Record(ctx, event(e, ann, "1", "a", "sports.running"))
		check(t, err)
		soon := agree
		soon.Version = 2
		check(t, e.Choose(ctx, bob, soon))
		from, into := ann, bob
		if swap {
			from, into = bob, ann
		}
		check(t, e.Merge(ctx, from, into))
		x, err := e.Explain(ctx, into, operator)
		check(t, err)
		for _, p := range x.Consent.Purposes {
			if p.Purpose == discreettest.Purpose && (len(x.Profiles) != 1 || x.Profiles[0].ConsentEnds.After(p.Until)) {
				t.Errorf("%s: consent until %v, held %+v", name, p.Until, x.Profiles)
			}
		}
	}
}
