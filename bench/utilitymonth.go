package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/synth"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
	google "github.com/google/differential-privacy/go/v3/noise"
)

// The measures of a month, in the order in which they are declared; the last one
// is not released, it tells what bounds leave out.
const (
	monthSizes = iota
	monthTop
	monthMeans
	monthUnbounded
)

// month is a service that releases what it is asked for every month.
type month struct {
	l      int
	engine *discreet.Engine
	store  *memstore.Store
	rules  *segment.Rules
	specs  []dp.Spec
	now    time.Time
	first  dp.Day

	tuned float64 // scale of the least Laplace noise that holds the promise
	times int     // how often the peer draws

	ours, peer, best, oursAll, peerAll deviations
	kept, all                          int64 // people in segments, with and without bounds
	found, foundPeer, lists, listsPeer int   // of the items that most people had, in how many lists
}

// utilityMonth takes made-up people through an engine and makes the releases of
// their months: one with many people, which tells what bounds leave out and whether
// the list of items is right, and many with few, for the error of a count, which
// does not depend on how many people there are.
func utilityMonth(ctx context.Context, b *bench, l int) error {
	many, few, months, times := 6000, 300, 40, 4
	if b.short {
		many, few, months, times = 800, 100, 1, 2
	}
	large := &month{l: l, times: 10}
	if err := large.run(ctx, many, 1); err != nil {
		return err
	}
	small := &month{l: l, times: times}
	if err := small.run(ctx, few, months); err != nil {
		return err
	}
	name := caseOf("month-counts", l)
	toPeer, sePeer := small.peer.over(&small.ours)
	toBest, seBest := small.best.over(&small.ours)
	return b.reports(name, "",
		result{Metric: "rmse", Value: small.ours.rmse()},
		result{Metric: "rmse_google_default", Value: small.peer.rmse()},
		result{Metric: "ratio", Value: toPeer},
		result{Metric: "ratio_se", Value: sePeer},
		result{Metric: "rmse_google_tuned", Value: small.best.rmse()},
		result{Metric: "ratio_tuned", Value: toBest},
		result{Metric: "ratio_tuned_se", Value: seBest},
		result{Metric: "rmse_unbounded", Value: large.oursAll.rmse()},
		result{Metric: "rmse_unbounded_google_default", Value: large.peerAll.rmse()},
		result{Metric: "bounded_away_pct", Value: 100 * float64(large.all-large.kept) / float64(large.all)},
		result{Metric: "top20_overlap", Value: float64(large.found) / float64(large.lists)},
		result{Metric: "top20_overlap_google_default", Value: float64(large.foundPeer) / float64(large.listsPeer)},
	)
}

// run makes the releases of some months of a number of people.
func (m *month) run(ctx context.Context, people, months int) error {
	c := synth.Config{Seed: 1, People: people, Items: 300, Events: people * 12 * months, Days: utilityDays * months, Start: utilityStart}
	m.now, m.first = utilityStart, dayOfTime(utilityStart)
	taxonomy := segment.Small()
	for _, id := range taxonomy.IDs() {
		if parent, _ := taxonomy.Parent(id); parent != "" && !taxonomy.Sensitive(id) && len(c.Categories) < utilitySegments {
			c.Categories = append(c.Categories, id)
		}
	}
	if len(c.Categories) < utilitySegments {
		return errors.New("bench: the taxonomy has too few categories")
	}
	g, err := synth.New(c)
	if err != nil {
		return err
	}
	if err := m.open(ctx, g, taxonomy, c.Categories); err != nil {
		return err
	}
	defer m.store.Close()
	defer m.engine.Close()
	return m.live(ctx, g, months*utilityDays)
}

// open opens the engine, and rules of the same declarations, to count exactly.
func (m *month) open(ctx context.Context, g *synth.Generator, taxonomy *segment.Taxonomy, categories []string) error {
	var definitions []segment.Definition
	for _, c := range categories {
		definitions = append(definitions, segment.Definition{
			Name: c, Title: taxonomy.Name(c), Purpose: pipelinePurpose, Version: 1,
			All: []segment.Predicate{{Recency: &segment.Recency{Category: c, WithinDays: 7}}},
		})
	}
	var items dp.Public
	for _, i := range g.Items() {
		items = append(items, i.ID)
	}
	measures := []dp.Measure{
		monthSizes: dp.SegmentSizes{Name: "sizes", Purpose: pipelinePurpose, MaxSegments: m.l, Series: true, Share: utilityShare},
		monthTop: dp.ItemTotals{
			Name: "top", Purpose: pipelinePurpose, Items: items, MaxItems: m.l, MaxPerItem: 1, LookbackDays: utilityDays, Share: utilityShare,
		},
		monthMeans: dp.Means{
			Name: "means", Purpose: pipelinePurpose, By: dp.BySegment{Max: m.l},
			Amount: dp.Amount{Unit: "rating", High: 1000}, LookbackDays: utilityDays, Share: utilityShare,
		},
		monthUnbounded: dp.SegmentSizes{Name: "unbounded", Purpose: pipelinePurpose, MaxSegments: len(categories), Share: utilityShare},
	}
	for _, measure := range measures {
		spec, err := dp.NewSpec(measure, categories)
		if err != nil {
			return err
		}
		m.specs = append(m.specs, spec)
	}
	var err error
	m.rules, err = segment.NewRules(segment.RulesConfig{
		Purpose: pipelinePurpose, Taxonomy: taxonomy, Definitions: definitions, Measures: m.specs, TTLDays: 90,
	})
	if err != nil {
		return err
	}
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		return err
	}
	m.store = memstore.Volatile()
	m.engine, err = discreet.Open(ctx, discreet.Config{
		Tenant: "bench", Keys: keys, Store: m.store, Taxonomy: taxonomy, TTLDays: 90,
		Notices: []consent.Notice{pipelineNotice()}, Segments: definitions, Measures: measures[:monthUnbounded],
		Budget: utilityBudget, Now: func() time.Time { return m.now },
	})
	if err != nil {
		return err
	}
	m.tuned, err = leastLaplace(ctx, utilityReleases*m.l)
	return err
}

