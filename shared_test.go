package discreet_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/segment"
)

// sharedStore is a store that says that several engines use it; between is called
// before profiles are written.
type sharedStore struct {
	*memstore.Store
	between func()
}

func (*sharedStore) Shared() bool { return true }

func (s *sharedStore) Update(ctx context.Context, who []ident.Subject, keys []segment.Key, f func(i int, row []byte) ([]byte, error)) error {
	if s.between != nil {
		s.between()
	}
	return s.Store.Update(ctx, who, keys, f)
}

// allLogged holds that every entry of every record is in the consent log, and that the
// log verifies.
func allLogged(t *testing.T, s discreet.Store) (entries int) {
	t.Helper()
	check(t, s.ConsentSweep(t.Context(), func(_ consent.Subject, row []byte) ([]byte, error) {
		r, err := consent.ReadRecord(row)
		if err != nil {
			return nil, err
		}
		for _, e := range r.Entries() {
			entries++
			if _, logged, err := consent.NewLog(s).Find(t.Context(), e.Commitment()); err != nil || !logged {
				t.Errorf("an entry %v is not in the log, %v", e.Kind, err)
			}
		}
		return row, nil
	}))
	check(t, consent.NewLog(s).Read(t.Context(), nil))
	return entries
}

// TestOtherEngineWithdraws lets another engine on the same store end a consent
// between the decision about an event and the profile: the event is refused.
func TestOtherEngineWithdraws(t *testing.T) {
	store := &sharedStore{Store: memstore.Volatile()}
	e := openWorld(t, discreet.Config{Store: store})
	other, err := discreet.Open(t.Context(), e.Config)
	check(t, err)
	for name, end := range map[string]func() error{
		"withdraw": func() error { return errOf(other.Withdraw(t.Context(), ann)) },
		"refuse":   func() error { return other.Choose(t.Context(), ann, refuse) },
		"erase":    func() error { return errOf(other.Erase(t.Context(), ann, operator)) },
	} {
		e.Clock.Advance(time.Hour)
		e.Agree(t, ann)
		var once sync.Once
		store.between = func() { once.Do(func() { store.between = nil; check(t, end()) }) }
		outcomes, err := e.Record(t.Context(), event(e, ann, "1", "a", "sports.running"))
		check(t, err)
		if outcomes[0].Decision.Allowed || len(rows(t, store.Store)) != 0 {
			t.Errorf("%s by another engine: %v, %d profiles", name, outcomes[0].Decision, len(rows(t, store.Store)))
		}
		e.Clock.Advance(time.Hour)
		e.Agree(t, ann)
		once = sync.Once{}
		store.between = func() { once.Do(func() { store.between = nil; check(t, end()) }) }
		tally, err := e.RecordBatch(t.Context(), []discreet.Event{event(e, ann, "2", "a", "sports.running"), event(e, ann, "3", "a", "sports.running")})
		check(t, err)
		if len(tally.Results) != 0 || len(rows(t, store.Store)) != 0 {
			t.Errorf("%s by another engine, of a batch: %+v, %d profiles", name, tally, len(rows(t, store.Store)))
		}
	}
}

