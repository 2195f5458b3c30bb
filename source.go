package discreet

import (
	"context"
	"slices"
	"sync"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// answers asks Config.Source, once for each person and purpose of a batch.
type answers struct {
	e   *Engine
	wg  sync.WaitGroup
	mu  sync.Mutex
	got map[asked]consent.SourceAnswer
}

// asked is what Config.Source is asked about.
type asked struct {
	subject consent.Subject
	purpose string
}

var (
	failedSource = consent.SourceAnswer{Asked: true, Failed: true}
	anonymous    = consent.Decision{Reason: consent.Anonymous}
)

// sourceParallel is how many lookups of Config.Source an engine runs at a time.
const sourceParallel = 16

func (e *Engine) newAnswers() *answers {
	if e.cfg.Source == nil {
		return nil
	}
	return &answers{e: e, got: map[asked]consent.SourceAnswer{}}
}

func (a *answers) ask(ctx context.Context, who Raw, subject consent.Subject, purpose string) {
	if a == nil {
		return
	}
	key := asked{subject, purpose}
	a.mu.Lock()
	_, asked := a.got[key]
	if !asked {
		a.got[key] = failedSource
	}
	a.mu.Unlock()
	if asked {
		return
	}
	if !a.e.slot(ctx) {
		return
	}
	a.wg.Add(1)
	go func() {
		defer a.wg.Done()
		answer := a.e.lookup(ctx, who, purpose)
		a.mu.Lock()
		a.got[key] = answer
		a.mu.Unlock()
	}()
}

func (a *answers) wait(ctx context.Context) error {
	if a == nil {
		return nil
	}
	a.wg.Wait()
	return ctx.Err()
}

func (a *answers) get(subject consent.Subject, purpose string) consent.SourceAnswer {
	if a == nil {
		return consent.SourceAnswer{}
	}
	return a.got[asked{subject, purpose}]
}

// slot waits for a free slot. One comes free within Config.SourceTimeout, unless
// lookups ignore their contexts; then the answer is a failed one.
func (e *Engine) slot(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*e.cfg.SourceTimeout)
	defer cancel()
	select {
	case e.lookups <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// lookup asks Config.Source within its time, in a slot. An error, a time-out or
// a panic is a failed answer, which denies. A lookup that ignores its context
// keeps its slot until it returns, so that at most sourceParallel are ever
// under way.
func (e *Engine) lookup(ctx context.Context, who Raw, purpose string) consent.SourceAnswer {
	ctx, cancel := context.WithTimeout(ctx, e.cfg.SourceTimeout)
	done := make(chan consent.SourceAnswer, 1)
	go func() {
		answer := failedSource
		defer func() {
			_ = recover() // a Source that panics has failed; its value may hold an identifier
			<-e.lookups
			done <- answer
		}()
		answer = consent.Consult(ctx, e.cfg.Source, who, purpose)
	}()
	defer cancel()
	select {
	case answer := <-done:
		return answer
	case <-ctx.Done():
		return failedSource
	}
}

// obey ends what is held for a person and purpose after Config.Source said no:
// a consent that ended elsewhere ends here, as soon as it is seen. A later yes
// of the Source counts if it was given after this.
func (e *Engine) obey(ctx context.Context, who Raw, l pseudonym.Link) error {
	row, err := e.cfg.Store.ProfileRow(ctx, segment.Key{Purpose: l.Purpose(), ID: l.ID()})
	if err != nil {
		return err
	}
	if row == nil {
		return e.obeyTold(ctx, who, l.Subject(), l.Purpose())
	}
	return e.endBySource(ctx, who, l.Purpose())
}

// obeyTold is obey where there is no profile: a recipient may hold memberships that
// rest on the purpose, and has to be told, once.
func (e *Engine) obeyTold(ctx context.Context, who Raw, subject consent.Subject, purpose string) error {
	row, err := e.cfg.Store.ConsentRow(ctx, subject)
	if err != nil || row == nil {
		return err
	}
	r, err := consent.ReadRecord(row)
	if err != nil {
		return err
	}
	now := e.cfg.Now()
	rests := func(d consent.Disclosure) bool { return d.About(purpose) && d.Until.After(now) }
	if r.History().Stands(purpose, now) || !slices.ContainsFunc(r.Disclosures(), rests) {
		return nil
	}
	return e.endBySource(ctx, who, purpose)
}

func (e *Engine) endBySource(ctx context.Context, who Raw, purpose string) error {
	now := e.cfg.Now()
	_, err := e.forget(ctx, who, []string{purpose}, consent.KindOptedOut, func(r *consent.Record) {
		r.OptOut(purpose, consent.SourceDenied, now)
	})
	return err
}
