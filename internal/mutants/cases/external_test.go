package cases

import (
	"errors"
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/proof"
)

// blackBox looks at what another library is fed with and asked for: one number of a
// person in a row, within the bounds, in as many rows as are stated, and an epsilon that
// was paid for.
func blackBox(t *testing.T) {
	mu2 := units(t, big.NewRat(1, 4))
	amount := dp.Amount{Unit: "EUR", Low: 0, High: 8000}
	one := contrib.Person{Salt: salt(1), Segments: []string{"a", "b", "c"}, Days: []contrib.Act{
		{Row: 0, Day: today, Events: 40, Amount: 50_000}, {Row: 1, Day: today - 1, Events: 40, Amount: 50_000}, {Row: 2, Day: today - 2, Events: 40, Amount: 50_000},
	}}
	for name, m := range map[string]dp.Measure{
		"quantiles": dp.Quantiles{Name: "m", Purpose: "p", By: dp.BySegment{Max: 2}, Of: dp.QuantityEvents, MaxEvents: 20, Ranks: []float64{0.5}, LookbackDays: 7, Share: 1},
		"variance":  dp.Variance{Name: "m", Purpose: "p", By: dp.ByCategory{Categories: dp.Public{"x", "y", "z"}, Max: 2}, Of: dp.QuantityAmount, Amount: amount, LookbackDays: 7, Share: 1},
	} {
		s := specOf(t, m, "a", "b", "c")
		var rows, people int64
		p := params(mu2, accounting.Units{})
		p.External = proof.NewExternal("library v1", func(r proof.ExternalRow) ([]float64, error) {
			mu, err := accounting.MuOfPure(r.Epsilon)
			check(t, err)
			if square(float64(mu)) > mu2.Float64()*(1+1e-9) {
				t.Errorf("%s: an epsilon of %v costs a mu of %v, more than was charged", name, r.Epsilon, mu)
			}
			if r.Rows != 2 {
				t.Errorf("%s: noise is for people in %d rows, who are in 2", name, r.Rows)
			}
			if len(r.Numbers) > 0 {
				rows++
			}
			for _, n := range r.Numbers {
				people += n.People
				if n.Number < 0 || n.Number > r.Span {
					t.Errorf("%s: a number is out of bounds", name)
				}
			}
			return make([]float64, max(1, len(r.Ranks))), nil
		})
		if _, err := dp.Draw(countOf(t, s, []contrib.Person{one}), p, newSigner()); err != nil && !errors.Is(err, dp.ErrExternalDraw) {
			t.Fatal(err)
		}
		if rows != 2 || people != 2 {
			t.Errorf("%s: one person is in %d rows, with %d numbers; stated are 2", name, rows, people)
		}
	}
}
