package main

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"slices"
	"strings"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/segment"
)

// sheet prints what a window's releases will cost, before anything is spent.
func (s *shop) sheet() {
	s.printf("\nBudget sheet (known before a single event)\n%s", s.month.Sheet())
}

func (s *shop) recorded(t tally) {
	s.printf("\nRecorded: %d answers, %d withdrawals, %d events, of which %d were taken, %d had no consent, %d were refused or replayed\n",
		t.choices, t.withdrawn, t.events, t.admitted, t.denied, t.other)
}

// release releases a measure with the share that was planned for it.
func (s *shop) release(ctx context.Context, name, measure string) (dp.Release, error) {
	share, err := s.month.Share(measure)
	if err != nil {
		return dp.Release{}, err
	}
	return s.Release(ctx, discreet.Query{Name: name, Measure: measure, Share: share}, operator)
}

// tables releases both measures under one name.
func (s *shop) tables(ctx context.Context, name string) (sizes, table dp.Release, err error) {
	if sizes, err = s.release(ctx, name+"-sizes", "segment-sizes"); err != nil {
		return sizes, table, err
	}
	table, err = s.release(ctx, name+"-items", "segment-items")
	return sizes, table, err
}

// publish releases both measures and prints them.
func (s *shop) publish(ctx context.Context, name string) error {
	sizes, table, err := s.tables(ctx, name)
	if err != nil {
		return err
	}
	s.printf("\nReleased: people in each segment\n")
	for _, c := range sizes.Cells() {
		s.printf("  %-16s %7d ± %d\n", c.Segment, c.Value, sizes.Header().Margin)
	}
	s.printf("%s\n", wrap(sizes.Statement()))
	s.printf("\nReleased: people in each segment with each item, the largest of %d cells\n", table.Len())
	cells := table.Cells()
	slices.SortStableFunc(cells, func(a, b dp.Cell) int { return int(b.Value - a.Value) })
	for _, c := range cells[:min(8, len(cells))] {
		s.printf("  %-16s %-16s %7d ± %d\n", c.Segment, c.Item, c.Value, table.Header().Margin)
	}
	r := s.Account()
	s.printf("\nSpent %.1f %% of the window's mu^2, left %.1f %%; asked again, a release costs nothing:\n",
		100*r.SpentShare(), 100-100*r.SpentShare())
	again, _, err := s.tables(ctx, name)
	if err != nil {
		return err
	}
	s.printf("  the same bytes: %v; spent now: %.1f %%\n", bytes.Equal(again.Note(), sizes.Note()), 100*s.Account().SpentShare())
	_, err = s.release(ctx, name+"-more", "segment-sizes")
	s.printf("  one more than fits: %v\n", err)
	if _, err := dp.ReadRelease(sizes.Note(), s.Verifiers()...); err != nil {
		return err
	}
	s.printf("  the signed table reads back with the public key %.24s...\n", s.Verifiers()[0])
	return nil
}

