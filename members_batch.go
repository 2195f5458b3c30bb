package discreet

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// candidate is one person of a batch.
type candidate struct {
	who     Raw
	subject consent.Subject
	key     segment.Key // of the profile
	member  ID
	record  *consent.Record

	refusal                  // why nothing is handed out; zero: something is
	segments []string        // that the person is in, and that are open
	until    time.Time       // end of what is handed out
	next     *consent.Record // with what is disclosed
	fresh    bool            // next is not what stands in the store
}

// refusal says why a person is left out.
type refusal struct {
	reason  consent.Reason // consent said no
	unnamed bool
	full    bool
	outside bool
}

func (r *refusal) count(x *Exported) bool {
	switch {
	case r.reason != 0:
		x.Denied[r.reason]++
	case r.unnamed:
		x.Unnamed++
	case r.full:
		x.Full++
	case r.outside:
		x.Outside++
	default:
		return false
	}
	return true
}

// batch exports some people.
func (v *export) batch(ctx context.Context, people []Raw, x *Exported, f func(Membership) error) error {
	e := v.e
	for err := errKeys; err == errKeys; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := e.lookAudiences(ctx); err != nil {
			return err
		}
		if err := v.suspended(ctx); err != nil {
			return err
		}
		open := v.open(x)
		if len(open) == 0 {
			x.Outside += len(people)
			return nil
		}
		k := e.keys.Load()
		if err := v.use(k); err != nil {
			return err
		}
		var d *decided
		tally := Exported{Denied: map[consent.Reason]int{}}
		if d, err = v.record(ctx, k, people, open, &tally); err == errKeys {
			continue
		}
		x.add(&tally)
		if err != nil {
			return err
		}
		return v.handOut(ctx, d, x, f)
	}
	return nil
}

// decided is who may be handed out of a batch, as of one turn of rights.
type decided struct {
	list    []candidate
	answers *answers
	turn    uint64
}

func (v *export) suspended(ctx context.Context) error {
	if err := v.e.suspended.look(ctx, v.e); err != nil {
		return err
	}
	if v.e.suspended.holds(v.q.Purpose) || v.e.suspended.holds(v.q.Sharing) {
		return ErrSuspended
	}
	return nil
}

func (x *Exported) add(n *Exported) {
	x.Malformed += n.Malformed
	x.Repeated += n.Repeated
	x.Unnamed += n.Unnamed
	x.Full += n.Full
	x.Outside += n.Outside
	for r, c := range n.Denied {
		x.Denied[r] += c
	}
}

// record decides on the people under one keyset, and records what will be disclosed,
// durably. It returns those who are left.
func (v *export) record(ctx context.Context, k *keyset, people []Raw, open []string, x *Exported) (*decided, error) {
	e := v.e
	answers := e.newAnswers()
	d := &decided{answers: answers}
	links := make([]pseudonym.Link, 0, len(people))
	known := make([]Raw, 0, len(people))
	for _, who := range people {
		l, err := k.deriver.Link(who, v.q.Purpose)
		if err != nil {
			x.Malformed++
			continue
		}
		if slices.ContainsFunc(links, func(o pseudonym.Link) bool { return o.Subject() == l.Subject() }) {
			x.Repeated++
			continue
		}
		links, known = append(links, l), append(known, who)
		answers.ask(ctx, who, l.Subject(), v.q.Purpose)
		answers.ask(ctx, who, l.Subject(), v.q.Sharing)
	}
	if err := answers.wait(ctx); err != nil {
		return nil, err
	}
	for i, l := range links {
		for _, p := range []string{v.q.Purpose, v.q.Sharing} {
			if s := answers.get(l.Subject(), p); s.Asked && !s.Failed && s.Answer.State == consent.Denied {
				if err := e.obeyDecision(ctx, k, known[i], p); err != nil {
					return nil, err
				}
			}
		}
	}

	e.rights.RLock()
	defer e.rights.RUnlock()
	if err := e.current(k); err != nil {
		return nil, err
	}
	d.turn = e.rights.turn.Load()
	var subjects []consent.Subject
	fresh := false
	for i, l := range links {
		if _, err := e.meet(ctx, k, known[i]); err != nil {
			return nil, err
		}
		c := candidate{who: known[i], subject: l.Subject(), key: segment.Key{Purpose: v.q.Purpose, ID: l.ID()}}
		var err error
		if c.member, err = v.members.ID(c.who, v.purpose); err != nil {
			return nil, err
		}
		if err := v.judge(ctx, &c, answers, open); err != nil {
			return nil, err
		}
		if err := v.disclose(&c); err != nil {
			return nil, err
		}
		if c.refusal.count(x) {
			continue
		}
		d.list, subjects, fresh = append(d.list, c), append(subjects, c.subject), fresh || c.fresh
	}
	if !fresh {
		return d, nil // all of it is recorded already
	}
	err := e.step(ctx, subjects, func(i int, r *consent.Record, held bool) (*consent.Record, error) {
		c := &d.list[i]
		c.record, c.refusal = r, refusal{} // another process may have changed it
		v.consents(c, answers)
		if err := v.disclose(c); err != nil || !held {
			return nil, err
		}
		return c.next, nil
	}, func(f func(int, []byte) ([]byte, error)) error {
		return e.cfg.Store.ConsentUpdate(ctx, subjects, f)
	})
	if err != nil {
		return nil, err
	}
	d.list = slices.DeleteFunc(d.list, func(c candidate) bool { return c.refusal.count(x) })
	return d, nil
}

