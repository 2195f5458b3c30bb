package ledger

import "github.com/discreet-go/discreet/internal/contrib"

// calendar says which terms hold in which window of the log, and which days a
// window has. Its first era begins at the opening; a change of terms begins
// another.
type calendar []era

type era struct {
	from  int32       // first window
	first contrib.Day // first day of it
	terms Terms
}

func (c calendar) opened() contrib.Day { return c[0].first }

// of returns the era of a window.
func (c calendar) of(window int32) *era {
	for i := len(c) - 1; i > 0; i-- {
		if c[i].from <= window {
			return &c[i]
		}
	}
	return &c[0]
}

// on returns the era of a day on or after the opening; before it, the first.
func (c calendar) on(d contrib.Day) *era {
	for i := len(c) - 1; i > 0; i-- {
		if c[i].first <= d {
			return &c[i]
		}
	}
	return &c[0]
}

// index returns the window of a day on or after the opening.
func (c calendar) index(d contrib.Day) int32 {
	e := c.on(d)
	return e.from + int32(d-e.first)/e.terms.period()
}

// first returns the first day of a window.
func (c calendar) first(window int32) contrib.Day {
	e := c.of(window)
	return e.first + contrib.Day(window-e.from)*contrib.Day(e.terms.period())
}

// ahead returns how many windows the log may step over without Advance: to the
// next one, or, where windows are days, over as many as the totals reach.
func (c calendar) ahead(window int32) int32 {
	t := c.of(window).terms
	if t.Windows == Fixed {
		return 1
	}
	return max(t.span(), 31)
}
