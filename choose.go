package discreet

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/discreet-go/discreet/consent"
)

// Needs returns the fewest notices that still have to be shown to a person so
// that every purpose is decided; none when nothing is left to ask, when the person
// refused not long ago, or within PromptDays of a notice that was Served. Without
// purposes it asks for all that have segments or measures; a page that needs one more,
// such as that of Config.Audit, names it. An
// anonymous visitor is asked nothing, and nobody is asked for what is suspended.
func (e *Engine) Needs(ctx context.Context, who Raw, purposes ...string) (asks []consent.Ask, err error) {
	defer e.observe("Needs", e.cfg.Now(), &err)
	if e.closed.Load() {
		return nil, ErrClosed
	}
	for _, p := range purposes {
		if _, ok := e.book.Purpose(p); !ok {
			return nil, ErrNoPurpose
		}
	}
	if who.IsZero() {
		return nil, nil
	}
	if err := e.suspended.look(ctx, e); err != nil {
		return nil, err
	}
	e.rights.RLock()
	defer e.rights.RUnlock()
	r, err := e.consents(ctx, who)
	if err != nil {
		return nil, err
	}
	now := e.cfg.Now()
	if r.Served(now.AddDate(0, 0, -e.promptDays()).Add(time.Millisecond)) > 0 {
		return nil, nil
	}
	if len(purposes) == 0 {
		for i := range e.segmented() {
			purposes = append(purposes, e.rooms[i].purpose)
		}
	}
	purposes = slices.DeleteFunc(slices.Clone(purposes), e.suspended.holds)
	return e.book.Needs(r.History(), purposes, now), nil
}

func (e *Engine) promptDays() int {
	if e.cfg.PromptDays == 0 {
		return 30
	}
	return e.cfg.PromptDays
}

// Served records that a notice was shown to a person, in that version and
// locale: the proof of what was asked, and what Needs counts so that nobody is
// asked too often. An anonymous visitor leaves no record.
func (e *Engine) Served(ctx context.Context, who Raw, notice string, version int, locale string) (err error) {
	defer e.observe("Served", e.cfg.Now(), &err)
	if who.IsZero() {
		return nil
	}
	e.rights.Lock()
	defer e.rights.Unlock()
	if e.closed.Load() {
		return ErrClosed
	}
	n, err := e.meet(ctx, e.keys.Load(), who)
	if err != nil {
		return err
	}
	people, now := []consent.Subject{n.subject}, e.cfg.Now()
	return e.step(ctx, people, func(_ int, r *consent.Record, _ bool) (*consent.Record, error) {
		return r, r.Serve(e.book, notice, version, locale, now)
	}, func(f func(int, []byte) ([]byte, error)) error {
		return e.cfg.Store.ConsentUpdate(ctx, people, f)
	})
}

// Choose records a person's answer to a notice; it is on disk when Choose
// returns. A purpose that is refused while it was granted is withdrawn: its
// profile is deleted in the same step, and Config.Ended is told.
func (e *Engine) Choose(ctx context.Context, who Raw, c Choice) error {
	return e.ChooseBatch(ctx, []Chosen{{Who: who, Choice: c}})
}

// ChooseBatch records many answers. Answers that end no profile are one durable
// step together; each that does is one of its own. On an error or a cancelled
// context, a part may be recorded; recording it again
// changes nothing.
func (e *Engine) ChooseBatch(ctx context.Context, batch []Chosen) (err error) {
	defer e.observe("Choose", e.cfg.Now(), &err)
	var ended []Ended
	err = e.chooseAll(ctx, batch, &ended)
	return e.tellAll(ctx, ended, err)
}

func (e *Engine) chooseAll(ctx context.Context, batch []Chosen, ended *[]Ended) (err error) {
	e.rights.Lock()
	defer e.rights.Unlock()
	if e.closed.Load() {
		return ErrClosed
	}
	names := make([]*name, len(batch))
	batch = slices.Clone(batch)
	for i := range batch {
		c := &batch[i]
		if c.Choice, err = e.book.Expand(c.Choice); err != nil {
			return err
		}
		if names[i], err = e.meet(ctx, e.keys.Load(), c.Who); err != nil {
			return err
		}
	}
	now := e.cfg.Now()
	var people []consent.Subject
	answers := map[consent.Subject][]Choice{}
	of := map[consent.Subject]*name{}
	flush := func() error {
		if len(people) == 0 {
			return nil
		}
		err := e.stepLasting(ctx, people, func(i int) *name { return of[people[i]] }, func(i int, r *consent.Record) error {
			return e.answer(r, answers[people[i]], now)
		})
		people = people[:0]
		clear(answers)
		return err
	}
	for i, c := range batch {
		subject, answer := names[i].subject, c.Choice
		ends := e.under(answer.Refuse)
		some, more, err := e.ending(ctx, names[i], ends, now)
		if err != nil {
			return err
		}
		if some { // the no first and by itself: it holds also where the log cannot be written, a yes does not
			if err := flush(); err != nil { // keeps one person's answers in order
				return err
			}
			no := answer
			no.Grant = nil
			var x Ended
			err = e.stepAnyway(ctx, []consent.Subject{subject}, func(_ int, r *consent.Record, _ bool) (*consent.Record, error) {
				x = e.ended(names[i], r, ends, consent.KindWithdrawn)
				x.add(more)
				return r, e.answer(r, []Choice{no}, now)
			}, func(f func(int, []byte) ([]byte, error)) error {
				return e.cfg.Store.Forget(ctx, subject, func(row []byte) ([]byte, error) { return f(0, row) }, e.keysOf(names[i], ends))
			})
			if err == nil || errors.Is(err, ErrUnlogged) {
				*ended = append(*ended, x)
			}
			if err != nil {
				return err
			}
			if answer.Refuse = nil; len(answer.Grant) == 0 {
				continue
			}
		}
		if _, ok := answers[subject]; !ok {
			people, of[subject] = append(people, subject), names[i]
		}
		answers[subject] = append(answers[subject], answer)
	}
	if err := flush(); err != nil {
		return err
	}
	e.stats.choices.Add(int64(len(batch)))
	return nil
}

// under reports whether a purpose is one of those, or below one in the tree.
func (e *Engine) under(purposes []string) func(purpose string) bool {
	return func(p string) bool {
		return slices.ContainsFunc(purposes, func(root string) bool { return slices.Contains(e.book.Under(root), p) })
	}
}

// ending reports whether a no to the purposes ends something or is to be told of
// again: there is a profile, or a consent that is open, or was and has recipients;
// and which recipients the profiles name. The caller holds rights.
func (e *Engine) ending(ctx context.Context, n *name, ends func(purpose string) bool, now time.Time) (some bool, more []string, err error) {
	purposes := slices.DeleteFunc(e.book.Purposes(), func(p string) bool { return !ends(p) })
	if len(purposes) == 0 {
		return false, nil, nil
	}
	h, _, err := e.deciding(ctx, n.subject)
	if err != nil {
		return false, nil, err
	}
	some = slices.ContainsFunc(h.Open(now), ends) || len(e.book.Recipients(h, purposes)) > 0
	for _, k := range e.keysOf(n, ends) {
		row, err := e.cfg.Store.ProfileRow(ctx, k)
		if err != nil {
			return false, nil, err
		}
		some = some || row != nil
	}
	more, err = e.named(ctx, n, ends)
	return some, more, err
}
