package main

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/synth"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/segment"
)

// pipelineMany runs ten million events of a million people over 28 days through an
// engine in memory, in three batches. Events are made a batch at a time, while
// the stopwatch stands, so that those of one batch only are in memory; what people
// answer is timed apart. events_per_s is from events to both tables, on the clock, on
// the processors that the machine leaves: cores_used says how many those were. The
// collector runs half as often as by default, as a batch job with memory to spare sets
// it (gc_percent); by default it is about a tenth slower, with a lower peak.
func pipelineMany(ctx context.Context, b *bench) error {
	const name = "synthetic-10m"
	c := synth.Config{
		Seed: 1, People: 1_000_000, Items: 2_000, Events: 10_000_000, Days: 28,
		Categories: segmentCategories[:], Start: segmentDay,
	}
	size := 3_333_334 // events of one batch
	if b.short {
		c.People, c.Events, size = 10_000, 100_000, 33_334
	}
	g, err := synth.New(c)
	if err != nil {
		return err
	}
	var items dp.Public
	for _, i := range g.Items()[:500] {
		items = append(items, i.ID)
	}
	const gcPercent = 200
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	before := settled()
	store := memstore.Volatile()
	r, err := chain{segment.Small(), c.Categories, items}.open(ctx, store, c.Start)
	if err != nil {
		return err
	}
	defer r.engine.Close()
	var consents, events stopwatch
	for s := range syntheticSteps(g, size) {
		if err := consents.time(func() error { return r.consents(ctx, s) }); err != nil {
			return err
		}
		if err := events.time(func() error { return r.events(ctx, s) }); err != nil {
			return err
		}
	}
	if err := events.time(func() error { return r.release(ctx) }); err != nil {
		return err
	}
	people := 0
	err = store.ProfileScan(ctx, pipelinePurpose, func(segment.ID, []byte) error { people++; return nil })
	if err != nil || people == 0 || r.admitted == 0 {
		return errors.Join(err, errors.New("bench: no profile was made"))
	}
	peak, err := peakMemory()
	if err != nil {
		return err
	}
	held := settled() - before
	runtime.KeepAlive(g)
	n := float64(c.Events)
	return b.reports(name, "memory",
		result{Metric: "events_per_s", Value: n / events.wall.Seconds()},
		result{Metric: "events_and_choices_per_s", Value: n / (events.wall + consents.wall).Seconds()},
		result{Metric: "cpu_ns_per_event", Value: float64(events.cpu) / n},
		result{Metric: "cores_used", Value: events.cpu.Seconds() / events.wall.Seconds()},
		result{Metric: "gc_percent", Value: gcPercent},
		result{Metric: "peak_mb", Value: peak / 1e6},
		result{Metric: "bytes_per_person", Value: held / float64(people)},
	)
}

// stopwatch adds up time on the clock and of the processor.
type stopwatch struct{ wall, cpu time.Duration }

func (s *stopwatch) time(f func() error) error {
	cpu, err := cpuTime()
	if err != nil {
		return err
	}
	start := time.Now()
	if err := f(); err != nil {
		return err
	}
	s.wall += time.Since(start)
	end, err := cpuTime()
	s.cpu += end - cpu
	return err
}
