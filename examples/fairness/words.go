package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"github.com/discreet-go/discreet/fairness"
)

// String tells a delivery in words.
func (d delivery) String() string {
	var b strings.Builder
	for i, page := range pages {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%.1f %% of visits to %s", 100*d[page], page)
	}
	return b.String()
}

func (s *service) tellAudit(r fairness.Report) {
	s.say("\nAudit of %s by %s, look %d of %d: %s\n", job, r.Source.Attribute, r.Look, len(r.Rule.Looks.Days), strings.ToUpper(string(r.Verdict)))
	for _, c := range r.Comparisons {
		s.say("  %-5s reached at %4.1f %%, all others at %4.1f %%: ratio %.2f (%.2f to %.2f), %s\n",
			c.Group, 100*c.Rate.Value, 100*c.ReferenceRate.Value, c.Ratio.Value, c.Ratio.Low, c.Ratio.High, c.Verdict)
		s.say("        with this budget and so many people a ratio of %.2f would be noticed, and one of %.2f pass\n", c.Detectable, c.Passable)
	}
}

func (s *service) tellProxies(r fairness.ProxyReport) {
	s.say("\nDo segments stand for a sex?\n")
	for _, f := range r.Findings {
		if f.Group == "women" {
			s.say("  %-23s %4.1f %% of women, %4.1f %% of others: %s\n", f.Segment, 100*f.Rate.Value, 100*f.OthersRate.Value, f.Verdict)
		}
	}
}

func (s *service) tellPlan(p fairness.Plan) {
	s.say("\nThe plan, from the released table, spends %.2f times as much:\n", p.Budget)
	for _, place := range p.Placements {
		s.say("  %-12s %5.2f times as much, %4.1f %% of the budget\n", place.Name, place.Weight, 100*place.Share)
	}
	for _, g := range p.Groups {
		if g.Ratio > 0 {
			s.say("  %s: a ratio of %.2f, then %.2f\n", g.Group, g.Ratio, g.Then)
		}
	}
}

func (s *service) tellChanges(list []fairness.Change) {
	s.say("\nReach over the pages, before and after\n")
	for _, c := range list {
		s.say("  %-5s %6.0f, then %6.0f\n", c.Group, c.Before.Value, c.After.Value)
	}
}

// tellDecision tells a decision, and where it is written down.
func (s *service) tellDecision(d fairness.Decision, log *decisions) error {
	if d.Open {
		s.say("\nThe gate is OPEN for %s: it rests on %d release.\n", d.Campaign, len(d.Sources))
	} else {
		s.say("\nThe gate is CLOSED for %s:\n", d.Campaign)
	}
	for _, c := range d.Causes {
		s.say("  %s %s\n", c.Reason, c.Name)
	}
	written, err := os.ReadFile(log.path)
	if err != nil {
		return err
	}
	s.say("  Written down, and on disk, as line %d of the log before it was used.\n", bytes.Count(written, []byte("\n")))
	return nil
}
