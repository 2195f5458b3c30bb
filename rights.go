package discreet

import (
	"context"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/segment"
)

// Explanation answers "what do you hold about me, why, and what follows from
// it?" for one person.
type Explanation struct {
	Consent  consent.Summary       `json:"consent"`  // every purpose: state, since, until, notice, how to change it
	Profiles []segment.Explanation `json:"profiles"` // one for each purpose with a profile
}

// Portable is a person's own data, to take along: everything that is held
// under that person's pseudonyms, in a documented JSON form.
type Portable struct {
	Format   string             `json:"format"` // "discreet-export/0"
	Tenant   string             `json:"tenant"`
	Made     time.Time          `json:"made"`
	Consent  consent.Summary    `json:"consent"`
	Profiles []segment.Portable `json:"profiles"`
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
	h, profiles, err := e.held(ctx, who)
	if err != nil {
		return Explanation{}, err
	}
	x.Consent = e.book.Summary(h, now)
	for _, p := range profiles {
		x.Profiles = append(x.Profiles, p.rules.Explain(p.profile, now))
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
	h, profiles, err := e.held(ctx, who)
	if err != nil {
		return Portable{}, err
	}
	x = Portable{Format: "discreet-export/0", Tenant: e.cfg.Tenant, Made: now.UTC(), Consent: e.book.Summary(h, now)}
	for _, p := range profiles {
		x.Profiles = append(x.Profiles, p.rules.Export(p.profile, now))
	}
	return x, nil
}

// heldProfile is a profile with the rules of its purpose.
type heldProfile struct {
	profile *segment.Profile
	rules   *segment.Rules
}

// held returns consent and profiles of a person as of one moment, by purpose;
// also what stands under roots that are kept for access and erasure only.
func (e *Engine) held(ctx context.Context, who Raw) (*consent.History, []heldProfile, error) {
	e.rights.RLock()
	defer e.rights.RUnlock()
	if e.closed.Load() {
		return nil, nil, ErrClosed
	}
	h, err := e.history(ctx, who)
	if err != nil {
		return nil, nil, err
	}
	names, err := e.names(e.keys.Load(), who, true)
	if err != nil {
		return nil, nil, err
	}
	var profiles []heldProfile
	for i, r := range e.rooms {
		for _, n := range names {
			row, err := e.cfg.Store.ProfileRow(ctx, segment.Key{Purpose: r.purpose, ID: n.ids[i]})
			if err != nil {
				return nil, nil, err
			}
			if row == nil {
				continue
			}
			p, err := segment.ReadProfile(row)
			if err != nil {
				return nil, nil, err
			}
			profiles = append(profiles, heldProfile{p, r.rules})
		}
	}
	return h, profiles, nil
}

// Withdraw ends a person's consent for the purposes and deletes their profiles
// for them, in one durable step. Without purposes it ends all. Withdrawing what
// was never granted is no error.
func (e *Engine) Withdraw(ctx context.Context, who Raw, purposes ...string) (err error) {
	defer e.observe("Withdraw", e.cfg.Now(), &err)
	if len(purposes) == 0 {
		purposes = e.book.Purposes()
	}
	for _, p := range purposes {
		if _, ok := e.book.Purpose(p); !ok {
			return ErrNoPurpose
		}
	}
	return e.forget(ctx, who, purposes, func(h *consent.History, now time.Time) {
		for _, p := range purposes {
			h.Withdraw(p, now)
		}
	})
}

// Erase deletes everything that is held about a person. Only the moment of the
// erasure is remembered, under the consent pseudonym, until Sweep finds the
// accounting window over: it keeps the person, if back at once, out of releases
// that could be compared with earlier ones. What was released stays released;
// it is differentially private.
func (e *Engine) Erase(ctx context.Context, who Raw, by Actor) (err error) {
	defer e.observe("Erase", e.cfg.Now(), &err)
	if err := e.note(ctx, by, "Erase"); err != nil {
		return err
	}
	purposes := make([]string, len(e.rooms))
	for i, r := range e.rooms {
		purposes[i] = r.purpose
	}
	return e.forget(ctx, who, purposes, func(h *consent.History, now time.Time) { h.Erase(now) })
}

// forget changes a person's consent and deletes the profiles of the purposes,
// under whatever name they stand.
func (e *Engine) forget(ctx context.Context, who Raw, purposes []string, change func(*consent.History, time.Time)) error {
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
	now := e.cfg.Now()
	// The names of before too, from the oldest on: an older copy of the store may
	// hold what stands under none of them now.
	for i := len(names) - 1; i >= 0; i-- {
		err := e.cfg.Store.Forget(ctx, names[i].subject, func(row []byte) ([]byte, error) {
			if i > 0 && row == nil {
				return nil, nil
			}
			h, err := consent.ReadHistory(row)
			if err != nil {
				return nil, err
			}
			change(h, now)
			return h.Row(), nil
		}, e.keysOf(&names[i], e.under(purposes)))
		if err != nil {
			return err
		}
	}
	return nil
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
			err := e.eraseFrom(ctx, key, func(row []byte) ([]byte, error) { return r.rules.ForgetCategory(row, category) })
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
