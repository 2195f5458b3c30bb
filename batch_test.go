package discreet_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// TestBatchEqualsOneByOne records thousands of events of a crowd, of all that events
// may be, in batches of several sizes and one by one: rows, outcomes and counters are
// the same, whatever the store can do, and however many processors take part.
func TestBatchEqualsOneByOne(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	keys, err := pseudonym.NewKeyring()
	check(t, err)
	rotated, err := keys.Rotate(time.Now())
	check(t, err)
	answers := map[string]consent.Answer{}
	for i := range 40 {
		state := []consent.AnswerState{consent.Allowed, consent.Denied, consent.Unknown}[i%3]
		answers[fmt.Sprint("customer-", i)] = consent.Answer{State: state, Since: discreettest.Start.AddDate(0, 0, -2), Notice: "elsewhere", Version: 1}
	}
	for name, c := range map[string]struct {
		next   *pseudonym.Keyring // from the third batch on
		source consent.Source
		events int
		store  func() (discreet.Store, *memstore.Store)
	}{
		"memory": {nil, nil, 7000, func() (discreet.Store, *memstore.Store) { s := memstore.Volatile(); return s, s }},
		"plain":  {nil, nil, 3000, func() (discreet.Store, *memstore.Store) { s := memstore.Volatile(); return plainStore{s}, s }},
		"shared": {nil, nil, 3000, func() (discreet.Store, *memstore.Store) { s := memstore.Volatile(); return &sharedStore{Store: s}, s }},
		"source": {nil, &source{answers}, 2500, func() (discreet.Store, *memstore.Store) { s := memstore.Volatile(); return s, s }},
		"roots":  {rotated, nil, 2500, func() (discreet.Store, *memstore.Store) { s := memstore.Volatile(); return s, s }},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, both := twoPurposes(keys)
			if c.source != nil {
				cfg.Source, cfg.SourceTimeout = c.source, time.Minute
			}
			open := func() (*discreettest.Engine, *memstore.Store) {
				cfg := cfg
				var held *memstore.Store
				cfg.Store, held = c.store()
				e := discreettest.Open(t, cfg)
				for i := range 200 {
					answer := both
					switch {
					case i%10 == 9:
						continue
					case i%10 == 8:
						answer.Grant, answer.Refuse = both.Grant[:1], both.Grant[1:]
					case i%10 == 7:
						answer.Grant, answer.Refuse = nil, both.Grant
					}
					check(t, e.Choose(t.Context(), discreet.Email(fmt.Sprintf("person-%d@example.com", i)), answer))
					if i%20 == 0 { // comes back in the same window
						check(t, errOf(e.Withdraw(t.Context(), discreet.Email(fmt.Sprintf("person-%d@example.com", i)), both.Grant...)))
						e.Clock.Advance(time.Millisecond)
						check(t, e.Choose(t.Context(), discreet.Email(fmt.Sprintf("person-%d@example.com", i)), both))
					}
				}
				e.Clock.Set(discreettest.Start.AddDate(0, 0, 1))
				return e, held
			}
			together, one := open()
			alone, other := open()
			dice := rand.New(rand.NewPCG(7, uint64(len(name))))
			for round, n := range []int{1, 5, 300, c.events, c.events / 2} {
				now := discreettest.Start.AddDate(0, 0, 1+round*3)
				together.Clock.Set(now)
				alone.Clock.Set(now)
				if round == 3 && c.next != nil {
					check(t, together.SetKeys(t.Context(), c.next, operator))
					check(t, alone.SetKeys(t.Context(), c.next, operator))
				}
				events := make([]discreet.Event, n)
				for i := range events {
					events[i] = anyEvent(dice, now)
				}
				tally, err := together.RecordBatch(t.Context(), events)
				check(t, err)
				want := discreet.Tally{Events: n, Denied: map[consent.Reason]int{}, Results: map[segment.Outcome]int{}}
				for _, event := range events {
					outcomes, err := alone.Record(t.Context(), event)
					switch {
					case err != nil:
						want.Malformed++
					case event.Who.IsZero():
						want.Anonymous++
					default:
						for _, o := range outcomes {
							if o.Decision.Allowed {
								want.Results[o.Result]++
							} else {
								want.Denied[o.Decision.Reason]++
							}
						}
					}
				}
				if diff := cmp.Diff(want, tally); diff != "" {
					t.Fatal(diff)
				}
				if !maps.Equal(allRows(t, one), allRows(t, other)) {
					t.Fatalf("round %d: other rows than one by one", round)
				}
			}
			a, b := together.Stats(), alone.Stats()
			if b.Events, b.Malformed = a.Events, a.Malformed; a != b { // Record counts no event that it refuses with an error
				t.Errorf("counters %+v, one by one %+v", a, b)
			}
		})
	}
}

