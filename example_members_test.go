package discreet_test

import (
	"context"
	"fmt"
	"iter"
	"log"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
	"github.com/discreet-go/discreet/segment/audience"
)

// Three hundred people run, and agree that Panel Ltd is told so; one of them takes
// that back.
func ExampleEngine_ExportMemberships() {
	ctx := context.Background()
	check := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	asked := notice
	asked.Purposes = append(asked.Purposes[:1:1], consent.Purpose{Key: "panel", Title: "Tell a panel", Sharing: true})
	asked.ThirdParties = []string{"Panel Ltd"}
	keys, err := pseudonym.NewKeyring()
	check(err)
	engine, err := discreet.Open(ctx, discreet.Config{
		Tenant: "shop", Keys: keys, Store: memstore.Volatile(), Taxonomy: segment.Small(), TTLDays: 90,
		Notices:  []consent.Notice{asked},
		Segments: []segment.Definition{runners},
		Measures: []dp.Measure{dp.SegmentSizes{Name: "sizes", Purpose: "personalize", MaxSegments: 1, Share: 0.5}},
		Budget:   dp.Budget{Epsilon: 1, Delta: 1e-6, WindowDays: 30},
		Audience: &audience.Config{MinPeople: 50, TTLDays: 7, MaxAgeDays: 3},
	})
	check(err)
	var people iter.Seq[discreet.Raw] = func(yield func(discreet.Raw) bool) {
		for i := range 300 {
			if !yield(discreet.Opaque(fmt.Sprint("customer ", i))) {
				return
			}
		}
	}
	for who := range people {
		check(engine.Choose(ctx, who, discreet.Choice{
			Notice: "pages", Version: 1, Locale: "en", Method: "banner", Grant: []string{"personalize", "panel"},
		}))
		_, err := engine.Record(ctx, view(who, "sports.running"))
		check(err)
	}
	_, err = engine.Release(ctx, discreet.Query{Name: "today", Measure: "sizes", Share: 0.1}, operator)
	check(err)
	first := discreet.Opaque("customer 0")
	toPanel := discreet.MembershipExport{Recipient: "Panel Ltd", Sharing: "panel", Purpose: "personalize"}
	hand := func(discreet.Membership) error { return nil } // to whatever carries it to the panel
	done, err := engine.ExportMemberships(ctx, toPanel, people, hand, operator)
	check(err)
	fmt.Println(done.Members, "members")

	x, err := engine.Explain(ctx, first, operator)
	check(err)
	for _, d := range x.Consent.Disclosures {
		fmt.Printf("told %s: %s, for %d days\n", d.Recipient, d.Segment, d.Until.Sub(d.Last)/(24*time.Hour))
	}
	ended, err := engine.Withdraw(ctx, first, "panel")
	check(err)
	fmt.Println("to be told:", ended.Recipients)
	done, err = engine.ExportMemberships(ctx, toPanel, people, hand, operator)
	check(err)
	fmt.Println(done.Members, "members,", done.Denied[consent.Withdrawn], "withdrawn")
	// Output:
	// 300 members
	// told Panel Ltd: runners, for 7 days
	// to be told: [Panel Ltd]
	// 299 members, 1 withdrawn
}
