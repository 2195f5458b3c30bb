package discreet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/consent/iab"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/dp/plan"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment"
	"golang.org/x/mod/sumdb/note"
)

// ErrClosed is returned by every method after Close.
var ErrClosed = errors.New("discreet: the engine is closed")

// Engine is the chain from events to private tables for one tenant. Its
// methods are safe for concurrent use. One engine at a time may use a store, or
// several where it is Shared: see [Store].
type Engine struct {
	cfg      Config
	book     *consent.Book
	rooms    []room
	keys     atomic.Pointer[keyset]
	account  *ledger.Account
	access   *ledger.AccessLog
	log      *consent.Log
	listen   map[string]*iab.Rule // purpose -> how it listens to signals
	shared   bool                 // other engines may use the store
	plan     *plan.Plan
	terms    ledger.Terms           // of plan
	since    map[string]contrib.Day // measure -> first day it counts
	versions []SegmentVersion
	signer   note.Signer
	vkeys    []string // newest first

	// rights orders recording against withdrawal and erasure: whoever reads
	// consent in order to write a profile holds it shared, whoever ends consent
	// holds it alone, so that no event is admitted after its consent ended.
	rights rightsLock

	closed    atomic.Bool
	suspended suspensions
	audiences audiences
	models    sync.Map // measure -> *rank.Model, replaced when a table is released
	tablesMu  sync.Mutex
	tables    tables
	parents   map[string]string // category -> parent, for ranking

	swept   []atomic.Int32 // by room: day up to which Config.Edges was told of time
	reached atomic.Int32   // accounting window that recording has reached
	lookups chan struct{}  // slots for Config.Source

	appender   rowAppender // cfg.Store, where it is one
	lender     rowLender   // the same
	recordings sync.Pool   // of *recording
	stats      counters
}

// Open checks the configuration, binds the store to tenant and keys, and opens
// the account: a new one in a new store, else the one that is there, whose
// every ledger entry is verified first; where rankings or audiences need them, the
// answers are read too. Another tenant, keyring or budget than
// the store was made with is refused.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	book, rooms, specs, err := cfg.check()
	if err != nil {
		return nil, err
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	budget, err := plan.New(plan.Config{Budget: cfg.Budget, Specs: specs, ReserveShare: cfg.ReserveShare})
	if err != nil {
		return nil, err
	}
	listen, err := cfg.listeners(book)
	if err != nil {
		return nil, err
	}
	if err := cfg.Store.Bind(ctx, cfg.Tenant, cfg.Keys); err != nil {
		return nil, err
	}
	e := &Engine{
		cfg: cfg, book: book, rooms: rooms, plan: budget, since: map[string]contrib.Day{},
		tables:  tables{newest: map[string]proof.Release{}, sizes: map[string]proof.Release{}},
		parents: parents(cfg.Taxonomy),
		access:  ledger.NewAccessLog(cfg.Store),
		log:     consent.NewLog(cfg.Store),
		listen:  listen,
		lookups: make(chan struct{}, sourceParallel),
	}
	if s, ok := cfg.Store.(interface{ Shared() bool }); ok {
		e.shared = s.Shared()
	}
	e.appender, _ = cfg.Store.(rowAppender)
	e.lender, _ = cfg.Store.(rowLender)
	if err := e.retire(ctx); err != nil {
		return nil, err
	}
	if err := e.suspended.read(ctx, e); err != nil {
		return nil, err
	}
	keys, err := e.newKeyset(cfg.Keys)
	if err != nil {
		return nil, err
	}
	e.keys.Store(keys)
	if err := e.sign(); err != nil {
		return nil, err
	}
	e.terms = termsOf(budget)
	e.account, err = ledger.Open(ctx, ledger.Config{
		Store: cfg.Store, Terms: e.terms,
		Sink: cfg.sink(), Signer: e.signer, Verifiers: e.vkeys,
	}, cfg.Now())
	if err != nil {
		return nil, err
	}
	if err := e.publish(ctx, cfg.Now()); err != nil {
		return nil, err
	}
	e.startEdges()
	for i := range specs {
		room, _ := e.room(specs[i].Purpose)
		day, err := e.account.Declare(ctx, specs[i].Name, room.declared(&specs[i]), cfg.Now())
		if err != nil {
			return nil, err
		}
		e.since[specs[i].Name] = day
	}
	if err := e.openAudiences(ctx); err != nil {
		return nil, err
	}
	if err := e.openTables(ctx); err != nil {
		return nil, err
	}
	return e, nil
}

