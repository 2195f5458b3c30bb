package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/ledger"
)

var errFault = errors.New("ledgertest: the store fails")

// How a call fails.
type mode int

const (
	failBefore mode = iota // nothing happens, and an error
	failAfter              // it happens, and an error all the same
	dieBefore              // the process ends before it happens
	dieAfter               // the process ends after it happened
)

func (m mode) String() string {
	return [...]string{"fail-before", "fail-after", "die-before", "die-after"}[m]
}

// died is what stands for the end of the process.
type died struct{}

// faulty fails one call of a store, the first being number one, and counts them.
type faulty struct {
	ledger.Store
	at    int
	how   mode
	calls int
	given []func() // claims, which end with the process
}

// call runs f, or what stands in its place.
func (s *faulty) call(f func() error) error {
	s.calls++
	if s.calls != s.at {
		return f()
	}
	if s.how == failAfter || s.how == dieAfter {
		if err := f(); err != nil {
			return err
		}
	}
	if s.how == dieBefore || s.how == dieAfter {
		panic(died{})
	}
	return errFault
}

func (s *faulty) LedgerAppend(ctx context.Context, seq uint64, rows ...ledger.Row) error {
	return s.call(func() error { return s.Store.LedgerAppend(ctx, seq, rows...) })
}

func (s *faulty) LedgerRead(ctx context.Context, from uint64, f func(seq uint64, record []byte) error) error {
	return s.call(func() error { return s.Store.LedgerRead(ctx, from, f) })
}

func (s *faulty) LedgerBlob(ctx context.Context, seq uint64) (blob []byte, err error) {
	err = s.call(func() error {
		blob, err = s.Store.LedgerBlob(ctx, seq)
		return err
	})
	return blob, err
}

func (s *faulty) LedgerClaim(ctx context.Context, key uint64) (give func(), err error) {
	err = s.call(func() error {
		if give, err = s.Store.LedgerClaim(ctx, key); err == nil {
			s.given = append(s.given, give)
		}
		return err
	})
	return give, err
}

// end gives up what the process held.
func (s *faulty) end() {
	for _, give := range s.given {
		give()
	}
}

// Faults drives an account through a script of every kind of step, with a fault
// at each single call of the store, in each way a call can fail or the process
// can die there, and then lets another process finish the script. Every answer
// that was handed out is there, the same, for ever; every release is charged
// once; the chain verifies. open returns a fresh, empty store.
func Faults(t *testing.T, open func(t testing.TB) ledger.Store) {
	for how := failBefore; how <= dieAfter; how++ {
		for at, whole := 1, false; !whole && !t.Failed(); at++ {
			t.Run(fmt.Sprintf("%s/%d", how, at), func(t *testing.T) {
				p := &play{t: t, base: open(t), handed: map[string]string{}}
				s := &faulty{Store: p.base, at: at, how: how}
				p.survive(s)
				whole = s.calls < at
				if err := p.survive(&faulty{Store: p.base}); err != nil {
					t.Fatalf("the script does not finish: %v", err)
				}
				p.check()
			})
		}
	}
}

// play runs the script, in one process after the other.
type play struct {
	t      *testing.T
	base   ledger.Store
	handed map[string]string // what left, by window and name
	tries  int
}

// survive runs the script in a process, which may die, and returns its error.
func (p *play) survive(s *faulty) (err error) {
	defer s.end()
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(died); !ok {
				panic(r)
			}
			err = errFault
		}
	}()
	return p.script(p.t.Context(), s)
}

