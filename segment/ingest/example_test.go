package ingest_test

import (
	"context"
	"fmt"
	"strings"

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
