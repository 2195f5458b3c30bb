package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math/big"
	"time"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
)

// thousandths returns n/1000 as a loss.
func thousandths(n int64) accounting.Units {
	u, err := accounting.UnitsUp(big.NewRat(n, 1000))
	if err != nil {
		panic(err)
	}
	return u
}

func Example() {
	ctx := context.Background()
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		log.Fatal(err)
	}
	store := memstore.Volatile() // a service takes boltstore
	if err := store.Bind(ctx, "shop", keys); err != nil {
		log.Fatal(err)
	}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	account, err := ledger.Open(ctx, ledger.Config{Store: store, Terms: ledger.Terms{
		Epsilon: 2, Delta: 1e-6, Mu2: thousandths(160), WindowDays: 30,
	}}, now)
	if err != nil {
		log.Fatal(err)
	}

	sizes := ledger.Request{Name: "sizes-2026-03-02", Spec: []byte("sizes v1"), Mu2: thousandths(100), AsOf: 20513}
	ticket, _, err := account.Reserve(ctx, sizes, now)
	if err != nil {
		log.Fatal(err)
	}
	// The charge is on record. Now noise is drawn, and the answer stored.
	if err := ticket.Answer(ctx, []byte("a noisy table")); err != nil {
		log.Fatal(err)
	}
	_, again, err := account.Reserve(ctx, sizes, now)
	fmt.Printf("asked again: %s, %v\n", again, err)

	items := ledger.Request{Name: "items-2026-03-02", Spec: []byte("items v1"), Mu2: thousandths(100), AsOf: 20513}
	_, _, err = account.Reserve(ctx, items, now)
	var out *ledger.ExhaustedError
	if errors.As(err, &out) {
		fmt.Printf("items: left %.2f of mu^2 %.2f, frees on %s\n",
			out.Remaining.Mu2.Float64(), out.Total.Mu2.Float64(), out.FreesOn.Format(time.DateOnly))
	}
	r := account.Report()
	fmt.Printf("spent %.2f, %d records, 12 windows lose at most mu = %.2f\n", r.Spent.Mu2.Float64(), r.Records, r.Mu(12))
	fmt.Println("verified:", account.Verify(ctx))
	// Output:
	// asked again: a noisy table, <nil>
	// items: left 0.06 of mu^2 0.16, frees on 2026-04-01
	// spent 0.10, 3 records, 12 windows lose at most mu = 1.39
	// verified: <nil>
}
