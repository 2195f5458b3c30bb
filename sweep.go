package discreet

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/segment"
)

// Swept counts what a Sweep did.
type Swept struct {
	Profiles int // profile rows deleted because they expired
	Trimmed  int // profile rows that lost expired parts
	Consents int // consent rows that lost what is too old, or gained the entry of an expiry
}

// Sweep deletes what has expired: profiles past consent or TTL, old parts of
// others, message ids past seven days, and consent records that nothing needs
// any more, and all rows under roots that were destroyed, where nobody can be
// found again. Every read skips what expired, so a late Sweep changes no answer.
// Call it about once a day; it works in batches and honours ctx. Where Config.Ended or
// the consent log fails, what it was to be told or to note stays for the next Sweep,
// and the rest is done.
//
// Where the store can, as boltstore can, it ends by rewriting its file: what was
// deleted before the call, by whatever, is gone from the file when Sweep
// returns. So with a Sweep a day, erased rows are gone at the latest a day and
// the length of a Sweep after Erase.
func (e *Engine) Sweep(ctx context.Context) (s Swept, err error) {
	defer e.observe("Sweep", e.cfg.Now(), &err)
	if e.closed.Load() {
		return s, ErrClosed
	}
	now := e.cfg.Now()
	m, err := e.moment(now)
	if err != nil {
		return s, err
	}
	keys := e.keys.Load()
	var failed error
	for i := range e.rooms {
		r := &e.rooms[i]
		if err := e.tellExpired(ctx, r, now); err != nil {
			if ctx.Err() != nil {
				return s, err
			}
			failed = errors.Join(failed, err)
			continue
		}
		turns, today := e.newEdges(), dayOf(now)
		if r.audit != nil {
			turns = nil
		} else {
			today = r.rules.Day(now)
		}
		err := e.cfg.Store.ProfileSweep(ctx, r.purpose, func(id segment.ID, row []byte) (next []byte, err error) {
			if keys.lost(id) {
				s.Profiles++
				return nil, nil
			}
			next, err = r.keeper().Expire(row, m)
			if err == nil && turns != nil {
				list, err := r.rules.Edges(segment.Held{Row: row, Day: contrib.Day(e.swept[i].Load())}, segment.Held{Row: next, Day: today})
				if err != nil {
					return nil, err
				}
				turns.add(segment.Key{Purpose: r.purpose, ID: id}, list)
			}
			switch {
			case err != nil:
				return nil, err
			case next == nil:
				s.Profiles++
			case !bytes.Equal(next, row):
				s.Trimmed++
			}
			return next, nil
		})
		if err != nil {
			return s, err
		}
		e.swept[i].Store(int32(today))
		turns.tell(&err)
	}
	w, err := e.account.At(now)
	if err != nil {
		return s, err
	}
	days := max(e.rememberDays(), 2*int(w.To-w.From)) // AmendBudget may change the length
	keep := time.Duration(days) * 24 * time.Hour
	var lapsing []consent.Subject
	var ended []Ended
	err = e.cfg.Store.ConsentSweep(ctx, func(who consent.Subject, row []byte) ([]byte, error) {
		if keys.lost(who.ID()) {
			s.Consents++
			return nil, nil
		}
		r, err := consent.ReadRecord(row)
		if err != nil {
			return nil, err
		}
		if r.Lapsing(now) {
			lapsing = append(lapsing, who) // with an entry in the log
			if x, ok := e.lapsed(r, now); ok && e.cfg.Ended != nil {
				ended = append(ended, x)
			}
			return row, nil
		}
		if !r.Expire(now, keep) {
			return row, nil
		}
		s.Consents++
		return r.Row(), nil
	})
	if err != nil {
		return s, err
	}
	for _, x := range ended { // before the entries: where it fails, the next Sweep finds them again
		if err := e.tell(ctx, x); err != nil {
			return s, err
		}
	}
	for batch := range slices.Chunk(lapsing, 256) {
		err := e.step(ctx, batch, func(_ int, r *consent.Record, held bool) (*consent.Record, error) {
			if !held {
				return nil, nil
			}
			r.Lapse(now)
			r.Expire(now, keep)
			return r, nil
		}, func(f func(int, []byte) ([]byte, error)) error { return e.cfg.Store.ConsentUpdate(ctx, batch, f) })
		if err != nil {
			if ctx.Err() != nil {
				return s, err
			}
			failed = errors.Join(failed, err)
			break
		}
		s.Consents += len(batch)
	}
	if c, ok := e.cfg.Store.(interface{ Compact(context.Context) error }); ok {
		if err := c.Compact(ctx); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return s, failed
}
