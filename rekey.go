package discreet

import (
	"context"
	"iter"
	"slices"
)

// Moves counts what Rekey or Adopt did.
type Moves struct {
	People    int // given
	Malformed int // an identifier was refused by its normaliser
	Moved     int // of whom something was held elsewhere than under the pseudonym of today
}

// Rekey moves people from older roots, and from hashes that Config.Adopt names,
// to their pseudonyms of today: in bulk what otherwise happens when each is next
// seen. Each person is one durable step, so an end in between loses nothing, and
// doing it again moves what is left. On an error, Moves says how far it came.
func (e *Engine) Rekey(ctx context.Context, people iter.Seq[Raw]) (m Moves, err error) {
	defer e.observe("Rekey", e.cfg.Now(), &err)
	for who := range people {
		if err = e.bring(ctx, &m, who, who); err != nil {
			break
		}
	}
	return m, err
}

// Adopt moves people from identifiers that are given up, such as the opaque ids
// of another system, to the ones they are known under from now on: pairs of old
// and new. Nothing is left under the old one. Where something is held under both
// the two are joined as by Merge. It is as durable as Rekey.
func (e *Engine) Adopt(ctx context.Context, pairs iter.Seq2[Raw, Raw]) (m Moves, err error) {
	defer e.observe("Adopt", e.cfg.Now(), &err)
	for old, who := range pairs {
		if err = e.bring(ctx, &m, old, who); err != nil {
			break
		}
	}
	return m, err
}

// bring moves one person from all names of old to the name of today of who.
func (e *Engine) bring(ctx context.Context, m *Moves, old, who Raw) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e.rights.Lock()
	defer e.rights.Unlock()
	if e.closed.Load() {
		return ErrClosed
	}
	m.People++
	k := e.keys.Load()
	to, err := e.names(k, who, false)
	if err != nil {
		m.Malformed++
		return nil
	}
	from, err := e.names(k, old, false)
	if err != nil {
		m.Malformed++
		return nil
	}
	from = append(to[1:len(to):len(to)], slices.DeleteFunc(from, func(n name) bool {
		return slices.ContainsFunc(to, func(t name) bool { return t.subject == n.subject })
	})...)
	moved, err := e.gather(ctx, from, &to[0])
	if moved {
		m.Moved++
	}
	return err
}
