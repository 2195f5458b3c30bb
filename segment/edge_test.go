package segment_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet/segment"
	"pgregory.net/rapid"
)

// Edges that are told along a life of events, wishes and days add up: nobody
// enters twice or leaves without having been in, and at the end who follows them
// knows what the row says.
func TestEdgesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, err := segment.NewRules(segment.RulesConfig{Purpose: purpose, Taxonomy: segment.Small(), Definitions: drawDefinitions(t), TTLDays: 60})
		if err != nil {
			t.Fatal(err)
		}
		known := map[string]bool{}
		var row []byte
		swept, now := dayOf(start), start
		turn := func(next []byte, day segment.Day) {
			list, err := r.Edges(segment.Held{Row: row, Day: swept}, segment.Held{Row: next, Day: day})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range list {
				if known[e.Segment] == e.Entered {
					t.Fatalf("%+v is told to who knows it", e)
				}
				known[e.Segment] = e.Entered
			}
			row, swept = next, day
		}
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			m := segment.Moment{Now: now, Window: 3, WindowStart: dayOf(start)}
			var next []byte
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				now = now.Add(time.Duration(rapid.IntRange(1, 20).Draw(t, "days")) * day)
				continue
			case 1:
				if next, err = r.Expire(row, m); err != nil {
					t.Fatal(err)
				}
				turn(next, dayOf(now))
				continue
			case 2:
				next, err = r.Leave(row, rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "segment"))
			case 3:
				next, err = r.Rejoin(row, rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "segment"))
			case 4:
				next, err = r.Dismiss(row, rapid.SampledFrom(modelCategories).Draw(t, "category"))
			default:
				e := segment.Event{
					Category: rapid.SampledFrom(modelCategories).Draw(t, "of"), Count: rapid.IntRange(1, 3).Draw(t, "count"),
					Time: now.Add(-time.Duration(rapid.IntRange(0, 30).Draw(t, "late")) * day),
				}
				next, _, err = r.Admit(row, grant(1), link(1), e, m)
			}
			if err != nil {
				t.Fatal(err)
			}
			turn(next, swept)
		}
		turn(row, dayOf(now))
		var want, got []string
		if row != nil {
			want = r.Segments(profileOf(t, row), dayOf(now))
		}
		for name, in := range known {
			if in {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("who follows knows %v, the row says %v", got, want)
		}
	})
}

func TestEdgesRefuses(t *testing.T) {
	r := rules(t)
	for _, pair := range [][2]segment.Held{{{Row: []byte{9}}, {}}, {{}, {Row: []byte{9}}}} {
		if list, err := r.Edges(pair[0], pair[1]); list != nil || !errors.Is(err, segment.ErrRow) {
			t.Error(list, err)
		}
	}
	if list, err := r.Edges(segment.Held{}, segment.Held{}); list != nil || err != nil {
		t.Error(list, err)
	}
}
