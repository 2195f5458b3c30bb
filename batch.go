package discreet

import (
	"context"
	"slices"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/internal/parallel"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// fewEvents is for how many events of a batch another processor is taken.
const fewEvents = 1024

// batch is one RecordBatch on its way: events are brought together by person, each
// person is derived, decided about and read once, and every row is written once, by
// several goroutines for different people. It names people and goes with the call.
type batch struct {
	e      *Engine
	k      *keyset
	rooms  []room // with segments or measures of profiles
	events []Event
	spaces []space // by worker

	anonymous, malformed int
	signals              []int32 // events with signals, in order
	people               []someone
	links                []pseudonym.Link // by person, then room
	works                []work           // by person, then room
	verdicts             []verdict        // by room, then someone's at, then event
	keys                 []segment.Key    // of rows that something goes to
	rows                 []int32          // their works
	consents             []consentRow     // by person, where other processes may change them
	turns                *edges           // for Config.Edges
}

// someone is one person of a batch.
type someone struct {
	subject consent.Subject
	events  []spot // in the order given; none: joined to another one
	at      int    // of the verdicts, in each room
	moves   bool   // may stand under earlier names
}

// work is all that happens to one profile row.
type work struct {
	grants  []consent.Grant // that events are admitted by: one, or with a Source two
	grant   [1]consent.Grant
	returns bool // the person came back and counts from the next window on
	edges   []segment.Edge
}

// verdict is what became of one event for one purpose.
type verdict struct {
	reason consent.Reason  // of a denial; 0: allowed
	grant  uint8           // of the work's grants
	result segment.Outcome // where allowed
}

// space is what one worker works in.
type space struct {
	list     []segment.Admission
	next     []byte
	consents consentRows
	history  consent.History
	decoder  consent.Decoder
	seen     byte // so that touch is not for nothing
}

// parallelUpdater is a store that changes many profile rows with several goroutines.
type parallelUpdater interface {
	ProfileUpdateParallel(ctx context.Context, keys []segment.Key, workers int, f func(worker, i int, row []byte) ([]byte, error)) error
}

// record takes the events under the keyset in use.
func (b *batch) record(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := b.e.newBatch(b.events)
		*b = *n
		b.turns, b.k = b.e.newEdges(), b.e.keys.Load()
		err := b.admit(ctx)
		if err == errKeys || err == errStale {
			continue
		}
		if err == nil {
			b.turns.tell(&err)
		}
		return err
	}
}

func (e *Engine) newBatch(events []Event) *batch {
	return &batch{e: e, rooms: e.segmented(), events: events, spaces: make([]space, parallel.Workers(len(events), fewEvents))}
}

// size returns so many tasks for all workers.
func (b *batch) size(tasks int) parallel.Size {
	return parallel.Size{Tasks: tasks, Workers: len(b.spaces)}
}

