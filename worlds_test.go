package discreet_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
	"pgregory.net/rapid"
)

const otherPurpose = "personalize.mail"

// twoPurposes is a configuration with the segments of the tests for two purposes,
// and the choice that agrees to both.
func twoPurposes(keys *pseudonym.Keyring) (discreet.Config, discreet.Choice) {
	notice := discreettest.Notice()
	notice.Purposes = append(notice.Purposes, consent.Purpose{Key: otherPurpose, Title: "Mails that fit you"})
	defs := slices.Clone(worldSegments)
	for _, d := range worldSegments {
		d.Purpose = otherPurpose
		defs = append(defs, d)
	}
	return discreet.Config{
			Keys: keys, Notices: []consent.Notice{notice}, Segments: defs, Measures: worldMeasures,
			Budget: dp.Budget{Epsilon: 1, Delta: 1e-6, WindowDays: 30},
		}, discreet.Choice{
			Notice: notice.ID, Version: notice.Version, Locale: notice.Locale, Method: "test", Grant: []string{discreettest.Purpose, otherPurpose},
		}
}

// allRows returns the rows of both purposes.
func allRows(t interface{ Fatal(...any) }, s discreet.Store) map[string]string {
	out := map[string]string{}
	for _, purpose := range []string{discreettest.Purpose, otherPurpose} {
		check(t, s.ProfileScan(context.Background(), purpose, func(id segment.ID, row []byte) error {
			out[purpose+fmt.Sprint(id.Bytes())] = string(bytes.Clone(row))
			return nil
		}))
	}
	return out
}

// drawn is an event of one of the people, with the day on which it comes.
type drawn struct {
	who, comes int
	event      discreet.Event
}

func drawEvents(t *rapid.T, raws []discreet.Raw) []drawn {
	list := make([]drawn, rapid.IntRange(1, 25).Draw(t, "events"))
	for i := range list {
		comes := rapid.IntRange(0, 6).Draw(t, "day")
		who := rapid.IntRange(0, len(raws)-1).Draw(t, "who")
		list[i] = drawn{who, comes, discreet.Event{
			Who: raws[who], MessageID: fmt.Sprint("m", i), Kind: "view", Count: rapid.IntRange(0, 3).Draw(t, "count"),
			Item: rapid.SampledFrom([]string{"", "a", "b", "c", "d"}).Draw(t, "item"), Category: rapid.SampledFrom(worldCategories).Draw(t, "category"),
			Value: rapid.SampledFrom([]int64{0, 2500}).Draw(t, "value"), Unit: "EUR",
			Time: discreettest.Start.Add(time.Duration(rapid.IntRange(0, 24*comes+1).Draw(t, "hour")) * time.Hour / 2),
		}}
	}
	slices.SortStableFunc(list, func(a, b drawn) int { return a.comes - b.comes })
	return list
}

var worldPeople = []discreet.Raw{
	discreet.Email("person-0@example.com"), discreet.Email("person-1@example.com"), discreet.Email("person-2@example.com"), discreet.Email("person-3@example.com"),
}

// TestShardsAndRestarts records the same events in one engine, and in two that
// share the people; in one go a day, and one by one, some twice, in another order
// within each day, with the engine closed and opened in between. The rows are the
// same, byte for byte.
func TestShardsAndRestarts(t *testing.T) {
	t.Run("segments", func(t *testing.T) { testShardsAndRestarts(t, worldMeasures, 1<<20) })
	t.Run("kinds", func(t *testing.T) { testShardsAndRestarts(t, quickKinds(), 3) })
}

