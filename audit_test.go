package discreet_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/segment"
	"github.com/google/go-cmp/cmp"
)

// bg is for helpers that are handed no test.
var bg = context.Background()

// What the tests of audits are made of.
var (
	auditNotice = consent.Notice{
		ID: "audits", Version: 1, Locale: "en", Title: "Help us to treat everybody alike",
		Text:     "We keep which sex you state, and which offers you were shown, to see whether our offers leave anybody out. Nothing else is done with it.",
		Purposes: []consent.Purpose{{Key: discreet.AuditPurpose, Title: "Checks of fairness"}}, Categories: []string{"sex, as you state it", "offers you were shown"},
		Withdrawal: "Settings, Privacy, one tap.", RetentionDays: 60, ConsentDays: 365,
	}
	agreeAudit  = discreet.Choice{Notice: "audits", Version: 1, Locale: "en", Method: "test", Grant: []string{discreet.AuditPurpose}}
	refuseAudit = discreet.Choice{Notice: "audits", Version: 1, Locale: "en", Method: "test", Refuse: []string{discreet.AuditPurpose}}
	auditGroups = dp.Groups{
		Name: "audit", Purpose: discreet.AuditPurpose, Attribute: "sex", Groups: dp.Public{"women", "men"},
		Campaigns: dp.Public{"loan", "segment/runners"}, MaxCampaigns: 2, Share: 0.2,
	}
)

// auditConfig is the configuration of the tests, with an audit.
func auditConfig() discreet.Config {
	return discreet.Config{
		Notices: []consent.Notice{discreettest.Notice(), auditNotice}, Segments: worldSegments,
		Measures: append(slices.Clone(worldMeasures[:2]), auditGroups),
		Audit: &discreet.Audit{
			Attributes: []discreet.AuditAttribute{{Name: "sex", Values: []string{"women", "men", "another"}}},
			Campaigns:  []string{"loan", "segment/runners", "rank/home"}, TTLDays: 60,
		},
		Budget: dp.Budget{Epsilon: 1, Delta: 1e-6, WindowDays: 30},
	}
}

// states records what a person states, and exposes an exposure, as of now.
func states(t interface{ Fatal(...any) }, e *discreettest.Engine, who discreet.Raw, value string) discreet.Outcome {
	o, err := e.RecordAttribute(bg, discreet.AttributeEvent{Who: who, Attribute: "sex", Value: value, Time: e.Clock.Now()})
	check(t, err)
	return o
}

func exposes(t interface{ Fatal(...any) }, e *discreettest.Engine, who discreet.Raw, campaign string, reached bool) discreet.Outcome {
	o, err := e.RecordExposure(bg, discreet.ExposureEvent{Who: who, Campaign: campaign, Reached: reached, Time: e.Clock.Now()})
	check(t, err)
	return o
}

// auditRows returns what is stored for audits.
func auditRows(t interface{ Fatal(...any) }, s discreet.Store) map[segment.ID]string {
	out := map[segment.ID]string{}
	check(t, s.ProfileScan(bg, discreet.AuditPurpose, func(id segment.ID, row []byte) error {
		out[id] = string(row)
		return nil
	}))
	return out
}

