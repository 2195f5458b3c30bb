package discreet_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/memstore"
)

// told collects what Config.Ended is told.
type told struct {
	mu   sync.Mutex
	list []discreet.Ended
	err  error
}

func (o *told) tell(_ context.Context, x discreet.Ended) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = append(o.list, x)
	return o.err
}

func (o *told) take() []discreet.Ended {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := o.list
	o.list = nil
	return list
}

// TestEnded holds that whoever ended a consent is told what ended and who has to be
// told, that the callback gets the same, and that a repeated call gives it again.
func TestEnded(t *testing.T) {
	ctx := t.Context()
	for name, c := range map[string]struct {
		end        func(e *discreettest.Engine) (discreet.Ended, error)
		why        consent.Kind
		purposes   []string
		recipients []string
	}{
		"withdraw one": {
			func(e *discreettest.Engine) (discreet.Ended, error) { return e.Withdraw(ctx, ann, ads) },
			consent.KindWithdrawn, []string{ads}, []string{"Host Ltd"},
		},
		"withdraw sharing": {
			func(e *discreettest.Engine) (discreet.Ended, error) { return e.Withdraw(ctx, ann, partners) },
			consent.KindWithdrawn, []string{partners}, []string{"Host Ltd", "Partner Ltd"},
		},
		"refuse": {
			func(e *discreettest.Engine) (discreet.Ended, error) {
				err := e.Choose(ctx, ann, discreet.Choice{Notice: "personal-pages", Version: 1, Locale: "en", Refuse: []string{ads, partners}})
				return discreet.Ended{}, err
			},
			consent.KindWithdrawn, []string{ads, partners}, []string{"Host Ltd", "Partner Ltd"},
		},
		"object": {
			func(e *discreettest.Engine) (discreet.Ended, error) { return e.Object(ctx, ann) },
			consent.KindWithdrawn, []string{ads}, []string{"Host Ltd"},
		},
		"erase": {
			func(e *discreettest.Engine) (discreet.Ended, error) { return e.Erase(ctx, ann, operator) },
			consent.KindErased, []string{ads, discreettest.Purpose, partners}, []string{"Host Ltd", "Partner Ltd"},
		},
	} {
		o := &told{}
		cfg := advertised()
		cfg.Ended = o.tell
		e := discreettest.Open(t, cfg)
		agreeAll(t, e, ann)
		reasons(t, e, with(e, ann, "1", discreet.Signals{Age: consent.Adult}))
		e.Clock.Advance(time.Minute)

		o.err = errFault
		if _, err := c.end(e); !errors.Is(err, errFault) {
			t.Errorf("%s: the callback's error is lost: %v", name, err)
		}
		o.err = nil
		first := o.take()
		e.Clock.Advance(time.Minute)
		x, err := c.end(e)
		check(t, err)
		list := o.take()
		if name == "refuse" && len(list) == 1 {
			x = list[0]
		}
		if len(first) != 1 || len(list) != 1 || list[0].Statement() != x.Statement() {
			t.Fatalf("%s: told %d and %d times", name, len(first), len(list))
		}
		got := first[0]
		if got.Why != c.why || !slices.Equal(got.Purposes, c.purposes) || !slices.Equal(got.Recipients, c.recipients) {
			t.Errorf("%s: %v %v %v", name, got.Why, got.Purposes, got.Recipients)
		}
		if c.why != consent.KindErased && !slices.Equal(x.Recipients, c.recipients) {
			t.Errorf("%s: repeated: %v", name, x.Recipients)
		}
		if !strings.Contains(got.Statement(), "What was published before stays published") || !strings.Contains(got.Statement(), "are told") {
			t.Errorf("%s: %q", name, got.Statement())
		}
		for _, p := range got.Purposes {
			if want, err := e.ID(ann, p); err == nil && got.Pseudonyms[p] != want {
				t.Errorf("%s: another pseudonym for %s", name, p)
			}
		}
		// The next release leaves the person out, the purposes that stay go on.
		for _, p := range profiles(t, e, ann) {
			if slices.Contains(c.purposes, p) {
				t.Errorf("%s: a profile for %s is left", name, p)
			}
		}
	}
}

