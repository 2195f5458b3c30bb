package discreet_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/segment"
)

// TestSuspend holds that a suspended purpose is not used, that nothing of it is
// deleted, that it lasts over Open, and that another process follows.
func TestSuspend(t *testing.T) {
	ctx := t.Context()
	e := openWorld(t, discreet.Config{})
	e.Agree(t, ann)
	record := func(e *discreet.Engine, id string) consent.Reason {
		t.Helper()
		outcomes, err := e.Record(ctx, discreet.Event{
			Who: ann, MessageID: id, Kind: "view", Item: "a", Category: "sports.running", Time: discreettest.Start,
		})
		check(t, err)
		return outcomes[0].Decision.Reason
	}
	if r := record(e.Engine, "1"); r != consent.Granted {
		t.Fatal(r)
	}
	other, err := discreet.Open(ctx, e.Config) // another process on the same store
	check(t, err)
	check(t, e.Suspend(ctx, discreettest.Purpose, operator))
	check(t, e.Suspend(ctx, discreettest.Purpose, operator))
	if got := e.Suspended(); !slices.Equal(got, []string{discreettest.Purpose}) {
		t.Errorf("suspended: %v", got)
	}
	again, err := discreet.Open(ctx, e.Config)
	check(t, err)
	for name, e := range map[string]*discreet.Engine{"here": e.Engine, "opened again": again} {
		if r := record(e, "2"); r != consent.Suspended {
			t.Errorf("%s: recorded: %v", name, r)
		}
		r, err := e.Rank(ctx, discreet.RankRequest{Who: ann, Measure: "views", Limit: 1})
		check(t, err)
		if r.Decision.Reason != consent.Suspended {
			t.Errorf("%s: ranked: %v", name, r.Decision)
		}
		if _, err := e.Release(ctx, discreet.Query{Name: "x", Measure: "sizes", Share: 0.1}, operator); !errors.Is(err, discreet.ErrSuspended) {
			t.Errorf("%s: released: %v", name, err)
		}
		if asks, err := e.Needs(ctx, bob); err != nil || len(asks) != 0 {
			t.Errorf("%s: bob is asked %v, %v", name, asks, err)
		}
		d, err := e.Decide(ctx, ann, nil)
		check(t, err)
		if d[discreettest.Purpose].Reason != consent.Suspended || d[discreettest.Purpose].By() != "operator" {
			t.Errorf("%s: decided %v", name, d)
		}
		x, err := e.Export(ctx, ann, operator)
		check(t, err)
		if len(x.Profiles) != 1 {
			t.Errorf("%s: %d profiles: suspending deletes nothing", name, len(x.Profiles))
		}
	}
	e.Clock.Advance(2 * time.Second)
	if r := record(other, "3"); r != consent.Suspended {
		t.Errorf("another process goes on: %v", r)
	}
	check(t, other.Resume(ctx, discreettest.Purpose, operator))
	if r := record(other, "4"); r != consent.Granted {
		t.Errorf("resumed: %v", r)
	}
	e.Clock.Advance(2 * time.Second)
	if r := record(e.Engine, "5"); r != consent.Granted || len(e.Suspended()) != 0 {
		t.Errorf("resumed elsewhere: %v", r)
	}
	var actions []string
	check(t, e.AccessLog(ctx, func(a ledger.Access) error {
		actions = append(actions, a.Action)
		return nil
	}))
	for _, want := range []string{"Suspend " + discreettest.Purpose, "Resume " + discreettest.Purpose} {
		if !slices.Contains(actions, want) {
			t.Errorf("the access log lacks %q", want)
		}
	}
	if err := e.Suspend(ctx, "unheard-of", operator); err != discreet.ErrNoPurpose {
		t.Errorf("an unknown purpose: %v", err)
	}
	if err := e.Suspend(ctx, discreettest.Purpose, discreet.Actor{}); err == nil || len(e.Suspended()) != 0 {
		t.Errorf("nobody suspended: %v", err)
	}
}

// TestSuspendReachesBelow holds that suspending a purpose suspends those below it.
func TestSuspendReachesBelow(t *testing.T) {
	cfg := discreet.Config{}
	n := discreettest.Notice()
	n.Purposes = append(n.Purposes, consent.Purpose{Key: "personalize", Title: "Everything personal"})
	cfg.Notices = []consent.Notice{n}
	e := openWorld(t, cfg)
	e.Agree(t, ann)
	check(t, e.Suspend(t.Context(), "personalize", operator))
	d, err := e.Decide(t.Context(), ann, nil)
	check(t, err)
	if d[discreettest.Purpose].Reason != consent.Suspended {
		t.Errorf("%v", d)
	}
}

// scannedStore calls while before each scan of profiles.
type scannedStore struct {
	*memstore.Store
	while func()
}

func (s *scannedStore) ProfileScan(ctx context.Context, purpose string, f func(id segment.ID, row []byte) error) error {
	if s.while != nil {
		s.while()
	}
	return s.Store.ProfileScan(ctx, purpose, f)
}

// TestSuspendedWhileCounting: a release whose purpose is suspended while it counts draws
// nothing; after Resume the same name goes on under the one charge.
func TestSuspendedWhileCounting(t *testing.T) {
	ctx, store := t.Context(), &scannedStore{Store: memstore.Volatile()}
	e := openWorld(t, discreet.Config{Store: store})
	e.Agree(t, ann)
	_, err := e.Record(ctx, event(e, ann, "1", "a", "sports.running"))
	check(t, err)
	store.while = func() { check(t, e.Suspend(ctx, discreettest.Purpose, operator)) }
	q := discreet.Query{Name: "today", Measure: "sizes", Share: 0.1}
	if _, err := e.Release(ctx, q, operator); !errors.Is(err, discreet.ErrSuspended) {
		t.Fatal(err)
	}
	store.while = nil
	check(t, e.Resume(ctx, discreettest.Purpose, operator))
	r, err := e.Release(ctx, q, operator)
	check(t, err)
	if spent := e.Account().SpentShare(); r.Len() == 0 || spent < 0.099 || spent > 0.101 {
		t.Errorf("%d cells, %v of the budget spent", r.Len(), spent)
	}
}
