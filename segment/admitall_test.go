package segment_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment"
)

// held draws a row with all that one may hold, or none.
func held(t *rapid.T, r *segment.Rules) []byte {
	row := fold(t, r, nil, arrivals(t))
	must := func(next []byte, err error) {
		if err != nil {
			t.Fatal(err)
		}
		row = next
	}
	if rapid.Bool().Draw(t, "merged") {
		other := ident.NewLink(link(1).Subject(), purpose, link(2).ID(), link(2).Salt())
		var from []byte
		for _, a := range arrivals(t) {
			var err error
			if from, _, err = r.Admit(from, a.g, other, a.e, a.m); err != nil {
				t.Fatal(err)
			}
		}
		must(r.Merge(row, from, moment(6*day)))
	}
	if len(row) > 0 && rapid.Bool().Draw(t, "dismissed") {
		must(r.Dismiss(row, rapid.SampledFrom([]string{"sports", "books.fiction"}).Draw(t, "which")))
	}
	return row
}

// TestAdmitAll: many events at once come to the row and the outcomes of one after
// the other, to the byte: over bounds, repetitions, windows, consents that lapsed or
// differ, clocks that went back, rows that were merged, dismissed categories, sums.
func TestAdmitAll(t *testing.T) {
	r := rules(t, withSums)
	rapid.Check(t, func(t *rapid.T) {
		row := held(t, r)
		was := bytes.Clone(row)
		m := moment(time.Duration(rapid.SampledFrom([]int{-9, 0, 3, 6, 13, 20, 45}).Draw(t, "now")) * day)
		m.EntersNext = rapid.Bool().Draw(t, "returned")
		if m.WindowStart = min(m.WindowStart, dayOf(m.Now)); rapid.Bool().Draw(t, "next window") {
			m.Window++
			m.WindowStart = dayOf(m.Now)
		}
		list := make([]segment.Admission, 0, 40)
		want := row
		for i, a := range arrivals(t) {
			if rapid.IntRange(0, 3).Draw(t, "again") == 0 {
				a.e.MessageID = item(rapid.IntRange(0, 40).Draw(t, "id"))
			}
			if rapid.IntRange(0, 9).Draw(t, "without id") == 0 {
				a.e.MessageID = ""
			}
			if rapid.Bool().Draw(t, "now") {
				a.e.Time = m.Now.Add(-time.Duration(i) * time.Hour)
			}
			notice, version := a.g.Notice()
			a.g = proof.NewGrant(proof.GrantFields{
				Subject: link(1).Subject(), Purpose: purpose, Notice: notice, Version: version,
				From: start.Add(time.Duration(rapid.SampledFrom([]int{-30, -30, -30, 41}).Draw(t, "from")) * day),
				To:   a.g.To().Add(time.Duration(rapid.IntRange(0, 1).Draw(t, "longer")) * 30 * day),
			})
			next, outcome, err := r.Admit(want, a.g, link(1), a.e, m)
			if err != nil {
				t.Fatal(err)
			}
			want = next
			list = append(list, segment.Admission{Grant: a.g, Event: a.e, Outcome: outcome})
		}
		together := slices.Clone(list)
		changed := false
		for i := range together {
			together[i].Outcome = 0
			changed = changed || list[i].Outcome == segment.Admitted
		}
		got, err := r.AdmitAll([]byte("before"), row, link(1), together, m)
		if err != nil {
			t.Fatal(err)
		}
		for i := range list {
			if together[i].Outcome != list[i].Outcome {
				t.Fatalf("event %d: %v, one by one %v", i, together[i].Outcome, list[i].Outcome)
			}
		}
		if changed && string(got) != "before"+string(want) || !changed && !bytes.Equal(got, row) {
			t.Fatal("another row than one by one")
		}
		if !bytes.Equal(row, was) {
			t.Fatal("the row was written to")
		}
	})
}

