package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/contrib"
	"pgregory.net/rapid"
)

// TestMachine drives an account over a store that fails now and then, with
// crashes and a clock that moves, next to a model of a page: what was charged,
// what was answered, who holds what.
func TestMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{d: new(disk), seen: map[string]string{}, entries: map[string]*charge{}, now: day0}
		m.reopen(t)
		t.Repeat(map[string]func(*rapid.T){
			"reserve": m.reserve,
			"answer":  m.answer,
			"release": m.release,
			"clock":   m.clock,
			"advance": m.advance,
			"crash":   m.crash,
			"fault":   m.fault,
			"":        m.check,
		})
	})
}

type machine struct {
	d      *disk
	a      *ledger.Account
	now    time.Time
	failed bool

	window  int32
	spent   int64 // 1/1024 of mu^2
	entries map[string]*charge
	held    []*holder
	seen    map[string]string // window/name -> answer that was handed out
	made    int
}

// machineTerms hold ten of the model's units, without a rest.
func machineTerms() ledger.Terms {
	t := terms()
	t.Mu2 = units(10, 1024)
	return t
}

type charge struct {
	spec   string
	cost   int64
	asOf   contrib.Day
	entry  uint64
	answer string
	ticket *holder
}

type holder struct {
	t *ledger.Ticket
	c *charge
	k string
}

func (m *machine) index() int32 {
	return int32(int(m.now.Sub(day0.Truncate(24*time.Hour)).Hours()) / 24 / 30)
}

func (m *machine) reopen(t *rapid.T) {
	a, err := ledger.Open(context.Background(), ledger.Config{Store: m.d, Terms: machineTerms()}, day0)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	m.a, m.failed, m.held = a, false, nil
	for _, c := range m.entries {
		c.ticket = nil
	}
}

// wrote is called after an append was tried: it says whether the store took
// it, and fails the account where the store said it did not.
func (m *machine) wrote(t *rapid.T, f fault, err error) (acknowledged, kept bool) {
	switch f {
	case works:
		if err != nil {
			t.Fatalf("append: %v", err)
		}
		return true, true
	default:
		if !errors.Is(err, ledger.ErrFailed) {
			t.Fatalf("a failed append gives %v", err)
		}
		m.failed = true
		return false, f == failLater
	}
}

// cross models the record of a window; it reports whether the call goes on.
func (m *machine) cross(t *rapid.T, f *fault, err error) bool {
	if m.index() == m.window {
		return true
	}
	acknowledged, kept := m.wroteFirst(t, f, err)
	if kept {
		m.window, m.spent, m.entries = m.index(), 0, map[string]*charge{}
	}
	return acknowledged
}

// wroteFirst is wrote for the first of two appends of one call.
func (m *machine) wroteFirst(t *rapid.T, f *fault, err error) (acknowledged, kept bool) {
	if *f == works {
		return true, true // err belongs to what follows
	}
	acknowledged, kept = m.wrote(t, *f, err)
	*f = works
	return acknowledged, kept
}

func (m *machine) reserve(t *rapid.T) {
	name := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "name")
	cost := rapid.Int64Range(1, 6).Draw(t, "cost")
	spec := fmt.Sprint("spec ", cost)
	asOf := firstDay + contrib.Day(rapid.IntRange(0, 3).Draw(t, "as-of"))
	f := m.d.next
	ticket, stored, err := m.a.Reserve(context.Background(),
		ledger.Request{Name: name, Spec: []byte(spec), Mu2: units(cost, 1024), AsOf: asOf}, m.now)
	c := m.entries[name]
	switch {
	case m.failed:
		m.expect(t, err, ledger.ErrFailed)
		return
	case m.index() < m.window:
		m.expect(t, err, ledger.ErrClockBack)
		return
	case m.index() > m.window+1:
		m.expect(t, err, ledger.ErrWindowJump)
		return
	}
	if m.index() > m.window {
		c = nil
	}
	if !m.cross(t, &f, err) {
		return
	}
	if day := firstDay + contrib.Day(m.now.Sub(day0).Hours()/24); asOf > day {
		m.expect(t, err, ledger.ErrRequest)
		return
	}
	switch {
	case c == nil && m.spent+cost > 10:
		m.expect(t, err, ledger.ErrExhausted)
	case c == nil:
		acknowledged, kept := m.wrote(t, f, err)
		if !kept {
			return
		}
		c = &charge{spec: spec, cost: cost, asOf: asOf, entry: uint64(len(m.d.records) - 1)}
		m.entries[name] = c
		m.spent += cost
		m.made++
		if acknowledged {
			m.hold(t, ticket, c, name)
		}
	case c.spec != spec:
		m.expect(t, err, ledger.ErrSpecification)
	case c.answer != "":
		if err != nil || ticket != nil || string(stored) != c.answer {
			t.Fatalf("stored answer: %q, %v", stored, err)
		}
	case c.ticket != nil:
		m.expect(t, err, ledger.ErrInProgress)
	default:
		if acknowledged, _ := m.wrote(t, f, err); acknowledged {
			m.hold(t, ticket, c, name)
		}
	}
}

