package discreet

import (
	"context"
	"errors"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/internal/audited"
	"github.com/discreet-go/discreet/segment"
)

// AttributeEvent is what a person states of itself, for audits of fairness.
type AttributeEvent struct {
	Who       Raw       // the person; an anonymous visitor's are refused
	Attribute string    // of Config.Audit
	Value     string    // one that is declared for it; empty takes back what was stated
	Time      time.Time // when it was stated; kept to the second
	Signals   Signals   // what came along; see [Event]
}

// ExposureEvent is that a person was eligible for a campaign and was reached by it, or
// was not.
type ExposureEvent struct {
	Who      Raw       // the person; an anonymous visitor's are refused
	Campaign string    // of Config.Audit
	Reached  bool      // false: eligible, and not shown it
	Time     time.Time // when it was decided; only the day, in UTC, is kept
	Signals  Signals   // what came along; see [Event]
}

// OutcomeEvent is what came of a campaign for a person, reached or not.
type OutcomeEvent struct {
	Who      Raw       // the person; an anonymous visitor's are refused
	Campaign string    // of Config.Audit
	Positive bool      // the outcome, yes or no
	Time     time.Time // when it was so; kept to the second
	Signals  Signals   // what came along; see [Event]
}

// MaxAuditBatch is the largest number of attributes, exposures and outcomes of one
// RecordAudits.
const MaxAuditBatch = 1 << 20

// AuditBatch is what [Engine.RecordAudits] takes at once: together at most
// MaxAuditBatch.
type AuditBatch struct {
	Attributes []AttributeEvent
	Exposures  []ExposureEvent
	Outcomes   []OutcomeEvent
}

// RecordAttribute records what a person states of itself, for audits, if that person
// agreed to the purpose of Config.Audit; that it did not is an outcome, not an error. Of
// statements about one attribute the last one by time holds, in whatever order they
// come, and of one second the one that takes back, else the value that sorts last. It is
// kept for Audit.TTLDays, and then has to be stated again.
//
// An attribute comes from the person. One that is inferred is for no audit: what is
// guessed about people is not what they agreed to.
//
// Errors, beside those of the store and of identifiers: ErrNoAudit, ErrAttribute.
func (e *Engine) RecordAttribute(ctx context.Context, a AttributeEvent) (o Outcome, err error) {
	defer e.observe("RecordAttribute", e.cfg.Now(), &err)
	return e.recordOne(ctx, a.event())
}

// RecordExposure records, for audits, that a person was eligible for a campaign, and
// whether it was reached: called at the moment of the decision, for everybody who might
// have been reached, for whatever is audited. Whoever was reached once was
// reached. What is recorded again changes nothing but the day of the last exposure.
//
// It is recorded from the identifier, under the purpose of Config.Audit alone: an event
// of the same person for [Engine.Record] stands under another pseudonym, and consent to
// the one says nothing of the other. A person counts in at most 256 campaigns, which a
// keyed rule chooses.
//
// A release counts the campaigns of a person whose last exposure is of its as-of day or
// earlier. One that was interrupted is best asked for again on the same day: later, it
// still reads as of its own day, and misses whom the campaign met since.
//
// Errors, beside those of the store and of identifiers: ErrNoAudit, ErrCampaign.
func (e *Engine) RecordExposure(ctx context.Context, x ExposureEvent) (o Outcome, err error) {
	defer e.observe("RecordExposure", e.cfg.Now(), &err)
	return e.recordOne(ctx, x.event())
}

// RecordOutcome records, for audits, what came of a campaign for a person who was
// eligible, reached or not. The last outcome by time holds, in whatever order they come,
// and of one second yes. It counts with an exposure only, which may be recorded later.
//
// Errors, beside those of the store and of identifiers: ErrNoAudit, ErrCampaign.
func (e *Engine) RecordOutcome(ctx context.Context, x OutcomeEvent) (o Outcome, err error) {
	defer e.observe("RecordOutcome", e.cfg.Now(), &err)
	return e.recordOne(ctx, x.event())
}