// anyEvent draws an event of somebody in a crowd, of whom a few come often.
func anyEvent(dice *rand.Rand, now time.Time) discreet.Event {
	who := dice.IntN(1 + dice.IntN(220))
	e := discreet.Event{
		Kind: "view", Count: dice.IntN(3), Item: string(rune('a' + dice.IntN(8))),
		Category: worldCategories[dice.IntN(len(worldCategories))],
		Time:     now.Add(-time.Duration(dice.IntN(48)) * time.Hour / 2),
	}
	email := fmt.Sprintf("person-%d@example.com", who)
	switch dice.IntN(30) {
	case 0:
		return e // anonymous
	case 1:
		email = "not an address"
	case 2:
		email = " " + strings.ToUpper(email)
	case 3:
		e.Time = now.AddDate(0, 0, dice.IntN(30)-20)
	case 4:
		e.Category = []string{"health.mental", "no.such.category", ""}[dice.IntN(3)]
	case 5:
		e.Signals.Age = []consent.Age{consent.Child, consent.Adult}[dice.IntN(2)]
	case 6:
		e.Item = ""
	}
	e.Who = discreet.Email(email)
	if dice.IntN(20) == 0 {
		e.Who = discreet.Opaque(fmt.Sprint("customer-", who%40))
	}
	if dice.IntN(5) > 0 {
		e.MessageID = fmt.Sprint("m", dice.IntN(60))
	}
	return e
}

// TestBatchAmongOthers records batches of a crowd while others record, withdraw and
// release: nothing is lost, and nobody who withdrew is left.
func TestBatchAmongOthers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	store := memstore.Volatile()
	e := openWorld(t, discreet.Config{Store: store})
	ctx := t.Context()
	person := func(i int) discreet.Raw { return discreet.Email(fmt.Sprintf("person-%d@example.com", i)) }
	const crowd, rounds = 300, 5
	for i := range crowd {
		e.Agree(t, person(i))
	}
	var wg sync.WaitGroup
	both := func(f func()) { wg.Add(1); go func() { defer wg.Done(); f() }() }
	for w := range 2 {
		both(func() {
			for round := range rounds {
				events := make([]discreet.Event, 3000)
				for i := range events {
					events[i] = event(e, person(i%crowd), fmt.Sprint("batch", w, round, i), "a", "sports.running")
				}
				_, err := e.RecordBatch(ctx, events)
				check(fatal{t}, err)
			}
		})
	}
	both(func() {
		for i := range 1000 {
			_, err := e.Record(ctx, event(e, person(i%crowd), fmt.Sprint("single", i), "b", "books.fiction"))
			check(fatal{t}, err)
		}
	})
	both(func() {
		for i := range 20 {
			check(fatal{t}, errOf(e.Withdraw(ctx, person(i))))
		}
	})
	both(func() {
		_, err := e.Release(ctx, discreet.Query{Name: "meanwhile", Measure: "sizes", Share: 0.1}, operator)
		check(fatal{t}, err)
	})
	wg.Wait()
	if held := len(rows(t, store)); held != crowd-20 {
		t.Errorf("%d profiles, want %d", held, crowd-20)
	}
	// Everything again is a duplicate: every event of who stayed was kept.
	for w := range 2 {
		for round := range rounds {
			events := make([]discreet.Event, 0, 3000)
			for i := range 3000 {
				if i%crowd >= 20 {
					events = append(events, event(e, person(i%crowd), fmt.Sprint("batch", w, round, i), "a", "sports.running"))
				}
			}
			tally, err := e.RecordBatch(ctx, events)
			check(t, err)
			if tally.Results[segment.Duplicate] != len(events) {
				t.Fatalf("%+v, want duplicates", tally)
			}
		}
	}
}

// brokenStore fails where a row of a batch is written.
type brokenStore struct{ *memstore.Store }

func (s brokenStore) ProfileUpdateParallel(ctx context.Context, keys []segment.Key, workers int, f func(worker, i int, row []byte) ([]byte, error)) error {
	return s.Store.ProfileUpdateParallel(ctx, keys, workers, func(worker, i int, row []byte) ([]byte, error) {
		if i == len(keys)/2 {
			return nil, errBroken
		}
		return f(worker, i, row)
	})
}

var errBroken = errors.New("broken")

// TestBatchIsAllOrNothing: where one row cannot be written, or the context ends, none is.
func TestBatchIsAllOrNothing(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	store := memstore.Volatile()
	e := openWorld(t, discreet.Config{Store: brokenStore{store}})
	events := make([]discreet.Event, 4000)
	for i := range events {
		who := discreet.Email(fmt.Sprintf("person-%d@example.com", i%500))
		if i < 500 {
			e.Agree(t, who)
		}
		events[i] = event(e, who, fmt.Sprint(i), "a", "sports.running")
	}
	if _, err := e.RecordBatch(t.Context(), events); !errors.Is(err, errBroken) {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.RecordBatch(ended, events); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if len(rows(t, store)) != 0 || e.Stats().Events != 0 {
		t.Error("a part of a batch was recorded")
	}
}