func (m *machine) hold(t *rapid.T, ticket *ledger.Ticket, c *charge, name string) {
	if ticket.Entry() != c.entry || ticket.AsOf() != c.asOf || ticket.Window().Index != m.window {
		t.Fatalf("ticket for entry %d as of %d, want %d and %d", ticket.Entry(), ticket.AsOf(), c.entry, c.asOf)
	}
	c.ticket = &holder{ticket, c, fmt.Sprint(m.window, "/", name)}
	m.held = append(m.held, c.ticket)
}

func (m *machine) pick(t *rapid.T) *holder {
	if len(m.held) == 0 {
		t.Skip("nobody holds a ticket")
	}
	return m.held[rapid.IntRange(0, len(m.held)-1).Draw(t, "ticket")]
}

func (m *machine) answer(t *rapid.T) {
	h := m.pick(t)
	text := fmt.Sprint("answer ", len(m.d.records))
	f := m.d.next
	err := h.t.Answer(context.Background(), []byte(text))
	switch {
	case m.failed:
		m.expect(t, err, ledger.ErrFailed)
	case h.c.ticket != h:
		m.expect(t, err, ledger.ErrTicket)
	default:
		acknowledged, kept := m.wrote(t, f, err)
		if kept {
			h.c.answer = text
		}
		if acknowledged {
			h.c.ticket = nil
			if old, ok := m.seen[h.k]; ok && old != text {
				t.Fatal("two answers were handed out for one key")
			}
			m.seen[h.k] = text
		}
	}
}

func (m *machine) release(t *rapid.T) {
	h := m.pick(t)
	h.t.Release()
	if h.c.ticket == h {
		h.c.ticket = nil
	}
}

func (m *machine) clock(t *rapid.T) {
	m.now = m.now.AddDate(0, 0, rapid.IntRange(-20, 45).Draw(t, "days"))
	if m.now.Before(day0) {
		m.now = day0
	}
}

func (m *machine) advance(t *rapid.T) {
	f := m.d.next
	err := m.a.Advance(context.Background(), m.now)
	switch {
	case m.failed:
		m.expect(t, err, ledger.ErrFailed)
	case m.index() < m.window:
		m.expect(t, err, ledger.ErrClockBack)
	case m.index() > m.window:
		if _, kept := m.wrote(t, f, err); kept {
			m.window, m.spent, m.entries = m.index(), 0, map[string]*charge{}
		}
	case err != nil:
		t.Fatal(err)
	}
}

func (m *machine) crash(t *rapid.T) {
	m.d.next = works
	m.reopen(t)
}

func (m *machine) fault(t *rapid.T) {
	m.d.next = rapid.SampledFrom([]fault{failFirst, failLater}).Draw(t, "fault")
}

func (m *machine) expect(t *rapid.T, err, want error) {
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}

// check compares the account with the model, and what a fresh reader finds.
func (m *machine) check(t *rapid.T) {
	if m.spent > 10 {
		t.Fatal("the model is overdrawn")
	}
	fresh, err := ledger.Open(context.Background(), ledger.Config{Store: m.d, Terms: machineTerms()}, day0)
	if err != nil {
		t.Fatalf("the log does not open: %v", err)
	}
	accounts := []*ledger.Account{fresh}
	if !m.failed {
		accounts = append(accounts, m.a)
	}
	for _, a := range accounts {
		if err := a.Verify(context.Background()); err != nil {
			t.Fatalf("the log does not verify: %v", err)
		}
		r := a.Report()
		if r.Window.Index != m.window || r.Spent.Mu2 != total(t, m.entries) || r.Entries != m.made {
			t.Fatalf("window %d, spent %v, %d entries; the model has %d, %d, %d",
				r.Window.Index, r.Spent.Mu2.Float64(), r.Entries, m.window, m.spent, m.made)
		}
		if sum, err := r.Spent.Mu2.Add(r.Remaining.Mu2); err != nil || sum != r.Terms.Mu2 {
			t.Fatal("spent and remaining do not add up")
		}
	}
}

func total(t *rapid.T, entries map[string]*charge) (sum accounting.Units) {
	for _, c := range entries {
		var err error
		if sum, err = sum.Add(units(c.cost, 1024)); err != nil {
			t.Fatal(err)
		}
	}
	return sum
}
