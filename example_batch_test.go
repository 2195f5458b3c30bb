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

// A file of downloads, several a person, is counted by country in a batch job: who
// agreed counts, with at most 5 downloads in one country.
func ExampleEngine_ReleaseCounts() {
	ctx := context.Background()
	check := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	keys, err := pseudonym.NewKeyring()
	check(err)
	engine, err := discreet.Open(ctx, discreet.Config{
		Tenant: "shop", Keys: keys, Store: memstore.Volatile(), Taxonomy: segment.Small(), TTLDays: 90,
		Notices:  []consent.Notice{notice},
		Segments: []segment.Definition{runners},
		Measures: []dp.Measure{dp.Table{
			Name: "downloads", Purpose: "personalize", Partitions: dp.Public{"de", "fr", "it"}, MaxPartitions: 1,
			Of: dp.CountedEvents{Max: 5}, Share: 0.5,
		}},
		Budget: dp.Budget{Epsilon: 1, Delta: 1e-6, WindowDays: 30},
	})
	check(err)
	type download struct{ person, country string }
	var file []download
	for i := range 2000 {
		file = append(file, download{fmt.Sprint("customer ", i%700), []string{"de", "fr"}[i%2]})
	}
	for i := range 600 { // of 700
		check(engine.Choose(ctx, discreet.Opaque(fmt.Sprint("customer ", i)), yes))
	}

	proofs := map[string]discreet.Admission{} // once for each person
	contributions := func(yield func(dp.Contribution, error) bool) {
		for _, d := range file {
			a, ok := proofs[d.person]
			if !ok {
				a, err = engine.Admission(ctx, discreet.Opaque(d.person), "personalize", nil)
				check(err)
				proofs[d.person] = a
			}
			if a.Grant.IsZero() {
				continue
			}
			if !yield(dp.Contribution{Link: a.Link, Grant: a.Grant, Partition: d.country, Value: 1}, nil) {
				return
			}
		}
	}
	batch, err := engine.Batch("downloads")
	check(err)
	counts, err := dp.Bound(ctx, &batch.Spec, batch.Window, batch.AsOf, contributions, dp.BoundOptions{
		Progress: func(p dp.Progress) { fmt.Println(p.Contributions, "contributions of", p.People, "people") },
	})
	check(err)
	release, err := engine.ReleaseCounts(ctx, discreet.Query{Name: "today", Measure: "downloads", Share: 0.25}, counts, operator)
	check(err)
	h := release.Header()
	fmt.Println(counts, "of", counts.About().Measure)
	fmt.Printf("%d cells of %s, each ± %d; one person counts in %d, with at most %d\n", release.Len(), h.Unit, h.Margin, h.L0, h.LInf)
	// Output:
	// 1800 contributions of 600 people
	// [exact counts] of downloads
	// 3 cells of events, each ± 83; one person counts in 1, with at most 5
}
