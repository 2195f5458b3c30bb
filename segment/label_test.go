package segment_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/segment"
)

func TestLabel(t *testing.T) {
	r := rules(t, func(c *segment.RulesConfig) {
		c.Measures, c.Advertising = nil, true
		c.Definitions = append(c.Definitions[:3:3], segment.Definition{
			Name: "active", Purpose: purpose, Version: 3, Title: "Active readers",
			All:  []segment.Predicate{{In: &segment.In{Segment: "readers"}}, {Distinct: &segment.Distinct{Category: "books", AtLeast: 2, Calendar: segment.ThisMonth}}},
			Any:  []segment.Predicate{{Frequency: &segment.Frequency{Category: "sports", AtLeast: 1, WithinDays: 1}}, {Subtree: &segment.Subtree{Category: "music"}}},
			None: []segment.Predicate{{Frequency: &segment.Frequency{Category: "games", AtLeast: 3, Calendar: segment.LastWeek, Days: true}}},
		})
	})
	x, err := r.Label("active", segment.LabelTerms{Provider: "A shop", Taxonomy: "small"})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, c := range x.Categories {
		ids = append(ids, c.ID)
	}
	if strings.Join(ids, " ") != "books books.comics games music sports" || x.LookbackDays != 60 || x.EvidenceDays != 2 || x.Version != 3 {
		t.Errorf("%+v", x)
	}
	want := `Provider: A shop
Segment: active, version 3
Title: Active readers
Purpose: personalize
Taxonomy: small
Category: books, Books
Category: books.comics, Books > Comics
Category: games, Games and toys
Category: music, Music
Category: sports, Sports
Precision: individual: one pseudonym of the provider's own, made for this purpose alone; no household, no device graph
Provenance: the provider's own events, of people who agreed to this purpose before and when they happened
Inclusion: observed: the criteria below, over counts of events by category and day
Criterion: all of: in the segment readers
Criterion: all of: events of at least 2 different categories in Books this month
Criterion: at least one of: at least 1 event in Sports today
Criterion: at least one of: any event in Music, as long as it is kept
Criterion: none of: events on at least 3 days in Games and toys in the last complete week
Modelling: none: nothing is inferred, extended to similar people, or bought
Refresh: evaluated anew whenever it is read
Look-back: 60 days
Evidence: on at least 2 days
`
	if x.String() != want {
		t.Errorf("%s", x)
	}
	text, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{`"format":"discreet-label/0"`, `"provider":"A shop"`, `"segment":"active"`, `"taxonomy":"small"`, `"precision":`, `"provenance":`, `"criteria":`, `"modelling":"none`, `"refresh":`, `"lookback_days":60`, `"evidence_days":2`, `"purpose":"personalize"`, `"advertising":true`, `{"id":"books.comics","path":"Books \u003e Comics"}`} {
		if !strings.Contains(string(text), field) {
			t.Errorf("%s is missing in %s", field, text)
		}
	}
	if x, err := rules(t).Label("cooks", segment.LabelTerms{}); err != nil || x.LookbackDays != 7 || x.EvidenceDays != 1 || x.Advertising || strings.Contains(x.String(), "Taxonomy") {
		t.Error(x, err)
	}
	if _, err := r.Label("nobody", segment.LabelTerms{}); !errors.Is(err, segment.ErrNoSegment) {
		t.Error(err)
	}
}
