package segment

import (
	"math"
	"time"
)

// Days of what people do are calendar days of one zone, UTC if none is given. Days of
// accounting, windows and releases, are days of UTC. A zone only says which of a
// person's own days an event lies on: how much one person can add to a release does
// not depend on it, and cut keeps what comes after a day of accounting out of it.

// saneZone returns the zone, nil for UTC. The machine's own zone, and one without
// name, would say something else elsewhere.
func saneZone(zone *time.Location) (*time.Location, error) {
	if zone == nil || zone.String() == "UTC" {
		return nil, nil
	}
	if name := zone.String(); zone == time.Local || name == "" || name == "Local" || len(name) > maxZone {
		return nil, ErrZone
	}
	return zone, nil
}

const maxZone = 64 // bytes of a zone's name

// Zone returns the name of the zone of the rules, "UTC" where none was given.
func (r *Rules) Zone() string {
	if r.zone == nil {
		return "UTC"
	}
	return r.zone.String()
}

// Day returns the day that t lies on in the zone of the rules, as the day of the same
// date in UTC: the day that an event of t counts on, and today if t is now.
func (r *Rules) Day(t time.Time) Day {
	s := t.Unix()
	if r.zone != nil {
		_, offset := t.In(r.zone).Zone()
		s += int64(offset)
	}
	d := s / 86400
	if s%86400 < 0 {
		d--
	}
	return Day(min(max(d, math.MinInt32/2), math.MaxInt32/2))
}

// cut returns the last day of the zone that is over when the day of accounting is:
// all that lies on it happened on that day of UTC or before.
func (r *Rules) cut(asOf Day) Day {
	if r.zone == nil {
		return asOf
	}
	return min(asOf, r.Day(dayStart(asOf+1))-1)
}

// startDay returns the day by which recording drops what is over when a window begins:
// nothing that its releases, or its people, may still read.
func (r *Rules) startDay(start Day) Day { return min(r.Day(dayStart(start)), r.cut(start)) }

// overDay is startDay for what is dropped at a moment, today in the zone.
func (r *Rules) overDay(now time.Time, today Day) Day {
	return min(today, r.cut(Day(now.Unix()/86400)))
}

// dayStart returns when a day of UTC begins.
func dayStart(d Day) time.Time { return time.Unix(int64(d)*86400, 0) }
