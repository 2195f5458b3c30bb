package discreet

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/dp/plan"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/segment"
)

// Query asks for one release of a declared measure.
type Query struct {
	Name    string  // idempotency key within the window: asked again, it returns the same bytes
	Measure string  // a measure of Config.Measures
	Share   float64 // part of the window's mu^2 to spend, in (0, 1]; steps of 1e-9
}

// Release publishes a declared measure: it charges the account, durably, then
// counts, draws noise and signs, stores the answer durably, and returns it.
//
// The same name in the same window returns the same bytes and costs nothing;
// with another measure or share it is refused. A query that does not fit is
// refused with a [*ledger.ExhaustedError] and costs nothing. After a failure
// between charge and draw, asking again goes on under that charge; after one
// between draw and answer the name is void, with [ledger.ErrVoid]. Nothing is
// refunded. Where AmendBudget gave the window another budget it returns ErrBudget,
// and ErrSuspended for a purpose that is suspended, also while it is counted: nothing is
// drawn then, and after Resume the same name goes on under its charge.
func (e *Engine) Release(ctx context.Context, q Query, by Actor) (r dp.Release, err error) {
	defer e.observe("Release", e.cfg.Now(), &err)
	if err := e.note(ctx, by, "Release"); err != nil {
		return dp.Release{}, err
	}
	return e.release(ctx, q, nil)
}

// release is Release, of counts that are given for a [dp.Table], else of what is
// counted.
func (e *Engine) release(ctx context.Context, q Query, given *dp.Counts) (r dp.Release, err error) {
	share, err := contrib.ShareNano(q.Share)
	if err != nil {
		return dp.Release{}, err
	}
	mu2, delta, err := e.plan.Charge(q.Measure, share)
	if err != nil {
		return dp.Release{}, err
	}
	room, index, ok := e.measure(q.Measure)
	if !ok {
		return dp.Release{}, plan.ErrUndeclared
	}
	if err := e.usable(ctx, room); err != nil {
		return dp.Release{}, err
	}
	if (given == nil) != (room.specs[index].Kind != contrib.KindTable) {
		return dp.Release{}, ErrTable
	}
	spec := &room.specs[index]
	if _, err := e.plan.Predict(q.Measure, share); err != nil {
		return dp.Release{}, err // it could not be drawn, so it is not charged
	}
	now := e.cfg.Now()
	if err := e.budgeted(now); err != nil {
		return dp.Release{}, err
	}
	request := ledger.Request{Name: q.Name, Spec: querySpec(room.declared(spec), share), Mu2: mu2, Delta: delta}
	if given != nil {
		if err := e.bind(&request, spec, given, now); err != nil {
			return dp.Release{}, err
		}
	}
	ticket, stored, err := e.account.Reserve(ctx, request, now)
	if err != nil {
		return dp.Release{}, err
	}
	if stored != nil {
		if r, err = dp.ReadRelease(stored, e.vkeys...); err != nil {
			return dp.Release{}, err
		}
		return r, e.serve(spec, r)
	}
	defer func() {
		// What was drawn and not stored is voided, also when ctx is done.
		if end := ticket.Release(context.WithoutCancel(ctx)); end != nil && err != nil {
			err = errors.Join(err, end)
		}
	}()

	counts := given
	if counts != nil && counts.Drawn() {
		return dp.Release{}, dp.ErrDrawn // others, of the same people, may be drawn under the charge
	}
	if counts == nil {
		if err := e.assignSlots(ctx, room, index, now, ticket); err != nil {
			return dp.Release{}, err
		}
		counts, err = e.count(ctx, room, index, now, ticket)
	}
	if err != nil {
		return dp.Release{}, err
	}
	if err := e.usable(ctx, room); err != nil { // while it was counted, somebody may have said no to it
		return dp.Release{}, err
	}
	w := ticket.Window()
	r, err = dp.Draw(counts, dp.Params{
		Charge: ticket.Charge(),
		Name:   q.Name, Account: e.account.Population(), Entry: ticket.Entry(), Mu2: mu2, Delta: delta,
		Window: w.Index, WindowFrom: w.From, WindowTo: w.To,
		AsOf: ticket.AsOf(), Since: e.since[spec.Name], Budget: e.cfg.Budget,
		External: e.cfg.External,
	}, e.signer)
	if err != nil {
		return dp.Release{}, err
	}
	// From here on a done ctx would cost the charge, so it is not looked at.
	if err := ticket.Answer(context.WithoutCancel(ctx), r.Note()); err != nil {
		return dp.Release{}, err
	}
	e.stats.releases.Add(1)
	return r, e.serve(spec, r)
}

