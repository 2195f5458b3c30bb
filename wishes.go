package discreet

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/segment"
)

// ErrNotAgreed: the person has not agreed to the purpose, so that nothing is
// held and nothing is taken, and there is nothing to remember a wish with.
var ErrNotAgreed = errors.New("discreet: the person has not agreed to the purpose: nothing is held, and nothing is taken")

// NotInterested is a person's "not interested": what the profile for the purpose
// holds about a category and everything below it is deleted, as by EraseInterest,
// and nothing of it is taken any more until Interested. It is remembered with
// the profile, as long as consent lasts, prolonged or not: the category, and neither what was done
// in it nor when this was said. Rank leaves out items that Config.Catalog puts
// there. Withdraw and Erase delete it with all the rest.
//
// Errors, beside those of the store: ErrNoPurpose, [segment.ErrUnknown],
// [segment.ErrWishes] for too many, and ErrNotAgreed. When it returned, the
// deletion is durable.
func (e *Engine) NotInterested(ctx context.Context, who Raw, purpose, category string) (err error) {
	defer e.observe("NotInterested", e.cfg.Now(), &err)
	return e.wish(ctx, who, purpose, func(r *segment.Rules, row []byte) ([]byte, error) { return r.Dismiss(row, category) },
		func(r *segment.Rules, row []byte) ([]byte, error) { return r.ForgetCategory(row, category) })
}

// Interested takes NotInterested back for a category and everything below it.
// What was deleted stays deleted; later events count. It fails with
// [segment.ErrAbove] where a category above is dismissed. Taking back what was
// never said changes nothing.
func (e *Engine) Interested(ctx context.Context, who Raw, purpose, category string) (err error) {
	defer e.observe("Interested", e.cfg.Now(), &err)
	return e.unwish(ctx, who, purpose, func(r *segment.Rules, row []byte) ([]byte, error) { return r.Interested(row, category) })
}

// Leave takes a person out of a segment of the purpose, whatever the segment
// asks for and what is held, until Rejoin: rankings, releases, explanations and
// exports obey. Memberships that were handed out before end on their own day, and
// no recipient is told. It is remembered as NotInterested is. Errors, beside those of
// the store: ErrNoPurpose, [segment.ErrNoSegment], [segment.ErrWishes],
// ErrNotAgreed. When it returned, that is durable.
func (e *Engine) Leave(ctx context.Context, who Raw, purpose, name string) (err error) {
	defer e.observe("Leave", e.cfg.Now(), &err)
	return e.wish(ctx, who, purpose, func(r *segment.Rules, row []byte) ([]byte, error) { return r.Leave(row, name) }, nil)
}

// Rejoin takes Leave back: what is held decides again. Rejoining a segment that
// was not left changes nothing.
func (e *Engine) Rejoin(ctx context.Context, who Raw, purpose, name string) (err error) {
	defer e.observe("Rejoin", e.cfg.Now(), &err)
	return e.unwish(ctx, who, purpose, func(r *segment.Rules, row []byte) ([]byte, error) { return r.Rejoin(row, name) })
}

type rowChange = func(r *segment.Rules, row []byte) ([]byte, error)

// wish changes the profile of a person, which it begins if need be; elsewhere is
// done to what stands under names that are kept for access and erasure only.
func (e *Engine) wish(ctx context.Context, who Raw, purpose string, change, elsewhere rowChange) (err error) {
	room, ok := e.room(purpose)
	if !ok {
		return ErrNoPurpose
	}
	if _, err := change(room.rules, nil); err != nil {
		return err // whoever it is
	}
	if err := e.suspended.look(ctx, e); err != nil {
		return err
	}
	for {
		k := e.keys.Load()
		link, err := k.deriver.Link(who, purpose)
		if err != nil {
			return err
		}
		answers := e.newAnswers()
		answers.ask(ctx, who, link.Subject(), purpose)
		if err := answers.wait(ctx); err != nil {
			return err
		}
		turns := e.newEdges()
		err = e.wishUnder(ctx, k, who, room, link, answers.get(link.Subject(), purpose), change, elsewhere, turns)
		if err != errKeys {
			turns.tell(&err)
			return err
		}
	}
}

