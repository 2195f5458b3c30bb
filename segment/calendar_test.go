package segment_test

import (
	"testing"
	"time"

	"github.com/discreet-go/discreet/segment"
)

// calendars names every window with the way the calendar tells it: its first day
// and the day after its last, for the day of evaluation.
var calendars = map[segment.Calendar]func(today time.Time) (first, after time.Time){
	segment.ThisWeek: func(d time.Time) (time.Time, time.Time) { return monday(d), d.AddDate(0, 0, 1) },
	segment.LastWeek: func(d time.Time) (time.Time, time.Time) { return monday(d).AddDate(0, 0, -7), monday(d) },
	segment.ThisMonth: func(d time.Time) (time.Time, time.Time) {
		return d.AddDate(0, 0, 1-d.Day()), d.AddDate(0, 0, 1)
	},
	segment.LastMonth: func(d time.Time) (time.Time, time.Time) {
		first := d.AddDate(0, 0, 1-d.Day())
		return first.AddDate(0, -1, 0), first
	},
	segment.ThisQuarter: func(d time.Time) (time.Time, time.Time) { return quarter(d), d.AddDate(0, 0, 1) },
	segment.LastQuarter: func(d time.Time) (time.Time, time.Time) { return quarter(d).AddDate(0, -3, 0), quarter(d) },
}

func monday(d time.Time) time.Time {
	for d.Weekday() != time.Monday {
		d = d.AddDate(0, 0, -1)
	}
	return d
}

func quarter(d time.Time) time.Time {
	d = d.AddDate(0, 0, 1-d.Day())
	for d.Month() != time.January && d.Month() != time.April && d.Month() != time.July && d.Month() != time.October {
		d = d.AddDate(0, -1, 0)
	}
	return d
}

// Every window on every day of 40 years, with leap years, a century that is one
// and one that is none, against the calendar of package time; and the longest
// window and look-back are the stated ones and no shorter.
func TestCalendar(t *testing.T) {
	for name, want := range calendars {
		longest, furthest := 0, 0
		for _, year := range []int{1996, 2024, 2096} {
			today := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
			for range 14 * 366 {
				first, after := want(today)
				from, to := segment.Ages(name, dayOf(today))
				if got := dayOf(today) - to + 1; got != dayOf(first) || dayOf(today)-from+1 != dayOf(after) {
					t.Fatalf("%s on %s: ages %d to %d", name, today.Format(time.DateOnly), from, to)
				}
				longest, furthest = max(longest, int(to-from)), max(furthest, int(to))
				today = today.AddDate(0, 0, 1)
			}
		}
		if days, back := segment.Length(name); days != longest || back != furthest {
			t.Errorf("%s: %d days, %d back; the calendar says %d and %d", name, days, back, longest, furthest)
		}
	}
	if days, back := segment.Length("fortnight"); days != 0 || back != 0 {
		t.Error(days, back)
	}
}

// A window of the calendar counts what lies in it, at both of its ends.
func TestCalendarWindow(t *testing.T) {
	wednesday := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		calendar segment.Calendar
		at       time.Time
		want     bool
	}{
		"first of the week":       {segment.ThisWeek, time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), true},
		"the day before":          {segment.ThisWeek, time.Date(2026, 3, 1, 23, 59, 59, 0, time.UTC), false},
		"today":                   {segment.ThisWeek, wednesday, true},
		"last of the last week":   {segment.LastWeek, time.Date(2026, 3, 1, 23, 59, 59, 0, time.UTC), true},
		"first of the last week":  {segment.LastWeek, time.Date(2026, 2, 23, 0, 0, 0, 0, time.UTC), true},
		"before the last week":    {segment.LastWeek, time.Date(2026, 2, 22, 23, 59, 59, 0, time.UTC), false},
		"after the last week":     {segment.LastWeek, time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), false},
		"first of the month":      {segment.ThisMonth, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), true},
		"first of the last month": {segment.LastMonth, time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), true},
		"before the last month":   {segment.LastMonth, time.Date(2026, 1, 31, 23, 0, 0, 0, time.UTC), false},
	} {
		r, err := segment.NewRules(segment.RulesConfig{Purpose: purpose, Taxonomy: segment.Small(), TTLDays: 62, Definitions: []segment.Definition{{
			Name: "d", Purpose: purpose, Version: 1,
			All: []segment.Predicate{{Frequency: &segment.Frequency{Category: "books", AtLeast: 1, Calendar: c.calendar}}},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		m := segment.Moment{Now: wednesday, Window: 3, WindowStart: dayOf(wednesday)}
		row := admit(t, r, nil, segment.Event{Category: "books.fiction", Time: c.at}, m)
		if got := len(r.Segments(read(t, row), dayOf(wednesday))) == 1; got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