// TestMergeIsTold holds that the consents which a merge ends, since the other
// identifier said no, are told, under the pseudonym that each was known by; and that a
// no to what nobody agreed to is not.
func TestMergeIsTold(t *testing.T) {
	ctx, o := t.Context(), &told{}
	cfg := advertised()
	cfg.Ended = o.tell
	e := discreettest.Open(t, cfg)
	device := discreet.Device("6fa459ea-ee8a-4ca4-894e-db77e160355e")
	agreeAll(t, e, ann)
	for _, p := range []string{ads, partners} {
		check(t, e.Choose(ctx, device, discreet.Choice{Notice: "personal-pages", Version: 1, Locale: "en", Refuse: []string{p}}))
	}
	if list := o.take(); len(list) != 0 {
		t.Errorf("told of what nobody agreed to: %+v", list)
	}
	e.Clock.Advance(time.Minute)
	check(t, e.Merge(ctx, device, ann))
	list := o.take()
	if len(list) != 1 || !slices.Equal(list[0].Purposes, []string{ads, partners}) || !slices.Equal(list[0].Recipients, []string{"Host Ltd", "Partner Ltd"}) {
		t.Fatalf("%+v", list)
	}
	if want, err := e.ID(ann, ads); err != nil || list[0].Pseudonyms[ads] != want {
		t.Error("another pseudonym")
	}
	check(t, e.Merge(ctx, device, ann))
	if list := o.take(); len(list) != 0 {
		t.Errorf("merged again: %+v", list)
	}
}

