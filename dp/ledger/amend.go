package ledger

import (
	"context"
	"errors"
	"time"
)

// ErrPending: another change of terms waits for its window.
var ErrPending = errors.New("ledger: another change of terms waits for its window")

// Amend logs other terms, which hold from the next window on; with Rolling,
// from WindowDays days on, so that every span that has begun ends under the old
// terms; with DataDays, for the data of tomorrow and later. What was
// charged stays charged. Bound and Windows stay as they are; so does WindowDays
// unless windows are Fixed. Terms that are those of the account already are no
// change. It returns ErrTerms, ErrPromise, ErrPending, or an error of Reserve.
func (a *Account) Amend(ctx context.Context, t Terms, now time.Time) error {
	if !t.valid() {
		return ErrTerms
	}
	if err := t.certify(ctx); err != nil {
		return err
	}
	logged := uint64(0)
	err := a.do(ctx, 0, func(g *group) error {
		if _, err := a.cross(g, now, false); err != nil {
			return err
		}
		s := g.st
		switch last := s.calendar[len(s.calendar)-1]; {
		case last.terms.Equal(t):
			return nil
		case last.from > s.window:
			return ErrPending
		}
		r := &termsRecord{From: s.window + s.terms().span(), termsPart: partOf(t)}
		if s.checkTerms(r) != "" {
			return ErrTerms
		}
		logged = s.next
		return g.add(&record{Kind: kindTerms, Time: now.UnixMilli(), Terms: r}, nil)
	})
	if err != nil {
		return err
	}
	return a.cover(ctx, logged)
}

func (s *state) checkTerms(r *termsRecord) string {
	old := s.terms()
	t, err := r.terms()
	switch {
	case err != nil || !t.valid():
		return "new terms are valid"
	case s.calendar[len(s.calendar)-1].from > s.window || r.From != s.window+old.span():
		return "new terms hold from the window after the totals of the old ones, one change at a time"
	case t.Bound != old.Bound || t.Windows != old.Windows:
		return "new terms keep bound and kind of windows"
	case t.WindowDays != old.WindowDays && (t.Windows != Fixed || !s.given.isZero() || !s.grant.isZero()):
		return "new terms keep the length of windows"
	case !s.grant.isZero() && !t.certified().within(s.grant):
		return "new terms stay within what was split off"
	case !s.given.within(t.total()):
		return "new terms hold what was split off"
	}
	return ""
}

func (s *state) takeTerms(r *termsRecord) (undo func()) {
	t, _ := r.terms() // checked
	n := len(s.calendar)
	s.calendar = append(s.calendar[:n:n], era{from: r.From, first: s.first(r.From), terms: t})
	return func() { s.calendar = s.calendar[:n] }
}
