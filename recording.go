package discreet

import (
	"context"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// recording is the room that recording one batch takes. It is used again, so that
// recording does not allocate; between two uses it holds nothing that names anybody.
type recording struct {
	e      *Engine
	change func(i int, row []byte) ([]byte, error) // changeRow

	events   []Event
	one      [1]Event // events, of Record
	single   bool     // by Record
	outcomes []Outcome

	anonymous, malformed int
	admissions           []admission
	people               []person
	consents             []consentRow  // that were decided by, where other processes may change them
	keys                 []segment.Key // of profile rows
	work                 []profileWork // on keys
	subjects             map[consent.Subject]int
	index                map[segment.Key]int
	decoder              consent.Decoder
	row                  []byte    // of consent
	rows                 [2][]byte // of profiles, in turn
	turns                *edges    // for Config.Edges
}

// admission is one event on its way into one profile.
type admission struct {
	event    int
	room     int
	person   int
	next     int // admission into the same row, or -1
	link     pseudonym.Link
	heard    consent.Heard
	decision consent.Decision
	result   segment.Outcome
}

// person is one subject among the events.
type person struct {
	subject consent.Subject
	event   int // the first one
	history consent.History
}

// profileWork is all that happens to one profile row: admissions from first to
// last, each naming the next.
type profileWork struct {
	moment      segment.Moment
	first, last int
	edges       []segment.Edge
}

// rowAppender is a store that reads a consent row into room that is there.
type rowAppender interface {
	AppendConsentRow(ctx context.Context, dst []byte, s consent.Subject) ([]byte, bool, error)
}

// fewRows is up to how many rows one is looked for without an index.
const fewRows = 8

func (e *Engine) newRecording() *recording {
	r, ok := e.recordings.Get().(*recording)
	if !ok {
		r = &recording{e: e, subjects: map[consent.Subject]int{}, index: map[segment.Key]int{}}
		r.change = r.changeRow
	}
	return r
}

// recycle leaves the room to the next recording.
func (r *recording) recycle() {
	r.reset()
	r.events, r.one, r.single, r.outcomes, r.turns = nil, [1]Event{}, false, nil, nil
	r.e.recordings.Put(r)
}

// reset forgets what happened to the events.
func (r *recording) reset() {
	r.anonymous, r.malformed = 0, 0
	clear(r.admissions)
	clear(r.keys)
	clear(r.consents)
	clear(r.work)
	for i := range r.people {
		r.people[i].subject = consent.Subject{} // what is left of the history names nobody
	}
	for _, room := range [...][]byte{r.row, r.rows[0], r.rows[1]} {
		clear(room[:cap(room)])
	}
	if len(r.people) > fewRows {
		clear(r.subjects)
	}
	if len(r.keys) > fewRows {
		clear(r.index)
	}
	r.admissions, r.people, r.consents, r.keys, r.work = r.admissions[:0], r.people[:0], r.consents[:0], r.keys[:0], r.work[:0]
}

// person returns the index of a subject, which a new one gets with its first event.
func (r *recording) person(subject consent.Subject, event int) int {
	n := len(r.people)
	if n <= fewRows {
		for i := range r.people {
			if r.people[i].subject == subject {
				return i
			}
		}
	} else if i, ok := r.subjects[subject]; ok {
		return i
	}
	if n < cap(r.people) {
		r.people = r.people[:n+1] // with the room of its history
	} else {
		r.people = append(r.people, person{})
	}
	p := &r.people[n]
	p.subject, p.event = subject, event
	switch {
	case n == fewRows:
		for i := range r.people {
			r.subjects[r.people[i].subject] = i
		}
	case n > fewRows:
		r.subjects[subject] = n
	}
	return n
}

// read reads the consent of a person.
func (r *recording) read(ctx context.Context, p *person) (err error) {
	if from := r.e.appender; from != nil && !r.e.shared {
		var ok bool
		if r.row, ok, err = from.AppendConsentRow(ctx, r.row[:0], p.subject); err != nil {
			return err
		}
		if !ok {
			r.row = r.row[:0]
		}
		return r.decoder.Deciding(&p.history, r.row)
	}
	row, err := r.e.cfg.Store.ConsentRow(ctx, p.subject)
	if err != nil {
		return err
	}
	if r.e.shared {
		r.consents = append(r.consents, consentRow{p.subject, row})
	}
	return r.decoder.Deciding(&p.history, row)
}

// workOn puts an admission behind others into the same row, and reports whether it
// is the first.
func (r *recording) workOn(key segment.Key, admission int) (w *profileWork, fresh bool) {
	n := len(r.keys)
	found := -1
	if n <= fewRows {
		for i := range r.keys {
			if r.keys[i] == key {
				found = i
			}
		}
	} else if i, ok := r.index[key]; ok {
		found = i
	}
	if found >= 0 {
		w = &r.work[found]
		r.admissions[w.last].next = admission
		w.last = admission
		return w, false
	}
	r.keys = append(r.keys, key)
	r.work = append(r.work, profileWork{first: admission, last: admission})
	switch {
	case n == fewRows:
		for i := range r.keys {
			r.index[r.keys[i]] = i
		}
	case n > fewRows:
		r.index[key] = n
	}
	return &r.work[n], true
}

// count tells the counters and, for Record, the caller what became of the events.
func (r *recording) count() {
	c := &r.e.stats
	var admitted, duplicates, refused, denied int64
	for i := range r.admissions {
		a := &r.admissions[i]
		switch {
		case !a.decision.Allowed:
			denied++
		case a.result == segment.Admitted:
			admitted++
		case a.result == segment.Duplicate:
			duplicates++
		default:
			refused++
		}
		if r.single {
			r.outcomes = append(r.outcomes, Outcome{Purpose: r.e.rooms[a.room].purpose, Decision: a.decision, Result: a.result})
		}
	}
	if r.single && r.anonymous > 0 {
		for i := range r.e.segmented() {
			r.outcomes = append(r.outcomes, Outcome{Purpose: r.e.rooms[i].purpose, Decision: anonymous})
		}
	}
	c.events.Add(int64(len(r.events)))
	c.anonymous.Add(int64(r.anonymous))
	c.malformed.Add(int64(r.malformed))
	c.denied.Add(denied)
	c.admitted.Add(admitted)
	c.duplicates.Add(duplicates)
	c.refused.Add(refused)
}
