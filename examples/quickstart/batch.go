package main

import (
	"context"
	"time"

	"github.com/discreet-go/discreet"
)

// batch collects what happens and hands it to the engine in large steps. The
// order within a person holds: answers are recorded with the clock at the first
// moment of the batch, events at its last.
type batch struct {
	shop    *shop
	first   time.Time
	last    time.Time
	choices []discreet.Chosen
	events  []discreet.Event
	tally   tally
}

type tally struct{ events, admitted, denied, other, choices, withdrawn int }

func (b *batch) at(t time.Time) {
	if len(b.choices)+len(b.events) == 0 || t.Before(b.first) {
		b.first = t
	}
	if len(b.choices)+len(b.events) == 0 || t.After(b.last) {
		b.last = t
	}
}

func (b *batch) choose(t time.Time, c discreet.Chosen) {
	b.at(t)
	b.choices = append(b.choices, c)
}

func (b *batch) record(e discreet.Event) {
	b.at(e.Time)
	b.events = append(b.events, e)
}

func (b *batch) full() bool { return max(len(b.events), len(b.choices)) >= b.shop.batch }

// flush records what was collected; it is durable when flush returns.
func (b *batch) flush(ctx context.Context) error {
	if len(b.choices)+len(b.events) == 0 {
		return nil
	}
	b.shop.set(b.first)
	if len(b.choices) > 0 {
		if err := b.shop.ChooseBatch(ctx, b.choices); err != nil {
			return err
		}
	}
	b.shop.set(b.last)
	if len(b.events) > 0 {
		t, err := b.shop.RecordBatch(ctx, b.events)
		if err != nil {
			return err
		}
		b.tally.add(t)
	}
	b.tally.choices += len(b.choices)
	b.choices, b.events = b.choices[:0], b.events[:0]
	return nil
}
