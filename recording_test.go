package discreet_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// inTwoRooms is a service with a segment for each of two purposes.
func inTwoRooms() discreet.Config {
	n := notice
	n.Purposes = []consent.Purpose{{Key: "personalize", Title: "Personal pages"}, {Key: "measure", Title: "Statistics"}}
	other := runners
	other.Name, other.Purpose = "others", "measure"
	return discreet.Config{
		Notices: []consent.Notice{n}, Segments: []segment.Definition{runners, other},
		Measures: []dp.Measure{dp.SegmentItems{
			Name: "found", Purpose: "personalize", Items: dp.Discovered{},
			MaxSegments: 1, MaxItems: 3, MaxPerItem: 1, LookbackDays: 30, Share: 0.5,
		}},
	}
}

// plainStore is a store that reads consent rows into fresh memory.
type plainStore struct{ discreet.Store }

// TestRecordEqualsRecordBatch: whatever came before through the same room, events
// come to the same one by one and in batches of any size, and the room that a
// recording leaves names nobody.
func TestRecordEqualsRecordBatch(t *testing.T) {
	keys, err := pseudonym.NewKeyring()
	check(t, err)
	people := make([]discreet.Raw, 25)
	for i := range people {
		people[i] = discreet.Email(fmt.Sprintf("person-%d@example.com", i))
	}
	people[23], people[24] = discreet.Email("nobody"), discreet.Raw{}
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		open := func(plain bool) (*discreettest.Engine, discreet.Store) {
			var store discreet.Store = memstore.Volatile()
			if plain {
				store = plainStore{store}
			}
			cfg := inTwoRooms()
			cfg.Keys, cfg.Store = keys, store
			cfg.Edges = func(discreet.Edge) {}
			e := discreettest.Open(t, cfg)
			for i, who := range people[:20] {
				c := discreet.Choice{Notice: "pages", Version: 1, Locale: "en", Method: "banner", Grant: []string{"personalize"}}
				if i%3 == 0 {
					c.Grant = append(c.Grant, "measure")
				} else if i%5 == 0 {
					c.Refuse = []string{"measure"}
				}
				check(rt, e.Choose(ctx, who, c))
			}
			e.Clock.Advance(time.Hour)
			return e, store
		}
		one, storeOne := open(false)
		many, storeMany := open(rapid.Bool().Draw(rt, "plain"))
		into := make([]discreet.Outcome, 1, 8)
		for range rapid.IntRange(1, 5).Draw(rt, "batches") {
			batch := make([]discreet.Event, rapid.SampledFrom([]int{1, 2, 7, 8, 9, 10, 30, 60}).Draw(rt, "size"))
			for i := range batch {
				batch[i] = discreet.Event{
					Who:       people[rapid.IntRange(0, len(people)-1).Draw(rt, "who")],
					MessageID: fmt.Sprint(rapid.IntRange(0, 40).Draw(rt, "id")),
					Category:  rapid.SampledFrom([]string{"sports.running", "books", "nothing", "health"}).Draw(rt, "category"),
					Item:      fmt.Sprint(rapid.IntRange(0, 9).Draw(rt, "item")),
					Time:      one.Clock.Now().Add(-time.Duration(rapid.IntRange(-1, 2).Draw(rt, "age")) * 45 * time.Minute),
				}
			}
			want := discreet.Tally{Events: len(batch), Denied: map[consent.Reason]int{}, Results: map[segment.Outcome]int{}}
			for i := range batch {
				got, err := one.RecordInto(ctx, batch[i], into[:1])
				if err != nil {
					if len(got) != 1 {
						rt.Fatal("an error adds outcomes")
					}
					want.Malformed++
					continue
				}
				if len(got) != 3 || got[0] != into[0] {
					rt.Fatalf("%d outcomes of two purposes", len(got)-1)
				}
				for _, o := range got[1:] {
					switch {
					case o.Decision.Reason == consent.Anonymous:
						want.Anonymous++ // of two purposes each
					case o.Decision.Allowed:
						want.Results[o.Result]++
					default:
						want.Denied[o.Decision.Reason]++
					}
				}
			}
			want.Anonymous /= 2
			got, err := many.RecordBatch(ctx, batch)
			check(rt, err)
			if fmt.Sprint(got) != fmt.Sprint(want) {
				rt.Fatalf("a batch is %v, one by one %v", got, want)
			}
			if !discreet.Idle(one.Engine) || !discreet.Idle(many.Engine) {
				rt.Fatal("the room of a recording names somebody")
			}
		}
		for _, purpose := range []string{"personalize", "measure"} {
			a, b := rowsFor(rt, storeOne, purpose), rowsFor(rt, storeMany, purpose)
			if len(a) != len(b) {
				rt.Fatalf("%d profiles one by one, %d of batches", len(a), len(b))
			}
			for id := range a {
				if !bytes.Equal(a[id], b[id]) {
					rt.Fatal("a profile is another one")
				}
			}
		}
		s, other := one.Stats(), many.Stats()
		s.Events, s.Malformed = other.Events, other.Malformed // of malformed events Record tells its caller instead
		if s != other {
			rt.Fatalf("%+v\n%+v", s, other)
		}
	})
}

