package ledger

import (
	"context"
	"errors"
	"time"
)

// ErrEmpty: there is no account in the store.
var ErrEmpty = errors.New("ledger: there is no account in the store")

// Interrupt leaves nothing of the current window to spend: after the log was
// put back to an older state, as by restoring a backup, nobody knows what was
// charged since. The window is that of now, however far ahead of the log; with
// Rolling, every span that holds today has nothing left; with DataDays, neither
// have all days up to today. It is logged. Whoever restores a store calls it
// before the account is opened; a second call in the same window does nothing.
// It returns ErrEmpty, ErrClockBack, a *BrokenError, or an error of the store.
func Interrupt(ctx context.Context, s Store, now time.Time) error {
	if s == nil {
		return ErrEmpty
	}
	a := &Account{store: s, st: newState()}
	if err := a.read(ctx); err != nil {
		return err
	}
	if a.st.next == 0 {
		return ErrEmpty
	}
	return a.do(ctx, 0, func(g *group) error {
		day, err := a.cross(g, now, true)
		if err != nil {
			return err
		}
		through := g.st.newest(day)
		if through <= g.st.closed {
			return nil
		}
		return g.add(&record{Kind: kindClose, Time: now.UnixMilli(), Close: &closeRecord{through}}, nil)
	})
}
