package plan_test

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/plan"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/proof"
	"pgregory.net/rapid"
)

var budget = dp.Budget{Epsilon: 2, Delta: 1e-6, WindowDays: 30}

type fatal interface {
	Helper()
	Fatal(...any)
}

func sizes(t fatal, name string, share float64) contrib.Spec {
	t.Helper()
	return spec(t, dp.SegmentSizes{Name: name, Purpose: "p", MaxSegments: 5, Share: share})
}

func items(t fatal, name string, p dp.Partitions, share float64) contrib.Spec {
	t.Helper()
	return spec(t, dp.SegmentItems{
		Name: name, Purpose: "p", Items: p, MaxSegments: 2, MaxItems: 8, MaxPerItem: 1, LookbackDays: 28, Share: share,
	})
}

func spec(t fatal, m dp.Measure) contrib.Spec {
	t.Helper()
	s, err := dp.NewSpec(m, []string{"a", "b", "c"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func three(t fatal) []contrib.Spec {
	return []contrib.Spec{
		sizes(t, "sizes", 0.25), items(t, "catalog", dp.Public{"x", "y"}, 0.25), items(t, "found", dp.Discovered{}, 0.4),
	}
}

func mustNew(t fatal, c plan.Config) *plan.Plan {
	t.Helper()
	p, err := plan.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func ptr(x float64) *float64 { return &x }

func TestNewRefuses(t *testing.T) {
	twice := []contrib.Spec{sizes(t, "sizes", 0.1), sizes(t, "sizes", 0.1)}
	public := []contrib.Spec{sizes(t, "sizes", 1)}
	for name, c := range map[string]struct {
		c    plan.Config
		want error
	}{
		"no budget":                {plan.Config{Specs: public}, dp.ErrEpsilon},
		"NaN":                      {plan.Config{Budget: dp.Budget{Epsilon: math.NaN(), Delta: 1e-6, WindowDays: 30}, Specs: public}, dp.ErrEpsilon},
		"infinite":                 {plan.Config{Budget: dp.Budget{Epsilon: math.Inf(1), Delta: 1e-6, WindowDays: 30}, Specs: public}, dp.ErrEpsilon},
		"no delta":                 {plan.Config{Budget: dp.Budget{Epsilon: 1, WindowDays: 30}, Specs: public}, dp.ErrDelta},
		"no window":                {plan.Config{Budget: dp.Budget{Epsilon: 1, Delta: 1e-6}, Specs: public}, dp.ErrWindow},
		"one name twice":           {plan.Config{Budget: budget, Specs: twice}, plan.ErrDuplicate},
		"no share":                 {plan.Config{Budget: budget, Specs: []contrib.Spec{{Name: "m"}}}, plan.ErrShare},
		"not a specification":      {plan.Config{Budget: budget, Specs: []contrib.Spec{{Name: "m", ShareNano: 1}}}, dp.ErrSpec},
		"no reserve where needed":  {plan.Config{Budget: budget, Specs: three(t), ReserveShare: ptr(0)}, plan.ErrReserve},
		"reserve of everything":    {plan.Config{Budget: budget, Specs: three(t), ReserveShare: ptr(1)}, plan.ErrReserve},
		"negative reserve":         {plan.Config{Budget: budget, Specs: three(t), ReserveShare: ptr(-0.1)}, plan.ErrReserve},
		"NaN reserve":              {plan.Config{Budget: budget, Specs: three(t), ReserveShare: ptr(math.NaN())}, plan.ErrReserve},
		"reserve that rounds to 0": {plan.Config{Budget: budget, Specs: three(t), ReserveShare: ptr(1e-12)}, plan.ErrReserve},
	} {
		t.Run(name, func(t *testing.T) {
			if p, err := plan.New(c.c); !errors.Is(err, c.want) || p != nil {
				t.Fatalf("got %v, want %v", err, c.want)
			}
		})
	}
	if p := mustNew(t, plan.Config{Budget: budget}); len(p.Predictions()) != 0 {
		t.Error("a plan of nothing predicts something")
	}
}

// TestTooMuchIsToldWhatFits scales any shares by the number of the error: then
// they fit, and little is left.
func TestTooMuchIsToldWhatFits(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		shares := rapid.SliceOfN(rapid.Float64Range(0.05, 1), 2, 12).Draw(r, "shares")
		declare := func(scale float64) (list []contrib.Spec) {
			for i, s := range shares {
				list = append(list, sizes(r, fmt.Sprint("m", i), s*scale))
			}
			return list
		}
		_, err := plan.New(plan.Config{Budget: budget, Specs: declare(1)})
		var tooMuch *plan.SharesError
		if !errors.As(err, &tooMuch) {
			if err != nil {
				r.Fatal(err)
			}
			return
		}
		if !strings.Contains(err.Error(), fmt.Sprintf("%.4g", tooMuch.Scale)) {
			r.Fatal("the number that would fit is not told")
		}
		p, err := plan.New(plan.Config{Budget: budget, Specs: declare(tooMuch.Scale)})
		if err != nil {
			r.Fatalf("what should fit does not: %v", err)
		}
		sum := 0.0
		for _, q := range p.Predictions() {
			sum += q.Share()
		}
		if sum < 0.998 {
			r.Fatalf("%v of the budget would have fit", sum)
		}
	})
}

// TestTotalsKeepThePromise holds that mu^2 and the reserve together are within
// (epsilon, delta), and that hardly anything is given away.
func TestTotalsKeepThePromise(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		b := dp.Budget{
			Epsilon:    rapid.Float64Range(0.05, 10).Draw(r, "epsilon"),
			Delta:      math.Pow(10, rapid.Float64Range(-12, -4).Draw(r, "delta")),
			WindowDays: 30,
		}
		c := plan.Config{Budget: b, Specs: three(r)[:2]}
		share := 0.0
		if rapid.Bool().Draw(r, "discovered") {
			c.Specs, share = three(r), plan.DefaultReserve
			if rapid.Bool().Draw(r, "explicit") {
				share = rapid.Float64Range(0.01, 0.9).Draw(r, "reserve")
				c.ReserveShare = &share
			}
		}
		mu2, reserve := mustNew(r, c).Totals()
		spent, err := accounting.DeltaForMu(b.Epsilon, accounting.MuUp(mu2))
		if err != nil {
			r.Fatal(err)
		}
		sum := new(big.Rat).SetFloat64(spent)
		sum.Add(sum, reserve.Rat())
		// MuUp rounds up by at most 1 in 2^52, which moves delta by less than 1e-9.
		limit := new(big.Rat).SetFloat64(b.Delta * (1 + 1e-9))
		if sum.Cmp(limit) > 0 {
			r.Fatal("the plan spends more than its delta")
		}
		if got := reserve.Float64() / b.Delta; math.Abs(got-share) > 1e-8 {
			r.Fatalf("the reserve is %v of delta, not %v", got, share)
		}
		if f, _ := sum.Float64(); f < b.Delta*(1-1e-6) {
			r.Fatal("delta is given away")
		}
	})
}

