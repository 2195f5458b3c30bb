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
	for i, p := range profiles {
		if p != nil {
			x.Profiles = append(x.Profiles, e.rooms[i].rules.Explain(p, now))
		}
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
	for i, p := range profiles {
		if p != nil {
			x.Profiles = append(x.Profiles, e.rooms[i].rules.Export(p, now))
		}
	}
	return x, nil
}

// held returns consent and profiles of a person as of one moment; profiles has
// an element for each room, nil where there is none.
func (e *Engine) held(ctx context.Context, who Raw) (*consent.History, []*segment.Profile, error) {
	e.rights.RLock()
	defer e.rights.RUnlock()
	if e.closed.Load() {
		return nil, nil, ErrClosed
	}
	h, err := e.history(ctx, who)
	if err != nil {
		return nil, nil, err
	}
	profiles := make([]*segment.Profile, len(e.rooms))
	for i, r := range e.rooms {
		id, err := e.deriver.ID(who, r.purpose)
		if err != nil {
			return nil, nil, err
		}
		row, err := e.cfg.Store.ProfileRow(ctx, segment.Key{Purpose: r.purpose, ID: id})
		if err != nil {
			return nil, nil, err
		}
		if row == nil {
			continue
		}
		if profiles[i], err = segment.ReadProfile(row); err != nil {
			return nil, nil, err
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

func (e *Engine) forget(ctx context.Context, who Raw, purposes []string, change func(*consent.History, time.Time)) error {
	subject, err := e.deriver.Subject(who)
	if err != nil {
		return err
	}
	keys, err := e.keys(who, purposes)
	if err != nil {
		return err
	}
	e.rights.Lock()
	defer e.rights.Unlock()
	if e.closed.Load() {
		return ErrClosed
	}
	now := e.cfg.Now()
	return e.cfg.Store.Forget(ctx, subject, func(row []byte) ([]byte, error) {
		h, err := consent.ReadHistory(row)
		if err != nil {
			return nil, err
		}
		change(h, now)
		return h.Row(), nil
	}, keys)
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
	id, err := e.deriver.ID(who, purpose)
	if err != nil {
		return err
	}
	e.rights.Lock()
	defer e.rights.Unlock()
	if e.closed.Load() {
		return ErrClosed
	}
	key := segment.Key{Purpose: purpose, ID: id}
	forget := func(row []byte) ([]byte, error) { return r.rules.ForgetCategory(row, category) }
	// An erasure that returned is durable, whatever the store's pace, and does not
	// come back with an older copy of a store that can tell.
	if s, ok := e.cfg.Store.(interface {
		ProfileErase(context.Context, segment.Key, func([]byte) ([]byte, error)) error
	}); ok {
		return s.ProfileErase(ctx, key, forget)
	}
	err = e.cfg.Store.ProfileUpdate(ctx, []segment.Key{key}, func(_ int, row []byte) ([]byte, error) { return forget(row) })
	if err != nil {
		return err
	}
	return e.cfg.Store.ProfileSync(ctx)
}
