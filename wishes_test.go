package discreet_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/segment"
)

// TestNotInterested follows one person who is not interested in something, from
// before anything was recorded to after an erasure.
func TestNotInterested(t *testing.T) {
	ctx := t.Context()
	e := openWorld(t, discreet.Config{Catalog: map[string]string{"a": "sports.running", "b": "books.fiction", "c": "home.kitchen"}})
	result := func(id, category string) segment.Outcome {
		t.Helper()
		outcomes, err := e.Record(ctx, event(e, ann, id, "a", category))
		check(t, err)
		return outcomes[0].Result
	}
	if err := e.NotInterested(ctx, ann, discreettest.Purpose, "books"); !errors.Is(err, discreet.ErrNotAgreed) {
		t.Fatal(err)
	}
	e.Agree(t, ann)
	check(t, e.NotInterested(ctx, ann, discreettest.Purpose, "books"))
	if got := result("1", "books.fiction"); got != segment.RefusedDismissed {
		t.Fatal(got)
	}
	if got := result("2", "sports.running"); got != segment.Admitted {
		t.Fatal(got)
	}
	check(t, e.NotInterested(ctx, ann, discreettest.Purpose, "sports"))
	x, err := e.Explain(ctx, ann, operator)
	check(t, err)
	if p := x.Profiles[0]; len(p.Interests)+len(p.Items) != 0 || len(p.Dismissed) != 2 || p.Dismissed[1].TakeBack == "" {
		t.Errorf("%+v", p)
	}
	r, err := e.Rank(ctx, discreet.RankRequest{Who: ann, Measure: "views"})
	check(t, err)
	if len(r.Items) != 1 || r.Items[0].Item != "c" {
		t.Errorf("what the person is not interested in is shown: %+v", r.Items)
	}
	r, err = e.Rank(ctx, discreet.RankRequest{Who: ann, Measure: "views", Candidates: []string{"a", "b", "c", "d"}, Exclude: []string{"d"}})
	check(t, err)
	if len(r.Items) != 1 || r.Items[0].Item != "c" {
		t.Errorf("what the person is not interested in is shown: %+v", r.Items)
	}
	check(t, e.Interested(ctx, ann, discreettest.Purpose, "sports"))
	if got := result("3", "sports.running"); got != segment.Admitted {
		t.Fatal(got)
	}
	if got := result("4", "books.fiction"); got != segment.RefusedDismissed {
		t.Fatal(got)
	}
	if err := e.Interested(ctx, ann, discreettest.Purpose, "books.fiction"); !errors.Is(err, segment.ErrAbove) {
		t.Error(err)
	}
	portable, err := e.Export(ctx, ann, operator)
	check(t, err)
	if got := portable.Profiles[0].Dismissed; !slices.Equal(got, []string{"books"}) {
		t.Error(got)
	}
	// A long time later it holds still, and Erase ends it.
	e.Clock.Advance(100 * 24 * time.Hour)
	check(t, e.AdvanceWindow(ctx, operator))
	_, err = e.Sweep(ctx)
	check(t, err)
	if got := result("5", "books.fiction"); got != segment.RefusedDismissed {
		t.Error(got)
	}
	check(t, errOf(e.Erase(ctx, ann, operator)))
	e.Clock.Advance(time.Second)
	e.Agree(t, ann)
	if got := result("6", "books.fiction"); got != segment.Admitted {
		t.Error(got)
	}
}

