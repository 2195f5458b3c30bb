package discreet_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/segment"
)

var errFault = errors.New("a fault of the store")

// faulty fails one of its writes of people's rows, before or after it happened.
type faulty struct {
	discreet.Store
	at     int // which one; counts down
	after  bool
	writes int
}

func (f *faulty) write(do func() error) error {
	f.writes++
	if f.at--; f.at != 0 {
		return do()
	}
	if f.after {
		if err := do(); err != nil {
			return err
		}
	}
	return errFault
}

func (f *faulty) ConsentUpdate(ctx context.Context, who []ident.Subject, g func(i int, row []byte) ([]byte, error)) error {
	return f.write(func() error { return f.Store.ConsentUpdate(ctx, who, g) })
}

func (f *faulty) ProfileUpdate(ctx context.Context, keys []segment.Key, g func(i int, row []byte) ([]byte, error)) error {
	return f.write(func() error { return f.Store.ProfileUpdate(ctx, keys, g) })
}

func (f *faulty) Update(ctx context.Context, who []ident.Subject, keys []segment.Key, g func(i int, row []byte) ([]byte, error)) error {
	return f.write(func() error { return f.Store.Update(ctx, who, keys, g) })
}

func (f *faulty) Forget(ctx context.Context, who ident.Subject, g func(row []byte) ([]byte, error), keys []segment.Key) error {
	return f.write(func() error { return f.Store.Forget(ctx, who, g, keys) })
}

// plain prints with all fields.
type plain consent.Entry

// TestFaultsOfPeople fails every single write of people's rows in turn, before
// and after it happened, in a life with everything in it. Whoever got an error
// makes the call again, on an engine that was opened anew; in the end the store
// holds what it holds without a fault: profiles and consent byte for byte, the same
// entries but for what is drawn, and each of them is in the consent log.
func TestFaultsOfPeople(t *testing.T) {
	ctx := t.Context()
	keys := openWorld(t, discreet.Config{Store: memstore.Volatile()}).Config.Keys
	next := rotated(t, keys)
	device, carl := discreet.Device("6fa459ea-ee8a-4ca4-894e-db77e160355e"), discreet.Email("carl@example.com")
	event := func(who discreet.Raw, n int, category string) discreet.Event {
		return discreet.Event{Who: who, MessageID: fmt.Sprint(n), Kind: "view", Item: "a", Category: category, Time: discreettest.Start}
	}
	record := func(who discreet.Raw, n int) func(e *discreet.Engine) error {
		return func(e *discreet.Engine) error {
			_, err := e.RecordBatch(ctx, []discreet.Event{event(who, n, "sports.running"), event(who, n+1, "books.fiction")})
			return err
		}
	}
	choose := func(who discreet.Raw, c discreet.Choice) func(e *discreet.Engine) error {
		return func(e *discreet.Engine) error { return e.Choose(ctx, who, c) }
	}
	life := []func(e *discreet.Engine) error{
		choose(ann, agree), choose(bob, agree), choose(device, agree), choose(carl, agree),
		record(ann, 1), record(bob, 3), record(device, 5), record(carl, 7),
		func(e *discreet.Engine) error { return e.EraseInterest(ctx, ann, discreettest.Purpose, "books") },
		func(e *discreet.Engine) error { return e.NotInterested(ctx, device, discreettest.Purpose, "books") },
		func(e *discreet.Engine) error { return e.Leave(ctx, ann, discreettest.Purpose, "readers") },
		func(e *discreet.Engine) error { return e.Merge(ctx, device, ann) },
		func(e *discreet.Engine) error {
			err := e.SetKeys(ctx, next, operator)
			return err
		},
		record(ann, 9),
		func(e *discreet.Engine) error { return e.Interested(ctx, ann, discreettest.Purpose, "books") },
		func(e *discreet.Engine) error { return e.Rejoin(ctx, ann, discreettest.Purpose, "readers") },
		func(e *discreet.Engine) error { return errOf(e.Withdraw(ctx, bob)) },
		choose(carl, refuse), choose(carl, agree), record(carl, 11),
		func(e *discreet.Engine) error { return errOf(e.Erase(ctx, carl, operator)) },
		func(e *discreet.Engine) error { _, err := e.Sweep(ctx); return err },
	}
	run := func(at int, after bool) (map[string]string, int) {
		f := &faulty{Store: memstore.Volatile(), at: at, after: after}
		world := openWorld(t, discreet.Config{Store: f, Keys: keys})
		e, config := world.Engine, world.Config
		for i, step := range life {
			err := step(e)
			if errors.Is(err, errFault) {
				check(t, e.Close())
				if i > 12 {
					config.Keys = next
				}
				if e, err = discreet.Open(ctx, config); err != nil {
					t.Fatalf("write %d: %v", at, err)
				}
				err = step(e)
			}
			if err != nil {
				t.Fatalf("write %d, step %d: %v", at, i, err)
			}
		}
		rows := map[string]string{}
		check(t, f.Store.ProfileScan(ctx, discreettest.Purpose, func(id segment.ID, row []byte) error {
			rows["profile "+fmt.Sprint(id.Bytes())] = string(row)
			return nil
		}))
		check(t, f.Store.ConsentSweep(ctx, func(who consent.Subject, row []byte) ([]byte, error) {
			r, err := consent.ReadRecord(row)
			if err != nil {
				return nil, err
			}
			said := fmt.Sprintf("%x", r.History().Row())
			for _, entry := range r.Entries() {
				if _, logged, err := consent.NewLog(f.Store).Find(ctx, entry.Commitment()); err != nil || !logged {
					t.Errorf("write %d: an entry %v is not in the log, %v", at, entry.Kind, err)
				}
				entry.Salt, entry.Record = [16]byte{}, [16]byte{} // drawn anew each time
				said += fmt.Sprintf(" %+v", plain(entry))
			}
			rows["consent "+fmt.Sprint(who.ID().Bytes())] = said
			return row, nil
		}))
		return rows, f.writes
	}
	want, writes := run(0, false)
	if writes < len(life)-2 || len(want) < 4 {
		t.Fatalf("%d writes, %d rows", writes, len(want))
	}
	for at := 1; at <= writes; at++ {
		for _, after := range []bool{false, true} {
			if got, _ := run(at, after); !maps.Equal(got, want) {
				t.Errorf("write %d fails, after it happened: %v: %d rows, want %d, or others", at, after, len(got), len(want))
			}
		}
	}
	t.Logf("%d writes", writes)
}