// RecordAudits records many at once, in one durable step, and counts what became of
// them: on an error, also a cancelled context, none is recorded. An attribute, value or
// campaign that is not declared is an error; an identifier that its normaliser refuses
// is counted.
func (e *Engine) RecordAudits(ctx context.Context, b AuditBatch) (t Tally, err error) {
	defer e.observe("RecordAudits", e.cfg.Now(), &err)
	if len(b.Attributes) > MaxAuditBatch || len(b.Exposures) > MaxAuditBatch || len(b.Outcomes) > MaxAuditBatch ||
		len(b.Attributes)+len(b.Exposures)+len(b.Outcomes) > MaxAuditBatch {
		return Tally{}, ErrBatch
	}
	var list []auditEvent
	for _, a := range b.Attributes {
		list = append(list, a.event())
	}
	for _, x := range b.Exposures {
		list = append(list, x.event())
	}
	for _, x := range b.Outcomes {
		list = append(list, x.event())
	}
	r, err := e.recordAudited(ctx, list, false)
	if err != nil {
		return Tally{}, err
	}
	t = Tally{Events: len(list), Anonymous: r.anonymous, Malformed: r.malformed, Denied: map[consent.Reason]int{}, Results: map[segment.Outcome]int{}}
	for i := range r.admissions {
		if a := &r.admissions[i]; a.decision.Allowed {
			t.Results[a.result]++
		} else {
			t.Denied[a.decision.Reason]++
		}
	}
	return t, nil
}

// auditEvent is one event of any kind.
type auditEvent struct {
	who     Raw
	signals *Signals
	bare    audited.Event
}

func (a *AttributeEvent) event() auditEvent {
	return auditEvent{a.Who, &a.Signals, audited.Event{Kind: audited.Stated, Name: a.Attribute, Value: a.Value, Time: a.Time}}
}

func (x *ExposureEvent) event() auditEvent {
	return auditEvent{x.Who, &x.Signals, audited.Event{Kind: audited.Exposed, Name: x.Campaign, Yes: x.Reached, Time: x.Time}}
}

func (x *OutcomeEvent) event() auditEvent {
	return auditEvent{x.Who, &x.Signals, audited.Event{Kind: audited.Came, Name: x.Campaign, Yes: x.Positive, Time: x.Time}}
}

// auditing is the recording of some events for audits.
type auditing struct {
	e      *Engine
	room   *room
	events []auditEvent
	single bool

	anonymous, malformed int
	admissions           []auditAdmission
	consents             []consentRow // that were decided by, a subject each
	histories            map[consent.Subject]*consent.History
	keys                 []segment.Key // of rows
	work                 map[segment.Key][]int
}

// auditAdmission is one event on its way into a row.
type auditAdmission struct {
	event    int
	link     segment.Link
	heard    consent.Heard
	moment   segment.Moment
	decision consent.Decision
	result   segment.Outcome
}

func (e *Engine) recordOne(ctx context.Context, event auditEvent) (Outcome, error) {
	r, err := e.recordAudited(ctx, []auditEvent{event}, true)
	switch {
	case err != nil:
		return Outcome{}, err
	case r.anonymous > 0:
		return Outcome{Purpose: r.room.purpose, Decision: anonymous}, nil
	}
	return Outcome{Purpose: r.room.purpose, Decision: r.admissions[0].decision, Result: r.admissions[0].result}, nil
}

// recordAudited takes the events under the keyset in use, and tells the counters.
func (e *Engine) recordAudited(ctx context.Context, events []auditEvent, single bool) (*auditing, error) {
	room := e.auditRoom()
	if room == nil {
		return nil, ErrNoAudit
	}
	for i := range events {
		switch err := room.audit.Check(&events[i].bare); {
		case errors.Is(err, audited.ErrCampaign):
			return nil, ErrCampaign
		case err != nil:
			return nil, ErrAttribute
		}
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		r := &auditing{e: e, room: room, events: events, single: single, histories: map[consent.Subject]*consent.History{}, work: map[segment.Key][]int{}}
		err := r.admit(ctx, e.keys.Load())
		if err == nil {
			r.count()
			return r, nil
		}
		if err != errKeys && err != errStale {
			return nil, err
		}
	}
}

