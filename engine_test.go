package discreet_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/dp/plan"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
	"github.com/google/go-cmp/cmp"
)

func openWorld(t *testing.T, cfg discreet.Config) *discreettest.Engine {
	cfg.Segments, cfg.Measures = worldSegments, worldMeasures
	return discreettest.Open(t, cfg)
}

func event(e *discreettest.Engine, who discreet.Raw, id, item, category string) discreet.Event {
	return discreet.Event{Who: who, MessageID: id, Kind: "view", Item: item, Category: category, Time: e.Clock.Now()}
}

// TestConsentDecides follows one person through asking, agreeing, withdrawing,
// coming back and erasing, and looks at what is recorded at each step.
func TestConsentDecides(t *testing.T) {
	e := openWorld(t, discreet.Config{})
	ctx := t.Context()
	n := 0
	record := func(at time.Time) discreet.Outcome {
		t.Helper()
		n++
		ev := event(e, ann, fmt.Sprint(n), "a", "sports.running")
		ev.Time = at
		out, err := e.Record(ctx, ev)
		check(t, err)
		return out[0]
	}
	wants := func(o discreet.Outcome, r consent.Reason, s segment.Outcome) {
		t.Helper()
		if o.Decision.Reason != r || o.Result != s {
			t.Errorf("got %v, %v; want %v, %v", o.Decision.Reason, o.Result, r, s)
		}
	}
	asked := func(want int) {
		t.Helper()
		asks, err := e.Needs(ctx, ann)
		check(t, err)
		if len(asks) != want {
			t.Errorf("%d notices to show, want %d", len(asks), want)
		}
	}
	asked(1)
	wants(record(e.Clock.Now()), consent.NoRecord, 0)

	before := e.Clock.Now()
	e.Clock.Advance(time.Hour)
	e.Agree(t, ann)
	asked(0)
	wants(record(e.Clock.Now()), consent.Granted, segment.Admitted)
	wants(record(before), consent.OutsideInterval, 0) // late, from before consent
	wants(record(e.Clock.Now().Add(time.Hour)), consent.Granted, segment.RefusedFuture)

	e.Clock.Advance(time.Hour)
	check(t, errOf(e.Withdraw(ctx, ann, discreettest.Purpose)))
	asked(0) // a withdrawal is an answer: not asked again soon
	wants(record(e.Clock.Now()), consent.Withdrawn, 0)
	x, err := e.Explain(ctx, ann, operator)
	check(t, err)
	if len(x.Profiles) != 0 {
		t.Error("a withdrawn purpose left a profile")
	}

	during := e.Clock.Now().Add(-90 * time.Minute) // when the first consent held
	e.Clock.Advance(time.Hour)
	e.Agree(t, ann)
	wants(record(during), consent.OutsideInterval, 0)
	wants(record(e.Clock.Now()), consent.Granted, segment.Admitted)

	check(t, errOf(e.Erase(ctx, ann, operator)))
	wants(record(e.Clock.Now()), consent.Erased, 0)
	asked(1)
	e.Clock.Advance(92 * 24 * time.Hour)
	check(t, e.AdvanceWindow(ctx, operator))
	_, err = e.Sweep(ctx)
	check(t, err)
	wants(record(e.Clock.Now()), consent.NoRecord, 0) // nothing is left, not even the erasure
}

