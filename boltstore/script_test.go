package boltstore_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// A script is a fixed series of steps over a store and its account, with a model
// that says what the store holds after each of them. Steps 0 to 2 open, bind,
// and make the account; each of the others is one durable step of the store.

const (
	stepOpen, stepBind, stepAccount = 0, 1, 2

	scriptPeople = 3
	scriptKinds  = 10
)

// script runs steps and keeps what they need from one to the next.
type script struct {
	path   string
	keys   *pseudonym.Keyring
	s      *boltstore.Store
	a      *ledger.Account
	log    *consent.Log
	ticket *ledger.Ticket
	mode   string // how to open it: "sync", "interval", or "no", which syncs no commit
}

// openScript opens the account of a store for scripts.
func openScript(s ledger.Store) (*ledger.Account, error) { return account(s) }

// scriptChild runs the steps of a script and acknowledges each on its standard
// output, by one write.
func scriptChild(dir string, steps int, mode string) error {
	keys, err := pseudonym.OpenKeyFile(filepath.Join(dir, "keys"))
	if err != nil {
		return err
	}
	c := &script{path: filepath.Join(dir, "s", "store"), keys: keys, mode: mode}
	for n := range steps {
		if err := c.step(n); err != nil {
			return fmt.Errorf("step %d: %w", n, err)
		}
		if _, err := os.Stdout.Write(fmt.Appendln(nil, n)); err != nil {
			return err
		}
	}
	return c.s.Close()
}

// scriptRow is what step n writes into a row; now and then it needs pages of
// its own.
func scriptRow(n int) string {
	return fmt.Sprint(n, " ", strings.Repeat("x", n*7919%3000)) + strings.Repeat("y", n%3*(n%2)*4000)
}

// person is whose rows step n changes. Those that it forgets were written two
// rounds before.
func person(n int) int {
	round := (n - stepAccount - 1) / scriptKinds
	if kindOf(n) == 4 {
		round++
	}
	return round % scriptPeople
}

func scriptKeys(n int) []segment.Key {
	return []segment.Key{profile(person(n)), {Purpose: "second", ID: id(person(n))}}
}

// scriptMarks is what step n appends to the consent log.
func scriptMarks(n int) [][32]byte {
	return [][32]byte{sha256.Sum256(fmt.Append(nil, n, "first")), sha256.Sum256(fmt.Append(nil, n, "second"))}
}

func scriptAnswer(n int) []byte { return []byte(fmt.Sprint("answer ", scriptRow(n))) }

// kindOf numbers what step n does, see step.
func kindOf(n int) int { return (n - stepAccount - 1) % scriptKinds }

func (c *script) step(n int) (err error) {
	ctx := timeless{}
	set := func(int, []byte) ([]byte, error) { return []byte(scriptRow(n)), nil }
	switch n {
	case stepOpen:
		var o boltstore.Options
		if c.mode == "interval" {
			o.Durability = boltstore.Interval(time.Minute)
		}
		c.s, err = boltstore.Open(c.path, o)
		return err
	case stepBind:
		return c.s.Bind(ctx, tenant, c.keys)
	case stepAccount:
		c.log = consent.NewLog(c.s)
		if c.a, err = openScript(c.s); err == nil && c.mode == "no" {
			boltstore.NoSync(c.s)
		}
		return err
	}
	switch kindOf(n) {
	case 0:
		return errors.Join(c.s.ProfileUpdate(ctx, scriptKeys(n), set), c.s.ProfileSync(ctx))
	case 1:
		return c.s.ConsentUpdate(ctx, []ident.Subject{subject(person(n))}, set)
	case 2, 5:
		c.ticket, err = c.reserve(n)
		return err
	case 3:
		return c.ticket.Answer(ctx, scriptAnswer(n-1))
	case 4:
		return c.s.Forget(ctx, subject(person(n)), func([]byte) ([]byte, error) { return nil, nil }, scriptKeys(n))
	case 6:
		return c.ticket.Void(ctx)
	case 7:
		_, err = c.a.Declare(ctx, fmt.Sprint("measure-", n), []byte("spec"), now)
		return err
	case 8:
		_, err = c.log.Append(ctx, now, scriptMarks(n)...)
		return err
	default: // close and open again
		if err := c.s.Close(); err != nil {
			return err
		}
		for n := range stepAccount + 1 {
			if err := c.step(n); err != nil {
				return err
			}
		}
		return nil
	}
}

func (c *script) reserve(n int) (*ledger.Ticket, error) {
	ticket, stored, err := reserveScript(c.a, n)
	if err == nil && stored != nil {
		err = errors.New("a new name has an answer")
	}
	return ticket, err
}

func reserveScript(a *ledger.Account, n int) (*ledger.Ticket, []byte, error) {
	cost, err := accounting.UnitsUp(big.NewRat(1, 1<<20))
	if err != nil {
		return nil, nil, err
	}
	return a.Reserve(timeless{}, ledger.Request{Name: fmt.Sprint("release-", n), Spec: []byte("spec"), Mu2: cost, AsOf: 20000}, now)
}

// held is what a store holds: rows, by the step that wrote them, and the logs.
type held struct {
	profiles map[segment.Key]int
	consents map[int]int
	answered []int // steps that reserved what was answered
	marks    [][32]byte
	entries  int
	voids    int
	records  uint64
}

