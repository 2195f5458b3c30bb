package segment_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/segment"
)

// typical returns rules and the row of a person with so many categories, kept
// items and message ids of seven days.
func typical(t testing.TB, cats, items, messages int) (*segment.Rules, []byte) {
	t.Helper()
	m := contrib.SegmentItems{Name: "likes", Purpose: purpose, Items: contrib.Discovered{}, MaxSegments: 3, MaxItems: 64, MaxPerItem: 1, LookbackDays: 60, Share: 0.1}
	r := rules(t, func(c *segment.RulesConfig) { c.Measures = []contrib.Spec{spec(t, m)} })
	ids := segment.Small().IDs()
	var list []string
	for _, id := range ids {
		if !segment.Small().Sensitive(id) && id != "sports.running" {
			list = append(list, id)
		}
	}
	list = append([]string{"sports.running"}, list...)[:cats]
	row := []byte(nil)
	n := max(3*cats, items, messages)
	for i := range n {
		e := segment.Event{Category: list[i%cats], Time: start.Add(-time.Duration(i*5%40) * day)}
		if i < items {
			e.Item = fmt.Sprintf("%05d", 10000+i*37)
		}
		if i < messages {
			e.MessageID = item(i)
		}
		row = admit(t, r, row, e, moment(time.Duration(i*7/n)*day))
	}
	return r, row
}

func BenchmarkAdmit(b *testing.B) {
	for _, c := range []struct{ cats, items, messages int }{{5, 16, 20}, {10, 32, 50}, {20, 60, 200}} {
		r, row := typical(b, c.cats, c.items, c.messages)
		g, l := grant(1), link(1)
		name := fmt.Sprintf("categories=%d/items=%d/messages=%d", c.cats, c.items, c.messages)
		run := func(kind string, e segment.Event, want segment.Outcome) {
			b.Run(name+"/"+kind, func(b *testing.B) {
				b.ReportAllocs()
				b.ReportMetric(float64(len(row)), "B/row")
				for b.Loop() {
					if _, out, err := r.Admit(row, g, l, e, moment(e.Time.Sub(start))); out != want || err != nil {
						b.Fatal(out, err)
					}
				}
			})
		}
		at := start.Add(6 * day)
		run("known", segment.Event{MessageID: "new", Item: "10000", Category: "sports.running", Time: at}, segment.Admitted)
		run("first-of-day", segment.Event{MessageID: "new", Item: "99999", Category: "sports.running", Time: at.Add(day)}, segment.Admitted)
		run("new", segment.Event{MessageID: "new", Item: "99999", Category: "sports.running", Time: at}, segment.Admitted)
		run("duplicate", segment.Event{MessageID: item(0), Item: "10037", Category: "sports.running", Time: at}, segment.Duplicate)
		run("refused", segment.Event{MessageID: "new", Category: "health", Time: at}, segment.RefusedSensitive)
	}
}

// BenchmarkAdmitFull is a person with more items than the measure keeps.
func BenchmarkAdmitFull(b *testing.B) {
	r, row := typical(b, 20, 300, 0)
	g, l := grant(1), link(1)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		e := segment.Event{Item: fmt.Sprint(i % 10000), Category: "sports.running", Time: start}
		if _, out, err := r.Admit(row, g, l, e, moment(0)); out != segment.Admitted || err != nil {
			b.Fatal(out, err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	r, row := typical(b, 10, 32, 50)
	var p segment.Profile
	b.Run("unmarshal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := p.UnmarshalBinary(row); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("segments", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.Segments(&p, dayOf(start)+6)
		}
	})
	b.Run("person", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := r.Person(&p, 0, start, dayOf(start)+6, 3); !ok {
				b.Fatal("no person")
			}
		}
	})
	b.Run("history", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.History(&p, start.Add(6*day))
		}
	})
}

// BenchmarkSize reports the bytes of rows by part.
func BenchmarkSize(b *testing.B) {
	for _, c := range []struct{ cats, items, messages int }{{5, 16, 20}, {10, 32, 50}, {20, 64, 200}} {
		b.Run(fmt.Sprintf("categories=%d", c.cats), func(b *testing.B) {
			_, row := typical(b, c.cats, c.items, c.messages)
			messages, items, rest := segment.Sizes(row)
			for b.Loop() {
			}
			b.ReportMetric(float64(rest), "B/person")
			b.ReportMetric(float64(items)/float64(c.items), "B/item")
			b.ReportMetric(float64(messages)/float64(c.messages), "B/message")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// A person with eight categories and six days in each.
func TestSizes(t *testing.T) {
	_, row := typical(t, 8, 32, 50)
	messages, items, rest := segment.Sizes(row)
	if rest > 200 || items > 16*32 || messages > 9*50 {
		t.Errorf("%d bytes, %d for 32 items, %d for 50 message ids", rest, items, messages)
	}
}

func TestAdmitAllocatesTheRowOnly(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector empties pools")
	}
	r, row := typical(t, 10, 32, 50)
	g, l := grant(1), link(1)
	e := segment.Event{MessageID: "new", Item: "99999", Category: "sports.running", Time: start.Add(6 * day)}
	n := testing.AllocsPerRun(100, func() {
		if _, _, err := r.Admit(row, g, l, e, moment(6*day)); err != nil {
			t.Fatal(err)
		}
	})
	if n > 1.1 { // a collection empties the pool
		t.Errorf("%v allocations", n)
	}
}
