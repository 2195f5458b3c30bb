package discreet

import (
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/segment"
)

// Historic is an answer that a person gave elsewhere, earlier, with its own date
// and where the proof of it is kept.
type Historic struct {
	Who Raw
	consent.Historic
}

// ImportTally counts what an Import did. It is exact and stays inside.
type ImportTally struct {
	Answers          int // taken from the caller
	Malformed        int // an identifier was refused by its normaliser
	consent.Imported     // what became of their purposes
}

const importBatch = 256

// Import takes over answers that were given elsewhere, such as the records of a
// consent system that is replaced: each with its own date, so that the consent
// lasts from then, and is in the journal of the person with its proof. What is
// recorded here at or after that date stays; see [consent.Record.Import]. A no that
// ends a consent deletes what was kept under it, in the same step, and a newer yes
// that ends sooner ends it sooner. Give the oldest
// first. It works in durable steps of up to 256 people; after an error or a
// cancelled context the tally says how far it came, and importing again changes
// nothing of that.
//
// It returns the errors of [consent.Record.Import] for an answer that makes no
// sense, after those before it were imported: it is number Answers.
func (e *Engine) Import(ctx context.Context, answers iter.Seq[Historic]) (t ImportTally, err error) {
	defer e.observe("Import", e.cfg.Now(), &err)
	var batch []Historic
	for a := range answers {
		t.Answers++
		if _, wrong := new(consent.Record).Import(e.book, a.Historic, e.cfg.Now()); wrong != nil {
			if err = e.importBatch(ctx, batch, &t); err == nil {
				err = wrong
			}
			return t, err
		}
		if batch = append(batch, a); len(batch) == importBatch {
			if err = e.importBatch(ctx, batch, &t); err != nil {
				return t, err
			}
			batch = batch[:0]
		}
	}
	return t, e.importBatch(ctx, batch, &t)
}

func (e *Engine) importBatch(ctx context.Context, batch []Historic, t *ImportTally) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var ended []Ended
	err := e.importAll(ctx, batch, t, &ended)
	return e.tellAll(ctx, ended, err)
}

// importAll imports a batch: answers without a no together, each other one alone,
// in their order for each person.
func (e *Engine) importAll(ctx context.Context, batch []Historic, t *ImportTally, ended *[]Ended) error {
	e.rights.Lock()
	defer e.rights.Unlock()
	if e.closed.Load() {
		return ErrClosed
	}
	var people []consent.Subject
	names := map[consent.Subject]*name{}
	given := map[consent.Subject][]consent.Historic{}
	flush := func() error {
		if len(people) == 0 {
			return nil
		}
		counts := make([]consent.Imported, len(people))
		err := e.stepLasting(ctx, people, func(i int) *name { return names[people[i]] }, func(i int, r *consent.Record) (err error) {
			counts[i], err = e.take(r, given[people[i]])
			return err
		})
		if err != nil {
			return err
		}
		for _, n := range counts {
			t.Add(n)
		}
		people = people[:0]
		clear(given)
		return nil
	}
	for i := range batch {
		a := &batch[i]
		n, err := e.meet(ctx, e.keys.Load(), a.Who)
		if err != nil {
			if a.Who.IsZero() || e.malformed(a.Who) {
				t.Malformed++
				continue
			}
			return err
		}
		if len(a.Refuse) == 0 {
			if _, ok := given[n.subject]; !ok {
				people = append(people, n.subject)
				names[n.subject] = n
			}
			given[n.subject] = append(given[n.subject], a.Historic)
			continue
		}
		if err := flush(); err != nil {
			return err
		}
		if err := e.importNo(ctx, n, a.Historic, t, ended); err != nil {
			return err
		}
	}
	return flush()
}

// take imports the answers of one person, in order.
func (e *Engine) take(r *consent.Record, answers []consent.Historic) (n consent.Imported, err error) {
	for _, a := range answers {
		more, err := r.Import(e.book, a, e.cfg.Now())
		if err != nil {
			return n, err
		}
		n.Add(more)
	}
	return n, nil
}

// importNo imports an answer with a no: what it ends is deleted with it.
func (e *Engine) importNo(ctx context.Context, n *name, a consent.Historic, t *ImportTally, ended *[]Ended) error {
	var count consent.Imported
	var keys []segment.Key
	lasts := map[segment.Key]time.Time{} // of what else the answer says
	var x Ended
	people := []consent.Subject{n.subject}
	err := e.step(ctx, people, func(_ int, r *consent.Record, _ bool) (_ *consent.Record, err error) {
		before := r.Clone()
		if count, err = e.take(r, []consent.Historic{a}); err != nil {
			return nil, err
		}
		now := e.cfg.Now()
		was, is := before.History(), r.History()
		then, still := was.Open(now), is.Open(now)
		ends := func(p string) bool {
			return slices.Contains(then, p) && !slices.Contains(still, p) ||
				e.cfg.Source != nil && is.Refused(p, now) && !was.Refused(p, now) // what it agreed to, no record has
		}
		x, keys = e.ended(n, before, ends, consent.KindWithdrawn), e.keysOf(n, ends)
		clear(lasts)
		e.lasting(n, before, r, lasts)
		maps.DeleteFunc(lasts, func(k segment.Key, _ time.Time) bool { return slices.Contains(keys, k) })
		return r, nil
	}, func(f func(int, []byte) ([]byte, error)) error {
		if err := e.shorten(ctx, lasts); err != nil {
			return err
		}
		return e.cfg.Store.Forget(ctx, n.subject, func(row []byte) ([]byte, error) { return f(0, row) }, keys)
	})
	if err != nil {
		return err
	}
	t.Add(count)
	if len(x.Purposes) > 0 {
		*ended = append(*ended, x)
	}
	return e.renew(ctx, lasts, e.cfg.Now())
}

// malformed reports whether the identifier has no pseudonym.
func (e *Engine) malformed(who Raw) bool {
	_, err := e.keys.Load().deriver.AppendSubjects(nil, who)
	return err != nil
}
