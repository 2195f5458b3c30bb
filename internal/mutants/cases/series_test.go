package cases

import (
	"slices"
	"testing"

	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/segment"
)

// series: over the releases of a window a person counts in one segment, whatever the
// person does between them, and what was forgotten.
func series(t *testing.T) {
	categories := []string{"sports.running", "books.fiction", "home.kitchen"}
	var defs []segment.Definition
	for i, c := range categories {
		defs = append(defs, segment.Definition{Name: string(rune('a' + i)), Purpose: purpose, Version: 1, All: []segment.Predicate{{Subtree: &segment.Subtree{Category: c}}}})
	}
	s := specOf(t, dp.SegmentSizes{Name: "m", Purpose: purpose, MaxSegments: 1, Share: 1, Series: true}, "a", "b", "c")
	r, err := segment.NewRules(segment.RulesConfig{
		Purpose: purpose, Taxonomy: segment.Small(), Definitions: defs, Measures: []contrib.Spec{*s}, TTLDays: 90,
	})
	check(t, err)
	l := worldLink(1)
	g := discreettest.Grant(t, l, day(0))
	var row []byte
	for i, c := range categories {
		n := i + 1
		if row, _, err = r.Admit(row, g, l, segment.Event{Category: c, Time: day(n)}, momentAt(n)); err != nil {
			t.Fatal(err)
		}
		row, err = r.AssignSlots(row, 0, day(n), dayNumber(n), 0)
		check(t, err)
		p, err := segment.ReadProfile(row)
		check(t, err)
		person, ok := r.Person(p, 0, day(n), dayNumber(n), 0)
		var in []string
		for _, cell := range s.Vector(&person, 0, dayNumber(n)) {
			in = append(in, s.Segments[cell.Row])
		}
		want := []string{"a"} // nothing else came before the first release
		if i > 0 {
			want = nil
		}
		if !ok || !slices.Equal(in, want) {
			t.Errorf("release %d counts a person in %v, want %v", n, in, want)
		}
		if row, err = r.ForgetCategory(row, c); err != nil {
			t.Fatal(err)
		}
	}
}
