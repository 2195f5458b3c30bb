package cases

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/audit"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/loud"
)

// adaptiveSession audits whole accounts: an analyst who knows everything but one
// person asks for tables of any size until the account refuses, each chosen from
// the answers so far, charged by the ledger and drawn with what it charged. All
// answers together certify no more than the mu of the account.
func adaptiveSession(t *testing.T) {
	loud.Widen(t)
	runs, least := 800, 0.0 // a session takes milliseconds
	if os.Getenv(outVariable) != "" && !testing.Short() {
		runs, least = 5000, 0.3 // eight standard deviations below what it certifies
	}
	total := terms()
	total.Mu2 = thousandth(1000) // mu of 1
	s := specOf(t, dp.SegmentSizes{Name: "m", Purpose: "p", MaxSegments: 1, Share: 1}, "a")
	person := []contrib.Person{{Salt: salt(1), Segments: []string{"a"}}}
	open := func(ctx context.Context, with bool) (audit.Session[int64], error) {
		a, err := ledger.Open(ctx, ledger.Config{Store: new(tape), Terms: total}, opening)
		asked := 0
		return audit.Session[int64]{Ask: func(ctx context.Context, mu2 int64) (audit.Answer, error) {
			asked++
			ticket, _, err := a.Reserve(ctx, ask(fmt.Sprint("q", asked), mu2, 0, 0), day(0))
			if errors.Is(err, ledger.ErrExhausted) {
				return audit.Answer{Refused: true}, nil
			}
			if err != nil {
				return audit.Answer{}, err
			}
			defer ticket.Release(ctx)
			w, list := ticket.Window(), person
			if !with {
				list = nil
			}
			c, err := dp.Count(ctx, s, w.Index, ticket.AsOf(), each(list))
			if err != nil {
				return audit.Answer{}, err
			}
			r, err := dp.Draw(c, dp.Params{
				Charge: ticket.Charge(), Name: fmt.Sprint("q", asked), Account: a.Population(), Entry: ticket.Entry(),
				Mu2: thousandth(mu2), Window: w.Index, WindowFrom: w.From, WindowTo: w.To, AsOf: ticket.AsOf(), Since: w.From,
				Budget: dp.Budget{Epsilon: total.Epsilon, Delta: total.Delta, WindowDays: total.WindowDays},
			}, newSigner())
			if err != nil {
				return audit.Answer{}, err
			}
			if err := ticket.Answer(ctx, r.Note()); err != nil {
				return audit.Answer{}, err
			}
			return audit.Answer{Numbers: []float64{float64(r.At(0).Value)}}, nil
		}}, err
	}
	var questions []audit.Question[int64]
	for _, mu2 := range []int64{150, 310} {
		questions = append(questions, audit.Question[int64]{
			Ask: mu2, With: []float64{1}, Without: []float64{0}, Sigma: math.Sqrt(1000 / float64(mu2)),
		})
	}
	with, without := audit.Sessions[int64]{Open: open, Analyst: audit.Bayes(questions, 4)}.Samples()
	certifiedRuns(t, "adaptive-session", audit.Claim{Mu: 1}, with, without, runs, least)
}