// live goes through the stream, and releases at the end of each day.
func (m *month) live(ctx context.Context, g *synth.Generator, days int) error {
	var s step
	day := 0
	seen := map[int]bool{}
	end := func(day int) time.Time { return utilityStart.AddDate(0, 0, day+1).Add(-time.Second) }
	for r := range g.All() {
		for r.Time.After(end(day)) && day < days-1 {
			if err := m.day(ctx, &s, day, end(day)); err != nil {
				return err
			}
			day++
		}
		who := discreet.Email(r.Email)
		switch r.Kind {
		case synth.Choice:
			s.choices = append(s.choices, discreet.Chosen{Who: who, Choice: answer(r.Granted)})
		case synth.Withdrawal:
			s.leave = append(s.leave, who)
		case synth.Event:
			e := discreet.Event{Who: who, MessageID: r.MessageID, Kind: r.Action, Item: r.Item, Category: r.Category, Time: r.Time, Unit: "rating"}
			if !seen[r.Person] {
				seen[r.Person] = true
				e.Value = int64(r.Person % 1001)
			}
			s.events = append(s.events, e)
		}
	}
	return m.day(ctx, &s, day, end(day))
}

// day records what happened, and makes the releases of the day.
func (m *month) day(ctx context.Context, s *step, day int, end time.Time) error {
	m.now = end
	if err := m.engine.ChooseBatch(ctx, s.choices); err != nil {
		return err
	}
	for batch := range slices.Chunk(s.events, pipelineBatch) {
		if _, err := m.engine.RecordBatch(ctx, batch); err != nil {
			return err
		}
	}
	for _, who := range s.leave {
		if _, err := m.engine.Withdraw(ctx, who, pipelinePurpose); err != nil {
			return err
		}
	}
	*s = step{}
	if err := m.count(ctx, day); err != nil {
		return err
	}
	if day%utilityDays < utilityDays-1 {
		return nil
	}
	return m.once(ctx, day)
}

// release makes a release of a measure, with its share of the month.
func (m *month) release(ctx context.Context, measure, day int) (dp.Release, error) {
	name := m.specs[measure].Name
	return m.engine.Release(ctx, discreet.Query{Name: fmt.Sprintf("%s-%d", name, day), Measure: name, Share: utilityShare},
		discreet.Actor{ID: "bench", Reason: "measuring"})
}

// count compares the counts of one day.
func (m *month) count(ctx context.Context, day int) error {
	r, err := m.release(ctx, monthSizes, day)
	if err != nil {
		return err
	}
	exact, err := m.exact(ctx, monthSizes, r.Header().Window, day)
	if err != nil {
		return err
	}
	unbounded, err := m.exact(ctx, monthUnbounded, r.Header().Window, day)
	if err != nil {
		return err
	}
	if r.Len() != len(exact) {
		return errors.New("bench: a release has other cells than are counted")
	}
	for i, n := range exact {
		if c := r.At(i); c.Segment != m.specs[monthSizes].Segments[i] {
			return errors.New("bench: the cells of a release are in another order")
		}
		v := r.At(i).Value
		m.kept, m.all = m.kept+n, m.all+unbounded[i]
		m.ours.add(float64(v - n))
		m.oursAll.add(float64(v - unbounded[i]))
		for range m.times {
			if v, err = peerDefault(n, utilityEpsilon*utilityShare, m.l); err != nil {
				return err
			}
			m.peer.add(float64(v - n))
			m.peerAll.add(float64(v - unbounded[i]))
			if v, err = google.Laplace().AddNoiseInt64(n, 1, 1, 1/m.tuned, 0); err != nil {
				return err
			}
			m.best.add(float64(v - n))
		}
	}
	return nil
}

// once makes the two releases of a month's end, and compares the list of items.
// The error of means is measured by itself, where people's values are known.
func (m *month) once(ctx context.Context, day int) error {
	if _, err := m.release(ctx, monthMeans, day); err != nil {
		return err
	}
	r, err := m.release(ctx, monthTop, day)
	if err != nil {
		return err
	}
	exact, err := m.exact(ctx, monthTop, r.Header().Window, day)
	if err != nil {
		return err
	}
	want := highest(exact)
	values := make([]int64, r.Len())
	for i := range values {
		values[i] = r.At(i).Value
	}
	m.lists, m.found = m.lists+1, m.found+common(want, highest(values))
	for range m.times {
		for i, n := range exact {
			if values[i], err = peerDefault(n, utilityEpsilon*utilityShare, m.l); err != nil {
				return err
			}
		}
		m.listsPeer, m.foundPeer = m.listsPeer+1, m.foundPeer+common(want, highest(values))
	}
	return nil
}
