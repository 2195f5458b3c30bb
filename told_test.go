package discreet_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
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
		for p, id := range got.Pseudonyms {
			if want, _ := e.ID(ann, p); id != want {
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
