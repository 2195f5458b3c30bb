package discreet_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/fairness"
)

// TestGroupsAreDeclaredAlike: a store that has declared a measure of groups knows it
// again, so that no exposure of before is lost to it.
func TestGroupsAreDeclaredAlike(t *testing.T) {
	e := discreettest.Open(t, auditConfig())
	const want = "d3a5231c136face8ef0cd69ce8780b7a4f1aefdc489e2205d84764552dea0414"
	if got := hex.EncodeToString(discreet.Declared(e.Engine, "audit")); got != want {
		t.Errorf("declared as %s", got)
	}
}

// opportunityEngine is an engine whose audits have outcomes.
func opportunityEngine(t *testing.T) *discreettest.Engine {
	cfg := auditConfig()
	cfg.Measures = []dp.Measure{groupsOf(func(g *dp.Groups) { g.Campaigns, g.Outcomes, g.MaxCampaigns, g.Share = dp.Public{"loan"}, true, 1, 0.8 })}
	cfg.Budget = dp.Budget{Epsilon: 4, Delta: 1e-6, WindowDays: 30}
	return discreettest.Open(t, cfg)
}

// lend records people, as many women as men. Of the women 30 % would repay, of the men
// 60 %; of those who would, nine tenths are offered a loan, and of others nobody.
func lend(t *testing.T, e *discreettest.Engine, first, n int) {
	t.Helper()
	var choices []discreet.Chosen
	var batch discreet.AuditBatch
	now := e.Clock.Now()
	for i := first; i < first+n; i++ {
		who := discreet.Opaque(fmt.Sprint("borrower-", i))
		group, repay := "women", 3
		if i%2 == 1 {
			group, repay = "men", 6
		}
		k := i / 2
		yes := k%10 < repay
		choices = append(choices, discreet.Chosen{Who: who, Choice: agreeAudit})
		batch.Attributes = append(batch.Attributes, discreet.AttributeEvent{Who: who, Attribute: "sex", Value: group, Time: now})
		batch.Exposures = append(batch.Exposures, discreet.ExposureEvent{Who: who, Campaign: "loan", Reached: yes && k/10%10 != 0, Time: now})
		batch.Outcomes = append(batch.Outcomes, discreet.OutcomeEvent{Who: who, Campaign: "loan", Positive: yes, Time: now})
	}
	check(t, e.ChooseBatch(bg, choices))
	tally, err := e.RecordAudits(bg, batch)
	check(t, err)
	if tally.Events != 3*n || len(tally.Denied) != 0 {
		t.Fatalf("%+v", tally)
	}
}

// TestAuditVerdicts takes people from what they state to signed evidence, in two looks
// that share alpha: women are offered loans half as often, and of those who would repay
// as often as men. The people are the same in every run; their noise would have to be more than
// eight standard deviations off to change a verdict of the second look, or 1e-14.
func TestAuditVerdicts(t *testing.T) {
	e := opportunityEngine(t)
	rule := fairness.Default()
	rule.Metrics, rule.Reference = []fairness.Metric{fairness.Selection, fairness.Opportunity}, "men"
	rule.Looks = fairness.Looks{Days: []string{"2026-01-05", "2026-01-12"}, Spending: fairness.OBrienFleming}
	var releases []dp.Release
	var audits []fairness.Report
	for look, name := range []string{"look-1", "look-2"} {
		if look == 1 {
			e.Clock.Advance(7 * 24 * time.Hour)
		}
		lend(t, e, 1000*look, 1000)
		r, err := e.Release(bg, discreet.Query{Name: name, Measure: "audit", Share: 0.4}, operator)
		check(t, err)
		table, err := fairness.Read(r)
		check(t, err)
		report, err := fairness.Audit(table, rule)
		check(t, err)
		releases, audits = append(releases, r), append(audits, report)
		if report.Look != look+1 || report.Source.Attribute != "sex" || !table.Outcomes() {
			t.Errorf("%+v", report.Source)
		}
	}
	if a, b := audits[0].Alpha, audits[1].Alpha; !(a > 0 && a < b) || a+b < 0.05-1e-12 || a+b > 0.05+1e-12 {
		t.Errorf("the looks spend %v and %v of 0.05", a, b)
	}
	last := audits[1]
	verdicts := map[fairness.Metric]fairness.Verdict{}
	for _, c := range last.Comparisons {
		verdicts[c.Metric] = c.Verdict
	}
	if len(last.Comparisons) != 2 || verdicts[fairness.Selection] != fairness.Fail || verdicts[fairness.Opportunity] != fairness.Pass || last.Verdict != fairness.Fail {
		t.Errorf("%+v", last.Comparisons)
	}

	// A release of a day that was not planned is no look.
	e.Clock.Advance(24 * time.Hour)
	r, err := e.Release(bg, discreet.Query{Name: "one-more", Measure: "audit", Share: 0.1}, operator)
	check(t, err)
	table, err := fairness.Read(r)
	check(t, err)
	if _, err := fairness.Audit(table, rule); !errors.Is(err, fairness.ErrSchedule) {
		t.Errorf("a look more: %v", err)
	}

	signed, err := e.SignEvidence(bg, fairness.Evidence{Audits: audits}, operator, releases...)
	check(t, err)
	shown, err := fairness.ReadEvidence(signed, e.Verifiers()...)
	check(t, err)
	check(t, shown.Check(releases...))
	if strings.Contains(string(signed), "borrower") {
		t.Error("evidence names people")
	}
}