func TestLeave(t *testing.T) {
	ctx := t.Context()
	e := openWorld(t, discreet.Config{})
	e.Agree(t, ann, bob)
	for _, who := range []discreet.Raw{ann, bob} {
		_, err := e.Record(ctx, event(e, who, "1", "a", "sports.running"))
		check(t, err)
	}
	in := func(who discreet.Raw) []string {
		t.Helper()
		x, err := e.Export(ctx, who, operator)
		check(t, err)
		return x.Profiles[0].Segments
	}
	check(t, e.Leave(ctx, ann, discreettest.Purpose, "runners"))
	check(t, e.Leave(ctx, ann, discreettest.Purpose, "runners"))
	if len(in(ann)) != 0 || len(in(bob)) != 1 {
		t.Error(in(ann), in(bob))
	}
	vectors, err := e.Vectors(ctx, "sizes")
	check(t, err)
	counted := 0
	for _, v := range vectors {
		counted += len(v)
	}
	if counted != 1 {
		t.Errorf("%d people are counted", counted)
	}
	_, err = e.Record(ctx, event(e, ann, "2", "a", "sports.running"))
	check(t, err)
	if len(in(ann)) != 0 {
		t.Error("came back by itself")
	}
	check(t, e.Rejoin(ctx, ann, discreettest.Purpose, "runners"))
	if len(in(ann)) != 1 {
		t.Error("did not come back")
	}
	check(t, e.Leave(ctx, ann, discreettest.Purpose, "cooks"))
	check(t, errOf(e.Withdraw(ctx, ann)))
	x, err := e.Export(ctx, ann, operator)
	check(t, err)
	if len(x.Profiles) != 0 {
		t.Error("something stays of whoever withdrew")
	}
}

func TestWishesRefuse(t *testing.T) {
	ctx := t.Context()
	e := openWorld(t, discreet.Config{})
	e.Agree(t, ann)
	for name, c := range map[string]struct {
		err  error
		want error
	}{
		"no purpose":               {e.NotInterested(ctx, ann, "other", "books"), discreet.ErrNoPurpose},
		"no purpose, back":         {e.Interested(ctx, ann, "other", "books"), discreet.ErrNoPurpose},
		"no purpose, leave":        {e.Leave(ctx, ann, "other", "runners"), discreet.ErrNoPurpose},
		"no purpose, rejoin":       {e.Rejoin(ctx, ann, "other", "runners"), discreet.ErrNoPurpose},
		"no category":              {e.NotInterested(ctx, ann, discreettest.Purpose, "nowhere"), segment.ErrUnknown},
		"no category, not agreed":  {e.NotInterested(ctx, bob, discreettest.Purpose, "nowhere"), segment.ErrUnknown},
		"no segment":               {e.Leave(ctx, ann, discreettest.Purpose, "nobody"), segment.ErrNoSegment},
		"not agreed":               {e.Leave(ctx, bob, discreettest.Purpose, "runners"), discreet.ErrNotAgreed},
		"sensitive":                {e.NotInterested(ctx, ann, discreettest.Purpose, "health"), nil},
		"back, never said":         {e.Interested(ctx, ann, discreettest.Purpose, "books"), nil},
		"rejoin, never left":       {e.Rejoin(ctx, ann, discreettest.Purpose, "runners"), nil},
		"rejoin, nothing recorded": {e.Rejoin(ctx, bob, discreettest.Purpose, "runners"), nil},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v", name, c.err)
		}
	}
	x, err := e.Export(ctx, ann, operator)
	check(t, err)
	if len(x.Profiles) != 0 {
		t.Errorf("%+v", x.Profiles)
	}
	check(t, e.Close())
	for _, err := range []error{
		e.NotInterested(ctx, ann, discreettest.Purpose, "books"), e.Interested(ctx, ann, discreettest.Purpose, "books"),
		e.Leave(ctx, ann, discreettest.Purpose, "runners"), e.Rejoin(ctx, ann, discreettest.Purpose, "runners"),
	} {
		if !errors.Is(err, discreet.ErrClosed) {
			t.Error(err)
		}
	}
}

// TestWishesOfWhoIsDenied: a wish counts also while the purpose is suspended or a
// consent system fails, if there is something that it is about.
func TestWishesOfWhoIsDenied(t *testing.T) {
	ctx := t.Context()
	failing := false
	e := openWorld(t, discreet.Config{SourceTimeout: time.Second, Source: failsWhen(func() bool { return failing })})
	e.Agree(t, ann)
	_, err := e.Record(ctx, event(e, ann, "1", "a", "sports.running"))
	check(t, err)
	failing = true
	check(t, e.NotInterested(ctx, ann, discreettest.Purpose, "sports"))
	x, err := e.Export(ctx, ann, operator)
	check(t, err)
	if len(x.Profiles) != 1 || len(x.Profiles[0].Interests) != 0 || len(x.Profiles[0].Dismissed) != 1 {
		t.Errorf("%+v", x.Profiles)
	}
}

// failsWhen is a consent system that knows of nobody, and is down at times.
type failsWhen func() bool

