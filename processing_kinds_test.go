package discreet_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
)

// TestProcessingOfEveryKind holds what the record says that measures publish, but for
// the exactness, which follows from shares.
func TestProcessingOfEveryKind(t *testing.T) {
	measures := everyMeasure()
	measures[4] = dp.Events{
		Name: "events", Purpose: discreettest.Purpose, By: dp.Everybody{}, MaxEvents: 10, MaxNorm: 8, HalfLifeDays: 7, LookbackDays: 30, Share: 0.05,
	}
	e := discreettest.Open(t, discreet.Config{Segments: worldSegments, Measures: measures, Budget: loose})
	var b bytes.Buffer
	p := e.Processing()
	check(t, p.WriteText(&b))
	text := strings.NewReplacer(`\_`, "_").Replace(b.String())
	for _, want := range []string{
		"Measure sizes counts people by segments; one person changes at most 3 numbers, each by at most 1.",
		"Measure views counts events by segments and items; one person changes at most 9 numbers, each by at most 2.",
		"Measure people counts people by everybody; one person changes at most 1 number, each by at most 1.",
		"Measure people-in counts people by categories;",
		"Measure events counts events by everybody, half as much for every 7 days that went by; one person changes at most 1 number, each by at most 8, and all of them by a norm of at most 8.",
		"Measure sums adds up amounts in EUR by segments; the sum of one person counts as at least 0 and at most 30; one person changes at most 3 numbers, each by at most 30 EUR.",
		"Measure sums-in adds up amounts in EUR by categories; the sum of one person counts as at least 0 and at most 12;",
		"Measure means counts people and adds up amounts in EUR by everybody;",
		"Measure means-of adds up amounts in EUR by segments, for means over the people of sizes;",
		"Measure totals counts events by items;",
		"and never with fewer than 5",
		"Measure category-items counts people by categories and items;",
		"Measure pairs counts people by pairs of items;",
		"Measure keys lists items, without numbers; one person counts with at most 3 items.",
		"Measure of-segments counts people by number of segments;",
		"Measure of-items counts people by number of items that are kept for totals;",
		"Measure of-categories counts people by number of categories;",
		"Measure of-events counts people by number of events;",
		"Measure of-amounts counts people by sum of amounts in EUR;",
		"sums of amounts of those categories that a segment or measure sums",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("nowhere: %s", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
	for _, m := range p.Purposes[0].Measures {
		if m.Counts == "" || m.Of == "" || m.MaxCells < 1 || m.MaxInCell < 1 || m.Margin < 0 || m.Margin == 0 && m.Counts != "items" && m.Counts != "people" {
			t.Errorf("%+v", m)
		}
	}
}