// usable returns ErrSuspended where the purpose of the room is suspended now.
func (e *Engine) usable(ctx context.Context, room *room) error {
	if err := e.suspended.look(ctx, e); err != nil {
		return err
	}
	if e.suspended.holds(room.purpose) {
		return ErrSuspended
	}
	return nil
}

var errStop = errors.New("discreet: stop") // ends a scan; never returned

// countedRows calls f with the rows that may count in releases, over one snapshot.
func (e *Engine) countedRows(ctx context.Context, room *room, f func(id segment.ID, row []byte) error) error {
	var counted []uint32
	return e.cfg.Store.ProfileScan(ctx, room.purpose, func(id segment.ID, row []byte) error {
		if counted == nil { // now that the snapshot is taken, and no row is of a later keyset
			counted = e.keys.Load().counted
		}
		if !slices.Contains(counted, id.KeyID()) {
			return nil // kept for access and erasure only, or left behind
		}
		return f(id, row)
	})
}

// measure finds a declared measure.
func (e *Engine) measure(name string) (*room, int, bool) {
	for i := range e.rooms {
		for j := range e.rooms[i].specs {
			if e.rooms[i].specs[j].Name == name {
				return &e.rooms[i], j, true
			}
		}
	}
	return nil, 0, false
}

// Plan returns what every declared measure will cost and how exact it will be,
// known before anything is spent.
func (e *Engine) Plan() *plan.Plan { return e.plan }

// Account reports the budget of the current window: spent and left.
func (e *Engine) Account() ledger.Report { return e.account.Report() }

// VerifyLedger reads the whole ledger and checks its chain; the error names the
// first broken entry.
func (e *Engine) VerifyLedger(ctx context.Context) error { return e.account.Verify(ctx) }

// Checkpoint returns a signed checkpoint of the ledger, a note of
// x/mod/sumdb/note that may be published; [ledger.ReadCheckpoint] reads it with
// the keys of Verifiers.
func (e *Engine) Checkpoint() ([]byte, error) {
	_, signed, err := e.account.Checkpoint()
	return signed, err
}

// ExportLedger writes the ledger as JSON Lines, with a signed checkpoint at the
// end; [ledger.Check] and [ledger.FindIn] read it without keys. PublicLedger
// writes the view of it that may be published.
func (e *Engine) ExportLedger(ctx context.Context, w io.Writer) error {
	return e.account.Export(ctx, w)
}

// PublicLedger writes the values-free view of the ledger as JSON Lines: what was
// charged, on which day, under which name, and the hash of each release.
func (e *Engine) PublicLedger(ctx context.Context, w io.Writer) error {
	return e.account.Public(ctx, w)
}

// FindRelease ties a released note, wherever it was found, to its charge. It
// returns [ledger.ErrNotFound] for what this ledger never answered.
func (e *Engine) FindRelease(ctx context.Context, note []byte) (ledger.Found, error) {
	return e.account.Find(ctx, note)
}

// AdvanceWindow crosses into the accounting window of Config.Now, over any
// number of windows, and logs it. Crossing into the next window needs no call;
// skipping one does, so that a wrong clock cannot burn windows unseen.
func (e *Engine) AdvanceWindow(ctx context.Context, by Actor) error {
	if err := e.note(ctx, by, "AdvanceWindow"); err != nil {
		return err
	}
	return e.account.Advance(ctx, e.cfg.Now())
}
