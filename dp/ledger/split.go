package ledger

import (
	"context"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
)

// Split opens a second account on the population, in another, empty store, with
// a sink of its own where it has one: for a service of its own, say. Its totals
// are taken off those of a, in every
// window from the current one on, as an entry of the log, before the second
// account exists; both together then promise what a alone promised. The terms
// keep Bound, Windows and WindowDays of a. There is no other way to a second
// account on one population, and none back.
//
// It returns ErrTerms, also for a store that has an account, ErrPromise, an
// *ExhaustedError when a has spent more than would remain to it, ErrRolledBack for
// a sink that saw another account, or an error of Open or Reserve. Where the second store fails after
// the entry was written, what was split off is lost.
func (a *Account) Split(ctx context.Context, to Config, now time.Time) (*Account, error) {
	b, err := to.account()
	if err != nil {
		return nil, err
	}
	t := to.Terms
	if err := t.certify(ctx); err != nil {
		return nil, err
	}
	if last, err := b.lastCheckpoint(ctx, to.Verifiers); err != nil {
		return nil, err
	} else if last.last != nil {
		return nil, ErrRolledBack
	}
	if err := b.read(ctx); err != nil {
		return nil, err
	}
	if b.st.next > 0 {
		return nil, ErrTerms
	}
	_, ms, ok := dayOf(now)
	if !ok {
		return nil, ErrClockBack
	}
	loss := t.certified()
	split := &splitRecord{newID(), loss.Mu2, loss.Rho, loss.Delta}
	var opening *openRecord
	err = a.do(ctx, 0, func(g *group) error {
		if _, err := a.cross(g, now, false); err != nil {
			return err
		}
		s := g.st
		old := s.terms()
		if t.Bound != old.Bound || t.Windows != old.Windows || t.WindowDays != old.WindowDays || s.calendar[len(s.calendar)-1].from > s.window {
			return ErrTerms
		}
		if out := s.parts(loss); out != nil {
			return out
		}
		if err := g.add(&record{Kind: kindSplit, Time: ms, Split: split}, nil); err != nil {
			return err
		}
		opening = &openRecord{
			Population: s.population, Day: date(s.first(s.window)), termsPart: partOf(t),
			Account: split.Account, Parent: &parentPart{s.next - 1, s.head},
		}
		return nil
	})
	if err != nil {
		return nil, explain(err)
	}
	if err := a.cover(ctx, opening.Parent.Entry); err != nil {
		return nil, err // the second account would outlive a restore of the first
	}
	err = b.do(ctx, 0, func(g *group) error {
		if g.st.next > 0 {
			return ErrTerms
		}
		return g.add(&record{Kind: kindOpen, Time: ms, Open: opening}, nil)
	})
	if err != nil {
		return nil, err
	}
	b.name()
	if err := b.cover(ctx, 0); err != nil {
		return nil, err
	}
	return b, nil
}

// certified is what an account with these terms may spend in a window, in the
// parts that are limited.
func (t Terms) certified() Loss { return Loss{t.Mu2, t.Rho, t.ReserveDelta} }

// parts returns nil when l can be split off, in all windows and days.
func (s *state) parts(l Loss) *ExhaustedError {
	c := &charge{loss: l}
	t := s.terms()
	if t.Windows != DataDays {
		sum, closed := s.span(s.window)
		return s.over(c, sum, closed, t)
	}
	for i := range s.calendar { // also days that nothing was charged to yet, under the terms of then
		if out := s.over(c, tally{}, false, &s.calendar[i].terms); out != nil {
			return out
		}
	}
	for day, cell := range s.cells {
		if out := s.over(c, cell, false, &s.on(contrib.Day(day)).terms); out != nil {
			return out
		}
	}
	return nil
}

func (s *state) checkSplit(r *splitRecord) string {
	l, t := r.loss(), s.terms()
	switch {
	case !validID(r.Account):
		return "an id is 32 hexadecimal digits"
	case t.Bound == PLD || (t.Bound == GDP) == l.Mu2.IsZero() || (t.Bound == ZCDP) == l.Rho.IsZero():
		return "what is split off is in the terms of the account"
	case s.parts(l) != nil:
		return "what is split off was not spent"
	}
	return ""
}
