package fairness_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/fairness"
	"github.com/discreet-go/discreet/internal/proof"
)

// places is a campaign on two placements: one where men are, one where women are.
func places() counts {
	return counts{
		{"sports", "men"}: {2000, 18000}, {"sports", "women"}: {200, 19800},
		{"news", "men"}: {1000, 19000}, {"news", "women"}: {1400, 18600},
	}
}

func correction() fairness.CorrectRule {
	return fairness.CorrectRule{Placements: []string{"sports", "news"}, Reference: "men", Target: 1, Level: 0.95, MaxWeight: 5}
}

// TestCorrect follows one campaign: women are reached half as often, and the placement where
// they are gets more, the other nothing more, so that rates come near to each other.
func TestCorrect(t *testing.T) {
	tab := table(t, 10, places())
	p, err := fairness.Correct(tab, correction())
	if err != nil || !p.Enough || p.Source != tab.Source() {
		t.Fatalf("%+v, %v", p, err)
	}
	men, women := p.Groups[0], p.Groups[1]
	if men.Weight != 1 || men.Ratio != 0 || math.Abs(women.Ratio-1600.0/3000) > 1e-6 {
		t.Errorf("%+v", p.Groups)
	}
	// The weight comes from a bound: less than what the estimate asks for.
	if !(women.Weight > 1.6 && women.Weight < 3000.0/1600) {
		t.Errorf("a weight of %v", women.Weight)
	}
	if p.Placements[0].Weight != 1 || p.Placements[0].Name != "sports" || !(p.Placements[1].Weight > 2 && p.Placements[1].Weight <= 5) {
		t.Errorf("%+v", p.Placements)
	}
	w := p.Placements[1].Weight
	for _, c := range []struct{ got, want float64 }{
		{women.After, 200 + 1400*w}, {men.After, 2000 + 1000*w}, {women.Then, (200 + 1400*w) / (2000 + 1000*w)},
		{p.Budget, (2200 + 2400*w) / 4600}, {p.Placements[0].Share + p.Placements[1].Share, 1}, {women.Reach.Value, 1600},
	} {
		if math.Abs(c.got/c.want-1) > 1e-5 {
			t.Errorf("%v, want %v", c.got, c.want)
		}
	}
	if women.Then < women.Ratio*women.Weight*(1-1e-6) {
		t.Errorf("enough, and %+v", women)
	}
	// With a budget it comes as close as that allows.
	rule := correction()
	rule.Budget = 1.2
	less, err := fairness.Correct(tab, rule)
	if err != nil || less.Enough || less.Budget > 1.2 || less.Budget < 1.15 || less.Groups[1].Then <= women.Ratio || less.Groups[1].Then >= women.Then {
		t.Errorf("%+v, %v", less, err)
	}
	rule.Budget = 1
	if none, err := fairness.Correct(tab, rule); err != nil || none.Enough || none.Budget != 1 || none.Placements[1].Weight != 1 {
		t.Errorf("%+v, %v", none, err)
	}
	// What noise may explain is not corrected.
	if p, err := fairness.Correct(table(t, 800, places()), correction()); err != nil || p.Groups[1].Weight != 1 || p.Budget != 1 || !p.Enough {
		t.Errorf("%+v, %v", p, err)
	}
	// Placements that are alike cannot be told apart.
	alike := counts{{"a", "men"}: {2000, 8000}, {"a", "women"}: {1000, 9000}, {"b", "men"}: {2000, 8000}, {"b", "women"}: {1000, 9000}}
	rule = correction()
	rule.Placements = []string{"a", "b"}
	if p, err := fairness.Correct(table(t, 10, alike), rule); err != nil || p.Enough || p.Budget != 1 {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestCorrectNeverLowers holds for any table: no weight below 1, no reach that falls, no
// ratio of a group that is left out made worse by it, and no more than the budget.
func TestCorrectNeverLowers(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		groups := []string{"a", "b", "c"}[:rapid.IntRange(2, 3).Draw(rt, "groups")]
		items := []string{"p", "q", "r", "s"}[:rapid.IntRange(2, 4).Draw(rt, "placements")]
		list := counts{}
		for _, g := range groups {
			for _, i := range items {
				list[[2]string{i, g}] = []int64{rapid.Int64Range(-50, 3000).Draw(rt, "reached"), rapid.Int64Range(-50, 30000).Draw(rt, "missed")}
			}
		}
		rule := fairness.CorrectRule{
			Placements: items, Target: rapid.Float64Range(0.5, 1).Draw(rt, "target"), Level: 0.9, MaxWeight: rapid.Float64Range(1.01, 20).Draw(rt, "most"),
		}
		if rapid.Bool().Draw(rt, "declared") {
			rule.Reference = groups[0]
		}
		if rapid.Bool().Draw(rt, "limited") {
			rule.Budget = rapid.Float64Range(1, 20).Draw(rt, "budget")
		}
		p, err := fairness.Correct(table(t, rapid.Float64Range(1, 100).Draw(rt, "sd"), list), rule)
		if err != nil {
			rt.Fatal(err)
		}
		for _, x := range p.Placements {
			if !(x.Weight >= 1 && x.Weight <= rule.MaxWeight+1e-6 && x.Share >= 0) {
				rt.Fatalf("%+v", x)
			}
		}
		for _, g := range p.Groups {
			if !(g.Weight >= 1 && g.Weight <= rule.MaxWeight+1e-6) || g.After < g.Reach.Value {
				rt.Fatalf("%+v", g)
			}
			if p.Enough && g.Weight > 1 && g.Then < g.Ratio*g.Weight*(1-1e-4)-1e-5 {
				rt.Fatalf("enough, and %+v", g)
			}
		}
		if p.Budget < 1 || rule.Budget > 0 && p.Budget > rule.Budget+1e-5 {
			rt.Fatalf("a budget of %v", p.Budget)
		}
	})
}

