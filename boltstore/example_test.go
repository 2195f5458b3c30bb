package boltstore_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

func Example() {
	dir, err := os.MkdirTemp("", "discreet")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	path := filepath.Join(dir, "shop.discreet")

	s, err := boltstore.Open(path, boltstore.Options{Durability: boltstore.Sync})
	if err != nil {
		log.Fatal(err)
	}
	if err := s.Bind(ctx, "shop", keys); err != nil {
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
	k := segment.Key{Purpose: "recommendations", ID: id}
	err = s.ProfileUpdate(ctx, []segment.Key{k}, func(int, []byte) ([]byte, error) { return []byte("a row"), nil })
	fmt.Println("stored:", err)

	_, err = boltstore.Open(path, boltstore.Options{})
	fmt.Println("second process:", err)
	fmt.Println("closed:", s.Close())

	s, err = boltstore.Open(path, boltstore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	fmt.Println("other tenant:", s.Bind(ctx, "rival", keys))
	fmt.Println("bound:", s.Bind(ctx, "shop", keys))
	row, err := s.ProfileRow(ctx, k)
	fmt.Printf("found: %s, %v\n", row, err)
	// Output:
	// stored: <nil>
	// second process: boltstore: the file is in use by another process; one at a time may hold it
	// closed: <nil>
	// other tenant: boltstore: the file belongs to another tenant, or the name is not valid
	// bound: <nil>
	// found: a row, <nil>
}

func ExampleInterval() {
	fmt.Println(boltstore.Options{}.Durability)
	fmt.Println(boltstore.Interval(2_000_000_000))
	// Output:
	// sync
	// interval 2s
}