// judge reads what is held of a person, and decides whether, and in which of the open
// segments, the person may be handed out. The caller holds rights.
func (v *export) judge(ctx context.Context, c *candidate, answers *answers, open []string) error {
	e := v.e
	row, err := e.cfg.Store.ConsentRow(ctx, c.subject)
	if err != nil {
		return err
	}
	if c.record, err = consent.ReadRecord(row); err != nil {
		return err
	}
	c.refusal = refusal{}
	if v.consents(c, answers); c.refusal != (refusal{}) {
		return nil
	}
	row, err = e.cfg.Store.ProfileRow(ctx, c.key)
	if err != nil {
		return err
	}
	c.segments = nil
	if row != nil {
		p, err := segment.ReadProfile(row)
		if err != nil {
			return err
		}
		now := e.cfg.Now()
		for _, s := range v.room.rules.Segments(p, v.room.rules.Day(now)) {
			if slices.Contains(open, s) && p.ConsentEnds().After(now) {
				c.segments = append(c.segments, s)
			}
		}
	}
	c.outside = len(c.segments) == 0
	return nil
}

// consents decides on both purposes, by the candidate's record, and until when.
func (v *export) consents(c *candidate, answers *answers) {
	e, now, h := v.e, v.e.cfg.Now(), c.record.History()
	today := timeOf(dayOf(now))
	c.until = today.AddDate(0, 0, e.cfg.Audience.TTLDays)
	for _, p := range []string{v.q.Sharing, v.q.Purpose} {
		d := e.book.Decide(consent.Question{
			Subject: c.subject, Purpose: p, History: h, EventTime: now, Now: now, Source: answers.get(c.subject, p),
			Heard: e.aged(consent.Heard{Age: v.q.Age}), Suspended: e.suspended.holds(p),
		})
		g, ok := d.Grant()
		if !ok {
			c.reason = d.Reason
			return
		}
		if end := timeOf(dayOf(g.To())); end.Before(c.until) {
			c.until = end
		}
	}
	switch {
	case !e.book.Shares(h, v.q.Sharing, v.q.Recipient, now):
		c.unnamed = true
	case !c.until.After(today):
		c.reason = consent.Expired // today, and a membership lasts for whole days
	}
}

// disclose makes the record that tells of all the candidate's segments, if there is
// something to tell.
func (v *export) disclose(c *candidate) error {
	c.next, c.fresh = c.record, false
	if c.refusal != (refusal{}) {
		return nil
	}
	next := c.record.Clone()
	for _, s := range c.segments {
		changed, err := next.Disclose(v.e.book, consent.Disclosure{
			Recipient: v.q.Recipient, Sharing: v.q.Sharing, Purpose: v.q.Purpose, Segment: s, Member: c.member, Until: c.until,
		}, v.e.cfg.Now())
		switch {
		case errors.Is(err, consent.ErrDisclosures):
			c.full = true
			return nil
		case errors.Is(err, consent.ErrDisclosure): // the record is ahead of the clock
			c.reason = consent.OutsideInterval
			return nil
		case err != nil:
			return err
		}
		c.fresh = c.fresh || changed
	}
	c.next = next
	return nil
}

// handOut calls f for those whose disclosures are recorded. Where consent may have
// ended since the turn in which they were decided on, it looks once more.
func (v *export) handOut(ctx context.Context, d *decided, x *Exported, f func(Membership) error) error {
	for i := range d.list {
		c := &d.list[i]
		if err := ctx.Err(); err != nil {
			return err
		}
		handed, turn := 0, d.turn
		for _, s := range slices.Clone(c.segments) {
			if now := v.e.rights.turn.Load(); now != turn {
				if err := v.again(ctx, c, d.answers); err != nil {
					return err
				}
				turn = now
			}
			if c.refusal != (refusal{}) {
				break
			}
			if !slices.Contains(c.segments, s) {
				continue
			}
			if err := f(Membership{ID: c.member, Segment: s, Expires: c.until}); err != nil {
				return err
			}
			if handed++; handed == 1 {
				x.Members++
			}
			x.Memberships++
		}
		if handed == 0 {
			c.refusal.count(x)
		}
	}
	return nil
}

// again decides anew on a candidate whose disclosures are recorded: what is handed out
// is at most that.
func (v *export) again(ctx context.Context, c *candidate, answers *answers) error {
	e, until := v.e, c.until
	e.rights.RLock()
	defer e.rights.RUnlock()
	if e.closed.Load() {
		return ErrClosed
	}
	open := slices.DeleteFunc(c.segments, func(s string) bool { return !e.visible(v.q.Purpose, s).Open })
	if err := v.judge(ctx, c, answers, open); err != nil {
		return err
	}
	if c.until.After(until) {
		c.until = until
	}
	return nil
}