// TestSignEvidence: the engine signs what follows from releases of its own, for somebody
// whose name is logged.
func TestSignEvidence(t *testing.T) {
	e, other := opportunityEngine(t), opportunityEngine(t)
	var releases []dp.Release
	var evidence []fairness.Evidence
	for _, e := range []*discreettest.Engine{e, other} {
		lend(t, e, 0, 400)
		r, err := e.Release(bg, discreet.Query{Name: "look", Measure: "audit", Share: 0.4}, operator)
		check(t, err)
		table, err := fairness.Read(r)
		check(t, err)
		report, err := fairness.Audit(table, fairness.Default())
		check(t, err)
		releases, evidence = append(releases, r), append(evidence, fairness.Evidence{Audits: []fairness.Report{report}})
	}
	changed := fairness.Evidence{Audits: []fairness.Report{evidence[0].Audits[0]}}
	changed.Audits[0].Alpha /= 2
	for name, c := range map[string]struct {
		x    fairness.Evidence
		by   discreet.Actor
		r    []dp.Release
		want error
	}{
		"by nobody":                  {evidence[0], discreet.Actor{}, releases[:1], ledger.ErrActor},
		"of nothing":                 {fairness.Evidence{}, operator, releases[:1], fairness.ErrEvidence},
		"without its release":        {evidence[0], operator, nil, fairness.ErrAbsent},
		"with a release of nobody":   {evidence[0], operator, []dp.Release{{}}, ledger.ErrNotFound},
		"of another ledger":          {evidence[1], operator, releases[1:], ledger.ErrNotFound},
		"that differs":               {changed, operator, releases[:1], fairness.ErrDiffers},
		"with another ledger's, too": {evidence[0], operator, releases, ledger.ErrNotFound},
	} {
		if signed, err := e.SignEvidence(bg, c.x, c.by, c.r...); !errors.Is(err, c.want) || signed != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	before := e.Account()
	signed, err := e.SignEvidence(bg, evidence[0], operator, releases[0])
	check(t, err)
	if _, err := fairness.ReadEvidence(signed, other.Verifiers()...); !errors.Is(err, fairness.ErrUnverified) {
		t.Errorf("read with the keys of another: %v", err)
	}
	if after := e.Account(); after.SpentShare() != before.SpentShare() || after.Records != before.Records {
		t.Error("a signature was charged")
	}
	var last ledger.Access
	check(t, e.AccessLog(bg, func(a ledger.Access) error { last = a; return nil }))
	if last.Action != "SignEvidence" || last.Actor != operator {
		t.Errorf("logged as %+v", last)
	}
	check(t, e.Close())
	if _, err := e.SignEvidence(bg, evidence[0], operator, releases[0]); !errors.Is(err, discreet.ErrClosed) {
		t.Error(err)
	}
}
