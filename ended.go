package discreet

import (
	"context"
	"slices"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/segment"
)

// Ended says what consent ended for, and who has to be told. Repeating the call
// that ended it gives the same recipients again, as long as the records remember
// the texts that were shown.
type Ended struct {
	Why        consent.Kind  // withdrawn, refused, opted-out, expired or erased
	Purposes   []string      // that ended, sorted
	Pseudonyms map[string]ID // by purpose: under which the person was known; personal data
	Recipients []string      // named by the texts that were agreed to, or who received memberships; sorted; they have to be told

	// Disclosures are the memberships that a recipient may still hold: by whom, under
	// which pseudonym, of which segment, until when. After an erasure they are told
	// here only.
	Disclosures []consent.Disclosure
}

// Statement is the answer to the person, in plain words.
func (x Ended) Statement() string {
	const released = " What was published before stays published: it is counts with noise, which tell next to nothing of any one person. The next ones leave you out."
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

// tell hands what ended to Config.Ended.
func (e *Engine) tell(ctx context.Context, x Ended) error {
	if e.cfg.Ended == nil || len(x.Purposes) == 0 {
		return nil
	}
	return e.cfg.Ended(ctx, x)
}

// tellExpired tells of the profiles whose consent has expired, before Sweep
// deletes them: where that fails, the next Sweep finds them again.
func (e *Engine) tellExpired(ctx context.Context, r *room, now time.Time) error {
	if e.cfg.Ended == nil {
		return nil
	}
	var expired []Ended
	err := e.cfg.Store.ProfileScan(ctx, r.purpose, func(id segment.ID, row []byte) error {
		p, err := segment.ReadProfile(row)
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
			err = e.tell(ctx, x)
		}
	}
	return err
}
