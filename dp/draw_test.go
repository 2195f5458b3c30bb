package dp_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
	"pgregory.net/rapid"
)

// wide is a public table with 200,000 cells.
func wide(t testing.TB) *dp.Spec {
	var items dp.Public
	for i := range 500 {
		items = append(items, fmt.Sprintf("item-%03d", i))
	}
	var segments []string
	for i := range 400 {
		segments = append(segments, fmt.Sprintf("segment-%03d", i))
	}
	return mustSpec(t, dp.SegmentItems{
		Name: "wide", Purpose: "p", Items: items, MaxSegments: 2, MaxItems: 8, MaxPerItem: 3, LookbackDays: 7, Share: 1,
	}, segments...)
}

// fiveSigma bounds the standard normal with probability above 1 - 1e-6.
const fiveSigma = 4.9

// differs tests whether values are noise around zero of that standard
// deviation: mean and variance, each with a false alarm in a million or less.
func differs(cells []dp.Cell, stdDev float64) bool {
	n := float64(len(cells))
	var sum, squares float64
	for _, c := range cells {
		x := float64(c.Value) / stdDev
		sum += x
		squares += x * x
	}
	return math.Abs(sum) > fiveSigma*math.Sqrt(n) || math.Abs(squares-n) > fiveSigma*math.Sqrt(2*n)
}

// TestNoiseIsAsStated draws tables of nobody: every cell is there, the noise
// has the stated scale, and the intervals hold the truth as often as stated.
// The same test finds noise that is 2 % off, either way. False alarms: below
// 4e-6 in all.
func TestNoiseIsAsStated(t *testing.T) {
	s := newSigner(t, "shop", 1)
	spec := wide(t)
	table := func(share int64) dp.Release {
		mu2, err := units(t, 1, 20).Share(share)
		if err != nil {
			t.Fatal(err)
		}
		r, err := dp.Draw(count(t, spec, nil), charged(params(mu2, accounting.Units{})), s)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := table(900_000_000)
	h := r.Header()
	if r.Len() != 200_000 || h.Cells != 200_000 {
		t.Fatal("empty public cells are missing")
	}
	if want := math.Sqrt(16 * 9 / (0.05 * 0.9)); math.Abs(h.Sigma/want-1) > 1e-12 {
		t.Fatalf("sigma is %v, not %v", h.Sigma, want)
	}
	cells := r.Cells()
	if differs(cells, h.StdDev) {
		t.Error("noise has not the stated scale")
	}
	within := 0
	for _, c := range cells {
		if c.Low <= 0 && 0 <= c.High {
			within++
		}
	}
	n := float64(len(cells))
	if float64(within) < h.Level*n-fiveSigma*math.Sqrt(n*h.Level*(1-h.Level)) {
		t.Errorf("%d of %d intervals hold the truth", within, len(cells))
	}
	for _, off := range []float64{0.98, 1.02} {
		if !differs(table(int64(900_000_000/(off*off))).Cells(), h.StdDev) {
			t.Errorf("noise of %v times the stated scale passes", off)
		}
	}
}

// TestNoiseIsOnTop draws a table with people in it.
func TestNoiseIsOnTop(t *testing.T) {
	spec := mustSpec(t, dp.SegmentSizes{Name: "sizes", Purpose: "p", MaxSegments: 2, Share: 1}, "b", "a", "empty")
	list := make([]contrib.Person, 5000)
	for i := range list {
		list[i] = contrib.Person{Salt: salt(uint64(i)), Segments: []string{"a"}}
		if i < 1000 {
			list[i].Segments = []string{"a", "b"}
		}
	}
	r, err := dp.Draw(count(t, spec, list), charged(params(units(t, 1, 20), accounting.Units{})), newSigner(t, "shop", 1))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		segment string
		people  float64
	}{{"a", 5000}, {"b", 1000}, {"empty", 0}} {
		c := r.At(i)
		if c.Segment != want.segment || math.Abs(float64(c.Value)-want.people) > 10*r.Header().StdDev {
			t.Errorf("%s: %d, want about %v", c.Segment, c.Value, want.people)
		}
		if c.High-c.Value != r.Header().Margin || c.Value-c.Low != r.Header().Margin {
			t.Error("the interval is not value ± margin")
		}
	}
}

