package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// segments measures what recording costs, from an event to the profile that it
// goes to, and what profiles take.
func segments(ctx context.Context, b *bench) error {
	for _, f := range []func(context.Context, *bench) error{
		recordCases, profileSize, storeBolt, storePostgres, ingestMany,
	} {
		if err := f(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// segmentCategories are what people of these cases are interested in.
var segmentCategories = [...]string{
	"sports.running", "music.pop", "food.baking", "books.fiction",
	"home.garden", "games.board", "travel.trains", "film.drama",
}

// segmentDay is where the time of these cases begins.
var segmentDay = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const (
	crowdItems = 2_000
	crowdKnown = 8 // items of one person
	crowdDaily = 5 // events of one person on a day
	crowdFill  = 9 // days until as many message ids go as come

	crowdPace = 100 * time.Microsecond // from one event to the next
)

// A crowd is people who agreed and come back day after day: each has a few
// categories and items, so that after some days nothing that they do is new
// but the message id.
type crowd struct {
	people []discreet.Raw
	keys   *pseudonym.Keyring
	store  discreet.Store
	engine *discreet.Engine
	now    time.Time
	day    int
}

// segmentConfig is a service with a segment for each category and both tables.
func segmentConfig(store discreet.Store, keys *pseudonym.Keyring, now *time.Time) discreet.Config {
	cfg := discreet.Config{
		Tenant: "bench", Keys: keys, Store: store, Taxonomy: segment.Small(), TTLDays: 365,
		Notices: []consent.Notice{pipelineNotice()},
		Measures: []dp.Measure{
			dp.SegmentSizes{Name: "sizes", Purpose: pipelinePurpose, MaxSegments: 3, Share: 0.3},
			dp.SegmentItems{
				Name: "items", Purpose: pipelinePurpose, Items: dp.Discovered{},
				MaxSegments: 3, MaxItems: 16, MaxPerItem: 1, LookbackDays: 30, Share: 0.6,
			},
		},
		Budget: dp.Budget{Epsilon: 2, Delta: 1e-6, WindowDays: pipelineWindow},
		Now:    func() time.Time { return *now },
	}
	for _, category := range segmentCategories {
		cfg.Segments = append(cfg.Segments, segment.Definition{
			Name: category, Purpose: pipelinePurpose, Version: 1,
			All: []segment.Predicate{{Score: &segment.Score{Category: category, HalfLifeDays: 14, AtLeastMilli: 1500}}},
		})
	}
	return cfg
}

// newCrowd opens an engine over the store, which must be bound to nobody else,
// and has so many people agree.
func newCrowd(ctx context.Context, store discreet.Store, keys *pseudonym.Keyring, people int) (*crowd, error) {
	c := &crowd{store: store, keys: keys, now: segmentDay}
	var err error
	if c.engine, err = discreet.Open(ctx, segmentConfig(store, keys, &c.now)); err != nil {
		return nil, err
	}
	var chosen []discreet.Chosen
	for i := range people {
		who := discreet.Email(fmt.Sprintf("person-%06d@example.com", i))
		c.people = append(c.people, who)
		chosen = append(chosen, discreet.Chosen{Who: who, Choice: answer(true)})
	}
	for from := 0; from < people; from += pipelineBatch {
		if err := c.engine.ChooseBatch(ctx, chosen[from:min(from+pipelineBatch, people)]); err != nil {
			return nil, errors.Join(err, c.engine.Close())
		}
	}
	return c, nil
}

// nextDay makes the events of the next day, everybody's in turn.
func (c *crowd) nextDay() []discreet.Event {
	n := len(c.people) * crowdDaily
	events := make([]discreet.Event, n)
	start := segmentDay.AddDate(0, 0, c.day)
	for i := range events {
		person := i * 7919 % len(c.people)
		item := (person*7 + (c.day*crowdDaily+i/len(c.people))%crowdKnown*13) % crowdItems
		events[i] = discreet.Event{
			Who: c.people[person], MessageID: fmt.Sprintf("m-%d-%d", c.day, i), Kind: "view",
			Item: fmt.Sprintf("item-%05d", item), Category: segmentCategories[item%len(segmentCategories)],
			Time: start.Add(time.Duration(i) * crowdPace),
		}
	}
	c.day++
	return events
}

// fill records some days in batches.
func (c *crowd) fill(ctx context.Context, days int) error {
	for range days {
		if err := c.batches(ctx, c.nextDay(), pipelineBatch); err != nil {
			return err
		}
	}
	return nil
}

// batches records events in batches of so many, all of which must be admitted.
func (c *crowd) batches(ctx context.Context, events []discreet.Event, size int) error {
	for from := 0; from < len(events); from += size {
		some := events[from:min(from+size, len(events))]
		c.now = some[len(some)-1].Time
		tally, err := c.engine.RecordBatch(ctx, some)
		if err != nil {
			return err
		}
		if tally.Results[segment.Admitted] != len(some) {
			return errNotAdmitted
		}
	}
	return nil
}

var errNotAdmitted = errors.New("bench: an event was not admitted")

// recordCases measures one event at a time in memory, of people, categories and
// items that are known, into outcomes that are used again and into new ones; and
// what evaluating the profiles costs that come of it.
func recordCases(ctx context.Context, b *bench) error {
	people := 10_000
	if b.short {
		people = 500
	}
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		return err
	}
	c, err := newCrowd(ctx, memstore.Volatile(), keys, people)
	if err != nil {
		return err
	}
	defer c.store.Close()
	defer c.engine.Close()
	if err := c.fill(ctx, crowdFill); err != nil {
		return err
	}
	var outcomes []discreet.Outcome
	into := func(e *discreet.Event) (err error) {
		c.now = e.Time
		if outcomes, err = c.engine.RecordInto(ctx, *e, outcomes[:0]); err == nil && outcomes[0].Result != segment.Admitted {
			err = errNotAdmitted
		}
		return err
	}
	alone := func(e *discreet.Event) error {
		c.now = e.Time
		outcomes, err := c.engine.Record(ctx, *e)
		if err == nil && outcomes[0].Result != segment.Admitted {
			err = errNotAdmitted
		}
		return err
	}
	var costs, aloneCosts []cost
	var p99 []float64
	took := make([]time.Duration, people*crowdDaily)
	for range b.rounds() { // a day for each cost, and one for each event's time
		one, err := c.costOfDay(into)
		if err != nil {
			return err
		}
		costs = append(costs, one)
		if one, err = c.costOfDay(alone); err != nil {
			return err
		}
		aloneCosts = append(aloneCosts, one)
		events := c.nextDay()
		for i := range events {
			start := time.Now()
			if err := into(&events[i]); err != nil {
				return err
			}
			took[i] = time.Since(start)
		}
		p99 = append(p99, float64(quantile(took, 0.99))/float64(time.Microsecond))
	}
	if err := b.reports("record", "memory",
		result{Metric: "ns_op", Value: median(costs, func(c cost) float64 { return c.ns })},
		result{Metric: "allocs_op", Value: allocsOf(costs)},
		result{Metric: "p99_us", Value: median(p99, func(v float64) float64 { return v })},
	); err != nil {
		return err
	}
	if err := b.reports("record-new-slice", "memory",
		result{Metric: "ns_op", Value: median(aloneCosts, func(c cost) float64 { return c.ns })},
		result{Metric: "allocs_op", Value: allocsOf(aloneCosts)},
	); err != nil {
		return err
	}
	return c.evaluate(ctx, b)
}

// costOfDay records the events of a day, one after the other.
func (c *crowd) costOfDay(record func(*discreet.Event) error) (cost, error) {
	events := c.nextDay()
	return costOf(len(events), func(int) error {
		for i := range events {
			if err := record(&events[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// fifty returns definitions of all kinds over what may be used of the taxonomy.
func fifty() []segment.Definition {
	t := segment.Small()
	var usable []string
	for _, id := range t.IDs() {
		if !t.Sensitive(id) {
			usable = append(usable, id)
		}
	}
	list := make([]segment.Definition, 50)
	for i := range list {
		category := segmentCategories[i%len(segmentCategories)]
		other := usable[i*7%len(usable)]
		d := segment.Definition{Name: fmt.Sprintf("segment-%02d", i), Purpose: pipelinePurpose, Version: 1}
		switch i % 4 {
		case 0:
			d.All = []segment.Predicate{{Score: &segment.Score{Category: category, HalfLifeDays: 7 + i%3*7, AtLeastMilli: 1500}}}
		case 1:
			d.Any = []segment.Predicate{
				{Recency: &segment.Recency{Category: other, WithinDays: 7}},
				{Recency: &segment.Recency{Category: category, WithinDays: 3}},
			}
		case 2:
			d.All = []segment.Predicate{{Frequency: &segment.Frequency{Category: category, AtLeast: 3, WithinDays: 20, Days: true}}}
		default:
			d.All = []segment.Predicate{{Frequency: &segment.Frequency{Category: category, AtLeast: 5, WithinDays: 30}}}
			d.None = []segment.Predicate{{Score: &segment.Score{Category: other, HalfLifeDays: 14, AtLeastMilli: 100_000}}}
		}
		list[i] = d
	}
	return list
}

// evaluate measures 50 definitions over one person's profile, decoded before and
// from the row.
func (c *crowd) evaluate(ctx context.Context, b *bench) error {
	rules, err := segment.NewRules(segment.RulesConfig{
		Purpose: pipelinePurpose, Taxonomy: segment.Small(), Definitions: fifty(), TTLDays: 365,
	})
	if err != nil {
		return err
	}
	rows := make([][]byte, 256)
	profiles := make([]*segment.Profile, len(rows))
	for i := range rows {
		id, err := c.engine.ID(c.people[i], pipelinePurpose)
		if err != nil {
			return err
		}
		if rows[i], err = c.store.ProfileRow(ctx, segment.Key{Purpose: pipelinePurpose, ID: id}); err != nil {
			return err
		}
		if profiles[i], err = segment.ReadProfile(rows[i]); err != nil {
			return err
		}
	}
	today := segment.Day(c.now.Unix() / 86400)
	members := 0
	decoded := func(n int) error {
		for i := range n {
			members += len(rules.Segments(profiles[i%len(profiles)], today))
		}
		return ctx.Err()
	}
	var p segment.Profile
	fromRow := func(n int) error {
		for i := range n {
			if err := p.UnmarshalBinary(rows[i%len(rows)]); err != nil {
				return err
			}
			members += len(rules.Segments(&p, today))
		}
		return ctx.Err()
	}
	n := 20_000
	if b.short {
		n = 2_000
	}
	costs, err := sideBySide(b.rounds(), n, decoded, fromRow)
	if err != nil {
		return err
	}
	if members == 0 {
		return errors.New("bench: nobody is in a segment")
	}
	return b.reports("evaluate-50", "",
		result{Metric: "ns_op", Value: median(costs[0], func(c cost) float64 { return c.ns })},
		result{Metric: "allocs_op", Value: allocsOf(costs[0])},
		result{Metric: "ns_op_from_row", Value: median(costs[1], func(c cost) float64 { return c.ns })},
	)
}
