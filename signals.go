package discreet

import (
	"context"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/consent/iab"
)

// Signals are what came along with an event or a request, as they were.
type Signals = consent.Signals

// listeners returns how each purpose listens to signals.
func (c *Config) listeners(book *consent.Book) (map[string]*iab.Rule, error) {
	m := map[string]*iab.Rule{}
	for _, key := range book.Purposes() {
		p, _ := book.Purpose(key)
		r := &iab.Rule{US: p.Advertising || p.Sharing}
		if tcf, ok := c.TCF[key]; ok {
			r.TCF = &tcf
		}
		if err := r.Check(); err != nil {
			return nil, err
		}
		m[key] = r
	}
	for key := range c.TCF {
		if m[key] == nil {
			return nil, ErrNoPurpose
		}
	}
	return m, nil
}

// hear returns what the signals say about a purpose.
func (e *Engine) hear(s *Signals, purpose string) consent.Heard {
	return e.listen[purpose].Hear(s, e.cfg.Now())
}

// aged puts in what a person of unknown age counts as.
func (e *Engine) aged(h consent.Heard) consent.Heard {
	if h.Age == consent.AgeUnknown {
		h.Age = e.cfg.UnknownAge
	}
	return h
}

// explicit returns the reason of a no that reaches what is stored, or 0: an
// opt-out, a refusal, or the advertising purpose of a person who is known to be too
// young. What cannot be read denies the event and ends nothing.
func (e *Engine) explicit(h consent.Heard, purpose string) consent.Reason {
	p, _ := e.book.Purpose(purpose)
	switch {
	case p.Advertising && (h.Age == consent.Minor || h.Age == consent.Child):
		return consent.TooYoung
	case h.GPC == consent.Forbids:
		return consent.OptedOutGPC
	case h.GPP == consent.Forbids:
		return consent.OptedOutGPP
	case h.TCF == consent.Forbids:
		return consent.RefusedTCF
	}
	return 0
}

// obeySignals ends what a person's signals say no to, for every purpose that
// listens, also those that no segment is for: before what came with them is decided.
// An identifier without a pseudonym holds nothing.
func (e *Engine) obeySignals(ctx context.Context, k *keyset, who Raw, s *Signals) error {
	if who.IsZero() || s.IsZero() {
		return nil
	}
	for _, purpose := range e.book.Purposes() {
		by := e.explicit(e.hear(s, purpose), purpose)
		if by == 0 {
			continue
		}
		names, err := e.names(k, who, false)
		if err != nil {
			return nil
		}
		if err := e.optOut(ctx, &names[0], who, purpose, by); err != nil {
			return err
		}
	}
	return nil
}

// renewed is how long a no that a signal repeats is not written again.
const renewed = time.Minute

// optOut ends what is held for a person and purpose, and below it, after a signal
// said no. Where a no stands already and there is nothing to end, it is not written
// again, unless a yes of Config.Source may be newer: the signal came after that.
func (e *Engine) optOut(ctx context.Context, n *name, who Raw, purpose string, by consent.Reason) error {
	h, _, err := e.deciding(ctx, n.subject)
	if err != nil {
		return err
	}
	now := e.cfg.Now()
	change := func(r *consent.Record) { r.OptOut(purpose, by, now) }
	if h.Stands(purpose, now) {
		held := false
		for _, key := range e.keysOf(n, e.under([]string{purpose})) {
			row, err := e.cfg.Store.ProfileRow(ctx, key)
			if err != nil {
				return err
			}
			held = held || row != nil
		}
		switch {
		case held:
		case e.cfg.Source == nil || h.Returned(now.Add(-renewed), purpose):
			return nil
		default:
			_, err = e.end(ctx, who, []string{purpose}, consent.KindOptedOut, change) // nothing ends, nobody is told
			return err
		}
	}
	_, err = e.forget(ctx, who, []string{purpose}, consent.KindOptedOut, change)
	return err
}
