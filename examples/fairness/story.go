package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"time"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/fairness"
)

// The days of the story. Between the trials more than keepDays pass, so that the second
// table is of the second trial alone.
var (
	firstTrial  = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	secondTrial = time.Date(2026, 2, 16, 0, 0, 0, 0, time.UTC)
)

// rule is what the campaign has to meet. It is fixed before anything is released: the
// four-fifths rule, at two looks that share alpha.
func rule() fairness.Rule {
	r := fairness.Default()
	r.Looks.Days = []string{"2026-01-18", "2026-03-01"} // the last day of each trial
	return r
}

// correction is how the campaign may be mended.
var correction = fairness.CorrectRule{Placements: pages, Reference: "men", Target: 1, Level: 0.7, MaxWeight: 10}

// restricted is what the gate asks of a job campaign.
func restricted() fairness.Category {
	return fairness.Category{
		Name: fairness.Employment, Forbidden: []string{"sex"}, Exempt: pages, Groups: []string{"men", "women"},
		Audit: rule(), Proxy: fairness.DefaultProxy(), MaxAgeDays: 14,
	}
}

// story is what came out.
type story struct {
	evidence fairness.Evidence
	changes  []fairness.Change // of reach, by the plan
	shown    [2]int            // visits that were shown the campaign
}

// tell tells the story in an empty folder.
func tell(ctx context.Context, dir string, n int, out io.Writer) (x story, err error) {
	s, err := open(ctx, dir, firstTrial, out)
	if err != nil {
		return story{}, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	log := &decisions{path: filepath.Join(dir, "decisions.jsonl")}
	gate, err := fairness.NewGate(fairness.GateConfig{
		Account: s.Account().Population, Exposures: reach, Membership: members, Categories: []fairness.Category{restricted()}, Log: log.append,
	})
	if err != nil {
		return story{}, err
	}
	people := makePeople(n)
	s.say("%d made-up people, a tenth of whom refuse to be counted. Planned, before anything is known:\n\n%s", n, s.plan.Sheet())
	if err := s.ask(ctx, people); err != nil {
		return story{}, err
	}

	// The first trial, for the cheapest clicks and aimed at readers of sports.
	got, err := s.trial(ctx, people, cheapest, firstTrial)
	if err != nil {
		return story{}, err
	}
	x.shown[0] = got.shown
	s.say("\nFirst trial: %s\nRecorded %d statements and decisions, %d of which had no consent and were refused.\n", cheapest, got.recorded, got.refused)
	reach1, before, err := s.table(ctx, "first-reach", reach)
	if err != nil {
		return story{}, err
	}
	members1, segments, err := s.table(ctx, "first-members", members)
	if err != nil {
		return story{}, err
	}
	if err := s.audit(&x, before); err != nil {
		return story{}, err
	}
	proxies, err := fairness.Proxy(segments, fairness.DefaultProxy())
	if err != nil {
		return story{}, err
	}
	x.evidence.Proxies = append(x.evidence.Proxies, proxies)
	s.tellProxies(proxies)
	if err := s.decide(ctx, &x, gate, log, []string{fans, early}, before, segments); err != nil {
		return story{}, err
	}

	// The correction, and the second trial.
	plan, err := fairness.Correct(before, correction)
	if err != nil {
		return story{}, err
	}
	x.evidence.Plans = append(x.evidence.Plans, plan)
	corrected := delivery{}
	for _, p := range plan.Placements {
		corrected[p.Name] = min(1, cheapest[p.Name]*p.Weight)
	}
	s.tellPlan(plan)
	if got, err = s.trial(ctx, people, corrected, secondTrial); err != nil {
		return story{}, err
	}
	x.shown[1] = got.shown
	s.say("\nSecond trial, by page alone: %s\nRecorded %d statements and decisions, %d of which were refused.\n", corrected, got.recorded, got.refused)
	reach2, after, err := s.table(ctx, "second-reach", reach)
	if err != nil {
		return story{}, err
	}
	if err := s.audit(&x, after); err != nil {
		return story{}, err
	}
	if x.changes, err = plan.Held(before, after); err != nil {
		return story{}, err
	}
	s.tellChanges(x.changes)
	if err := s.decide(ctx, &x, gate, log, pages, before, segments, after); err != nil {
		return story{}, err
	}
	return x, s.prove(ctx, &x, reach1, members1, reach2)
}

// audit audits a table under the rule.
func (s *service) audit(x *story, t *fairness.Table) error {
	r := rule()
	r.Campaigns = []string{job}
	report, err := fairness.Audit(t, r)
	if err != nil {
		return err
	}
	x.evidence.Audits = append(x.evidence.Audits, report)
	s.tellAudit(report)
	return nil
}

// decide asks the gate. What it answers is on disk before it is acted on: Check returns an
// error, and nothing is open, where the log did not take it.
func (s *service) decide(ctx context.Context, x *story, gate *fairness.Gate, log *decisions, uses []string, tables ...*fairness.Table) error {
	d, err := gate.Check(ctx, fairness.Request{
		Campaign: job, Category: fairness.Employment, Uses: uses, Today: dp.Day(s.clock().Unix() / 86400), Tables: tables,
	})
	if err != nil {
		return err
	}
	x.evidence.Decisions = append(x.evidence.Decisions, d)
	return s.tellDecision(d, log)
}

// prove signs everything as evidence with the key that signed the releases, and checks
// it from files.
func (s *service) prove(ctx context.Context, x *story, releases ...dp.Release) error {
	signed, err := s.SignEvidence(ctx, x.evidence, auditor, releases...)
	if err != nil {
		return err
	}
	path := filepath.Join(s.dir, "evidence.note")
	if err := write(path, signed); err != nil {
		return err
	}
	var notes []string
	for _, r := range releases {
		notes = append(notes, filepath.Join(s.dir, r.Header().Name+".note"))
	}
	read, err := checkFiles(path, notes, s.Verifiers())
	if err != nil {
		return err
	}
	s.say("\nEvidence: %d bytes, signed; read back with the public key %.20s..., it follows from its %d releases:\n  %d audits, %d test for proxies, %d decisions, %d plan, each computed again.\n",
		len(signed), s.Verifiers()[0], len(releases), len(read.Audits), len(read.Proxies), len(read.Decisions), len(read.Plans))
	return s.VerifyLedger(ctx)
}