// TestReturning checks that a person who comes back within the window is served
// at once but counted from the next window on.
func TestReturning(t *testing.T) {
	e := openWorld(t, discreet.Config{})
	ctx := t.Context()
	for name, leave := range map[string]func(who discreet.Raw) error{
		"withdraw": func(who discreet.Raw) error { return errOf(e.Withdraw(ctx, who, discreettest.Purpose)) },
		"refuse":   func(who discreet.Raw) error { return e.Choose(ctx, who, refuse) },
		"erase":    func(who discreet.Raw) error { return errOf(e.Erase(ctx, who, operator)) },
	} {
		who := discreet.Opaque(name)
		id, err := e.ID(who, discreettest.Purpose)
		check(t, err)
		counted := func() bool {
			v, err := e.Vectors(ctx, "sizes")
			check(t, err)
			return len(v[id]) > 0
		}
		again := func(id string) {
			e.Agree(t, who)
			_, err := e.Record(ctx, event(e, who, id, "a", "sports.running"))
			check(t, err)
		}
		again("1")
		if !counted() {
			t.Errorf("%s: not counted at first", name)
		}
		e.Clock.Advance(time.Minute)
		check(t, leave(who))
		if counted() {
			t.Errorf("%s: still counted after leaving", name)
		}
		e.Clock.Advance(time.Minute)
		again("2")
		if counted() {
			t.Errorf("%s: counted again within the window", name)
		}
		r, err := e.Rank(ctx, discreet.RankRequest{Who: who, Measure: "views", Limits: oneDay()})
		check(t, err)
		if !r.Decision.Allowed || r.Contextual {
			t.Errorf("%s: not served at once after coming back", name)
		}
	}
	e.Clock.Advance(31 * 24 * time.Hour)
	v, err := e.Vectors(ctx, "sizes")
	check(t, err)
	if len(v) != 3 {
		t.Errorf("%d of 3 people count in the next window", len(v))
	}
}

// TestRelease checks the protocol of a release: charged once, the same bytes
// ever after, refused when it does not fit or is not what the name stood for.
func TestRelease(t *testing.T) {
	e := openWorld(t, discreet.Config{})
	ctx := t.Context()
	e.Agree(t, ann)
	_, err := e.Record(ctx, event(e, ann, "1", "a", "sports.running"))
	check(t, err)

	q := discreet.Query{Name: "monday", Measure: "sizes", Share: 0.4}
	first, err := e.Release(ctx, q, operator)
	check(t, err)
	spent := e.Account().Spent
	again, err := e.Release(ctx, q, operator)
	check(t, err)
	if !bytes.Equal(first.Note(), again.Note()) || e.Account().Spent != spent {
		t.Error("asked again, a release differed or was charged")
	}
	if diff := cmp.Diff(first, again, discreettest.Options()); diff != "" {
		t.Error(diff)
	}
	e.Clock.Advance(24 * time.Hour) // another day, the same window, the same name
	if again, err = e.Release(ctx, q, operator); err != nil || again.Header().AsOf != first.Header().AsOf {
		t.Errorf("the next day the name stood for something else: %v", err)
	}
	for name, other := range map[string]discreet.Query{
		"share":   {Name: "monday", Measure: "sizes", Share: 0.3},
		"measure": {Name: "monday", Measure: "views", Share: 0.4},
	} {
		if _, err := e.Release(ctx, other, operator); !errors.Is(err, ledger.ErrSpecification) {
			t.Errorf("another %s under one name: %v", name, err)
		}
	}
	var exhausted *ledger.ExhaustedError
	if _, err := e.Release(ctx, discreet.Query{Name: "much", Measure: "sizes", Share: 0.7}, operator); !errors.As(err, &exhausted) {
		t.Errorf("more than what is left: %v", err)
	}
	if e.Account().Spent != spent {
		t.Error("a refusal was charged")
	}
	if _, err := e.Release(ctx, discreet.Query{Name: "rest", Measure: "views", Share: 0.6}, operator); err != nil {
		t.Errorf("shares that add up to one do not fit: %v", err)
	}
	if got := e.Account().SpentShare(); got != 1 {
		t.Errorf("spent %v of the budget, want 1", got)
	}
	if _, err := e.Release(ctx, discreet.Query{Name: "x", Measure: "other", Share: 0.1}, operator); !errors.Is(err, plan.ErrUndeclared) {
		t.Errorf("an undeclared measure: %v", err)
	}
	for _, share := range []float64{0, -1, 1.1, math.NaN(), math.Inf(1), 1e-12} {
		if _, err := e.Release(ctx, discreet.Query{Name: "x", Measure: "sizes", Share: share}, operator); err == nil {
			t.Errorf("a share of %v was accepted", share)
		}
	}
	read, err := dp.ReadRelease(first.Note(), e.Verifiers()...)
	check(t, err)
	if diff := cmp.Diff(first, read, discreettest.Options()); diff != "" {
		t.Error(diff)
	}
	check(t, e.VerifyLedger(ctx))

	e.Clock.Advance(30 * 24 * time.Hour) // the next window has a budget of its own
	if _, err := e.Release(ctx, q, operator); err != nil {
		t.Errorf("the next window: %v", err)
	}
	e.Clock.Advance(70 * 24 * time.Hour)
	if _, err := e.Release(ctx, q, operator); !errors.Is(err, ledger.ErrWindowJump) {
		t.Errorf("two windows were skipped unseen: %v", err)
	}
	check(t, e.AdvanceWindow(ctx, operator))
	e.Clock.Advance(-40 * 24 * time.Hour)
	if _, err := e.Release(ctx, q, operator); !errors.Is(err, ledger.ErrClockBack) {
		t.Errorf("a window came back: %v", err)
	}
}

