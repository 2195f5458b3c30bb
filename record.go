package discreet

import (
	"bytes"
	"context"
	"errors"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// MaxBatch is the largest number of events of one RecordBatch.
const MaxBatch = 1 << 16

// ErrBatch is returned for a batch larger than MaxBatch.
var ErrBatch = errors.New("discreet: a batch holds at most 65,536 events")

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
	outcomes := make([][]Outcome, 1)
	_, err := e.record(ctx, "Record", []Event{event}, outcomes)
	return outcomes[0], err
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
// given, though the order does not change what is kept.
func (e *Engine) RecordBatch(ctx context.Context, events []Event) (Tally, error) {
	return e.record(ctx, "RecordBatch", events, nil)
}

// admission is one event on its way into one profile.
type admission struct {
	event    int
	room     int
	link     pseudonym.Link
	heard    consent.Heard
	decision consent.Decision
	grant    segment.Grant
	result   segment.Outcome
}

// profileWork is all that happens to one profile row in a batch.
type profileWork struct {
	moment  segment.Moment
	pending []int // indexes into admissions
	edges   []segment.Edge
}

func (e *Engine) record(ctx context.Context, name string, events []Event, outcomes [][]Outcome) (t Tally, err error) {
	defer e.observe(name, e.cfg.Now(), &err)
	if len(events) > MaxBatch {
		return Tally{}, ErrBatch
	}
	for {
		if err := ctx.Err(); err != nil {
			return Tally{}, err
		}
		clear(outcomes)
		turns := e.newEdges()
		if t, err = e.admit(ctx, e.keys.Load(), events, outcomes, turns); err != errKeys && err != errStale {
			turns.tell(&err)
			return t, err
		}
	}
}

// admit is record under one keyset; errKeys where another came meanwhile, errStale
// where another process changed a consent that was decided by.
func (e *Engine) admit(ctx context.Context, k *keyset, events []Event, outcomes [][]Outcome, turns *edges) (t Tally, err error) {
	t = Tally{Events: len(events), Denied: map[consent.Reason]int{}, Results: map[segment.Outcome]int{}}
	admissions := make([]admission, 0, len(events)*len(e.rooms))
	answers := e.newAnswers()
	for i := range events {
		who := events[i].Who
		if who.IsZero() {
			t.Anonymous++
			if outcomes != nil {
				for _, r := range e.rooms {
					outcomes[i] = append(outcomes[i], Outcome{Purpose: r.purpose, Decision: anonymous})
				}
			}
			continue
		}
		for r := range e.rooms {
			link, err := k.deriver.Link(who, e.rooms[r].purpose)
			if err != nil {
				if outcomes != nil {
					return Tally{}, err // one event: the caller is told which rule
				}
				t.Malformed++
				break
			}
			answers.ask(ctx, who, link.Subject(), link.Purpose())
			admissions = append(admissions, admission{
				event: i, room: r, link: link, heard: e.aged(e.hear(&events[i].Signals, e.rooms[r].purpose)),
			})
		}
	}
	if err := answers.wait(ctx); err != nil {
		return Tally{}, err
	}
	if err := e.meetAll(ctx, k, events, admissions); err != nil {
		return Tally{}, err
	}
	if err := e.suspended.look(ctx, e); err != nil {
		return Tally{}, err
	}
	for i := range events {
		if err := e.obeySignals(ctx, k, events[i].Who, &events[i].Signals); err != nil {
			return Tally{}, err
		}
	}
	for i := range admissions { // before anything is recorded, so that an error leaves nothing behind
		a := &admissions[i]
		if s := answers.get(a.link.Subject(), a.link.Purpose()); s.Asked && !s.Failed && s.Answer.State == consent.Denied {
			if err := e.obey(ctx, events[a.event].Who, a.link); err != nil {
				return Tally{}, err
			}
		}
	}

	e.rights.RLock()
	defer e.rights.RUnlock()
	switch {
	case e.closed.Load():
		return Tally{}, ErrClosed
	case e.keys.Load() != k:
		return Tally{}, errKeys
	}
	now := e.cfg.Now()
	moment, err := e.moment(now)
	if err != nil {
		return Tally{}, err
	}
	keys, work, consents, err := e.decide(ctx, events, admissions, answers, moment)
	if err != nil {
		return Tally{}, err
	}
	err = e.write(ctx, keys, consents, func(i int, row []byte) ([]byte, error) {
		w := &work[i]
		before := row
		for _, n := range w.pending {
			a := &admissions[n]
			next, result, err := e.rooms[a.room].rules.Admit(row, a.grant, a.link, events[a.event].bare(), w.moment)
			if err != nil {
				return nil, err
			}
			row, a.result = next, result
		}
		var err error
		w.edges, err = turns.changed(admissions[w.pending[0]].room, before, row)
		return row, err
	})
	if err != nil {
		return Tally{}, err
	}
	for i := range work {
		turns.add(keys[i], work[i].edges)
	}
	for i := range admissions {
		a := &admissions[i]
		if a.decision.Allowed {
			t.Results[a.result]++
		} else {
			t.Denied[a.decision.Reason]++
		}
		if outcomes != nil {
			outcomes[a.event] = append(outcomes[a.event], Outcome{
				Purpose: e.rooms[a.room].purpose, Decision: a.decision, Result: a.result,
			})
		}
	}
	e.stats.tally(&t)
	return t, nil
}

// meetAll moves the people of a batch to their names of today.
func (e *Engine) meetAll(ctx context.Context, k *keyset, events []Event, admissions []admission) error {
	e.rights.RLock()
	defer e.rights.RUnlock()
	if e.closed.Load() {
		return ErrClosed
	}
	met := map[consent.Subject]struct{}{}
	var buf [4]consent.Subject
	for i := range admissions {
		a := &admissions[i]
		if _, ok := met[a.link.Subject()]; ok {
			continue
		}
		who := events[a.event].Who
		known, err := k.deriver.AppendSubjects(buf[:0], who)
		if err != nil {
			return err
		}
		met[a.link.Subject()] = struct{}{}
		if len(known) == 1 && len(e.cfg.Adopt) == 0 {
			continue
		}
		if _, err := e.meet(ctx, k, who); err != nil {
			return err
		}
	}
	return nil
}

// consentRow is a row of a consent record, as it was read.
type consentRow struct {
	subject consent.Subject
	row     []byte
}

// write replaces the profiles by what f makes of them. Where several processes may
// use the store, only if the consents are what they were: within this one, rights
// holds them.
func (e *Engine) write(ctx context.Context, keys []segment.Key, consents []consentRow, f func(i int, row []byte) ([]byte, error)) error {
	if len(consents) == 0 {
		return e.cfg.Store.ProfileUpdate(ctx, keys, f)
	}
	subjects := make([]consent.Subject, len(consents))
	for i := range consents {
		subjects[i] = consents[i].subject
	}
	return e.cfg.Store.Update(ctx, subjects, keys, func(i int, row []byte) ([]byte, error) {
		if i >= len(consents) {
			return f(i-len(consents), row)
		}
		if !bytes.Equal(row, consents[i].row) {
			return nil, errStale
		}
		return row, nil
	})
}

// decide fills in the decision of every admission and groups the allowed ones
// by profile row, and returns the consents that they were decided by, where other
// processes may change them. The caller holds rights.
func (e *Engine) decide(ctx context.Context, events []Event, admissions []admission, answers *answers, m segment.Moment) ([]segment.Key, []profileWork, []consentRow, error) {
	var (
		keys      []segment.Key
		work      []profileWork
		consents  []consentRow
		index     = make(map[segment.Key]int, len(admissions))
		histories = make(map[consent.Subject]*consent.History)
		start     = timeOf(m.WindowStart)
	)
	for i := range admissions {
		a := &admissions[i]
		subject, purpose := a.link.Subject(), a.link.Purpose()
		h, ok := histories[subject]
		if !ok {
			var row []byte
			var err error
			if h, row, err = e.deciding(ctx, subject); err != nil {
				return nil, nil, nil, err
			}
			histories[subject] = h
			if e.shared {
				consents = append(consents, consentRow{subject, row})
			}
		}
		a.decision = e.book.Decide(consent.Question{
			Subject: subject, Purpose: purpose, History: h,
			EventTime: events[a.event].Time, Now: m.Now, Source: answers.get(subject, purpose),
			Heard: a.heard, Suspended: e.suspended.holds(purpose),
		})
		if a.grant, ok = a.decision.Grant(); !ok {
			continue
		}
		key := segment.Key{Purpose: purpose, ID: a.link.ID()}
		n, ok := index[key]
		if !ok {
			n = len(keys)
			index[key] = n
			keys = append(keys, key)
			moment := m
			moment.EntersNext = h.Returned(start, purpose)
			work = append(work, profileWork{moment: moment})
		}
		work[n].pending = append(work[n].pending, i)
	}
	if len(keys) == 0 {
		consents = nil
	}
	return keys, work, consents, nil
}
