package segment_test

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/segment"
)

// TestAdmitInto: whatever room there is, an event comes to the row that Admit makes
// of it, the room's beginning stays, and the row that was is not written to.
func TestAdmitInto(t *testing.T) {
	r := rules(t)
	g, l := grant(1), link(1)
	rapid.Check(t, func(t *rapid.T) {
		var rows [2][]byte // in turn, as a caller does
		row, turn := []byte(nil), 0
		for range rapid.IntRange(1, 40).Draw(t, "events") {
			e := segment.Event{
				MessageID: item(rapid.IntRange(0, 20).Draw(t, "id")),
				Category:  rapid.SampledFrom([]string{"sports.running", "books.comics", "food.cooking", "health", ""}).Draw(t, "category"),
				Item:      rapid.SampledFrom([]string{"", "a", "b", "c", "d", "e"}).Draw(t, "item"),
				Time:      start.Add(day * time.Duration(rapid.IntRange(-70, 11).Draw(t, "day"))),
			}
			was := bytes.Clone(row)
			want, outcome, err := r.Admit(row, g, l, e, moment(10*day))
			got, other, bad := r.AdmitInto(rows[turn][:0], row, g, l, e, moment(10*day))
			if err != nil || bad != nil || outcome != other || !bytes.Equal(got, want) || (got == nil) != (want == nil) {
				t.Fatalf("%v and %v, %v and %v", outcome, other, err, bad)
			}
			behind, _, _ := r.AdmitInto([]byte("before"), row, g, l, e, moment(10*day))
			if outcome == segment.Admitted && string(behind) != "before"+string(want) || outcome != segment.Admitted && !bytes.Equal(behind, row) {
				t.Fatal("what was in the room is lost")
			}
			if !bytes.Equal(row, was) {
				t.Fatal("the row was written to")
			}
			if outcome == segment.Admitted {
				rows[turn], turn = got, 1-turn
			}
			row = got
		}
	})
}

func TestAdmitIntoAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector empties pools")
	}
	r, row := typical(t, 10, 32, 50)
	g, l := grant(1), link(1)
	e := segment.Event{MessageID: "new", Item: "99999", Category: "sports.running", Time: start.Add(6 * day)}
	room := make([]byte, 0, 2*len(row))
	n := testing.AllocsPerRun(100, func() {
		if _, _, err := r.AdmitInto(room, row, g, l, e, moment(6*day)); err != nil {
			t.Fatal(err)
		}
	})
	if n > 0.1 { // a collection empties the pool
		t.Errorf("%v allocations", n)
	}
}