// TestToldWithoutTheCaller holds that recipients are told of what ended, although
// whoever ended it has gone, and that the JSON has what they need.
func TestToldWithoutTheCaller(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	cfg := advertised()
	var got []byte
	cfg.Ended = func(ctx context.Context, x discreet.Ended) (err error) {
		leave()
		if ctx.Err() != nil {
			t.Error("the callback ends with the caller")
		}
		got, err = json.Marshal(x)
		return err
	}
	e := discreettest.Open(t, cfg)
	agreeAll(t, e, ann)
	_, err := e.Withdraw(ctx, ann, ads, partners)
	check(t, err)
	id, err := e.ID(ann, ads)
	check(t, err)
	text, err := id.MarshalText()
	check(t, err)
	want := `{"why":"withdrawn","purposes":["advertise","share.partners"],"pseudonyms":{"advertise":"` + string(text) + `"},"recipients":["Host Ltd","Partner Ltd"]}`
	if string(got) != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestExpiryIsTold holds that an expiry ends use at once, that Sweep tells of it
// before it deletes, again after a failure, notes it in the journal once, and logs it.
func TestExpiryIsTold(t *testing.T) {
	ctx, o := t.Context(), &told{}
	n := discreettest.Notice()
	n.ConsentDays, n.Recipients = 10, []string{"Host Ltd"}
	e := openWorld(t, discreet.Config{Notices: []consent.Notice{n}, Ended: o.tell})
	e.Agree(t, ann)
	_, err := e.Record(ctx, event(e, ann, "1", "a", "sports.running"))
	check(t, err)
	e.Clock.Advance(11 * 24 * time.Hour)
	d, err := e.Decide(ctx, ann, nil)
	check(t, err)
	if d[discreettest.Purpose].Reason != consent.Expired {
		t.Errorf("%v", d)
	}
	o.err = errFault
	if _, err := e.Sweep(ctx); !errors.Is(err, errFault) || len(profiles(t, e, ann)) != 1 {
		t.Errorf("swept before it was told: %v", err)
	}
	o.err = nil
	_, err = e.Sweep(ctx)
	check(t, err)
	_, err = e.Sweep(ctx)
	check(t, err)
	list := o.take()
	id, _ := e.ID(ann, discreettest.Purpose)
	if len(list) != 2 || list[1].Why != consent.KindExpired || list[1].Pseudonyms[discreettest.Purpose] != id || !slices.Equal(list[1].Recipients, n.Recipients) {
		t.Errorf("%+v", list)
	}
	if len(profiles(t, e, ann)) != 0 {
		t.Error("an expired profile is left")
	}
	x, err := e.Explain(ctx, ann, operator)
	check(t, err)
	expired := 0
	for _, h := range x.Consent.Journal {
		if h.What == consent.KindExpired {
			expired++
			if want := discreettest.Start.AddDate(0, 0, 10); !h.At.Equal(want) {
				t.Errorf("expired at %v", h.At)
			}
		}
	}
	if expired != 1 {
		t.Errorf("%d entries of the expiry", expired)
	}
	records := 0
	check(t, e.ConsentLog(ctx, func(consent.LogRecord) error { records++; return nil }))
	if records != 2 { // given, expired
		t.Errorf("%d records in the consent log", records)
	}
}

// compacting counts how often a store is compacted.
type compacting struct {
	unloggable
	n int
}

func (s *compacting) Compact(context.Context) error { s.n++; return nil }

// TestSweepGoesOn holds that a callback or a consent log that fails keeps what expired
// for the next Sweep, and nothing else: what was erased leaves the file.
func TestSweepGoesOn(t *testing.T) {
	ctx := t.Context()
	for name, breaks := range map[string]func(o *told, s *compacting, broken bool){
		"callback": func(o *told, _ *compacting, broken bool) {
			if o.err = nil; broken {
				o.err = errFault
			}
		},
		"log": func(_ *told, s *compacting, broken bool) { s.broken = broken },
	} {
		o, s := &told{}, &compacting{unloggable: unloggable{Store: memstore.Volatile()}}
		n := discreettest.Notice()
		n.ConsentDays = 10
		e := openWorld(t, discreet.Config{Notices: []consent.Notice{n}, Ended: o.tell, Store: s})
		e.Agree(t, ann)
		_, err := e.Record(ctx, event(e, ann, "1", "a", "sports.running"))
		check(t, err)
		e.Clock.Advance(11 * 24 * time.Hour)
		breaks(o, s, true)
		if _, err := e.Sweep(ctx); !errors.Is(err, errFault) || s.n != 1 {
			t.Errorf("%s: %v, compacted %d times", name, err, s.n)
		}
		breaks(o, s, false)
		_, err = e.Sweep(ctx)
		check(t, err)
		if got := entriesOf(t, s.Store)[consent.KindExpired]; len(got) != 1 || len(rows(t, s.Store)) != 0 || s.n != 2 {
			t.Errorf("%s: %d entries, %d profiles, compacted %d times", name, len(got), len(rows(t, s.Store)), s.n)
		}
		allLogged(t, s.Store)
	}
}

// TestPrompts holds that a person is asked once in PromptDays, and that what was
// shown is in the journal.
func TestPrompts(t *testing.T) {
	ctx := t.Context()
	e := openWorld(t, discreet.Config{PromptDays: 7})
	needs := func() int {
		t.Helper()
		asks, err := e.Needs(ctx, ann)
		check(t, err)
		return len(asks)
	}
	for day := range 21 {
		if want := 1 - min(day%7, 1); needs() != want {
			t.Errorf("day %d: asked %d", day, needs())
		}
		if day%7 == 0 {
			check(t, e.Served(ctx, ann, "personal-pages", 1, "en"))
		}
		e.Clock.Advance(24 * time.Hour)
	}
	e.Agree(t, ann)
	if needs() != 0 {
		t.Error("asked after a yes")
	}
	x, err := e.Explain(ctx, ann, operator)
	check(t, err)
	if j := x.Consent.Journal; len(j) != 4 || j[0].What != consent.KindServed || j[0].Notice != "personal-pages" || j[3].What != consent.KindGiven {
		t.Errorf("%+v", j)
	}
	if err := e.Served(ctx, ann, "personal-pages", 2, "en"); err != consent.ErrUnknownNotice {
		t.Errorf("a version that is not there: %v", err)
	}
	check(t, e.Served(ctx, discreet.Raw{}, "personal-pages", 1, "en"))
	if _, err := e.Needs(ctx, ann, "unheard-of"); err != discreet.ErrNoPurpose {
		t.Errorf("an unknown purpose: %v", err)
	}
}
