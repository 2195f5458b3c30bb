package discreet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/internal/audited"
	"github.com/discreet-go/discreet/segment"
)

// Explanation answers "what do you hold about me, why, and what follows from
// it?" for one person.
type Explanation struct {
	Consent  consent.Summary       `json:"consent"`           // every purpose: state, since, until, notice, how to change it; and to whom what was disclosed
	Profiles []segment.Explanation `json:"profiles"`          // one for each purpose with a profile
	Audited  []Audited             `json:"audited,omitempty"` // for audits of fairness
}

// Portable is a person's own data, to take along: everything that is held
// under that person's pseudonyms, in a documented JSON form.
type Portable struct {
	Format   string             `json:"format"` // "discreet-export/1"
	Tenant   string             `json:"tenant"`
	Made     time.Time          `json:"made"`
	Consent  consent.Summary    `json:"consent"`
	Profiles []segment.Portable `json:"profiles"`
	Audited  []Audited          `json:"audited,omitempty"` // for audits of fairness
}

// Explain tells a person what is held and what follows from it: consents,
// segments with the predicates that held or did not, categories by day, expiry,
// and how to leave. The caller makes sure that who is the person asking; by is
// the service or operator that asks for that person.
func (e *Engine) Explain(ctx context.Context, who Raw, by Actor) (x Explanation, err error) {
	defer e.observe("Explain", e.cfg.Now(), &err)
	if err := e.note(ctx, by, "Explain"); err != nil {
		return Explanation{}, err
	}
	now := e.cfg.Now()
	r, profiles, audits, err := e.held(ctx, who)
	if err != nil {
		return Explanation{}, err
	}
	x.Consent = e.book.RecordSummary(r, now)
	for _, p := range profiles {
		x.Profiles = append(x.Profiles, p.rules.Explain(p.profile, now))
	}
	for _, p := range audits {
		x.Audited = append(x.Audited, e.auditRoom().audit.Held(p, now))
	}
	return x, nil
}

// Export returns everything that is held about a person. The caller makes sure
// that who is the person asking; by is the service or operator that asks for
// that person.
func (e *Engine) Export(ctx context.Context, who Raw, by Actor) (x Portable, err error) {
	defer e.observe("Export", e.cfg.Now(), &err)
	if err := e.note(ctx, by, "Export"); err != nil {
		return Portable{}, err
	}
	now := e.cfg.Now()
	r, profiles, audits, err := e.held(ctx, who)
	if err != nil {
		return Portable{}, err
	}
	x = Portable{Format: "discreet-export/1", Tenant: e.cfg.Tenant, Made: now.UTC(), Consent: e.book.RecordSummary(r, now)}
	for _, p := range profiles {
		x.Profiles = append(x.Profiles, p.rules.Export(p.profile, now))
	}
	for _, p := range audits {
		x.Audited = append(x.Audited, e.auditRoom().audit.Held(p, now))
	}
	return x, nil
}

// heldProfile is a profile with the rules of its purpose.
type heldProfile struct {
	profile *segment.Profile
	rules   *segment.Rules
}

// held returns consent, profiles and rows for audits of a person as of one moment, by purpose;
// also what stands under roots that are kept for access and erasure only.
func (e *Engine) held(ctx context.Context, who Raw) (*consent.Record, []heldProfile, []*audited.Row, error) {
	e.rights.RLock()
	defer e.rights.RUnlock()
	if e.closed.Load() {
		return nil, nil, nil, ErrClosed
	}
	record, err := e.consents(ctx, who)
	if err != nil {
		return nil, nil, nil, err
	}
	names, err := e.names(e.keys.Load(), who, true)
	if err != nil {
		return nil, nil, nil, err
	}
	var profiles []heldProfile
	var audits []*audited.Row
	for i, r := range e.rooms {
		for _, n := range names {
			row, err := e.cfg.Store.ProfileRow(ctx, segment.Key{Purpose: r.purpose, ID: n.ids[i]})
			if err != nil {
				return nil, nil, nil, err
			}
			if row == nil {
				continue
			}
			if r.audit != nil {
				p, err := audited.Read(row)
				if err != nil {
					return nil, nil, nil, err
				}
				audits = append(audits, p)
				continue
			}
			p, err := segment.ReadProfile(row)
			if err != nil {
				return nil, nil, nil, err
			}
			profiles = append(profiles, heldProfile{p, r.rules})
		}
	}
	return record, profiles, audits, nil
}

// Withdraw ends a person's consent for the purposes and deletes their profiles
// for them, in one durable step. Without purposes it ends all. Withdrawing what
// was never granted is no error. It returns what the person is answered, and who has
// to be told; Config.Ended is told too, and an error of it comes with what ended.
func (e *Engine) Withdraw(ctx context.Context, who Raw, purposes ...string) (x Ended, err error) {
	defer e.observe("Withdraw", e.cfg.Now(), &err)
	if len(purposes) == 0 {
		purposes = e.book.Purposes()
	}
	for _, p := range purposes {
		if _, ok := e.book.Purpose(p); !ok {
			return Ended{}, fmt.Errorf("%w: %w", ErrNoPurpose, consent.ErrPurpose)
		}
	}
	now := e.cfg.Now()
	return e.forget(ctx, who, purposes, consent.KindWithdrawn, func(r *consent.Record) {
		for _, p := range purposes {
			r.Withdraw(p, now)
		}
	})
}

