package cases

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/loud"
	"github.com/discreet-go/discreet/pseudonym"
)

// openKind opens an account with the terms of this package, changed.
func openKind(t testing.TB, s ledger.Store, on int, change func(*ledger.Terms)) *ledger.Account {
	t.Helper()
	kind := terms()
	if change != nil {
		change(&kind)
	}
	a, err := ledger.Open(t.Context(), ledger.Config{Store: s, Terms: kind}, day(on))
	check(t, err)
	return a
}

// charged asks for mu^2 of so many thousandths, and reports whether it fits.
func charged(t testing.TB, a *ledger.Account, name string, mu2 int64, on int, change func(*ledger.Request)) bool {
	t.Helper()
	r := ask(name, mu2, 0, on)
	if change != nil {
		change(&r)
	}
	_, _, err := a.Reserve(t.Context(), r, day(on))
	if err != nil && !errors.Is(err, ledger.ErrExhausted) {
		t.Fatal(err)
	}
	return err == nil
}

// ledgerKinds walks over the edges of rolling windows, data days and quotas.
func ledgerKinds(t *testing.T) {
	loud.Widen(t)
	rolling := openKind(t, new(tape), 0, func(k *ledger.Terms) { k.Windows, k.WindowDays = ledger.Rolling, 7 })
	if !charged(t, rolling, "a", 10, 0, nil) || charged(t, rolling, "b", 1, 6, nil) || !charged(t, rolling, "c", 10, 7, nil) {
		t.Error("seven days hold other than the total")
	}

	blocks := openKind(t, new(tape), 0, func(k *ledger.Terms) { k.Windows, k.WindowDays = ledger.DataDays, 1 })
	reads := func(days, upTo int) func(*ledger.Request) {
		return func(r *ledger.Request) { r.Days, r.AsOf = days, dayNumber(upTo) }
	}
	if !charged(t, blocks, "a", 10, 5, reads(2, 5)) || charged(t, blocks, "b", 1, 5, reads(1, 4)) ||
		charged(t, blocks, "c", 1, 20, reads(1, 5)) || !charged(t, blocks, "d", 10, 20, reads(3, 3)) {
		t.Error("a day's data holds other than its total")
	}

	quotas := openKind(t, new(tape), 0, func(k *ledger.Terms) {
		k.Quotas = []ledger.Quota{{Name: "ads", Mu2: thousandth(3)}}
	})
	ads := func(r *ledger.Request) { r.Quotas = []string{"ads"} }
	if !charged(t, quotas, "a", 3, 0, ads) || charged(t, quotas, "b", 1, 0, ads) || !charged(t, quotas, "c", 7, 0, nil) {
		t.Error("a quota holds other than its limit")
	}
}

// ledgerResets tries every way to a fresh budget that is not the next window.
func ledgerResets(t *testing.T) {
	loud.Widen(t)
	ctx, s := t.Context(), new(tape)
	a := openKind(t, s, 0, nil)
	if !charged(t, a, "a", 4, 0, nil) {
		t.Fatal("refused")
	}

	r := ask("void", 1, 0, 0)
	ticket, _, err := a.Reserve(ctx, r, day(0))
	check(t, err)
	ticket.Charge()
	check(t, ticket.Release(ctx))
	if again, _, err := a.Reserve(ctx, r, day(0)); again != nil || err == nil {
		t.Error("what was drawn and not answered is drawn again")
	}

	part := terms()
	part.Mu2, part.ReserveDelta = thousandth(2), thousandth(0)
	b, err := a.Split(ctx, ledger.Config{Store: new(tape), Terms: part}, day(0))
	check(t, err)
	if !charged(t, b, "a", 2, 0, nil) || charged(t, a, "b", 4, 0, nil) || !charged(t, a, "c", 2, 0, nil) {
		t.Error("two accounts hold more than one")
	}

	more := terms()
	more.Mu2 = thousandth(20)
	check(t, a.Amend(ctx, more, day(1)))
	if charged(t, a, "d", 2, 1, nil) || charged(t, a, "d", 2, 29, nil) || !charged(t, a, "d", 18, 30, nil) {
		t.Error("other terms hold other than from the next window on")
	}

	check(t, ledger.Interrupt(ctx, s, day(61)))
	if charged(t, a, "e", 1, 61, nil) || charged(t, a, "e", 1, 89, nil) || !charged(t, a, "e", 1, 90, nil) {
		t.Error("a log that was put back has something left")
	}
}

// mark keeps the last checkpoint.
type mark struct {
	mu   sync.Mutex
	last []byte
}

func (m *mark) CheckpointWrite(_ context.Context, signed []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = append([]byte(nil), signed...)
	return nil
}

func (m *mark) CheckpointLast(context.Context) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last, nil
}

// ledgerRolledBack puts an older log back, after an answer left.
func ledgerRolledBack(t *testing.T) {
	loud.Widen(t)
	ctx, s, m := t.Context(), new(tape), new(mark)
	keys, err := pseudonym.NewKeyring()
	check(t, err)
	signer, err := keys.Signer("shop")
	check(t, err)
	key, err := keys.Verifier("shop")
	check(t, err)
	open := func(s *tape) (*ledger.Account, error) {
		return ledger.Open(ctx, ledger.Config{Store: s, Terms: terms(), Sink: m, Signer: signer, Verifiers: []string{key}}, opening)
	}
	a, err := open(s)
	check(t, err)
	ticket, _, err := a.Reserve(ctx, ask("a", 10, 0, 0), day(0))
	check(t, err)
	check(t, ticket.Answer(ctx, []byte("table")))
	old := &tape{records: s.records[:1]}
	if a, err = open(old); err == nil {
		t.Errorf("an older log opens, and grants what was spent: %v", charged(t, a, "b", 10, 0, nil))
	}

	s, m = new(tape), new(mark)
	a, err = open(s)
	check(t, err)
	old = &tape{records: s.records[:1]}
	part := terms()
	part.Mu2, part.ReserveDelta = thousandth(4), thousandth(0)
	_, err = a.Split(ctx, ledger.Config{Store: new(tape), Terms: part}, day(0))
	check(t, err)
	check(t, ledger.Interrupt(ctx, old, day(1)))
	a, err = open(old)
	check(t, err)
	if charged(t, a, "c", 7, 31, nil) || !charged(t, a, "c", 6, 31, nil) {
		t.Error("a log that was put back has what it gave to another account")
	}
}
