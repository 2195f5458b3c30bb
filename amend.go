package discreet

import (
	"context"
	"errors"
	"time"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/dp/plan"
	"github.com/discreet-go/discreet/internal/contrib"
)

// ErrBudget: the accounting window has another budget than Config.Budget, by
// AmendBudget. Open the engine with the one that holds.
var ErrBudget = errors.New("discreet: the accounting window has another budget than Config.Budget; open with the one that holds")

// AmendBudget gives the account another budget, from the next accounting window
// on, as an entry of the ledger: the current window keeps its own. It returns
// the day from which the new one holds. Until that day the engine goes on, and
// may be opened, with the former Config.Budget; from that day on Release returns
// ErrBudget until the engine is opened with the new one. Nothing but Release
// minds. ReserveShare stays as it is in Config.
//
// It returns an error of [plan.New], [ledger.ErrPending] while another change
// waits, and the errors of [ledger.Account.Amend].
func (e *Engine) AmendBudget(ctx context.Context, b dp.Budget, by Actor) (from time.Time, err error) {
	defer e.observe("AmendBudget", e.cfg.Now(), &err)
	p, err := plan.New(plan.Config{Budget: b, Specs: e.specs(), ReserveShare: e.cfg.ReserveShare})
	if err != nil {
		return time.Time{}, err
	}
	if err := e.note(ctx, by, "AmendBudget"); err != nil {
		return time.Time{}, err
	}
	now := e.cfg.Now()
	if err := e.account.Amend(ctx, termsOf(p), now); err != nil {
		return time.Time{}, err
	}
	w, err := e.account.At(now)
	if err != nil {
		return time.Time{}, err
	}
	return timeOf(w.To), nil
}

// budgeted returns nil where the window of now has the budget that was planned.
func (e *Engine) budgeted(now time.Time) error {
	t, err := e.account.TermsAt(now)
	if err == nil && !t.Equal(e.terms) {
		err = ErrBudget
	}
	return err
}

// termsOf returns what a plan spends, as terms of an account.
func termsOf(p *plan.Plan) ledger.Terms {
	b := p.Budget()
	mu2, delta := p.Totals()
	return ledger.Terms{Epsilon: b.Epsilon, Delta: b.Delta, Mu2: mu2, ReserveDelta: delta, WindowDays: b.WindowDays}
}

// specs returns every declared measure.
func (e *Engine) specs() []contrib.Spec {
	var all []contrib.Spec
	for _, r := range e.rooms {
		all = append(all, r.specs...)
	}
	return all
}
