package discreet

import (
	"context"
	"errors"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/dp/plan"
	"github.com/discreet-go/discreet/internal/contrib"
)

// Errors of batch jobs.
var (
	// ErrTable: Release was asked for a [dp.Table], which is released by ReleaseCounts, or
	// ReleaseCounts for another measure.
	ErrTable = errors.New("discreet: a Table is released by ReleaseCounts, every other measure by Release")

	// ErrCountsAge: counts are of another window than that of now, or of an as-of
	// day that is neither today nor yesterday. Bound the contributions anew.
	ErrCountsAge = errors.New("discreet: the counts are of another window, or as of a day that is neither today nor yesterday")
)

// Batch is what a batch job bounds contributions for, with [dp.Bound]: all shards of
// one table take the same.
type Batch struct {
	Spec   dp.Spec // of the declared table
	Window int32   // accounting window of now
	AsOf   dp.Day  // today, in UTC
}

// Batch returns what a batch job needs to know of a declared [dp.Table] now. Counts
// that are made with it can be released today and tomorrow, within the window. It
// returns ErrTable for another measure, and [plan.ErrUndeclared].
func (e *Engine) Batch(measure string) (Batch, error) {
	if e.closed.Load() {
		return Batch{}, ErrClosed
	}
	room, index, ok := e.measure(measure)
	if !ok {
		return Batch{}, plan.ErrUndeclared
	}
	if room.specs[index].Kind != contrib.KindTable {
		return Batch{}, ErrTable
	}
	now := e.cfg.Now()
	m, err := e.moment(now)
	if err != nil {
		return Batch{}, err
	}
	return Batch{room.specs[index], m.Window, dayOf(now)}, nil
}

// Admission is what a batch job may know of one person, for a [dp.Contribution].
type Admission struct {
	Link     dp.Link  // zero for an anonymous visitor
	Grant    dp.Grant // zero where the person does not count now
	Decision Decision // may what the person does now be used, and why
	Waits    bool     // allowed, but the person came back in this window and counts from the next one on
}

// Admission decides whether what a batch job holds of a person may be used for a
// purpose, and returns the proofs that [dp.Bound] asks for: once for each person and
// job, in the job: after Batch, since [dp.Bound] refuses a Grant that was decided before
// the as-of day, with [dp.ErrOld]. What was done before the consent began is not covered by
// the Grant; see [dp.Contribution].Time. s may be nil; an explicit no among the
// signals, and one of Config.Source, reaches what is stored, as with an event. It
// returns ErrNoPurpose for a purpose without segments and measures.
//
// An identifier that was joined to another by Merge has no consent of its own left:
// what is held under it is to be handed in under the other one.
func (e *Engine) Admission(ctx context.Context, who Raw, purpose string, s *Signals) (a Admission, err error) {
	defer e.observe("Admission", e.cfg.Now(), &err)
	if e.closed.Load() {
		return Admission{}, ErrClosed
	}
	if _, ok := e.room(purpose); !ok {
		return Admission{}, ErrNoPurpose
	}
	if who.IsZero() {
		return Admission{Decision: anonymous}, nil
	}
	if err := e.suspended.look(ctx, e); err != nil {
		return Admission{}, err
	}
	for err = errKeys; err == errKeys; {
		a, err = e.admission(ctx, e.keys.Load(), who, purpose, s)
	}
	if err != nil {
		return Admission{}, err
	}
	if a.Decision.Reason == consent.SourceDenied {
		if err := e.obey(ctx, who, a.Link); err != nil {
			return Admission{}, err
		}
	}
	return a, nil
}

// admission is Admission under one keyset; errKeys where another came meanwhile.
func (e *Engine) admission(ctx context.Context, k *keyset, who Raw, purpose string, s *Signals) (a Admission, err error) {
	if err := e.obeySignals(ctx, k, who, s); err != nil {
		return a, err
	}
	if a.Link, err = k.deriver.Link(who, purpose); err != nil {
		return a, err
	}
	answers := e.newAnswers()
	answers.ask(ctx, who, a.Link.Subject(), purpose)
	if err := answers.wait(ctx); err != nil {
		return a, err
	}
	e.rights.RLock()
	defer e.rights.RUnlock()
	if err := e.current(k); err != nil {
		return a, err
	}
	n, err := e.meet(ctx, k, who)
	if err != nil {
		return a, err
	}
	h, _, err := e.deciding(ctx, n.subject)
	if err != nil {
		return a, err
	}
	m, err := e.moment(e.cfg.Now())
	if err != nil {
		return a, err
	}
	a.Decision = e.book.Decide(consent.Question{
		Subject: n.subject, Purpose: purpose, History: h, EventTime: m.Now, Now: m.Now,
		Source: answers.get(n.subject, purpose), Heard: e.aged(e.hear(s, purpose)), Suspended: e.suspended.holds(purpose),
	})
	if grant, ok := a.Decision.Grant(); ok {
		if a.Waits = h.Returned(timeOf(m.WindowStart), purpose); !a.Waits {
			a.Grant = grant
		}
	}
	return a, nil
}

// ReleaseCounts is [Engine.Release] of a declared [dp.Table], from the counts of all
// its people, which [dp.Bound] or [dp.Merge] made or [dp.OpenCounts] read. The name
// stands for exactly these counts: asked again with the same ones it returns the same
// bytes, with others it is refused with [ledger.ErrSpecification]. That is decided by
// a keyed function of the counts in the ledger, of which nobody without the keyring
// can tell anything.
//
// Nobody is taken out of counts: who withdrew since the job asked Admission is in
// them, so they are released within a day, of the window of now, or refused with
// ErrCountsAge. It also returns ErrTable, [dp.ErrCounts] for counts of another measure
// or declaration, [dp.ErrShard] for those of one shard, [dp.ErrRoots] for pseudonyms
// under a root that is not in use, [dp.ErrDrawn], and what Release returns.
func (e *Engine) ReleaseCounts(ctx context.Context, q Query, counts *dp.Counts, by Actor) (r dp.Release, err error) {
	defer e.observe("ReleaseCounts", e.cfg.Now(), &err)
	if err := e.note(ctx, by, "ReleaseCounts"); err != nil {
		return dp.Release{}, err
	}
	if counts == nil {
		return dp.Release{}, dp.ErrCounts
	}
	return e.release(ctx, q, counts)
}

// bind makes a request one for just these counts.
func (e *Engine) bind(r *ledger.Request, spec *contrib.Spec, counts *dp.Counts, now time.Time) error {
	if !counts.Of(spec) {
		return dp.ErrCounts
	}
	about, k := counts.About(), e.keys.Load()
	if about.Shard.Of != 1 {
		return dp.ErrShard
	}
	if about.Root != 0 && !k.counts(about.Root) {
		return dp.ErrRoots
	}
	w, err := e.account.Window(now)
	if err != nil {
		return err
	}
	if counts.Drawn() && !e.account.Asked(r.Name, w.Index) {
		return dp.ErrDrawn
	}
	if day := dayOf(now); about.Window != w.Index || about.AsOf > day || about.AsOf < day-1 {
		return ErrCountsAge
	}
	keys, err := k.ring.CountsKeys(e.cfg.Tenant)
	if err != nil {
		return err
	}
	binding, err := counts.Binding(keys, r.Name)
	if err != nil {
		return err
	}
	r.Spec, r.AsOf = append(r.Spec, binding[:]...), about.AsOf
	return nil
}