func TestCharge(t *testing.T) {
	p := mustNew(t, plan.Config{Budget: budget, Specs: append(three(t), items(t, "found-too", dp.Discovered{}, 0.1))})
	mu2, reserve := p.Totals()
	for _, share := range []int64{0, -1, 1_000_000_001, math.MaxInt64, math.MinInt64} {
		if _, _, err := p.Charge("sizes", share); !errors.Is(err, plan.ErrShare) {
			t.Errorf("a share of %d: %v", share, err)
		}
	}
	for _, name := range []string{"", "other", "Sizes"} {
		if _, _, err := p.Charge(name, 1); !errors.Is(err, plan.ErrUndeclared) {
			t.Error("an undeclared measure is charged:", err)
		}
		if _, err := p.Predict(name, 1); !errors.Is(err, plan.ErrUndeclared) {
			t.Error("an undeclared measure is predicted:", err)
		}
	}
	m, d, err := p.Charge("sizes", 1_000_000_000)
	if err != nil || m != mu2 || !d.IsZero() {
		t.Error("everything is not everything, or public keys cost delta:", err)
	}
	near := func(u accounting.Units, want float64) bool { return math.Abs(u.Float64()/want-1) < 1e-12 }
	_, whole, _ := p.Charge("found", 400_000_000)
	_, half, _ := p.Charge("found", 200_000_000)
	_, more, _ := p.Charge("found", 900_000_000)
	_, other, _ := p.Charge("found-too", 100_000_000)
	if !near(whole, reserve.Float64()*0.8) || !near(half, reserve.Float64()*0.4) || !near(other, reserve.Float64()*0.2) {
		t.Error("delta is not split by share")
	}
	if more != whole {
		t.Error("a larger share than planned takes delta from the others")
	}
	if sum, err := whole.Add(other); err != nil || sum.Cmp(reserve) > 0 {
		t.Error("what is planned does not fit the reserve")
	}
}

// TestPlannedFits charges every measure as planned, in parts: the sums stay
// within the totals, to the last unit.
func TestPlannedFits(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := mustNew(r, plan.Config{Budget: budget, Specs: []contrib.Spec{
			sizes(r, "sizes", 1.0/3), items(r, "one", dp.Discovered{}, 1.0/3), items(r, "two", dp.Discovered{}, 1.0/3),
		}})
		mu2, delta := p.Totals()
		var spentMu2, spentDelta accounting.Units
		for _, q := range p.Predictions() {
			for left := q.ShareNano; left > 0; {
				part := min(left, rapid.Int64Range(50_000_000, 400_000_000).Draw(r, "part"))
				left -= part
				m, d, err := p.Charge(q.Measure, part)
				if err != nil {
					r.Fatal(err)
				}
				var err1, err2 error
				spentMu2, err1 = spentMu2.Add(m)
				spentDelta, err2 = spentDelta.Add(d)
				if err1 != nil || err2 != nil {
					r.Fatal(err1, err2)
				}
			}
		}
		if spentMu2.Cmp(mu2) > 0 || spentDelta.Cmp(delta) > 0 {
			r.Fatal("a plan does not fit its own budget")
		}
	})
}

