package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/pseudonym"
)

const ledgerCallers = 64

// ledgers measures the account: what a durable charge costs beside a bare write
// and sync in the same folder, what callers gain who charge at the same time, and
// how fast a log is checked.
func ledgers(ctx context.Context, b *bench) error {
	dir, err := os.MkdirTemp(b.dir, "discreet-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	store, err := boltstore.Open(filepath.Join(dir, "charges"), boltstore.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		return err
	}
	if err := store.Bind(ctx, "bench", keys); err != nil {
		return err
	}
	bare, err := newBareFile(filepath.Join(dir, "bare"))
	if err != nil {
		return err
	}
	defer bare.Close()
	if err := b.charges(ctx, "charge-bolt", store, bare.sync); err != nil {
		return err
	}
	if err := b.postgres(ctx, keys); err != nil {
		return err
	}
	return b.verify(ctx, filepath.Join(dir, "verify"), keys)
}

// charges measures charges over one store against a bare durable write.
func (b *bench) charges(ctx context.Context, name string, store ledger.Store, bare func() error) error {
	single, each, rounds := 200, 40, 7
	if b.short {
		single, each, rounds = 30, 4, 3
	}
	c, err := newCharger(ctx, store)
	if err != nil {
		return err
	}
	var p50, p99, over, together, gain []float64
	for range rounds {
		var charge, sync []time.Duration
		for range single { // in turn, so that whatever the disk does meets both
			t, err := timed(bare)
			if err != nil {
				return err
			}
			sync = append(sync, t)
			if t, err = timed(func() error { return c.charge(ctx) }); err != nil {
				return err
			}
			charge = append(charge, t)
		}
		alone, err := c.rate(ctx, 1, single)
		if err != nil {
			return err
		}
		many, err := c.rate(ctx, ledgerCallers, each)
		if err != nil {
			return err
		}
		p50 = append(p50, milliseconds(quantile(charge, 0.5)))
		p99 = append(p99, milliseconds(quantile(charge, 0.99)))
		over = append(over, float64(quantile(charge, 0.99))/float64(quantile(sync, 0.99)))
		together, gain = append(together, many), append(gain, many/alone)
	}
	middle := func(list []float64) float64 { return median(list, func(v float64) float64 { return v }) }
	return b.reports(name, "sync",
		result{Metric: "p50_ms", Value: middle(p50)},
		result{Metric: "p99_ms", Value: middle(p99)},
		result{Metric: "p99_over_sync", Value: middle(over)},
		result{Metric: "charges_per_s", Value: middle(together)},
		result{Metric: "group_commit_gain", Value: middle(gain)},
	)
}

// charger makes charges, each under a name of its own.
type charger struct {
	account *ledger.Account
	now     time.Time
	made    atomic.Int64
	mu2     accounting.Units
}

func newCharger(ctx context.Context, store ledger.Store) (*charger, error) {
	total, err := accounting.Mu2For(accounting.Target{Epsilon: 1, Delta: 1e-6})
	if err != nil {
		return nil, err
	}
	c := &charger{now: time.Now()}
	if c.mu2, err = accounting.UnitsUp(big.NewRat(1, 1<<50)); err != nil {
		return nil, err
	}
	c.account, err = ledger.Open(ctx, ledger.Config{
		Store: store, Terms: ledger.Terms{Epsilon: 1, Delta: 1e-6, Mu2: total, WindowDays: 30},
	}, c.now)
	return c, err
}

func (c *charger) reserve(ctx context.Context) (*ledger.Ticket, error) {
	t, _, err := c.account.Reserve(ctx, ledger.Request{
		Name: fmt.Sprintf("release-%d", c.made.Add(1)), Spec: []byte("bench"), Mu2: c.mu2,
	}, c.now)
	return t, err
}

// charge makes one durable charge.
func (c *charger) charge(ctx context.Context) error {
	t, err := c.reserve(ctx)
	if err != nil {
		return err
	}
	return t.Release(ctx)
}

// rate returns the charges per second of callers that make so many each.
func (c *charger) rate(ctx context.Context, callers, each int) (float64, error) {
	var wg sync.WaitGroup
	errs := make([]error, callers)
	start := time.Now()
	for i := range callers {
		wg.Go(func() {
			for range each {
				if errs[i] = c.charge(ctx); errs[i] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return float64(callers*each) / time.Since(start).Seconds(), errors.Join(errs...)
}

// verify measures how fast a log of charges and answers is checked.
func (b *bench) verify(ctx context.Context, path string, keys *pseudonym.Keyring) error {
	entries, rounds := 20_000, 5
	if b.short {
		entries, rounds = 1_000, 3
	}
	store, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.Bind(ctx, "bench", keys); err != nil {
		return err
	}
	c, err := newCharger(ctx, store)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	errs := make([]error, 500) // many at once, to be done soon
	for i := range errs {
		wg.Go(func() {
			answer := make([]byte, 1000)
			rand.Read(answer)
			for range entries / len(errs) {
				t, err := c.reserve(ctx)
				if err == nil {
					err = t.Answer(ctx, answer)
				}
				if err != nil {
					errs[i] = err
					return
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	var rates []float64
	for range rounds {
		t, err := timed(func() error { return c.account.Verify(ctx) })
		if err != nil {
			return err
		}
		rates = append(rates, float64(entries)/t.Seconds())
	}
	return b.reports("verify", "", result{Metric: "entries_per_s", Value: median(rates, func(v float64) float64 { return v })})
}

// bareFile is what a durable write costs without anything around it.
type bareFile struct {
	*os.File
	page [4096]byte
	at   int64
}

func newBareFile(path string) (*bareFile, error) {
	f, err := os.Create(path)
	return &bareFile{File: f}, err
}

// sync writes a page behind the last one and syncs.
func (f *bareFile) sync() error {
	rand.Read(f.page[:64])
	if _, err := f.WriteAt(f.page[:], f.at); err != nil {
		return err
	}
	f.at += int64(len(f.page))
	return f.Sync()
}

func timed(f func() error) (time.Duration, error) {
	start := time.Now()
	err := f()
	return time.Since(start), err
}

// quantile returns the q-quantile of the list, which it sorts.
func quantile(list []time.Duration, q float64) time.Duration {
	slices.Sort(list)
	return list[min(len(list)-1, int(q*float64(len(list))))]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