// rightsLock is a lock that counts how often it was held alone.
type rightsLock struct {
	sync.RWMutex
	turn atomic.Uint64
}

// Lock holds it alone, which is a turn: what was decided before may hold no more.
func (l *rightsLock) Lock() {
	l.RWMutex.Lock()
	l.turn.Add(1)
}

// retire deletes the profiles of purposes that were given up, and refuses
// others that no segment or measure is for.
func (e *Engine) retire(ctx context.Context) error {
	stored, err := e.cfg.Store.ProfilePurposes(ctx)
	if err != nil {
		return err
	}
	for _, purpose := range stored {
		if _, ok := e.keeping(purpose); ok {
			continue
		}
		if !slices.Contains(e.cfg.Retire, purpose) {
			return ErrLeftover
		}
		err := e.cfg.Store.ProfileSweep(ctx, purpose, func(segment.ID, []byte) ([]byte, error) { return nil, nil })
		if err != nil {
			return err
		}
	}
	return e.cfg.Store.ProfileSync(ctx)
}

// Close ends the engine; the caller closes the store afterwards. It waits for
// calls under way that change consent or profiles.
func (e *Engine) Close() error {
	e.rights.Lock()
	defer e.rights.Unlock()
	if e.closed.Swap(true) {
		return ErrClosed
	}
	return nil
}

// Format writes a fixed text for every verb.
func (*Engine) Format(s fmt.State, _ rune) { io.WriteString(s, "discreet.Engine") }

// ID returns the pseudonym of a person for one purpose, for joining with data
// that is kept elsewhere under the same purpose. It is personal data, and another
// one after SetKeys exchanged the root.
func (e *Engine) ID(who Raw, purpose string) (ID, error) {
	return e.keys.Load().deriver.ID(who, purpose)
}

// Verifiers returns the public keys, in x/mod/sumdb/note form, that check the
// signatures of releases, the one of today first; [dp.ReadRelease] takes them.
func (e *Engine) Verifiers() []string { return slices.Clone(e.vkeys) }

// moment returns what recording needs to know of now. Recording steps into the
// next window by itself, in memory: the ledger is public, so what people do
// leaves no trace in it. More than one window ahead of both needs AdvanceWindow.
func (e *Engine) moment(now time.Time) (segment.Moment, error) {
	w, err := e.account.At(now)
	if err != nil {
		return segment.Moment{}, err
	}
	reached := e.reached.Load()
	switch {
	case w.Index < reached:
		return segment.Moment{}, ledger.ErrClockBack
	case w.Index > reached+1:
		if _, err := e.account.Window(now); err != nil {
			return segment.Moment{}, err
		}
	}
	for w.Index > reached && !e.reached.CompareAndSwap(reached, w.Index) {
		reached = e.reached.Load()
	}
	return segment.Moment{Now: now, Window: w.Index, WindowStart: w.From}, nil
}

// room returns the room of a purpose with segments or measures of profiles.
func (e *Engine) room(purpose string) (*room, bool) {
	r, ok := e.keeping(purpose)
	return r, ok && r.audit == nil
}

// dayOf returns the day of t in UTC.
func dayOf(t time.Time) contrib.Day {
	s := t.Unix()
	if s < 0 {
		s -= 86399
	}
	return contrib.Day(s / 86400)
}

// parents returns the parent of every category below the top, and what each
// alias names.
func parents(t *segment.Taxonomy) map[string]string {
	m := make(map[string]string, t.Len())
	for _, id := range t.IDs() {
		if p, ok := t.Parent(id); ok {
			m[id] = p
		}
	}
	for _, alias := range t.Aliases() {
		m[alias], _ = t.Resolve(alias)
	}
	return m
}
