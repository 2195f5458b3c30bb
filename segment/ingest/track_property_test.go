package ingest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/segment/ingest"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestTrackRoundTrip writes calls with encoding/json, with anything beside what
// is asked for, and reads what was meant, whatever else there is.
func TestTrackRoundTrip(t *testing.T) {
	kinds := map[string]string{"Product Viewed": "view", "Product Added": "cart"}
	categories := map[string]string{"Shoes": "sports.running", "Novels": "books.fiction"}
	printable := rapid.StringMatching(`[ -~äöß€👢"\\/]{1,30}`)
	junk := rapid.Custom(func(t *rapid.T) any {
		return rapid.SampledFrom([]any{
			nil, true, 1.5e-9, -3, "x\"}]\u0000\\", []any{1, "]", map[string]any{"userId": "junk"}},
			map[string]any{"messageId": "junk", "properties": map[string]any{"sku": "junk"}}, map[string]any{},
		}).Draw(t, "junk")
	})
	type sent struct {
		call map[string]any
		want string
	}
	one := rapid.Custom(func(t *rapid.T) sent {
		event := rapid.SampledFrom([]string{"Product Viewed", "Product Added"}).Draw(t, "event")
		who, id, item := "u"+printable.Draw(t, "who"), printable.Draw(t, "id"), printable.Draw(t, "item")
		category := rapid.SampledFrom([]string{"", "Shoes", "Novels"}).Draw(t, "category")
		count := rapid.IntRange(1, ingest.MaxCount).Draw(t, "count")
		kept := time.Duration(rapid.Int64Range(0, int64(80*24*time.Hour)).Draw(t, "kept"))
		skew := time.Duration(rapid.Int64Range(-1e18, 1e18).Draw(t, "skew"))
		came := noon.Add(-time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "came")))
		left := came.Add(skew)
		properties := map[string]any{"product_id": item, "quantity": count}
		if category != "" {
			properties["category"] = category
		}
		call := map[string]any{
			"type": "track", "event": event, "userId": "  ", "anonymousId": who, "messageId": id, "properties": properties,
			"originalTimestamp": left.Add(-kept), "sentAt": left, "receivedAt": came, "timestamp": "nonsense",
			"context": map[string]any{"ip": "203.0.113.9", "consent": map[string]any{"categoryPreferences": map[string]any{"Ads": true, "Other": false}}},
		}
		if rapid.Bool().Draw(t, "corrected") {
			delete(call, "sentAt")
			call["timestamp"] = came.Add(-kept)
		}
		if rapid.Bool().Draw(t, "known") {
			call["userId"], call["anonymousId"] = who, junk.Draw(t, "anonymous")
		}
		for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"traits", "ip", "", "userID", "category", "sku_", "a\"b"}), rapid.ID).Draw(t, "names") {
			call[name] = junk.Draw(t, "value")
			if name != "category" {
				properties[name] = junk.Draw(t, "value")
			}
			call["context"].(map[string]any)[name] = junk.Draw(t, "value")
		}
		return sent{call, fmt.Sprintf("%q %q %s %q %s %d %v", who, id, kinds[event], item, categories[category], count, came.Add(-kept))}
	})
	m := shop()
	m.AnonymousID, m.Purposes = "opaque", map[string][]string{"Ads": {"ads"}}
	rapid.Check(t, func(t *rapid.T) {
		var want []string
		var bodies []any
		for _, s := range rapid.SliceOfN(one, 1, 4).Draw(t, "calls") {
			bodies = append(bodies, s.call)
			want = append(want, s.want)
		}
		var file string
		if rapid.Bool().Draw(t, "batch") {
			bodies = []any{map[string]any{"batch": bodies, "context": junk.Draw(t, "context")}}
		}
		for _, b := range bodies {
			line, err := json.Marshal(b)
			if err != nil {
				t.Fatal(err)
			}
			file += string(line) + "\n"
		}
		r, err := ingest.New(strings.NewReader(file), tracks(m))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for row, err := range r.Rows(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprintf("%q %q %s %q %s %d %v", row.Person.Expose(), row.MessageID, row.Kind, row.Item, row.Category, row.Count, row.Time))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s\n%v", diff, r.Stats().Reasons)
		}
	})
}

// The mapping that docs/formats.md shows.
func TestTrackMappingGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/track-mapping.json")
	if err != nil {
		t.Fatal(err)
	}
	got, err := ingest.ParseTrackMapping(data)
	if err != nil {
		t.Fatal(err)
	}
	want := *shop()
	want.Purposes = map[string][]string{"Advertising": {"ads"}, "Functional": {"ads", "personalize"}}
	want.KeepDenied, want.Live = true, true
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, s := range []string{"", "{}", string(data) + "x", strings.Replace(string(data), `"live"`, `"lives"`, 1), strings.Replace(string(data), `"email"`, `"mail"`, 1)} {
		if _, err := ingest.ParseTrackMapping([]byte(s)); err != ingest.ErrTrackMapping {
			t.Errorf("%.40s: %v", s, err)
		}
	}
}
