package discreet_test

import (
	"testing"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/consent/iab"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/segment"
)

const ads, partners = "advertise", "share.partners"

// advertised returns a configuration with an ordinary purpose, an advertising one
// and one that shares, which no segment is for.
func advertised() discreet.Config {
	n := discreettest.Notice()
	n.Purposes = append(n.Purposes,
		consent.Purpose{Key: ads, Title: "Advertisements", Advertising: true},
		consent.Purpose{Key: partners, Title: "Partners", Sharing: true})
	n.Recipients = []string{"Host Ltd"}
	n.ThirdParties = []string{"Partner Ltd"}
	forAds := atLeast("ad-runners", "sports.running", 1)
	forAds.Purpose = ads
	return discreet.Config{
		Notices:  []consent.Notice{n},
		Segments: []segment.Definition{atLeast("runners", "sports.running", 1), forAds},
		Measures: []dp.Measure{
			dp.SegmentSizes{Name: "sizes", Purpose: discreettest.Purpose, MaxSegments: 1, Share: 0.5},
			dp.SegmentSizes{Name: "ad-sizes", Purpose: ads, MaxSegments: 1, Share: 0.5},
		},
		TCF: map[string]iab.TCFRule{ads: {Purposes: []int{3, 4}}},
	}
}

func agreeAll(t testing.TB, e *discreettest.Engine, who discreet.Raw) {
	t.Helper()
	check(t, e.Choose(t.Context(), who, discreet.Choice{
		Notice: "personal-pages", Version: 1, Locale: "en", Method: "test", Grant: []string{discreettest.Purpose, ads, partners},
	}))
}

// with returns an event of a person with signals.
func with(e *discreettest.Engine, who discreet.Raw, id string, s discreet.Signals) discreet.Event {
	ev := event(e, who, id, "a", "sports.running")
	ev.Signals = s
	return ev
}

// reasons returns the reason of each purpose for an event.
func reasons(t testing.TB, e *discreettest.Engine, ev discreet.Event) map[string]consent.Reason {
	t.Helper()
	outcomes, err := e.Record(t.Context(), ev)
	check(t, err)
	m := map[string]consent.Reason{}
	for _, o := range outcomes {
		m[o.Purpose] = o.Decision.Reason
	}
	return m
}

func profiles(t testing.TB, e *discreettest.Engine, who discreet.Raw) (purposes []string) {
	t.Helper()
	x, err := e.Export(t.Context(), who, operator)
	check(t, err)
	for _, p := range x.Profiles {
		purposes = append(purposes, p.Purpose)
	}
	return purposes
}

// TestSignalsDecide holds what each signal denies, and what it ends: an explicit no
// reaches the profile and the consent, what cannot be read does not.
func TestSignalsDecide(t *testing.T) {
	const ok = consent.Granted
	adult := discreet.Signals{Age: consent.Adult}
	for name, c := range map[string]struct {
		signals  discreet.Signals
		own, ads consent.Reason
		ends     bool // the advertising profile and the consents to advertising and sharing
	}{
		"nothing":       {adult, ok, ok, false},
		"unknown age":   {discreet.Signals{}, ok, consent.TooYoung, false},
		"minor":         {discreet.Signals{Age: consent.Minor}, ok, consent.TooYoung, true},
		"child":         {discreet.Signals{Age: consent.Child}, consent.TooYoung, consent.TooYoung, true},
		"age 9":         {discreet.Signals{Age: 9}, consent.TooYoung, consent.TooYoung, false},
		"gpc":           {discreet.Signals{Age: consent.Adult, GPC: true}, ok, consent.OptedOutGPC, true},
		"gpp":           {discreet.Signals{Age: consent.Adult, GPP: "DBABLA~BVQaAAAAAgA"}, ok, consent.OptedOutGPP, true},
		"gpp damaged":   {discreet.Signals{Age: consent.Adult, GPP: "DBABLA~BVV!"}, ok, consent.UnclearSignal, false},
		"gpp elsewhere": {discreet.Signals{Age: consent.Adult, GPP: "DBABLA~BVQaAAAAAgA", GPPSections: []int{13}}, ok, consent.UnclearSignal, false},
		"tcf damaged":   {discreet.Signals{Age: consent.Adult, TCF: "C"}, ok, consent.UnclearSignal, false},
		"tcf version 1": {discreet.Signals{Age: consent.Adult, TCF: "BOEFEAyOEFEAyAHABDENAIgAAAB9vABAASA"}, ok, consent.UnclearSignal, false},
	} {
		e := discreettest.Open(t, advertised())
		agreeAll(t, e, ann)
		agreeAll(t, e, bob)
		for _, who := range []discreet.Raw{ann, bob} {
			if got := reasons(t, e, with(e, who, "1", adult)); got[discreettest.Purpose] != ok || got[ads] != ok {
				t.Fatalf("%s: at first %v", name, got)
			}
		}
		got := reasons(t, e, with(e, ann, "2", c.signals))
		if got[discreettest.Purpose] != c.own || got[ads] != c.ads {
			t.Errorf("%s: %v", name, got)
		}
		want := 2
		if c.ends {
			want = 1
		}
		if got := profiles(t, e, ann); len(got) != want || got[len(got)-1] != discreettest.Purpose {
			t.Errorf("%s: profiles %v", name, got)
		}
		if got := profiles(t, e, bob); len(got) != 2 {
			t.Errorf("%s: bob's profiles %v", name, got)
		}
		// Afterwards, without the signal.
		later, err := e.Decide(t.Context(), ann, &adult)
		check(t, err)
		if later[ads].Allowed == c.ends || !later[discreettest.Purpose].Allowed {
			t.Errorf("%s: later %v", name, later)
		}
		if age := c.signals.Age; later[partners].Allowed != (!c.ends || age == consent.Minor || age == consent.Child) {
			t.Errorf("%s: sharing later %v", name, later[partners])
		}
	}
}

