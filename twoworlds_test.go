package discreet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// deed is one thing that happens in a world.
type deed struct {
	person int
	after  time.Duration // since the deed before
	do     func(t *rapid.T, e *discreettest.Engine, who discreet.Raw, n int)
}

func drawDeed(t *rapid.T, people int) deed {
	category := rapid.SampledFrom(worldCategories).Draw(t, "category")
	item := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "item")
	late := rapid.IntRange(0, 72).Draw(t, "hours late")
	replay := rapid.Bool().Draw(t, "replay")
	value := rapid.SampledFrom([]int64{0, 1500, 40_000}).Draw(t, "value")
	d := deed{
		person: rapid.IntRange(0, people-1).Draw(t, "person"),
		after:  time.Duration(rapid.IntRange(0, 40).Draw(t, "hours")) * time.Hour,
	}
	switch rapid.IntRange(0, 16).Draw(t, "kind") {
	case 0:
		d.do = func(t *rapid.T, e *discreettest.Engine, who discreet.Raw, _ int) {
			check(t, errOf(e.Withdraw(context.Background(), who, discreettest.Purpose)))
		}
	case 1:
		d.do = func(t *rapid.T, e *discreettest.Engine, who discreet.Raw, _ int) {
			check(t, errOf(e.Erase(context.Background(), who, operator)))
		}
	case 2:
		d.do = func(t *rapid.T, e *discreettest.Engine, who discreet.Raw, _ int) {
			check(t, e.EraseInterest(context.Background(), who, discreettest.Purpose, category))
		}
	case 3, 4:
		d.do = func(t *rapid.T, e *discreettest.Engine, who discreet.Raw, _ int) {
			check(t, e.Choose(context.Background(), who, agree))
		}
	case 5, 6:
		name := rapid.SampledFrom([]string{"runners", "readers", "cooks"}).Draw(t, "segment")
		back := rapid.Bool().Draw(t, "back")
		d.do = func(t *rapid.T, e *discreettest.Engine, who discreet.Raw, _ int) {
			ctx, f := context.Background(), e.Leave
			if back {
				f = e.Rejoin
			}
			if err := f(ctx, who, discreettest.Purpose, name); !errors.Is(err, discreet.ErrNotAgreed) {
				check(t, err)
			}
		}
	case 7, 8:
		back := rapid.Bool().Draw(t, "back")
		d.do = func(t *rapid.T, e *discreettest.Engine, who discreet.Raw, _ int) {
			ctx, f := context.Background(), e.NotInterested
			if back {
				f = e.Interested
			}
			if err := f(ctx, who, discreettest.Purpose, category); !errors.Is(err, discreet.ErrNotAgreed) {
				check(t, err)
			}
		}
	default:
		d.do = func(t *rapid.T, e *discreettest.Engine, who discreet.Raw, n int) {
			ev := discreet.Event{
				Who: who, MessageID: fmt.Sprint("m", n), Kind: "view", Item: item, Category: category, Value: value, Unit: "EUR",
				Time: e.Clock.Now().Add(-time.Duration(late) * time.Hour),
			}
			events := []discreet.Event{ev}
			if replay {
				events = append(events, ev)
			}
			_, err := e.RecordBatch(context.Background(), events)
			check(t, err)
		}
	}
	return d
}

func check(t interface{ Fatal(...any) }, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

// TestTwoWorlds adds one person, anywhere in a random run, and looks at
// everybody else: their profiles and their vectors are equal, byte for byte.
// It is what "neighbouring" means in the guarantee.
func TestTwoWorlds(t *testing.T) {
	t.Run("segments", func(t *testing.T) { testTwoWorlds(t, worldMeasures, 1<<20) })
	t.Run("kinds", func(t *testing.T) { testTwoWorlds(t, quickKinds(), 6) })
}

func testTwoWorlds(t *testing.T, measures []dp.Measure, most int) {
	keys, err := pseudonym.NewKeyring()
	check(t, err)
	const people = 4
	raws := make([]discreet.Raw, people)
	for i := range raws {
		raws[i] = discreet.Email(fmt.Sprintf("person-%d@example.com", i))
	}
	rapid.Check(t, func(rt *rapid.T) {
		if most--; most < 0 && os.Getenv("DISCREET_LONG") != "1" {
			return // opening an engine predicts the noise of every measure
		}
		deeds := make([]deed, rapid.IntRange(1, 40).Draw(rt, "deeds"))
		for i := range deeds {
			deeds[i] = drawDeed(rt, people)
		}
		extra := rapid.IntRange(0, people-1).Draw(rt, "extra person")
		run := func(without int) (*discreettest.Engine, *memstore.Store) {
			store := memstore.Volatile()
			e := discreettest.Open(t, discreet.Config{
				Keys: keys, Store: store, Segments: worldSegments, Measures: measures,
				Budget: dp.Budget{Epsilon: 1, Delta: 1e-6, WindowDays: 7},
			})
			for i := range raws {
				if i != without {
					check(rt, e.Choose(context.Background(), raws[i], agree))
				}
			}
			for n, d := range deeds {
				e.Clock.Advance(d.after)
				check(rt, e.AdvanceWindow(context.Background(), operator))
				if d.person != without {
					d.do(rt, e, raws[d.person], n)
				}
			}
			_, err := e.Sweep(context.Background())
			check(rt, err)
			return e, store
		}
		with, storeWith := run(-1)
		less, storeLess := run(extra)
		id, err := with.ID(raws[extra], discreettest.Purpose)
		check(rt, err)

		a, b := rows(rt, storeWith), rows(rt, storeLess)
		delete(a, id)
		if len(a) != len(b) {
			rt.Fatal("adding a person changed who else has a profile")
		}
		for id := range a {
			if !bytes.Equal(a[id], b[id]) {
				rt.Fatal("adding a person changed somebody else's profile")
			}
		}
		for _, m := range measures {
			name := measureName(m)
			va, err := with.Vectors(context.Background(), name)
			check(rt, err)
			vb, err := less.Vectors(context.Background(), name)
			check(rt, err)
			delete(va, id)
			if diff := cmp.Diff(va, vb, discreettest.Options()); diff != "" {
				rt.Fatal("adding a person changed somebody else's vector")
			}
		}
	})
}

func rows(t interface{ Fatal(...any) }, s discreet.Store) map[segment.ID][]byte {
	out := map[segment.ID][]byte{}
	check(t, s.ProfileScan(context.Background(), discreettest.Purpose, func(id segment.ID, row []byte) error {
		out[id] = bytes.Clone(row)
		return nil
	}))
	return out
}