// after returns what the store holds after step n, which is at least
// stepAccount.
func after(n int) *held {
	h := &held{profiles: map[segment.Key]int{}, consents: map[int]int{}, records: 1}
	for i := stepAccount + 1; i <= n; i++ {
		switch kindOf(i) {
		case 0:
			for _, k := range scriptKeys(i) {
				h.profiles[k] = i
			}
		case 1:
			h.consents[person(i)] = i
		case 2, 5:
			h.entries++
			h.records++
		case 3:
			h.answered = append(h.answered, i-1)
			h.records++
		case 4:
			delete(h.consents, person(i))
			for _, k := range scriptKeys(i) {
				delete(h.profiles, k)
			}
		case 6:
			h.voids++
			h.records++
		case 7:
			h.records++
		case 8:
			h.marks = append(h.marks, scriptMarks(i)...)
		}
	}
	return h
}

func (h *held) equal(o *held) bool {
	return maps.Equal(h.profiles, o.profiles) && maps.Equal(h.consents, o.consents) && slices.Equal(h.answered, o.answered) && slices.Equal(h.marks, o.marks) &&
		h.entries == o.entries && h.voids == o.voids && h.records == o.records
}

var (
	errLost  = errors.New("what was acknowledged is lost")
	errMixed = errors.New("the store holds what no step left")
)

// recovered opens the store that a crash left, where the steps up to acked were
// acknowledged (-1: none) and the next one was perhaps under way, and says what
// is wrong with it. With more, it goes on with the store.
func recovered(path string, keys *pseudonym.Keyring, acked int, more bool) (err error) {
	if _, err := os.Lstat(path); err != nil && acked >= stepOpen {
		return errLost
	}
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ctx := timeless{}
	if acked >= stepBind {
		if err := s.Bind(ctx, "rival", keys); !errors.Is(err, boltstore.ErrTenant) {
			return fmt.Errorf("%w: a bound store takes another tenant: %v", errLost, err)
		}
	}
	if err := s.Bind(ctx, tenant, keys); err != nil {
		return err
	}
	got, err := take(s)
	if err != nil {
		return err
	}
	if acked >= stepAccount && got.records == 0 {
		return errLost
	}
	a, err := openScript(s)
	if err != nil {
		return err
	}
	if err := a.Verify(ctx); err != nil {
		return err
	}
	r := a.Report()
	got.records, got.entries, got.voids = r.Records, r.Entries, r.Void
	next := max(acked, stepAccount-1) + 1
	for n := max(acked, stepAccount); n <= next; n++ {
		want := after(n)
		got.answered = nil
		if r.Answered == len(want.answered) {
			got.answered = want.answered
		}
		if !got.equal(want) {
			continue
		}
		for _, n := range want.answered {
			_, stored, err := reserveScript(a, n)
			if err != nil || string(stored) != string(scriptAnswer(n)) {
				return fmt.Errorf("%w: an answer: %v", errLost, err)
			}
		}
		if a.Report().Records != r.Records {
			return errors.New("an answered release was charged again")
		}
		if !more {
			return nil
		}
		return goOn(s, a, n)
	}
	return errMixed
}

// take reads the rows of a store and counts its records.
func take(s *boltstore.Store) (*held, error) {
	h := &held{profiles: map[segment.Key]int{}, consents: map[int]int{}}
	ctx := timeless{}
	who := map[ident.ID]int{}
	for n := range scriptPeople {
		who[id(n)] = n
	}
	row := func(id ident.ID, row []byte) (int, error) {
		n := number(row)
		if _, ok := who[id]; !ok || n < 0 || string(row) != scriptRow(n) {
			return 0, errMixed
		}
		return n, nil
	}
	for _, purpose := range []string{purpose, "second"} {
		err := s.ProfileScan(ctx, purpose, func(id segment.ID, data []byte) (err error) {
			h.profiles[segment.Key{Purpose: purpose, ID: id}], err = row(id, data)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	err := s.ConsentSweep(ctx, func(id ident.Subject, data []byte) (_ []byte, err error) {
		h.consents[who[id.ID()]], err = row(id.ID(), data)
		return data, err
	})
	if err != nil {
		return nil, err
	}
	err = consent.NewLog(s).Read(ctx, func(r consent.LogRecord) error { h.marks = append(h.marks, r.Commitment); return nil })
	if err != nil {
		return nil, err
	}
	return h, s.LedgerRead(ctx, 0, func(uint64, []byte) error { h.records++; return nil })
}

// goOn uses a store recovered at a step: a release that was charged and not
// answered is handed out again under its charge, and a new one is charged.
func goOn(s *boltstore.Store, a *ledger.Account, at int) error {
	before := a.Report()
	if kind := kindOf(at); at > stepAccount && (kind == 2 || kind == 5) {
		ticket, stored, err := reserveScript(a, at)
		if err != nil || stored != nil || a.Report().Entries != before.Entries || a.Report().Spent != before.Spent {
			return fmt.Errorf("an open release after recovery: %w", err)
		}
		if err := ticket.Answer(timeless{}, scriptAnswer(at)); err != nil {
			return err
		}
		before = a.Report()
	}
	const n = 1 << 20
	ticket, stored, err := reserveScript(a, n)
	if err != nil || stored != nil {
		return fmt.Errorf("a new release after recovery: %w", err)
	}
	if err := ticket.Answer(timeless{}, scriptAnswer(n)); err != nil {
		return err
	}
	err = s.ProfileUpdate(timeless{}, []segment.Key{profile(0)}, func(int, []byte) ([]byte, error) { return []byte("after"), nil })
	if err != nil {
		return err
	}
	log := consent.NewLog(s)
	head, err := log.Head(timeless{})
	if err == nil {
		_, err = log.Append(timeless{}, now, scriptMarks(n)...)
	}
	if err == nil {
		err = log.Holds(timeless{}, head)
	}
	if err != nil {
		return err
	}
	if r := a.Report(); r.Entries != before.Entries+1 || r.Answered != before.Answered+1 {
		return errMixed
	}
	return a.Verify(timeless{})
}
