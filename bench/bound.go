package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"runtime"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/pseudonym"
)

// bounds measures what a batch job does before its release: contributions in no
// order, with their proofs, bounded by person and added up. The proofs are there
// already, as a job has them that asks once for each person.
func bounds(ctx context.Context, b *bench) error {
	contributions, people := 10_000_000, 200_000
	if b.short {
		contributions, people = 300_000, 20_000
	}
	proofs, asOf, err := boundProofs(people)
	if err != nil {
		return err
	}
	var partitions dp.Public
	for i := range 500 {
		partitions = append(partitions, fmt.Sprintf("partition-%03d", i))
	}
	spec, err := dp.NewSpec(dp.Table{
		Name: "table", Purpose: boundPurpose, Partitions: partitions, MaxPartitions: 5, Of: dp.CountedEvents{Max: 10}, Share: 1,
	}, nil)
	if err != nil {
		return err
	}
	seq := func(yield func(dp.Contribution, error) bool) {
		for i := range uint64(contributions) {
			h := i*0x9e3779b97f4a7c15 ^ i>>7
			h ^= h >> 31
			c := proofs[h%uint64(people)]
			c.Partition, c.Value = partitions[(h>>20)%500], 1
			if !yield(c, nil) {
				return
			}
		}
	}
	dir, err := os.MkdirTemp(b.dir, "discreet-bound-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, c := range []struct {
		name   string
		memory int64
	}{
		{"bound-10m", 1 << 30},
		{"bound-10m-64mib", 64 << 20},
		{"bound-10m-8mib", 8 << 20},
	} {
		if b.short {
			c.memory = max(c.memory/64, 4<<20)
		}
		if err := b.bound(ctx, c.name, &spec, asOf, seq, dp.BoundOptions{Dir: dir, Memory: c.memory}); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) bound(ctx context.Context, name string, spec *dp.Spec, asOf dp.Day, seq iter.Seq2[dp.Contribution, error], o dp.BoundOptions) error {
	heap := func() float64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapInuse)
	}
	runtime.GC()
	before := heap()
	most, done, ended := before, make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				most = max(most, heap())
			case <-done:
				return
			}
		}
	}()
	var last dp.Progress
	o.Progress = func(p dp.Progress) { last = p }
	var counts *dp.Counts
	start := time.Now()
	used, err := costOf(1, func(int) (err error) {
		counts, err = dp.Bound(ctx, spec, 0, asOf, seq, o)
		return err
	})
	took := time.Since(start)
	close(done)
	<-ended
	if err != nil {
		return err
	}
	if counts.Drawn() || last.Refused != 0 || last.People == 0 {
		return errors.New("bench: contributions were not bounded")
	}
	return b.reports(name, "",
		result{Metric: "contributions_s", Value: float64(last.Contributions) / took.Seconds()},
		result{Metric: "cpu_ns_contribution", Value: used.ns / float64(last.Contributions)},
		result{Metric: "peak_heap_mib", Value: (most - before) / (1 << 20)},
		result{Metric: "spilled_mib", Value: float64(last.Spilled) / (1 << 20)},
	)
}

const boundPurpose = "statistics"

// boundProofs makes a Link and a Grant for each of some people, in contributions.
func boundProofs(people int) ([]dp.Contribution, dp.Day, error) {
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		return nil, 0, err
	}
	deriver, err := pseudonym.NewDeriver(keys, "bench", []string{boundPurpose})
	if err != nil {
		return nil, 0, err
	}
	book, err := consent.NewBook([]consent.Notice{decisionNotice()})
	if err != nil {
		return nil, 0, err
	}
	start := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	r := &consent.Record{}
	if err := r.Serve(book, "shop", 1, "en", start); err != nil {
		return nil, 0, err
	}
	err = r.Choose(book, consent.Choice{Notice: "shop", Version: 1, Locale: "en", Method: "banner", Grant: []string{boundPurpose}}, start)
	if err != nil {
		return nil, 0, err
	}
	history, now := r.History(), start.AddDate(0, 1, 0)
	list := make([]dp.Contribution, people)
	for i := range list {
		c := &list[i]
		if c.Link, err = deriver.Link(pseudonym.Opaque(fmt.Sprint("customer-", i)), boundPurpose); err != nil {
			return nil, 0, err
		}
		d := book.Decide(consent.Question{Subject: c.Link.Subject(), Purpose: boundPurpose, History: history, EventTime: now, Now: now})
		var ok bool
		if c.Grant, ok = d.Grant(); !ok {
			return nil, 0, errors.New("bench: consent was not found")
		}
	}
	return list, dp.Day(now.Unix() / 86400), nil
}
