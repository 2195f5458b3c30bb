package segment_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet/segment"
	"pgregory.net/rapid"
)

// An event that comes late, as long as the TTL lets it in, makes the row that it
// would have made on its day, in whatever order; beyond the TTL it is refused and
// changes nothing. Message ids are remembered by the day on which they came, so there
// are none, and events that stand in both worlds make the heads equal.
func TestLateEqualsOnTime(t *testing.T) {
	r := rules(t, withSums)
	rapid.Check(t, func(t *rapid.T) {
		last := 40 // days of recording, all in one accounting window
		at := func(d int) segment.Moment { return moment(time.Duration(d) * day) }
		anchors := func(list []arrival) []arrival {
			list = slices.Clone(list)
			for _, d := range []int{0, last} {
				list = append(list, arrival{segment.Event{Category: "home.garden", Time: at(d).Now}, grant(1), at(d)})
			}
			return list
		}
		var onTime, late []arrival
		for range rapid.IntRange(0, 25).Draw(t, "n") {
			d := rapid.IntRange(0, last).Draw(t, "day")
			e := segment.Event{
				Category: rapid.SampledFrom(categories).Draw(t, "category"), Count: rapid.IntRange(0, 3).Draw(t, "count"), Time: at(d).Now,
			}
			if rapid.Bool().Draw(t, "amount") {
				e.Value, e.Unit = rapid.Int64Range(1, 50_000).Draw(t, "value"), "EUR"
			}
			comes := rapid.IntRange(d, last).Draw(t, "comes")
			// An item counts for a measure that looks back far enough on the day the event comes.
			if rapid.Bool().Draw(t, "item") && comes-d < 20 {
				e.Item = item(rapid.IntRange(1, 9).Draw(t, "which"))
			}
			onTime = append(onTime, arrival{e, grant(1), at(d)})
			late = append(late, arrival{e, grant(1), at(comes)})
		}
		inOrder := func(list []arrival) []byte {
			list = anchors(list)
			slices.SortStableFunc(list, func(a, b arrival) int { return a.m.Now.Compare(b.m.Now) })
			return fold(t, r, nil, list)
		}
		want := inOrder(onTime)
		if got := inOrder(late); !bytes.Equal(got, want) {
			t.Fatalf("late:\n%x\non time:\n%x", got, want)
		}
		if got := fold(t, r, nil, rapid.Permutation(anchors(late)).Draw(t, "order")); !bytes.Equal(got, want) {
			t.Fatalf("late, in another order:\n%x\non time:\n%x", got, want)
		}
		if want == nil {
			return
		}
		old := segment.Event{Category: "books", Time: at(last).Now.Add(-time.Duration(rapid.IntRange(60, 400).Draw(t, "too old")) * day)}
		next, out, err := r.Admit(want, grant(1), link(1), old, at(last))
		if err != nil || out != segment.RefusedTooOld && out != segment.RefusedInterval || !bytes.Equal(next, want) {
			t.Fatal(out, err)
		}
	})
}

// Reading a row and writing it again between any two events changes nothing: a
// profile has no state but its row.
func TestRowIsAllThereIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := arrivals(t)
		r := rapidRules(t)
		want := fold(t, r, nil, list)
		var row []byte
		for _, a := range list {
			fresh := rapidRules(t) // as after a restart
			row = fold(t, fresh, row, []arrival{a})
			if row == nil {
				continue
			}
			var err error
			if row, err = segment.Reencode(row); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(row, want) {
			t.Fatalf("%x\n%x", row, want)
		}
	})
}

func rapidRules(t *rapid.T) *segment.Rules {
	r, err := segment.NewRules(segment.RulesConfig{Purpose: purpose, Taxonomy: segment.Small(), Definitions: append(definitions[:3:3], spenders), TTLDays: 60, Measures: measures(t)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
