package main

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/synth"
	"github.com/discreet-go/discreet/segment"
)

// runSynthetic makes people up and takes them through the shop.
func runSynthetic(ctx context.Context, f flags, out io.Writer) error {
	dir := f.dir
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "discreet-quickstart-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	start := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	tops := []string{"home", "books", "sports", "food", "film", "fashion", "travel", "music"}
	gen, err := synth.New(synth.Config{
		Seed: 1, People: f.people, Items: 60, Events: 15 * f.people, Start: start, Days: 28,
		Categories: []string{
			"home.kitchen", "books.fiction", "sports.running", "food.baking", "film.drama", "fashion.shoes",
			"travel.trains", "home.garden", "music.jazz", "books.comics", "sports.cycling", "food.tea-coffee",
		},
	})
	if err != nil {
		return err
	}
	taxonomy := segment.Small()
	g := goods{taxonomy: taxonomy, segments: interests(taxonomy, tops, 2000), catalog: map[string]string{}, ttlDays: 90, windowDays: 30, maxSegments: 3, maxItems: 5}
	var items dp.Public
	for _, it := range gen.Items() {
		items = append(items, it.ID)
		g.catalog[it.ID] = it.Category
	}
	g.items = items
	s, err := open(ctx, f, g, dir, start, out)
	if err != nil {
		return err
	}
	defer s.close()

	s.printf("%d made-up people, a tenth of whom refuse; %d events in 28 days; one file, every step synced\n", f.people, 15*f.people)
	s.sheet()
	b, err := s.feed(ctx, gen, 15*f.people)
	if err != nil {
		return err
	}
	s.recorded(b.tally)
	if err := s.publish(ctx, "january"); err != nil {
		return err
	}
	if !f.show {
		return s.verify(ctx)
	}
	return s.serve(ctx, func(yield func(discreet.Raw) bool) {
		for i := range gen.People() {
			if !gen.Refuses(i) && !yield(discreet.Email(gen.Email(i))) {
				return
			}
		}
	})
}

// feed records what the generator makes.
func (s *shop) feed(ctx context.Context, gen *synth.Generator, total int) (*batch, error) {
	b := &batch{shop: s}
	p := newProgress()
	defer p.done()
	for r := range gen.All() {
		who := discreet.Email(r.Email)
		switch r.Kind {
		case synth.Choice:
			answer := no
			if r.Granted {
				answer = yes
			}
			b.choose(r.Time, discreet.Chosen{Who: who, Choice: answer})
		case synth.Event:
			b.record(discreet.Event{
				Who: who, MessageID: r.MessageID, Kind: r.Action, Item: r.Item, Category: r.Category, Time: r.Time,
			})
		case synth.Withdrawal:
			if err := b.flush(ctx); err != nil {
				return nil, err
			}
			s.set(r.Time)
			if _, err := s.Withdraw(ctx, who, purpose); err != nil {
				return nil, err
			}
			b.tally.withdrawn++
		}
		if b.full() {
			if err := b.flush(ctx); err != nil {
				return nil, err
			}
			p.show("%d of %d events", b.tally.events, total)
		}
	}
	return b, b.flush(ctx)
}
