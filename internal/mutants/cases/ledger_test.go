package cases

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/loud"
)

var opening = time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)

func day(n int) time.Time { return opening.AddDate(0, 0, n) }

func dayNumber(n int) contrib.Day { return contrib.Day(day(n).Unix() / 86400) }

// tape is a store that shows what is durable.
type tape struct {
	claims  ledger.Claims
	records [][]byte
	blobs   map[uint64][]byte
	refuse  bool
}

func (s *tape) LedgerAppend(_ context.Context, seq uint64, rows ...ledger.Row) error {
	if s.refuse {
		return errors.New("the disk is gone")
	}
	if seq != uint64(len(s.records)) {
		return ledger.ErrConflict
	}
	if s.blobs == nil {
		s.blobs = map[uint64][]byte{}
	}
	for i, r := range rows {
		s.records = append(s.records, bytes.Clone(r.Record))
		s.blobs[seq+uint64(i)] = bytes.Clone(r.Blob)
	}
	return nil
}

func (s *tape) LedgerRead(_ context.Context, from uint64, f func(uint64, []byte) error) error {
	for i := from; i < uint64(len(s.records)); i++ {
		if err := f(i, s.records[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *tape) LedgerBlob(_ context.Context, seq uint64) ([]byte, error) { return s.blobs[seq], nil }

func (s *tape) LedgerClaim(_ context.Context, key uint64) (func(), error) { return s.claims.Claim(key) }

func thousandth(n int64) accounting.Units {
	u, err := accounting.UnitsDown(big.NewRat(n, 1000))
	if err != nil {
		panic(err)
	}
	return u
}

func terms() ledger.Terms {
	return ledger.Terms{Epsilon: 2, Delta: loud.Delta, Mu2: thousandth(10), ReserveDelta: thousandth(10), WindowDays: 30}
}

func openAccount(t testing.TB, s ledger.Store, now time.Time) *ledger.Account {
	t.Helper()
	a, err := ledger.Open(t.Context(), ledger.Config{Store: s, Terms: terms()}, now)
	check(t, err)
	return a
}

func ask(name string, mu2, delta int64, on int) ledger.Request {
	return ledger.Request{Name: name, Spec: []byte("spec"), Mu2: thousandth(mu2), Delta: thousandth(delta), AsOf: dayNumber(on)}
}

// ledgerProtocol follows one charge: durable before the ticket is there, never
// given back, one drawer, one answer, the same bytes ever after.
func ledgerProtocol(t *testing.T) {
	loud.Widen(t)
	ctx, s := t.Context(), new(tape)
	a := openAccount(t, s, opening)
	before := len(s.records)
	r := ask("r", 4, 1, 0)
	first, _, err := a.Reserve(ctx, r, day(0))
	check(t, err)
	if len(s.records) != before+1 || !bytes.Contains(s.records[before], []byte(`"kind":"reserve"`)) {
		t.Fatal("the charge is not durable when the ticket is given out")
	}
	if _, _, err := a.Reserve(ctx, r, day(0)); !errors.Is(err, ledger.ErrInProgress) {
		t.Fatalf("two drawers of one entry: %v", err)
	}
	spent := a.Report().Spent
	check(t, first.Release(ctx))
	if a.Report().Spent != spent {
		t.Fatal("a draw that failed was refunded")
	}
	other := r
	other.Spec = []byte("another")
	if _, _, err := a.Reserve(ctx, other, day(0)); !errors.Is(err, ledger.ErrSpecification) {
		t.Fatalf("a name stands for two specifications: %v", err)
	}
	second, _, err := a.Reserve(ctx, r, day(1))
	check(t, err)
	if a.Report().Spent != spent {
		t.Fatal("a retry was charged, or refunded")
	}
	if first.Answer(ctx, []byte("old")) == nil {
		t.Fatal("a ticket that was given up answered")
	}
	check(t, second.Answer(ctx, []byte("table")))
	if first.Answer(ctx, []byte("old")) == nil || second.Answer(ctx, []byte("again")) == nil {
		t.Fatal("an entry was answered twice")
	}
	for range 2 {
		ticket, stored, err := a.Reserve(ctx, r, day(2))
		if err != nil || ticket != nil || string(stored) != "table" {
			t.Fatalf("asked again, the answer is %q, %v", stored, err)
		}
	}
	s.refuse = true
	if ticket, _, err := a.Reserve(ctx, ask("lost", 1, 0, 2), day(2)); err == nil || ticket != nil {
		t.Fatal("a ticket without a durable charge")
	}
}

// ledgerWindows walks over the edges of windows, back, ahead and through re-opening.
func ledgerWindows(t *testing.T) {
	loud.Widen(t)
	ctx, s := t.Context(), new(tape)
	a := openAccount(t, s, opening)
	reserve := func(name string, on int) error {
		_, _, err := a.Reserve(ctx, ask(name, 10, 10, on), day(on))
		return err
	}
	check(t, reserve("all", 0))
	for _, on := range []int{0, 1, 28, 29} {
		if err := reserve(fmt.Sprint("more", on), on); !errors.Is(err, ledger.ErrExhausted) {
			t.Fatalf("day %d grants more than the total of its window: %v", on, err)
		}
	}
	a = openAccount(t, s, day(29))
	if err := reserve("after", 29); !errors.Is(err, ledger.ErrExhausted) {
		t.Fatalf("a re-opened account grants more: %v", err)
	}
	wider := terms()
	wider.Mu2 = thousandth(100)
	if _, err := ledger.Open(ctx, ledger.Config{Store: s, Terms: wider}, day(29)); !errors.Is(err, ledger.ErrTerms) {
		t.Fatalf("re-opened under other terms: %v", err)
	}
	check(t, reserve("next", 30))
	if err := reserve("back", 29); !errors.Is(err, ledger.ErrClockBack) {
		t.Fatalf("a window came back: %v", err)
	}
	if err := reserve("jump", 90); !errors.Is(err, ledger.ErrWindowJump) {
		t.Fatalf("windows were skipped unseen: %v", err)
	}
}

// ledgerSession lets an analyst who knows all answers hammer an account over
// windows: charges of any size, retries, failures, restarts. What the durable log
// charges in each window, added up from its text, never exceeds the total.
func ledgerSession(t *testing.T) {
	loud.Widen(t)
	ctx := t.Context()
	for seed := range uint64(10) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := new(tape)
		a := openAccount(t, s, opening)
		on := 0
		for step := range 120 {
			switch rng.IntN(12) {
			case 0:
				on += rng.IntN(12)
			case 1:
				a = openAccount(t, s, day(on))
			}
			mu2, delta := 1+rng.Int64N(6), rng.Int64N(6)
			if report := a.Report(); rng.IntN(3) == 0 { // aims at the last of it, and a bit more
				mu2 = max(1, int64(report.Remaining.Mu2.Float64()*1000)+rng.Int64N(3))
				delta = int64(report.Remaining.Delta.Float64()*1000) + rng.Int64N(3)
			}
			ticket, _, err := a.Reserve(ctx, ask(fmt.Sprint("q", step), mu2, delta, on), day(on))
			var out *ledger.ExhaustedError
			switch {
			case errors.As(err, &out):
			case err != nil:
				t.Fatal(err)
			case rng.IntN(2) == 0:
				if rng.IntN(2) == 0 {
					ticket.Charge() // and so maybe drawn
				}
				check(t, ticket.Release(ctx))
			default:
				check(t, ticket.Answer(ctx, []byte("table")))
			}
		}
		charged := map[int32]*[2]big.Rat{}
		for _, line := range s.records {
			var r struct {
				Reserve *struct {
					Window     int32
					Mu2, Delta accounting.Units
				}
			}
			check(t, json.Unmarshal(line, &r))
			if r.Reserve == nil {
				continue
			}
			c := charged[r.Reserve.Window]
			if c == nil {
				c = new([2]big.Rat)
				charged[r.Reserve.Window] = c
			}
			c[0].Add(&c[0], r.Reserve.Mu2.Rat())
			c[1].Add(&c[1], r.Reserve.Delta.Rat())
		}
		if len(charged) == 0 {
			t.Fatal("nothing was charged")
		}
		for w, c := range charged {
			if c[0].Cmp(terms().Mu2.Rat()) > 0 || c[1].Cmp(terms().ReserveDelta.Rat()) > 0 {
				t.Fatalf("window %d is charged %v and %v", w, &c[0], &c[1])
			}
		}
	}
}
