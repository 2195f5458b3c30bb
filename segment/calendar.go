package segment

import "time"

// Calendar names a window of the calendar: the current week, month or quarter up
// to and including the day of evaluation, or the last complete one. Weeks start
// on Monday, quarters in January, April, July and October.
//
// Days are those of RulesConfig.Zone, UTC if none is given: a profile keeps counts by
// day of that zone and no time of day, so that a week begins at its midnight alone.
type Calendar string

// The calendar windows.
const (
	ThisWeek    Calendar = "this_week"
	LastWeek    Calendar = "last_week"
	ThisMonth   Calendar = "this_month"
	LastMonth   Calendar = "last_month"
	ThisQuarter Calendar = "this_quarter"
	LastQuarter Calendar = "last_quarter"
)

// length returns the most days that the window has, and how many days back, the
// day of evaluation included, it may begin; zeros for no calendar window.
func (c Calendar) length() (days, back int) {
	switch c {
	case ThisWeek:
		return 7, 7
	case LastWeek:
		return 7, 14
	case ThisMonth:
		return 31, 31
	case LastMonth:
		return 31, 62 // July and August
	case ThisQuarter:
		return 92, 92
	case LastQuarter:
		return 92, 184 // July to December
	}
	return 0, 0
}

// ages returns the window as ages on the day asOf: from the youngest to the one
// after the oldest. Day 0 is a Thursday.
func (c Calendar) ages(asOf Day) (from, to Day) {
	weekday := ((asOf+3)%7 + 7) % 7 // since Monday
	year, month, dom := time.Unix(int64(asOf)*86400, 0).UTC().Date()
	quarter := (month-1)/3*3 + 1
	since := func(year int, month time.Month) Day {
		return asOf - Day(time.Date(year, month, 1, 0, 0, 0, 0, time.UTC).Unix()/86400) + 1
	}
	switch c {
	case ThisWeek:
		return 0, weekday + 1
	case LastWeek:
		return weekday + 1, weekday + 8
	case ThisMonth:
		return 0, Day(dom)
	case LastMonth:
		return Day(dom), since(year, month-1)
	case ThisQuarter:
		return 0, since(year, quarter)
	case LastQuarter:
		return since(year, quarter), since(year, quarter-3)
	}
	return 0, 0
}

// words tells the window in words.
func (c Calendar) words() string {
	switch c {
	case ThisWeek:
		return "this week"
	case LastWeek:
		return "in the last complete week"
	case ThisMonth:
		return "this month"
	case LastMonth:
		return "in the last complete month"
	case ThisQuarter:
		return "this quarter"
	case LastQuarter:
		return "in the last complete quarter"
	}
	return ""
}
