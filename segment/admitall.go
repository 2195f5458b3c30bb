package segment

import (
	"encoding/binary"
	"slices"
)

// Admission is one event on its way into a row, with the proof that it may go there,
// and what became of it.
type Admission struct {
	Grant   Grant
	Event   Event
	Outcome Outcome // set by AdmitAll
}

// AdmitAll takes several events of one person into the person's row, in order, at one
// moment, and sets what became of each: the same, to the byte, as [Rules.AdmitInto]
// of one after the other, with the same checks of every proof. It appends the row that
// follows to dst, which does not share memory with row, and returns what becomes of
// it; where nothing changed, row. On an error the row is as it was, and the outcomes
// mean nothing. From a few events on it reads and writes the row once, whatever their
// number: a few microseconds on a row of 1 KB, and less than one more for each event.
func (r *Rules) AdmitAll(dst, row []byte, l Link, list []Admission, m Moment) ([]byte, error) {
	switch {
	case len(list) == 1:
		a := &list[0]
		next, outcome, err := r.AdmitInto(dst, row, a.Grant, l, a.Event, m)
		a.Outcome = outcome
		return next, err
	case len(list) <= fewAdmissions && len(row) > 0:
		return r.admitEach(dst, row, l, list, m)
	}
	p := r.pool.Get().(*Profile)
	t := together{rules: r, p: p, row: row, link: l, moment: m, fresh: p.fresh[:0]}
	defer func() {
		p.buf, p.fresh = nil, t.fresh[:0]
		r.pool.Put(p)
	}()
	for i := range list {
		if err := t.admit(&list[i]); err != nil {
			return nil, err
		}
	}
	if !t.changed {
		return row, nil
	}
	t.keepMessages()
	p.scratch = p.encode(p.scratch[:0], nil, t.today)
	p.own = p.buf
	return append(dst, p.scratch...), nil
}

// fewAdmissions is up to how many events are admitted one by one: each then changes a
// few bytes of the row, which costs less than to read and write all of it once.
const fewAdmissions = 4

// admitEach is AdmitAll by AdmitInto.
func (r *Rules) admitEach(dst, row []byte, l Link, list []Admission, m Moment) ([]byte, error) {
	rooms, ok := r.spare.Get().(*[2][]byte)
	if !ok {
		rooms = new([2][]byte)
	}
	defer r.spare.Put(rooms)
	now, turn, changed := row, 0, false // now is not in rooms[turn]
	for i := range list {
		a := &list[i]
		next, outcome, err := r.AdmitInto(rooms[turn][:0], now, a.Grant, l, a.Event, m)
		if err != nil {
			return nil, err
		}
		if a.Outcome = outcome; outcome == Admitted {
			rooms[turn] = next
			now, turn, changed = next, 1-turn, true
		}
	}
	if !changed {
		return row, nil
	}
	return append(dst, now...), nil
}

// together is one call of AdmitAll.
type together struct {
	rules  *Rules
	p      *Profile
	row    []byte
	link   Link
	moment Moment
	today  Day
	proved *Grant // of an event before: it fits link and moment

	decoded bool     // p is row, or what follows from it
	changed bool     // something was admitted
	fresh   []uint64 // hashes of the message ids that were admitted, sorted
}

// admit takes one event.
func (t *together) admit(a *Admission) (err error) {
	r, p, e := t.rules, t.p, &a.Event
	if t.proved == nil || *t.proved != a.Grant { // one proof is as good as its equal
		if t.today, err = r.prove(&a.Grant, &t.link, &t.moment); err != nil {
			return err
		}
		t.proved = &a.Grant
	}
	day, node, refused := r.check(&a.Grant, e, &t.moment, t.today)
	if a.Outcome = refused; refused != 0 {
		return nil
	}
	if node != nil {
		e.Category = node.id // which an alias may have named
	}
	if err := t.read(&a.Grant); err != nil {
		return err
	}
	if node != nil && len(p.dismissed) > 0 && r.dismissed(p, r.taxonomy.index[node.id]) {
		a.Outcome = RefusedDismissed
		return nil
	}
	p.forgetMessages(max(p.seen, t.today))
	var hash [messageSize]byte
	if e.MessageID != "" {
		hash = messageHash(&p.salt, e.MessageID)
		if a.Outcome = t.repeated(e.MessageID, &hash); a.Outcome != 0 {
			return nil
		}
	}
	t.remember(e.MessageID, &hash)
	r.take(p, &a.Grant, e, &t.moment, taking{node, r.amount(node, e), day}, t.today)
	a.Outcome, t.changed = Admitted, true
	return nil
}

// read decodes the row, once, and empties it where its consent lapsed. What is
// emptied is admitted to at once: nothing in it could refuse an event.
func (t *together) read(g *Grant) error {
	p := t.p
	if !t.decoded {
		p.own = append(p.own[:0], t.row...)
		p.buf = p.own
		if len(t.row) > 0 {
			if err := p.decode(p.own); err != nil {
				return err
			}
		}
	}
	none := !t.decoded && len(t.row) == 0
	if none || lapsed(p, g, &t.moment) {
		enters := int32(0)
		if !none {
			enters = p.entersAgain(t.moment.Window)
		}
		p.reset(t.link.Salt(), t.today)
		p.enters, t.fresh = enters, t.fresh[:0]
	}
	t.decoded = true
	return nil
}

// repeated says whether a message id is a duplicate, or one too many.
func (t *together) repeated(id string, hash *[messageSize]byte) Outcome {
	fresh := t.known()
	if _, found := slices.BinarySearch(fresh, binary.BigEndian.Uint64(hash[:])); found {
		return Duplicate
	}
	return t.p.repeated(id, hash, int32(len(fresh)))
}

// known returns the message ids that were admitted and are not forgotten yet: a clock
// that went back by more than the days that they are kept forgets them at once, with
// the next event that is admitted.
func (t *together) known() []uint64 {
	if t.p.seen-t.today > messageDays {
		return t.fresh[:0]
	}
	return t.fresh
}

// remember notes the message id of an event that is admitted.
func (t *together) remember(id string, hash *[messageSize]byte) {
	t.fresh = t.known()
	if id != "" {
		v := binary.BigEndian.Uint64(hash[:])
		at, _ := slices.BinarySearch(t.fresh, v)
		t.fresh = slices.Insert(t.fresh, at, v)
	}
}

// keepMessages puts the message ids that were admitted among those of the row.
func (t *together) keepMessages() {
	p := t.p
	if len(t.fresh) == 0 {
		return
	}
	i, n := 0, len(p.messages)
	for i < n && p.messages[i].day > t.today {
		i++
	}
	at := len(p.buf)
	left := t.fresh
	if i < n && p.messages[i].day == t.today {
		m := p.messages[i]
		for j := m.at; j < m.at+m.n*messageSize; j += messageSize {
			v := binary.BigEndian.Uint64(p.buf[j:])
			for ; len(left) > 0 && left[0] < v; left = left[1:] {
				p.buf = binary.BigEndian.AppendUint64(p.buf, left[0])
			}
			p.buf = binary.BigEndian.AppendUint64(p.buf, v)
		}
	} else {
		p.messages = slices.Insert(p.messages, i, messageDay{day: t.today})
	}
	for _, v := range left {
		p.buf = binary.BigEndian.AppendUint64(p.buf, v)
	}
	p.messages[i] = messageDay{t.today, int32(at), int32(len(p.buf)-at) / messageSize}
}
