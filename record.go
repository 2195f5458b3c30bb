package discreet

import (
	"bytes"
	"context"
	"errors"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/segment"
)

// MaxBatch is the largest number of events of one RecordBatch. A batch takes some 40
// bytes of memory an event and 500 a person, for each purpose, beside the events and
// the profiles that change: some 300 MB for a million events of half as many people.
// The more events of a person are in one batch, the less each costs.
const MaxBatch = 1 << 22

// ErrBatch is returned for a batch larger than MaxBatch, or MaxAuditBatch.
var ErrBatch = errors.New("discreet: a batch holds at most 4,194,304 events, one for audits 1,048,576")

// Outcome says what became of one event for one purpose.
type Outcome struct {
	Purpose  string
	Decision Decision        // may it be used, and why
	Result   segment.Outcome // what the profile made of it; zero when refused before
}

// Record takes one event, for every purpose that its person agreed to. That a
// person did not agree is an outcome, not an error. It is as durable as the
// store says when Record returns.
func (e *Engine) Record(ctx context.Context, event Event) ([]Outcome, error) {
	return e.RecordInto(ctx, event, nil)
}

// RecordInto is Record that appends to outcomes, one for each purpose, and returns
// what becomes of them; on an error, outcomes as they were. It is for services that
// record without end: with room in outcomes, it allocates nothing for an event of a
// known person and category but what the store takes.
func (e *Engine) RecordInto(ctx context.Context, event Event, outcomes []Outcome) (_ []Outcome, err error) {
	defer e.observe("Record", e.cfg.Now(), &err)
	r := e.newRecording()
	defer r.recycle()
	r.event, r.outcomes = event, outcomes
	if err := r.record(ctx); err != nil {
		return outcomes, err
	}
	return r.outcomes, nil
}

// Tally counts what became of the events of a batch. It is exact and stays
// inside the service: it is not a release.
type Tally struct {
	Events    int                     // events given
	Anonymous int                     // without a person
	Malformed int                     // identifier refused by its normaliser
	Denied    map[consent.Reason]int  // by purpose and event: consent said no
	Results   map[segment.Outcome]int // by purpose and event: what the profiles made of it
}

// RecordBatch takes many events in one step: on an error, also a cancelled
// context, none of them is recorded. One person's events are taken in the order
// given, though the order does not change what is kept. A batch of thousands is worked
// on by all processors at once, as GOMAXPROCS says; to leave some to others, hand in
// smaller ones.
func (e *Engine) RecordBatch(ctx context.Context, events []Event) (t Tally, err error) {
	defer e.observe("RecordBatch", e.cfg.Now(), &err)
	if len(events) > MaxBatch {
		return Tally{}, ErrBatch
	}
	b := e.newBatch(events)
	if err := b.record(ctx); err != nil {
		return Tally{}, err
	}
	return b.tally(), nil
}

// record takes the event under the keyset in use, and tells the counters.
func (r *recording) record(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.turns = r.e.newEdges()
		if err := r.admit(ctx, r.e.keys.Load()); err == nil {
			r.count()
			r.turns.tell(&err)
			return nil
		} else if err != errKeys && err != errStale {
			return err
		}
		r.reset()
	}
}

