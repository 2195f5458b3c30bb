package eval_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/segment/rank/eval"
	"pgregory.net/rapid"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-12 }

// The worked figures below were made by hand from the definitions.
func TestRun(t *testing.T) {
	cases := []eval.Case{
		{Person: "a", Relevant: []string{"x", "y"}, Activity: 1},
		{Person: "b", Relevant: []string{"z"}, Activity: 2},
		{Person: "c", Relevant: []string{"w"}, Activity: 3},
	}
	lists := map[string][]string{"a": {"x", "q", "y"}, "b": {"q", "z", "x"}, "c": {"x", "q", "z", "w"}}
	s, err := eval.Run(context.Background(), cases, eval.Running{At: 3, Catalog: 8}, func(c *eval.Case) ([]string, error) {
		return lists[c.Person], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// a: (1 + 1/2) / (1 + 1/log2 3); b: 1/log2 3; c: found at place 4 only.
	want := []float64{1.5 / (1 + 1/math.Log2(3)), 1 / math.Log2(3), 0}
	for i := range want {
		if !near(s.NDCG[i], want[i]) {
			t.Errorf("NDCG of case %d is %v, want %v", i, s.NDCG[i], want[i])
		}
	}
	if !slices.Equal(s.Hit, []float64{1, 1, 0}) || !slices.Equal(s.MRR, []float64{1, 0.5, 0}) {
		t.Errorf("hit %v, MRR %v", s.Hit, s.MRR)
	}
	if s.Coverage != 4.0/8 {
		t.Errorf("coverage %v", s.Coverage)
	}
	if thirds := s.ByTercile(); !near(thirds[1].Value, want[1]) || thirds[2].Value != 0 || thirds[0].N != 1 {
		t.Errorf("terciles %v", thirds)
	}
}

// Paired differences by tercile and group are known better than their parts: here
// every case of a group differs by the same.
func TestPaired(t *testing.T) {
	var cases []eval.Case
	for i, person := range []string{"a", "b", "c", "d", "e", "f"} {
		cases = append(cases, eval.Case{Person: person, Relevant: []string{"x"}, Activity: i, Group: []string{"old", "new"}[i%2]})
	}
	run := func(list func(c *eval.Case) []string) eval.Scores {
		s, err := eval.Run(t.Context(), cases, eval.Running{At: 3, Catalog: 4}, func(c *eval.Case) ([]string, error) { return list(c), nil })
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a := run(func(c *eval.Case) []string { return []string{"x"} })
	b := run(func(c *eval.Case) []string {
		if c.Group == "old" {
			return []string{"q", "x"}
		}
		return []string{"x", "y"}
	})
	d, err := eval.Paired(a, b)
	if err != nil {
		t.Fatal(err)
	}
	fall := 1 - 1/math.Log2(3)
	groups := d.ByGroup()
	if len(groups) != 2 || groups[0].Group != "new" || groups[0].Mean != (eval.Mean{N: 3}) || groups[1].N != 3 || !near(groups[1].Value, fall) || groups[1].SE > 1e-12 {
		t.Errorf("%+v", groups)
	}
	for _, m := range d.ByTercile() {
		if m.N != 2 || !near(m.Value, fall/2) || !near(m.SE, fall/2) {
			t.Errorf("%+v", m)
		}
	}
	if !slices.Equal(d.Hit, make([]float64, 6)) || !near(d.MRR[0], 0.5) || !near(d.Coverage, -0.5) {
		t.Errorf("%+v", d)
	}
	all, err := eval.Compare(a, b)
	if err != nil || all != eval.MeanOf(d.NDCG) {
		t.Errorf("%+v, %v", all, err)
	}
	if _, err := eval.Paired(a, eval.Scores{}); !errors.Is(err, eval.ErrCases) {
		t.Error(err)
	}
}

func TestRunErrors(t *testing.T) {
	one := []eval.Case{{Person: "a", Relevant: []string{"x"}}}
	list := func(l ...string) func(*eval.Case) ([]string, error) {
		return func(*eval.Case) ([]string, error) { return l, nil }
	}
	ctx := context.Background()
	gone, cancel := context.WithCancel(ctx)
	cancel()
	failed := errors.New("failed")
	for name, c := range map[string]struct {
		ctx   context.Context
		cases []eval.Case
		at    int
		rank  func(*eval.Case) ([]string, error)
		want  error
	}{
		"no cases":  {ctx, nil, 10, list("x"), eval.ErrCases},
		"no places": {ctx, one, 0, list("x"), eval.ErrList},
		"twice":     {ctx, one, 10, list("x", "y", "x"), eval.ErrRepeat},
		"cancelled": {gone, one, 10, list("x"), context.Canceled},
		"failed":    {ctx, one, 10, func(*eval.Case) ([]string, error) { return nil, failed }, failed},
	} {
		if _, err := eval.Run(c.ctx, c.cases, eval.Running{At: c.at}, c.rank); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestSplit(t *testing.T) {
	events := []eval.Event{
		{"ann", "late", 99}, {"ann", "old", 10}, {"bob", "old", 11}, {"ann", "old", 90}, {"bob", "new", 95},
		{"ann", "tea", 12}, {"bob", "tea", 91}, {"cid", "tea", 92},
	}
	before, cases, cut, err := eval.Split(events, eval.Splitting{First: 0.4, Unit: 10})
	if err != nil || cut != 90 || len(before) != 3 {
		t.Fatalf("%v %v %v", before, cut, err)
	}
	// ann's later items are one she had and one nobody had; cid has no past.
	if len(cases) != 1 || cases[0].Person != "bob" || !slices.Equal(cases[0].Relevant, []string{"tea"}) || cases[0].Activity != 1 {
		t.Errorf("%+v", cases)
	}
	_, cases, _, err = eval.Split(events, eval.Splitting{First: 0.4, Unit: 10, Repeats: true})
	if err != nil || len(cases) != 2 || !slices.Equal(cases[0].Relevant, []string{"old"}) {
		t.Errorf("%+v %v", cases, err)
	}
	for _, s := range []eval.Splitting{{}, {First: 1}, {First: math.NaN()}, {First: 0.5, Unit: 1000}} {
		if _, _, _, err := eval.Split(events, s); !errors.Is(err, eval.ErrSplit) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

// No event after the cut is ever handed to a ranker, in whatever order they come.
func TestSplitLooksOnlyBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) eval.Event {
			return eval.Event{
				Person: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "person"),
				Item:   rapid.SampledFrom([]string{"p", "q", "r", "s"}).Draw(t, "item"),
				Time:   int64(rapid.IntRange(0, 50).Draw(t, "time")),
			}
		}), 1, 40).Draw(t, "events")
		before, cases, cut, err := eval.Split(events, eval.Splitting{First: rapid.Float64Range(0.01, 0.99).Draw(t, "first")})
		if err != nil {
			return
		}
		had := map[string]bool{}
		for _, e := range before {
			if e.Time >= cut {
				t.Fatal("an event after the cut")
			}
			had[e.Person+e.Item] = true
		}
		n := 0
		for _, e := range events {
			if e.Time < cut {
				n++
			}
		}
		if n != len(before) {
			t.Fatal("an event before the cut is missing")
		}
		for _, c := range cases {
			for _, item := range c.Relevant {
				if had[c.Person+item] {
					t.Fatal("what was there before is not new")
				}
			}
		}
	})
}

