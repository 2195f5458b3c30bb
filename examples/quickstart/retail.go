package main

import "github.com/discreet-go/discreet/segment"

// retailSegments are broad on purpose: four thousand customers are few, and a
// cell needs about a hundred people to stand out of the noise.
func retailSegments() []segment.Definition {
	group := func(name, title string, categories ...string) segment.Definition {
		d := segment.Definition{Name: name, Title: title, Purpose: purpose, Version: 1}
		for _, c := range categories {
			d.Any = append(d.Any, segment.Predicate{Score: &segment.Score{
				Category: "retail." + c, HalfLifeDays: 45, AtLeastMilli: 3000,
			}})
		}
		return d
	}
	return []segment.Definition{
		{
			Name: "customers", Title: "Bought this season", Purpose: purpose, Version: 1,
			All: []segment.Predicate{{Recency: &segment.Recency{Category: "retail", WithinDays: 90}}},
		},
		group("furnishers", "Furnishes a home", "decor", "lighting", "storage", "comfort", "garden"),
		group("hosts", "Sets a table", "kitchen", "tableware", "party"),
		group("givers", "Gives presents", "stationery", "toys", "christmas", "bags", "accessories", "crafts"),
	}
}
