package discreet

import (
	"context"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// recording is the room that recording one event takes. It is used again, so that
// recording does not allocate; between two uses it holds nothing that names anybody.
type recording struct {
	e      *Engine
	change func(i int, row []byte) ([]byte, error) // changeRow

	event    Event
	outcomes []Outcome

	anonymous  bool
	admissions []admission // by room
	person     person
	consents   []consentRow  // that were decided by, where other processes may change them
	keys       []segment.Key // of profile rows
	work       []profileWork // on keys
	decoder    consent.Decoder
	row        []byte // of consent
	next       []byte // of a profile
	turns      *edges // for Config.Edges
}

// admission is the event on its way into one profile.
type admission struct {
	room     int
	link     pseudonym.Link
	heard    consent.Heard
	decision consent.Decision
	result   segment.Outcome
}

// person is who the event is of.
type person struct {
	subject consent.Subject
	history consent.History
}

// profileWork is what happens to one profile row.
type profileWork struct {
	moment    segment.Moment
	admission int
	edges     []segment.Edge
}

// rowAppender is a store that reads a consent row into room that is there.
type rowAppender interface {
	AppendConsentRow(ctx context.Context, dst []byte, s consent.Subject) ([]byte, bool, error)
}

func (e *Engine) newRecording() *recording {
	r, ok := e.recordings.Get().(*recording)
	if !ok {
		r = &recording{e: e}
		r.change = r.changeRow
	}
	return r
}

// recycle leaves the room to the next recording.
func (r *recording) recycle() {
	r.reset()
	r.event, r.outcomes, r.turns = Event{}, nil, nil
	r.e.recordings.Put(r)
}

// reset forgets what happened to the event.
func (r *recording) reset() {
	r.anonymous = false
	clear(r.admissions)
	clear(r.keys)
	clear(r.consents)
	clear(r.work)
	r.person.subject = consent.Subject{} // what is left of the history names nobody
	for _, room := range [...][]byte{r.row, r.next} {
		clear(room[:cap(room)])
	}
	r.admissions, r.consents, r.keys, r.work = r.admissions[:0], r.consents[:0], r.keys[:0], r.work[:0]
}

// read reads the consent of the person.
func (r *recording) read(ctx context.Context) (err error) {
	p := &r.person
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

// count tells the counters and the caller what became of the event.
func (r *recording) count() {
	c := &r.e.stats
	for i := range r.admissions {
		a := &r.admissions[i]
		switch {
		case !a.decision.Allowed:
			c.denied.Add(1)
		case a.result == segment.Admitted:
			c.admitted.Add(1)
		case a.result == segment.Duplicate:
			c.duplicates.Add(1)
		default:
			c.refused.Add(1)
		}
		r.outcomes = append(r.outcomes, Outcome{Purpose: r.e.rooms[a.room].purpose, Decision: a.decision, Result: a.result})
	}
	c.events.Add(1)
	if !r.anonymous {
		return
	}
	c.anonymous.Add(1)
	for i := range r.e.segmented() {
		r.outcomes = append(r.outcomes, Outcome{Purpose: r.e.rooms[i].purpose, Decision: anonymous})
	}
}
