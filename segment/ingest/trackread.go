package ingest

import (
	"bytes"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
)

// Limits of one body or line of track calls.
const (
	MaxBody     = 4 << 20 // bytes
	MaxDepth    = 64      // objects and arrays inside each other
	MaxMembers  = 1 << 13 // members and elements of one call, of whatever it holds
	MaxCalls    = 1 << 12 // calls of one batch
	MaxProducts = 1 << 8  // products of one call
)

// Tracks decodes bodies of track calls: one call, or {"batch": [...]} of them,
// as an HTTP handler or a queue has them. [Reader] does the same for a file with
// one body a line. It keeps buffers and counts, so it is for one goroutine at a
// time: give each its own.
type Tracks struct {
	plan  *trackPlan
	ages  ages
	keep  *interner
	tally tally
	scan  scan

	number int64
	top    call      // members beside the batch, or the one call
	calls  []call    // of this body
	listed []product // products of its calls
	now    time.Time

	// What is handed out next, by next.
	at, sub int
	row     Row // what the rows of a call share
	id      []byte
	denied  map[uint64][]string
}

// call is one call as it was read: views into the body.
type call struct {
	typ, event, user, anonymous, id value
	at, original, sent, received    value
	props                           [numSlots]value
	from, to                        int    // its products in listed
	context, properties, products   bool   // were there
	batch                           bool   // was there, at the top
	heard, granted                  uint64 // preferences that were there, that were true
}

type product [numSlots]value

// NewTracks returns a decoder. Of the Config it takes Track, Now and TTLDays, and
// the rest must be zero; the errors are [ErrTrackMapping], [ErrLimits] and
// [ErrMapping].
func NewTracks(c Config) (*Tracks, error) {
	if c.Track == nil || c.Format != FormatAuto || c.Comma != 0 {
		return nil, ErrTrackMapping
	}
	ages, err := c.ages()
	if err != nil {
		return nil, err
	}
	if c.Mapping != (Mapping{}) || c.Profile != nil {
		return nil, ErrMapping
	}
	plan, err := c.Track.plan()
	if err != nil {
		return nil, err
	}
	return &Tracks{plan: plan, ages: ages, keep: newInterner(), denied: map[uint64][]string{}}, nil
}

