package consent

import (
	"cmp"
	"crypto/rand"
	"maps"
	"slices"
	"time"
)

// Entries returns a copy of the journal, in the order in which it was written.
func (r *Record) Entries() []Entry { return clones(r.journal) }

// Fresh returns a copy of the entries that were added since the record was read.
func (r *Record) Fresh() []Entry { return clones(r.journal[len(r.journal)-r.fresh:]) }

// Unnote drops the fresh entries, where they could not be logged, of a step that ended
// consent: the history says that it did. Other steps are not written without the log.
func (r *Record) Unnote() {
	r.journal = r.journal[:len(r.journal)-r.fresh]
	r.fresh = 0
}

func clones(list []Entry) []Entry {
	list = slices.Clone(list)
	for i := range list {
		list[i].Purposes = slices.Clone(list[i].Purposes)
	}
	return list
}

// Lapse notes the consents that have expired and have no entry yet, and returns
// their purposes, sorted.
func (r *Record) Lapse(now time.Time) (purposes []string) {
	return r.lapse(r.history.moment(now))
}

// Lapsing reports whether [Record.Lapse] has something to note.
func (r *Record) Lapsing(now time.Time) bool {
	t := r.history.moment(now)
	for i := range r.history.records {
		for j := range r.history.records[i].intervals {
			if r.unnoted(&r.history.records[i].intervals[j], t) {
				return true
			}
		}
	}
	return false
}

// unnoted reports whether the interval has expired by t, and has no entry yet.
func (r *Record) unnoted(v *interval, t int64) bool {
	return v.end() == v.expires && r.lapsed < v.expires && v.expires <= t
}

// lapse adds one entry for what expired at one moment under one text: what was
// agreed to together expires together.
func (r *Record) lapse(t int64) (purposes []string) {
	type group struct {
		at    int64
		shown evidence
	}
	groups := map[group][]string{}
	for i := range r.history.records {
		rec := &r.history.records[i]
		for j := range rec.intervals {
			if v := &rec.intervals[j]; r.unnoted(v, t) {
				g := group{v.expires, v.shown}
				groups[g] = append(groups[g], rec.purpose)
				purposes = append(purposes, rec.purpose)
			}
		}
	}
	order := slices.SortedFunc(maps.Keys(groups), func(a, b group) int { return cmp.Or(cmp.Compare(a.at, b.at), compareEvidence(a.shown, b.shown)) })
	for _, g := range order {
		r.add(KindExpired, g.at, groups[g], g.shown, "")
		r.lapsed = g.at
	}
	return slices.Compact(purposes)
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
		last, was := rec.last(), old.last.contains(t) // several steps may fall into one millisecond
		is := last != nil && last.contains(t)
		if is && last.affirmed == t && (!was || last.affirmed != old.last.affirmed || last.shown != old.last.shown) {
			g := group{KindGiven, last.shown}
			if proof != "" {
				g.kind = KindImported
			}
			groups[g] = append(groups[g], rec.purpose)
		}
		if rec.denial.at == t && (rec.denial != old.denial || was && !is) {
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
	order := slices.SortedFunc(maps.Keys(groups), func(a, b group) int { return cmp.Or(cmp.Compare(a.kind, b.kind), compareEvidence(a.shown, b.shown)) })
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
	r.trim()
}

// trim makes room in a journal that is full.
func (r *Record) trim() {
	for len(r.journal) > maxEntries {
		i := r.spare()
		if i >= len(r.journal)-r.fresh {
			r.fresh--
		}
		r.journal = slices.Delete(r.journal, i, i+1)
	}
}

// spare returns the entry that makes room for another: the oldest of a disclosure,
// where there are more than MaxTold; else the oldest of a notice that was shown;
// else the oldest that proves nothing of what was last agreed to; else the oldest.
func (r *Record) spare() int {
	last := len(r.journal) - 1 // the new one stays
	told, oldest := 0, last
	for i := last; i >= 0; i-- {
		if r.journal[i].Kind == KindDisclosed {
			told, oldest = told+1, i
		}
	}
	if told > MaxTold && oldest < last {
		return oldest
	}
	served := func(e Entry) bool { return e.Kind == KindServed }
	if i := slices.IndexFunc(r.journal[:last], served); i >= 0 {
		return i
	}
	return max(0, slices.IndexFunc(r.journal[:last], func(e Entry) bool { return !r.proves(&e) }))
}

// proves reports whether the entry says how somebody came to agree to what is, or
// was last, agreed to for one of its purposes.
func (r *Record) proves(e *Entry) bool {
	return (e.Kind == KindGiven || e.Kind == KindImported) && slices.ContainsFunc(e.Purposes, func(p string) bool {
		last := r.history.record(p).last()
		return last != nil && last.affirmed == millis(e.At)
	})
}

// shown returns what the entry was about.
func (e *Entry) shown() evidence { return evidence{e.Notice, e.Version, e.Locale, e.Hash, e.Method} }
