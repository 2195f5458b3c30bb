package discreet_test

import (
	"context"
	"fmt"
	"log"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

func Example() {
	ctx := context.Background()
	check := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	keys, err := pseudonym.NewKeyring() // a service keeps its keys: pseudonym.CreateKeyFile
	check(err)
	engine, err := discreet.Open(ctx, discreet.Config{
		Tenant: "shop", Keys: keys, Store: memstore.Volatile(), Taxonomy: segment.Small(), TTLDays: 90,
		Notices:  []consent.Notice{notice},      // what people are told and asked
		Segments: []segment.Definition{runners}, // what interests them
		Measures: []dp.Measure{dp.SegmentSizes{Name: "sizes", Purpose: "personalize", MaxSegments: 1, Share: 0.5}},
		Budget:   dp.Budget{Epsilon: 1, Delta: 1e-6, WindowDays: 30}, // all that 30 days may reveal of one person
	})
	check(err)
	check(engine.Choose(ctx, ann, yes))
	for _, who := range []discreet.Raw{ann, bob} { // bob was never asked
		outcomes, err := engine.Record(ctx, view(who, "sports.running"))
		check(err)
		fmt.Println(outcomes[0].Decision)
	}
	sizes, err := engine.Release(ctx, discreet.Query{Name: "today", Measure: "sizes", Share: 0.1},
		discreet.Actor{ID: "nightly", Reason: "daily table"})
	check(err)
	fmt.Printf("%d segment, noise ±%d, %v of the budget spent\n", sizes.Len(), sizes.Header().Margin, engine.Account().SpentShare())
	// Output:
	// allowed: granted
	// denied: no-record
	// 1 segment, noise ±26, 0.1 of the budget spent
}
