package discreet

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/discreet-go/discreet/dp/ledger"
)

// ErrSuspended is returned by Release for a measure of a purpose that is
// suspended.
var ErrSuspended = errors.New("discreet: the purpose is suspended")

const (
	actionSuspend = "Suspend "
	actionResume  = "Resume "

	// suspendedFor is how long an engine goes by what it knows before it looks
	// whether another process suspended something.
	suspendedFor = time.Second
)

// Suspend stops every use of a purpose and of those below it, at once, and deletes
// nothing: events are
// refused with the reason consent.Suspended, rankings are contextual, releases
// return ErrSuspended, nobody is asked. Explain, Export, Withdraw and Erase go on.
// It is an entry of the access log and lasts, also over Open, until Resume; other
// processes on the same store follow within a second. Suspending twice is no error.
func (e *Engine) Suspend(ctx context.Context, purpose string, by Actor) (err error) {
	defer e.observe("Suspend", e.cfg.Now(), &err)
	return e.suspend(ctx, purpose, actionSuspend, by)
}

// Resume ends what Suspend began. Events that came meanwhile were refused and may
// be recorded again: consent lasted.
func (e *Engine) Resume(ctx context.Context, purpose string, by Actor) (err error) {
	defer e.observe("Resume", e.cfg.Now(), &err)
	return e.suspend(ctx, purpose, actionResume, by)
}

// Suspended returns the purposes that are suspended, sorted, without those below them,
// as this engine knows.
func (e *Engine) Suspended() []string {
	return slices.Sorted(maps.Keys(*e.suspended.now.Load()))
}

func (e *Engine) suspend(ctx context.Context, purpose, action string, by Actor) error {
	if _, ok := e.book.Purpose(purpose); !ok {
		return ErrNoPurpose
	}
	// Alone, so that nothing of the purpose is under way when it returns.
	e.rights.Lock()
	defer e.rights.Unlock()
	if err := e.note(ctx, by, action+purpose); err != nil {
		return err
	}
	return e.suspended.read(ctx, e)
}

// suspensions is what is suspended, as the access log says.
type suspensions struct {
	now    atomic.Pointer[map[string]struct{}]
	looked atomic.Int64 // ms of Config.Now

	mu   sync.Mutex
	next uint64 // position of the first entry not read yet
}

// holds reports whether a purpose, or one above it, is suspended.
func (s *suspensions) holds(purpose string) bool {
	m := *s.now.Load()
	for key := purpose; len(m) > 0 && key != ""; {
		if _, ok := m[key]; ok {
			return true
		}
		key = key[:max(0, strings.LastIndexByte(key, '.'))]
	}
	return false
}

// look reads on where the last look is longer ago than suspendedFor.
func (s *suspensions) look(ctx context.Context, e *Engine) error {
	now := e.cfg.Now().UnixMilli()
	if last := s.looked.Load(); now >= last && now < last+suspendedFor.Milliseconds() {
		return nil
	}
	return s.read(ctx, e)
}

// read reads what the access log has gained.
func (s *suspensions) read(ctx context.Context, e *Engine) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := map[string]struct{}{}
	if old := s.now.Load(); old != nil {
		m = maps.Clone(*old)
	}
	now := e.cfg.Now().UnixMilli()
	next, err := e.access.Find(ctx, s.next, []string{actionSuspend, actionResume}, func(a ledger.Access) error {
		if purpose, ok := strings.CutPrefix(a.Action, actionSuspend); ok {
			m[purpose] = struct{}{}
		}
		if purpose, ok := strings.CutPrefix(a.Action, actionResume); ok {
			delete(m, purpose)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.next = next
	s.now.Store(&m)
	s.looked.Store(now)
	return nil
}
