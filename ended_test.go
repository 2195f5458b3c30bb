package discreet_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

func counted(t *testing.T, e *discreettest.Engine) int {
	t.Helper()
	v, err := e.Vectors(t.Context(), "sizes")
	check(t, err)
	return len(v)
}

// TestShorterConsent agrees anew for a shorter time: when that is over, the
// person counts nowhere, also without a later event.
func TestShorterConsent(t *testing.T) {
	short := discreettest.Notice()
	short.Version, short.ConsentDays = 2, 10
	e := openWorld(t, discreet.Config{Notices: []consent.Notice{discreettest.Notice(), short}})
	e.Agree(t, ann)
	_, err := e.Record(t.Context(), event(e, ann, "1", "a", "sports.running"))
	check(t, err)
	again := agree
	again.Version = 2
	check(t, e.Choose(t.Context(), ann, again))
	if counted(t, e) != 1 {
		t.Error("not counted while consent holds")
	}
	e.Clock.Advance(11 * 24 * time.Hour)
	if counted(t, e) != 0 {
		t.Error("counted after consent expired")
	}
	s, err := e.Sweep(t.Context())
	check(t, err)
	if s.Profiles != 1 {
		t.Errorf("swept %+v", s)
	}
}

// TestRefusedAnswer gives an answer that makes no sense: what is held stays as
// it was.
func TestRefusedAnswer(t *testing.T) {
	short := discreettest.Notice()
	short.Version, short.ConsentDays = 2, 10
	e := openWorld(t, discreet.Config{Notices: []consent.Notice{discreettest.Notice(), short}})
	e.Agree(t, ann)
	_, err := e.Record(t.Context(), event(e, ann, "1", "a", "sports.running"))
	check(t, err)
	bad := agree
	bad.Version, bad.Locale = 2, "fr"
	if err := e.Choose(t.Context(), ann, bad); !errors.Is(err, consent.ErrUnknownNotice) {
		t.Errorf("%v", err)
	}
	e.Clock.Advance(11 * 24 * time.Hour)
	if counted(t, e) != 1 {
		t.Error("a refused answer shortened a consent")
	}
}

// TestSourceEnds lets a consent system change its mind: what is held goes as
// soon as its no is seen, and the person enters releases from the next window.
func TestSourceEnds(t *testing.T) {
	for name, see := range map[string]func(e *discreettest.Engine) error{
		"record": func(e *discreettest.Engine) error {
			_, err := e.Record(t.Context(), event(e, ann, "2", "a", "sports.running"))
			return err
		},
		"rank": func(e *discreettest.Engine) error {
			_, err := e.Rank(t.Context(), discreet.RankRequest{Who: ann, Measure: "views"})
			return err
		},
	} {
		src := &source{answer: map[string]consent.Answer{}}
		e := openWorld(t, discreet.Config{Source: src, SourceTimeout: time.Second})
		yes := consent.Answer{State: consent.Allowed, Since: e.Clock.Now()}
		src.answer[ann.Expose()] = yes
		_, err := e.Record(t.Context(), event(e, ann, "1", "a", "sports.running"))
		check(t, err)
		if counted(t, e) != 1 {
			t.Fatal("not counted")
		}
		e.Clock.Advance(time.Hour)
		src.answer[ann.Expose()] = consent.Answer{State: consent.Denied}
		check(t, see(e))
		if counted(t, e) != 0 {
			t.Errorf("%s: counted after the source said no", name)
		}
		e.Clock.Advance(time.Hour)
		yes.Since = e.Clock.Now()
		src.answer[ann.Expose()] = yes
		out, err := e.Record(t.Context(), event(e, ann, "3", "a", "sports.running"))
		check(t, err)
		if out[0].Result != segment.Admitted || counted(t, e) != 0 {
			t.Errorf("%s: back within the window: %v, %d counted", name, out, counted(t, e))
		}
	}
}

// TestHungSource leaves lookups behind that ignore their context: calls end in
// time, deny, and no more than a few lookups are ever under way.
func TestHungSource(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	src := &hung{wait: release}
	e := openWorld(t, discreet.Config{Source: src, SourceTimeout: time.Millisecond})
	for i := range 30 {
		out, err := e.Record(t.Context(), event(e, discreet.Opaque(fmt.Sprint(i)), "1", "a", "sports.running"))
		check(t, err)
		if out[0].Decision.Reason != consent.SourceFailed {
			t.Fatalf("%v", out[0].Decision)
		}
	}
	if n := src.calls.Load(); n > 16 {
		t.Errorf("%d lookups are under way", n)
	}
}

