package rank_test

import (
	"fmt"

	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment/rank"
)

// Popularity comes from released totals, likeness from public titles; the person
// wants at most every other place to be personal.
func ExampleLimits() {
	cells := []proof.Cell{
		{Item: "bag-1", Value: 410}, {Item: "bag-2", Value: 395}, {Item: "mug-1", Value: 520},
		{Item: "mug-2", Value: 455}, {Item: "rake", Value: 290}, {Item: "seeds", Value: 310},
	}
	titles := map[string]string{
		"bag-1": "Red lunch bag", "bag-2": "Blue lunch bag", "mug-1": "White mug", "mug-2": "Blue mug",
		"rake": "Garden rake", "seeds": "Garden seeds",
	}
	model, err := rank.New(rank.Config{
		Totals: []rank.Release{proof.NewRelease(proof.Header{
			Format: "discreet-release/1", Kind: "item-totals", StdDev: 12, AsOf: "2024-03-01", Cells: len(cells),
		}, cells, nil)},
		Titles: titles, Weights: rank.NewItemWeights(), SeenHalfLifeDays: rank.DefaultSeenHalfLifeDays,
	})
	if err != nil {
		panic(err)
	}
	person := &rank.Person{Items: []rank.OwnItem{{Item: "bag-1", Day: 40, Count: 1}, {Item: "seeds", Day: 41, Count: 1}}}
	list := model.Rank(rank.Request{
		Person: person, AsOf: 41, Exclude: []string{"bag-1", "seeds"}, Limit: 4,
		Limits: &rank.Limits{Personal: 0.5, MinDays: 2},
	})
	for _, it := range list.Items {
		fmt.Printf("%s: %s\n", it.Item, it.Why.Text(func(key string) string { return titles[key] }))
	}
	fmt.Println(list.Held)
	// Output:
	// mug-1: You see this because many people like it (100 %). Nothing of you was used for this place: you limited how many may be personal.
	// bag-2: You see this because it is like Red lunch bag, which you had (88 %) and because many people like it (12 %).
	// mug-2: You see this because many people like it (100 %). Nothing of you was used for this place: you limited how many may be personal.
	// rake: You see this because it is like Garden seeds, which you had (90 %) and because many people like it (10 %).
	// 2 places show what everybody sees, by your limit.
}
