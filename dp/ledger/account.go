package ledger

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"sync/atomic"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
)

// Account is the privacy account of one population. Its methods are safe for
// concurrent use.
type Account struct {
	store      Store
	population string
	terms      Terms
	opened     contrib.Day

	window atomic.Int32 // mirrors st.window, for Window
	failed atomic.Bool

	mu    sync.Mutex // guards st; held over an append
	st    *state
	queue queue
}

// Config says what Open opens.
type Config struct {
	Store Store // required
	Terms Terms // required
}

// Open opens the account of the store, after reading and checking its whole
// log; in an empty store it makes a new one, which opens on the day of now with
// a random population id. It returns ErrTerms when the account was made with
// other terms, and a *BrokenError when the log does not follow the rules.
// Cost: one pass over the log.
func Open(ctx context.Context, c Config, now time.Time) (*Account, error) {
	t := c.Terms
	if c.Store == nil || !t.valid() {
		return nil, ErrTerms
	}
	a := &Account{store: c.Store, st: newState()}
	if err := a.read(ctx); err != nil {
		return nil, err
	}
	if a.st.next == 0 {
		if err := a.create(ctx, t, now); err != nil {
			return nil, err
		}
	}
	if a.st.terms != t {
		return nil, ErrTerms
	}
	a.population, a.terms, a.opened = a.st.population, t, a.st.opened
	return a, nil
}

func (a *Account) read(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.catchUp(ctx)
}

func (a *Account) create(ctx context.Context, t Terms, now time.Time) error {
	day, ms, ok := dayOf(now)
	if !ok {
		return ErrClockBack
	}
	var id [16]byte
	rand.Read(id[:])
	return a.do(ctx, 0, func(g *group) error {
		if g.st.next > 0 {
			return nil // somebody else made it at the same moment
		}
		return g.add(&record{Kind: kindOpen, Time: ms, Open: &openRecord{
			Population: hex.EncodeToString(id[:]), Day: date(day), WindowDays: t.WindowDays,
			Epsilon: t.Epsilon, Delta: t.Delta, Mu2: t.Mu2, ReserveDelta: t.ReserveDelta,
		}}, nil)
	})
}

// catchUp replays what the store has beyond st. a.mu is held.
func (a *Account) catchUp(ctx context.Context) error {
	err := a.store.LedgerRead(ctx, a.st.next, func(seq uint64, line []byte) error {
		_, err := a.st.replay(seq, line)
		return err
	})
	a.window.Store(a.st.window)
	return err
}

// Population returns the random id that the account was opened with, 32
// hexadecimal digits.
func (a *Account) Population() string { return a.population }

// Terms returns the terms of the account.
func (a *Account) Terms() Terms { return a.terms }

// Declare logs that a measure counts from the day of now on, and returns that
// day; when the latest declaration under the name has the same specification,
// it returns the day of that one and writes nothing.
func (a *Account) Declare(ctx context.Context, name string, spec []byte, now time.Time) (contrib.Day, error) {
	if !contrib.ValidName(name) || len(spec) == 0 {
		return 0, ErrRequest
	}
	day, ms, ok := dayOf(now)
	if !ok {
		return 0, ErrClockBack
	}
	sum := digest(sha256.Sum256(spec))
	err := a.do(ctx, 0, func(g *group) error {
		if d, ok := g.st.declared[name]; ok && d.spec == sum {
			day = d.day
			return nil
		}
		if day < g.st.first(g.st.window) {
			return ErrClockBack
		}
		return g.add(&record{Kind: kindDeclare, Time: ms, Declare: &declareRecord{name, sum, date(day)}}, nil)
	})
	if err != nil {
		return 0, err
	}
	return day, nil
}
