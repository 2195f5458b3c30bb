package ledger

import (
	"context"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
)

// Window is one accounting window: the days From to the day before To, in UTC.
type Window struct {
	Index    int32       // counted from the opening of the account, from zero
	From, To contrib.Day // To is the first day after the window
	Logged   bool        // the log has reached it; if not, Reserve or Advance will take it there
}

func (a *Account) span(index int32) Window {
	from := a.opened + contrib.Day(index)*contrib.Day(a.terms.WindowDays)
	return Window{Index: index, From: from, To: from + contrib.Day(a.terms.WindowDays)}
}

// locate returns the window of now, which is neither before the given one nor,
// unless far, more than one ahead.
func (a *Account) locate(current int32, now time.Time, far bool) (index int32, day contrib.Day, ms int64, err error) {
	day, ms, ok := dayOf(now)
	if !ok || day < a.opened {
		return 0, 0, 0, ErrClockBack
	}
	index = int32(day-a.opened) / int32(a.terms.WindowDays)
	switch {
	case index < current:
		return 0, 0, 0, ErrClockBack
	case index > current+1 && !far:
		return 0, 0, 0, ErrWindowJump
	}
	return index, day, ms, nil
}

// Window returns the accounting window of now. It returns ErrClockBack when
// now lies before the window that the log has reached, and ErrWindowJump when
// it lies more than one window after. It reads memory only and never waits.
func (a *Account) Window(now time.Time) (Window, error) {
	if a.failed.Load() {
		return Window{}, ErrFailed
	}
	current := a.window.Load()
	index, _, _, err := a.locate(current, now, false)
	if err != nil {
		return Window{}, err
	}
	w := a.span(index)
	w.Logged = index == current
	return w, nil
}

// At returns the accounting window of now, however far ahead of the log. It
// returns ErrClockBack when now lies before the window that the log has
// reached. It reads memory only and never waits.
func (a *Account) At(now time.Time) (Window, error) {
	if a.failed.Load() {
		return Window{}, ErrFailed
	}
	current := a.window.Load()
	index, _, _, err := a.locate(current, now, true)
	if err != nil {
		return Window{}, err
	}
	w := a.span(index)
	w.Logged = index == current
	return w, nil
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
	index, day, ms, err := a.locate(g.st.window, now, far)
	if err != nil || index == g.st.window {
		return day, err
	}
	return day, g.add(&record{Kind: kindWindow, Time: ms, Window: &windowRecord{From: g.st.window, To: index}}, nil)
}