// TestThresholdProtectsLoners gives 20,000 people keys that one person less would
// leave with fewer than ever come out, and a loud delta: the part of them that any key
// of theirs comes out of is at most delta, and is what the chosen threshold says. One
// less would be too many. Keys of fewer people never come out. False alarms: below
// 5e-6 in all.
func TestThresholdProtectsLoners(t *testing.T) {
	const n = 20_000
	for _, c := range []struct{ segments, items, least int }{{1, 1, 0}, {2, 3, 0}, {1, 2, 4}} {
		t.Run(fmt.Sprintf("%dx%d, %d people", c.segments, c.items, c.least), func(t *testing.T) {
			spec := mustSpec(t, dp.SegmentItems{
				Name: "m", Purpose: "p", Items: dp.Discovered{MinPeople: c.least}, MaxSegments: c.segments, MaxItems: c.items,
				MaxPerItem: 1, LookbackDays: 7, Share: 1,
			}, "a", "b")
			least := max(2, c.least)
			if spec.MinPeople != least {
				t.Fatalf("a key comes out from %d people on, not %d", spec.MinPeople, least)
			}
			var list []contrib.Person
			hold := func(holders int, prefix string) {
				for i := range n {
					p := contrib.Person{Salt: salt(uint64(i)), Segments: []string{"a", "b"}}
					for j := range c.items + 1 { // one more than counts
						p.Items = append(p.Items, contrib.Entry{Item: fmt.Sprintf("%s%05d/%d", prefix, i, j), Day: today, Count: 5})
					}
					for range holders { // with one salt, so that the same keys of theirs count
						list = append(list, p)
					}
				}
			}
			hold(least, "")
			hold(least-1, "few/")
			l0 := int64(spec.L0())
			mu2, delta := units(t, l0, 9), units(t, 1, 5) // sigma 3
			r, err := dp.DrawLoud(count(t, spec, list), charged(params(mu2, delta)), mu2, delta, newSigner(t, "shop", 1))
			if err != nil {
				t.Fatal(err)
			}
			shown := map[string]bool{}
			for _, cell := range r.Cells() {
				if cell.Value < r.Header().Threshold {
					t.Fatal("a cell below the threshold comes out")
				}
				if cell.Item[:4] == "few/" {
					t.Fatal("a key of fewer people than ever come out comes out")
				}
				shown[cell.Item[:5]] = true
			}
			got, sd := float64(len(shown))/n, math.Sqrt(.2*.8/n)
			if got > 0.2+fiveSigma*sd {
				t.Errorf("%.4f of people are shown, delta is 0.2", got)
			}
			sigma, err := accounting.SigmaFor(spec.L2Squared(), mu2)
			if err != nil {
				t.Fatal(err)
			}
			// Exactly 1-(1-q)^L0 are shown, q being the tail at the threshold.
			tail := func(threshold int64) float64 {
				u, err := accounting.ThresholdDelta(sigma, 1, threshold)
				if err != nil {
					t.Fatal(err)
				}
				return 1 - math.Pow(1-u.Float64(), float64(l0))
			}
			T := r.Header().Threshold - int64(least) + 1 // for keys of one person
			if want := tail(T); math.Abs(got-want) > fiveSigma*sd {
				t.Errorf("%.4f of people are shown, want %.4f", got, want)
			}
			if less := tail(T - 1); math.Abs(got-less) <= fiveSigma*sd {
				t.Error("the test does not tell this threshold from the one below")
			}
			if below, err := accounting.ThresholdDelta(sigma, int(l0), T-1); err != nil || below.Cmp(delta) <= 0 {
				t.Error("the threshold is higher than needed")
			}
			if at, err := accounting.ThresholdDelta(sigma, int(l0), T); err != nil || at.Cmp(delta) > 0 {
				t.Error("the threshold is lower than needed")
			}
		})
	}
}

// TestThresholdIsInclusive: T comes out, T-1 does not and leaves no trace.
func TestThresholdIsInclusive(t *testing.T) {
	spec := tinySpecs(t)["discovered 2x2"]
	n, err := dp.Predict(spec, units(t, 1, 100), units(t, 1, 1_000_000))
	if err != nil {
		t.Fatal(err)
	}
	T := n.Threshold
	keys := []dp.CellKey{{Segment: "a", Item: "at"}, {Segment: "a", Item: "below"}, {Segment: "b", Item: "above"}, {Segment: "c", Item: "far-below"}}
	cells, err := dp.Released(spec, n, keys, []int64{T, T - 1, T + 1, math.MinInt64})
	if err != nil {
		t.Fatal(err)
	}
	if len(cells) != 2 || cap(cells) != 2 || cells[0].Item != "at" || cells[1].Item != "above" {
		t.Errorf("got %v", cells)
	}
	if cells, _ = dp.Released(spec, n, keys[:1], []int64{T - 1}); len(cells) != 0 {
		t.Error("T-1 comes out")
	}
}

