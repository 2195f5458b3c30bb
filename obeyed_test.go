package discreet_test

import (
	"maps"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// seen are the calls that signals, and a consent system, reach what is stored by.
func seen(t *testing.T, e *discreet.Engine, who discreet.Raw, s discreet.Signals, at time.Time) map[string]func() error {
	return map[string]func() error{
		"record": func() error {
			_, err := e.Record(t.Context(), discreet.Event{
				Who: who, MessageID: "seen", Kind: "view", Item: "a", Category: "sports.running", Time: at, Signals: s,
			})
			return err
		},
		"batch": func() error {
			_, err := e.RecordBatch(t.Context(), []discreet.Event{{
				Who: who, MessageID: "seen", Kind: "view", Item: "a", Category: "sports.running", Time: at, Signals: s,
			}})
			return err
		},
		"decide": func() error { _, err := e.Decide(t.Context(), who, &s); return err },
	}
}

// adRows returns how many profiles for advertising there are, under whatever name.
func adRows(t *testing.T, s discreet.Store) (n int) {
	t.Helper()
	check(t, s.ProfileScan(t.Context(), ads, func(segment.ID, []byte) error { n++; return nil }))
	return n
}

// TestSignalsReachEveryName holds that an opt-out ends what still stands under an
// older root, or under a hash of before, whichever call sees it first, with a consent
// system and without one.
func TestSignalsReachEveryName(t *testing.T) {
	adult := discreet.Signals{Age: consent.Adult}
	gpc := discreet.Signals{Age: consent.Adult, GPC: true}
	for _, call := range []string{"record", "batch", "decide"} {
		for _, asks := range []bool{false, true} {
			for _, name := range []string{"root", "erase-only", "hash"} {
				cfg := advertised()
				cfg.Store = memstore.Volatile()
				cfg.Adopt = []pseudonym.Rule{pseudonym.SHA256Email}
				who := ann
				if name == "hash" {
					who, _ = pseudonym.SHA256Email.Of(ann)
				}
				if asks {
					yes := consent.Answer{State: consent.Allowed, Since: discreettest.Start.Add(-time.Hour)}
					cfg.Source = &source{answer: map[string]consent.Answer{ann.Expose(): yes, who.Expose(): yes}}
					cfg.SourceTimeout = time.Second
				}
				e := discreettest.Open(t, cfg)
				if !asks {
					agreeAll(t, e, who)
				}
				check(t, seen(t, e.Engine, who, adult, e.Clock.Now())["record"]())
				if adRows(t, cfg.Store) != 1 {
					t.Fatal("no profile")
				}
				e.Clock.Advance(time.Hour)
				if name != "hash" {
					next := rotated(t, e.Config.Keys)
					check(t, e.SetKeys(t.Context(), next, operator))
					if name == "erase-only" {
						check(t, e.SetKeys(t.Context(), retired(t, next, e.Config.Keys.KeyID(), pseudonym.EraseOnly), operator))
					}
				}
				check(t, seen(t, e.Engine, ann, gpc, e.Clock.Now())[call]())
				if n := adRows(t, cfg.Store); n != 0 {
					t.Errorf("%s, source %v, %s: %d profiles are left", call, asks, name, n)
				}
				d, err := e.Decide(t.Context(), ann, &adult)
				check(t, err)
				if d[ads].Allowed || d[partners].Allowed {
					t.Errorf("%s, source %v, %s: later %v", call, asks, name, d)
				}
			}
		}
	}
}

// TestSignalAfterSource holds that an opt-out counts against a yes of the consent
// system that came before it, also where there is nothing to end and an older no
// stands, and not against one that comes later.
func TestSignalAfterSource(t *testing.T) {
	adult := discreet.Signals{Age: consent.Adult}
	gpc := discreet.Signals{Age: consent.Adult, GPC: true}
	for _, call := range []string{"record", "batch", "decide"} {
		cfg, o := advertised(), &told{}
		src := &source{answer: map[string]consent.Answer{}}
		cfg.Source, cfg.SourceTimeout, cfg.Ended = src, time.Second, o.tell
		e := discreettest.Open(t, cfg)
		look := func(s discreet.Signals) { check(t, seen(t, e.Engine, ann, s, e.Clock.Now())[call]()) }
		decided := func() consent.Decision {
			d, err := e.Decide(t.Context(), ann, &adult)
			check(t, err)
			return d[ads]
		}
		look(gpc)
		e.Clock.Advance(time.Hour)
		src.answer[ann.Expose()] = consent.Answer{State: consent.Allowed, Since: e.Clock.Now()}
		e.Clock.Advance(time.Hour)
		o.take()
		look(gpc)
		if d := decided(); d.Allowed {
			t.Errorf("%s: an opt-out after the yes of the consent system was lost: %v", call, d)
		}
		if list := o.take(); len(list) != 0 {
			t.Errorf("%s: told that nothing ended: %+v", call, list)
		}
		e.Clock.Advance(time.Hour)
		src.answer[ann.Expose()] = consent.Answer{State: consent.Allowed, Since: e.Clock.Now()}
		if d := decided(); !d.Allowed || !d.BySource {
			t.Errorf("%s: a later yes of the consent system: %v", call, d)
		}
	}
}

// TestDecideObeysSource holds that a decision for a request ends what is held when
// the consent system says no, as an event does.
func TestDecideObeysSource(t *testing.T) {
	o, store := &told{}, memstore.Volatile()
	src := &source{answer: map[string]consent.Answer{}}
	n := discreettest.Notice()
	n.Recipients = []string{"Host Ltd"}
	e := openWorld(t, discreet.Config{Source: src, SourceTimeout: time.Second, Ended: o.tell, Store: store, Notices: []consent.Notice{n}})
	src.answer[ann.Expose()] = consent.Answer{State: consent.Allowed, Since: e.Clock.Now(), Notice: n.ID, Version: 1}
	recordOne(t, e.Engine, ann, "1")
	e.Clock.Advance(time.Hour)
	src.answer[ann.Expose()] = consent.Answer{State: consent.Denied}
	_, err := e.Decide(t.Context(), ann, nil)
	check(t, err)
	if n := len(rows(t, store)); n != 0 {
		t.Errorf("%d profiles are left", n)
	}
	list := o.take()
	if len(list) != 1 || list[0].Why != consent.KindOptedOut || len(list[0].Recipients) != 1 {
		t.Errorf("told %+v", list)
	}
}

// TestChild holds what is decided for a child: nothing without a guardian's answer,
// advertising not with it either; an ordinary profile stays, unused, until its consent
// or TTL ends, since the age of one visit is no withdrawal.
func TestChild(t *testing.T) {
	adult, child := discreet.Signals{Age: consent.Adult}, discreet.Signals{Age: consent.Child}
	e := discreettest.Open(t, advertised())
	decided := func(s discreet.Signals) map[string]bool {
		d, err := e.Decide(t.Context(), ann, &s)
		check(t, err)
		m := map[string]bool{}
		for p := range d {
			m[p] = d[p].Allowed
		}
		return m
	}
	agreeAll(t, e, ann)
	reasons(t, e, with(e, ann, "1", adult))
	if got := decided(child); got[ads] || got[discreettest.Purpose] || got[partners] {
		t.Errorf("a child: %v", got)
	}
	if got := profiles(t, e, ann); len(got) != 1 || got[0] != discreettest.Purpose {
		t.Errorf("profiles %v", got)
	}
	e.Clock.Advance(time.Hour)
	check(t, e.Choose(t.Context(), ann, discreet.Choice{
		Notice: "personal-pages", Version: 1, Locale: "en", Method: consent.GuardianMethod,
		Grant: []string{discreettest.Purpose, ads},
	}))
	want := map[string]bool{discreettest.Purpose: true, ads: false, partners: false}
	if got := decided(child); !maps.Equal(got, want) {
		t.Errorf("a child with a guardian: %v", got)
	}
}