// TestErasureOutlivesSweep erases under a consent system that still says yes
// from before: sweeping must not bring the old yes back.
func TestErasureOutlivesSweep(t *testing.T) {
	src := &source{answer: map[string]consent.Answer{}}
	e := openWorld(t, discreet.Config{Source: src, SourceTimeout: time.Second})
	src.answer[ann.Expose()] = consent.Answer{State: consent.Allowed, Since: e.Clock.Now()}
	e.Clock.Advance(time.Hour)
	check(t, errOf(e.Erase(t.Context(), ann, operator)))
	for range 12 {
		e.Clock.Advance(30 * 24 * time.Hour)
		check(t, e.AdvanceWindow(t.Context(), operator))
		_, err := e.Sweep(t.Context())
		check(t, err)
		out, err := e.Record(t.Context(), event(e, ann, "1", "a", "sports.running"))
		check(t, err)
		if out[0].Decision.Allowed {
			t.Fatal("an erased person is back without agreeing")
		}
	}
}

// TestGrantPerEvent checks that the order of a batch does not decide which
// consent an event is judged by.
func TestGrantPerEvent(t *testing.T) {
	for _, reverse := range []bool{false, true} {
		src := &source{answer: map[string]consent.Answer{}}
		e := openWorld(t, discreet.Config{Source: src, SourceTimeout: time.Second})
		src.answer[ann.Expose()] = consent.Answer{State: consent.Allowed, Since: e.Clock.Now()}
		e.Clock.Advance(24 * time.Hour)
		early := event(e, ann, "1", "a", "sports.running")
		e.Clock.Advance(24 * time.Hour)
		e.Agree(t, ann)
		batch := []discreet.Event{early, event(e, ann, "2", "b", "sports.running")}
		if reverse {
			batch[0], batch[1] = batch[1], batch[0]
		}
		tally, err := e.RecordBatch(t.Context(), batch)
		check(t, err)
		if tally.Results[segment.Admitted] != 2 {
			t.Errorf("reversed %v: %+v", reverse, tally)
		}
	}
}

// TestAccountTellsNothing compares accounts of two worlds, one with a person
// more: the account is public, so it must not tell them apart.
func TestAccountTellsNothing(t *testing.T) {
	var reports [2]string
	for i := range reports {
		store := memstore.Volatile()
		e := openWorld(t, discreet.Config{Store: store})
		e.Clock.Advance(31 * 24 * time.Hour)
		if i == 1 {
			e.Agree(t, ann)
			_, err := e.Record(t.Context(), event(e, ann, "1", "a", "sports.running"))
			check(t, err)
			_, err = e.Sweep(t.Context())
			check(t, err)
		}
		r := e.Account()
		reports[i] = fmt.Sprint(r.Window, r.Records, r.Entries, r.Spent)
	}
	if reports[0] != reports[1] {
		t.Errorf("%s or %s", reports[0], reports[1])
	}
}

// TestUndrawable asks for a share that is too small to draw with: it is refused
// before anything is charged.
func TestUndrawable(t *testing.T) {
	e := discreettest.Open(t, discreet.Config{
		Segments: worldSegments,
		Measures: []dp.Measure{dp.SegmentItems{
			Name: "loud", Purpose: discreettest.Purpose, Items: dp.Public{"a"},
			MaxSegments: 64, MaxItems: 1024, MaxPerItem: 1 << 20, LookbackDays: 30, Share: 1,
		}},
	})
	if _, err := e.Release(t.Context(), discreet.Query{Name: "x", Measure: "loud", Share: 1e-8}, operator); err == nil {
		t.Error("drawn with a scale beyond the limits")
	}
	if r := e.Account(); r.Entries != 0 {
		t.Error("charged for nothing")
	}
}

