package main

import (
	"bytes"
	"context"
	"errors"
	"hash/maphash"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/internal/synth"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
	"github.com/discreet-go/discreet/segment/ingest"
)

// ingestMany measures raw JSON lines to membership: ten million lines are
// decoded, recorded in memory in batches, on as many goroutines as there are
// processors, and then everybody's segments are evaluated. Making the lines and
// answering the notice is not counted.
func ingestMany(ctx context.Context, b *bench) error {
	people, events := 200_000, 10_000_000
	if b.short {
		people, events = 5_000, 100_000
	}
	g, err := population(people, events)
	if err != nil {
		return err
	}
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		return err
	}
	store := memstore.Volatile()
	defer store.Close()
	now := segmentDay
	cfg := segmentConfig(store, keys, &now)
	engine, err := discreet.Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer engine.Close()
	for from := 0; from < people; from += pipelineBatch {
		var some []discreet.Chosen
		for i := from; i < min(from+pipelineBatch, people); i++ {
			some = append(some, discreet.Chosen{Who: discreet.Email(g.Email(i)), Choice: answer(!g.Refuses(i))})
		}
		if err := engine.ChooseBatch(ctx, some); err != nil {
			return err
		}
	}
	rules, err := rulesOf(&cfg)
	if err != nil {
		return err
	}

	in := &intake{engine: engine, seed: maphash.MakeSeed(), lanes: make([][]discreet.Event, runtime.GOMAXPROCS(0))}
	var elapsed, used time.Duration
	counted := func(f func() error) error {
		cpu, err := cpuTime()
		if err != nil {
			return err
		}
		start := time.Now()
		if err := f(); err != nil {
			return err
		}
		elapsed += time.Since(start)
		end, err := cpuTime()
		used += end - cpu
		return err
	}
	var lines bytes.Buffer
	n := 0
	flush := func() error {
		err := counted(func() error { return in.take(ctx, &lines) })
		lines.Reset()
		return err
	}
	for r := range g.All() {
		if r.Kind != synth.Event {
			continue
		}
		appendLine(&lines, r)
		now = r.Time
		if n++; n%(16*pipelineBatch) == 0 {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	members := 0
	err = counted(func() error {
		var p segment.Profile
		today := segment.Day(now.Unix() / 86400)
		return store.ProfileScan(ctx, pipelinePurpose, func(_ segment.ID, row []byte) error {
			if err := p.UnmarshalBinary(row); err != nil {
				return err
			}
			members += len(rules.Segments(&p, today))
			return nil
		})
	})
	switch {
	case err != nil:
		return err
	case in.events != n || members == 0:
		return errors.New("bench: lines were lost, or nobody is in a segment")
	}
	return b.reports("ingest-10m", "memory",
		result{Metric: "events", Value: float64(n)},
		result{Metric: "events_per_s", Value: float64(n) / elapsed.Seconds()},
		result{Metric: "cpu_ns_event", Value: float64(used) / float64(n)},
	)
}

// appendLine writes an event as a sender does.
func appendLine(b *bytes.Buffer, r *synth.Record) {
	line := append(b.AvailableBuffer(), `{"message-id":"`...)
	line = append(line, r.MessageID...)
	line = append(line, `","person":"`...)
	line = append(line, r.Email...)
	line = append(line, `","kind":"`...)
	line = append(line, r.Action...)
	line = append(line, `","item":"`...)
	line = append(line, r.Item...)
	line = append(line, `","category":"`...)
	line = append(line, r.Category...)
	line = append(line, `","time":`...)
	line = strconv.AppendQuote(line, r.Time.Format(time.RFC3339Nano))
	b.Write(append(line, "}\n"...))
}

// intake decodes lines and records them in lanes: one person's events are in one
// lane, so that lanes do not meet in a profile.
type intake struct {
	engine *discreet.Engine
	seed   maphash.Seed
	lanes  [][]discreet.Event
	events int
}

func (in *intake) take(ctx context.Context, lines *bytes.Buffer) error {
	mapping := ingest.Standard()
	mapping.PersonKind, mapping.Count, mapping.Consent = "email", "", ""
	reader, err := ingest.New(lines, ingest.Config{Format: ingest.FormatJSONLines, Mapping: mapping})
	if err != nil {
		return err
	}
	feeds := make([]chan []discreet.Event, len(in.lanes))
	errs := make([]error, len(in.lanes))
	var wg sync.WaitGroup
	for i := range feeds {
		feeds[i] = make(chan []discreet.Event, 2)
		wg.Go(func() {
			for events := range feeds[i] {
				if errs[i] == nil {
					_, errs[i] = in.engine.RecordBatch(ctx, events)
				}
			}
		})
	}
	for row, failed := range reader.Rows(ctx) {
		if err = failed; err != nil {
			break
		}
		lane := int(maphash.String(in.seed, row.Person.Expose()) % uint64(len(feeds)))
		if in.lanes[lane] == nil {
			in.lanes[lane] = make([]discreet.Event, 0, pipelineBatch)
		}
		in.lanes[lane] = append(in.lanes[lane], discreet.Event{
			Who: row.Person, MessageID: row.MessageID, Kind: row.Kind, Item: row.Item, Category: row.Category,
			Count: row.Count, Time: row.Time,
		})
		if in.events++; len(in.lanes[lane]) == pipelineBatch {
			feeds[lane] <- in.lanes[lane]
			in.lanes[lane] = nil
		}
	}
	for i, f := range feeds {
		if len(in.lanes[i]) > 0 {
			f <- in.lanes[i]
			in.lanes[i] = nil
		}
		close(f)
	}
	wg.Wait()
	return errors.Join(append(errs, err)...)
}
