package discreet_test

import (
	"errors"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/memstore"
)

// TestAmendBudget gives the next window another budget: the current one keeps
// its own, opening with another one is no way around, and each release says
// the budget under which it was made.
func TestAmendBudget(t *testing.T) {
	ctx, store := t.Context(), memstore.Volatile()
	world := openWorld(t, discreet.Config{Store: store})
	e, clock, config := world.Engine, world.Clock, world.Config
	release := func(e *discreet.Engine, name string) (dp.Release, error) {
		return e.Release(ctx, discreet.Query{Name: name, Measure: "sizes", Share: 0.1}, operator)
	}
	before, err := release(e, "before")
	check(t, err)

	wider := config.Budget
	wider.Epsilon *= 2
	if _, err := e.AmendBudget(ctx, wider, discreet.Actor{}); !errors.Is(err, ledger.ErrActor) {
		t.Errorf("without an actor: %v", err)
	}
	if _, err := e.AmendBudget(ctx, dp.Budget{}, operator); !errors.Is(err, dp.ErrEpsilon) {
		t.Errorf("an empty budget: %v", err)
	}
	from, err := e.AmendBudget(ctx, wider, operator)
	check(t, err)
	if want := discreettest.Start.Truncate(24*time.Hour).AddDate(0, 0, config.Budget.WindowDays); !from.Equal(want) {
		t.Errorf("it holds from %v, want %v", from, want)
	}
	other := wider
	other.Epsilon *= 2
	if _, err := e.AmendBudget(ctx, other, operator); !errors.Is(err, ledger.ErrPending) {
		t.Errorf("a second change: %v", err)
	}
	again, err := release(e, "before")
	check(t, err)
	if string(again.Note()) != string(before.Note()) {
		t.Error("the window of before has other answers")
	}
	reopen := func(b dp.Budget) (*discreet.Engine, error) {
		config.Budget = b
		return discreet.Open(ctx, config)
	}
	early, err := reopen(wider)
	check(t, err)
	if _, err := release(early, "early"); !errors.Is(err, discreet.ErrBudget) {
		t.Errorf("the new budget before its time: %v", err)
	}
	clock.Set(from)
	if _, err := release(e, "late"); !errors.Is(err, discreet.ErrBudget) {
		t.Errorf("the old budget after its time: %v", err)
	}
	after, err := release(early, "after")
	check(t, err)
	if got := after.Header().Epsilon; got != wider.Epsilon {
		t.Errorf("a release of epsilon %v says %v", wider.Epsilon, got)
	}
	if _, err := reopen(world.Config.Budget); !errors.Is(err, ledger.ErrTerms) {
		t.Errorf("the old budget once more: %v", err)
	}
	check(t, early.VerifyLedger(ctx))
}
