package ledger

import (
	"context"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
)

// Window is one accounting window: the days From to the day before To, in UTC.
// In a Rolling or DataDays account it is one release day.
type Window struct {
	Index    int32       // counted from the opening of the account, from zero
	From, To contrib.Day // To is the first day after the window
	Logged   bool        // the log has reached it; if not, Reserve or Advance will take it there
}

func (c calendar) span(index int32) Window {
	return Window{Index: index, From: c.first(index), To: c.first(index + 1)}
}

// locate returns the window of now, which is neither before the given one nor,
// unless far, more ahead than a log goes by itself.
func (c calendar) locate(current int32, now time.Time, far bool) (index int32, day contrib.Day, ms int64, err error) {
	day, ms, ok := dayOf(now)
	if !ok || day < c.opened() {
		return 0, 0, 0, ErrClockBack
	}
	index = c.index(day)
	switch {
	case index < current:
		return 0, 0, 0, ErrClockBack
	case index > current+c.ahead(current) && !far:
		return 0, 0, 0, ErrWindowJump
	}
	return index, day, ms, nil
}

// Window returns the accounting window of now. It returns ErrClockBack when
// now lies before the window that the log has reached, and ErrWindowJump when
// it lies more than one window after; where windows are days, more than the
// totals reach, or 31. It reads memory only and never waits.
func (a *Account) Window(now time.Time) (Window, error) { return a.at(now, false) }

// At returns the accounting window of now, however far ahead of the log. It
// returns ErrClockBack when now lies before the window that the log has
// reached. It reads memory only and never waits.
func (a *Account) At(now time.Time) (Window, error) { return a.at(now, true) }

func (a *Account) at(now time.Time, far bool) (Window, error) {
	if a.failed.Load() {
		return Window{}, ErrFailed
	}
	days, current := a.days.Load(), a.window.Load()
	index, _, _, err := days.locate(current, now, far)
	if err != nil {
		return Window{}, err
	}
	w := days.span(index)
	w.Logged = index == current
	return w, nil
}

// TermsAt returns the terms of the window of now, which Amend may have changed.
// Its errors are those of At. It reads memory only and never waits.
func (a *Account) TermsAt(now time.Time) (Terms, error) {
	w, err := a.at(now, true)
	if err != nil {
		return Terms{}, err
	}
	return a.days.Load().of(w.Index).terms, nil
}

// Advance logs the crossing into the window of now, however many windows
// ahead; in the window that the log has reached it does nothing. It returns
// ErrClockBack when now lies before that. A window once left cannot be entered
// again, so look at the clock before calling it.
func (a *Account) Advance(ctx context.Context, now time.Time) error {
	return a.do(ctx, 0, func(g *group) error {
		_, err := a.cross(g, now, true)
		return err
	})
}

// cross stages the crossing into the window of now and returns the day.
func (a *Account) cross(g *group, now time.Time, far bool) (contrib.Day, error) {
	index, day, ms, err := g.st.locate(g.st.window, now, far)
	if err != nil || index == g.st.window {
		return day, err
	}
	return day, g.add(&record{Kind: kindWindow, Time: ms, Window: &windowRecord{From: g.st.window, To: index}}, nil)
}