// TestAdmitAllFull: the bound on message ids is met at the same event.
func TestAdmitAllFull(t *testing.T) {
	r := rules(t)
	const most = 8192
	fill := func(n int) (list []segment.Admission) {
		for i := range n {
			list = append(list, segment.Admission{Grant: grant(1), Event: segment.Event{
				MessageID: item(i), Category: "sports.running", Time: start,
			}})
		}
		return list
	}
	first, err := r.AdmitAll(nil, nil, link(1), fill(most-2), moment(0))
	if err != nil {
		t.Fatal(err)
	}
	list := fill(most + 3)[most-5:]
	row, err := r.AdmitAll(nil, first, link(1), list, moment(day))
	if err != nil {
		t.Fatal(err)
	}
	want := first
	for i := range list {
		var o segment.Outcome
		if want, o, err = r.Admit(want, grant(1), link(1), list[i].Event, moment(day)); err != nil || o != list[i].Outcome {
			t.Fatalf("event %d: %v, one by one %v, %v", i, list[i].Outcome, o, err)
		}
	}
	if !bytes.Equal(row, want) || list[2].Outcome != segment.Duplicate || list[4].Outcome != segment.Admitted || list[7].Outcome != segment.RefusedFull {
		t.Error("another row than one by one, or not full")
	}
}

// TestAdmitAllAsksForProof: one proof that does not fit, wherever it stands, and
// nothing is admitted; a row that is none is an error.
func TestAdmitAllAsksForProof(t *testing.T) {
	r := rules(t)
	e := segment.Event{Category: "sports.running", Time: start}
	row := admit(t, r, nil, e, moment(0))
	many := func(n int) (list []segment.Admission) {
		for range n {
			list = append(list, segment.Admission{Grant: grant(1), Event: e})
		}
		return list
	}
	for _, n := range []int{1, 3, 9} {
		for i := range n {
			for want, g := range map[error]segment.Grant{segment.ErrGrant: {}, segment.ErrSubject: grant(2)} {
				list := many(n)
				list[i].Grant = g
				if next, err := r.AdmitAll(nil, row, link(1), list, moment(0)); !errors.Is(err, want) || next != nil {
					t.Errorf("proof %d of %d: %v", i, n, err)
				}
			}
		}
		if _, err := r.AdmitAll(nil, row, segment.Link{}, many(n), moment(0)); !errors.Is(err, segment.ErrLink) {
			t.Error(err)
		}
		if _, err := r.AdmitAll(nil, row[:20], link(1), many(n), moment(0)); !errors.Is(err, segment.ErrRow) {
			t.Error(err)
		}
	}
	if next, err := r.AdmitAll(nil, row, link(1), nil, moment(0)); err != nil || !bytes.Equal(next, row) {
		t.Error("no event changed the row", err)
	}
}

// BenchmarkAdmitAll admits events to a row with five categories and five items, at
// once and one after the other; it reports the time of one event.
func BenchmarkAdmitAll(b *testing.B) {
	r, row := typical(b, 5, 5, 8)
	for _, n := range []int{1, 2, 3, 8, 32} {
		list := make([]segment.Admission, n)
		for i := range list {
			list[i] = segment.Admission{Grant: grant(1), Event: segment.Event{
				MessageID: item(i), Item: "1", Category: "sports.running", Time: start.Add(6 * day),
			}}
		}
		b.Run(fmt.Sprint("together-", n), func(b *testing.B) {
			var room []byte
			for b.Loop() {
				next, err := r.AdmitAll(room[:0], row, link(1), list, moment(6*day))
				if room = next; err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/event")
		})
		b.Run(fmt.Sprint("each-", n), func(b *testing.B) {
			var rooms [2][]byte
			for b.Loop() {
				now := row
				for i := range list {
					next, _, err := r.AdmitInto(rooms[i%2][:0], now, list[i].Grant, link(1), list[i].Event, moment(6*day))
					if now, rooms[i%2] = next, next; err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/event")
		})
	}
}
