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
	voids   int
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
	void   bool
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

// wrote is called when an append was due: it says whether the store
// acknowledged it, and whether it kept it.
func (m *machine) wrote(t *rapid.T, f fault, err error) (acknowledged, kept bool) {
	if f == works {
		return true, true
	}
	m.expect(t, err, ledger.ErrFailed)
	m.failed = true
	return false, f == failLater
}

func (m *machine) cross() {
	if m.index() != m.window {
		m.window, m.spent, m.entries = m.index(), 0, map[string]*charge{}
	}
}

func (m *machine) reserve(t *rapid.T) {
	name := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "name")
	cost := rapid.Int64Range(1, 6).Draw(t, "cost")
	spec := fmt.Sprint("spec ", cost)
	today := firstDay + contrib.Day(m.now.Sub(day0).Hours()/24)
	asOf := rapid.SampledFrom([]contrib.Day{0, 0, 0, firstDay, firstDay + 1, firstDay + 3}).Draw(t, "as-of")
	f := m.d.next
	ticket, stored, err := m.a.Reserve(context.Background(),
		ledger.Request{Name: name, Spec: []byte(spec), Mu2: units(cost, 1024), AsOf: asOf}, m.now)
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
	crosses := m.index() > m.window
	c, spent := m.entries[name], m.spent
	if crosses {
		c, spent = nil, 0
	}
	var refused error
	switch {
	case asOf > today:
		refused = ledger.ErrRequest
	case c == nil && spent+cost > 10:
		refused = ledger.ErrExhausted
	case c == nil:
	case c.spec != spec || asOf != 0 && asOf != c.asOf:
		refused = ledger.ErrSpecification
	case c.answer != "":
		if err != nil || ticket != nil || string(stored) != c.answer {
			t.Fatalf("stored answer: %q, %v", stored, err)
		}
		return
	case c.void:
		refused = ledger.ErrVoid
	case c.ticket != nil:
		refused = ledger.ErrInProgress
	}
	if refused != nil && !crosses {
		m.expect(t, err, refused)
		return
	}
	acknowledged, kept := m.wrote(t, f, err)
	if kept {
		m.cross()
	}
	if refused != nil {
		if acknowledged {
			m.expect(t, err, refused)
		}
		return
	}
	if acknowledged && err != nil {
		t.Fatalf("reserve: %v", err)
	}
	if c == nil && kept {
		if asOf == 0 {
			asOf = today
		}
		c = &charge{spec: spec, cost: cost, asOf: asOf, entry: uint64(len(m.d.records) - 1)}
		m.entries[name] = c
		m.spent += cost
		m.made++
	}
	if acknowledged {
		m.hold(t, ticket, c, name)
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
	case h.c.ticket != h:
		m.expect(t, err, ledger.ErrTicket)
	case m.failed:
		m.expect(t, err, ledger.ErrFailed)
	default:
		acknowledged, kept := m.wrote(t, f, err)
		if kept {
			h.c.answer = text
		}
		if acknowledged {
			if err != nil {
				t.Fatal(err)
			}
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
	drawn := rapid.Bool().Draw(t, "drawn")
	if drawn {
		h.t.Charge()
	}
	f := m.d.next
	err := h.t.Release(context.Background())
	switch active := h.c.ticket == h; {
	case active && drawn && m.failed:
		m.expect(t, err, ledger.ErrFailed)
		h.c.ticket = nil
	case active && drawn:
		h.c.ticket = nil
		acknowledged, kept := m.wrote(t, f, err)
		if acknowledged && err != nil {
			t.Fatal(err)
		}
		if kept {
			h.c.void = true
			m.voids++
		}
	case err != nil:
		t.Fatal(err)
	case active:
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
		acknowledged, kept := m.wrote(t, f, err)
		if acknowledged && err != nil {
			t.Fatal(err)
		}
		if kept {
			m.cross()
		}
	case err != nil:
		t.Fatal(err)
	}
}

func (m *machine) crash(t *rapid.T) {
	m.d.next = works
	m.d.die()
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
		if r.Window.Index != m.window || r.Spent.Mu2 != total(t, m.entries) || r.Entries != m.made || r.Void != m.voids {
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
