package ledger

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
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

	mu sync.Mutex // guards st, and orders appends
	st *state
}

// errMoved is ErrConflict after the account caught up with the log.
var errMoved = errors.New("ledger: moved")

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
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.catchUp(ctx); err != nil {
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

func (a *Account) create(ctx context.Context, t Terms, now time.Time) error {
	day, ms, ok := dayOf(now)
	if !ok {
		return ErrClockBack
	}
	var id [16]byte
	rand.Read(id[:])
	err := a.append(ctx, &record{Kind: kindOpen, Time: ms, Open: &openRecord{
		Population: hex.EncodeToString(id[:]), Day: date(day), WindowDays: t.WindowDays,
		Epsilon: t.Epsilon, Delta: t.Delta, Mu2: t.Mu2, ReserveDelta: t.ReserveDelta,
	}}, nil)
	if errors.Is(err, errMoved) {
		return nil // somebody else made it at the same moment
	}
	return err
}

// append writes r as the next record. On errMoved nothing was written and st
// is up to date. Any other failure that may have left something behind fails
// the account. a.mu is held.
func (a *Account) append(ctx context.Context, r *record, blob []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.V, r.Seq, r.Prev = recordVersion, a.st.next, a.st.head
	line, err := r.encode()
	if err != nil {
		return ErrRequest
	}
	if rule := a.st.check(r); rule != "" {
		return &BrokenError{r.Seq, rule} // unreachable: callers ask first
	}
	known := false
	defer func() {
		if !known {
			a.failed.Store(true)
		}
	}()
	// A cancelled append would leave the log in doubt, so it is not cancelled.
	err = a.store.LedgerAppend(context.WithoutCancel(ctx), r.Seq, Row{line, blob})
	switch {
	case err == nil:
		a.st.apply(r)
		a.window.Store(a.st.window)
		known = true
		return nil
	case errors.Is(err, ErrConflict):
		if err := a.catchUp(context.WithoutCancel(ctx)); err != nil {
			return err
		}
		if a.st.next == r.Seq {
			return fmt.Errorf("%w: the store reports a conflict that is not there", ErrFailed)
		}
		known = true
		return errMoved
	}
	return fmt.Errorf("%w: %w", ErrFailed, err)
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
	a.mu.Lock()
	defer a.mu.Unlock()
	for {
		if a.failed.Load() {
			return 0, ErrFailed
		}
		if d, ok := a.st.declared[name]; ok && d.spec == sum {
			return d.day, nil
		}
		if day < a.st.first(a.st.window) {
			return 0, ErrClockBack
		}
		err := a.append(ctx, &record{Kind: kindDeclare, Time: ms, Declare: &declareRecord{name, sum, date(day)}}, nil)
		switch {
		case err == nil:
			return day, nil
		case !errors.Is(err, errMoved):
			return 0, err
		}
	}
}