// admit is record under one keyset; errKeys where another came meanwhile, errStale
// where another process changed a consent that was decided by.
func (r *recording) admit(ctx context.Context, k *keyset) error {
	e := r.e
	answers := e.newAnswers()
	event := &r.event
	r.anonymous = event.Who.IsZero()
	for room := range e.segmented() {
		if r.anonymous {
			break
		}
		link, err := k.deriver.Link(event.Who, e.rooms[room].purpose)
		if err != nil {
			return err // the caller is told which rule
		}
		r.person.subject = link.Subject()
		answers.ask(ctx, event.Who, link.Subject(), link.Purpose())
		r.admissions = append(r.admissions, admission{
			room: room, link: link, heard: e.aged(e.hear(&event.Signals, e.rooms[room].purpose)),
		})
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
	if err := e.obeySignals(ctx, k, event.Who, &event.Signals); err != nil {
		return err
	}
	for i := range r.admissions { // before anything is recorded, so that an error leaves nothing behind
		a := &r.admissions[i]
		if s := answers.get(a.link.Subject(), a.link.Purpose()); s.Asked && !s.Failed && s.Answer.State == consent.Denied {
			if err := e.obey(ctx, event.Who, a.link); err != nil {
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
	if err := r.write(ctx); err != nil {
		return err
	}
	for i := range r.work {
		r.turns.add(r.keys[i], r.work[i].edges)
	}
	return nil
}

// meet moves the person to the name of today.
func (r *recording) meet(ctx context.Context, k *keyset) error {
	e := r.e
	e.rights.RLock()
	defer e.rights.RUnlock()
	if e.closed.Load() {
		return ErrClosed
	}
	if len(r.admissions) == 0 || k.deriver.Single(r.event.Who) && len(e.cfg.Adopt) == 0 {
		return nil
	}
	_, err := e.meet(ctx, k, r.event.Who)
	return err
}

// consentRow is a row of a consent record, as it was read.
type consentRow struct {
	subject consent.Subject
	row     []byte
}

// write replaces the profiles by what changeRow makes of them.
func (r *recording) write(ctx context.Context) error {
	return r.e.writeRows(ctx, r.consents, r.keys, r.change)
}

// writeRows replaces rows by what change makes of them. Where several processes may
// use the store, only if the consents that were decided by are what they were, else
// errStale: within this one, rights holds them.
func (e *Engine) writeRows(ctx context.Context, consents []consentRow, keys []segment.Key, change func(i int, row []byte) ([]byte, error)) error {
	if !e.shared || len(keys) == 0 {
		return e.cfg.Store.ProfileUpdate(ctx, keys, change)
	}
	subjects := make([]consent.Subject, len(consents))
	for i := range consents {
		subjects[i] = consents[i].subject
	}
	return e.cfg.Store.Update(ctx, subjects, keys, func(i int, row []byte) ([]byte, error) {
		if i >= len(subjects) {
			return change(i-len(subjects), row)
		}
		if !bytes.Equal(row, consents[i].row) {
			return nil, errStale
		}
		return row, nil
	})
}

// decide fills in the decision of every admission, and the rows that the allowed ones
// go to. The caller holds rights.
func (r *recording) decide(ctx context.Context, answers *answers, m segment.Moment) error {
	if len(r.admissions) == 0 {
		return nil
	}
	e, h := r.e, &r.person.history
	if err := r.read(ctx); err != nil {
		return err
	}
	for i := range r.admissions {
		a := &r.admissions[i]
		subject, purpose := a.link.Subject(), a.link.Purpose()
		a.decision = e.book.Decide(consent.Question{
			Subject: subject, Purpose: purpose, History: h,
			EventTime: r.event.Time, Now: m.Now, Source: answers.get(subject, purpose),
			Heard: a.heard, Suspended: e.suspended.holds(purpose),
		})
		if _, ok := a.decision.Grant(); !ok {
			continue
		}
		w := profileWork{moment: m, admission: i}
		w.moment.EntersNext = e.rooms[a.room].entersNext(h, &m)
		r.keys, r.work = append(r.keys, segment.Key{Purpose: purpose, ID: a.link.ID()}), append(r.work, w)
	}
	return nil
}

// changeRow makes of a profile row what the event makes of it.
func (r *recording) changeRow(i int, row []byte) ([]byte, error) {
	w := &r.work[i]
	a := &r.admissions[w.admission]
	grant, _ := a.decision.Grant()
	next, result, err := r.e.rooms[a.room].rules.AdmitInto(r.next[:0], row, grant, a.link, r.event.bare(), w.moment)
	if err != nil {
		return nil, err
	}
	if a.result = result; result == segment.Admitted {
		r.next = next
	}
	w.edges, err = r.turns.changed(a.room, row, next)
	return next, err
}