// Object is a person's objection to direct marketing, and to profiling for it: it
// withdraws every purpose that is Advertising, whatever the reason. It asks for none, and
// there is none to refuse it (GDPR Art. 21(2) and (3)).
func (e *Engine) Object(ctx context.Context, who Raw) (Ended, error) {
	var purposes []string
	for _, key := range e.book.Purposes() {
		if p, _ := e.book.Purpose(key); p.Advertising {
			purposes = append(purposes, key)
		}
	}
	if len(purposes) == 0 {
		return Ended{Why: consent.KindWithdrawn}, nil
	}
	return e.Withdraw(ctx, who, purposes...)
}

// Erase deletes everything that is held about a person. Only the moment of the
// erasure is remembered, under the consent pseudonym, until Sweep finds the
// accounting window over: it keeps the person, if back at once, out of releases
// that could be compared with earlier ones. What was released stays released;
// it is differentially private. It returns what Withdraw returns.
func (e *Engine) Erase(ctx context.Context, who Raw, by Actor) (x Ended, err error) {
	defer e.observe("Erase", e.cfg.Now(), &err)
	if err := e.note(ctx, by, "Erase"); err != nil {
		return Ended{}, err
	}
	now := e.cfg.Now()
	return e.forget(ctx, who, e.book.Purposes(), consent.KindErased, func(r *consent.Record) { r.Erase(now) })
}

// forget changes a person's consent and deletes the profiles of the purposes,
// under whatever name they stand.
func (e *Engine) forget(ctx context.Context, who Raw, purposes []string, why consent.Kind, change func(*consent.Record)) (Ended, error) {
	x, err := e.end(ctx, who, purposes, why, change)
	if err == nil || errors.Is(err, ErrUnlogged) {
		err = e.tellAll(ctx, []Ended{x}, err)
	}
	return x, err
}

func (e *Engine) end(ctx context.Context, who Raw, purposes []string, why consent.Kind, change func(*consent.Record)) (x Ended, err error) {
	e.rights.Lock()
	defer e.rights.Unlock()
	if e.closed.Load() {
		return Ended{}, ErrClosed
	}
	k := e.keys.Load()
	if _, err := e.meet(ctx, k, who); err != nil {
		return Ended{}, err
	}
	names, err := e.names(k, who, true)
	if err != nil {
		return Ended{}, err
	}
	var unlogged error
	ends := e.under(purposes)
	more, err := e.named(ctx, &names[0], ends)
	if err != nil {
		return Ended{}, err
	}
	told := make([][]consent.Disclosure, len(names)) // under names that are kept for erasure only
	// The names of before too, from the oldest on: an older copy of the store may
	// hold what stands under none of them now.
	for i := len(names) - 1; i >= 0; i-- {
		subject := names[i].subject
		err := e.stepAnyway(ctx, []consent.Subject{subject}, func(_ int, r *consent.Record, held bool) (*consent.Record, error) {
			if i > 0 && !held {
				return nil, nil
			}
			if told[i] = disclosed(r, ends, why); i == 0 {
				x = e.ended(&names[0], r, ends, why)
				x.add(more)
			}
			change(r)
			return r, nil
		}, func(f func(int, []byte) ([]byte, error)) error {
			return e.cfg.Store.Forget(ctx, subject, func(row []byte) ([]byte, error) { return f(0, row) }, e.keysOf(&names[i], ends))
		})
		if errors.Is(err, ErrUnlogged) {
			unlogged = err
		} else if err != nil {
			return Ended{}, err
		}
	}
	for _, list := range told[1:] {
		x.tell(list)
	}
	return x, unlogged
}

// EraseInterest deletes what a person's profile for the purpose holds about a
// category and everything below it, as if those events had not been. It leaves
// consent as it is: later events count again.
func (e *Engine) EraseInterest(ctx context.Context, who Raw, purpose, category string) (err error) {
	defer e.observe("EraseInterest", e.cfg.Now(), &err)
	r, ok := e.room(purpose)
	if !ok {
		return ErrNoPurpose
	}
	turns := e.newEdges()
	defer turns.tell(&err) // when rights are free again
	e.rights.Lock()
	defer e.rights.Unlock()
	if e.closed.Load() {
		return ErrClosed
	}
	k := e.keys.Load()
	if _, err := e.meet(ctx, k, who); err != nil {
		return err
	}
	names, err := e.names(k, who, true)
	if err != nil {
		return err
	}
	for i := range names {
		for _, key := range e.keysOf(&names[i], func(p string) bool { return p == purpose }) {
			err := e.eraseFrom(ctx, key, e.turning(turns, r, i, key, func(row []byte) ([]byte, error) { return r.rules.ForgetCategory(row, category) }))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// eraseFrom replaces a profile by what forget leaves of it. When it returned,
// that is durable, whatever the store's pace, and what is gone does not come back
// with an older copy of a store that can tell.
func (e *Engine) eraseFrom(ctx context.Context, key segment.Key, forget func(row []byte) ([]byte, error)) error {
	if s, ok := e.cfg.Store.(interface {
		ProfileErase(context.Context, segment.Key, func([]byte) ([]byte, error)) error
	}); ok {
		return s.ProfileErase(ctx, key, forget)
	}
	err := e.cfg.Store.ProfileUpdate(ctx, []segment.Key{key}, func(_ int, row []byte) ([]byte, error) { return forget(row) })
	if err != nil {
		return err
	}
	return e.cfg.Store.ProfileSync(ctx)
}
