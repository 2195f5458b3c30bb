package audited

import (
	"bytes"
	"cmp"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/segment"
)

// Admit takes one event into a person's row and returns the row that follows, which is
// row itself when nothing changed; a nil row is a new person. It asks for the same
// proofs as [segment.Rules.Admit], with the same errors, and refuses with the same
// outcomes. A row whose consent lapsed before this consent was given counts as absent.
// What a row has no room for is admitted, and not kept.
func (r *Rules) Admit(row []byte, g segment.Grant, l segment.Link, e Event, m segment.Moment) ([]byte, segment.Outcome, error) {
	if err := segment.Prove(r.purpose, &g, &l); err != nil {
		return nil, 0, err
	}
	today, err := m.Day()
	if err != nil {
		return nil, 0, err
	}
	second := e.Time.Unix()
	switch {
	case e.Time.IsZero() || second < 0 || r.Check(&e) != nil || e.Kind < Stated || e.Kind > Came:
		return row, segment.RefusedMalformed, nil
	case !g.Covers(e.Time), !g.Covers(m.Now):
		return row, segment.RefusedInterval, nil
	case e.Time.After(m.Now.Add(segment.MaxAhead)):
		return row, segment.RefusedFuture, nil
	case secondDay(second) <= today-r.ttl:
		return row, segment.RefusedTooOld, nil
	}
	p := new(Row)
	if len(row) > 0 {
		if p, err = Read(row); err != nil {
			return nil, 0, err
		}
	}
	if len(row) == 0 || p.expired(m.Now) && g.From().UnixMilli() >= p.until {
		p = &Row{salt: l.Salt(), created: today, seen: today}
	}
	p.note(g, m, today)
	r.prune(p, today) // first, so that nothing that is over lives on in what is joined
	k := campaign{name: e.Name}
	switch e.Kind {
	case Stated:
		p.state(attribute{name: e.Name, value: e.Value, second: second})
	case Exposed:
		k.what, k.day = bitExposed, secondDay(second)
		if e.Yes {
			k.what |= bitReached
		}
		p.join(k)
	case Came:
		k.what, k.second = bitOutcome, second
		if e.Yes {
			k.what |= bitYes
		}
		p.join(k)
	}
	r.prune(p, today)
	next := p.encode()
	if bytes.Equal(next, row) {
		return row, segment.Admitted, nil
	}
	return next, segment.Admitted, nil
}

// note takes what the head of the row says about a recording: end of consent and
// notice are those of the last day, there of the highest version, there of the latest
// end, as in a profile.
func (p *Row) note(g segment.Grant, m segment.Moment, today contrib.Day) {
	if m.EntersNext {
		p.enters = max(p.enters, m.Window+1)
	}
	notice, version := g.Notice()
	until := min(max(g.To().UnixMilli(), 0), segment.MaxMilli)
	newer := today > p.seen || p.until == 0
	if today == p.seen && !newer {
		newer = cmp.Or(cmp.Compare(version, int(p.version)), cmp.Compare(until, p.until), compareText(notice, p.notice)) > 0
	}
	p.created, p.seen = min(p.created, today), max(p.seen, today)
	if newer {
		p.until, p.version, p.notice = until, uint32(version), notice
	}
}

// Merge returns the row of a person who was recorded under two identifiers: into, with
// what from holds joined in, in whatever order it was recorded. Where only one is
// there, or only one whose consent has not ended, it is that one. The salt is that of
// into; the person counts in releases from the later of both windows on, and with
// Moment.EntersNext from the next one on; consent ends with the earlier end.
func (r *Rules) Merge(into, from []byte, m segment.Moment) ([]byte, error) {
	today, err := m.Day()
	if err != nil {
		return nil, err
	}
	var rows []*Row
	var held [][]byte
	for _, row := range [][]byte{into, from} {
		if len(row) == 0 {
			continue
		}
		p, err := Read(row)
		if err != nil {
			return nil, err
		}
		if !p.expired(m.Now) {
			r.prune(p, today) // as in Admit
			rows, held = append(rows, p), append(held, row)
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	p := rows[0]
	later := m.EntersNext && p.enters <= m.Window
	if len(rows) == 1 && !later {
		return bytes.Clone(held[0]), nil
	}
	if later {
		p.enters = m.Window + 1
	}
	for _, q := range rows[1:] {
		if cmp.Or(cmp.Compare(q.seen, p.seen), cmp.Compare(q.version, p.version), compareText(q.notice, p.notice)) > 0 {
			p.version, p.notice = q.version, q.notice
		}
		p.created, p.seen = min(p.created, q.created), max(p.seen, q.seen)
		p.enters, p.until = max(p.enters, q.enters), min(p.until, q.until)
		for _, a := range q.attributes {
			p.state(a)
		}
		for _, k := range q.campaigns {
			p.join(k)
		}
		r.prune(p, today)
	}
	return p.encode(), nil
}

// EndBy returns the row with its consent ending at end, if it ended later. It never
// prolongs.
func (r *Rules) EndBy(row []byte, end time.Time) ([]byte, error) {
	return until(row, func(p *Row) bool { return p.until > end.UnixMilli() }, end)
}

// Renew returns the row with its consent lasting until end, where it has not ended at
// now and would end sooner.
func (r *Rules) Renew(row []byte, now, end time.Time) ([]byte, error) {
	return until(row, func(p *Row) bool { return !p.expired(now) && p.until < min(end.UnixMilli(), segment.MaxMilli) }, end)
}

// until moves the end of consent of the rows that move says.
func until(row []byte, move func(*Row) bool, end time.Time) ([]byte, error) {
	if len(row) == 0 {
		return nil, nil
	}
	p, err := Read(row)
	if err != nil || !move(p) {
		return row, err
	}
	p.until = min(max(end.UnixMilli(), 0), segment.MaxMilli)
	return p.encode(), nil
}

// Expire returns the row without what is over at the moment, or declared no more: nil
// when consent has ended or nothing is left, row itself when nothing went. Reads skip
// what has expired, so that a late Expire changes no answer.
func (r *Rules) Expire(row []byte, m segment.Moment) ([]byte, error) {
	today, err := m.Day()
	if err != nil || len(row) == 0 {
		return nil, err
	}
	p, err := Read(row)
	if err != nil || p.expired(m.Now) {
		return nil, err
	}
	r.prune(p, today)
	if next := p.encode(); !bytes.Equal(next, row) {
		return next, nil
	}
	return row, nil
}