func testShardsAndRestarts(t *testing.T, measures []dp.Measure, most int) {
	keys, err := pseudonym.NewKeyring()
	check(t, err)
	cfg, both := twoPurposes(keys)
	cfg.Measures = measures
	rapid.Check(t, func(rt *rapid.T) {
		if most--; most < 0 && os.Getenv("DISCREET_LONG") != "1" {
			return // opening an engine predicts the noise of every measure
		}
		list := drawEvents(rt, worldPeople)
		plain := func(in func(who int) bool) map[string]string {
			c := cfg
			store := memstore.Volatile()
			c.Store = store
			e := discreettest.Open(t, c)
			for i, who := range worldPeople {
				if in(i) {
					check(rt, e.Choose(context.Background(), who, both))
				}
			}
			for day := range 7 {
				e.Clock.Set(discreettest.Start.AddDate(0, 0, day))
				var batch []discreet.Event
				for _, d := range list {
					if d.comes == day && in(d.who) {
						batch = append(batch, d.event)
					}
				}
				_, err := e.RecordBatch(context.Background(), batch)
				check(rt, err)
			}
			return allRows(rt, store)
		}
		want := plain(func(int) bool { return true })

		split := rapid.SliceOfN(rapid.Bool(), len(worldPeople), len(worldPeople)).Draw(rt, "shard")
		shards := plain(func(who int) bool { return split[who] })
		maps.Copy(shards, plain(func(who int) bool { return !split[who] }))
		if !maps.Equal(shards, want) {
			rt.Fatal("two shards hold other rows than one engine")
		}

		c, clock := cfg, discreettest.NewClock(t)
		store := memstore.Volatile()
		c.Store, c.Now = store, clock.Now
		first := discreettest.Open(t, c)
		e, c := first.Engine, first.Config
		for _, who := range worldPeople {
			check(rt, e.Choose(context.Background(), who, both))
		}
		again := append(slices.Clone(list), rapid.SliceOfN(rapid.SampledFrom(list), 0, 5).Draw(rt, "twice")...)
		again = rapid.Permutation(again).Draw(rt, "order")
		for day := range 7 {
			clock.Set(discreettest.Start.AddDate(0, 0, day))
			for _, d := range again {
				if d.comes != day {
					continue
				}
				if rapid.IntRange(0, 4).Draw(rt, "restart") == 0 {
					e, err = discreet.Open(context.Background(), c)
					check(rt, err)
				}
				_, err := e.Record(context.Background(), d.event)
				check(rt, err)
			}
		}
		if !maps.Equal(allRows(rt, store), want) {
			rt.Fatal("another order, repetitions and restarts hold other rows")
		}
	})
}

// TestEndsTouchOnlyThemselves: an erasure equals never having been there, and a
// withdrawal of one purpose leaves the rows of another, and of everybody else, as
// they would be without the withdrawn purpose.
func TestEndsTouchOnlyThemselves(t *testing.T) {
	t.Run("segments", func(t *testing.T) { testEndsTouchOnlyThemselves(t, worldMeasures, 1<<20) })
	t.Run("kinds", func(t *testing.T) { testEndsTouchOnlyThemselves(t, quickKinds(), 3) })
}

func testEndsTouchOnlyThemselves(t *testing.T, measures []dp.Measure, most int) {
	keys, err := pseudonym.NewKeyring()
	check(t, err)
	cfg, both := twoPurposes(keys)
	cfg.Measures = measures
	rapid.Check(t, func(rt *rapid.T) {
		if most--; most < 0 && os.Getenv("DISCREET_LONG") != "1" {
			return // opening an engine predicts the noise of every measure
		}
		list := drawEvents(rt, worldPeople)
		end := rapid.IntRange(0, 6).Draw(rt, "ends on day")
		run := func(erase, ingest bool, purposes ...string) map[string]string {
			c := cfg
			store := memstore.Volatile()
			c.Store = store
			e := discreettest.Open(t, c)
			ctx := context.Background()
			for i, who := range worldPeople {
				if i > 0 || ingest {
					check(rt, e.Choose(ctx, who, both))
				}
			}
			for day := range 7 {
				e.Clock.Set(discreettest.Start.AddDate(0, 0, day))
				for _, d := range list {
					if d.comes == day && (d.who > 0 || ingest) {
						_, err := e.Record(ctx, d.event)
						check(rt, err)
					}
				}
				switch {
				case day != end:
				case erase:
					check(rt, errOf(e.Erase(ctx, worldPeople[0], operator)))
				case len(purposes) > 0:
					check(rt, errOf(e.Withdraw(ctx, worldPeople[0], purposes...)))
				}
			}
			return allRows(rt, store)
		}
		if !maps.Equal(run(true, true), run(false, false)) {
			rt.Fatal("an erasure is not as if the person had never been there")
		}
		all, less := run(false, true), run(false, true, otherPurpose)
		id, err := discreettest.Open(t, cfg).ID(worldPeople[0], otherPurpose)
		check(rt, err)
		delete(all, otherPurpose+fmt.Sprint(id.Bytes()))
		if !maps.Equal(all, less) {
			rt.Fatal("withdrawing one purpose touched something else")
		}
	})
}
