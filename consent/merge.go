package consent

import (
	"time"
)

// Merge takes over what the same person said under another identifier. The
// stricter wins, purpose by purpose:
//
//   - a no that stands on either side, to the purpose or to one above it, ends a
//     yes of the other; nobody is asked again before both sides would be;
//   - where both sides agree, consent begins with the later yes and ends with the
//     earlier end;
//   - where one side has no answer that stands, the other's holds;
//   - of two erasures the later one holds, and consent begins after it.
//
// A from that is silent changes nothing.
//
// Whatever is allowed afterwards was allowed before, on each side that had an
// answer. Of consents that ended, those of h are kept, or else those of from. It
// does not change from.
func (h *History) Merge(from *History, now time.Time) {
	if from.Silent() {
		return
	}
	t := max(h.moment(now), from.moment(now))
	merged := &History{erased: max(h.erased, from.erased)}
	for _, side := range []*History{h, from} {
		for i := range side.records {
			purpose := side.records[i].purpose
			if _, ok := merged.find(purpose); ok {
				continue
			}
			r := h.join(from, purpose, t, merged.erased)
			if len(r.intervals) == 0 && r.denial.kind == 0 {
				continue
			}
			if own := merged.put(purpose); own != nil {
				*own = r
			}
		}
	}
	merged.newest = merged.latest()
	*h = *merged
}

// join returns what holds for a purpose from the moment t on.
func (h *History) join(from *History, purpose string, t, erased int64) record {
	r := record{purpose: purpose}
	mine, theirs := h.record(purpose), from.record(purpose)
	a, b := h.open(purpose, t), from.open(purpose, t)
	no := stricter(h.standing(purpose, a), from.standing(purpose, b))
	switch open := both(a, b); {
	case open != nil && no != nil:
		r.denial = no.since(erased)
	case open != nil:
		if open.given, open.affirmed = max(open.given, erased), max(open.affirmed, erased); open.given < open.end() {
			r.intervals = []interval{*open}
		}
		fallthrough
	default:
		var last denial
		for _, side := range []*record{mine, theirs} {
			if side == nil || side.denial.kind == 0 {
				continue
			}
			d := side.denial.since(erased)
			if len(r.intervals) == 0 || d.at <= r.intervals[0].given {
				last = *stricter(&last, &d)
			}
		}
		r.denial = last
	}
	ended := mine
	if ended.last() == nil {
		ended = theirs
	}
	r.remember(ended, no != nil, t, erased)
	return r
}

// standing returns the no that stands for a purpose at the side whose open
// interval is given, or nil.
func (h *History) standing(purpose string, open *interval) *denial {
	if open != nil {
		return nil
	}
	return h.denied(purpose)
}

// stricter returns the later no, with the longer silence; either may be nil.
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

// since returns the no as of an erasure on the other side, for which it is not
// forgotten.
func (d denial) since(erased int64) denial {
	if d.at < erased {
		d.at, d.quiet = erased, max(d.quiet, erased)
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

// remember puts consents that ended by t before what is open, as far as they
// agree with it, and with a no that stands.
func (r *record) remember(old *record, no bool, t, erased int64) {
	if old == nil {
		return
	}
	var list []interval
	for _, v := range old.intervals {
		d := r.denial
		if v.end() > t || v.given < erased || d.kind != 0 && d.at > v.given && d.at < v.end() || no && d.at <= v.given ||
			len(r.intervals) > 0 && v.end() > r.intervals[0].given {
			continue
		}
		list = append(list, v)
	}
	list = append(list, r.intervals...)
	r.intervals = list[max(0, len(list)-maxIntervals):]
}

// Silent reports whether nothing is recorded but, maybe, an erasure.
func (h *History) Silent() bool { return h == nil || len(h.records) == 0 }

// Refused reports whether a no stands for the purpose, or for one above it.
func (h *History) Refused(purpose string, now time.Time) bool {
	return h.denied(purpose) != nil && h.open(purpose, h.moment(now)) == nil
}
