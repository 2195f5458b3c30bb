package consent

import (
	"errors"
	"slices"
	"time"
)

// ErrProof marks an unusable Historic.Proof.
var ErrProof = errors.New("consent: a proof is 1 to 128 characters of a-z, A-Z, 0-9 and -_.:/#")

// Historic is an answer that was given elsewhere, earlier.
type Historic struct {
	Choice
	At time.Time // when it was given

	// Proof says where the proof of it is kept: 1 to 128 characters of a-z, A-Z, 0-9
	// and -_.:/#. It is kept with the person's record, told to the person, and is not
	// read here. It names a place, such as "archive/2024-05/box-17" or
	// "cmp-export-3#8812", never the person: no name, address, customer number, nor a
	// hash of one.
	Proof string
}

// Imported counts what became of the purposes of historic answers.
type Imported struct {
	Given   int // consents taken over that are open
	Expired int // consents taken over that ended before now
	Refused int // a no that was taken over; open consent that was older ended
	Known   int // passed over: something at least as new is recorded, or a newer version of the notice
}

// Add adds the counts of another import.
func (n *Imported) Add(other Imported) {
	n.Given += other.Given
	n.Expired += other.Expired
	n.Refused += other.Refused
	n.Known += other.Known
}

// Import takes over an answer that was given elsewhere, with its own date: a yes
// opens an interval that began then and lasts the notice's ConsentDays from then,
// a no ends what was agreed to before it, for the purpose and those below it.
// Whatever is recorded at or after that date stays as it is, purpose by purpose, and
// so does an erasure: importing twice changes nothing, and no import revives what
// was taken back. Answers are imported oldest first: one that is older than what is
// recorded is passed over, and with it the beginning that it would have given. What
// [Record.Expire] removed is not known any more: a person who was erased that long ago
// has to be left out of what is imported. It fails like [Book.Choose], also for a
// date after now, and with ErrProof; the record is unchanged then.
func (r *Record) Import(b *Book, c Historic, now time.Time) (n Imported, err error) {
	at, clock := millis(c.At), millis(now)
	if at < 1 || at > clock || clock > maxMoment {
		return n, ErrClock
	}
	if !validProof(c.Proof) {
		return n, ErrProof
	}
	var answer History // what the answer alone comes to
	if err := b.Choose(&answer, c.Choice, c.At); err != nil {
		return n, err
	}
	h, t := &r.history, r.history.moment(now)
	missing := 0
	for i := range answer.records {
		if h.record(answer.records[i].purpose) == nil {
			missing++
		}
	}
	if missing > maxPurposes-len(h.records) {
		return n, ErrFull
	}
	before := h.state()
	for _, rec := range slices.Backward(answer.records) { // a no to what lies below comes before the one that reaches it
		switch {
		case rec.denial.kind != 0:
			if h.refuseAt(rec.purpose, rec.denial) {
				n.Refused++
			} else {
				n.Known++
			}
		case h.knows(rec.purpose, at) || h.newer(rec.purpose, at, &rec.intervals[0].shown):
			n.Known++
		default:
			v := rec.intervals[0]
			h.grant(rec.purpose, at, v.expires, v.shown)
			if v.expires <= t {
				n.Expired++
			} else {
				n.Given++
			}
		}
	}
	h.newest = h.latest()
	r.note(before, at, 0, c.Proof)
	r.lapseImported(before, at, t)
	return n, nil
}

// lapseImported notes what was taken over and ended before an expiry that is noted
// already, which [Record.Lapse] would pass over. All of it has one text and one end.
func (r *Record) lapseImported(before state, at, t int64) {
	var purposes []string
	var last *interval
	for i := range r.history.records {
		rec := &r.history.records[i]
		v := rec.last()
		if v != nil && v.affirmed == at && before[rec.purpose].last.affirmed != at && v.end() == v.expires && v.expires <= min(t, r.lapsed) {
			purposes, last = append(purposes, rec.purpose), v
		}
	}
	if last != nil {
		r.add(KindExpired, last.expires, purposes, last.shown, "")
	}
}

// knows reports whether something at least as new as at is recorded for the
// purpose, or a no of that age for one above it, or an erasure.
func (h *History) knows(purpose string, at int64) bool {
	last := h.record(purpose).last()
	return last != nil && last.affirmed >= at || h.deniedSince(purpose, at)
}

// newer reports whether what is open at the moment at was agreed to under a newer
// version of the notice, which stays agreed to.
func (h *History) newer(purpose string, at int64, shown *evidence) bool {
	last := h.record(purpose).last()
	return last != nil && last.contains(at) && last.shown.notice == shown.notice && last.shown.version > shown.version
}

// refuseAt records a no of an earlier moment: what was agreed to before it, for
// the purpose and those below it, ends there. It reports whether anything changed.
func (h *History) refuseAt(purpose string, d denial) bool {
	own := h.record(purpose)
	if !h.knows(purpose, d.at) {
		own = h.put(purpose)
	}
	var reached []*record
	for i := range h.records {
		r := &h.records[i]
		if !under(r.purpose, purpose) || h.knows(r.purpose, d.at) {
			continue
		}
		if last := r.last(); r == own || last != nil && last.contains(d.at) {
			reached = append(reached, r)
		}
	}
	for _, r := range reached {
		no := d
		if last := r.last(); last != nil && last.contains(d.at) {
			no.kind, last.ended = Withdrawn, d.at
		}
		r.denial = no
	}
	return len(reached) > 0
}
