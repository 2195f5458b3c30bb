package ingest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/segment"
	"github.com/discreet-go/discreet/segment/ingest"
	"github.com/google/go-cmp/cmp"
)

// TestTrackReplay takes batches through an engine: sending one again changes
// nothing, and the same message id of another person is another message.
func TestTrackReplay(t *testing.T) {
	e := discreettest.Open(t, discreet.Config{})
	ann, bob := discreet.Email("ann@example.com"), discreet.Email("bob@example.com")
	e.Agree(t, ann, bob)
	e.Clock.Advance(3 * time.Hour)
	m := shop()
	c := ingest.Config{Track: m, Now: e.Clock.Now, TTLDays: e.Config.TTLDays}
	record := func(body string) (admitted, duplicate int) {
		t.Helper()
		d, err := ingest.NewTracks(c)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := d.Decode(nil, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		var events []discreet.Event
		for _, r := range rows {
			events = append(events, discreet.Event{
				Who: r.Person, MessageID: r.MessageID, Kind: r.Kind, Item: r.Item, Category: r.Category, Count: r.Count, Time: r.Time,
			})
		}
		tally, err := e.RecordBatch(t.Context(), events)
		if err != nil {
			t.Fatal(err)
		}
		return tally.Results[segment.Admitted], tally.Results[segment.Duplicate]
	}
	held := func(who discreet.Raw) any {
		t.Helper()
		x, err := e.Export(t.Context(), who, discreet.Actor{ID: "test", Reason: "test"})
		if err != nil {
			t.Fatal(err)
		}
		return x.Profiles
	}
	stamp := fmt.Sprintf(`"timestamp":"%s"`, e.Clock.Now().Add(-time.Hour).Format(time.RFC3339))
	view := strings.Replace(viewed(""), `"timestamp":"2026-01-05T11:00:00Z"`, stamp, 1)
	order := `{"event":"Order Completed","userId":"ann@example.com","messageId":"o-1",` + stamp +
		`,"properties":{"products":[{"sku":"socks","category":"Shoes"},{"sku":"laces","category":"Shoes"}]}}`
	batch := `{"batch":[` + view + `,` + order + `]}`
	if a, d := record(batch); a != 3 || d != 0 {
		t.Fatalf("first: %d admitted, %d duplicates", a, d)
	}
	before := held(ann)
	for range 3 {
		if a, d := record(batch); a != 0 || d != 3 {
			t.Errorf("again: %d admitted, %d duplicates", a, d)
		}
		e.Clock.Advance(time.Hour)
	}
	if diff := cmp.Diff(before, held(ann)); diff != "" {
		t.Errorf("a replay changed something:\n%s", diff)
	}
	// Bob's call has the id of Ann's.
	if a, d := record(strings.Replace(view, "ann@", "bob@", 1)); a != 1 || d != 0 {
		t.Errorf("another person: %d admitted, %d duplicates", a, d)
	}
	if diff := cmp.Diff(before, held(ann)); diff != "" {
		t.Errorf("another person's message changed something:\n%s", diff)
	}
	if a, d := record(strings.Replace(view, `"m-1"`, `"m-2"`, 1)); a != 1 || d != 0 {
		t.Errorf("another message: %d admitted, %d duplicates", a, d)
	}
}

// What the decoder lets through an engine of the same clock and TTL never
// refuses for its time, on either side of both lines.
func TestTrackAgesAreThoseOfTheEngine(t *testing.T) {
	e := discreettest.Open(t, discreet.Config{TTLDays: 30, Notices: nil})
	ann := discreet.Email("ann@example.com")
	e.Clock.Set(discreettest.Start.AddDate(0, 0, -60))
	e.Agree(t, ann)
	e.Clock.Set(discreettest.Start)
	c := ingest.Config{Track: shop(), Now: e.Clock.Now, TTLDays: 30}
	first := e.Clock.Now().Truncate(24*time.Hour).AddDate(0, 0, -29)
	for i, at := range []time.Time{
		first.Add(-time.Second), first, e.Clock.Now(), e.Clock.Now().Add(segment.MaxAhead), e.Clock.Now().Add(segment.MaxAhead + time.Second),
	} {
		call := strings.NewReplacer("2026-01-05T11:00:00Z", at.Format(time.RFC3339), "m-1", fmt.Sprint("m-", i)).Replace(viewed(""))
		rows, stats, err := decode(t, c, call)
		if err != nil {
			t.Fatal(err)
		}
		out, err := e.Record(t.Context(), discreet.Event{Who: ann, MessageID: fmt.Sprint(i), Kind: "view", Item: "boots", Category: "sports.running", Time: at})
		if err != nil || len(out) != 1 {
			t.Fatal(err)
		}
		want := map[segment.Outcome]ingest.Reason{segment.RefusedFuture: ingest.ReasonFuture, segment.RefusedTooOld: ingest.ReasonOld}[out[0].Result]
		if want == ingest.ReasonNone && (len(rows) != 1 || out[0].Result != segment.Admitted) || want != ingest.ReasonNone && stats.Reasons[want] != 1 {
			t.Errorf("%v: the engine says %v, the decoder %v", at, out[0].Result, stats.Reasons)
		}
	}
}
