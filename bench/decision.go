package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/pseudonym"
)

// decisionNotice asks for what a shop may ask for: four purposes, one of them
// advertising and one sharing.
func decisionNotice() consent.Notice {
	return consent.Notice{
		ID: "shop", Version: 1, Locale: "en", Title: "Your data", Withdrawal: "Settings, Privacy.",
		Categories: []string{"pages you looked at"}, ThirdParties: []string{"Partner"},
		Purposes: []consent.Purpose{
			{Key: "advertise", Title: "Advertisements", Advertising: true},
			{Key: "personalize.content", Title: "Personal pages"},
			{Key: "share.partners", Title: "Partners", Sharing: true},
			{Key: "statistics", Title: "Statistics"},
		},
		RetentionDays: 90, ConsentDays: 365,
	}
}

// decisionCases measures deciding: with the person's history in memory, and from
// the row of a boltstore file, which is read, unsealed and decoded first.
func decisionCases(ctx context.Context, b *bench) (err error) {
	book, err := consent.NewBook([]consent.Notice{decisionNotice()})
	if err != nil {
		return err
	}
	start := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	record := func() (*consent.Record, error) {
		r := &consent.Record{}
		if err := r.Serve(book, "shop", 1, "en", start); err != nil {
			return nil, err
		}
		err := r.Choose(book, consent.Choice{
			Notice: "shop", Version: 1, Locale: "en", Method: "banner",
			Grant: []string{"personalize.content", "advertise"}, Refuse: []string{"share.partners"},
		}, start)
		return r, err
	}
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		return err
	}
	deriver, err := pseudonym.NewDeriver(keys, "bench", []string{"personalize.content"})
	if err != nil {
		return err
	}
	people := make([]consent.Subject, 10_000)
	histories := make([]*consent.History, 256)
	for i := range people {
		list, err := deriver.AppendSubjects(nil, pseudonym.Opaque(fmt.Sprint("customer-", i)))
		if err != nil {
			return err
		}
		people[i] = list[0]
	}
	for i := range histories {
		r, err := record()
		if err != nil {
			return err
		}
		histories[i] = r.History()
	}
	now := start.AddDate(0, 1, 0)
	question := func(i int, h *consent.History) consent.Question {
		return consent.Question{
			Subject: people[i%len(people)], Purpose: "personalize.content", History: h, EventTime: now, Now: now,
			Heard: consent.Heard{TCF: consent.Permits, Age: consent.Adult},
		}
	}
	undecided := errors.New("bench: a decision did not allow")
	inMemory := func(n int) error {
		for i := range n {
			if d := book.Decide(question(i, histories[i%len(histories)])); !d.Allowed {
				return undecided
			}
		}
		return ctx.Err()
	}

	dir, err := os.MkdirTemp(b.dir, "discreet-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	store, err := boltstore.Open(filepath.Join(dir, "consents.db"), boltstore.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := store.Bind(ctx, "bench", keys); err != nil {
		return err
	}
	err = store.ConsentUpdate(ctx, people, func(int, []byte) ([]byte, error) {
		r, err := record()
		if err != nil {
			return nil, err
		}
		return r.Row(), nil
	})
	if err != nil {
		return err
	}
	fromFile := func(n int) error {
		for i := range n {
			row, err := store.ConsentRow(ctx, people[i*7919%len(people)])
			if err != nil {
				return err
			}
			h, err := consent.Deciding(row)
			if err != nil {
				return err
			}
			if d := book.Decide(question(i, h)); !d.Allowed {
				return undecided
			}
		}
		return ctx.Err()
	}
	for _, c := range []struct {
		name string
		n    int
		f    func(int) error
	}{{"decision", 500_000, inMemory}, {"decision-bolt", 50_000, fromFile}} {
		if b.short {
			c.n /= 10
		}
		costs, err := sideBySide(b.rounds(), c.n, c.f)
		if err != nil {
			return err
		}
		if err := b.reports(c.name, "",
			result{Metric: "ns_op", Value: median(costs[0], func(c cost) float64 { return c.ns })},
			result{Metric: "allocs_op", Value: allocsOf(costs[0])},
		); err != nil {
			return err
		}
	}
	return nil
}