// TestPromises checks that Open keeps what notices promise and leaves no
// profile that nothing would ever erase.
func TestPromises(t *testing.T) {
	long := discreettest.Notice()
	long.RetentionDays = 30
	cfg := discreet.Config{
		Tenant: "shop", Store: memstore.Volatile(), Notices: []consent.Notice{long}, Taxonomy: segment.Small(),
		Segments: worldSegments, Budget: dp.Budget{Epsilon: 1, Delta: 1e-6, WindowDays: 30}, TTLDays: 31,
	}
	var err error
	cfg.Keys, err = pseudonym.NewKeyring()
	check(t, err)
	if _, err := discreet.Open(t.Context(), cfg); !errors.Is(err, discreet.ErrRetention) {
		t.Errorf("kept longer than promised: %v", err)
	}

	store := memstore.Volatile()
	e := openWorld(t, discreet.Config{Store: store})
	e.Agree(t, ann)
	_, err = e.Record(t.Context(), event(e, ann, "1", "a", "sports.running"))
	check(t, err)
	other := discreettest.Notice()
	other.ID, other.Purposes = "other", []consent.Purpose{{Key: "other", Title: "Other"}}
	next := e.Config
	next.Notices = append(next.Notices, other)
	next.Segments = []segment.Definition{{Name: "x", Purpose: "other", Version: 1, All: worldSegments[0].All}}
	next.Measures, next.ReserveShare = nil, reserve(0.1)
	if _, err := discreet.Open(t.Context(), next); !errors.Is(err, discreet.ErrLeftover) {
		t.Errorf("a forgotten purpose: %v", err)
	}
	next.Retire = []string{discreettest.Purpose}
	_, err = discreet.Open(t.Context(), next)
	check(t, err)
	if n := len(rows(t, store)); n != 0 {
		t.Errorf("%d profiles of a retired purpose are left", n)
	}
}

func reserve(share float64) *float64 { return &share }

// TestDeclaredLater declares a discovered measure in a store that set a reserve
// aside: it counts from then on, and says so.
func TestDeclaredLater(t *testing.T) {
	store := memstore.Volatile()
	e := discreettest.Open(t, discreet.Config{
		Store: store, Segments: worldSegments, Measures: worldMeasures[:1], ReserveShare: reserve(0.1),
	})
	e.Clock.Advance(5 * 24 * time.Hour)
	next := e.Config
	next.Measures = []dp.Measure{worldMeasures[0], worldMeasures[2]}
	later, err := discreet.Open(t.Context(), next)
	check(t, err)
	r, err := later.Release(t.Context(), discreet.Query{Name: "found", Measure: "found", Share: 0.1}, operator)
	check(t, err)
	if got, want := r.Header().Since, e.Clock.Now().Format(time.DateOnly); got != want {
		t.Errorf("counts since %s, want %s", got, want)
	}
	stricter := atLeast("runners", "sports.running", 7)
	stricter.Version = 2
	next.Segments = append([]segment.Definition{stricter}, worldSegments[1:]...)
	e.Clock.Advance(24 * time.Hour)
	changed, err := discreet.Open(t.Context(), next)
	check(t, err)
	r, err = changed.Release(t.Context(), discreet.Query{Name: "again", Measure: "sizes", Share: 0.1}, operator)
	check(t, err)
	if got, want := r.Header().Since, e.Clock.Now().Format(time.DateOnly); got != want {
		t.Errorf("segments with another meaning count since %s, want %s", got, want)
	}
}

// TestEraseInterestLasts erases an interest in a store that writes late, and
// looks at the file as a crash would leave it.
func TestEraseInterestLasts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	store, err := boltstore.Open(path, boltstore.Options{Durability: boltstore.Interval(time.Minute)})
	check(t, err)
	defer store.Close()
	e := openWorld(t, discreet.Config{Store: store})
	e.Agree(t, ann)
	_, err = e.Record(t.Context(), event(e, ann, "1", "a", "sports.running"))
	check(t, err)
	check(t, store.ProfileSync(t.Context()))
	check(t, e.EraseInterest(t.Context(), ann, discreettest.Purpose, "sports"))

	image, err := os.ReadFile(path)
	check(t, err)
	copied := filepath.Join(t.TempDir(), "copy.db")
	check(t, os.WriteFile(copied, image, 0o600))
	journal, err := os.ReadFile(path + ".erasures")
	check(t, err)
	check(t, os.WriteFile(copied+".erasures", journal, 0o600))
	after, err := boltstore.Open(copied, boltstore.Options{})
	check(t, err)
	defer after.Close()
	cfg := e.Config
	cfg.Store = after
	crashed, err := discreet.Open(t.Context(), cfg)
	check(t, err)
	x, err := crashed.Export(t.Context(), ann, operator)
	check(t, err)
	if len(x.Profiles) != 0 && len(x.Profiles[0].Interests) != 0 {
		t.Error("an erased interest came back after a crash")
	}
}
