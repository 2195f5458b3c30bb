package consent

import (
	"slices"
	"strings"
	"time"
)

// Limits on a history.
const (
	maxPurposes  = 1024 // records of one person
	maxIntervals = 32   // per purpose; the oldest ended one makes room
)

// History is what one person agreed to, refused and took back. The zero History
// and a nil one are empty. Reading is safe for concurrent use, changing is not.
//
// No time in a history is earlier than one recorded before it: a step that
// comes with an earlier clock is recorded at the newest time known.
type History struct {
	erased  int64 // moment of erasure; 0: none
	merged  int64 // moment at which what was held moved to another identifier; 0: none
	newest  int64 // latest moment in the history; follows from the rest
	records []record
}

// record is the history of one purpose.
type record struct {
	purpose   string
	denial    denial
	intervals []interval // in order of time, apart from each other
}

// interval is consent for [given, end()).
type interval struct {
	given    int64
	affirmed int64 // given last: the moment the shown notice was agreed to
	expires  int64
	ended    int64 // withdrawn; 0: not
	shown    evidence
}

func (i *interval) end() int64 {
	if i.ended != 0 && i.ended < i.expires {
		return i.ended
	}
	return i.expires
}

func (i *interval) contains(t int64) bool { return i.given <= t && t < i.end() }

// denial is the latest no.
type denial struct {
	kind  Reason // Refused or Withdrawn; 0: there is none
	at    int64
	quiet int64    // do not ask again before
	shown evidence // zero: none known
}

// evidence is what was shown and how the person answered.
type evidence struct {
	notice  string
	version int
	locale  string
	hash    [32]byte
	method  string
}

// inForce reports whether the latest no came after the latest yes.
func (r *record) inForce() bool {
	return r.denial.kind != 0 && (len(r.intervals) == 0 || r.intervals[len(r.intervals)-1].given < r.denial.at)
}

// last returns the last interval, or nil.
func (r *record) last() *interval {
	if r == nil || len(r.intervals) == 0 {
		return nil
	}
	return &r.intervals[len(r.intervals)-1]
}

func (h *History) find(purpose string) (int, bool) {
	lo, hi := 0, len(h.records)
	for lo < hi {
		m := (lo + hi) / 2
		switch c := strings.Compare(h.records[m].purpose, purpose); {
		case c == 0:
			return m, true
		case c < 0:
			lo = m + 1
		default:
			hi = m
		}
	}
	return lo, false
}

// record returns the record of the purpose, or nil.
func (h *History) record(purpose string) *record {
	if h == nil {
		return nil
	}
	if i, ok := h.find(purpose); ok {
		return &h.records[i]
	}
	return nil
}

// put returns the record of the purpose, a new one if needed, or nil when there
// are too many.
func (h *History) put(purpose string) *record {
	i, ok := h.find(purpose)
	if !ok {
		if len(h.records) >= maxPurposes {
			return nil
		}
		h.records = slices.Insert(h.records, i, record{purpose: purpose})
	}
	return &h.records[i]
}

// moment returns the time at which a step is recorded: now, or the newest
// moment known if that is later.
func (h *History) moment(now time.Time) int64 {
	t := min(millis(now), maxMoment)
	if h != nil {
		t = max(t, h.newest)
	}
	return max(t, 1)
}

// floor returns the moment before which nothing is remembered.
func (h *History) floor() int64 { return max(h.erased, h.merged) }

// denied returns the latest no in force for the purpose or one above it, or nil.
func (h *History) denied(purpose string) *denial {
	var d *denial
	for key := purpose; key != ""; key = parent(key) {
		if r := h.record(key); r != nil && r.inForce() && (d == nil || r.denial.at > d.at) {
			d = &r.denial
		}
	}
	return d
}

// quiet returns until when nobody is asked for the purpose: the longest silence of
// those in force for it and above it.
func (h *History) quiet(purpose string) (until int64) {
	for key := purpose; key != ""; key = parent(key) {
		if r := h.record(key); r != nil && r.inForce() {
			until = max(until, r.denial.quiet)
		}
	}
	return until
}

// open returns the interval of the purpose that contains t, or nil. A denial
// higher up that is later than the person's last yes closes it.
func (h *History) open(purpose string, t int64) *interval {
	last := h.record(purpose).last()
	if last == nil || !last.contains(t) {
		return nil
	}
	if d := h.denied(purpose); d != nil && d.at > last.affirmed {
		return nil
	}
	return last
}

// deny records a no at the moment t: the open intervals of the purpose and of
// those below it end, and stay ended. It reports whether anything changed. In a
// full history, a no to what nobody agreed to is not remembered.
func (h *History) deny(purpose string, kind Reason, t, quiet int64, shown evidence) bool {
	own, changed := h.put(purpose), false
	for i := range h.records {
		r := &h.records[i]
		if !under(r.purpose, purpose) {
			continue
		}
		last := r.last()
		wasOpen := last != nil && last.contains(t)
		if !wasOpen && (r != own || r.inForce() && r.denial.at == t) {
			continue
		}
		d := denial{kind, t, quiet, shown}
		if wasOpen {
			d.kind = Withdrawn
			if d.shown == (evidence{}) {
				d.shown = last.shown
			}
			last.ended = t
			if last.given == t {
				r.intervals = r.intervals[:len(r.intervals)-1]
			}
		}
		r.denial, changed = d, true
	}
	if changed {
		h.newest = max(h.newest, t)
	}
	return changed
}

