package eval_test

import (
	"context"
	"fmt"

	"github.com/discreet-go/discreet/segment/rank/eval"
)

// Two rankers are compared on what people bought after a cut.
func Example() {
	events := []eval.Event{
		{Person: "ann", Item: "rake", Time: 1}, {Person: "bob", Item: "mug", Time: 2}, {Person: "cleo", Item: "seeds", Time: 3},
		{Person: "ann", Item: "seeds", Time: 8}, {Person: "bob", Item: "rake", Time: 9}, {Person: "cleo", Item: "mug", Time: 10},
	}
	_, cases, _, err := eval.Split(events, eval.Splitting{First: 0.5})
	if err != nil {
		panic(err)
	}
	run := func(rank func(*eval.Case) ([]string, error)) eval.Scores {
		s, err := eval.Run(context.Background(), cases, eval.Running{At: 2, Catalog: 3}, rank)
		if err != nil {
			panic(err)
		}
		return s
	}
	popular := run(func(*eval.Case) ([]string, error) { return []string{"mug", "rake"}, nil })
	personal := run(func(c *eval.Case) ([]string, error) {
		if c.Person == "ann" {
			return []string{"seeds", "mug"}, nil
		}
		return []string{"mug", "rake"}, nil
	})
	lift, err := eval.Compare(personal, popular)
	if err != nil {
		panic(err)
	}
	chosen, err := eval.Choose(popular, personal)
	if err != nil {
		panic(err)
	}
	fmt.Printf("NDCG %.3f and %.3f, difference %.3f ± %.3f, chosen %d\n",
		eval.MeanOf(popular.NDCG).Value, eval.MeanOf(personal.NDCG).Value, lift.Value, lift.SE, chosen)
	// Output:
	// NDCG 0.544 and 0.877, difference 0.333 ± 0.333, chosen 0
}
