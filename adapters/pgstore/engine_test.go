package pgstore_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/adapters/pgstore"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/segment"
)

// TestTwoEngines lets one engine record events while another, with a connection of its
// own, takes consents back: once that returned, nothing is kept of who withdrew, and every
// entry is in the consent log.
func TestTwoEngines(t *testing.T) {
	ctx := t.Context()
	schema, keys := migrated(t, pgstore.Setup{}), newKeys(t)
	open := func() (*discreet.Engine, *pgstore.Store) {
		s := opened(t, schema)
		e, err := discreet.Open(ctx, discreet.Config{
			Tenant: tenant, Keys: keys, Store: s, Taxonomy: segment.Small(), TTLDays: 90,
			Notices: []consent.Notice{{
				ID: "pages", Version: 1, Locale: "en", Title: "Pages that fit you", Text: "We keep what you look at.",
				Purposes:   []consent.Purpose{{Key: "personalize", Title: "Personal pages"}},
				Categories: []string{"pages you looked at"}, Withdrawal: "Settings.", RetentionDays: 90, ConsentDays: 365,
			}},
			Segments: []segment.Definition{{Name: "runners", Title: "Runners", Purpose: "personalize", Version: 1,
				All: []segment.Predicate{{Frequency: &segment.Frequency{Category: "sports.running", AtLeast: 1, WithinDays: 30}}}}},
			Measures: []dp.Measure{dp.SegmentSizes{Name: "sizes", Purpose: "personalize", MaxSegments: 1, Share: 0.5}},
			Budget:   dp.Budget{Epsilon: 1, Delta: 1e-6, WindowDays: 30},
		})
		if err != nil {
			t.Fatal(err)
		}
		return e, s
	}
	first, store := open()
	second, _ := open()
	people := []discreet.Raw{discreet.Opaque("ann"), discreet.Opaque("bob")}
	for round := range 5 {
		for _, who := range people {
			err := first.Choose(ctx, who, discreet.Choice{Notice: "pages", Version: 1, Locale: "en", Grant: []string{"personalize"}})
			if err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
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
						Who: who, MessageID: fmt.Sprint(round, i, n), Kind: "view", Category: "sports.running", Time: time.Now(),
					})
					if err != nil {
						t.Errorf("%v", err)
						return
					}
				}
			})
		}
		time.Sleep(20 * time.Millisecond)
		for _, who := range people {
			if _, err := second.Withdraw(ctx, who); err != nil {
				t.Errorf("%v", err)
			}
		}
		close(stop)
		wg.Wait()
		err := store.ProfileScan(ctx, "personalize", func(segment.ID, []byte) error {
			t.Error("a profile is left of somebody who withdrew")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := store.ConsentSweep(ctx, func(_ consent.Subject, row []byte) ([]byte, error) {
		r, err := consent.ReadRecord(row)
		if err != nil {
			return nil, err
		}
		for _, e := range r.Entries() {
			if _, logged, err := consent.NewLog(store).Find(ctx, e.Commitment()); err != nil || !logged {
				t.Errorf("an entry %v is not in the log, %v", e.Kind, err)
			}
		}
		return row, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.ConsentLog(ctx, nil); err != nil {
		t.Error(err)
	}
}
