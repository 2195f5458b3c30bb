package consent

import (
	"slices"
	"time"
)

// Limits on a record.
const (
	maxEntries = 128 // of one person; the least needed makes room
	maxProof   = 128 // bytes of Entry.Proof
)

// Record is the consent record of one person: the [History] that decides, and
// the journal of entries that proves how it came about. A step on a Record
// changes both, and its new entries are [Record.Fresh] until the record is
// written: their commitments belong into the [Log] first. The zero Record is
// empty. Reading is safe for concurrent use, changing is not.
type Record struct {
	history History
	id      [16]byte // of new entries; zero: none yet
	lapsed  int64    // expiries up to this moment have their entry
	journal []Entry
	fresh   int // how many at the end of the journal are new

	disclosed []disclosure // sorted
}

// History returns what decides. It must not be changed but through the Record.
func (r *Record) History() *History { return &r.history }

// Clone returns a copy that shares nothing that a step changes.
func (r *Record) Clone() *Record {
	c := *r
	c.journal = slices.Clone(r.journal)
	c.disclosed = slices.Clone(r.disclosed)
	c.history.records = slices.Clone(r.history.records)
	for i := range c.history.records {
		v := &c.history.records[i].intervals
		*v = slices.Clone(*v)
	}
	return &c
}

// Choose is [Book.Choose] with its entries.
func (r *Record) Choose(b *Book, c Choice, now time.Time) error {
	before := r.history.state()
	if err := b.Choose(&r.history, c, now); err != nil {
		return err
	}
	r.note(before, r.history.moment(now), 0, "")
	return nil
}

// Withdraw is [History.Withdraw] with its entries.
func (r *Record) Withdraw(purpose string, now time.Time) bool {
	before := r.history.state()
	changed := r.history.Withdraw(purpose, now)
	r.note(before, r.history.moment(now), 0, "")
	return changed
}

// OptOut records that a signal, or the team's consent system, says no to the
// purpose and those below it: what is open ends, and nobody is asked for
// RefusalDays. by is OptedOutGPC, OptedOutGPP, RefusedTCF, TooYoung or
// SourceDenied. It reports whether the history changed. Where nothing is open and a
// no stands, that no is renewed, without an entry: one that is older than the yes of
// a [Source] would not hold against it. Signals come with every request;
// [History.Stands] tells whether there is anything to end.
func (r *Record) OptOut(purpose string, by Reason, now time.Time) bool {
	h, t := &r.history, r.history.moment(now)
	if methodOf(by) == "" || !ValidPurpose(purpose) {
		return false
	}
	if d := h.denied(purpose); d != nil && h.Stands(purpose, now) {
		return h.deny(purpose, d.kind, t, max(h.quiet(purpose), t+days(RefusalDays)), d.shown)
	}
	before := h.state()
	kind := Refused
	if by == SourceDenied {
		kind = Withdrawn
	}
	changed := h.deny(purpose, kind, t, t+days(RefusalDays), evidence{})
	r.note(before, t, by, "")
	return changed
}

// methodOf returns the method of an entry about what said no, or "".
func methodOf(by Reason) string {
	switch by {
	case OptedOutGPC:
		return "gpc"
	case OptedOutGPP:
		return "gpp"
	case RefusedTCF:
		return "tcf"
	case TooYoung:
		return "age"
	case SourceDenied:
		return "source"
	}
	return ""
}

// Serve records that a notice was shown. It returns ErrUnknownNotice, or ErrClock.
func (r *Record) Serve(b *Book, notice string, version int, locale string, now time.Time) error {
	e := b.edition(notice, version)
	if e == nil {
		return ErrUnknownNotice
	}
	text := e.locale(locale)
	if text == nil {
		return ErrUnknownNotice
	}
	if ms := millis(now); ms < 1 || ms > maxMoment {
		return ErrClock
	}
	var purposes []string
	for _, p := range text.notice.Purposes {
		purposes = append(purposes, p.Key)
	}
	r.add(KindServed, r.history.moment(now), purposes, evidence{notice, version, locale, text.hash, ""}, "")
	return nil
}