// TestOneDrawer releases one name from many goroutines: one charge, one answer.
func TestOneDrawer(t *testing.T) {
	e := openWorld(t, discreet.Config{})
	var wg sync.WaitGroup
	notes := make([][]byte, 32)
	for i := range notes {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				r, err := e.Release(context.Background(), discreet.Query{Name: "one", Measure: "sizes", Share: 0.2}, operator)
				if errors.Is(err, ledger.ErrInProgress) {
					time.Sleep(time.Millisecond)
					continue
				}
				if err != nil {
					t.Error(err)
				}
				notes[i] = r.Note()
				return
			}
		}()
	}
	wg.Wait()
	for _, n := range notes {
		if !bytes.Equal(n, notes[0]) {
			t.Fatal("one name came out with two answers")
		}
	}
	if got := e.Account().SpentShare(); got != 0.2 {
		t.Errorf("32 callers were charged %v together, want 0.2", got)
	}
}

// TestWithdrawalWins records and withdraws at once: whatever the order, no
// profile is left after the last withdrawal returned.
func TestWithdrawalWins(t *testing.T) {
	e := openWorld(t, discreet.Config{})
	ctx := t.Context()
	for round := range 50 {
		e.Agree(t, ann)
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := range 5 {
					_, err := e.Record(ctx, event(e, ann, fmt.Sprint(round, w, i), "a", "sports.running"))
					check(fatal{t}, err)
				}
			}()
		}
		check(t, errOf(e.Withdraw(ctx, ann)))
		wg.Wait()
		x, err := e.Explain(ctx, ann, operator)
		check(t, err)
		if len(x.Profiles) != 0 {
			t.Fatal("an event was admitted after its consent ended")
		}
		e.Clock.Advance(time.Second)
	}
}

type fatal struct{ *testing.T }

func (f fatal) Fatal(args ...any) { f.Error(args...) } // fit for goroutines

// TestSource checks that a consent system decides, and that its failure denies.
func TestSource(t *testing.T) {
	src := &source{answer: map[string]consent.Answer{}}
	e := openWorld(t, discreet.Config{Source: src, SourceTimeout: 50 * time.Millisecond})
	ctx := t.Context()
	since := e.Clock.Now().Add(-24 * time.Hour)
	src.answer["yes"] = consent.Answer{State: consent.Allowed, Since: since}
	src.answer["no"] = consent.Answer{State: consent.Denied}
	for who, want := range map[string]consent.Reason{
		"yes": consent.Granted, "no": consent.SourceDenied, "error": consent.SourceFailed,
		"slow": consent.SourceFailed, "unknown": consent.NoRecord,
	} {
		out, err := e.Record(ctx, event(e, discreet.Opaque(who), "1", "a", "sports.running"))
		check(t, err)
		if out[0].Decision.Reason != want {
			t.Errorf("source says %s: %v", who, out[0].Decision)
		}
	}
	early := event(e, discreet.Opaque("yes"), "2", "a", "sports.running")
	early.Time = since.Add(-time.Hour)
	out, err := e.Record(ctx, early)
	check(t, err)
	if out[0].Decision.Allowed {
		t.Error("an event from before the source's consent was allowed")
	}
	check(t, e.Choose(ctx, discreet.Opaque("yes"), refuse))
	out, err = e.Record(ctx, event(e, discreet.Opaque("yes"), "3", "a", "sports.running"))
	check(t, err)
	if out[0].Decision.Allowed {
		t.Error("a refusal recorded here lost against an older yes of the source")
	}
	e.Agree(t, discreet.Opaque("no")) // and the other way round: the source's no wins
	out, err = e.Record(ctx, event(e, discreet.Opaque("no"), "4", "a", "sports.running"))
	check(t, err)
	if out[0].Decision.Allowed {
		t.Error("the source's no lost")
	}
}

