package discreettest

import (
	"sync"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// Purpose is the purpose that the default configuration asks for.
const Purpose = "personalize.content"

// Start is the moment at which a new Clock stands.
var Start = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// Clock is a clock that stands still until it is set. It is safe for
// concurrent use.
type Clock struct {
	mu sync.Mutex
	t  time.Time
}

// NewClock returns a clock standing at Start.
func NewClock(t testing.TB) *Clock {
	mustTest(t)
	return &Clock{t: Start}
}

// Now returns the time it shows; give it to discreet.Config.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

// Set moves the clock to t.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
}

// Advance moves the clock by d.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// Engine is an engine with the clock that it reads.
type Engine struct {
	*discreet.Engine
	Clock  *Clock
	Config discreet.Config // as opened
}

// Open opens an engine that is closed when the test ends. Fields of cfg that
// are zero get a value fit for tests: fresh keys, a volatile store, the small
// taxonomy, one notice that asks for Purpose, one segment, its size as the one
// measure, and a clock standing at Start. A set Now makes Clock nil.
func Open(t testing.TB, cfg discreet.Config) *Engine {
	t.Helper()
	mustTest(t)
	e := &Engine{}
	if cfg.Now == nil {
		e.Clock = NewClock(t)
		cfg.Now = e.Clock.Now
	}
	if cfg.Tenant == "" {
		cfg.Tenant = "test"
	}
	if cfg.Keys == nil {
		keys, err := pseudonym.NewKeyring()
		if err != nil {
			t.Fatal(err)
		}
		cfg.Keys = keys
	}
	if cfg.Store == nil {
		store := memstore.Volatile()
		t.Cleanup(func() { store.Close() })
		cfg.Store = store
	}
	if cfg.Taxonomy == nil {
		cfg.Taxonomy = segment.Small()
	}
	if cfg.Notices == nil {
		cfg.Notices = []consent.Notice{Notice()}
	}
	if cfg.Segments == nil {
		cfg.Segments = []segment.Definition{{
			Name: "runners", Title: "Runners", Purpose: Purpose, Version: 1,
			All: []segment.Predicate{{Frequency: &segment.Frequency{Category: "sports.running", AtLeast: 1, WithinDays: 30}}},
		}}
	}
	if cfg.Measures == nil {
		cfg.Measures = []dp.Measure{dp.SegmentSizes{Name: "sizes", Purpose: cfg.Segments[0].Purpose, MaxSegments: 1, Share: 0.5}}
	}
	if cfg.Budget == (dp.Budget{}) {
		cfg.Budget = dp.Budget{Epsilon: 1, Delta: 1e-6, WindowDays: 30}
	}
	if cfg.TTLDays == 0 {
		cfg.TTLDays = 90
	}
	engine, err := discreet.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	e.Engine, e.Config = engine, cfg
	return e
}

// Notice returns the notice of the default configuration.
func Notice() consent.Notice {
	return consent.Notice{
		ID: "personal-pages", Version: 1, Locale: "en",
		Title:         "Pages that fit you",
		Text:          "We keep what you look at, under a pseudonym, to put first what you may like.",
		Purposes:      []consent.Purpose{{Key: Purpose, Title: "Personal pages"}},
		Categories:    []string{"pages and products you viewed"},
		Withdrawal:    "Settings, Privacy, one tap.",
		RetentionDays: 90,
		ConsentDays:   365,
	}
}

// Agree records that the people agree to the default notice.
func (e *Engine) Agree(t testing.TB, people ...discreet.Raw) {
	t.Helper()
	batch := make([]discreet.Chosen, len(people))
	for i, who := range people {
		batch[i] = discreet.Chosen{Who: who, Choice: discreet.Choice{
			Notice: "personal-pages", Version: 1, Locale: "en", Method: "test", Grant: []string{Purpose},
		}}
	}
	if err := e.ChooseBatch(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
}

// mustTest panics outside a test: production code must not come by here.
func mustTest(t testing.TB) {
	if t == nil || !testing.Testing() {
		panic("discreettest: used outside a test")
	}
}