// script does every kind of step; done again, it goes on where it ended.
func (p *play) script(ctx context.Context, s ledger.Store) error {
	now := opening()
	a, err := ledger.Open(ctx, config(s), now)
	if errors.Is(err, ledger.ErrTerms) { // those of Amend are in force
		a, err = ledger.Open(ctx, ledger.Config{Store: s, Terms: terms(20)}, now)
	}
	if err != nil {
		return err
	}
	if w, err := a.Window(now.AddDate(0, 0, 30)); err != nil {
		return err
	} else if !w.Logged {
		if _, err := a.Declare(ctx, "measure", []byte("spec"), now); err != nil {
			return err
		}
		steps := []func() error{
			func() error { return p.release(ctx, a, "a", now) },
			func() error { return p.giveUp(ctx, a, "b", now) },
			func() error { return p.release(ctx, a, "b", now) },
			func() error { return p.void(ctx, a, "c", now) },
			func() error { return a.Amend(ctx, terms(20), now) },
			func() error { return a.Advance(ctx, now.AddDate(0, 0, 30)) },
		}
		for _, step := range steps {
			if err := step(); err != nil {
				return err
			}
		}
	}
	now = now.AddDate(0, 0, 30)
	if err := p.release(ctx, a, "a", now); err != nil {
		return err
	}
	return a.Verify(ctx)
}

// release hands out an answer, in its own words each time it draws.
func (p *play) release(ctx context.Context, a *ledger.Account, name string, now time.Time) error {
	ticket, stored, err := a.Reserve(ctx, request(name), now)
	if err != nil {
		return err
	}
	if ticket != nil {
		defer ticket.Release(ctx)
		p.tries++
		stored = fmt.Append(nil, "answer ", p.tries)
		if err := ticket.Answer(ctx, stored); err != nil {
			return err
		}
	}
	key := fmt.Sprint(now.YearDay(), "/", name)
	if old, ok := p.handed[key]; ok && old != string(stored) {
		p.t.Errorf("two answers were handed out under one name")
	}
	p.handed[key] = string(stored)
	return nil
}

func (p *play) giveUp(ctx context.Context, a *ledger.Account, name string, now time.Time) error {
	ticket, _, err := a.Reserve(ctx, request(name), now)
	if err != nil || ticket == nil {
		return err
	}
	return ticket.Release(ctx)
}

func (p *play) void(ctx context.Context, a *ledger.Account, name string, now time.Time) error {
	ticket, _, err := a.Reserve(ctx, request(name), now)
	if errors.Is(err, ledger.ErrVoid) {
		return nil
	}
	if err != nil {
		return err
	}
	return ticket.Void(ctx)
}

// check reads what is left of all the processes.
func (p *play) check() {
	p.t.Helper()
	ctx := p.t.Context()
	a, err := ledger.Open(ctx, ledger.Config{Store: p.base, Terms: terms(20)}, opening())
	if err != nil {
		p.t.Fatal(err)
	}
	if err := a.Verify(ctx); err != nil {
		p.t.Fatal(err)
	}
	r := a.Report()
	if r.Entries != 4 || r.Answered != 3 || r.Void != 1 || r.Window.Index != 1 || r.Spent.Mu2 != units(1) || len(p.handed) != 3 {
		p.t.Fatalf("charged other than once each:\n%v", r)
	}
	for _, answer := range p.handed {
		if _, err := a.Find(ctx, []byte(answer)); err != nil {
			p.t.Fatalf("an answer that left is not in the log: %v", err)
		}
	}
}

// interloper runs before in front of every append.
type interloper struct {
	ledger.Store
	mu     sync.Mutex
	n      int
	before func(n int)
}

func (s *interloper) LedgerAppend(ctx context.Context, seq uint64, rows ...ledger.Row) error {
	s.mu.Lock()
	s.n++
	n, before := s.n, s.before
	s.mu.Unlock()
	if before != nil && n%2 == 1 { // or it never ends
		before(n)
	}
	return s.Store.LedgerAppend(ctx, seq, rows...)
}

func opening() time.Time { return time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC) }

func terms(total int64) ledger.Terms {
	return ledger.Terms{Epsilon: 1, Delta: 1e-6, Mu2: units(total), WindowDays: 30}
}

func config(s ledger.Store) ledger.Config { return ledger.Config{Store: s, Terms: terms(10)} }

func request(name string) ledger.Request {
	return ledger.Request{Name: name, Spec: []byte("s"), Mu2: units(1)}
}

// units returns n / 2^20.
func units(n int64) accounting.Units {
	u, err := accounting.UnitsUp(big.NewRat(n, 1<<20))
	if err != nil {
		panic(err) // unreachable: n is small
	}
	return u
}
