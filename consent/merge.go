package consent

import (
	"time"
)

// Merge takes over what the same person said under another identifier. The
// stricter wins, purpose by purpose:
//
//   - a no that stands on one side, to the purpose or to one above it, ends a yes
//     of the other and all below it, now; nobody is asked again before both sides
//     would be;
//   - where both sides agree, consent begins with the later yes and ends with the
//     earlier end;
//   - where one side has no answer that stands, the other's holds;
//   - of two erasures the later one holds, and consent begins after it.
//
// Whatever is allowed afterwards was allowed before, on each side that had an
// answer; in which order several are merged makes no difference to what is
// allowed, refused or asked. Of consents that ended, those of h are kept, or else
// those of from, as far as they are apart from what holds. It does not change
// from, and a silent from changes nothing.
func (h *History) Merge(from *History, now time.Time) {
	if from.Silent() {
		return
	}
	m := merging{a: h, b: from, t: max(h.moment(now), from.moment(now)), clock: millis(now)}
	m.into.erased, m.into.merged = max(h.erased, from.erased), h.merged
	for _, refusing := range []bool{true, false} { // a no is not lost for want of room
		for _, side := range []*History{h, from} {
			for i := range side.records {
				m.join(side.records[i].purpose, refusing)
			}
		}
	}
	m.into.newest = m.into.latest()
	for _, c := range m.conflicts {
		m.into.deny(c.purpose, Withdrawn, m.t, m.t, evidence{})
		d := &m.into.record(c.purpose).denial
		*d = *stricter(d, &denial{quiet: c.quiet})
	}
	*h = m.into
}

// Leave forgets everything but the moment at which it moved to another
// identifier, and an erasure before it. What is under this identifier begins anew.
func (h *History) Leave(now time.Time) {
	t := h.moment(now)
	*h = History{erased: h.erased, merged: t, newest: t}
}

// Silent reports whether there is nothing to take over: nothing was recorded, or
// nothing since it moved to another identifier.
func (h *History) Silent() bool {
	return h == nil || len(h.records) == 0 && h.erased <= h.merged
}

// Refused reports whether a no stands for the purpose, or for one above it.
func (h *History) Refused(purpose string, now time.Time) bool {
	return h.standing(purpose, h.moment(now)) != nil
}

// merging joins two histories at the moment t.
type merging struct {
	a, b      *History
	t, clock  int64
	into      History
	conflicts []conflict
}

// conflict is a purpose with a yes on one side and a no on the other.
type conflict struct {
	purpose string
	quiet   int64
}

// join makes the record of a purpose, unless there is one; with refusing, only if
// a no of its own is in force.
func (m *merging) join(purpose string, refusing bool) {
	if _, done := m.into.find(purpose); done {
		return
	}
	a, b := m.a.record(purpose), m.b.record(purpose)
	no := stricter(forced(a), forced(b))
	if refusing && no == nil {
		return
	}
	r := record{purpose: purpose}
	open := both(m.a.open(purpose, m.t), m.b.open(purpose, m.t))
	if open != nil {
		if d := stricter(m.a.standing(purpose, m.t), m.b.standing(purpose, m.t)); d != nil {
			m.conflicts = append(m.conflicts, conflict{purpose, d.quiet})
			no = nil // recorded now
		}
		open.given, open.affirmed = max(open.given, m.into.floor()), max(open.affirmed, m.into.floor())
		if open.given >= open.end() {
			open = nil
		}
	}
	if no != nil {
		r.denial = no.since(m.into.floor())
	}
	ended := a
	if a.last() == nil {
		ended = b
	}
	m.remember(&r, ended, open)
	if len(r.intervals) == 0 && r.denial.kind == 0 {
		return
	}
	if own := m.into.put(purpose); own != nil {
		*own = r
	}
}

// remember puts the consents that ended, as far as they agree with what holds,
// before what is open, and with them the no that they followed.
func (m *merging) remember(r *record, old *record, open *interval) {
	if old != nil {
		for _, v := range old.intervals {
			switch {
			case v.end() > m.t || v.given < m.into.floor(): // open, or erased
			case r.denial.kind != 0 && v.end() > r.denial.at: // would take the no back
			case open != nil && v.end() > open.given:
			case v.ended == 0 && v.end() > m.clock: // a clock that ran back would open it again
			default:
				r.intervals = append(r.intervals, v)
			}
		}
	}
	if open != nil {
		r.intervals = append(r.intervals, *open)
	}
	r.intervals = r.intervals[max(0, len(r.intervals)-maxIntervals):]
	last := r.last()
	if last == nil || r.denial.kind != 0 {
		return
	}
	for _, side := range []*record{m.a.record(r.purpose), m.b.record(r.purpose)} {
		if side == nil || side.denial.kind == 0 {
			continue
		}
		if d := side.denial.since(m.into.floor()); d.at <= last.given {
			r.denial = *stricter(&r.denial, &d)
		}
	}
	// A consent of one side does not go on past the no of the other, which said nothing
	// that allows it until the yes that is open.
	for i := range r.intervals {
		if v := &r.intervals[i]; r.denial.kind != 0 && v.given < r.denial.at && r.denial.at < v.end() {
			v.ended, v.affirmed = r.denial.at, min(v.affirmed, r.denial.at)
			v.expires = min(v.expires, v.affirmed+days(MaxConsentDays))
		}
	}
}

// forced returns the no of a record that is in force, or nil.
func forced(r *record) *denial {
	if r == nil || !r.inForce() {
		return nil
	}
	return &r.denial
}

// standing returns the no that stands for a purpose at the moment t, or nil.
func (h *History) standing(purpose string, t int64) *denial {
	if h.open(purpose, t) != nil {
		return nil
	}
	d := h.denied(purpose)
	if d == nil {
		return nil
	}
	return &denial{d.kind, d.at, h.quiet(purpose), d.shown}
}

// stricter returns the later no, with the longer silence; either may be nil, or
// none.
func stricter(a, b *denial) *denial {
	if a == nil || b != nil && b.at > a.at {
		a, b = b, a
	}
	if a == nil || b == nil {
		return a
	}
	d := *a
	d.quiet = min(max(a.quiet, b.quiet), d.at+days(MaxRefusalDays))
	return &d
}

// since returns the no as of a moment before which nothing is remembered, for
// which the no is not forgotten.
func (d denial) since(floor int64) denial {
	if d.at < floor {
		d.at, d.quiet = floor, max(d.quiet, floor)
	}
	return d
}

// both returns what two open intervals have in common; either may be nil.
func both(a, b *interval) *interval {
	if a == nil {
		a, b = b, nil
	}
	if a == nil {
		return nil
	}
	v := *a
	if b != nil {
		if b.affirmed > v.affirmed {
			v.affirmed, v.shown = b.affirmed, b.shown
		}
		v.given, v.expires, v.ended = max(a.given, b.given), min(a.end(), b.end()), 0
	}
	return &v
}
