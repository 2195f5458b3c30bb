package consent

import (
	"time"

	"github.com/discreet-go/discreet/internal/proof"
)

// Question asks whether an event may be used.
type Question struct {
	Subject   Subject // zero: an anonymous visitor
	Purpose   string
	History   *History // the subject's; nil is empty
	EventTime time.Time
	Now       time.Time
	Source    SourceAnswer // zero: there is no Source
	Heard     Heard        // what signals say about the purpose; zero: nothing, at an unknown age
	Suspended bool         // the purpose is suspended
}

// Decision is the answer, always with a reason. The zero Decision denies.
type Decision struct {
	Allowed  bool
	Reason   Reason
	BySource bool // the team's consent system decided, not the records here
	grant    Grant
}

// Grant returns the proof of an allowed decision, and false for any other.
func (d Decision) Grant() (Grant, bool) {
	if !d.Allowed || d.grant.IsZero() {
		return Grant{}, false
	}
	return d.grant, true
}

// Again reports whether an event at another time, and nothing else of the question
// changed, is allowed by the same grant: the records here allowed it, and the time lies
// in their interval. False says nothing.
func (d *Decision) Again(event time.Time) bool {
	return d.Allowed && !d.BySource && d.grant.Covers(event)
}

// String returns "allowed: " or "denied: " and the reason's code.
func (d Decision) String() string {
	if d.Allowed {
		return "allowed: " + d.Reason.String()
	}
	return "denied: " + d.Reason.String()
}

func deny(r Reason) Decision { return Decision{Reason: r} }

// By says what decided: "operator" for a suspended purpose and for one that no
// notice names, "age", "gpc", "gpp", "tcf", "signal" for one that cannot be read,
// "source", or "records".
func (d Decision) By() string {
	switch d.Reason {
	case Suspended, UnknownPurpose:
		return "operator"
	case TooYoung:
		return "age"
	case OptedOutGPC:
		return "gpc"
	case OptedOutGPP:
		return "gpp"
	case RefusedTCF:
		return "tcf"
	case UnclearSignal:
		return "signal"
	}
	if d.BySource {
		return "source"
	}
	return "records"
}

// GuardianMethod is the Choice.Method of who answers for a child. Nothing else
// makes a child's consent.
const GuardianMethod = "guardian"

// Decide answers the question. It allocates nothing, reads no clock and does no
// I/O. Denial wins, whatever else allows: a purpose that is suspended; advertising
// to whoever is not known to be an adult, and a child's own consent; a signal that
// forbids or is unclear; a Source that denies or fails. A
// no, a withdrawal, an erasure or a move recorded here at or after the beginning of the
// Source's consent overrules the Source.
func (b *Book) Decide(q Question) Decision {
	if q.Subject.IsZero() {
		return deny(Anonymous)
	}
	if b == nil {
		return deny(UnknownPurpose)
	}
	purpose, ok := b.purposes[q.Purpose]
	if !ok {
		return deny(UnknownPurpose)
	}
	if r := q.overruled(purpose.Advertising); r != 0 {
		return deny(r)
	}
	src := &q.Source
	if src.Asked || src.Failed {
		if src.Failed || !src.Answer.usable() {
			return Decision{Reason: SourceFailed, BySource: true}
		}
		if src.Answer.State == Denied {
			return Decision{Reason: SourceDenied, BySource: true}
		}
	}
	event, now := millis(q.EventTime), millis(q.Now)
	if now < 1 || now > maxMoment {
		return deny(OutsideInterval)
	}
	now = q.History.moment(q.Now)

	open := q.History.open(q.Purpose, now)
	untold := open != nil && (purpose.Advertising || purpose.Sharing) && !b.told(open, &purpose)
	if untold {
		open = nil // agreed to before it was advertising, or sharing: nobody asked for that
	}
	if q.Heard.Age == Child && (open == nil || open.shown.method != GuardianMethod) {
		return deny(TooYoung)
	}
	if open != nil && open.contains(event) {
		return Decision{Allowed: true, Reason: Granted, grant: proof.NewGrant(proof.GrantFields{
			Subject: q.Subject, Purpose: q.Purpose,
			From: moment(open.given), To: moment(open.end()), Decided: q.Now,
			Notice: open.shown.notice, Version: open.shown.version,
		})}
	}
	if src.Asked && src.Answer.State == Allowed && q.Heard.Age != Child {
		since, until := src.Answer.interval()
		if !q.History.deniedSince(q.Purpose, since) {
			return bySource(&q, since, until, event, now)
		}
	}
	switch {
	case open != nil:
		return deny(OutsideInterval)
	case untold:
		return deny(NoRecord)
	}
	return deny(q.History.reason(q.Purpose, now))
}

// told reports whether the text that was agreed to says of the purpose that it is
// advertising, or sharing, as it is now.
func (b *Book) told(open *interval, now *Purpose) bool {
	e := b.edition(open.shown.notice, open.shown.version)
	if e == nil {
		return false
	}
	n := &e.texts[0].notice
	i := n.purpose(now.Key)
	return i >= 0 && (n.Purposes[i].Advertising || !now.Advertising) && (n.Purposes[i].Sharing || !now.Sharing)
}

// overruled returns the reason of a denial that no record can lift, or 0.
func (q *Question) overruled(advertising bool) Reason {
	h := &q.Heard
	switch {
	case q.Suspended:
		return Suspended
	case advertising && h.Age != Adult, h.Age > Child:
		return TooYoung
	case h.GPC == Forbids:
		return OptedOutGPC
	case h.GPP == Forbids:
		return OptedOutGPP
	case h.TCF == Forbids:
		return RefusedTCF
	case h.GPC >= Unclear || h.GPP >= Unclear || h.TCF >= Unclear:
		return UnclearSignal
	}
	return 0
}

// bySource decides from the Source's interval alone.
func bySource(q *Question, since, until, event, now int64) Decision {
	d := Decision{BySource: true}
	switch {
	case now >= until:
		d.Reason = Expired
	case now < since || event < since || event >= until:
		d.Reason = OutsideInterval
	default:
		d.Allowed, d.Reason = true, Granted
		d.grant = proof.NewGrant(proof.GrantFields{
			Subject: q.Subject, Purpose: q.Purpose,
			From: moment(since), To: moment(until), Decided: q.Now,
			Notice: q.Source.Answer.Notice, Version: q.Source.Answer.Version,
		})
	}
	return d
}

// reason says why the purpose is not open at t.
func (h *History) reason(purpose string, t int64) Reason {
	last := h.record(purpose).last()
	if d := h.denied(purpose); d != nil && (last == nil || d.at > last.affirmed) {
		return d.kind
	}
	switch {
	case last != nil && t < last.given:
		return OutsideInterval
	case last != nil:
		return Expired
	case h != nil && h.merged != 0:
		return Moved
	case h != nil && h.erased != 0:
		return Erased
	}
	return NoRecord
}
