package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/plan"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
	"github.com/discreet-go/discreet/segment/rank"
)

const purpose = "personalize.content"

// shop is the service of this example: an engine, its files, and its clock,
// which follows the events.
type shop struct {
	*discreet.Engine
	month *plan.Schedule // what is released in a window
	out   io.Writer
	batch int
	dir   string
	store *boltstore.Store
	now   atomic.Int64 // milliseconds
}

// goods is what a run is about.
type goods struct {
	taxonomy *segment.Taxonomy
	segments []segment.Definition
	items    dp.Partitions
	catalog  map[string]string // public category of items, for ranking
	ttlDays  int

	windowDays, maxSegments, maxItems int
}

var notice = consent.Notice{
	ID: "personal-pages", Version: 1, Locale: "en",
	Title:         "Pages that fit you",
	Text:          "We keep what you look at and buy, under a pseudonym, to put first what you may like.",
	Purposes:      []consent.Purpose{{Key: purpose, Title: "Personal pages"}},
	Categories:    []string{"pages you viewed and things you bought, by day and category"},
	Withdrawal:    "Settings, Privacy, one tap.",
	RetentionDays: 365,
	ConsentDays:   395,
}

// open opens the shop in dir, making keys and store where there are none.
func open(ctx context.Context, f flags, g goods, dir string, start time.Time, out io.Writer) (*shop, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	keyFile := filepath.Join(dir, "keys")
	keys, err := pseudonym.OpenKeyFile(keyFile)
	if errors.Is(err, fs.ErrNotExist) {
		keys, err = pseudonym.CreateKeyFile(keyFile)
	}
	if err != nil {
		return nil, err
	}
	s := &shop{out: out, dir: dir, batch: min(max(f.batch, 1), discreet.MaxBatch)}
	s.set(start)
	s.store, err = boltstore.Open(filepath.Join(dir, "store.db"), boltstore.Options{})
	if err != nil {
		return nil, err
	}
	if s.month, err = schedule(f, g); err != nil {
		s.store.Close()
		return nil, err
	}
	s.Engine, err = discreet.Open(ctx, discreet.Config{
		Tenant: "quickstart", Keys: keys, Store: s.store,
		Notices: []consent.Notice{notice}, Taxonomy: g.taxonomy, Segments: g.segments,
		Measures: s.month.Measures(), Budget: s.month.Plan().Budget(),
		TTLDays: g.ttlDays, Catalog: g.catalog, Now: s.clock,
		Weights: &rank.Weights{Popularity: 0.2, Segments: 1, Categories: 0.5, Seen: 0.3, Context: 2},
	})
	if err != nil {
		s.store.Close()
		return nil, err
	}
	s.set(time.Unix(int64(s.Account().Window.From)*86400, 0)) // the ledger may be ahead of a stopped run
	return s, nil
}

// schedule splits the budget of a window over both tables, and keeps a tenth. An error
// in the table of items matters twice as much: rankings come from it.
func schedule(f flags, g goods) (*plan.Schedule, error) {
	names := map[string][]string{}
	for _, d := range g.segments {
		names[d.Purpose] = append(names[d.Purpose], d.Name)
	}
	return plan.Allocate(plan.Period{
		Budget:   dp.Budget{Epsilon: f.epsilon, Delta: f.delta, WindowDays: g.windowDays},
		Segments: names,
		Lines: []plan.Line{
			{Measure: dp.SegmentSizes{Name: "segment-sizes", Purpose: purpose, MaxSegments: g.maxSegments}, Times: 1, Weight: 1},
			{Measure: dp.SegmentItems{
				Name: "segment-items", Purpose: purpose, Items: g.items,
				MaxSegments: g.maxSegments, MaxItems: g.maxItems, MaxPerItem: 1, LookbackDays: g.windowDays,
			}, Times: 1, Weight: 2},
		},
		Keep: 0.1,
	})
}

func (s *shop) clock() time.Time { return time.UnixMilli(s.now.Load()).UTC() }

// set moves the clock to t, never back.
func (s *shop) set(t time.Time) { s.now.Store(max(s.now.Load(), t.UnixMilli())) }

func (s *shop) close() error { return errors.Join(s.Engine.Close(), s.store.Close()) }

func (s *shop) printf(format string, args ...any) { fmt.Fprintf(s.out, format, args...) }

// yes and no are answers to the notice.
var (
	yes = discreet.Choice{Notice: "personal-pages", Version: 1, Locale: "en", Method: "banner", Grant: []string{purpose}}
	no  = discreet.Choice{Notice: "personal-pages", Version: 1, Locale: "en", Method: "banner", Refuse: []string{purpose}}
)

// interests returns one segment for each category: a decayed count of at least
// the given thousandths of an event, halved every two weeks.
func interests(t *segment.Taxonomy, categories []string, atLeastMilli int64) []segment.Definition {
	var out []segment.Definition
	for _, c := range categories {
		out = append(out, segment.Definition{
			Name: c, Title: t.Name(c), Purpose: purpose, Version: 1,
			All: []segment.Predicate{{Score: &segment.Score{Category: c, HalfLifeDays: 14, AtLeastMilli: atLeastMilli}}},
		})
	}
	return out
}
