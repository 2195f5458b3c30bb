package discreet

import (
	"bytes"
	"context"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/segment"
)

// stepLasting is step for answers that end no profile: where the consent that is then
// recorded ends sooner or later than before, so does what is held under it.
func (e *Engine) stepLasting(ctx context.Context, people []consent.Subject, of func(i int) *name, change func(i int, r *consent.Record) error) error {
	ends := map[segment.Key]time.Time{}
	err := e.step(ctx, people, func(i int, r *consent.Record, _ bool) (*consent.Record, error) {
		if i == 0 {
			clear(ends) // it is tried again
		}
		before := r.Clone()
		if err := change(i, r); err != nil {
			return nil, err
		}
		e.lasting(of(i), before, r, ends)
		return r, nil
	}, func(f func(int, []byte) ([]byte, error)) error {
		if err := e.shorten(ctx, ends); err != nil { // first: a crash in between errs on the short side
			return err
		}
		return e.cfg.Store.ConsentUpdate(ctx, people, f)
	})
	if err != nil {
		return err
	}
	return e.renew(ctx, ends, e.cfg.Now())
}

// lasting notes, for the profiles under a name, until when the consents last whose
// end is another one in the record than it was before.
func (e *Engine) lasting(n *name, before, after *consent.Record, ends map[segment.Key]time.Time) {
	now := e.cfg.Now()
	for _, key := range e.keysOf(n, func(string) bool { return true }) {
		was, open := e.endOf(n, before, key.Purpose, now)
		is, still := e.endOf(n, after, key.Purpose, now)
		switch {
		case still && !(open && is.Equal(was)):
			ends[key] = is
		case open && !still:
			ends[key] = now
		}
	}
}

// endOf returns until when the consent in a record lasts, and false where there is none.
func (e *Engine) endOf(n *name, r *consent.Record, purpose string, now time.Time) (time.Time, bool) {
	g, ok := e.book.Decide(consent.Question{
		Subject: n.subject, Purpose: purpose, History: r.History(), EventTime: now, Now: now, Heard: consent.Heard{Age: consent.Adult},
	}).Grant()
	return g.To(), ok
}

// shorten ends the consent noted in profiles no later than the given moments.
func (e *Engine) shorten(ctx context.Context, sooner map[segment.Key]time.Time) error {
	var keys []segment.Key
	for k, end := range sooner {
		row, err := e.cfg.Store.ProfileRow(ctx, k)
		if err != nil {
			return err
		}
		if row == nil {
			continue
		}
		r, _ := e.keeping(k.Purpose)
		p, err := r.head(row)
		if err != nil {
			return err
		}
		if p.ConsentEnds().After(end) {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	err := e.cfg.Store.ProfileUpdate(ctx, keys, func(i int, row []byte) ([]byte, error) {
		r, _ := e.keeping(keys[i].Purpose)
		return r.keeper().EndBy(row, sooner[keys[i]])
	})
	if err != nil {
		return err
	}
	return e.cfg.Store.ProfileSync(ctx)
}

// renew prolongs the profiles that hold wishes to the ends of consent that an
// answer gave, after it is recorded: what ends sooner was shortened before.
func (e *Engine) renew(ctx context.Context, ends map[segment.Key]time.Time, now time.Time) error {
	var keys []segment.Key
	for k, end := range ends {
		r, _ := e.keeping(k.Purpose)
		row, err := e.cfg.Store.ProfileRow(ctx, k)
		if err != nil {
			return err
		}
		next, err := r.keeper().Renew(row, now, end)
		if err != nil {
			return err
		}
		if !bytes.Equal(row, next) {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	err := e.cfg.Store.ProfileUpdate(ctx, keys, func(i int, row []byte) ([]byte, error) {
		r, _ := e.keeping(keys[i].Purpose)
		return r.keeper().Renew(row, now, ends[keys[i]])
	})
	if err != nil {
		return err
	}
	return e.cfg.Store.ProfileSync(ctx)
}