func (f failsWhen) Lookup(context.Context, discreet.Raw, string) (consent.Answer, error) {
	if f() {
		return consent.Answer{}, errors.New("down")
	}
	return consent.Answer{State: consent.Unknown}, nil
}

// TestWishesMove: wishes go along to another root, and both people's hold after a merge.
func TestWishesMove(t *testing.T) {
	ctx := t.Context()
	e := openWorld(t, discreet.Config{})
	e.Agree(t, ann, bob)
	check(t, e.NotInterested(ctx, ann, discreettest.Purpose, "sports"))
	check(t, e.Leave(ctx, bob, discreettest.Purpose, "cooks"))
	check(t, e.SetKeys(ctx, rotated(t, e.Config.Keys), operator))
	_, err := e.Record(ctx, event(e, ann, "1", "a", "home.kitchen"))
	check(t, err)
	check(t, e.Merge(ctx, bob, ann))
	outcomes, err := e.Record(ctx, event(e, ann, "2", "a", "sports.running"))
	check(t, err)
	x, err := e.Export(ctx, ann, operator)
	check(t, err)
	if p := x.Profiles[0]; outcomes[0].Result != segment.RefusedDismissed || len(p.Segments) != 0 ||
		!slices.Equal(p.Dismissed, []string{"sports"}) || !slices.Equal(p.LeftSegments, []string{"cooks"}) {
		t.Errorf("%v %+v", outcomes, p)
	}
}

// TestWishesLast: in a store that writes late, a wish is on the disk when the call returned.
func TestWishesLast(t *testing.T) {
	ctx := t.Context()
	path := t.TempDir() + "/store.db"
	store, err := boltstore.Open(path, boltstore.Options{Durability: boltstore.Interval(time.Minute)})
	check(t, err)
	e := openWorld(t, discreet.Config{Store: store})
	e.Agree(t, ann)
	check(t, e.Leave(ctx, ann, discreettest.Purpose, "runners"))
	check(t, e.NotInterested(ctx, ann, discreettest.Purpose, "books"))
	check(t, e.Close())
	check(t, store.Close())
	store, err = boltstore.Open(path, boltstore.Options{})
	check(t, err)
	defer store.Close()
	cfg := e.Config
	cfg.Store = store
	again, err := discreet.Open(ctx, cfg)
	check(t, err)
	x, err := again.Export(ctx, ann, operator)
	check(t, err)
	if p := x.Profiles[0]; len(p.Dismissed) != 1 || len(p.LeftSegments) != 1 {
		t.Errorf("%+v", p)
	}
}

// TestWishesOutlastRenewal: who agrees again before consent ends keeps the wishes
// until the new end, though nothing was recorded in between; who agrees again
// after it ended begins anew.
func TestWishesOutlastRenewal(t *testing.T) {
	ctx := t.Context()
	short := discreettest.Notice()
	short.ConsentDays = 30
	e := openWorld(t, discreet.Config{Notices: []consent.Notice{short}})
	again := discreet.Choice{Notice: short.ID, Version: short.Version, Locale: short.Locale, Method: "test", Grant: []string{discreettest.Purpose}}
	e.Agree(t, ann, bob)
	for _, who := range []discreet.Raw{ann, bob} {
		check(t, e.NotInterested(ctx, who, discreettest.Purpose, "books"))
	}
	e.Clock.Advance(20 * 24 * time.Hour)
	check(t, e.Choose(ctx, ann, again))
	e.Clock.Advance(20 * 24 * time.Hour)
	check(t, e.AdvanceWindow(ctx, operator))
	_, err := e.Sweep(ctx)
	check(t, err)
	check(t, e.Choose(ctx, bob, again))
	e.Clock.Advance(time.Second)
	for i, want := range []segment.Outcome{segment.RefusedDismissed, segment.Admitted} {
		outcomes, err := e.Record(ctx, event(e, []discreet.Raw{ann, bob}[i], "1", "a", "books.fiction"))
		check(t, err)
		if outcomes[0].Result != want {
			t.Errorf("%v, want %v", outcomes[0], want)
		}
	}
	x, err := e.Export(ctx, ann, operator)
	check(t, err)
	if end := x.Profiles[0].ConsentEnds; !end.Equal(discreettest.Start.AddDate(0, 0, 50)) {
		t.Error(end)
	}
}