// TestIntervalSaturates at the ends of int64.
func TestIntervalSaturates(t *testing.T) {
	spec := mustSpec(t, dp.SegmentSizes{Name: "sizes", Purpose: "p", MaxSegments: 1, Share: 1}, "a", "b")
	n, err := dp.Predict(spec, units(t, 1, 100), accounting.Units{})
	if err != nil {
		t.Fatal(err)
	}
	cells, err := dp.Released(spec, n, nil, []int64{math.MaxInt64 - 1, math.MinInt64 + 1})
	if err != nil || cells[0].High != math.MaxInt64 || cells[1].Low != math.MinInt64 {
		t.Error(cells, err)
	}
}

func TestDrawRefuses(t *testing.T) {
	s := newSigner(t, "shop", 1)
	public := mustSpec(t, dp.SegmentSizes{Name: "sizes", Purpose: "p", MaxSegments: 1, Share: 1}, "a")
	found := tinySpecs(t)["discovered 1x1"]
	mu2, delta, none := units(t, 1, 100), units(t, 1, 1e8), accounting.Units{}
	huge := units(t, 100, 1)
	for name, c := range map[string]struct {
		spec   *dp.Spec
		change func(*dp.Params)
		want   error
	}{
		"no name":                 {public, func(p *dp.Params) { p.Name = "" }, dp.ErrParams},
		"bad name":                {public, func(p *dp.Params) { p.Name = "a b" }, dp.ErrParams},
		"no account":              {public, func(p *dp.Params) { p.Account = "" }, dp.ErrParams},
		"no entry":                {public, func(p *dp.Params) { p.Entry = 0 }, dp.ErrParams},
		"no loss":                 {public, func(p *dp.Params) { p.Mu2 = none }, dp.ErrLoss},
		"more than everything":    {public, func(p *dp.Params) { p.Mu2 = huge }, dp.ErrExcess},
		"delta more than all":     {found, func(p *dp.Params) { p.Delta = units(t, 1, 1e6) }, dp.ErrExcess},
		"delta for public":        {public, func(p *dp.Params) { p.Delta = delta }, dp.ErrLoss},
		"no delta for discovered": {found, func(p *dp.Params) { p.Delta = none }, dp.ErrLoss},
		"another window":          {public, func(p *dp.Params) { p.Window++ }, dp.ErrCounts},
		"another day":             {public, func(p *dp.Params) { p.AsOf-- }, dp.ErrCounts},
		"window backwards":        {public, func(p *dp.Params) { p.WindowTo = p.WindowFrom }, dp.ErrParams},
		"day after the window":    {public, func(p *dp.Params) { p.WindowTo = p.AsOf }, dp.ErrParams},
		"day out of range":        {public, func(p *dp.Params) { p.Since = -1 }, dp.ErrParams},
		"zero budget":             {public, func(p *dp.Params) { p.Budget = dp.Budget{} }, dp.ErrEpsilon},
		"NaN budget":              {public, func(p *dp.Params) { p.Budget.Delta = math.NaN() }, dp.ErrDelta},
	} {
		t.Run(name, func(t *testing.T) {
			counts := count(t, c.spec, nil)
			ok := params(mu2, none)
			if c.spec.Discovered {
				ok.Delta = delta
			}
			p := ok
			c.change(&p)
			if r, err := dp.Draw(counts, charged(p), s); !errors.Is(err, c.want) || !r.IsZero() {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if _, err := dp.Draw(counts, charged(ok), s); err != nil {
				t.Errorf("after a refusal: %v", err)
			}
		})
	}
	if _, err := dp.Draw(nil, charged(params(mu2, none)), s); !errors.Is(err, dp.ErrCounts) {
		t.Error("no counts:", err)
	}
	if _, err := dp.Draw(&dp.Counts{}, charged(params(mu2, none)), s); !errors.Is(err, dp.ErrCounts) {
		t.Error("zero counts:", err)
	}
	if _, err := dp.Draw(count(t, public, nil), charged(params(mu2, none)), nil); !errors.Is(err, dp.ErrSigner) {
		t.Error("no signer:", err)
	}
	if _, err := dp.Draw(count(t, public, nil), charged(params(mu2, none)), newSigner(t, "shop", 1).named("a b")); !errors.Is(err, dp.ErrSigner) {
		t.Error("bad signer:", err)
	}
}

func (s *signer) named(name string) *signer { s.name = name; return s }

// TestDrawnOnce races for one Counts.
func TestDrawnOnce(t *testing.T) {
	s := newSigner(t, "shop", 1)
	spec := mustSpec(t, dp.SegmentSizes{Name: "sizes", Purpose: "p", MaxSegments: 1, Share: 1}, "a")
	c := count(t, spec, nil)
	value := *c
	var drawn, refused atomic.Int32
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			counts := c
			if i%2 == 1 {
				counts = &value // a copy is the same counts
			}
			switch _, err := dp.Draw(counts, charged(params(units(t, 1, 100), accounting.Units{})), s); {
			case err == nil:
				drawn.Add(1)
			case errors.Is(err, dp.ErrDrawn):
				refused.Add(1)
			}
		})
	}
	wg.Wait()
	if drawn.Load() != 1 || refused.Load() != 7 {
		t.Errorf("%d draws, %d refusals", drawn.Load(), refused.Load())
	}
}

