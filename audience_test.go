package discreet_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/plan"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/segment/audience"
)

// TestAudiences holds that a segment is exported only while its newest released count
// says that it is large enough, and that this outlives the process.
func TestAudiences(t *testing.T) {
	ctx := t.Context()
	cfg := shared()
	cfg.Store = memstore.Volatile()
	e := discreettest.Open(t, cfg)
	fill(t, e, crowd)
	if got, x := exported(t, e, toPartner, everybody(crowd)); len(got) != 0 || x.Outside != crowd || len(x.Closed) != 2 {
		t.Errorf("exported before anything was counted: %+v", x)
	}
	count(t, e, "first")
	states := func(e *discreet.Engine) map[string]audience.State {
		list, err := e.Audiences(ctx)
		check(t, err)
		m := map[string]audience.State{}
		for _, a := range list {
			m[a.Purpose+"/"+a.Segment] = a.State
		}
		if len(m) != 3 {
			t.Errorf("%v", m)
		}
		return m
	}
	first := states(e.Engine)
	if !first[discreettest.Purpose+"/runners"].Open || !first[ads+"/ad-runners"].Open || first[discreettest.Purpose+"/readers"].Open {
		t.Errorf("%+v", first)
	}
	a, err := e.Audience(ctx, ads, "ad-runners")
	if check(t, err); a.State != first[ads+"/ad-runners"] || a.Purpose != ads {
		t.Errorf("%+v", a)
	}
	if _, err := e.Audience(ctx, ads, "runners"); !errors.Is(err, discreet.ErrNoSegment) {
		t.Errorf("%v", err)
	}
	again := e.Config
	other, err := discreet.Open(ctx, again) // as after a restart, or in another process
	check(t, err)
	if !maps.Equal(states(other), first) {
		t.Errorf("after a restart %+v", states(other))
	}
	for i := range crowd {
		if i >= 10 {
			check(t, errOf(e.Withdraw(ctx, somebody(i), discreettest.Purpose)))
		}
	}
	if !states(e.Engine)[discreettest.Purpose+"/runners"].Open {
		t.Error("people who left closed a segment without a release")
	}
	e.Clock.Advance(24 * time.Hour)
	count(t, e, "second")
	if s := states(e.Engine); s[discreettest.Purpose+"/runners"].Open || !s[ads+"/ad-runners"].Open {
		t.Errorf("after most left: %+v", s)
	}
	if !maps.Equal(states(other), states(e.Engine)) {
		t.Error("another engine on the store does not follow")
	}
	if got, _ := exported(t, e, toPartner, everybody(crowd)); len(got) != 0 {
		t.Errorf("%d exported of a closed segment", len(got))
	}
	e.Clock.Advance(4 * 24 * time.Hour)
	if s := states(e.Engine)[ads+"/ad-runners"]; s.Open || s.Why != audience.Stale {
		t.Errorf("days later: %+v", s)
	}
	check(t, other.Close())
	if _, err := other.Audiences(ctx); !errors.Is(err, discreet.ErrClosed) {
		t.Errorf("%v", err)
	}
}

