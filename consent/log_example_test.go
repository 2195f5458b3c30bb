package consent_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/discreet-go/discreet/consent"
)

// A person agrees and is erased later: the log verifies before and after, and
// what is left of the person in it opens to nobody.
func ExampleLog() {
	ctx := context.Background()
	june := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	store := new(shelf) // boltstore, in real use
	log := consent.NewLog(store)

	given := consent.Entry{
		Kind: consent.KindGiven, At: june, Purposes: []string{"personalize.content"},
		Notice: "shop", Version: 1, Locale: "en", Method: "banner",
		Record: [16]byte{1}, Salt: [16]byte{2}, // both random, in real use
	}
	first, err := log.Append(ctx, june, given.Commitment())
	if err != nil {
		panic(err)
	}
	head, _ := log.Head(ctx) // kept elsewhere
	fmt.Println("logged as record", first, "- the log has", head.Length)

	seq, found, _ := log.Find(ctx, given.Commitment())
	fmt.Println("the entry, shown with its salt:", seq, found)
	given.Purposes = []string{"advertising"}
	_, found, _ = log.Find(ctx, given.Commitment())
	fmt.Println("the same with another purpose:", found)

	erased := consent.Entry{Kind: consent.KindErased, At: june.AddDate(0, 1, 0), Record: [16]byte{3}, Salt: [16]byte{4}}
	if _, err := log.Append(ctx, erased.At, erased.Commitment()); err != nil {
		panic(err)
	}
	given = consent.Entry{} // the row is deleted, and the salt with it
	fmt.Println("after erasure it only grew:", log.Holds(ctx, head) == nil)

	store.records = store.records[1:] // somebody takes the first record away
	var broken *consent.BrokenError
	if errors.As(log.Holds(ctx, head), &broken) {
		fmt.Println("tampered with at record", broken.Seq)
	}
	// Output:
	// logged as record 0 - the log has 1
	// the entry, shown with its salt: 0 true
	// the same with another purpose: false
	// after erasure it only grew: true
	// tampered with at record 0
}
