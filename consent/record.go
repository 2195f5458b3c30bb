package consent

import (
	"cmp"
	"crypto/rand"
	"slices"
	"time"
)

// Limits on a record.
const (
	maxEntries = 128 // of one person; the oldest makes room
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
}

// History returns what decides. It must not be changed but through the Record.
func (r *Record) History() *History { return &r.history }

// Entries returns a copy of the journal, in the order in which it was written.
func (r *Record) Entries() []Entry { return clones(r.journal) }

// Fresh returns a copy of the entries that were added since the record was read.
func (r *Record) Fresh() []Entry { return clones(r.journal[len(r.journal)-r.fresh:]) }

func clones(list []Entry) []Entry {
	list = slices.Clone(list)
	for i := range list {
		list[i].Purposes = slices.Clone(list[i].Purposes)
	}
	return list
}

// Clone returns a copy that shares nothing that a step changes.
func (r *Record) Clone() *Record {
	c := *r
	c.journal = slices.Clone(r.journal)
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
// SourceDenied. Each call is recorded, so that it holds against a [Source] with an
// older yes; [History.Stands] tells whether it is needed. It reports whether the
// history changed.
func (r *Record) OptOut(purpose string, by Reason, now time.Time) bool {
	h, t := &r.history, r.history.moment(now)
	if methodOf(by) == "" || !ValidPurpose(purpose) {
		return false
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

// Lapse notes the consents that have expired and have no entry yet, and returns
// their purposes, sorted.
func (r *Record) Lapse(now time.Time) (purposes []string) {
	h, t := &r.history, r.history.moment(now)
	until := r.lapsed
	for i := range h.records {
		for _, v := range h.records[i].intervals {
			if v.end() == v.expires && r.lapsed < v.expires && v.expires <= t {
				r.add(KindExpired, v.expires, []string{h.records[i].purpose}, v.shown, "")
				purposes = append(purposes, h.records[i].purpose)
				until = max(until, v.expires)
			}
		}
	}
	r.lapsed = until
	return slices.Compact(purposes)
}

// Lapsing reports whether [Record.Lapse] has something to note.
func (r *Record) Lapsing(now time.Time) bool {
	t := r.history.moment(now)
	for i := range r.history.records {
		for _, v := range r.history.records[i].intervals {
			if v.end() == v.expires && r.lapsed < v.expires && v.expires <= t {
				return true
			}
		}
	}
	return false
}

// Erase is [History.Erase]: the journal goes with everything else, and one entry
// under another record id says that it did.
func (r *Record) Erase(now time.Time) {
	h := r.history
	h.Erase(now)
	*r = Record{history: h}
	r.add(KindErased, h.erased, nil, evidence{}, "")
}

// Leave is [History.Leave]; the journal goes with what moved.
func (r *Record) Leave(now time.Time) {
	h := r.history
	h.Leave(now)
	*r = Record{history: h}
}

// Merge is [History.Merge]. The journals become one, and an entry says so.
func (r *Record) Merge(from *Record, now time.Time) {
	if from.history.Silent() {
		return
	}
	r.history.Merge(&from.history, now)
	fresh := clones(r.journal[len(r.journal)-r.fresh:])
	all := slices.Concat(r.journal[:len(r.journal)-r.fresh], clones(from.journal))
	slices.SortStableFunc(all, func(a, b Entry) int { return a.At.Compare(b.At) })
	r.journal, r.lapsed = append(all, fresh...), max(r.lapsed, from.lapsed)
	r.add(KindMoved, r.history.moment(now), nil, evidence{}, "")
}

// Expire is [History.Expire]. Entries go when they are older than the longest
// consent and keep together: until then they may have to prove something. It
// reports whether the record changed.
func (r *Record) Expire(now time.Time, keep time.Duration) (changed bool) {
	changed = r.history.Expire(now, keep)
	before := r.history.moment(now) - max(keep.Milliseconds(), dayMillis)
	n := len(r.journal)
	r.journal = slices.DeleteFunc(r.journal, func(e Entry) bool {
		at := millis(e.At)
		if e.Kind == KindErased || e.Kind == KindMoved {
			return at <= before // with the moment itself
		}
		return at+days(MaxConsentDays) <= before
	})
	r.fresh = min(r.fresh, len(r.journal))
	if len(r.journal) == 0 {
		r.id, r.lapsed = [16]byte{}, 0
	}
	return changed || len(r.journal) != n
}

// state is what a step may change, by purpose.
type state map[string]standing

type standing struct {
	denial denial
	last   interval
}

// state returns what stands now.
func (h *History) state() state {
	s := make(state, len(h.records))
	for i := range h.records {
		r := &h.records[i]
		now := standing{denial: r.denial}
		if last := r.last(); last != nil {
			now.last = *last
		}
		s[r.purpose] = now
	}
	return s
}

// note adds entries for what changed: one for each kind and text. by says what
// said no, where it was not the person; proof, where it was elsewhere.
func (r *Record) note(before state, t int64, by Reason, proof string) {
	type group struct {
		kind  Kind
		shown evidence
	}
	groups := map[group][]string{}
	for i := range r.history.records {
		rec := &r.history.records[i]
		old := before[rec.purpose]
		if last := rec.last(); last != nil && (last.affirmed != old.last.affirmed || last.shown != old.last.shown) && last.affirmed == t {
			g := group{KindGiven, last.shown}
			if proof != "" {
				g.kind = KindImported
			}
			groups[g] = append(groups[g], rec.purpose)
		}
		if rec.denial != old.denial && rec.denial.at == t {
			g := group{KindRefused, rec.denial.shown}
			switch {
			case by != 0:
				g = group{KindOptedOut, evidence{method: methodOf(by)}}
			case rec.denial.kind == Withdrawn:
				g.kind = KindWithdrawn
			}
			groups[g] = append(groups[g], rec.purpose)
		}
	}
	order := make([]group, 0, len(groups))
	for g := range groups {
		order = append(order, g)
	}
	slices.SortFunc(order, func(a, b group) int { return cmp.Or(cmp.Compare(a.kind, b.kind), compareEvidence(a.shown, b.shown)) })
	for _, g := range order {
		r.add(g.kind, t, groups[g], g.shown, proof)
	}
}

// add adds an entry, with a salt of its own.
func (r *Record) add(kind Kind, at int64, purposes []string, shown evidence, proof string) {
	if r.id == [16]byte{} {
		rand.Read(r.id[:])
	}
	e := Entry{
		Kind: kind, At: moment(at), Purposes: purposes, Proof: proof, Record: r.id,
		Notice: shown.notice, Version: shown.version, Locale: shown.locale, Hash: shown.hash, Method: shown.method,
	}
	slices.Sort(e.Purposes)
	rand.Read(e.Salt[:])
	r.journal = append(r.journal, e)
	r.fresh++
	if n := len(r.journal) - maxEntries; n > 0 {
		r.journal = slices.Delete(r.journal, 0, n)
		r.fresh = min(r.fresh, len(r.journal))
	}
}

// shown returns what the entry was about.
func (e *Entry) shown() evidence { return evidence{e.Notice, e.Version, e.Locale, e.Hash, e.Method} }
