package discreet

import (
	"context"

	"github.com/discreet-go/discreet/consent"
)

// somePeople is of how many people of a batch the consents are read together.
const somePeople = 1024

// rowLender is a store that finds many consent rows together.
type rowLender interface {
	ConsentRows(ctx context.Context, who []consent.Subject, f func(i int, row []byte)) error
}

// consentRows are copies of the consent rows of some people of a batch.
type consentRows struct {
	who  []consent.Subject
	of   []int32 // in who, of each person; -1 for who is joined to another one
	at   []extent
	rows []byte
}

// extent is where a row stands among others.
type extent struct{ from, to int }

// lookUp copies the consent rows of the people from one place up to another, where the
// store finds many together and no other process changes them meanwhile: rights holds
// them within this one.
func (b *batch) lookUp(ctx context.Context, s *space, from, to int) error {
	if b.e.lender == nil || b.e.shared {
		return nil
	}
	c := &s.consents
	c.who, c.of, c.at, c.rows = c.who[:0], c.of[:0], c.at[:0], c.rows[:0]
	for i := from; i < to; i++ {
		p := &b.people[i]
		if len(p.events) == 0 {
			c.of = append(c.of, -1)
			continue
		}
		c.of = append(c.of, int32(len(c.who)))
		c.who, c.at = append(c.who, p.subject), append(c.at, extent{})
	}
	return b.e.lender.ConsentRows(ctx, c.who, func(i int, row []byte) {
		n := len(c.rows)
		c.rows = append(c.rows, row...)
		c.at[i] = extent{n, len(c.rows)}
	})
}

// read reads the consent of a person, who is one of those of the last lookUp.
func (b *batch) read(ctx context.Context, s *space, i int) error {
	e, subject := b.e, b.people[i].subject
	if e.lender != nil && !e.shared {
		c := &s.consents
		at := c.at[c.of[i%somePeople]] // empty where there is no row
		return s.decoder.Deciding(&s.history, c.rows[at.from:at.to])
	}
	row, err := e.cfg.Store.ConsentRow(ctx, subject)
	if err != nil {
		return err
	}
	if e.shared {
		b.consents[i] = consentRow{subject, row}
	}
	return s.decoder.Deciding(&s.history, row)
}
