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
	"golang.org/x/mod/sumdb/note"
)

// Account is a privacy account of a population. Its methods are safe for
// concurrent use.
type Account struct {
	store      Store
	population string
	id         string

	days   atomic.Pointer[calendar]   // mirrors st.calendar, for Window
	window atomic.Int32               // mirrors st.window
	mark   atomic.Pointer[Checkpoint] // of what is durable
	failed atomic.Bool

	mu    sync.Mutex // guards st; held over an append
	st    *state
	queue queue

	signer   note.Signer // of checkpoints; or nil
	sink     Sink        // or nil
	covering sync.Mutex  // guards covered; held over a write to sink
	covered  uint64      // records that the last checkpoint in sink covers

	seen func(*record) // while the account is opened, told of every record
}

// Config says what Open opens.
type Config struct {
	Store Store // required
	Terms Terms // required

	// Sink is a second place, to which a signed checkpoint goes before an answer
	// leaves, and whose last one the log is held against when it is opened.
	// Optional, with Signer and Verifiers.
	Sink      Sink
	Signer    note.Signer // signs checkpoints
	Verifiers []string    // keys that may have signed the last one, in x/mod/sumdb/note form
}

// Open opens the account of the store, after reading and checking its whole
// log; in an empty store it makes a new one, which opens on the day of now with
// a random population id. The terms are those in force, or those that Amend
// logged last. It returns ErrTerms when the account has other ones, ErrPromise
// when those of a new account let more be spent than they promise, and a *BrokenError
// when the log does not follow the rules. With a Sink, it returns ErrRolledBack
// for a log that lacks what the last checkpoint saw, ErrCheckpoint for one that
// no known key signed, and ErrSink. Cost: one pass over the log.
func Open(ctx context.Context, c Config, now time.Time) (*Account, error) {
	a, err := c.account()
	if err != nil {
		return nil, err
	}
	t := c.Terms
	against, err := a.lastCheckpoint(ctx, c.Verifiers)
	if err != nil {
		return nil, err
	}
	a.seen = against.see
	if err := a.read(ctx); err != nil {
		return nil, err
	}
	a.seen = nil
	switch {
	case a.st.next == 0 && against.last != nil:
		return nil, ErrRolledBack
	case a.st.next == 0:
		if err := a.create(ctx, t, now); err != nil {
			return nil, err
		}
	case !against.agrees(a.st):
		return nil, ErrRolledBack
	case !against.found:
		if err := a.keepGiven(ctx, against.last); err != nil {
			return nil, err
		}
	}
	if !a.st.terms().Equal(t) && !a.st.calendar[len(a.st.calendar)-1].terms.Equal(t) {
		return nil, ErrTerms
	}
	a.name()
	if err := a.cover(ctx, a.st.next-1); err != nil {
		return nil, err
	}
	return a, nil
}

// account returns an account that has read nothing yet.
func (c *Config) account() (*Account, error) {
	if c.Store == nil || !c.Terms.valid() {
		return nil, ErrTerms
	}
	if c.Sink != nil && (c.Signer == nil || len(c.Verifiers) == 0) {
		return nil, ErrCheckpoint
	}
	return &Account{store: c.Store, st: newState(), sink: c.Sink, signer: c.Signer}, nil
}

// name takes over what never changes.
func (a *Account) name() { a.population, a.id = a.st.population, a.st.account }

func (a *Account) read(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.catchUp(ctx)
}

func (a *Account) create(ctx context.Context, t Terms, now time.Time) error {
	if err := t.certify(ctx); err != nil {
		return err
	}
	day, ms, ok := dayOf(now)
	if !ok {
		return ErrClockBack
	}
	id := newID()
	return a.do(ctx, 0, func(g *group) error {
		if g.st.next > 0 {
			return nil // somebody else made it at the same moment
		}
		return g.add(&record{Kind: kindOpen, Time: ms, Open: &openRecord{
			Population: id, Day: date(day), termsPart: partOf(t),
		}}, nil)
	})
}

func newID() string {
	var id [16]byte
	rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

func validID(text string) bool {
	id, err := hex.DecodeString(text)
	return err == nil && len(id) == 16 && hex.EncodeToString(id) == text
}

// publish shows calendar, window and length to those who read without waiting
// for an append. a.mu is held.
func (a *Account) publish() {
	mark := a.st.checkpoint()
	a.mark.Store(&mark)
	c := a.st.calendar
	a.days.Store(&c)
	a.window.Store(a.st.window)
}

// catchUp replays what the store has beyond st. a.mu is held.
func (a *Account) catchUp(ctx context.Context) error {
	err := a.store.LedgerRead(ctx, a.st.next, func(seq uint64, line []byte) error {
		r, err := a.st.replay(seq, line)
		if err == nil && a.seen != nil {
			a.seen(r)
		}
		return err
	})
	a.publish()
	return err
}

// ID returns the id of the account, 32 hexadecimal digits: the population's,
// unless the account was split off another one.
func (a *Account) ID() string { return a.id }

// Population returns the random id of the population, 32 hexadecimal digits.
func (a *Account) Population() string { return a.population }

// Terms returns the terms of the window that the log has reached.
func (a *Account) Terms() Terms {
	return a.days.Load().of(a.window.Load()).terms
}

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

// Asked reports whether a release of that name was charged in a window, as far as this
// process knows; false for a window that the log has not reached, or has left.
func (a *Account) Asked(name string, window int32) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.st.window == window && a.st.entries[name] != nil
}

// Declared returns the position in the log of the latest declaration under a name,
// as far as this process knows: a charge before it was of what was declared before.
func (a *Account) Declared(name string) (entry uint64, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	d, ok := a.st.declared[name]
	return d.seq, ok
}
