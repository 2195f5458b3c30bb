package discreet_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// seriesStore is a store that several engines use; call is told of each call about
// profiles before it happens, and may fail it.
type seriesStore struct {
	*memstore.Store
	call func(name string) error
}

func (*seriesStore) Shared() bool { return true }

func (w *seriesStore) tell(name string) error {
	if w.call == nil {
		return nil
	}
	return w.call(name)
}

func (w *seriesStore) ProfileScan(ctx context.Context, purpose string, f func(id segment.ID, row []byte) error) error {
	if err := w.tell("scan"); err != nil {
		return err
	}
	return w.Store.ProfileScan(ctx, purpose, f)
}

func (w *seriesStore) ProfileUpdate(ctx context.Context, keys []segment.Key, f func(i int, row []byte) ([]byte, error)) error {
	if err := w.tell("update"); err != nil {
		return err
	}
	return w.Store.ProfileUpdate(ctx, keys, f)
}

func (w *seriesStore) ProfileSync(ctx context.Context) error {
	if err := w.tell("sync"); err != nil {
		return err
	}
	return w.Store.ProfileSync(ctx)
}

// TestSeriesFaults ends a release at each of its calls to the store: slots are durable
// before anything is counted, none is assigned for less than a charge, and the same
// name goes on under that charge, with the bound held whatever people did meanwhile.
func TestSeriesFaults(t *testing.T) {
	const limit, people = 1, 600
	ctx := t.Context()
	all := seriesPeople(people)
	keys, err := pseudonym.NewKeyring()
	check(t, err)
	steps := []string{"scan", "update", "update", "update", "sync", "scan"}
	for at := range len(steps) + 1 {
		cfg := seriesConfig(limit)
		store := &seriesStore{Store: memstore.Volatile()}
		cfg.Store, cfg.Keys = store, keys
		e := discreettest.Open(t, cfg)
		e.Agree(t, all...)
		record := func(id string, categories ...int) {
			var batch []discreet.Event
			for i, who := range all {
				batch = append(batch, event(e, who, id, "", seriesCategories[categories[i%len(categories)]]))
			}
			_, err := e.RecordBatch(ctx, batch)
			check(t, err)
		}
		record("a", 0, 1)
		var calls []string
		store.call = func(name string) error {
			if calls = append(calls, name); len(calls) == at+1 {
				return errFault
			}
			return nil
		}
		_, err := e.Release(ctx, discreet.Query{Name: "day-0", Measure: "daily", Share: 0.03}, operator)
		store.call = nil
		if at < len(steps) {
			if !errors.Is(err, errFault) || !slices.Equal(calls, steps[:at+1]) {
				t.Fatalf("fault at %d: %v, %v", at, err, calls)
			}
		} else if check(t, err); !slices.Equal(calls, steps) {
			t.Fatal(calls)
		}
		slotted := 0
		for _, row := range rows(t, store.Store) {
			if row[0] == 4 {
				slotted++
			}
		}
		want := []int{0, 0, 256, 512, 600, 600, 600}[at]
		if slotted != want {
			t.Errorf("fault at %d: %d rows have slots, want %d", at, slotted, want)
		}
		spent := e.Account().Spent
		e.Clock.Advance(time.Hour)
		record("b", 2, 3, 0)
		counts := window{}
		for d := range 3 {
			releaseDaily(t, e.Engine, d)
			counts.add(t, e.Engine, limit)
			if d == 0 && e.Account().Spent != spent {
				t.Errorf("fault at %d: the charge was made twice", at)
			}
			e.Clock.Advance(24 * time.Hour)
			record(fmt.Sprint("c", d), d+1, d+2)
		}
		for _, in := range counts {
			if len(in) != 1 {
				t.Fatalf("fault at %d: %v", at, in)
			}
		}
	}
}

// TestSeriesBetween lets another engine on the store record and release between the
// moment at which a release looks at people and the one at which it gives them slots.
func TestSeriesBetween(t *testing.T) {
	cfg := seriesConfig(1)
	store := &seriesStore{Store: memstore.Volatile()}
	cfg.Store = store
	e := discreettest.Open(t, cfg)
	other, err := discreet.Open(t.Context(), e.Config)
	check(t, err)
	e.Agree(t, ann, bob)
	_, err = e.Record(t.Context(), event(e, ann, "1", "", seriesCategories[0]))
	check(t, err)
	_, err = e.Record(t.Context(), event(e, bob, "1", "", seriesCategories[0]))
	check(t, err)
	counts := window{}
	store.call = func(name string) error {
		if name != "update" {
			return nil
		}
		store.call = nil
		check(t, other.EraseInterest(t.Context(), ann, discreettest.Purpose, seriesCategories[0]))
		_, err := other.Record(t.Context(), event(e, ann, "2", "", seriesCategories[1]))
		check(t, err)
		check(t, errOf(other.Withdraw(t.Context(), bob)))
		releaseDaily(t, other, 1)
		counts.add(t, other, 1)
		return nil
	}
	releaseDaily(t, e.Engine, 0)
	counts.add(t, e.Engine, 1)
	id, err := e.ID(ann, discreettest.Purpose)
	check(t, err)
	if len(counts) != 1 || !maps.Equal(counts[id], map[int]bool{1: true}) {
		t.Errorf("%v", counts)
	}
	if n := len(rows(t, store.Store)); n != 1 {
		t.Errorf("%d rows: a slot brought back who withdrew", n)
	}
}

