package googledp_test

import (
	"context"
	"fmt"
	"log"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/googledp"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// An engine that releases the median of what people spent.
func Example() {
	ctx := context.Background()
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		log.Fatal(err)
	}
	engine, err := discreet.Open(ctx, discreet.Config{
		Tenant: "shop", Keys: keys, Store: memstore.Volatile(), Taxonomy: segment.Small(), TTLDays: 90,
		Notices: []consent.Notice{{
			ID: "pages", Version: 1, Locale: "en", Title: "Pages that fit you",
			Text:       "We keep what you buy, under a pseudonym, to put first what you may like.",
			Purposes:   []consent.Purpose{{Key: "personalize", Title: "Personal pages"}},
			Categories: []string{"what you bought"}, Withdrawal: "Settings, Privacy, one tap.",
			RetentionDays: 90, ConsentDays: 365,
		}},
		Measures: []dp.Measure{dp.Quantiles{
			Name: "spent", Purpose: "personalize", By: dp.Everybody{}, LookbackDays: 28, Share: 0.2,
			Of: dp.QuantityAmount, Amount: dp.Amount{Unit: "EUR", High: 500_000}, Ranks: []float64{0.5},
		}},
		Budget:   dp.Budget{Epsilon: 2, Delta: 1e-6, WindowDays: 30},
		External: googledp.Mechanisms(),
	})
	if err != nil {
		log.Fatal(err)
	}
	spent, err := engine.Release(ctx, discreet.Query{Name: "week-1", Measure: "spent", Share: 0.2}, discreet.Actor{ID: "weekly", Reason: "report"})
	if err != nil {
		log.Fatal(err)
	}
	h := spent.Header()
	fmt.Println(h.Mechanism, "of", h.External)
	fmt.Printf("%.3g-differentially private, %v of the budget\n", h.Pure, engine.Account().SpentShare())
	fmt.Println("rank", spent.At(0).Part)
	// Output:
	// google-bounded-quantiles of github.com/google/differential-privacy/go/v3 v3.0.0
	// 0.16-differentially private, 0.2 of the budget
	// rank 0.5
}