func (e *Engine) wishUnder(ctx context.Context, k *keyset, who Raw, room *room, link segment.Link, answer consent.SourceAnswer, change, elsewhere rowChange, turns *edges) error {
	e.rights.Lock()
	defer e.rights.Unlock()
	if err := e.current(k); err != nil {
		return err
	}
	if _, err := e.meet(ctx, k, who); err != nil {
		return err
	}
	now := e.cfg.Now()
	begin, err := e.beginning(ctx, room, link, answer, now)
	if err != nil {
		return err
	}
	names, err := e.names(k, who, true)
	if err != nil {
		return err
	}
	if elsewhere == nil {
		names = names[:1]
	}
	for i := range names {
		for _, key := range e.keysOf(&names[i], func(p string) bool { return p == room.purpose }) {
			err := e.eraseFrom(ctx, key, e.turning(turns, room, i, key, func(row []byte) ([]byte, error) {
				if i > 0 {
					return elsewhere(room.rules, row)
				}
				if row, err = begin(row); err != nil {
					return nil, err
				}
				return change(room.rules, row)
			}))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// beginning returns what makes a row to remember a wish in of the row that is
// there: where the person agreed, one that begins now if there is none of this
// consent. What a request would signal, age among it, does not matter: a wish is
// no use of data. The caller holds rights.
func (e *Engine) beginning(ctx context.Context, room *room, link segment.Link, answer consent.SourceAnswer, now time.Time) (func(row []byte) ([]byte, error), error) {
	h, _, err := e.deciding(ctx, link.Subject())
	if err != nil {
		return nil, err
	}
	m, err := e.moment(now)
	if err != nil {
		return nil, err
	}
	m.EntersNext = room.entersNext(h, &m)
	decision := e.book.Decide(consent.Question{
		Subject: link.Subject(), Purpose: room.purpose, History: h, EventTime: now, Now: now,
		Source: answer, Heard: consent.Heard{Age: consent.Adult}, Suspended: e.suspended.holds(room.purpose),
	})
	grant, allowed := decision.Grant()
	return func(row []byte) ([]byte, error) {
		switch {
		case allowed:
			return room.rules.Begin(row, grant, link, m)
		case row == nil:
			return nil, ErrNotAgreed
		}
		return row, nil
	}, nil
}

// unwish changes the profile of a person, if there is one.
func (e *Engine) unwish(ctx context.Context, who Raw, purpose string, change rowChange) (err error) {
	room, ok := e.room(purpose)
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
	n, err := e.meet(ctx, e.keys.Load(), who)
	if err != nil {
		return err
	}
	keys := e.keysOf(n, func(p string) bool { return p == purpose })
	turning := e.turning(turns, room, 0, keys[0], func(row []byte) ([]byte, error) { return change(room.rules, row) })
	err = e.cfg.Store.ProfileUpdate(ctx, keys, func(_ int, row []byte) ([]byte, error) { return turning(row) })
	if err != nil {
		return err
	}
	return e.cfg.Store.ProfileSync(ctx)
}

// unwanted returns the items that the public catalog puts into categories that a
// person is not interested in: of the candidates, or of all.
func (e *Engine) unwanted(dismissed, candidates []string) []string {
	if len(dismissed) == 0 {
		return nil
	}
	var items iter.Seq[string] = maps.Keys(e.cfg.Catalog)
	if candidates != nil {
		items = slices.Values(candidates)
	}
	var list []string
	for item := range items {
		category := e.cfg.Catalog[item]
		if slices.ContainsFunc(dismissed, func(d string) bool { return d == category || e.cfg.Taxonomy.Contains(d, category) }) {
			list = append(list, item)
		}
	}
	return list
}