// scores makes scores with the given NDCG: of one relevant item, placed so.
func scores(t *testing.T, places ...int) eval.Scores {
	t.Helper()
	var cases []eval.Case
	for i := range places {
		cases = append(cases, eval.Case{Person: string(rune('a' + i)), Relevant: []string{"hit"}, Group: string(rune('g' + i%2))})
	}
	s, err := eval.Run(context.Background(), cases, eval.Running{At: 5}, func(c *eval.Case) ([]string, error) {
		list := []string{"1", "2", "3", "4", "5"}
		if p := places[c.Person[0]-'a']; p < len(list) {
			list[p] = "hit"
		}
		return list, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCompareAndChoose(t *testing.T) {
	plain := scores(t, 1, 1, 1, 1, 5, 5)
	better := scores(t, 0, 0, 1, 0, 5, 1)
	worse := scores(t, 5, 4, 5, 4, 5, 5)
	d, err := eval.Compare(better, plain)
	if err != nil || d.Value <= 0 || d.N != 6 {
		t.Fatalf("%+v %v", d, err)
	}
	back, _ := eval.Compare(plain, better)
	if !near(back.Value, -d.Value) || !near(back.SE, d.SE) {
		t.Error("a difference has two sides")
	}
	for name, c := range map[string]struct {
		others []eval.Scores
		want   int
	}{
		"better wins":       {[]eval.Scores{worse, better}, 1},
		"worse falls back":  {[]eval.Scores{worse}, -1},
		"none falls back":   {nil, -1},
		"the same is taken": {[]eval.Scores{plain}, 0},
	} {
		if got, err := eval.Choose(plain, c.others...); err != nil || got != c.want {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
	if _, err := eval.Choose(plain, scores(t, 1, 1)); !errors.Is(err, eval.ErrCases) {
		t.Errorf("other people: %v", err)
	}
	if one, err := eval.Choose(scores(t, 1), scores(t, 0)); err != nil || one != -1 {
		t.Error("one person decides nothing")
	}
	mean, err := eval.Average(better, worse)
	if err != nil || !near(mean.NDCG[0], (better.NDCG[0]+worse.NDCG[0])/2) {
		t.Errorf("%v %v", mean, err)
	}
	groups := plain.ByGroup()
	if len(groups) != 2 || groups[0].Group != "g" || groups[0].N != 3 {
		t.Errorf("%+v", groups)
	}
}