// admit is record under one keyset; errKeys where another came meanwhile, errStale
// where another process changed a consent that was decided by.
func (b *batch) admit(ctx context.Context) error {
	e := b.e
	if err := b.group(ctx); err != nil {
		return err
	}
	answers := e.newAnswers()
	if answers != nil {
		b.each(func(p *someone, room int, l *pseudonym.Link) error {
			answers.ask(ctx, b.events[p.events[0].event].Who, p.subject, l.Purpose())
			return nil
		})
	}
	if err := answers.wait(ctx); err != nil {
		return err
	}
	if err := b.meet(ctx); err != nil {
		return err
	}
	if err := e.suspended.look(ctx, e); err != nil {
		return err
	}
	for _, i := range b.signals {
		if err := e.obeySignals(ctx, b.k, b.events[i].Who, &b.events[i].Signals); err != nil {
			return err
		}
	}
	if answers != nil { // before anything is recorded, so that an error leaves nothing behind
		err := b.each(func(p *someone, room int, l *pseudonym.Link) error {
			if s := answers.get(p.subject, l.Purpose()); s.Asked && !s.Failed && s.Answer.State == consent.Denied {
				return e.obey(ctx, b.events[p.events[0].event].Who, *l)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}

	e.rights.RLock()
	defer e.rights.RUnlock()
	if err := e.current(b.k); err != nil {
		return err
	}
	moment, err := e.moment(e.cfg.Now())
	if err != nil {
		return err
	}
	if err := b.decide(ctx, answers, moment); err != nil {
		return err
	}
	if err := b.write(ctx, moment); err != nil {
		return err
	}
	for i, at := range b.rows {
		b.turns.add(b.keys[i], b.works[at].edges)
	}
	return nil
}

// each calls f for every person and room.
func (b *batch) each(f func(p *someone, room int, l *pseudonym.Link) error) error {
	for i := range b.people {
		for room := range b.rooms {
			if p := &b.people[i]; len(p.events) > 0 {
				if err := f(p, room, &b.links[i*len(b.rooms)+room]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// meet moves the people who may stand under earlier names to their names of today.
func (b *batch) meet(ctx context.Context) error {
	e := b.e
	e.rights.RLock()
	defer e.rights.RUnlock()
	if e.closed.Load() {
		return ErrClosed
	}
	for i := range b.people {
		p := &b.people[i]
		if !p.moves || len(p.events) == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := e.meet(ctx, b.k, b.events[p.events[0].event].Who); err != nil {
			return err
		}
	}
	return nil
}

// decide decides about every event, once for each person and interval of consent, and
// gathers the rows that something goes to. The caller holds rights.
func (b *batch) decide(ctx context.Context, answers *answers, m segment.Moment) error {
	e, rooms := b.e, len(b.rooms)
	b.works = make([]work, len(b.links))
	if e.shared {
		b.consents = make([]consentRow, len(b.people))
	}
	silent := make([]consent.Heard, rooms) // what no signals say
	for i := range silent {
		silent[i] = e.aged(e.hear(&Signals{}, b.rooms[i].purpose))
	}
	err := parallel.Do(ctx, b.size((len(b.people)+somePeople-1)/somePeople), func(worker, task int) error {
		s := &b.spaces[worker]
		from, to := task*somePeople, min(len(b.people), (task+1)*somePeople)
		if err := b.lookUp(ctx, s, from, to); err != nil {
			return err
		}
		for i := from; i < to; i++ {
			p := &b.people[i]
			if len(p.events) == 0 {
				continue
			}
			if err := b.read(ctx, s, i); err != nil {
				return err
			}
			for room := range rooms {
				l, w := &b.links[i*rooms+room], &b.works[i*rooms+room]
				b.decideFor(p, w, consent.Question{
					Subject: p.subject, Purpose: l.Purpose(), History: &s.history, Now: m.Now,
					Source: answers.get(p.subject, l.Purpose()), Heard: silent[room], Suspended: e.suspended.holds(l.Purpose()),
				}, b.verdicts[room*len(b.verdicts)/rooms+p.at:])
				w.returns = len(w.grants) > 0 && b.rooms[room].entersNext(&s.history, &m)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range b.works {
		if l := &b.links[i]; len(b.works[i].grants) > 0 {
			b.keys = append(b.keys, segment.Key{Purpose: l.Purpose(), ID: l.ID()})
			b.rows = append(b.rows, int32(i))
		}
	}
	b.consents = slices.DeleteFunc(b.consents, func(c consentRow) bool { return c.subject.IsZero() })
	return nil
}

// decideFor decides about one person's events for one purpose. Where a question is
// that of the event before but for the time, and that lies in the interval that was
// granted, the answer is the same.
func (b *batch) decideFor(p *someone, w *work, q consent.Question, verdicts []verdict) {
	silent := q.Heard
	var last consent.Decision // about an event without signals
	grant := uint8(0)
	for j := range p.events {
		t := p.events[j].time
		if t != unplain && last.Again(time.UnixMilli(t)) {
			verdicts[j] = verdict{grant: grant}
			continue
		}
		if q.Heard, q.EventTime = silent, time.UnixMilli(t); t == unplain {
			event := &b.events[p.events[j].event]
			q.EventTime = event.Time
			if !event.Signals.IsZero() {
				q.Heard = b.e.aged(b.e.hear(&event.Signals, q.Purpose))
			}
		}
		d := b.e.book.Decide(q)
		g, ok := d.Grant()
		if !ok {
			verdicts[j] = verdict{reason: d.Reason}
			continue
		}
		v := verdict{grant: w.use(g)}
		if verdicts[j] = v; t != unplain {
			last, grant = d, v.grant
		}
	}
}

// use returns the number of a grant among those of the row.
func (w *work) use(g consent.Grant) uint8 {
	at := slices.Index(w.grants, g)
	if at < 0 {
		if at = len(w.grants); at == 0 {
			w.grants = w.grant[:0]
		}
		w.grants = append(w.grants, g)
	}
	return uint8(at)
}

// write replaces the profiles by what their events make of them; see writeRows.
func (b *batch) write(ctx context.Context, m segment.Moment) error {
	many, ok := b.e.cfg.Store.(parallelUpdater)
	if ok && !b.e.shared && len(b.events) >= fewEvents {
		return many.ProfileUpdateParallel(ctx, b.keys, len(b.spaces), func(worker, i int, row []byte) ([]byte, error) {
			return b.change(worker, i, row, m)
		})
	}
	return b.e.writeRows(ctx, b.consents, b.keys, func(i int, row []byte) ([]byte, error) { return b.change(0, i, row, m) })
}

// change makes of a profile row what the events of its person make of it.
func (b *batch) change(worker, i int, row []byte, m segment.Moment) ([]byte, error) {
	at, rooms := int(b.rows[i]), len(b.rooms)
	s, w, p, room := &b.spaces[worker], &b.works[at], &b.people[at/rooms], at%rooms
	verdicts := b.verdicts[room*len(b.verdicts)/rooms+p.at:][:len(p.events)]
	m.EntersNext = w.returns
	if i%ahead == 0 {
		b.touch(s, i)
	}
	list := s.list[:0]
	for j := range p.events {
		if v := &verdicts[j]; v.reason == 0 {
			list = append(list, segment.Admission{Grant: w.grants[v.grant], Event: b.events[p.events[j].event].bare()})
		}
	}
	next, err := b.rooms[room].rules.AdmitAll(s.next[:0], row, b.links[at], list, m)
	if err != nil {
		return nil, err
	}
	s.list = list
	n := 0
	changed := false
	for j := range verdicts {
		if v := &verdicts[j]; v.reason == 0 {
			v.result = list[n].Outcome
			changed = changed || v.result == segment.Admitted
			n++
		}
	}
	if changed {
		s.next = next
	}
	w.edges, err = b.turns.changed(room, row, next)
	return next, err
}

// ahead is for how many rows events are loaded at a time.
const ahead = 16

// touch loads the events of some rows into the cache: they lie apart in memory, where
// many loads at once take about as long as one.
func (b *batch) touch(s *space, i int) {
	rooms := len(b.rooms)
	seen := byte(0)
	for _, at := range b.rows[i:min(i+ahead, len(b.rows))] {
		for _, at := range b.people[int(at)/rooms].events {
			e := &b.events[at.event]
			seen += byte(e.Count) + byte(len(e.Item))
			if n := len(e.MessageID); n > 0 {
				seen += e.MessageID[n-1]
			}
		}
	}
	s.seen += seen
}

// tally counts what became of the events, also for the counters.
func (b *batch) tally() Tally {
	var denied, results [256]int
	for _, v := range b.verdicts {
		if v.reason != 0 {
			denied[v.reason]++
		} else {
			results[v.result]++
		}
	}
	t := Tally{
		Events: len(b.events), Anonymous: b.anonymous, Malformed: b.malformed,
		Denied: map[consent.Reason]int{}, Results: map[segment.Outcome]int{},
	}
	c := &b.e.stats
	for i, n := range denied {
		if n > 0 {
			t.Denied[consent.Reason(i)] = n
			c.denied.Add(int64(n))
		}
	}
	for i, n := range results {
		if n == 0 {
			continue
		}
		t.Results[segment.Outcome(i)] = n
		switch segment.Outcome(i) {
		case segment.Admitted:
			c.admitted.Add(int64(n))
		case segment.Duplicate:
			c.duplicates.Add(int64(n))
		default:
			c.refused.Add(int64(n))
		}
	}
	c.events.Add(int64(t.Events))
	c.anonymous.Add(int64(t.Anonymous))
	c.malformed.Add(int64(t.Malformed))
	return t
}
