package discreet

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/segment"
)

// Ended says what consent ended for, and who has to be told. Its JSON may be answered
// to the person, and handed on to the recipients; it is personal data, for no log.
// Repeating a Withdraw or Choose that ended consent gives the same recipients again,
// as long as the records remember the texts that were shown.
type Ended struct {
	Why        consent.Kind  `json:"why"`                  // withdrawn, refused, opted-out, expired or erased
	Purposes   []string      `json:"purposes"`             // that ended, sorted
	Pseudonyms map[string]ID `json:"pseudonyms,omitempty"` // by purpose under which more than the choice is kept: what ID returns for the person
	Recipients []string      `json:"recipients,omitempty"` // named by the texts that were agreed to, or who received memberships; sorted; they have to be told

	// Disclosures are the memberships that a recipient may still hold: by whom, under
	// which pseudonym, of which segment, until when. After an erasure they are told
	// here only.
	Disclosures []consent.Disclosure `json:"disclosures,omitempty"`
}

// Statement is the answer to the person, in plain words.
func (x Ended) Statement() string {
	const released = " What was published before stays published: it is counts with noise, so that what it tells of any one person is bounded. The next ones leave you out."
	told := ""
	if len(x.Recipients) > 0 {
		told = " Those who received data under it are told."
	}
	if x.Why == consent.KindErased {
		return "Everything that was held about you is deleted, but for the moment of this erasure, which keeps older events out." + told + released
	}
	return "Use of your data for this ended at once, and what was kept for it is deleted." + told + released
}

// ended says what ends of a person's record.
func (e *Engine) ended(n *name, r *consent.Record, ends func(purpose string) bool, why consent.Kind) Ended {
	x := Ended{Why: why, Purposes: slices.DeleteFunc(e.book.Purposes(), func(p string) bool { return !ends(p) })}
	x.Recipients = e.book.Recipients(r.History(), x.Purposes)
	x.tell(disclosed(r, ends, why))
	for _, key := range e.keysOf(n, ends) {
		if x.Pseudonyms == nil {
			x.Pseudonyms = map[string]ID{}
		}
		x.Pseudonyms[key.Purpose] = key.ID
	}
	return x
}

// add adds recipients.
func (x *Ended) add(recipients []string) {
	x.Recipients = slices.Compact(slices.Sorted(slices.Values(append(x.Recipients, recipients...))))
}

// named returns the recipients of the texts that the profiles under a name were
// built under. Where Config.Source agreed, no record has them.
func (e *Engine) named(ctx context.Context, n *name, ends func(purpose string) bool) (list []string, err error) {
	if e.cfg.Source == nil {
		return nil, nil
	}
	for _, key := range e.keysOf(n, ends) {
		row, err := e.cfg.Store.ProfileRow(ctx, key)
		if err != nil {
			return nil, err
		}
		r, _ := e.keeping(key.Purpose)
		if p, err := r.head(row); err == nil && row != nil { // what cannot be read is deleted all the same
			notice, version := p.Notice()
			list = append(list, e.book.RecipientsOf(key.Purpose, notice, version)...)
		}
	}
	return list, nil
}

// tell adds disclosures, whose recipients have to be told.
func (x *Ended) tell(list []consent.Disclosure) {
	x.Disclosures = append(x.Disclosures, list...)
	for i := range list {
		x.Recipients = append(x.Recipients, list[i].Recipient)
	}
	slices.Sort(x.Recipients)
	x.Recipients = slices.Compact(x.Recipients)
}

// lapsed says what the expiry of consents ends, where a recipient may use memberships
// longer than that.
func (e *Engine) lapsed(r *consent.Record, now time.Time) (x Ended, some bool) {
	x = Ended{Why: consent.KindExpired, Purposes: r.Clone().Lapse(now)}
	slices.Sort(x.Purposes)
	x.Purposes = slices.Compact(x.Purposes)
	list := disclosed(r, func(p string) bool { return slices.Contains(x.Purposes, p) }, x.Why)
	x.tell(slices.DeleteFunc(list, func(d consent.Disclosure) bool { return !d.Until.After(now) }))
	return x, len(x.Disclosures) > 0
}

// tell hands what ended to Config.Ended, also where whoever ended it has gone: it
// has ended.
func (e *Engine) tell(ctx context.Context, x Ended) error {
	if e.cfg.Ended == nil || len(x.Purposes) == 0 {
		return nil
	}
	return e.cfg.Ended(context.WithoutCancel(ctx), x)
}

// tellAll tells of all that ended, whatever else failed, and joins errors to err.
func (e *Engine) tellAll(ctx context.Context, list []Ended, err error) error {
	for _, x := range list {
		if untold := e.tell(ctx, x); untold != nil {
			err = errors.Join(err, untold)
		}
	}
	return err
}

// tellExpired tells of the profiles whose consent has expired, before Sweep
// deletes them: where that fails, the next Sweep finds them again.
func (e *Engine) tellExpired(ctx context.Context, r *room, now time.Time) error {
	if e.cfg.Ended == nil {
		return nil
	}
	var expired []Ended
	err := e.cfg.Store.ProfileScan(ctx, r.purpose, func(id segment.ID, row []byte) error {
		p, err := r.head(row)
		if err != nil || p.ConsentEnds().After(now) {
			return err
		}
		notice, version := p.Notice()
		expired = append(expired, Ended{
			Why: consent.KindExpired, Purposes: []string{r.purpose},
			Pseudonyms: map[string]ID{r.purpose: id}, Recipients: e.book.RecipientsOf(r.purpose, notice, version),
		})
		return nil
	})
	for _, x := range expired {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = e.tell(ctx, x)
		}
	}
	return err
}