// Decode appends the events of one body to rows. A body that breaks the grammar
// or a limit gives none, counts as one malformed row and returns [ErrBody], and
// nothing else is ever returned; what becomes of each call is in
// [Tracks.Stats] only. Rows share no memory with the body. It costs two
// allocations an event.
func (t *Tracks) Decode(rows []Row, body []byte) ([]Row, error) {
	if r := t.load(body); r != ReasonNone {
		t.tally.skip(r)
		return rows, ErrBody
	}
	var row Row
	for t.left() {
		if r := t.next(&row); r != ReasonNone {
			t.tally.skip(r)
		} else {
			row.Back = t.tally.take(row.Time)
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// Stats returns the counts so far.
func (t *Tracks) Stats() Stats { return t.tally.snapshot() }

// load reads one body. All of it is read before anything of it is handed out.
func (t *Tracks) load(body []byte) Reason {
	t.calls, t.listed, t.at, t.sub = t.calls[:0], t.listed[:0], 0, 0
	t.top = call{}
	t.now = t.ages.now()
	s := &t.scan
	s.reset(body)
	switch {
	case len(body) > MaxBody:
		s.fail(ReasonTooLong)
	case !utf8.Valid(body):
		s.fail(ReasonJSON)
	default:
		t.read(&t.top, 1)
		if s.peek() != 0 || s.i != len(s.p) {
			s.fail(ReasonJSON)
		}
	}
	if s.reason != ReasonNone {
		t.calls = t.calls[:0]
		t.number++
		return s.reason
	}
	if !t.top.batch {
		t.calls = append(t.calls, t.top)
	}
	return ReasonNone
}

// read reads a call that opens at a depth, 1 at the top.
func (t *Tracks) read(c *call, depth int) {
	s := &t.scan
	if !s.open('{', depth) {
		return
	}
	for name, ok := s.member(true); ok; name, ok = s.member(false) {
		switch string(name) {
		case "type":
			s.set(&c.typ, depth+1)
		case "event":
			s.set(&c.event, depth+1)
		case "userId":
			s.set(&c.user, depth+1)
		case "anonymousId":
			s.set(&c.anonymous, depth+1)
		case "messageId":
			s.set(&c.id, depth+1)
		case "timestamp":
			s.set(&c.at, depth+1)
		case "originalTimestamp":
			s.set(&c.original, depth+1)
		case "sentAt":
			s.set(&c.sent, depth+1)
		case "receivedAt":
			s.set(&c.received, depth+1)
		case "context":
			if t.once(&c.context, '{', depth+1) {
				t.context(c, depth+1)
			}
		case "properties":
			if t.once(&c.properties, '{', depth+1) {
				t.properties(c, depth+1)
			}
		case "batch":
			if depth > 1 {
				s.skip(depth + 1)
			} else if t.once(&c.batch, '[', depth+1) {
				t.batch(depth + 1)
			} else {
				s.fail(ReasonType)
			}
		default:
			s.skip(depth + 1)
		}
	}
}

// once reports whether a member that may be there once has a value that opens
// with open. A value of another type is passed over.
func (t *Tracks) once(seen *bool, open byte, depth int) bool {
	if *seen {
		return t.scan.fail(ReasonJSON)
	}
	*seen = true
	if t.scan.peek() == open {
		return true
	}
	t.scan.skip(depth)
	return false
}

// batch reads the calls of a batch.
func (t *Tracks) batch(depth int) {
	s := &t.scan
	s.open('[', depth)
	for first := true; s.more(first, ']'); first = false {
		if len(t.calls) == MaxCalls {
			s.fail(ReasonTooLong)
			return
		}
		outside := s.count
		s.count = 0
		t.calls = append(t.calls, call{})
		t.read(&t.calls[len(t.calls)-1], depth+1)
		s.count = outside
	}
}

// context reads what a call says about consent, and nothing else.
func (t *Tracks) context(c *call, depth int) {
	s := &t.scan
	if len(t.plan.prefs) == 0 {
		s.skip(depth)
		return
	}
	var consent, preferences bool
	s.open('{', depth)
	for name, ok := s.member(true); ok; name, ok = s.member(false) {
		if string(name) != "consent" {
			s.skip(depth + 1)
			continue
		}
		if !t.once(&consent, '{', depth+1) {
			continue
		}
		s.open('{', depth+1)
		for name, ok := s.member(true); ok; name, ok = s.member(false) {
			if string(name) != "categoryPreferences" {
				s.skip(depth + 2)
			} else if t.once(&preferences, '{', depth+2) {
				t.preferences(c, depth+2)
			}
		}
	}
}

// preferences takes true for yes, and everything else for no.
func (t *Tracks) preferences(c *call, depth int) {
	s := &t.scan
	s.open('{', depth)
	for name, ok := s.member(true); ok; name, ok = s.member(false) {
		bit, known := t.plan.prefs[string(name)]
		if !known {
			s.skip(depth + 1)
			continue
		}
		if c.heard&(1<<bit) != 0 {
			s.fail(ReasonJSON)
			return
		}
		c.heard |= 1 << bit
		if v := s.scalar(depth + 1); v.kind == isTrue {
			c.granted |= 1 << bit
		}
	}
}

// properties reads the members that are asked for.
func (t *Tracks) properties(c *call, depth int) {
	s := &t.scan
	s.open('{', depth)
	for name, ok := s.member(true); ok; name, ok = s.member(false) {
		switch slot := t.slot(name); {
		case slot >= 0:
			s.set(&c.props[slot], depth+1)
		case t.plan.products != "" && string(name) == t.plan.products:
			if t.once(&c.products, '[', depth+1) {
				t.products(c, depth+1)
			}
		default:
			s.skip(depth + 1)
		}
	}
}

// products reads the members that are asked for of each product.
func (t *Tracks) products(c *call, depth int) {
	s := &t.scan
	c.from = len(t.listed)
	s.open('[', depth)
	for first := true; s.more(first, ']'); first = false {
		if len(t.listed)-c.from == MaxProducts {
			s.fail(ReasonTooLong)
			return
		}
		t.listed = append(t.listed, product{})
		p := &t.listed[len(t.listed)-1]
		if s.peek() != '{' {
			s.skip(depth + 1) // a product without an item
			continue
		}
		s.open('{', depth+1)
		for name, ok := s.member(true); ok; name, ok = s.member(false) {
			if slot := t.slot(name); slot >= 0 {
				s.set(&p[slot], depth+2)
			} else {
				s.skip(depth + 2)
			}
		}
	}
	c.to = len(t.listed)
}

func (t *Tracks) slot(name []byte) int {
	for i := range t.plan.names {
		if want := t.plan.names[i]; want != "" && string(name) == want {
			return i
		}
	}
	return -1
}

// left reports whether next has something to say.
func (t *Tracks) left() bool { return t.at < len(t.calls) }

// next makes a row of the next call, or of its next product, or says why not.
func (t *Tracks) next(row *Row) Reason {
	c := &t.calls[t.at]
	t.number++
	if t.sub == 0 {
		if r := t.shared(c); r != ReasonNone {
			t.at++
			return r
		}
	}
	*row = t.row
	row.Number = t.number
	if !c.products {
		t.at++
		row.MessageID = string(c.id.text)
		return t.detail(row, (*product)(&c.props))
	}
	if c.from == c.to {
		t.at++
		return ReasonItem
	}
	p := &t.listed[c.from+t.sub]
	t.sub++
	t.id = append(append(t.id[:0], c.id.text...), '/')
	t.id = strconv.AppendInt(t.id, int64(t.sub), 10)
	if c.from+t.sub == c.to {
		t.at, t.sub = t.at+1, 0
	}
	if len(t.id) > contrib.MaxItemLen {
		return ReasonMessageID
	}
	row.MessageID = string(t.id)
	return t.detail(row, p)
}

// shared fills in what all rows of a call have in common, but the message id.
func (t *Tracks) shared(c *call) Reason {
	if !c.typ.missing() && (c.typ.kind != isString || string(c.typ.text) != "track") {
		return ReasonCall
	}
	t.row = Row{Count: 1}
	var ok bool
	if c.event.kind != isString {
		return ReasonEvent
	}
	if t.row.Kind, ok = t.plan.events[string(c.event.text)]; !ok {
		return ReasonEvent
	}
	if r := t.person(c); r != ReasonNone {
		return r
	}
	if c.id.kind != isString || !validKey(c.id.text) {
		return ReasonMessageID
	}
	if r := t.consent(c); r != ReasonNone {
		return r
	}
	var r Reason
	if t.row.Time, r = t.when(c); r != ReasonNone {
		return r
	}
	return t.ages.check(t.row.Time, t.now)
}

// person takes userId, or anonymousId where nobody is named by it.
func (t *Tracks) person(c *call) Reason {
	for _, from := range [2]struct {
		v    *value
		kind ident.Kind
	}{{&c.user, t.plan.user}, {&c.anonymous, t.plan.anonymous}} {
		text := from.v.text
		switch {
		case from.kind == ident.KindNone || from.v.missing():
			continue
		case from.v.kind == isString && len(bytes.TrimSpace(text)) == 0:
			continue
		case from.v.kind == isNumber && !digits(text), from.v.kind != isNumber && from.v.kind != isString, len(text) > maxPerson:
			return ReasonPerson
		}
		t.row.Person = ident.NewRaw(from.kind, string(text))
		return ReasonNone
	}
	return ReasonNoPerson
}

// detail fills in what the properties say.
func (t *Tracks) detail(row *Row, p *product) Reason {
	var ok bool
	if v := &p[slotCategory]; !v.missing() {
		if v.kind != isString {
			return ReasonCategory
		}
		if row.Category, ok = t.plan.categories[string(v.text)]; !ok {
			return ReasonUnmapped
		}
	}
	for i := range p[:maxItems] {
		v := &p[i]
		if v.missing() || v.kind == isString && len(v.text) == 0 {
			continue
		}
		if v.kind != isString && (v.kind != isNumber || !digits(v.text)) {
			return ReasonItem
		}
		if row.Item, ok = t.keep.key(v.text); !ok {
			return ReasonItem
		}
		break
	}
	if row.Item == "" && row.Category == "" {
		return ReasonItem
	}
	if v := &p[slotCount]; !v.missing() {
		if row.Count, ok = parseCount(v.text); !ok {
			return ReasonCount
		}
	}
	return ReasonNone
}

// validKey is contrib.ValidKey of bytes that are valid UTF-8.
func validKey(b []byte) bool {
	for _, c := range b {
		if c < 0x20 || c == 0x7f {
			return false
		}
	}
	return len(b) > 0 && len(b) <= contrib.MaxItemLen
}
