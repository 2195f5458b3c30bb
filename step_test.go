package discreet_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/memstore"
)

// unloggable is a store whose consent log fails while broken.
type unloggable struct {
	discreet.Store
	broken bool
}

func (s *unloggable) ConsentLogAppend(ctx context.Context, seq uint64, records ...[]byte) error {
	if s.broken {
		return errFault
	}
	return s.Store.ConsentLogAppend(ctx, seq, records...)
}

// TestUnlogged holds that a consent which cannot be logged is not taken, and that
// one which ends ends all the same, and says that it was not logged.
func TestUnlogged(t *testing.T) {
	ctx := t.Context()
	for name, end := range map[string]func(e *discreettest.Engine) error{
		"withdraw": func(e *discreettest.Engine) error { return errOf(e.Withdraw(ctx, ann)) },
		"erase":    func(e *discreettest.Engine) error { return errOf(e.Erase(ctx, ann, operator)) },
		"refuse":   func(e *discreettest.Engine) error { return e.Choose(ctx, ann, refuse) },

		"refuse, no profile": func(e *discreettest.Engine) error { return e.Choose(ctx, ann, refuse) },
	} {
		s := &unloggable{Store: memstore.Volatile()}
		e := openWorld(t, discreet.Config{Store: s})
		e.Agree(t, ann)
		if name != "refuse, no profile" {
			_, err := e.Record(ctx, event(e, ann, "1", "a", "sports.running"))
			check(t, err)
		}
		s.broken = true
		if err := e.Choose(ctx, bob, agree); !errors.Is(err, consent.ErrLog) {
			t.Errorf("%s: a yes that is not logged: %v", name, err)
		}
		d, err := e.Decide(ctx, bob, nil)
		check(t, err)
		if d[discreettest.Purpose].Allowed {
			t.Errorf("%s: a yes was taken and not logged", name)
		}
		if err := end(e); !errors.Is(err, discreet.ErrUnlogged) {
			t.Errorf("%s: %v", name, err)
		}
		d, err = e.Decide(ctx, ann, nil)
		check(t, err)
		if d[discreettest.Purpose].Allowed || len(profiles(t, e, ann)) != 0 {
			t.Errorf("%s: it did not end: %v", name, d)
		}
		s.broken = false
		allLogged(t, s.Store)
		before := len(entriesOf(t, s.Store))
		e.Clock.Advance(time.Minute)
		if err := end(e); err != nil {
			t.Errorf("%s, again: %v", name, err)
		}
		allLogged(t, s.Store)
		if len(entriesOf(t, s.Store)) == before && name != "erase" {
			t.Errorf("%s: made again, and not noted", name)
		}
	}
}

// TestBundleIsRefused holds that a no to a bundle deletes the profile of what it
// holds, and that a yes to it is one to each of its purposes.
func TestBundleIsRefused(t *testing.T) {
	ctx := t.Context()
	n := discreettest.Notice()
	n.Purposes = append(n.Purposes, consent.Purpose{Key: "statistics", Title: "Statistics"})
	n.Bundles = []consent.Bundle{{Key: "everything", Title: "All of it", Purposes: []string{discreettest.Purpose, "statistics"}}}
	e := openWorld(t, discreet.Config{Notices: []consent.Notice{n}})
	answer := discreet.Choice{Notice: n.ID, Version: 1, Locale: "en", Grant: []string{"everything"}}
	check(t, e.Choose(ctx, ann, answer))
	_, err := e.Record(ctx, event(e, ann, "1", "a", "sports.running"))
	check(t, err)
	if got := profiles(t, e, ann); len(got) != 1 {
		t.Fatalf("profiles %v", got)
	}
	answer.Grant, answer.Refuse = nil, []string{"everything"}
	check(t, e.Choose(ctx, ann, answer))
	d, err := e.Decide(ctx, ann, nil)
	check(t, err)
	for _, p := range []string{discreettest.Purpose, "statistics"} {
		if d[p].Reason != consent.Withdrawn {
			t.Errorf("%s: %v", p, d[p])
		}
	}
	if got := profiles(t, e, ann); len(got) != 0 {
		t.Errorf("profiles %v", got)
	}
}

// TestLateFlagIsNotCovered holds that a yes to a purpose that was not sharing then
// does not let data go to third parties now, and that the person is asked again.
func TestLateFlagIsNotCovered(t *testing.T) {
	ctx := t.Context()
	n := discreettest.Notice()
	n.Purposes = append(n.Purposes, consent.Purpose{Key: "partners", Title: "Partners"})
	second := n
	second.Version, second.ThirdParties = 2, []string{"Partner Ltd"}
	second.Purposes = []consent.Purpose{n.Purposes[0], {Key: "partners", Title: "Partners", Sharing: true}}
	e := openWorld(t, discreet.Config{Notices: []consent.Notice{n, second}})
	answer := discreet.Choice{Notice: n.ID, Version: 1, Locale: "en", Grant: []string{discreettest.Purpose, "partners"}}
	for version, want := range []consent.Reason{0, consent.NoRecord, consent.Granted} {
		if version == 0 {
			continue
		}
		answer.Version = version
		check(t, e.Choose(ctx, ann, answer))
		d, err := e.Decide(ctx, ann, nil)
		check(t, err)
		if d["partners"].Reason != want || !d[discreettest.Purpose].Allowed {
			t.Errorf("version %d: %v", version, d)
		}
		asks, err := e.Needs(ctx, ann, discreettest.Purpose, "partners")
		check(t, err)
		if len(asks) != 2-version {
			t.Errorf("version %d: asked %+v", version, asks)
		}
	}
}

// TestMixedAnswerUnlogged holds that of an answer that cannot be logged the no holds
// and the yes does not.
func TestMixedAnswerUnlogged(t *testing.T) {
	ctx := t.Context()
	n := discreettest.Notice()
	n.Purposes = append(n.Purposes, consent.Purpose{Key: "statistics", Title: "Statistics"})
	s := &unloggable{Store: memstore.Volatile()}
	e := openWorld(t, discreet.Config{Store: s, Notices: []consent.Notice{n}})
	e.Agree(t, ann)
	mixed := discreet.Choice{Notice: n.ID, Version: 1, Locale: "en", Grant: []string{"statistics"}, Refuse: []string{discreettest.Purpose}}
	s.broken = true
	if err := e.Choose(ctx, ann, mixed); !errors.Is(err, discreet.ErrUnlogged) {
		t.Errorf("%v", err)
	}
	d, err := e.Decide(ctx, ann, nil)
	check(t, err)
	if d[discreettest.Purpose].Allowed || d["statistics"].Allowed {
		t.Errorf("unlogged: %v", d)
	}
	s.broken = false
	check(t, e.Choose(ctx, ann, mixed))
	if d, err = e.Decide(ctx, ann, nil); err != nil || d[discreettest.Purpose].Allowed || !d["statistics"].Allowed {
		t.Errorf("logged: %v, %v", d, err)
	}
}
