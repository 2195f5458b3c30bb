package googledp_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/googledp"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/segment"
)

var (
	runners = segment.Definition{
		Name: "runners", Title: "Runners", Purpose: discreettest.Purpose, Version: 1,
		All: []segment.Predicate{{Frequency: &segment.Frequency{Category: "sports.running", AtLeast: 1, WithinDays: 60}}},
	}
	cooks = segment.Definition{
		Name: "cooks", Title: "Cooks", Purpose: discreettest.Purpose, Version: 1,
		All: []segment.Predicate{{Frequency: &segment.Frequency{Category: "home.kitchen", AtLeast: 1, WithinDays: 60}}},
	}
	euros    = dp.Amount{Unit: "EUR", High: 65_000}
	measures = []dp.Measure{
		dp.Quantiles{Name: "spent", Purpose: discreettest.Purpose, By: dp.BySegment{Max: 2}, Of: dp.QuantityAmount, Amount: euros, Ranks: []float64{0.25, 0.75}, LookbackDays: 30, Share: 0.3},
		dp.Variance{Name: "spread", Purpose: discreettest.Purpose, By: dp.Everybody{}, Of: dp.QuantityAmount, Amount: euros, LookbackDays: 30, Share: 0.3},
		dp.Quantiles{Name: "visits", Purpose: discreettest.Purpose, By: dp.ByCategory{Categories: dp.Public{"home", "sports"}, Max: 2}, Of: dp.QuantityEvents, MaxEvents: 10, Ranks: []float64{0.5}, LookbackDays: 30, Share: 0.3},
	}
	wide     = dp.Budget{Epsilon: 64, Delta: 1e-3, WindowDays: 30}
	operator = discreet.Actor{ID: "operator", Reason: "a test"}
)

// shoppers are 600 runners, who spent 10 EUR in 3 visits, and 200 of them cooks too, who spent 40
// more in 2.
func shoppers(t *testing.T, e *discreettest.Engine) {
	t.Helper()
	var all []discreet.Raw
	var batch []discreet.Event
	for i := range 600 {
		who := discreet.Opaque(fmt.Sprint("shopper-", i))
		all = append(all, who)
		batch = append(batch, discreet.Event{Who: who, MessageID: "1", Kind: "view", Category: "sports.running", Count: 3, Value: 10_000, Unit: "EUR", Time: e.Clock.Now()})
		if i < 200 {
			batch = append(batch, discreet.Event{Who: who, MessageID: "2", Kind: "view", Category: "home.kitchen", Count: 2, Value: 40_000, Unit: "EUR", Time: e.Clock.Now()})
		}
	}
	e.Agree(t, all...)
	if _, err := e.RecordBatch(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
}

// TestEngine records, releases and reads again. The epsilon of each release is above 4,
// so that noise of a count is at a scale of at most 8/4, and it would have to be beyond 25 of it
// to move a result by what is allowed: below 1e-9.
func TestEngine(t *testing.T) {
	ctx := t.Context()
	e := discreettest.Open(t, discreet.Config{Segments: []segment.Definition{runners, cooks}, Measures: measures, Budget: wide, External: googledp.Mechanisms()})
	shoppers(t, e)
	release := func(measure string) dp.Release {
		t.Helper()
		q := discreet.Query{Name: "first-" + measure, Measure: measure, Share: 0.3}
		r, err := e.Release(ctx, q, operator)
		if err != nil {
			t.Fatal(measure, err)
		}
		again, err := e.Release(ctx, q, operator)
		if err != nil || string(again.Note()) != string(r.Note()) {
			t.Fatalf("%s: asked again, another answer: %v", measure, err)
		}
		read, err := dp.ReadRelease(r.Note(), e.Verifiers()...)
		if err != nil || read.Header() != r.Header() {
			t.Fatal(measure, err)
		}
		h := r.Header()
		if !strings.HasPrefix(h.External, "github.com/google/differential-privacy/go/v3 v") || h.Delta != 0 || h.Pure < 4 {
			t.Fatalf("%+v", h)
		}
		if mu, err := accounting.MuOfPure(h.Pure); err != nil || float64(mu) > h.Mu*(1+1e-12) {
			t.Fatal(mu, err)
		}
		if s := r.Statement(); !strings.Contains(s, "are those of that library") {
			t.Error(s)
		}
		return r
	}
	r := release("spent")
	for i, want := range []float64{50, 50, 10, 50} { // cooks, runners: quarters
		c := r.At(i)
		if got := dp.Amounts(r.Header(), c.Value); math.Abs(got-want) > 0.02 {
			t.Errorf("%s %s: %g, not %g", c.Segment, c.Part, got, want)
		}
	}
	v := release("spread")
	if got, want := dp.Amounts(v.Header(), v.At(0).Value), 1600.0*2/9; v.Len() != 1 || math.Abs(got-want) > 0.25*want {
		t.Errorf("a variance of %g, not %g", got, want)
	}
	n := release("visits")
	if n.Len() != 2 || n.At(0).Category != "home" || n.At(0).Value != 2 || n.At(1).Value != 3 {
		t.Errorf("%+v", n.Cells())
	}
	if spent := e.Account().SpentShare(); math.Abs(spent-0.9) > 1e-6 {
		t.Errorf("%g of the budget is spent", spent)
	}
	for _, q := range e.Plan().Predictions() {
		if q.Noise.StdDev != 0 || q.Error1000 != 0 || q.Within10 != 0 || q.Noise.Epsilon <= 0 {
			t.Errorf("an error is predicted that nobody knows: %+v", q)
		}
	}
	var page strings.Builder
	if err := e.Processing().WriteText(&page); err != nil {
		t.Fatal(err)
	}
	told := page.String()
	for _, want := range []string{
		"Measure spent gives the quantiles of the sums of amounts of people in EUR by segments; that of one person counts as at least 0 and at most 65, in at most 2 rows.",
		"Measure visits gives the quantiles of the numbers of events of people by categories; that of one person counts as at least 0 and at most 10,",
		"with noise of github.com/google/differential-privacy/go/v3 v3.0.0, whose proof is its authors'",
	} {
		if !strings.Contains(told, want) {
			t.Errorf("%q is not in\n%s", want, told)
		}
	}
	if !strings.Contains(e.Plan().Sheet(), "spread") {
		t.Error(e.Plan().Sheet())
	}
}

// TestEngineAsksForIt: without another library, such a measure is not opened.
func TestEngineAsksForIt(t *testing.T) {
	for _, m := range measures {
		cfg := discreettest.Open(t, discreet.Config{Segments: []segment.Definition{runners}}).Config
		cfg.Measures, cfg.Store = []dp.Measure{m}, memstore.Volatile()
		_, err := discreet.Open(t.Context(), cfg)
		if !errors.Is(err, discreet.ErrExternal) {
			t.Error(err)
		}
	}
}