// TestTwoEngines lets two engines on one store do everything to a few people at
// once: no withdrawal is lost, every entry is in the log, the log verifies.
func TestTwoEngines(t *testing.T) {
	ctx, store := t.Context(), &sharedStore{Store: memstore.Volatile()}
	start := time.Now()
	clock := func() time.Time { return discreettest.Start.Add(time.Since(start)) }
	first := openWorld(t, discreet.Config{Store: store, Now: clock})
	second, err := discreet.Open(ctx, first.Config)
	check(t, err)
	people := []discreet.Raw{ann, bob, discreet.Device("6fa459ea-ee8a-4ca4-894e-db77e160355e")}
	busy := func(err error) bool { return errors.Is(err, consent.ErrConflict) } // says so, and may be repeated
	var wg sync.WaitGroup
	for n, e := range []*discreet.Engine{first.Engine, second, first.Engine, second} {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(n), 1))
			for i := range 150 {
				who, other := people[r.IntN(len(people))], people[r.IntN(len(people))]
				var err error
				switch r.IntN(8) {
				case 0:
					err = e.Choose(ctx, who, agree)
				case 1:
					err = e.Choose(ctx, who, refuse)
				case 2:
					_, err = e.Withdraw(ctx, who)
				case 3:
					err = e.Served(ctx, who, "personal-pages", 1, "en")
				case 4:
					_, err = e.Import(ctx, all(historic(who, clock().AddDate(0, 0, -r.IntN(50)), []discreet.Choice{agree, refuse}[r.IntN(2)])))
				case 5:
					if err = e.Merge(ctx, who, other); err == discreet.ErrSame {
						err = nil
					}
				default:
					_, err = e.Record(ctx, discreet.Event{
						Who: who, MessageID: fmt.Sprint(n, i), Kind: "view", Item: "a", Category: "sports.running", Time: clock(),
					})
				}
				if err != nil && !busy(err) {
					t.Errorf("%v", err)
				}
			}
		})
	}
	wg.Wait()
	if n := allLogged(t, store); n == 0 {
		t.Error("no entries")
	}
	// Now one engine records while the other ends consent: once that returned,
	// nothing is kept and nothing is allowed.
	for round := range 30 {
		for _, who := range people {
			check(t, first.Choose(ctx, who, agree))
		}
		stop := make(chan struct{})
		for i, who := range people {
			wg.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
					}
					_, err := first.Record(ctx, discreet.Event{
						Who: who, MessageID: fmt.Sprint(round, i, n), Kind: "view", Item: "a", Category: "sports.running", Time: clock(),
					})
					if err != nil {
						t.Errorf("%v", err)
						return
					}
				}
			})
		}
		time.Sleep(time.Millisecond)
		for _, who := range people {
			if _, err := second.Withdraw(ctx, who); err != nil {
				t.Errorf("%v", err)
			}
		}
		close(stop)
		wg.Wait()
		if n := len(rows(t, store.Store)); n != 0 {
			t.Fatalf("%d profiles are left of people who withdrew", n)
		}
		for _, who := range people {
			d, err := first.Decide(ctx, who, nil)
			check(t, err)
			if d[discreettest.Purpose].Reason != consent.Withdrawn {
				t.Errorf("%v", d)
			}
		}
	}
	allLogged(t, store)
}

// TestSuspendUnderLoad suspends while events come, pages are ranked and tables are
// released: once Suspend returned, nothing is admitted, used or begun.
func TestSuspendUnderLoad(t *testing.T) {
	ctx := t.Context()
	e := openWorld(t, discreet.Config{})
	e.Agree(t, ann, bob)
	var turns atomic.Int64 // odd while suspended
	stop := make(chan struct{})
	var wg sync.WaitGroup
	run := func(use func(n int) (used bool)) {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				turn := turns.Load()
				if used := use(n); used && turn%2 == 1 && turns.Load() == turn {
					t.Error("used after Suspend returned")
				}
			}
		})
	}
	for i, who := range []discreet.Raw{ann, bob} {
		run(func(n int) bool {
			outcomes, err := e.Record(ctx, event(e, who, fmt.Sprint(i, n), "a", "sports.running"))
			check(t, err)
			return outcomes[0].Decision.Allowed
		})
	}
	run(func(int) bool {
		r, err := e.Rank(ctx, discreet.RankRequest{Who: ann, Measure: "views", Limit: 1})
		check(t, err)
		return r.Decision.Allowed
	})
	run(func(n int) bool {
		_, err := e.Release(ctx, discreet.Query{Name: fmt.Sprint("x", n%5), Measure: "sizes", Share: 0.1}, operator)
		if err != nil && !errors.Is(err, discreet.ErrSuspended) {
			t.Errorf("%v", err)
		}
		return err == nil
	})
	for range 20 {
		check(t, e.Suspend(ctx, discreettest.Purpose, operator))
		turns.Add(1)
		if !slices.Equal(e.Suspended(), []string{discreettest.Purpose}) {
			t.Error("not suspended")
		}
		time.Sleep(2 * time.Millisecond)
		turns.Add(1)
		check(t, e.Resume(ctx, discreettest.Purpose, operator))
		time.Sleep(time.Millisecond)
	}
	close(stop)
	wg.Wait()
}