type testSigner struct{ key ed25519.PrivateKey }

func (testSigner) Name() string                      { return "shop" }
func (testSigner) KeyHash() uint32                   { return 1 }
func (s testSigner) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

// TestPredictionsAreWhatDrawDoes draws every measure as planned, and with less.
func TestPredictionsAreWhatDrawDoes(t *testing.T) {
	specs := three(t)
	p := mustNew(t, plan.Config{Budget: budget, Specs: specs})
	signer := testSigner{ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))}
	for i := range specs {
		for _, share := range []int64{specs[i].ShareNano, specs[i].ShareNano / 7, 1000} {
			q, err := p.Predict(specs[i].Name, share)
			if err != nil {
				t.Fatal(err)
			}
			if share == specs[i].ShareNano && q != p.Predictions()[i] {
				t.Error("two predictions for one share")
			}
			counts, err := dp.Count(t.Context(), &specs[i], 0, 100, func(func(*contrib.Person, error) bool) {})
			if err != nil {
				t.Fatal(err)
			}
			mu2, delta, err := p.Charge(specs[i].Name, share)
			if err != nil {
				t.Fatal(err)
			}
			m, _ := mu2.MarshalText()
			d, _ := delta.MarshalText()
			r, err := dp.Draw(counts, dp.Params{
				Charge: proof.NewCharge(proof.ChargeFields{Account: "a", Entry: 1, Name: "r", AsOf: 100, Mu2: string(m), Delta: string(d)}),
				Name:   "r", Account: "a", Entry: 1, Mu2: mu2, Delta: delta, Budget: p.Budget(),
				WindowFrom: 100, WindowTo: 130, AsOf: 100, Since: 100,
			}, signer)
			if err != nil {
				t.Fatal(err)
			}
			h := r.Header()
			if h.Sigma != q.Noise.Sigma || h.StdDev != q.Noise.StdDev || h.Margin != q.Noise.Margin || h.Threshold != q.Noise.Threshold ||
				h.Mu != q.Noise.Mu || h.Delta != q.Noise.Delta || h.L0 != q.L0 || h.LInf != q.LInf || h.Measure != q.Measure || h.Kind != q.Kind {
				t.Errorf("predicted %+v, drawn %+v", q, h)
			}
			if q.Mu2 != mu2 || q.Delta != delta {
				t.Error("the prediction is for another charge")
			}
			if want := q.Noise.StdDev / 1000; q.Error1000 != want || q.Within10 < 10*q.Noise.Margin || q.Within10 < q.Noise.Threshold {
				t.Error("the errors are not those of the noise")
			}
		}
	}
}

// TestSheet holds every measure and number of the plan, aligned.
func TestSheet(t *testing.T) {
	p := mustNew(t, plan.Config{Budget: budget, Specs: three(t)})
	sheet := p.Sheet()
	for _, q := range p.Predictions() {
		line := ""
		for l := range strings.Lines(sheet) {
			if strings.HasPrefix(l, q.Measure+" ") {
				line = l
			}
		}
		for _, want := range []string{
			fmt.Sprintf(" %.4g ", q.Noise.Sigma), fmt.Sprintf(" %d ", q.Noise.Margin), fmt.Sprintf(" %d\n", q.Within10),
		} {
			if !strings.Contains(line, want) {
				t.Errorf("%q is not in %q", want, line)
			}
		}
		if q.Noise.Threshold > 0 != strings.Contains(line, fmt.Sprintf(" %d ", q.Noise.Threshold)) {
			t.Errorf("the threshold is wrong in %q", line)
		}
	}
	if !strings.Contains(sheet, "kept for thresholds") || strings.Contains(sheet, " \n") {
		t.Error(sheet)
	}
	if strings.Contains(mustNew(t, plan.Config{Budget: budget, Specs: three(t)[:2]}).Sheet(), "kept for thresholds") {
		t.Error("a reserve that nothing uses is shown")
	}
}

// TestPlanIsItsOwn changes what went in and what came out.
func TestPlanIsItsOwn(t *testing.T) {
	specs := three(t)
	p := mustNew(t, plan.Config{Budget: budget, Specs: specs})
	before := p.Sheet()
	specs[0].Name, specs[1].ShareNano = "other", 1
	p.Predictions()[0].Noise.Sigma = 0
	if p.Sheet() != before {
		t.Error("a caller changed the plan")
	}
	if _, _, err := p.Charge("sizes", 1); err != nil {
		t.Error(err)
	}
}
