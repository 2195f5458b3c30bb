package discreet

import (
	"context"

	"github.com/discreet-go/discreet/consent"
)

// Decide says, for every purpose that a notice names, whether something that a
// person does now may be used for it, given the signals that came along; for
// middleware that decides once a request. An explicit no among the signals, and one
// of Config.Source, reaches what is stored, as with an event. s may be nil. Nothing
// else is recorded.
func (e *Engine) Decide(ctx context.Context, who Raw, s *Signals) (decisions map[string]Decision, err error) {
	defer e.observe("Decide", e.cfg.Now(), &err)
	if e.closed.Load() {
		return nil, ErrClosed
	}
	decisions = make(map[string]Decision, len(e.listen))
	if who.IsZero() {
		for p := range e.listen {
			decisions[p] = anonymous
		}
		return decisions, nil
	}
	if err := e.suspended.look(ctx, e); err != nil {
		return nil, err
	}
	var k *keyset
	for err = errKeys; err == errKeys; {
		k = e.keys.Load()
		err = e.decideAll(ctx, k, who, s, decisions)
	}
	if err != nil {
		return nil, err
	}
	for purpose, d := range decisions {
		if d.Reason != consent.SourceDenied {
			continue
		}
		if err := e.obeyDecision(ctx, k, who, purpose); err != nil {
			return nil, err
		}
	}
	return decisions, nil
}

// obeyDecision is obey for any purpose, also one under which nothing is kept.
func (e *Engine) obeyDecision(ctx context.Context, k *keyset, who Raw, purpose string) error {
	if _, ok := e.keeping(purpose); ok {
		link, err := k.deriver.Link(who, purpose)
		if err != nil {
			return err
		}
		return e.obey(ctx, who, link)
	}
	subjects, err := k.deriver.AppendSubjects(nil, who)
	if err != nil {
		return err
	}
	return e.obeyTold(ctx, who, subjects[0], purpose)
}

// decideAll is Decide under one keyset; errKeys where another came meanwhile.
func (e *Engine) decideAll(ctx context.Context, k *keyset, who Raw, s *Signals, decisions map[string]Decision) error {
	if err := e.obeySignals(ctx, k, who, s); err != nil {
		return err
	}
	subjects, err := k.deriver.AppendSubjects(nil, who)
	if err != nil {
		return err
	}
	answers := e.newAnswers()
	for purpose := range e.listen {
		answers.ask(ctx, who, subjects[0], purpose)
	}
	if err := answers.wait(ctx); err != nil {
		return err
	}
	e.rights.RLock()
	defer e.rights.RUnlock()
	if err := e.current(k); err != nil {
		return err
	}
	n, err := e.meet(ctx, k, who)
	if err != nil {
		return err
	}
	h, _, err := e.deciding(ctx, n.subject)
	if err != nil {
		return err
	}
	now := e.cfg.Now()
	for purpose := range e.listen {
		decisions[purpose] = e.book.Decide(consent.Question{
			Subject: n.subject, Purpose: purpose, History: h, EventTime: now, Now: now,
			Source: answers.get(n.subject, purpose), Heard: e.aged(e.hear(s, purpose)), Suspended: e.suspended.holds(purpose),
		})
	}
	return nil
}
