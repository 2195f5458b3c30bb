package segment_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment"
	"pgregory.net/rapid"
)

func zone(t failer, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func inZone(z *time.Location) func(*segment.RulesConfig) {
	return func(c *segment.RulesConfig) { c.Zone = z }
}

// Zones on both sides of Greenwich and on it, with clocks that change and without.
var zones = []string{"America/Los_Angeles", "America/St_Johns", "Atlantic/Azores", "Europe/London", "Europe/Berlin", "Asia/Kolkata", "Pacific/Auckland", "Pacific/Apia"}

// The day of a moment is the date that a calendar of the zone shows.
func TestDayIsTheDateOfTheZone(t *testing.T) {
	for _, name := range append(zones, "UTC") {
		z := zone(t, name)
		r := rules(t, inZone(z))
		if r.Zone() != name {
			t.Errorf("%s is called %s", name, r.Zone())
		}
		rapid.Check(t, func(t *rapid.T) {
			at := time.Unix(rapid.Int64Range(-1e9, 4e9).Draw(t, "at"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos"))
			y, m, d := at.In(z).Date()
			if want := dayOf(time.Date(y, m, d, 12, 0, 0, 0, time.UTC)); at.Unix() > 86400 && r.Day(at) != want {
				t.Fatalf("%s: %v is day %d, want %d", name, at, r.Day(at), want)
			}
		})
	}
	if d := rules(t).Day(time.Unix(-1, 0)); d != -1 {
		t.Error(d)
	}
	if d := rules(t).Day(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(-90_000_000, 0, 0)); d > -1 {
		t.Error(d)
	}
}

// Around midnight and where clocks change, events lie on the days that people would say.
func TestEventsAroundMidnight(t *testing.T) {
	for name, c := range map[string]struct {
		zone   string
		events []string
		want   []string // newest first
	}{
		"midnight in Berlin":     {"Europe/Berlin", []string{"2026-02-20T22:59:59Z", "2026-02-20T23:00:00Z"}, []string{"2026-02-21", "2026-02-20"}},
		"the same in UTC":        {"UTC", []string{"2026-02-20T22:59:59Z", "2026-02-20T23:00:00Z"}, []string{"2026-02-20"}},
		"midnight in California": {"America/Los_Angeles", []string{"2026-02-20T07:59:59Z", "2026-02-20T08:00:00Z"}, []string{"2026-02-20", "2026-02-19"}},
		"one evening":            {"America/Los_Angeles", []string{"2026-02-20T23:30:00Z", "2026-02-21T00:30:00Z"}, []string{"2026-02-20"}},
		"in India":               {"Asia/Kolkata", []string{"2026-02-20T18:29:59Z", "2026-02-20T18:30:00Z"}, []string{"2026-02-21", "2026-02-20"}},
		"a day of 23 hours":      {"Europe/Berlin", []string{"2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"}, []string{"2026-03-30", "2026-03-29"}},
		"a day of 25 hours":      {"America/Los_Angeles", []string{"2025-11-02T07:00:00Z", "2025-11-03T07:59:59Z", "2025-11-03T08:00:00Z"}, []string{"2025-11-03", "2025-11-02"}},
	} {
		r := rules(t, inZone(zone(t, c.zone)))
		var row []byte
		var at time.Time
		for _, text := range c.events {
			var err error
			if at, err = time.Parse(time.RFC3339, text); err != nil {
				t.Fatal(err)
			}
			g := grantFrom(at.AddDate(0, 0, -10))
			var out segment.Outcome
			if row, out, err = r.Admit(row, g, link(1), segment.Event{Category: "sports", Time: at}, segment.Moment{Now: at, Window: 1, WindowStart: 1}); err != nil || out != segment.Admitted {
				t.Fatal(out, err)
			}
		}
		var got []string
		for _, d := range r.Export(read(t, row), at).Interests[0].Days {
			got = append(got, d.Day)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", name, got)
		}
		if in := slices.Contains(r.Segments(read(t, row), r.Day(at)), "runners"); in != (len(c.want) == 2) { // two days
			t.Errorf("%s: in %v", name, in)
		}
	}
}

// The TTL counts days of the zone, and a zone that says nothing is refused.
func TestZoneBounds(t *testing.T) {
	for _, name := range zones {
		z := zone(t, name)
		r := rules(t, inZone(z))
		now := time.Date(2026, 3, 2, 13, 0, 0, 0, z)
		m := segment.Moment{Now: now, Window: 3, WindowStart: dayOf(start) - 1}
		first := time.Date(2026, 3, 2, 0, 0, 0, 0, z).AddDate(0, 0, -59)
		for at, want := range map[time.Time]segment.Outcome{first: segment.Admitted, first.Add(-time.Second): segment.RefusedTooOld} {
			if _, out, err := r.Admit(nil, grantFrom(now.AddDate(0, 0, -100)), link(1), segment.Event{Category: "sports", Time: at}, m); err != nil || out != want {
				t.Errorf("%s: %v: %v %v", name, at, out, err)
			}
		}
	}
	for name, z := range map[string]*time.Location{"the machine's": time.Local, "nameless": time.FixedZone("", 3600), "long": time.FixedZone(strings.Repeat("z", 65), 3600)} {
		_, err := segment.NewRules(segment.RulesConfig{Purpose: purpose, Taxonomy: segment.Small(), Definitions: definitions, TTLDays: 60, Zone: z})
		if !errors.Is(err, segment.ErrZone) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// grantFrom returns person 1's grant of 400 days.
func grantFrom(from time.Time) segment.Grant {
	return proof.NewGrant(proof.GrantFields{Subject: link(1).Subject(), Purpose: purpose, From: from, To: from.AddDate(0, 0, 400), Notice: "pages", Version: 2})
}

// In every zone a row is free of order, repetition, of how it is changed and of when
// it is swept.
func TestRowsInZones(t *testing.T) {
	for _, name := range zones {
		z := zone(t, name)
		r, plain := rules(t, withSums, inZone(z)), rules(t, withSums, inZone(z))
		plain.DecodeAll()
		n := 0
		rapid.Check(t, func(t *rapid.T) {
			if n++; n > 25 {
				return
			}
			list := arrivals(t)
			want := fold(t, r, nil, list)
			if got := fold(t, plain, nil, rapid.Permutation(append(slices.Clone(list), list...)).Draw(t, "order")); !bytes.Equal(got, want) {
				t.Fatalf("%x\n%x", got, want)
			}
			canonical(t, want)
			if want == nil {
				return
			}
			// What a sweep drops, neither a release of that day nor the person would have read.
			m := moment(time.Duration(rapid.IntRange(6, 70).Draw(t, "later"))*day + time.Duration(rapid.IntRange(0, 23).Draw(t, "hour"))*time.Hour)
			m.Window = 5
			next, err := r.Expire(want, m)
			if err != nil {
				t.Fatal(err)
			}
			p, q := profileOf(t, want), profileOf(t, next)
			if !p.ConsentEnds().After(m.Now) {
				return
			}
			today, asOf := r.Day(m.Now), dayOf(m.Now)
			if a, b := r.Segments(p, today), r.Segments(q, today); !slices.Equal(a, b) {
				t.Fatalf("segments %v and %v", a, b)
			}
			for spec, s := range measures(t) {
				a, _ := r.Person(p, spec, m.Now, asOf, m.Window)
				b, _ := r.Person(q, spec, m.Now, asOf, m.Window)
				if !slices.Equal(a.Segments, b.Segments) || !slices.Equal(s.Vector(&a, m.Window, asOf), s.Vector(&b, m.Window, asOf)) {
					t.Fatal("what counts changed")
				}
			}
		})
	}
}

// A release as of a day counts nothing that happened after that day of UTC, whatever
// the zone, and at the latest a day later all that happened on it.
func TestReleasesKeepTheirDay(t *testing.T) {
	for _, name := range append(zones, "UTC") {
		r := rules(t, inZone(zone(t, name)))
		rapid.Check(t, func(t *rapid.T) {
			at := start.Add(time.Duration(rapid.Int64Range(0, int64(300*day)).Draw(t, "at")))
			g := grantFrom(at.AddDate(0, 0, -1))
			row, out, err := r.Admit(nil, g, link(1), segment.Event{Category: "food.cooking", Item: "item-1", Time: at}, segment.Moment{Now: at, Window: 3, WindowStart: dayOf(start)})
			if err != nil || out != segment.Admitted {
				t.Fatal(out, err)
			}
			p, s := profileOf(t, row), measures(t)[2]
			for ahead := segment.Day(-2); ahead <= 2; ahead++ {
				asOf := dayOf(at) + ahead
				person, ok := r.Person(p, 2, at, asOf, 3)
				counts := len(s.Vector(&person, 3, asOf)) > 0
				if !ok || counts != (len(person.Segments) == 1) || ahead < 0 && counts || ahead > 0 && !counts || ahead == 0 && !counts && name == "UTC" {
					t.Fatalf("%s: %v, as of %d days later: %v %+v", name, at, ahead, counts, person)
				}
			}
		})
	}
}

// The first event of a window drops nothing that a person of the zone still has.
func TestWindowsBeginInEveryZone(t *testing.T) {
	for _, name := range zones {
		r := rules(t, inZone(zone(t, name)))
		begins := start.Truncate(day)
		for _, hour := range []time.Duration{0, 12, 23} {
			now := begins.Add(hour * time.Hour)
			old := now.AddDate(0, 0, -59) // the oldest day of 60 there is, clocks aside
			if r.Day(now)-r.Day(old) != 59 {
				continue
			}
			g := grantFrom(now.AddDate(0, 0, -100))
			row, out, err := r.Admit(nil, g, link(1), segment.Event{Category: "sports", Time: old}, segment.Moment{Now: now, Window: 2, WindowStart: dayOf(start) - 30})
			if err != nil || out != segment.Admitted {
				t.Fatal(out, err)
			}
			row, out, err = r.Admit(row, g, link(1), segment.Event{Category: "books", Time: now}, segment.Moment{Now: now, Window: 3, WindowStart: dayOf(now)})
			if err != nil || out != segment.Admitted {
				t.Fatal(out, err)
			}
			if got := r.History(read(t, row), now).Interests; len(got) != 2 {
				t.Errorf("%s, %v: %+v", name, now, got)
			}
		}
	}
}
