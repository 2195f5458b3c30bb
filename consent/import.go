package consent

import (
	"errors"
	"time"
)

// ErrProof marks an unusable Historic.Proof.
var ErrProof = errors.New("consent: a proof is 1 to 128 characters of a-z, A-Z, 0-9 and -_.:/#")

// Historic is an answer that was given elsewhere, earlier.
type Historic struct {
	Choice
	At    time.Time // when it was given
	Proof string    // where the proof of it is kept: 1 to 128 characters of a-z, A-Z, 0-9 and -_.:/#; no personal data
}

// Imported counts what became of the purposes of historic answers.
type Imported struct {
	Given   int // consents taken over that are open
	Expired int // consents taken over that ended before now
	Refused int // a no that was taken over; open consent that was older ended
	Known   int // passed over: something at least as new is recorded
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
// a no ends what was agreed to before it. Whatever is recorded at or after that
// date stays as it is, purpose by purpose, and so does an erasure: importing twice
// changes nothing, and no import revives what was taken back. It fails like
// [Book.Choose], also for a date after now, and with ErrProof.
func (r *Record) Import(b *Book, c Historic, now time.Time) (n Imported, err error) {
	at := millis(c.At)
	if at < 1 || at > millis(now) {
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
	for i := range answer.records {
		switch rec := &answer.records[i]; {
		case h.knows(rec.purpose, at):
			n.Known++
		case rec.denial.kind != 0:
			h.refuseAt(rec.purpose, rec.denial)
			n.Refused++
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
	return n, nil
}

// knows reports whether something at least as new as at is recorded for the
// purpose, or a no of that age for one above it, or an erasure.
func (h *History) knows(purpose string, at int64) bool {
	last := h.record(purpose).last()
	return last != nil && last.affirmed >= at || h.deniedSince(purpose, at)
}

// refuseAt records a no of an earlier moment: what was agreed to before it, for
// the purpose and those below it, ends there.
func (h *History) refuseAt(purpose string, d denial) {
	own := h.put(purpose)
	var reached []*record
	for i := range h.records {
		if r := &h.records[i]; under(r.purpose, purpose) && !h.knows(r.purpose, d.at) {
			reached = append(reached, r)
		}
	}
	for _, r := range reached {
		last, no := r.last(), d
		if last != nil && last.contains(d.at) {
			no.kind, last.ended = Withdrawn, d.at
		} else if r != own {
			continue
		}
		r.denial = no
	}
}