// admit is recording under one keyset, in the steps of recording.admit.
func (r *auditing) admit(ctx context.Context, k *keyset) error {
	e, purpose := r.e, r.room.purpose
	answers := e.newAnswers()
	for i := range r.events {
		event := &r.events[i]
		if event.who.IsZero() {
			r.anonymous++
			continue
		}
		link, err := k.deriver.Link(event.who, purpose)
		if err != nil {
			if r.single {
				return err // the caller is told which rule
			}
			r.malformed++
			continue
		}
		answers.ask(ctx, event.who, link.Subject(), purpose)
		r.admissions = append(r.admissions, auditAdmission{event: i, link: link, heard: e.aged(e.hear(event.signals, purpose))})
	}
	if err := answers.wait(ctx); err != nil {
		return err
	}
	if err := r.meet(ctx, k); err != nil {
		return err
	}
	if err := e.suspended.look(ctx, e); err != nil {
		return err
	}
	for i := range r.events {
		if err := e.obeySignals(ctx, k, r.events[i].who, r.events[i].signals); err != nil {
			return err
		}
	}
	for i := range r.admissions { // before anything is recorded, so that an error leaves nothing behind
		a := &r.admissions[i]
		if s := answers.get(a.link.Subject(), purpose); s.Asked && !s.Failed && s.Answer.State == consent.Denied {
			if err := e.obey(ctx, r.events[a.event].who, a.link); err != nil {
				return err
			}
		}
	}

	e.rights.RLock()
	defer e.rights.RUnlock()
	if err := e.current(k); err != nil {
		return err
	}
	moment, err := e.moment(e.cfg.Now())
	if err != nil {
		return err
	}
	if err := r.decide(ctx, answers, moment); err != nil {
		return err
	}
	if len(r.keys) == 0 {
		return nil
	}
	return e.writeRows(ctx, r.consents, r.keys, r.change)
}

// meet moves the people of the events to their names of today.
func (r *auditing) meet(ctx context.Context, k *keyset) error {
	e := r.e
	e.rights.RLock()
	defer e.rights.RUnlock()
	if e.closed.Load() {
		return ErrClosed
	}
	met := map[consent.Subject]bool{}
	for i := range r.admissions {
		a := &r.admissions[i]
		if met[a.link.Subject()] {
			continue
		}
		met[a.link.Subject()] = true
		if _, err := e.meet(ctx, k, r.events[a.event].who); err != nil {
			return err
		}
	}
	return nil
}

// decide fills in the decision of every admission and groups the allowed ones by row.
// The caller holds rights.
func (r *auditing) decide(ctx context.Context, answers *answers, m segment.Moment) error {
	e, purpose := r.e, r.room.purpose
	for i := range r.admissions {
		a := &r.admissions[i]
		subject := a.link.Subject()
		h, ok := r.histories[subject]
		if !ok {
			var row []byte
			var err error
			if h, row, err = e.deciding(ctx, subject); err != nil {
				return err
			}
			r.histories[subject] = h
			r.consents = append(r.consents, consentRow{subject, row})
		}
		a.decision = e.book.Decide(consent.Question{
			Subject: subject, Purpose: purpose, History: h, EventTime: r.events[a.event].bare.Time, Now: m.Now,
			Source: answers.get(subject, purpose), Heard: a.heard, Suspended: e.suspended.holds(purpose),
		})
		if _, ok := a.decision.Grant(); !ok {
			continue
		}
		a.moment = m
		a.moment.EntersNext = r.room.entersNext(h, &m)
		key := segment.Key{Purpose: purpose, ID: a.link.ID()}
		if r.work[key] == nil {
			r.keys = append(r.keys, key)
		}
		r.work[key] = append(r.work[key], i)
	}
	return nil
}

// change makes of a row what the events of its person make of it.
func (r *auditing) change(i int, row []byte) (_ []byte, err error) {
	for _, n := range r.work[r.keys[i]] {
		a := &r.admissions[n]
		grant, _ := a.decision.Grant()
		if row, a.result, err = r.room.audit.Admit(row, grant, a.link, r.events[a.event].bare, a.moment); err != nil {
			return nil, err
		}
	}
	return row, nil
}

// count tells the counters.
func (r *auditing) count() {
	c := &r.e.stats
	for i := range r.admissions {
		switch a := &r.admissions[i]; {
		case !a.decision.Allowed:
			c.denied.Add(1)
		case a.result == segment.Admitted:
			c.admitted.Add(1)
		default:
			c.refused.Add(1)
		}
	}
	c.events.Add(int64(len(r.events)))
	c.anonymous.Add(int64(r.anonymous))
	c.malformed.Add(int64(r.malformed))
}