// TestSeriesShards runs a month with two engines on one store, which take turns, and
// with one, and in another order of each day's events: the rows are equal.
func TestSeriesShards(t *testing.T) {
	const limit = 2
	keys, err := pseudonym.NewKeyring()
	check(t, err)
	people := seriesPeople(12)
	run := func(engines int, order uint64) map[segment.ID]string {
		cfg := seriesConfig(limit)
		store := &seriesStore{Store: memstore.Volatile()}
		cfg.Keys, cfg.Store = keys, store
		first := discreettest.Open(t, cfg)
		list := []*discreet.Engine{first.Engine}
		for len(list) < engines {
			e, err := discreet.Open(t.Context(), first.Config)
			check(t, err)
			list = append(list, e)
		}
		first.Agree(t, people...)
		rng, shuffle := rand.New(rand.NewPCG(3, 4)), rand.New(rand.NewPCG(5, order))
		counts := window{}
		for d := range 30 {
			first.Clock.Set(discreettest.Start.AddDate(0, 0, d))
			var batch []discreet.Event
			for i := range 2 * len(people) {
				ev := event(first, people[rng.IntN(len(people))], fmt.Sprint(d, i), "", seriesCategories[rng.IntN(len(seriesCategories))])
				ev.Time = ev.Time.Add(-time.Duration(rng.IntN(72)) * time.Hour)
				batch = append(batch, ev)
			}
			shuffle.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
			for i, ev := range batch {
				_, err := list[i%engines].Record(t.Context(), ev)
				check(t, err)
			}
			releaseDaily(t, list[d%engines], d)
			counts.add(t, list[(d+1)%engines], limit)
		}
		out := map[segment.ID]string{}
		for id, row := range rows(t, store.Store) {
			out[id] = string(row)
		}
		return out
	}
	want := run(1, 0)
	if got := run(2, 1); !maps.Equal(got, want) {
		t.Error("two engines hold other rows than one")
	}
}

// TestSeriesUnderLoad lets two engines on one store record and release at once, while
// somebody looks at what each person counts in all the time: over everything that was
// ever seen, nobody is above the bound.
func TestSeriesUnderLoad(t *testing.T) {
	const limit = 2
	ctx := t.Context()
	cfg := seriesConfig(limit)
	store := &seriesStore{Store: memstore.Volatile()}
	cfg.Store = store
	first := discreettest.Open(t, cfg)
	second, err := discreet.Open(ctx, first.Config)
	check(t, err)
	people := seriesPeople(8)
	first.Agree(t, people...)
	var wg, watch sync.WaitGroup
	stop := make(chan struct{})
	watch.Go(func() {
		counts := window{}
		for {
			counts.add(fatal{t}, first.Engine, limit)
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	for n, e := range []*discreet.Engine{first.Engine, second} {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(n), 1))
			for i := range 150 {
				who := people[r.IntN(len(people))]
				_, err := e.Record(ctx, discreet.Event{
					Who: who, MessageID: fmt.Sprint(n, i), Category: seriesCategories[r.IntN(len(seriesCategories))], Time: first.Clock.Now(),
				})
				if err == nil && r.IntN(4) == 0 {
					err = e.EraseInterest(ctx, who, discreettest.Purpose, seriesCategories[r.IntN(len(seriesCategories))])
				}
				if err != nil {
					t.Errorf("%v", err)
				}
			}
		})
		wg.Go(func() {
			for i := range 15 {
				_, err := e.Release(ctx, discreet.Query{Name: fmt.Sprint(n, "-", i), Measure: "daily", Share: 0.03}, operator)
				if err != nil {
					t.Errorf("%v", err)
				}
			}
		})
	}
	wg.Wait()
	close(stop)
	watch.Wait()
	reached := 0
	for _, who := range people {
		x, err := first.Export(ctx, who, operator)
		check(t, err)
		for _, s := range x.Profiles[0].Series {
			if s.Slots > limit {
				t.Errorf("%d slots", s.Slots)
			}
			if s.Slots == limit {
				reached++
			}
		}
	}
	if reached == 0 {
		t.Error("nobody reached the bound")
	}
}

// TestSeriesAndSource: consent that only a Source knows of leaves nothing in the history
// when it runs out. The slots in the row keep whoever comes back out of the window,
// however the events come, also when it runs out again.
func TestSeriesAndSource(t *testing.T) {
	ctx := t.Context()
	for name, n := range map[string]int{"one by one": 0, "four at once": 4, "nine at once": 9} {
		t.Run(name, func(t *testing.T) {
			src := &source{answer: map[string]consent.Answer{}}
			cfg := seriesConfig(1)
			cfg.Source, cfg.SourceTimeout = src, time.Second
			e := discreettest.Open(t, cfg)
			id, err := e.ID(ann, discreettest.Purpose)
			check(t, err)
			counts := window{} // over the whole window, at most one segment
			for day, c := range []int{0, 1, 2, 0} {
				src.answer[ann.Expose()] = consent.Answer{State: consent.Allowed, Since: e.Clock.Now(), Until: e.Clock.Now().Add(36 * time.Hour)}
				e.Clock.Advance(time.Hour)
				var events []discreet.Event
				for i := range max(n, 1) {
					events = append(events, event(e, ann, fmt.Sprint(day, i), "", seriesCategories[c]))
				}
				if n == 0 {
					_, err = e.Record(ctx, events[0])
				} else {
					_, err = e.RecordBatch(ctx, events)
				}
				check(t, err)
				releaseDaily(t, e.Engine, day)
				counts.add(t, e.Engine, 1)
				e.Clock.Advance(47 * time.Hour)
			}
			if got := counts[id]; !maps.Equal(got, map[int]bool{0: true}) {
				t.Errorf("counts in %v", got)
			}
		})
	}
}