func TestAuditConfig(t *testing.T) {
	cfg := discreettest.Open(t, auditConfig()).Config
	for name, c := range map[string]struct {
		change func(c *discreet.Config)
		want   error
	}{
		"no attribute":            {func(c *discreet.Config) { c.Audit.Attributes = nil }, discreet.ErrAudit},
		"a campaign twice":        {func(c *discreet.Config) { c.Audit.Campaigns = []string{"loan", "loan", "segment/runners"} }, discreet.ErrAudit},
		"a purpose nobody asks":   {func(c *discreet.Config) { c.Audit.Purpose, c.Measures = "other", nil }, discreet.ErrNoPurpose},
		"kept too long":           {func(c *discreet.Config) { c.Audit.TTLDays = 61 }, discreet.ErrRetention},
		"kept too long, by TTL":   {func(c *discreet.Config) { c.Audit.TTLDays = 0 }, discreet.ErrRetention},
		"a TTL below zero":        {func(c *discreet.Config) { c.Audit.TTLDays = -1 }, discreet.ErrAudit},
		"advertising":             {func(c *discreet.Config) { c.Notices[1].Purposes[0].Advertising = true }, discreet.ErrAudit},
		"a purpose with segments": {func(c *discreet.Config) { c.Audit.Purpose, c.Measures = discreettest.Purpose, nil }, discreet.ErrAudit},
		"a segment on it": {func(c *discreet.Config) {
			d := worldSegments[0]
			d.Purpose = discreet.AuditPurpose
			c.Segments = append(slices.Clone(c.Segments), d)
		}, discreet.ErrAudit},
		"in a bundle": {func(c *discreet.Config) {
			c.Notices[1].Purposes = append(c.Notices[1].Purposes, consent.Purpose{Key: "mails", Title: "Mails"})
			c.Notices[1].Bundles = []consent.Bundle{{Key: "all", Title: "All", Purposes: []string{discreet.AuditPurpose, "mails"}}}
		}, discreet.ErrAudit},
		"no audit": {func(c *discreet.Config) { c.Audit = nil }, discreet.ErrAuditMeasure},
		"groups of other people": {func(c *discreet.Config) {
			c.Measures = []dp.Measure{groupsOf(func(g *dp.Groups) { g.Purpose = discreettest.Purpose })}
		}, discreet.ErrAuditMeasure},
		"another attribute": {func(c *discreet.Config) {
			c.Measures = []dp.Measure{groupsOf(func(g *dp.Groups) { g.Attribute = "origin" })}
		}, discreet.ErrAuditMeasure},
		"another group": {func(c *discreet.Config) {
			c.Measures = []dp.Measure{groupsOf(func(g *dp.Groups) { g.Groups = dp.Public{"women", "others"} })}
		}, discreet.ErrAuditMeasure},
		"another campaign": {func(c *discreet.Config) {
			c.Measures = []dp.Measure{groupsOf(func(g *dp.Groups) { g.Campaigns = dp.Public{"other"} })}
		}, discreet.ErrAuditMeasure},
		"another kind of measure": {func(c *discreet.Config) {
			c.Measures = []dp.Measure{dp.SegmentSizes{Name: "sizes", Purpose: discreet.AuditPurpose, MaxSegments: 1, Share: 0.1}}
		}, discreet.ErrAuditMeasure},
	} {
		next := cfg
		audit, asked := *cfg.Audit, auditNotice
		asked.Purposes = slices.Clone(auditNotice.Purposes)
		next.Audit, next.Notices, next.Store = &audit, []consent.Notice{discreettest.Notice(), asked}, memstore.Volatile()
		c.change(&next)
		if _, err := discreet.Open(t.Context(), next); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Measures from a plan are taken for what they are.
	planned := cfg
	planned.Measures, planned.Store = []dp.Measure{worldMeasures[0], dp.Planned(auditGroups, 0.1)}, memstore.Volatile()
	_, err := discreet.Open(t.Context(), planned)
	check(t, err)
	planned.Measures, planned.Audit = planned.Measures[1:], nil
	if _, err := discreet.Open(t.Context(), planned); !errors.Is(err, discreet.ErrAuditMeasure) {
		t.Errorf("planned, and no audit: %v", err)
	}
	// Without segments there may be an audit.
	alone := cfg
	alone.Segments, alone.Measures, alone.Store = nil, []dp.Measure{groupsOf(func(*dp.Groups) {})}, memstore.Volatile()
	_, err = discreet.Open(t.Context(), alone)
	check(t, err)
}

func groupsOf(change func(*dp.Groups)) dp.Groups {
	g := auditGroups
	change(&g)
	return g
}

// TestAuditConsent follows one person through agreeing to other things, to audits,
// withdrawing, coming back, and erasing.
func TestAuditConsent(t *testing.T) {
	cfg := auditConfig()
	cfg.Store = memstore.Volatile()
	e := discreettest.Open(t, cfg)
	held := func() int { return len(auditRows(t, cfg.Store)) }
	refused := func(why consent.Reason) {
		t.Helper()
		for _, o := range []discreet.Outcome{states(t, e, ann, "women"), exposes(t, e, ann, "loan", true)} {
			if o.Decision.Allowed || o.Decision.Reason != why || o.Result != 0 || o.Purpose != discreet.AuditPurpose || held() != 0 {
				t.Errorf("%+v, %d rows", o, held())
			}
		}
	}
	if o := states(t, e, discreet.Raw{}, "women"); o.Decision.Reason != consent.Anonymous {
		t.Errorf("an anonymous visitor: %+v", o)
	}
	refused(consent.NoRecord)
	e.Agree(t, ann) // to something else
	refused(consent.NoRecord)
	check(t, e.Choose(bg, ann, agreeAudit))
	if o := states(t, e, ann, "women"); o.Result != segment.Admitted || held() != 1 {
		t.Errorf("%+v, %d rows", o, held())
	}
	exposes(t, e, ann, "loan", true)
	late, err := e.RecordExposure(bg, discreet.ExposureEvent{Who: ann, Campaign: "loan", Reached: true, Time: e.Clock.Now().Add(-time.Hour)})
	check(t, err)
	if late.Decision.Allowed {
		t.Error("an exposure from before the consent was taken")
	}
	ahead, err := e.RecordOutcome(bg, discreet.OutcomeEvent{Who: ann, Campaign: "loan", Positive: true, Time: e.Clock.Now().Add(time.Hour)})
	check(t, err)
	if ahead.Result != segment.RefusedFuture {
		t.Errorf("an outcome of the future: %+v", ahead)
	}
	if v := vectors(t, e, "audit"); len(v) != 1 {
		t.Errorf("%d people count", len(v))
	}

	check(t, e.Suspend(bg, discreet.AuditPurpose, operator))
	if o := exposes(t, e, ann, "segment/runners", true); o.Decision.Reason != consent.Suspended {
		t.Errorf("suspended: %+v", o)
	}
	if _, err := e.Release(bg, discreet.Query{Name: "no", Measure: "audit", Share: 0.1}, operator); !errors.Is(err, discreet.ErrSuspended) {
		t.Errorf("suspended: %v", err)
	}
	check(t, e.Resume(bg, discreet.AuditPurpose, operator))

	e.Clock.Advance(time.Hour)
	x, err := e.Withdraw(bg, ann, discreet.AuditPurpose)
	check(t, err)
	if !slices.Equal(x.Purposes, []string{discreet.AuditPurpose}) || x.Pseudonyms[discreet.AuditPurpose].IsZero() {
		t.Errorf("%+v", x)
	}
	refused(consent.Withdrawn)
	e.Clock.Advance(time.Hour)
	check(t, e.Choose(bg, ann, agreeAudit))
	states(t, e, ann, "women")
	exposes(t, e, ann, "loan", true)
	if v := vectors(t, e, "audit"); len(v) != 0 || held() != 1 {
		t.Errorf("who came back counts in the same window: %d, %d rows", len(v), held())
	}
	e.Clock.Advance(30 * 24 * time.Hour)
	if v := vectors(t, e, "audit"); len(v) != 1 {
		t.Error("who came back does not count in the next window")
	}
	check(t, errOf(e.Erase(bg, ann, operator)))
	refused(consent.Erased)
	e.Clock.Advance(time.Hour)
	check(t, e.Choose(bg, ann, agreeAudit))
	exposes(t, e, ann, "loan", true)
	check(t, e.Choose(bg, ann, refuseAudit))
	refused(consent.Withdrawn)
}

// TestAuditRefuses holds what is an error, and that nothing is recorded then.
func TestAuditRefuses(t *testing.T) {
	cfg := auditConfig()
	cfg.Store = memstore.Volatile()
	e := discreettest.Open(t, cfg)
	check(t, e.Choose(bg, ann, agreeAudit))
	now := e.Clock.Now()
	good := discreet.ExposureEvent{Who: ann, Campaign: "loan", Time: now}
	for name, c := range map[string]struct {
		batch discreet.AuditBatch
		want  error
	}{
		"attribute": {discreet.AuditBatch{Attributes: []discreet.AttributeEvent{{Who: ann, Attribute: "origin", Value: "women", Time: now}}}, discreet.ErrAttribute},
		"value":     {discreet.AuditBatch{Attributes: []discreet.AttributeEvent{{Who: ann, Attribute: "sex", Value: "Women", Time: now}}}, discreet.ErrAttribute},
		"campaign":  {discreet.AuditBatch{Outcomes: []discreet.OutcomeEvent{{Who: ann, Campaign: "other", Time: now}}}, discreet.ErrCampaign},
		"size":      {discreet.AuditBatch{Exposures: make([]discreet.ExposureEvent, discreet.MaxAuditBatch)}, discreet.ErrBatch},
	} {
		c.batch.Exposures = append([]discreet.ExposureEvent{good}, c.batch.Exposures...)
		if _, err := e.RecordAudits(bg, c.batch); !errors.Is(err, c.want) || len(auditRows(t, cfg.Store)) != 0 {
			t.Errorf("another %s: %v", name, err)
		}
	}
	if _, err := e.RecordExposure(bg, discreet.ExposureEvent{Who: discreet.Email("no address"), Campaign: "loan", Time: now}); err == nil {
		t.Error("an address that is none was taken")
	}
	tally, err := e.RecordAudits(bg, discreet.AuditBatch{
		Attributes: []discreet.AttributeEvent{{Who: ann, Attribute: "sex", Value: "women", Time: now}, {Who: discreet.Email("no address"), Attribute: "sex", Value: "men", Time: now}},
		Exposures:  []discreet.ExposureEvent{good, {Campaign: "loan", Time: now}, {Who: bob, Campaign: "loan", Time: now}},
		Outcomes:   []discreet.OutcomeEvent{{Who: ann, Campaign: "loan", Positive: true, Time: now.Add(time.Hour)}},
	})
	check(t, err)
	want := discreet.Tally{
		Events: 6, Anonymous: 1, Malformed: 1, Denied: map[consent.Reason]int{consent.NoRecord: 1},
		Results: map[segment.Outcome]int{segment.Admitted: 2, segment.RefusedFuture: 1},
	}
	if diff := cmp.Diff(want, tally); diff != "" || len(auditRows(t, cfg.Store)) != 1 {
		t.Error(diff)
	}
	plain := openWorld(t, discreet.Config{})
	if _, err := plain.RecordExposure(bg, good); !errors.Is(err, discreet.ErrNoAudit) {
		t.Error(err)
	}
	check(t, e.Close())
	if _, err := e.RecordExposure(bg, good); !errors.Is(err, discreet.ErrClosed) {
		t.Error(err)
	}
}

// TestAuditStandsApart holds that nothing but a release of groups reads what is recorded
// for audits: profiles, rankings and vectors are equal with it and without it, and it is
// equal with profiles and without them.
func TestAuditStandsApart(t *testing.T) {
	cfg := auditConfig()
	cfg.Keys = openWorld(t, discreet.Config{}).Config.Keys
	run := func(profiles, audits bool) (*discreettest.Engine, *memstore.Store, string) {
		c, store := cfg, memstore.Volatile()
		c.Store = store
		e := discreettest.Open(t, c)
		for i, who := range worldPeople {
			check(t, e.Choose(bg, who, agreeAudit))
			e.Agree(t, who)
			if audits {
				states(t, e, who, []string{"women", "men"}[i%2])
				exposes(t, e, who, "segment/runners", i < 2)
			}
			if profiles {
				_, err := e.Record(bg, event(e, who, "1", "a", "sports.running"))
				check(t, err)
			}
		}
		r, err := e.Rank(bg, discreet.RankRequest{Who: worldPeople[0], Measure: "views", Candidates: []string{"a", "b"}})
		check(t, err)
		return e, store, fmt.Sprintf("%+v", r.Ranking)
	}
	both, stored, ranked := run(true, true)
	plain, storedPlain, rankedPlain := run(true, false)
	_, storedAudits, _ := run(false, true)
	if len(rows(t, stored)) != 4 || len(auditRows(t, stored)) != 4 || len(auditRows(t, storedPlain)) != 0 || len(rows(t, storedAudits)) != 0 {
		t.Fatal("people are missing")
	}
	if !cmp.Equal(rows(t, stored), rows(t, storedPlain)) || ranked != rankedPlain {
		t.Error("a profile or a ranking reads what is recorded for audits")
	}
	if !cmp.Equal(auditRows(t, stored), auditRows(t, storedAudits)) {
		t.Error("what is recorded for audits reads profiles")
	}
	for _, m := range []string{"sizes", "views"} {
		if !cmp.Equal(vectors(t, both, m), vectors(t, plain, m)) {
			t.Errorf("%s reads what is recorded for audits", m)
		}
	}
	ids := rows(t, stored)
	for id := range auditRows(t, stored) {
		if ids[id] != nil {
			t.Error("a pseudonym is the same for both purposes")
		}
	}
	for name, err := range map[string]error{
		"EraseInterest": both.EraseInterest(bg, ann, discreet.AuditPurpose, "sports"),
		"NotInterested": both.NotInterested(bg, ann, discreet.AuditPurpose, "sports"),
		"Leave":         both.Leave(bg, ann, discreet.AuditPurpose, "runners"),
		"Rejoin":        both.Rejoin(bg, ann, discreet.AuditPurpose, "runners"),
	} {
		if !errors.Is(err, discreet.ErrNoPurpose) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := both.Rank(bg, discreet.RankRequest{Who: ann, Measure: "audit"}); !errors.Is(err, discreet.ErrNoTable) {
		t.Error(err)
	}
}

// TestAuditRelease counts a few people exactly, and releases the table.
func TestAuditRelease(t *testing.T) {
	e := discreettest.Open(t, auditConfig())
	for i := range 8 {
		who := discreet.Opaque(fmt.Sprint("person-", i))
		if i < 7 { // the eighth never agreed
			check(t, e.Choose(bg, who, agreeAudit))
		}
		if i != 6 { // the seventh states nothing
			states(t, e, who, []string{"women", "men", "another"}[i%3])
		}
		exposes(t, e, who, "loan", i%2 == 0)
		exposes(t, e, who, "rank/home", true)
	}
	sum := map[contrib.Key]int64{}
	spec, err := dp.NewSpec(auditGroups, nil)
	check(t, err)
	for _, v := range vectors(t, e, "audit") {
		for _, c := range v {
			sum[spec.Key(c.Row, c.Column)] += c.Value
		}
	}
	// 0, 3: women, 0 reached; 1, 4: men, 4 reached; 2, 5: another, which the measure does not name.
	want := map[contrib.Key]int64{
		{Group: "women", Item: "loan", Part: "reached"}: 1, {Group: "women", Item: "loan", Part: "missed"}: 1,
		{Group: "men", Item: "loan", Part: "reached"}: 1, {Group: "men", Item: "loan", Part: "missed"}: 1,
	}
	if diff := cmp.Diff(want, sum); diff != "" {
		t.Error(diff)
	}
	r, err := e.Release(bg, discreet.Query{Name: "week-1", Measure: "audit", Share: 0.2}, operator)
	check(t, err)
	if h := r.Header(); h.Kind != "groups" || r.Len() != 8 {
		t.Errorf("%+v", h)
	}
	sigma := r.Header().StdDev
	for _, c := range r.Cells() {
		exact := want[contrib.Key{Group: c.Group, Item: c.Item, Part: c.Part}]
		if c.Group == "" || c.Item == "" || c.Part == "" || float64(max(c.Value-exact, exact-c.Value)) > 8*sigma { // of 8 cells, less than 1e-13
			t.Errorf("%+v, exactly %d", c, exact)
		}
	}
	again, err := e.Release(bg, discreet.Query{Name: "week-1", Measure: "audit", Share: 0.2}, operator)
	check(t, err)
	if string(again.Note()) != string(r.Note()) {
		t.Error("asked again, another table")
	}
}

// TestAuditDeclaredLater declares another table: exposures of before do not count in it,
// and the attribute that was stated before does. With another group the measure is
// another one.
func TestAuditDeclaredLater(t *testing.T) {
	cfg := auditConfig()
	cfg.Store = memstore.Volatile()
	e := discreettest.Open(t, cfg)
	check(t, e.Choose(bg, ann, agreeAudit))
	states(t, e, ann, "women")
	exposes(t, e, ann, "loan", true)
	e.Clock.Advance(3 * 24 * time.Hour)
	for name, g := range map[string]dp.Groups{
		"another name":  groupsOf(func(g *dp.Groups) { g.Name = "later" }),
		"another group": groupsOf(func(g *dp.Groups) { g.Groups = dp.Public{"another", "men", "women"} }),
		"outcomes":      groupsOf(func(g *dp.Groups) { g.Outcomes = true }),
	} {
		next := e.Config
		next.Measures = []dp.Measure{worldMeasures[0], g}
		opened, err := discreet.Open(t.Context(), next)
		check(t, err)
		later := &discreettest.Engine{Engine: opened, Clock: e.Clock}
		if v := vectors(t, later, g.Name); len(v) != 1 || len(v[idOf(t, later, ann)]) != 0 {
			t.Errorf("%s: an exposure of before counts: %v", name, v)
		}
	}
	next := e.Config
	opened, err := discreet.Open(t.Context(), next)
	check(t, err)
	same := &discreettest.Engine{Engine: opened, Clock: e.Clock}
	exposes(t, same, ann, "loan", false)
	e.Clock.Advance(24 * time.Hour)
	next.Audit = &discreet.Audit{Attributes: cfg.Audit.Attributes, Campaigns: append(slices.Clone(cfg.Audit.Campaigns), "new"), TTLDays: 60}
	opened, err = discreet.Open(t.Context(), next)
	check(t, err)
	more := &discreettest.Engine{Engine: opened, Clock: e.Clock}
	for name, e := range map[string]*discreettest.Engine{"declared again": same, "with one campaign more in the configuration": more} {
		if v := vectors(t, e, "audit"); len(v[idOf(t, e, ann)]) != 1 {
			t.Errorf("%s: %v", name, v)
		}
	}
}

func vectors(t interface{ Fatal(...any) }, e *discreettest.Engine, measure string) map[segment.ID][]contrib.Cell {
	v, err := e.Vectors(bg, measure)
	check(t, err)
	return v
}

func idOf(t interface{ Fatal(...any) }, e *discreettest.Engine, who discreet.Raw) segment.ID {
	id, err := e.ID(who, discreet.AuditPurpose)
	check(t, err)
	return id
}