// TestAudienceConfig refuses what cannot be carried, with the number that would do.
func TestAudienceConfig(t *testing.T) {
	ctx := t.Context()
	e := discreettest.Open(t, shared())
	cfg := e.Config
	open := func(change func(c *audience.Config)) error {
		c, a := cfg, *cfg.Audience
		change(&a)
		c.Audience, c.Store = &a, memstore.Volatile()
		_, err := discreet.Open(ctx, c)
		return err
	}
	var small *audience.SmallError
	if err := open(func(c *audience.Config) { c.MinPeople = 10 }); !errors.As(err, &small) || small.Smallest <= 10 {
		t.Fatalf("10 people: %v", err)
	}
	check(t, open(func(c *audience.Config) { c.MinPeople = int(small.Smallest) }))
	if err := open(func(c *audience.Config) { c.MinPeople = 0 }); !errors.Is(err, audience.ErrConfig) {
		t.Errorf("nobody: %v", err)
	}
	cfg.Notices = slices.Clone(cfg.Notices)
	cfg.Notices[0].RetentionDays, cfg.TTLDays = 61, 61
	check(t, open(func(c *audience.Config) { c.TTLDays = 61 }))
	if err := open(func(c *audience.Config) { c.TTLDays = 62 }); !errors.Is(err, discreet.ErrMembership) {
		t.Errorf("longer than is promised: %v", err)
	}
	x, err := e.AudienceOutlook("sizes", 0.05)
	if check(t, err); x.OpensFrom > crowd || x.Smallest > 50 {
		t.Errorf("%+v", x)
	}
	if _, err := e.AudienceOutlook("sizes", 1e-4); !errors.As(err, &small) {
		t.Errorf("a small share: %v", err)
	}
	for _, m := range []string{"views", ""} {
		if _, err := e.AudienceOutlook(m, 0.1); err == nil {
			t.Errorf("an outlook of %q", m)
		}
	}
	plain := openWorld(t, discreet.Config{})
	for name, err := range map[string]error{
		"audiences": second(plain.Audiences(ctx)), "outlook": second(plain.AudienceOutlook("sizes", 0.1)),
		"export": second(plain.ExportMemberships(ctx, toPartner, everybody(1), func(discreet.Membership) error { return nil }, operator)),
	} {
		if !errors.Is(err, discreet.ErrNoAudience) {
			t.Errorf("%s without an audience: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestAudiencesForgetOtherDefinitions: a count says nothing about a segment of the
// same name that was defined otherwise, also where it changed on the same day.
func TestAudiencesForgetOtherDefinitions(t *testing.T) {
	ctx := t.Context()
	for _, days := range []int{0, 1} {
		cfg := shared()
		cfg.Store = memstore.Volatile()
		e := opened(t, cfg)
		open := func(e *discreet.Engine, purpose, segment string) audience.State {
			a, err := e.Audience(ctx, purpose, segment)
			check(t, err)
			return a.State
		}
		if !open(e.Engine, discreettest.Purpose, "runners").Open {
			t.Fatal("not open")
		}
		e.Clock.Advance(time.Duration(days) * 24 * time.Hour)
		changed := e.Config
		changed.Segments = slices.Clone(cfg.Segments)
		changed.Segments[0] = atLeast("runners", "sports.running", 3) // nobody
		changed.Segments[0].Version = 2
		narrow, err := discreet.Open(ctx, changed)
		check(t, err)
		if s := open(narrow, discreettest.Purpose, "runners"); s.Open || s.Why != audience.Uncounted {
			t.Errorf("%d days later, defined otherwise: %+v", days, s)
		}
		if s := open(narrow, ads, "ad-runners"); !s.Open {
			t.Errorf("%d days later, another purpose: %+v", days, s)
		}
		_, err = narrow.Release(ctx, discreet.Query{Name: "second-sizes", Measure: "sizes", Share: 0.05}, operator)
		check(t, err)
		if s := open(narrow, discreettest.Purpose, "runners"); s.Open || s.Why != audience.Few {
			t.Errorf("%d days later, counted: %+v", days, s)
		}
	}
}

// TestAudiencesAskForWholePeople releases sizes that are scaled to a norm, whose values are
// a thousand times what they count, and sizes with another law of noise: neither opens a
// segment, nor stops those of other measures.
func TestAudiencesAskForWholePeople(t *testing.T) {
	for name, sizes := range map[string]dp.SegmentSizes{
		"scaled":  {Name: "other", Purpose: discreettest.Purpose, MaxSegments: 2, MaxNorm: 1, Share: 0.2},
		"Laplace": {Name: "other", Purpose: discreettest.Purpose, MaxSegments: 2, Noise: dp.Laplace, Share: 0.2},
	} {
		cfg := shared()
		cfg.Measures[0] = dp.SegmentSizes{Name: "sizes", Purpose: discreettest.Purpose, MaxSegments: 2, Share: 0.3}
		cfg.Measures = append(cfg.Measures, sizes)
		e := discreettest.Open(t, cfg)
		fill(t, e, crowd)
		open := func() bool {
			a, err := e.Audience(t.Context(), discreettest.Purpose, "runners")
			check(t, err)
			return a.State.Open
		}
		r, err := e.Release(t.Context(), discreet.Query{Name: "other", Measure: "other", Share: 0.2}, operator)
		check(t, err)
		if r.Header().Kind != "segment-sizes" || r.Header().Format != dp.Format || open() {
			t.Errorf("%s: open after %s", name, r)
		}
		if _, err := e.AudienceOutlook("other", 0.2); !errors.Is(err, plan.ErrUndeclared) {
			t.Errorf("%s: %v", name, err)
		}
		_, err = e.Release(t.Context(), discreet.Query{Name: "sizes", Measure: "sizes", Share: 0.3}, operator)
		check(t, err)
		if !open() {
			t.Errorf("%s: whole people do not open what they opened before", name)
		}
	}
}
