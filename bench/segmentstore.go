package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/pseudonym"
)

// storeBatch is how many events a batch of these cases has.
const storeBatch = 1024

// storeBolt measures batches of events into a file, each on disk when it returns.
func storeBolt(ctx context.Context, b *bench) (err error) {
	dir, err := os.MkdirTemp(b.dir, "discreet-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	const durability = boltstore.Sync
	store, err := boltstore.Open(filepath.Join(dir, "profiles"), boltstore.Options{Durability: durability})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		return err
	}
	return b.storeCase(ctx, "store-bolt", durability.String(), store, keys)
}

// storePostgres measures the same over PostgreSQL, where one answers.
func storePostgres(ctx context.Context, b *bench) error {
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		return err
	}
	pg, err := b.openPostgres(ctx, "store-pg")
	if pg == nil {
		return err
	}
	defer pg.close(ctx)
	durability, err := pg.durability(ctx)
	if err != nil {
		return err
	}
	return b.storeCase(ctx, "store-pg", durability, pg.store, keys)
}

// storeCase measures recording people who are known, in batches, one batch at a
// time.
func (b *bench) storeCase(ctx context.Context, name, durability string, store discreet.Store, keys *pseudonym.Keyring) error {
	people, fill := 4_000, 3
	if b.short {
		people, fill = 500, 1
	}
	c, err := newCrowd(ctx, store, keys, people)
	if err != nil {
		return err
	}
	defer c.engine.Close()
	if err := c.fill(ctx, fill); err != nil {
		return err
	}
	var rates []float64
	for range b.rounds() {
		events := c.nextDay()
		events = events[:len(events)/storeBatch*storeBatch]
		start := time.Now()
		if err := c.batches(ctx, events, storeBatch); err != nil {
			return err
		}
		rates = append(rates, float64(len(events))/time.Since(start).Seconds())
	}
	return b.reports(name, durability, result{Metric: "records_per_s", Value: median(rates, func(v float64) float64 { return v })})
}