// serve takes one person with interests through ranking, rights and erasure.
func (s *shop) serve(ctx context.Context, people iter.Seq[discreet.Raw]) error {
	who, x, err := s.somebody(ctx, people)
	if err != nil {
		return err
	}
	if who.IsZero() {
		s.printf("\nNobody here has two interests to show.\n")
		return s.verify(ctx)
	}
	s.printf("\nOne person's ranking\n")
	first, err := s.ranking(ctx, who)
	if err != nil {
		return err
	}
	if len(first.Items) == 0 {
		s.printf("  nothing to rank: no cell reached the threshold, and no -catalog is given\n")
		return s.verify(ctx)
	}
	interest := first.Items[0].Category
	for _, it := range slices.Backward(first.Items) {
		if it.Why.Categories+it.Why.Seen >= 0.25 {
			interest = it.Category
		}
	}
	if err := s.EraseInterest(ctx, who, purpose, interest); err != nil {
		return err
	}
	s.printf("The person erases the interest %q. The ranking now\n", interest)
	if _, err := s.ranking(ctx, who); err != nil {
		return err
	}
	if x, err = s.Explain(ctx, who, selfService); err != nil {
		return err
	}
	s.printf("\nWhat we hold about this person, in their words\n")
	for _, c := range x.Consent.Purposes {
		s.printf("  %s: %s since %s until %s. To stop: %s\n", c.Title, c.State, c.Since.Format("2006-01-02"), c.Until.Format("2006-01-02"), c.Withdrawal)
	}
	for _, seg := range x.Profiles[0].Segments {
		if seg.In {
			s.printf("  in %q: %s\n", seg.Segment, strings.Join(reasons(seg), "; "))
		}
	}
	export, err := s.Export(ctx, who, selfService)
	if err != nil {
		return err
	}
	b, err := json.Marshal(export)
	if err != nil {
		return err
	}
	s.printf("\nTheir export: %d bytes of JSON: %.160s...\n", len(b), b)

	erased, err := s.Erase(ctx, who, selfService)
	if err != nil {
		return err
	}
	if x, err = s.Explain(ctx, who, selfService); err != nil {
		return err
	}
	s.printf("\nThe answer to their erasure: %s\n", erased.Statement())
	s.printf("Erased: %d profiles are left; the ranking is %v\n", len(x.Profiles), contextual(s.Rank(ctx, discreet.RankRequest{Who: who, Measure: "segment-items", Limit: 1})))
	return s.verify(ctx)
}

// verify checks the ledger and that it agrees with what was spent.
func (s *shop) verify(ctx context.Context) error {
	if err := s.VerifyLedger(ctx); err != nil {
		return err
	}
	r := s.Account()
	s.printf("\nThe ledger verifies: %d records, %d charges, %d answered, head %.16s\n%s\n", r.Records, r.Entries, r.Answered, r.Head, r)
	return nil
}

// somebody returns the first person who is in at least two segments.
func (s *shop) somebody(ctx context.Context, people iter.Seq[discreet.Raw]) (discreet.Raw, discreet.Explanation, error) {
	tried := 0
	for who := range people {
		x, err := s.Explain(ctx, who, selfService)
		if err != nil {
			return discreet.Raw{}, x, err
		}
		in := 0
		for _, p := range x.Profiles {
			for _, seg := range p.Segments {
				if seg.In {
					in++
				}
			}
		}
		if in >= 2 && in <= 4 {
			return who, x, nil
		}
		if tried++; tried == 2000 {
			break
		}
	}
	return discreet.Raw{}, discreet.Explanation{}, nil
}

func (s *shop) ranking(ctx context.Context, who discreet.Raw) (discreet.Ranking, error) {
	r, err := s.Rank(ctx, discreet.RankRequest{Who: who, Measure: "segment-items", Limit: 5})
	if err != nil {
		return r, err
	}
	for i, it := range r.Items {
		s.printf("  %d. %-16s %-18s because %s\n", i+1, it.Item, it.Category, it.Why)
	}
	return r, nil
}

func contextual(r discreet.Ranking, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case r.Contextual:
		return "contextual (" + r.Decision.String() + ")"
	}
	return "personal"
}

// reasons says in words why somebody is in a segment.
func reasons(m segment.Membership) []string {
	var out []string
	for _, f := range slices.Concat(m.All, m.Any) {
		if f.Holds {
			out = append(out, f.String())
		}
	}
	return out
}

// wrap breaks a text at 100 characters.
func wrap(s string) string {
	var b strings.Builder
	n := 0
	for _, w := range strings.Fields(s) {
		if n > 0 && n+len(w) > 100 {
			b.WriteString("\n")
			n = 0
		}
		if n == 0 {
			b.WriteString("  ")
		} else {
			b.WriteString(" ")
		}
		b.WriteString(w)
		n += len(w) + 1
	}
	return b.String()
}
