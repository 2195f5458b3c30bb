package rank_test

import (
	"fmt"

	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment/rank"
)

// A garden lover looks at a shop. The table would come from dp.ReadRelease; the
// numbers in it carry noise with a standard deviation of 5.
func Example() {
	cells := []proof.Cell{
		{Segment: "cooks", Item: "apron", Value: 190}, {Segment: "cooks", Item: "mug", Value: 305},
		{Segment: "cooks", Item: "rake", Value: 12}, {Segment: "cooks", Item: "seeds", Value: -3},
		{Segment: "gardeners", Item: "apron", Value: 21}, {Segment: "gardeners", Item: "mug", Value: 122},
		{Segment: "gardeners", Item: "rake", Value: 96}, {Segment: "gardeners", Item: "seeds", Value: 154},
	}
	released := proof.NewRelease(proof.Header{
		Format: "discreet-release/0", Kind: "segment-items", StdDev: 5, AsOf: "2024-03-01", Cells: len(cells),
	}, cells, nil)

	model, err := rank.New(rank.Config{
		Items:            released,
		Catalog:          map[string]string{"apron": "kitchen", "mug": "kitchen", "rake": "garden", "seeds": "garden"},
		Weights:          rank.DefaultWeights(),
		SeenHalfLifeDays: rank.DefaultSeenHalfLifeDays,
	})
	if err != nil {
		panic(err)
	}

	person := &rank.Person{Segments: []rank.Segment{{Name: "gardeners", Weight: 1}}}
	show := func(r rank.Ranking) {
		if r.Contextual {
			fmt.Println(r.Reason)
		}
		for _, it := range r.Items {
			fmt.Printf("  %-5s %s\n", it.Item, it.Why)
		}
	}
	show(model.Rank(rank.Request{Person: person, Limit: 2}))
	show(model.Rank(rank.Request{Limit: 2}))
	// Output:
	//   seeds 50 % popular, 50 % segment gardeners
	//   mug   100 % popular
	// no person: nobody is known here, or consent is missing
	//   mug   100 % popular
	//   apron 100 % popular
}