// TestOptOutIsRemembered holds that a signal is recorded as a no without a
// question: once, in the journal, and nobody is asked again; a yes of the person
// comes later and counts from then.
func TestOptOutIsRemembered(t *testing.T) {
	ctx, e := t.Context(), discreettest.Open(t, advertised())
	gpc := discreet.Signals{Age: consent.Adult, GPC: true}
	for i := range 3 { // ann was never asked
		if got := reasons(t, e, with(e, ann, string(rune('1'+i)), gpc))[ads]; got != consent.OptedOutGPC {
			t.Errorf("%v", got)
		}
	}
	journal := func() []consent.Happened {
		x, err := e.Explain(ctx, ann, operator)
		check(t, err)
		return x.Consent.Journal
	}
	entries := journal()
	if len(entries) != 2 { // advertising and sharing
		t.Fatalf("%+v", entries)
	}
	for _, h := range entries {
		if h.What != consent.KindOptedOut || h.Method != "gpc" || len(h.Purposes) != 1 {
			t.Errorf("%+v", h)
		}
	}
	asks, err := e.Needs(ctx, ann, ads, partners)
	check(t, err)
	if len(asks) != 0 {
		t.Errorf("asked for what a signal said no to: %+v", asks)
	}
	agreeAll(t, e, ann)
	if got := reasons(t, e, with(e, ann, "9", discreet.Signals{Age: consent.Adult}))[ads]; got != consent.Granted {
		t.Errorf("after a yes: %v", got)
	}
	if got := reasons(t, e, with(e, ann, "10", gpc))[ads]; got != consent.OptedOutGPC {
		t.Errorf("the signal again: %v", got)
	}
	if got := profiles(t, e, ann); len(got) != 1 {
		t.Errorf("profiles %v", got)
	}
}

// TestUnknownAge holds the stated default and its setting.
func TestUnknownAge(t *testing.T) {
	cfg := advertised()
	cfg.UnknownAge = consent.Adult
	e := discreettest.Open(t, cfg)
	agreeAll(t, e, ann)
	if got := reasons(t, e, with(e, ann, "1", discreet.Signals{})); got[ads] != consent.Granted {
		t.Errorf("%v", got)
	}
	if got := reasons(t, e, with(e, ann, "2", discreet.Signals{Age: consent.Minor})); got[ads] != consent.TooYoung {
		t.Errorf("%v", got)
	}
	cfg.UnknownAge = 7
	if _, err := discreet.Open(t.Context(), e.Config); err != nil {
		t.Fatal(err)
	}
	bad := e.Config
	bad.UnknownAge = 7
	if _, err := discreet.Open(t.Context(), bad); err != discreet.ErrPrompts {
		t.Errorf("an age 7: %v", err)
	}
	bad = e.Config
	bad.TCF = map[string]iab.TCFRule{"unheard-of": {Purposes: []int{1}}}
	if _, err := discreet.Open(t.Context(), bad); err != discreet.ErrNoPurpose {
		t.Errorf("a rule for an unknown purpose: %v", err)
	}
	bad.TCF = map[string]iab.TCFRule{ads: {Purposes: []int{25}}}
	if _, err := discreet.Open(t.Context(), bad); err != iab.ErrRule {
		t.Errorf("a rule for an unknown TCF purpose: %v", err)
	}
}

// TestSensitiveIsNotAdvertised holds that no consent opens a sensitive category.
func TestSensitiveIsNotAdvertised(t *testing.T) {
	e := discreettest.Open(t, advertised())
	agreeAll(t, e, ann)
	sensitive := 0
	for _, id := range e.Config.Taxonomy.IDs() {
		if !e.Config.Taxonomy.Sensitive(id) {
			continue
		}
		sensitive++
		ev := with(e, ann, id, discreet.Signals{Age: consent.Adult})
		ev.Category = id
		outcomes, err := e.Record(t.Context(), ev)
		check(t, err)
		for _, o := range outcomes {
			if o.Result != segment.RefusedSensitive {
				t.Errorf("%s for %s: %v", id, o.Purpose, o.Result)
			}
		}
	}
	if sensitive == 0 {
		t.Fatal("the taxonomy has no sensitive category")
	}
}