func rowsFor(t interface{ Fatal(...any) }, s discreet.Store, purpose string) map[segment.ID][]byte {
	out := map[segment.ID][]byte{}
	check(t, s.ProfileScan(context.Background(), purpose, func(id segment.ID, row []byte) error {
		out[id] = bytes.Clone(row)
		return nil
	}))
	return out
}

// TestRecordingIsIdle: also a recording that failed leaves nothing.
func TestRecordingIsIdle(t *testing.T) {
	cfg := inTwoRooms()
	cfg.Store = memstore.Volatile()
	e := discreettest.Open(t, cfg)
	check(t, e.Choose(t.Context(), ann, discreet.Choice{Notice: "pages", Version: 1, Locale: "en", Method: "banner", Grant: []string{"personalize"}}))
	check(t, cfg.Store.Close())
	if _, err := e.Record(t.Context(), view(ann, "sports.running")); err == nil {
		t.Fatal("a closed store takes events")
	}
	if !discreet.Idle(e.Engine) {
		t.Error("the room of a recording names somebody")
	}
}

// TestRecordIntoAllocatesNothing: of a person who is known, in a category that is
// known, in memory.
func TestRecordIntoAllocatesNothing(t *testing.T) {
	e := discreettest.Open(t, discreet.Config{Segments: worldSegments, Measures: worldMeasures})
	e.Agree(t, ann)
	e.Clock.Advance(time.Hour)
	var outcomes []discreet.Outcome
	event := view(ann, "sports.running")
	event.Time, event.MessageID, event.Item = e.Clock.Now(), "", "a"
	n := testing.AllocsPerRun(200, func() {
		var err error
		if outcomes, err = e.RecordInto(t.Context(), event, outcomes[:0]); err != nil || outcomes[0].Result != segment.Admitted {
			t.Fatal(outcomes, err)
		}
	})
	if n > 0.5 && !raceEnabled { // a collection empties pools
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkRecordInto records a person who is known, in a category that is known.
func BenchmarkRecordInto(b *testing.B) {
	e := discreettest.Open(b, discreet.Config{Segments: worldSegments, Measures: worldMeasures})
	e.Agree(b, ann)
	e.Clock.Advance(time.Hour)
	var outcomes []discreet.Outcome
	event := view(ann, "sports.running")
	event.Time, event.MessageID = e.Clock.Now(), ""
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if outcomes, err = e.RecordInto(b.Context(), event, outcomes[:0]); err != nil || outcomes[0].Result != segment.Admitted {
			b.Fatal(outcomes, err)
		}
	}
}
