package main

import (
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/synth"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
	"github.com/discreet-go/discreet/segment/ingest"
)

const (
	pipelinePurpose = "personalize.content"
	pipelineWindow  = 30 // days
	pipelineBatch   = 8192
)

// pipeline measures the whole chain: choices and events through the engine into
// profiles, then both tables released.
func pipeline(ctx context.Context, b *bench) error {
	for _, f := range []func(context.Context, *bench) error{pipelineSynthetic, pipelineMany, pipelineRetail} {
		if err := f(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// A step is one call of a run: answers first, then events.
type step struct {
	at      time.Time
	choices []discreet.Chosen
	leave   []discreet.Raw
	events  []discreet.Event
}

// A chain is what the steps run through.
type chain struct {
	taxonomy *segment.Taxonomy
	segments []string // categories, each of which makes a segment
	items    dp.Partitions
}

// pipelineSynthetic runs a million events of 50,000 people over 28 days, made
// beforehand, through an engine in memory.
func pipelineSynthetic(ctx context.Context, b *bench) error {
	const name = "synthetic-1m"
	c := synth.Config{
		Seed: 1, People: 50_000, Items: 2_000, Events: 1_000_000, Days: 28,
		Categories: []string{"sports.running", "music.pop", "food.baking", "books.fiction", "home.garden", "games.board", "travel.trains", "film.drama"},
		Start:      time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	if b.short {
		c.People, c.Events = 5_000, 50_000
	}
	g, err := synth.New(c)
	if err != nil {
		return err
	}
	var items dp.Public
	for _, i := range g.Items()[:500] {
		items = append(items, i.ID)
	}
	steps := slices.Collect(syntheticSteps(g, pipelineBatch))
	how := chain{segment.Small(), c.Categories, items}
	runs := 5
	if b.short {
		runs = 1
	}
	var rates, heaps, rows []float64
	for range runs {
		before := settled()
		store := memstore.Volatile()
		elapsed, err := how.run(ctx, store, steps)
		if err != nil {
			return err
		}
		rates = append(rates, float64(c.Events)/elapsed.Seconds())
		held := settled() - before
		people, bytes := 0, 0
		err = store.ProfileScan(ctx, pipelinePurpose, func(_ segment.ID, row []byte) error {
			people, bytes = people+1, bytes+len(row)
			return nil
		})
		if err != nil || people == 0 {
			return errors.Join(err, errors.New("bench: no profile was made"))
		}
		heaps = append(heaps, held/float64(people))
		rows = append(rows, float64(bytes)/float64(people))
		if err := store.Close(); err != nil {
			return err
		}
	}
	itself := func(v float64) float64 { return v }
	return b.reports(name, "memory",
		result{Metric: "events_per_s", Value: median(rates, itself)},
		result{Metric: "bytes_per_person", Value: median(heaps, itself)},
		result{Metric: "profile_bytes_per_person", Value: median(rows, itself)},
	)
}

// syntheticSteps cuts the stream into steps of so many events. People answer at the
// start of the step in which they do, and leave at the start of the next, which is
// what a batch job does.
func syntheticSteps(g *synth.Generator, size int) iter.Seq[step] {
	raws := make([]discreet.Raw, g.People())
	for i := range raws {
		raws[i] = discreet.Email(g.Email(i))
	}
	return func(yield func(step) bool) {
		s, next := step{}, step{}
		flush := func() bool {
			if len(s.events)+len(s.choices)+len(s.leave) > 0 && !yield(s) {
				return false
			}
			s, next = next, step{}
			return true
		}
		for r := range g.All() {
			if s.at.IsZero() {
				s.at = r.Time
			}
			switch r.Kind {
			case synth.Choice:
				s.choices = append(s.choices, discreet.Chosen{Who: raws[r.Person], Choice: answer(r.Granted)})
			case synth.Withdrawal:
				next.leave = append(next.leave, raws[r.Person])
			case synth.Event:
				if s.events == nil {
					s.events = make([]discreet.Event, 0, size)
				}
				s.events = append(s.events, discreet.Event{
					Who: raws[r.Person], MessageID: r.MessageID, Kind: r.Action, Item: r.Item, Category: r.Category, Time: r.Time,
				})
				if len(s.events) == size && !flush() {
					return
				}
			}
		}
		if flush() {
			flush()
		}
	}
}

// pipelineRetail reads the Online Retail file, once with every batch synced to
// disk; every customer is taken to have agreed.
func pipelineRetail(ctx context.Context, b *bench) error {
	const name = "online-retail"
	path := filepath.Join(b.data, "online-retail", "online-retail.csv.gz")
	if b.data == "" {
		b.skip(name, "-data is not set")
		return nil
	}
	if _, err := os.Stat(path); err != nil {
		b.skip(name, "the data set is not there")
		return nil
	}
	taxonomy, err := segment.ReadTSV(strings.NewReader(ingest.RetailTaxonomyTSV()))
	if err != nil {
		return err
	}
	reader, err := ingest.Open(path, ingest.Config{Profile: ingest.OnlineRetail()})
	if err != nil {
		return err
	}
	defer reader.Close()
	var tops []string
	for _, id := range taxonomy.IDs() {
		if parent, _ := taxonomy.Parent(id); parent == ingest.RetailRoot {
			tops = append(tops, id)
		}
	}
	var steps []step
	s, known, rows := step{}, map[string]bool{}, 0
	for row, err := range reader.Rows(ctx) {
		if err != nil {
			return err
		}
		if s.at.IsZero() {
			s.at = row.Time
		}
		if who := row.Person.Expose(); !known[who] {
			known[who] = true
			s.choices = append(s.choices, discreet.Chosen{Who: row.Person, Choice: answer(true)})
		}
		s.events = append(s.events, discreet.Event{
			Who: row.Person, MessageID: row.MessageID, Kind: row.Kind, Item: row.Item, Category: row.Category, Count: row.Count, Value: row.Value, Unit: row.Unit, Time: row.Time,
		})
		if rows++; len(s.events) == pipelineBatch {
			steps, s = append(steps, s), step{}
		}
		if b.short && rows == 20_000 {
			break
		}
	}
	steps = append(steps, s)
	how := chain{taxonomy, tops, dp.Discovered{}}
	dir, err := os.MkdirTemp("", "discreet-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	store, err := boltstore.Open(filepath.Join(dir, "store"), boltstore.Options{Durability: boltstore.Sync})
	if err != nil {
		return err
	}
	defer store.Close()
	elapsed, err := how.run(ctx, store, steps)
	if err != nil {
		return err
	}
	return b.reports(name, boltstore.Sync.String(), result{Metric: "events_per_s", Value: float64(rows) / elapsed.Seconds()})
}

// run takes the steps through a fresh engine over the store, releases both
// tables, and returns how long that took.
func (c chain) run(ctx context.Context, store discreet.Store, steps []step) (time.Duration, error) {
	r, err := c.open(ctx, store, steps[0].at)
	if err != nil {
		return 0, err
	}
	defer r.engine.Close()
	start := time.Now()
	for _, s := range steps {
		if err := r.consents(ctx, s); err != nil {
			return 0, err
		}
		if err := r.events(ctx, s); err != nil {
			return 0, err
		}
	}
	if err := r.release(ctx); err != nil {
		return 0, err
	}
	elapsed := time.Since(start)
	if r.admitted == 0 {
		return 0, errors.New("bench: no event was admitted")
	}
	return elapsed, nil
}

// A running chain is an engine on its way through the steps.
type running struct {
	engine   *discreet.Engine
	now      time.Time
	admitted int
}

// open opens a fresh engine over the store.
func (c chain) open(ctx context.Context, store discreet.Store, now time.Time) (*running, error) {
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		return nil, err
	}
	r := &running{now: now}
	cfg := discreet.Config{
		Tenant: "bench", Keys: keys, Store: store, Taxonomy: c.taxonomy, TTLDays: 365,
		Notices: []consent.Notice{pipelineNotice()},
		Measures: []dp.Measure{
			dp.SegmentSizes{Name: "sizes", Purpose: pipelinePurpose, MaxSegments: 3, Share: 0.3},
			dp.SegmentItems{
				Name: "items", Purpose: pipelinePurpose, Items: c.items,
				MaxSegments: 3, MaxItems: 5, MaxPerItem: 1, LookbackDays: 30, Share: 0.6,
			},
		},
		Budget: dp.Budget{Epsilon: 2, Delta: 1e-6, WindowDays: pipelineWindow},
		Now:    func() time.Time { return r.now },
	}
	for _, category := range c.segments {
		cfg.Segments = append(cfg.Segments, segment.Definition{
			Name: category, Title: c.taxonomy.Name(category), Purpose: pipelinePurpose, Version: 1,
			All: []segment.Predicate{{Score: &segment.Score{Category: category, HalfLifeDays: 14, AtLeastMilli: 1500}}},
		})
	}
	r.engine, err = discreet.Open(ctx, cfg)
	return r, err
}

// consents takes what people of a step answer.
func (r *running) consents(ctx context.Context, s step) error {
	if s.at.After(r.now) {
		r.now = s.at
	}
	if err := r.engine.AdvanceWindow(ctx, discreet.Actor{ID: "bench", Reason: "measuring"}); err != nil {
		return err
	}
	for _, who := range s.leave {
		if _, err := r.engine.Withdraw(ctx, who, pipelinePurpose); err != nil {
			return err
		}
	}
	for chunk := range slices.Chunk(s.choices, pipelineBatch) {
		if err := r.engine.ChooseBatch(ctx, chunk); err != nil {
			return err
		}
	}
	return nil
}

// events takes what people of a step do.
func (r *running) events(ctx context.Context, s step) error {
	n := len(s.events)
	if n == 0 {
		return nil
	}
	r.now = s.events[n-1].Time
	tally, err := r.engine.RecordBatch(ctx, s.events)
	r.admitted += tally.Results[segment.Admitted]
	return err
}

// release releases both tables.
func (r *running) release(ctx context.Context) error {
	for _, measure := range []string{"sizes", "items"} {
		_, err := r.engine.Release(ctx, discreet.Query{Name: "bench-" + measure, Measure: measure, Share: 0.3}, discreet.Actor{ID: "bench", Reason: "measuring"})
		if err != nil {
			return err
		}
	}
	return nil
}

func pipelineNotice() consent.Notice {
	return consent.Notice{
		ID: "pages", Version: 1, Locale: "en", Title: "Pages that fit you",
		Text:          "We keep what you look at and buy, under a pseudonym, to put first what you may like.",
		Purposes:      []consent.Purpose{{Key: pipelinePurpose, Title: "Personal pages"}},
		Categories:    []string{"pages you viewed and things you bought"},
		Withdrawal:    "Settings, Privacy, one tap.",
		RetentionDays: 365, ConsentDays: 395,
	}
}

func answer(granted bool) discreet.Choice {
	c := discreet.Choice{Notice: "pages", Version: 1, Locale: "en", Method: "banner"}
	if granted {
		c.Grant = []string{pipelinePurpose}
	} else {
		c.Refuse = []string{pipelinePurpose}
	}
	return c
}

// heap returns the bytes in use after a collection.
func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
