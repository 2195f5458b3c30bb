package memstore_test

import (
	"context"
	"fmt"
	"log"

	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

func ExampleVolatile() {
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		log.Fatal(err)
	}
	people, err := pseudonym.NewDeriver(keys, "shop", []string{"recommendations"})
	if err != nil {
		log.Fatal(err)
	}
	id, err := people.ID(pseudonym.Email("ada@example.org"), "recommendations")
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	k := segment.Key{Purpose: "recommendations", ID: id}

	s := memstore.Volatile()
	_, err = s.ProfileRow(ctx, k)
	fmt.Println("before Bind:", err)
	fmt.Println("bound:", s.Bind(ctx, "shop", keys))
	for range 2 {
		err = s.ProfileUpdate(ctx, []segment.Key{k}, func(_ int, row []byte) ([]byte, error) {
			return append(append([]byte{}, row...), 'x'), nil
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	row, err := s.ProfileRow(ctx, k)
	fmt.Printf("row: %s, %v\n", row, err)
	fmt.Println("closed:", s.Close())
	_, err = s.ProfileRow(ctx, k)
	fmt.Println("after Close:", err)
	// Output:
	// before Bind: memstore: the store is not bound to a tenant and a keyring yet
	// bound: <nil>
	// row: xx, <nil>
	// closed: <nil>
	// after Close: memstore: the store is closed
}