// Served counts how often a notice was shown at or after since, as far as the
// journal remembers.
func (r *Record) Served(since time.Time) (n int) {
	for i := range r.journal {
		if e := &r.journal[i]; e.Kind == KindServed && !e.At.Before(since) {
			n++
		}
	}
	return n
}

// Erase is [History.Erase]: the journal goes with everything else, and one entry
// under another record id says that it did. So do the disclosures: whoever has to
// be told reads [Record.Disclosures] before.
func (r *Record) Erase(now time.Time) {
	h := r.history
	h.Erase(now)
	*r = Record{history: h}
	r.add(KindErased, h.erased, nil, evidence{}, "")
}

// Leave is [History.Leave]; journal and disclosures go with what moved.
func (r *Record) Leave(now time.Time) {
	h := r.history
	h.Leave(now)
	*r = Record{history: h}
}

// Silent reports whether there is nothing to take over: the history is silent, and
// there is no entry, such as that of a notice that was shown, and no disclosure.
func (r *Record) Silent() bool {
	return r.history.Silent() && len(r.journal) == 0 && len(r.disclosed) == 0
}

// Merge is [History.Merge]. The journals become one, and entries say so and what
// consent it ended; so do the disclosures, each with the earlier first day and the
// later end. It does not change from, and a silent from changes nothing; from
// must [Record.Leave] then, so that a second merge finds nothing.
func (r *Record) Merge(from *Record, now time.Time) {
	if from.Silent() {
		return
	}
	t := max(r.history.moment(now), from.history.moment(now))
	side := Record{history: from.history, id: from.id, lapsed: from.lapsed, journal: clones(from.journal), fresh: from.fresh}
	r.disclosed = joinDisclosures(r.disclosed, from.disclosed)
	r.lapse(t)
	side.lapse(t)
	open := slices.Concat(r.history.Open(moment(t)), side.history.Open(moment(t)))
	r.history.Merge(&from.history, now)

	mine, theirs := len(r.journal)-r.fresh, len(side.journal)-side.fresh
	all := slices.Concat(r.journal[:mine], side.journal[:theirs])
	slices.SortStableFunc(all, func(a, b Entry) int { return a.At.Compare(b.At) })
	r.journal = slices.Concat(all, r.journal[mine:], side.journal[theirs:])
	r.fresh += side.fresh
	r.lapsed = max(r.lapsed, side.lapsed)
	r.add(KindMoved, t, nil, evidence{}, "")
	slices.Sort(open)
	open = slices.DeleteFunc(slices.Compact(open), func(purpose string) bool { return r.history.open(purpose, t) != nil })
	if len(open) > 0 {
		r.add(KindWithdrawn, t, open, evidence{}, "")
	}
}

// Expire is [History.Expire]. Entries go when they are older than the longest
// consent and keep together: until then they may have to prove something. Those of
// an erasure and of a move go with the moment itself, after keep. Disclosures go
// keep after the day on which the recipient had to delete what it was told. It reports
// whether the record changed.
func (r *Record) Expire(now time.Time, keep time.Duration) (changed bool) {
	changed = r.history.Expire(now, keep)
	before := r.history.moment(now) - max(keep.Milliseconds(), dayMillis)
	gone := func(e Entry) bool {
		at := millis(e.At)
		if e.Kind == KindErased || e.Kind == KindMoved {
			return at <= before
		}
		return at+days(MaxConsentDays) <= before
	}
	n, written := len(r.journal), len(r.journal)-r.fresh
	fresh := slices.DeleteFunc(slices.Clone(r.journal[written:]), gone)
	r.journal = append(slices.DeleteFunc(r.journal[:written], gone), fresh...)
	r.fresh = len(fresh)
	if len(r.journal) == 0 {
		r.id, r.lapsed = [16]byte{}, 0
	}
	told := len(r.disclosed)
	r.disclosed = slices.DeleteFunc(r.disclosed, func(d disclosure) bool { return d.until*dayMillis <= before })
	return changed || len(r.journal) != n || len(r.disclosed) != told
}