// TestHeld compares reach before and after.
func TestHeld(t *testing.T) {
	later := func(h *proof.Header) { h.AsOf, h.Entry, h.Name = "2026-06-15", 9, "audit-week-3" }
	before := table(t, 10, places())
	p, err := fairness.Correct(before, correction())
	if err != nil {
		t.Fatal(err)
	}
	grown := places()
	grown[[2]string{"news", "women"}] = []int64{2800, 17200}
	list, err := p.Held(before, table(t, 10, grown, later))
	if err != nil || len(list) != 2 || list[1].Group != "women" || list[1].Change.Value != 1400 || list[1].Fell || list[0].Change.Value != 0 {
		t.Errorf("%+v, %v", list, err)
	}
	// A little less is what noise does; much less is levelling down.
	shrunk := places()
	shrunk[[2]string{"sports", "men"}][0] -= 20
	if _, err := p.Held(before, table(t, 10, shrunk, later)); err != nil {
		t.Error(err)
	}
	shrunk[[2]string{"sports", "men"}][0] -= 200
	var fell *fairness.ReachError
	if list, err = p.Held(before, table(t, 10, shrunk, later)); !errors.As(err, &fell) || !errors.Is(err, fairness.ErrReach) || fell.Groups != 1 || !list[0].Fell || list[1].Fell {
		t.Errorf("%+v, %v", list, err)
	}
	var zero fairness.Plan
	for name, c := range map[string]struct {
		p             *fairness.Plan
		before, after *fairness.Table
	}{
		"no tables": {&p, nil, nil}, "the same day": {&p, before, before}, "zero plan": {&zero, before, table(t, 10, grown, later)},
		"another table before": {&p, table(t, 10, grown, later), table(t, 10, grown, later)},
		"another account":      {&p, before, table(t, 10, grown, later, func(h *proof.Header) { h.Account = "store" })},
		"other groups":         {&p, before, table(t, 10, counts{{"sports", "x"}: {1, 1}, {"sports", "y"}: {1, 1}, {"news", "x"}: {1, 1}, {"news", "y"}: {1, 1}}, later)},
		"other placements":     {&p, before, table(t, 10, jobs(9), later)},
	} {
		if _, err := c.p.Held(c.before, c.after); !errors.Is(err, fairness.ErrPlan) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCorrectRule(t *testing.T) {
	tab := table(t, 10, places())
	for name, c := range map[string]struct {
		change func(r *fairness.CorrectRule)
		want   error
	}{
		"zero":      {func(r *fairness.CorrectRule) { *r = fairness.CorrectRule{} }, fairness.ErrCorrectRule},
		"one":       {func(r *fairness.CorrectRule) { r.Placements = r.Placements[:1] }, fairness.ErrCorrectRule},
		"twice":     {func(r *fairness.CorrectRule) { r.Placements = []string{"news", "news"} }, fairness.ErrCorrectRule},
		"target":    {func(r *fairness.CorrectRule) { r.Target = 1.1 }, fairness.ErrCorrectRule},
		"level":     {func(r *fairness.CorrectRule) { r.Level = 1 }, fairness.ErrCorrectRule},
		"weight":    {func(r *fairness.CorrectRule) { r.MaxWeight = 1 }, fairness.ErrCorrectRule},
		"less":      {func(r *fairness.CorrectRule) { r.Budget = 0.9 }, fairness.ErrCorrectRule},
		"NaN":       {func(r *fairness.CorrectRule) { r.Budget = math.NaN() }, fairness.ErrCorrectRule},
		"placement": {func(r *fairness.CorrectRule) { r.Placements = []string{"news", "homes"} }, fairness.ErrNames},
		"reference": {func(r *fairness.CorrectRule) { r.Reference = "x" }, fairness.ErrNames},
	} {
		r := correction()
		r.Placements = slices.Clone(r.Placements)
		c.change(&r)
		if _, err := fairness.Correct(tab, r); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := fairness.Correct(nil, correction()); !errors.Is(err, fairness.ErrRelease) {
		t.Error(err)
	}
}
