package ingest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/segment/ingest"
)

// realistic returns a track call of some 600 bytes, as a browser sends it.
func realistic(i int) string {
	return fmt.Sprintf(`{"type":"track","event":"Product Viewed","userId":"user-%06d","anonymousId":"507f191e-810c-4972-9de8-60ea","messageId":"ajs-next-%012d-4b1f",`+
		`"context":{"ip":"203.0.113.9","userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36","library":{"name":"analytics.js","version":"2.11.1"},`+
		`"page":{"path":"/p/boots","url":"https://shop.example/p/boots"},"consent":{"categoryPreferences":{"Advertising":true}}},`+
		`"properties":{"product_id":"sku-%04d","category":"Shoes","quantity":1},`+
		`"originalTimestamp":"2026-01-05T11:00:00.123Z","sentAt":"2026-01-05T11:00:01.123Z","receivedAt":"2026-01-05T11:00:02.456Z"}`+"\n", i, i, i%2000)
}

func benchTracks() ingest.Config {
	m := shop()
	m.UserID, m.AnonymousID = "opaque", ""
	m.Purposes = map[string][]string{"Advertising": {"ads"}}
	return tracks(m)
}

func BenchmarkTrackLines(b *testing.B) {
	const calls = 20_000
	var file strings.Builder
	for i := range calls {
		file.WriteString(realistic(i))
	}
	benchReader(b, file.String(), calls)
}

func BenchmarkTrackBatches(b *testing.B) {
	const batches, each = 200, 100
	var file strings.Builder
	for i := range batches {
		var calls []string
		for j := range each {
			calls = append(calls, strings.TrimSpace(realistic(i*each+j)))
		}
		file.WriteString(`{"batch":[` + strings.Join(calls, ",") + "]}\n")
	}
	benchReader(b, file.String(), batches*each)
}

func benchReader(b *testing.B, file string, calls int) {
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := ingest.New(strings.NewReader(file), benchTracks())
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range r.Rows(context.Background()) {
			if err != nil {
				b.Fatal(err)
			}
		}
		if n := r.Stats().Yielded; n != int64(calls) {
			b.Fatal(n)
		}
	}
	b.ReportMetric(float64(calls*b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(len(file))/float64(calls), "B/event")
}

func BenchmarkTrackBody(b *testing.B) {
	d, err := ingest.NewTracks(benchTracks())
	if err != nil {
		b.Fatal(err)
	}
	body := []byte(realistic(1))
	rows := make([]ingest.Row, 0, 1)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if rows, err = d.Decode(rows[:0], body); err != nil || len(rows) != 1 {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