type source struct{ answer map[string]consent.Answer }

func (s *source) Lookup(ctx context.Context, who discreet.Raw, _ string) (consent.Answer, error) {
	switch who.Expose() {
	case "error":
		return consent.Answer{State: consent.Allowed, Since: time.Unix(1, 0)}, errors.New("down")
	case "slow":
		<-ctx.Done()
		time.Sleep(10 * time.Millisecond)
		return consent.Answer{State: consent.Allowed, Since: time.Unix(1, 0)}, nil
	}
	return s.answer[who.Expose()], nil
}

// TestBatch checks the tally, that a cancelled batch records nothing, and that
// a replay changes nothing.
func TestBatch(t *testing.T) {
	store := memstore.Volatile()
	e := openWorld(t, discreet.Config{Store: store})
	ctx := t.Context()
	e.Agree(t, ann)
	batch := []discreet.Event{
		event(e, ann, "1", "a", "sports.running"),
		event(e, ann, "1", "a", "sports.running"),
		event(e, ann, "2", "a", "health.mental"),
		event(e, ann, "3", "a", "no.such.category"),
		event(e, bob, "1", "a", "sports.running"),
		event(e, discreet.Raw{}, "1", "a", "sports.running"),
		event(e, discreet.Email("not an address"), "1", "a", "sports.running"),
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := e.RecordBatch(cancelled, batch); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled batch: %v", err)
	}
	if len(rows(t, store)) != 0 {
		t.Error("a cancelled batch recorded something")
	}
	tally, err := e.RecordBatch(ctx, batch)
	check(t, err)
	want := discreet.Tally{
		Events: 7, Anonymous: 1, Malformed: 1,
		Denied: map[consent.Reason]int{consent.NoRecord: 1},
		Results: map[segment.Outcome]int{
			segment.Admitted: 1, segment.Duplicate: 1, segment.RefusedSensitive: 1, segment.RefusedCategoryUnknown: 1,
		},
	}
	if diff := cmp.Diff(want, tally); diff != "" {
		t.Error(diff)
	}
	before := rows(t, store)
	_, err = e.RecordBatch(ctx, batch)
	check(t, err)
	if diff := cmp.Diff(before, rows(t, store), discreettest.Options()); diff != "" {
		t.Error("a replay changed a profile")
	}
	if _, err := e.RecordBatch(ctx, make([]discreet.Event, discreet.MaxBatch+1)); !errors.Is(err, discreet.ErrBatch) {
		t.Errorf("an oversized batch: %v", err)
	}
	if s := e.Stats(); s.Events != 14 || s.Admitted != 1 || s.Duplicates != 3 || s.Denied != 2 || s.Anonymous != 2 {
		t.Errorf("stats %+v", s)
	}
}

