package main

import (
	"fmt"

	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment/rank"
)

// rankServe measures one ranking of 500 candidates out of 5,000 items for a
// person with 20 own items, 5 categories and 5 segments, by all parts of a model.
func rankServe(b *bench) error {
	const items, segments = 5000, 50
	var totals, cells, pairs []proof.Cell
	config := rank.Config{
		Catalog: map[string]string{}, Titles: map[string]string{},
		Weights: rank.DefaultWeights(), SeenHalfLifeDays: rank.DefaultSeenHalfLifeDays,
	}
	words := []string{"RED", "BLUE", "OLD", "SMALL", "PAPER", "STEEL", "LUNCH", "GARDEN", "TEA", "PARTY", "WOODEN", "RETRO"}
	name := func(i int) string { return fmt.Sprintf("item-%04d", i) }
	for i := range items {
		config.Catalog[name(i)] = fmt.Sprintf("category-%02d", i%segments)
		config.Titles[name(i)] = fmt.Sprintf("%s %s THING %d", words[i%12], words[i/12%12], i/100)
		totals = append(totals, proof.Cell{Item: name(i), Value: int64(100_000 / (i + 10))})
		for s := range segments {
			v := int64(5_000 / (i + 20))
			if i%segments == s {
				v *= 4
			}
			cells = append(cells, proof.Cell{Segment: fmt.Sprintf("segment-%02d", s), Item: name(i), Value: v})
		}
		if i < 300 {
			for j := i + 1; j < 300; j++ {
				pairs = append(pairs, proof.Cell{Item: name(i), With: name(j), Value: int64((i * j) % 97)})
			}
		}
	}
	table := func(kind string, list []proof.Cell) rank.Release {
		return proof.NewRelease(proof.Header{Format: "discreet-release/1", Kind: kind, StdDev: 5, Cells: len(list)}, list, nil)
	}
	config.Totals = []rank.Release{table("item-totals", totals)}
	config.Items, config.Pairs = table("segment-items", cells), table("item-pairs", pairs)
	m, err := rank.New(config)
	if err != nil {
		return err
	}
	limits := rank.DefaultLimits()
	q := rank.Request{AsOf: 100, Limit: 20, Context: "category-00", Limits: &limits, Person: &rank.Person{Categories: map[string]float64{}, CategoryDays: map[string]int{}}}
	for k := range 5 {
		q.Person.Segments = append(q.Person.Segments, rank.Segment{Name: fmt.Sprintf("segment-%02d", 7*k), Weight: 1, Days: 3})
		c := fmt.Sprintf("category-%02d", 5*k)
		q.Person.Categories[c], q.Person.CategoryDays[c] = 1, 3
	}
	for k := range 20 {
		q.Person.Items = append(q.Person.Items,
			rank.OwnItem{Item: name(k * 25), Day: rank.Day(k), Count: k + 1})
	}
	for k := range 500 {
		q.Candidates = append(q.Candidates, name(k*10))
	}
	if m.Rank(q).Contextual {
		return fmt.Errorf("bench: the ranking to be measured is not personal")
	}
	run := func(n int) error {
		for range n {
			m.Rank(q)
		}
		return nil
	}
	n := 2_000
	if b.short {
		n = 200
	}
	costs, err := sideBySide(b.rounds(), n, run)
	if err != nil {
		return err
	}
	return b.reports("serve", "",
		result{Metric: "us_per_500_items", Value: median(costs[0], func(c cost) float64 { return c.ns }) / 1000},
		result{Metric: "allocs_op", Value: median(costs[0], func(c cost) float64 { return c.allocs })},
	)
}