// grant records a yes at the moment t.
func (h *History) grant(purpose string, t, expires int64, shown evidence) {
	r := h.put(purpose)
	if last := r.last(); last != nil && last.contains(t) {
		if last.shown.notice == shown.notice && last.shown.version > shown.version {
			return // a page that was still open: the newer text stays agreed to
		}
		h.newest = max(h.newest, t)
		last.affirmed, last.expires, last.shown = t, expires, shown
		return
	}
	if len(r.intervals) >= maxIntervals {
		r.intervals = slices.Delete(r.intervals, 0, 1)
	}
	h.newest = max(h.newest, t)
	r.intervals = append(r.intervals, interval{given: t, affirmed: t, expires: expires, shown: shown})
}

// Withdraw takes back consent for the purpose and those below it, now. It is
// remembered as a no also where there was no consent here, so that it holds
// against a [Source], and nobody is asked again for RefusalDays. It reports
// whether the history changed; a name that cannot be a purpose changes nothing.
func (h *History) Withdraw(purpose string, now time.Time) bool {
	if !ValidPurpose(purpose) {
		return false
	}
	t := h.moment(now)
	return h.deny(purpose, Withdrawn, t, t+days(RefusalDays), evidence{})
}

// Erase forgets everything but the moment of erasure. That moment keeps events
// from before it out, and [History.Expire] removes it later.
func (h *History) Erase(now time.Time) {
	t := h.moment(now)
	*h = History{erased: t, newest: t}
}

// Returned reports whether the person said no to the purpose, took consent back,
// was erased or moved to another identifier at or after since. Whoever did and agrees again is served at
// once, but enters releases from the next accounting window on.
func (h *History) Returned(since time.Time, purpose string) bool {
	return h.deniedSince(purpose, max(millis(since), 1))
}

// Lapsed reports whether a consent for the purpose ended at or after since and by now,
// as far as is remembered: it ran out, and nobody prolonged it. So does one that a no
// with an earlier date ended, which an import may have told of later, where the person
// agreed again since.
func (h *History) Lapsed(since, now time.Time, purpose string) bool {
	r, from := h.record(purpose), millis(since)
	if r == nil {
		return false
	}
	if n := len(r.intervals); n > 1 && r.intervals[n-1].given >= from && r.intervals[n-2].ended != 0 {
		return true
	}
	return slices.ContainsFunc(r.intervals, func(v interval) bool {
		return v.end() >= from && v.end() <= millis(now)
	})
}

// deniedSince reports whether a no, in force or not, an erasure or a move was
// recorded at or after t.
func (h *History) deniedSince(purpose string, t int64) bool {
	if h == nil {
		return false
	}
	if h.floor() >= t {
		return true
	}
	for key := purpose; key != ""; key = parent(key) {
		if r := h.record(key); r != nil && r.denial.kind != 0 && r.denial.at >= t {
			return true
		}
	}
	return false
}

// Expire removes what no longer serves: intervals that ended longer than keep
// ago, what was shown before a no of that age, and an erasure or a move to another
// identifier of that age. A no
// itself stays until the person agrees or is erased; otherwise a consent system
// with an old yes would overrule it. keep is at least a day, so that clocks a
// little apart revive nothing; it should cover the time events may come late and
// two accounting windows. It reports whether the history changed. No decision at
// now or later changes with it, unless by a Source whose yes is older than an
// erasure or a move of that age.
func (h *History) Expire(now time.Time, keep time.Duration) (changed bool) {
	t := h.moment(now)
	before := t - max(keep.Milliseconds(), dayMillis)
	gone := func(at int64) bool { return at <= before }
	if h.erased != 0 && gone(h.erased) {
		h.erased, changed = 0, true
	}
	if h.merged != 0 && gone(h.merged) {
		h.merged, changed = 0, true
	}
	for i := range h.records {
		r := &h.records[i]
		n := len(r.intervals)
		r.intervals = slices.DeleteFunc(r.intervals, func(v interval) bool { return gone(v.end()) })
		changed = changed || len(r.intervals) != n
		if r.denial.kind != 0 && gone(r.denial.at) && r.denial.shown != (evidence{}) {
			r.denial.shown, changed = evidence{}, true
		}
	}
	h.records = slices.DeleteFunc(h.records, func(r record) bool { return len(r.intervals) == 0 && r.denial.kind == 0 })
	h.newest = h.latest()
	return changed
}

// Stands reports whether a no stands for the purpose and everything below it, so
// that there is nothing to end.
func (h *History) Stands(purpose string, now time.Time) bool {
	if h == nil || h.denied(purpose) == nil {
		return false
	}
	t := h.moment(now)
	return !slices.ContainsFunc(h.records, func(r record) bool { return under(r.purpose, purpose) && h.open(r.purpose, t) != nil })
}

// Open returns the purposes that are consented to now, sorted. What was open
// before a step and is not after it is what the step took back.
func (h *History) Open(now time.Time) []string {
	if h == nil {
		return nil
	}
	t := h.moment(now)
	var list []string
	for i := range h.records {
		if h.open(h.records[i].purpose, t) != nil {
			list = append(list, h.records[i].purpose)
		}
	}
	return list
}

// Erased returns the moment of the erasure that is still remembered.
func (h *History) Erased() (time.Time, bool) {
	if h == nil || h.erased == 0 {
		return time.Time{}, false
	}
	return moment(h.erased), true
}

// latest returns the latest moment in the history.
func (h *History) latest() int64 {
	t := h.floor()
	for i := range h.records {
		r := &h.records[i]
		t = max(t, r.denial.at)
		for j := range r.intervals {
			t = max(t, r.intervals[j].affirmed, r.intervals[j].ended)
		}
	}
	return t
}