// TestRank checks that a ranking rests on consent and on what is held, and says
// so.
func TestRank(t *testing.T) {
	e := openWorld(t, discreet.Config{Catalog: map[string]string{"a": "sports.running", "b": "books.fiction", "c": "home.kitchen"}})
	ctx := t.Context()
	e.Agree(t, ann)
	for i := range 4 {
		_, err := e.Record(ctx, event(e, ann, fmt.Sprint(i), "b", "books.fiction"))
		check(t, err)
	}
	_, err := e.Release(ctx, discreet.Query{Name: "views", Measure: "views", Share: 0.5}, operator)
	check(t, err)
	mine, err := e.Rank(ctx, discreet.RankRequest{Who: ann, Measure: "views", Limits: oneDay()})
	check(t, err)
	if mine.Contextual || mine.Items[0].Item != "b" || mine.Items[0].Why.Personal() < 0.5 {
		t.Errorf("the person's own interest is not first: %+v", mine.Items)
	}
	check(t, e.EraseInterest(ctx, ann, discreettest.Purpose, "books"))
	after, err := e.Rank(ctx, discreet.RankRequest{Who: ann, Measure: "views", Limits: oneDay()})
	check(t, err)
	if p := after.Items[0].Why.Personal(); p != 0 {
		t.Errorf("an erased interest still counts for %v", p)
	}
	for name, who := range map[string]discreet.Raw{"nobody": {}, "somebody without consent": bob} {
		r, err := e.Rank(ctx, discreet.RankRequest{Who: who, Measure: "views", Context: "home.kitchen"})
		check(t, err)
		if !r.Contextual || r.Decision.Allowed || len(r.Items) != 3 || r.Items[0].Item != "c" {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if _, err := e.Rank(ctx, discreet.RankRequest{Measure: "sizes"}); !errors.Is(err, discreet.ErrNoTable) {
		t.Errorf("ranking by sizes: %v", err)
	}
	if e.Account().SpentShare() != 0.5 {
		t.Error("ranking spent budget")
	}
}

// TestRights checks that explanation and export tell what is held, as JSON too.
func TestRights(t *testing.T) {
	e := openWorld(t, discreet.Config{})
	ctx := t.Context()
	e.Agree(t, ann)
	_, err := e.Record(ctx, event(e, ann, "1", "a", "sports.running"))
	check(t, err)
	x, err := e.Explain(ctx, ann, operator)
	check(t, err)
	if len(x.Consent.Purposes) != 1 || x.Consent.Purposes[0].State != consent.Granted || len(x.Profiles) != 1 {
		t.Fatalf("%+v", x)
	}
	in := map[string]bool{}
	for _, s := range x.Profiles[0].Segments {
		in[s.Segment] = s.In
	}
	if diff := cmp.Diff(map[string]bool{"runners": true, "readers": false, "cooks": false}, in); diff != "" {
		t.Error(diff)
	}
	p, err := e.Export(ctx, ann, operator)
	check(t, err)
	b, err := json.Marshal(p)
	check(t, err)
	for _, want := range []string{`"discreet-export/1"`, `"sports.running"`, `"runners"`, `"granted"`, `"item":"a"`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("the export lacks %s", want)
		}
	}
	if x, err = e.Explain(ctx, bob, operator); err != nil || len(x.Profiles) != 0 || len(x.Consent.Purposes) != 0 {
		t.Errorf("a stranger: %+v, %v", x, err)
	}
	if _, err = e.Explain(ctx, discreet.Raw{}, operator); !errors.Is(err, pseudonym.ErrAnonymous) {
		t.Errorf("nobody: %v", err)
	}
}

// TestOpenRefuses checks that a bad configuration, and a store that belongs to
// somebody else, is refused.
func TestOpenRefuses(t *testing.T) {
	keys, err := pseudonym.NewKeyring()
	check(t, err)
	good := func() discreet.Config {
		return discreet.Config{
			Tenant: "shop", Keys: keys, Store: memstore.Volatile(), Notices: []consent.Notice{discreettest.Notice()},
			Taxonomy: segment.Small(), Segments: worldSegments, Measures: worldMeasures,
			Budget: dp.Budget{Epsilon: 1, Delta: 1e-6, WindowDays: 30}, TTLDays: 90,
		}
	}
	if _, err := discreet.Open(t.Context(), good()); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(c *discreet.Config){
		"tenant":           func(c *discreet.Config) { c.Tenant = "A b" },
		"no keys":          func(c *discreet.Config) { c.Keys = nil },
		"no store":         func(c *discreet.Config) { c.Store = nil },
		"no notices":       func(c *discreet.Config) { c.Notices = nil },
		"no taxonomy":      func(c *discreet.Config) { c.Taxonomy = nil },
		"no ttl":           func(c *discreet.Config) { c.TTLDays = 0 },
		"epsilon zero":     func(c *discreet.Config) { c.Budget.Epsilon = 0 },
		"epsilon negative": func(c *discreet.Config) { c.Budget.Epsilon = -1 },
		"epsilon nan":      func(c *discreet.Config) { c.Budget.Epsilon = math.NaN() },
		"epsilon inf":      func(c *discreet.Config) { c.Budget.Epsilon = math.Inf(1) },
		"epsilon absurd":   func(c *discreet.Config) { c.Budget.Epsilon = 1000 },
		"delta zero":       func(c *discreet.Config) { c.Budget.Delta = 0 },
		"delta absurd":     func(c *discreet.Config) { c.Budget.Delta = 0.5 },
		"delta nan":        func(c *discreet.Config) { c.Budget.Delta = math.NaN() },
		"window zero":      func(c *discreet.Config) { c.Budget.WindowDays = 0 },
		"window negative":  func(c *discreet.Config) { c.Budget.WindowDays = -7 },
		"window absurd":    func(c *discreet.Config) { c.Budget.WindowDays = 4000 },
		"source timeout":   func(c *discreet.Config) { c.Source = &source{} },
		"nil measure":      func(c *discreet.Config) { c.Measures = []dp.Measure{nil} },
		"bound zero": func(c *discreet.Config) {
			c.Measures = []dp.Measure{dp.SegmentSizes{Name: "s", Purpose: discreettest.Purpose, Share: 0.5}}
		},
		"bound absurd": func(c *discreet.Config) {
			c.Measures = []dp.Measure{dp.SegmentSizes{Name: "s", Purpose: discreettest.Purpose, MaxSegments: 1 << 30, Share: 0.5}}
		},
		"share too large": func(c *discreet.Config) {
			c.Measures = []dp.Measure{dp.SegmentSizes{Name: "s", Purpose: discreettest.Purpose, MaxSegments: 1, Share: 1.5}}
		},
		"shares over one": func(c *discreet.Config) {
			c.Measures = []dp.Measure{
				dp.SegmentSizes{Name: "s", Purpose: discreettest.Purpose, MaxSegments: 1, Share: 0.6},
				dp.SegmentSizes{Name: "t", Purpose: discreettest.Purpose, MaxSegments: 1, Share: 0.6},
			}
		},
		"discovered events": func(c *discreet.Config) {
			c.Measures = []dp.Measure{dp.SegmentItems{
				Name: "s", Purpose: discreettest.Purpose, Items: dp.Discovered{},
				MaxSegments: 1, MaxItems: 1, MaxPerItem: 2, LookbackDays: 1, Share: 0.5,
			}}
		},
		"no such purpose": func(c *discreet.Config) {
			c.Segments = []segment.Definition{{Name: "x", Purpose: "ads", Version: 1, All: worldSegments[0].All}}
			c.Measures = nil
		},
		"sensitive segment": func(c *discreet.Config) {
			d := atLeast("ill", "health.mental", 1)
			c.Segments = []segment.Definition{d}
			c.Measures = nil
		},
		"sensitive none": func(c *discreet.Config) {
			d := atLeast("well", "sports", 1)
			d.None = atLeast("ill", "health.mental", 1).All
			c.Segments = []segment.Definition{d}
			c.Measures = nil
		},
	} {
		c := good()
		spoil(&c)
		if _, err := discreet.Open(t.Context(), c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}

	path := filepath.Join(t.TempDir(), "store.db")
	open := func(change func(c *discreet.Config)) error {
		store, err := boltstore.Open(path, boltstore.Options{})
		check(t, err)
		defer store.Close()
		c := good()
		c.Store = store
		change(&c)
		_, err = discreet.Open(t.Context(), c)
		return err
	}
	check(t, open(func(*discreet.Config) {}))
	check(t, open(func(*discreet.Config) {}))
	other, err := pseudonym.NewKeyring()
	check(t, err)
	if err := open(func(c *discreet.Config) { c.Keys = other }); !errors.Is(err, boltstore.ErrKeyring) {
		t.Errorf("another keyring: %v", err)
	}
	if err := open(func(c *discreet.Config) { c.Tenant = "other" }); !errors.Is(err, boltstore.ErrTenant) {
		t.Errorf("another tenant: %v", err)
	}
	if err := open(func(c *discreet.Config) { c.Budget.Epsilon = 2 }); !errors.Is(err, ledger.ErrTerms) {
		t.Errorf("another budget: %v", err)
	}
}

// hung is a source whose lookups ignore their context.
type hung struct {
	wait  chan struct{}
	calls atomic.Int64
}

func (h *hung) Lookup(context.Context, discreet.Raw, string) (consent.Answer, error) {
	h.calls.Add(1)
	<-h.wait
	return consent.Answer{}, nil
}
