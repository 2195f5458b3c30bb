package ingest_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/discreet-go/discreet/segment/ingest"
)

// The columns of a shop's file, and what they hold.
func Example() {
	file := "customer,sku,at,agreed\n" +
		"c-17,boots,2026-01-05T12:00:00Z,yes\n" +
		"c-17,socks,yesterday,yes\n"
	mapping, err := ingest.ParseMapping("person=customer,person-kind=opaque,item=sku,time=at,kind==view,consent=agreed")
	if err != nil {
		fmt.Println(err)
		return
	}
	reader, err := ingest.New(strings.NewReader(file), ingest.Config{Mapping: mapping})
	if err != nil {
		fmt.Println(err)
		return
	}
	for row, err := range reader.Rows(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(row.Number, row.Person, row.Kind, row.Item, row.Consent)
	}
	fmt.Println(reader.Stats().Reasons)
	// Output:
	// 1 [raw identifier] view boots given
	// map[time:1]
}

// A body as a shop's collector gets it. What the table does not name is dropped:
// address, user agent, traits.
func ExampleTracks() {
	mapping := ingest.Ecommerce()
	mapping.Category, mapping.Categories = "category", map[string]string{"Shoes": "sports.running"}
	mapping.Purposes = map[string][]string{"Functional": {"personalize"}}
	now := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	tracks, err := ingest.NewTracks(ingest.Config{Track: &mapping, Now: func() time.Time { return now }, TTLDays: 90})
	if err != nil {
		fmt.Println(err)
		return
	}
	rows, err := tracks.Decode(nil, []byte(`{"batch": [
		{"type": "track", "event": "Product Viewed", "userId": "u-17", "messageId": "m-1",
		 "properties": {"product_id": "boots", "category": "Shoes", "url": "https://shop.example/boots"},
		 "originalTimestamp": "2026-01-05T13:00:00Z", "sentAt": "2026-01-05T13:00:05Z", "receivedAt": "2026-01-05T11:30:05Z",
		 "context": {"ip": "203.0.113.9", "userAgent": "x", "traits": {"email": "ann@example.com"},
			"consent": {"categoryPreferences": {"Advertising": false, "Functional": true}}}},
		{"type": "track", "event": "Product Viewed", "userId": "u-18", "messageId": "m-2",
		 "properties": {"product_id": "boots"}, "timestamp": "2026-01-05T11:30:00Z"}
	]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, row := range rows {
		fmt.Println(row.Person, row.MessageID, row.Kind, row.Item, row.Category, row.Time.Format(time.TimeOnly))
	}
	fmt.Println(tracks.Stats().Reasons)
	// Output:
	// [raw identifier] m-1 view boots sports.running 11:30:00
	// map[denied:1]
}