// TestPredictIsWhatDrawDoes, and the stated loss covers the charge and pays
// for the stated noise.
func TestPredictIsWhatDrawDoes(t *testing.T) {
	s := newSigner(t, "shop", 1)
	specs := tinySpecs(t)
	rapid.Check(t, func(r *rapid.T) {
		spec := specs[rapid.SampledFrom([]string{"sizes 2", "public 2x1, 2", "discovered 2x2"}).Draw(r, "spec")]
		p := params(units(t, rapid.Int64Range(1, 1<<30).Draw(r, "mu2"), 1<<34), accounting.Units{})
		if spec.Discovered {
			p.Delta = units(t, rapid.Int64Range(1, 1<<30).Draw(r, "delta"), 1<<51)
		}
		n, err := dp.Predict(spec, p.Mu2, p.Delta)
		if err != nil {
			r.Fatal(err)
		}
		rel, err := dp.Draw(count(t, spec, nil), charged(p), s)
		if err != nil {
			r.Fatal(err)
		}
		h := rel.Header()
		if h.Sigma != n.Sigma || h.StdDev != n.StdDev || h.Margin != n.Margin || h.Threshold != n.Threshold ||
			h.Mu != n.Mu || h.Delta != n.Delta || h.Mechanism != n.Mechanism {
			r.Fatalf("predicted %+v, drawn %+v", n, h)
		}
		mu := new(big.Rat).SetFloat64(h.Mu)
		if mu.Mul(mu, mu).Cmp(p.Mu2.Rat()) < 0 || new(big.Rat).SetFloat64(h.Delta).Cmp(p.Delta.Rat()) < 0 {
			r.Fatal("the stated loss is below the charge")
		}
		// L2 <= mu sigma, between exact numbers.
		bound := new(big.Rat).Mul(new(big.Rat).SetFloat64(h.Mu), new(big.Rat).SetFloat64(h.Sigma))
		if new(big.Rat).SetInt64(int64(spec.L2Squared())).Cmp(bound.Mul(bound, bound)) > 0 {
			r.Fatal("the noise is less than the stated loss pays for")
		}
	})
}

// TestDrawAsksForCharge draws without a charge, with another's, and twice with
// one.
func TestDrawAsksForCharge(t *testing.T) {
	mu2, s := units(t, 1, 100), newSigner(t, "shop", 1)
	spec := mustSpec(t, dp.SegmentSizes{Name: "sizes", Purpose: "p", MaxSegments: 1, Share: 1}, "a")
	for name, spoil := range map[string]func(p *dp.Params){
		"none":            func(p *dp.Params) { p.Charge = dp.Charge{} },
		"another entry":   func(p *dp.Params) { p.Entry++ },
		"another name":    func(p *dp.Params) { p.Name = "other" },
		"another account": func(p *dp.Params) { p.Account = "0" },
		"more loss":       func(p *dp.Params) { p.Mu2 = units(t, 1, 99) },
	} {
		p := charged(params(mu2, accounting.Units{}))
		spoil(&p)
		if _, err := dp.Draw(count(t, spec, nil), p, s); !errors.Is(err, dp.ErrCharge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := charged(params(mu2, accounting.Units{}))
	if _, err := dp.Draw(count(t, spec, nil), p, s); err != nil {
		t.Fatal(err)
	}
	if r, err := dp.Draw(count(t, spec, nil), p, s); !errors.Is(err, dp.ErrCharge) || !r.IsZero() {
		t.Errorf("one charge, two draws: %v", err)
	}
}
