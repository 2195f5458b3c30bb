package main

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/synth"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// population returns a named synthetic population: the same people and events
// for the same numbers, on every machine.
func population(people, events int) (*synth.Generator, error) {
	return synth.New(synth.Config{
		Seed: 1, People: people, Items: 2_000, Events: events, Days: 28,
		Categories: segmentCategories[:], Start: segmentDay,
	})
}

// held is what a run left behind.
type held struct {
	bytes  float64 // of heap, rows and index together, after a sweep
	rows   int     // bytes of profile rows
	people int     // with a profile
	items  int     // that profiles keep
}

// profileSize measures the heap that profiles take in memory, index and all, of
// the population synthetic-1m: its stream is run four times, without events,
// with them but without items and message ids, with items, and with both; the
// differences are what each part takes. A sweep at the end drops the message ids
// that are older than seven days.
func profileSize(ctx context.Context, b *bench) error {
	people, events := 50_000, 1_000_000
	if b.short {
		people, events = 5_000, 50_000
	}
	g, err := population(people, events)
	if err != nil {
		return err
	}
	steps := slices.Collect(syntheticSteps(g, pipelineBatch))
	strip := func(keep func(e discreet.Event) (discreet.Event, bool)) (held, error) {
		changed := make([]step, len(steps))
		for i, s := range steps {
			s.events = nil
			for _, e := range steps[i].events {
				if e, ok := keep(e); ok {
					s.events = append(s.events, e)
				}
			}
			changed[i] = s
		}
		return sizeOf(ctx, changed)
	}
	none, err := strip(func(e discreet.Event) (discreet.Event, bool) { return e, false })
	if err != nil {
		return err
	}
	bare, err := strip(func(e discreet.Event) (discreet.Event, bool) { e.Item, e.MessageID = "", ""; return e, true })
	if err != nil {
		return err
	}
	items, err := strip(func(e discreet.Event) (discreet.Event, bool) { e.MessageID = ""; return e, true })
	if err != nil {
		return err
	}
	all, err := strip(func(e discreet.Event) (discreet.Event, bool) { return e, true })
	if err != nil {
		return err
	}
	if bare.people == 0 || items.items == 0 || items.people != bare.people || all.people != bare.people {
		return errors.New("bench: the runs are not of the same people")
	}
	n := float64(bare.people)
	return b.reports("profile-size", "memory",
		result{Metric: "people", Value: n},
		result{Metric: "items_per_person", Value: float64(items.items) / n},
		result{Metric: "bytes_per_person", Value: (bare.bytes - none.bytes) / n},
		result{Metric: "bytes_per_item", Value: (items.bytes - bare.bytes) / float64(items.items)},
		result{Metric: "dedupe_bytes", Value: (all.bytes - items.bytes) / n},
		result{Metric: "row_bytes_per_person", Value: float64(bare.rows) / n},
		result{Metric: "row_bytes_per_item", Value: float64(items.rows-bare.rows) / float64(items.items)},
		result{Metric: "row_dedupe_bytes", Value: float64(all.rows-items.rows) / n},
	)
}

// sizeOf runs the steps through an engine in memory and returns what is left, the
// heap by what closing the store gives back.
func sizeOf(ctx context.Context, steps []step) (h held, err error) {
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		return h, err
	}
	store := memstore.Volatile()
	now := segmentDay
	cfg := segmentConfig(store, keys, &now)
	if err := runSteps(ctx, cfg, &now, steps); err != nil {
		return h, err
	}
	rules, err := rulesOf(&cfg)
	if err != nil {
		return h, err
	}
	var p segment.Profile
	err = store.ProfileScan(ctx, pipelinePurpose, func(_ segment.ID, row []byte) error {
		if err := p.UnmarshalBinary(row); err != nil {
			return err
		}
		h.people++
		h.rows += len(row)
		h.items += len(rules.History(&p, now).Items)
		return nil
	})
	if err != nil {
		return h, err
	}
	with := settled()
	if err := store.Close(); err != nil {
		return h, err
	}
	h.bytes = with - settled()
	runtime.KeepAlive(store)
	runtime.KeepAlive(steps)
	return h, nil
}

// runSteps takes the steps through a fresh engine, and sweeps.
func runSteps(ctx context.Context, cfg discreet.Config, now *time.Time, steps []step) error {
	engine, err := discreet.Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer engine.Close()
	for _, s := range steps {
		if s.at.After(*now) {
			*now = s.at
		}
		for _, who := range s.leave {
			if _, err := engine.Withdraw(ctx, who, pipelinePurpose); err != nil {
				return err
			}
		}
		for from := 0; from < len(s.choices); from += pipelineBatch {
			if err := engine.ChooseBatch(ctx, s.choices[from:min(from+pipelineBatch, len(s.choices))]); err != nil {
				return err
			}
		}
		if n := len(s.events); n > 0 {
			*now = s.events[n-1].Time
			if _, err := engine.RecordBatch(ctx, s.events); err != nil {
				return err
			}
		}
	}
	_, err = engine.Sweep(ctx)
	return err
}

// rulesOf returns the rules by which an engine of this configuration records.
func rulesOf(cfg *discreet.Config) (*segment.Rules, error) {
	var names []string
	for i := range cfg.Segments {
		names = append(names, cfg.Segments[i].Name)
	}
	c := segment.RulesConfig{Purpose: pipelinePurpose, Taxonomy: cfg.Taxonomy, Definitions: cfg.Segments, TTLDays: cfg.TTLDays}
	for _, m := range cfg.Measures {
		spec, err := contrib.NewSpec(m, names)
		if err != nil {
			return nil, err
		}
		c.Measures = append(c.Measures, spec)
	}
	return segment.NewRules(c)
}

// settled returns the bytes in use after collections that empty pools too.
func settled() float64 {
	runtime.GC()
	return heap()
}
