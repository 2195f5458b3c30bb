package dp_test

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
)

// laplaceBelow is P(X <= n) of discrete Laplace noise of scale b.
func laplaceBelow(n int64, b float64) float64 {
	q := math.Exp(-1 / b)
	if n < 0 {
		return math.Pow(q, float64(-n)) / (1 + q)
	}
	return 1 - math.Pow(q, float64(n+1))/(1+q)
}

// unlike tests values against a law: counts in some 40 bins of about equal probability,
// by chi-square. Its false alarms are below 1e-7.
func unlike(values []int64, below func(int64) float64) bool {
	var ends []int64
	var probs []float64
	last, at := 0.0, int64(-1)
	for below(at) > 1.0/40 { // the first end, well below 0
		at *= 2
	}
	for last < 1-1.0/40 {
		step := int64(1)
		for below(at)-last < 1.0/40 && below(at+step)-last < 1.0/40 {
			at, step = at+step, step*2
		}
		for below(at)-last < 1.0/40 {
			at++
		}
		ends, probs = append(ends, at), append(probs, below(at)-last)
		last = below(at)
	}
	probs = append(probs, 1-last)
	counts := make([]float64, len(probs))
	for _, v := range values {
		bin := 0
		for bin < len(ends) && v > ends[bin] {
			bin++
		}
		counts[bin]++
	}
	chi, n := 0.0, float64(len(values))
	for i, p := range probs {
		if n*p < 10 { // too rare for the approximation; it joins its neighbour
			continue
		}
		chi += (counts[i] - n*p) * (counts[i] - n*p) / (n * p)
	}
	k := float64(len(probs) - 1) // Wilson and Hilferty, at 5.6 standard deviations
	root := 1 - 2/(9*k) + 5.6*math.Sqrt(2/(9*k))
	return chi > k*root*root*root
}

func valuesOf(r dp.Release, part string) (list []int64) {
	for _, c := range r.Cells() {
		if c.Part == part {
			list = append(list, c.Value)
		}
	}
	return list
}

func names(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("n%06d", i))
	}
	return list
}

// TestNoiseOfEveryPart draws tables of nobody: the noise of each mechanism and each part
// is the law that is stated, parts are independent of each other, and intervals hold. The
// same tests find noise that is 7 % off, either way, and the other law. Some 60 tests, of
// which none has a false alarm more often than in 1e-6 of all runs, and few do that.
func TestNoiseOfEveryPart(t *testing.T) {
	const n = 60_000
	segments, s := names(n), newSigner(t, "shop", 1)
	of := dp.Amount{Unit: "EUR", Low: 0, High: 60}
	gaussian := func(sigma float64) func(int64) float64 { return func(x int64) float64 { return below(x, sigma) } }
	laplace := func(b float64) func(int64) float64 { return func(x int64) float64 { return laplaceBelow(x, b) } }
	for name, m := range map[string]dp.Measure{
		"events":    dp.Events{Name: "m", Purpose: "p", By: dp.BySegment{Max: 2}, MaxEvents: 2, LookbackDays: 7, Share: 1},
		"norm":      dp.SegmentSizes{Name: "m", Purpose: "p", MaxSegments: 9, MaxNorm: 2, Share: 1},
		"sums":      dp.Sums{Name: "m", Purpose: "p", By: dp.BySegment{Max: 2}, Amount: of, LookbackDays: 7, Share: 1},
		"means":     dp.Means{Name: "m", Purpose: "p", By: dp.BySegment{Max: 3}, Amount: of, LookbackDays: 7, Share: 1},
		"means of":  dp.Means{Name: "m", Purpose: "p", By: dp.BySegment{Max: 3}, Amount: of, Denominators: "sizes", LookbackDays: 7, Share: 1},
		"laplace":   dp.SegmentSizes{Name: "m", Purpose: "p", MaxSegments: 3, Noise: dp.Laplace, Share: 1},
		"histogram": dp.Histogram{Name: "m", Purpose: "p", Of: dp.QuantitySegments, Edges: edges(1000), Noise: dp.Laplace, Share: 1},
		"pairs":     dp.ItemPairs{Name: "m", Purpose: "p", Items: names(340), MaxItems: 4, LookbackDays: 7, Share: 1},
	} {
		t.Run(name, func(t *testing.T) {
			spec := mustSpec(t, m, segments...)
			r, err := dp.Draw(count(t, spec, nil), charged(params(units(t, 4, 25), accounting.Units{})), s)
			if err != nil {
				t.Fatal(err)
			}
			h := r.Header()
			for part, noise := range map[string][3]float64{
				"": {h.Sigma, h.StdDev, float64(h.Margin)}, "sum": {h.Sigma, h.StdDev, float64(h.Margin)},
				"count": {h.CountSigma, h.CountStdDev, float64(h.CountMargin)},
			} {
				values := valuesOf(r, part)
				if name == "histogram" && part == "" {
					for _, c := range r.Cells() {
						values = append(values, c.Value)
					}
				}
				if len(values) == 0 {
					continue
				}
				right, wrong := gaussian, laplace
				other := noise[1] / math.Sqrt2
				if h.Mechanism == "discrete-laplace" {
					right, wrong, other = laplace, gaussian, noise[1]
				}
				if unlike(values, right(noise[0])) {
					t.Errorf("part %q is not of the stated law and scale", part)
				}
				if len(values) > 10_000 {
					for _, off := range []float64{0.93, 1.07} {
						if !unlike(values, right(off*noise[0])) {
							t.Errorf("part %q passes for noise of %v times the scale", part, off)
						}
					}
					if !unlike(values, wrong(other)) {
						t.Errorf("part %q passes for noise of another law", part)
					}
				}
				within, squares := 0, 0.0
				for _, v := range values {
					if math.Abs(float64(v)) <= noise[2] {
						within++
					}
					squares += float64(v) * float64(v)
				}
				most := 1.0 // coarse Laplace noise has wider intervals
				if h.Mechanism == "rounded-gaussian" {
					most = 0.963
				}
				if off(within, len(values), 0.94, most) {
					t.Errorf("part %q: %d of %d intervals hold", part, within, len(values))
				}
				k := 1.0
				if h.Mechanism == "discrete-laplace" {
					k = 2.5 // its fourth moment is twice that
				}
				if nn := float64(len(values)); math.Abs(squares/noise[1]/noise[1]-nn) > fiveSigma*math.Sqrt(2*k*nn) {
					t.Errorf("part %q has another standard deviation", part)
				}
			}
			if people, sums := valuesOf(r, "count"), valuesOf(r, "sum"); len(people) > 0 {
				product := 0.0
				for i := range people {
					product += float64(people[i]) / h.CountStdDev * float64(sums[i]) / h.StdDev
				}
				if math.Abs(product) > fiveSigma*math.Sqrt(float64(len(people))) {
					t.Error("the noise of people and of sums go together")
				}
			}
		})
	}
}

func edges(n int) (list []int64) {
	for i := range n {
		list = append(list, int64(i))
	}
	return list
}

// TestChargePaysForTheNoise of every kind, on exact numbers: what is stated as the loss
// covers the charge, and the noise covers the sensitivity at that loss.
func TestChargePaysForTheNoise(t *testing.T) {
	s := newSigner(t, "shop", 1)
	for name, spec := range tinySpecs(t) {
		for _, charge := range [][2]int64{{1, 1 << 20}, {3, 1000}, {1, 7}, {1, 5}} {
			p := params(units(t, charge[0], charge[1]), accounting.Units{})
			if spec.Kind == contrib.KindKeys && charge[1] > 10 {
				continue // its rule has thousands of steps
			}
			if spec.Discovered {
				p.Delta = units(t, 1, 1e8)
			}
			n, err := dp.Predict(spec, p.Mu2, p.Delta)
			if err != nil {
				t.Fatal(name, err)
			}
			r, err := dp.Draw(count(t, spec, nil), charged(p), s)
			if err != nil {
				t.Fatal(name, err)
			}
			h := r.Header()
			if h.Sigma != n.Sigma || h.StdDev != n.StdDev || h.Margin != n.Margin || h.Threshold != n.Threshold || h.Even != n.Even || h.Pure != n.Epsilon ||
				h.CountSigma != n.CountSigma || h.CountMargin != n.CountMargin || h.Mu != n.Mu || h.Delta != n.Delta || h.Mechanism != n.Mechanism {
				t.Fatalf("%s: predicted %+v, drawn %+v", name, n, h)
			}
			if h.Mechanism == "selection" {
				continue
			}
			if spec.External() { // a black box: see docs/proofs/black-box.md
				c, err := accounting.ChargeOf(accounting.Mechanism{Kind: accounting.BlackBox, Epsilon: h.Pure, Count: 1})
				if err != nil || c.Mu2.Cmp(p.Mu2) > 0 || h.Delta != 0 || h.Sigma != 0 || h.StdDev != 0 || h.Margin != 0 || h.Level != 0 {
					t.Fatalf("%s: epsilon %g for a charge of %v, %v", name, h.Pure, p.Mu2, err)
				}
				if up, err := accounting.ChargeOf(accounting.Mechanism{Kind: accounting.BlackBox, Epsilon: h.Pure * (1 + 1e-8), Count: 1}); err != nil || up.Mu2.Cmp(p.Mu2) <= 0 {
					t.Errorf("%s: a larger epsilon would do", name)
				}
				continue
			}
			sigma := new(big.Rat).SetFloat64(h.Sigma)
			if h.Mechanism == "discrete-laplace" {
				loss := new(big.Rat).SetInt64(int64(spec.L1()))
				mu2, err := accounting.MuOfPure(h.Pure)
				if err != nil {
					t.Fatal(err)
				}
				// Sigma is rounded up for display, by less than a part in 2^50.
				room := big.NewRat(1<<50+1, 1<<50)
				if loss.Quo(loss, sigma).Cmp(new(big.Rat).Mul(new(big.Rat).SetFloat64(h.Pure), room)) > 0 || float64(mu2) > h.Mu*(1+1e-12) {
					t.Errorf("%s: the noise is less than the loss pays for", name)
				}
				continue
			}
			// Squares of people and of sums over their variances, at most mu^2.
			total := new(big.Rat).SetInt64(int64(spec.L2Squared()))
			total.Quo(total, new(big.Rat).Mul(sigma, sigma))
			if spec.Parts() == 2 {
				c := new(big.Rat).SetFloat64(h.CountSigma)
				total.Add(total, new(big.Rat).Quo(big.NewRat(int64(spec.MaxSegments), 1), c.Mul(c, c)))
				if math.Abs(h.CountSigma*float64(spec.Ratio())/h.Sigma-1) > 1e-9 {
					t.Errorf("%s: the noise of sums is not %d times that of people", name, spec.Ratio())
				}
			}
			mu := new(big.Rat).SetFloat64(h.Mu)
			if mu.Mul(mu, mu); total.Cmp(mu) > 0 || mu.Cmp(p.Mu2.Rat()) < 0 {
				t.Errorf("%s: the noise is less than the loss pays for", name)
			}
			if least, _ := total.Float64(); least < p.Mu2.Float64()*(1-1e-9) {
				t.Errorf("%s: more noise than the charge asks for", name)
			}
		}
	}
}

// TestAutomaticTakesTheLessError of two laws. As a Gaussian DP account pays for Laplace
// noise, that is the Gaussian one, by ever less.
func TestAutomaticTakesTheLessError(t *testing.T) {
	for _, most := range []int{1, 4} {
		of := func(law dp.Law) *dp.Spec {
			return mustSpec(t, dp.SegmentSizes{Name: "m", Purpose: "p", MaxSegments: most, Noise: law, Share: 1}, "a")
		}
		for num := int64(1); num < 1<<12; num *= 2 {
			mu2 := units(t, num, 32)
			var errs [3]float64
			var n dp.Noise
			for i, law := range []dp.Law{dp.Laplace, dp.Gaussian, dp.Automatic} {
				var err error
				if n, err = dp.Predict(of(law), mu2, accounting.Units{}); err != nil {
					t.Fatal(err)
				}
				errs[i] = n.StdDev
				if want := [...]string{"discrete-laplace", "rounded-gaussian", n.Mechanism}[i]; n.Mechanism != want {
					t.Fatalf("law %d is %s", law, n.Mechanism)
				}
			}
			if errs[2] != min(errs[0], errs[1]) {
				t.Errorf("mu^2 %d/32: automatic has an error of %v of %v", num, errs[2], errs)
			}
			if n.Mechanism != "rounded-gaussian" {
				t.Errorf("mu^2 %d/32: the documentation says that this is Gaussian", num)
			}
		}
	}
}

// TestKeysComeOutAsStated gives keys to so many people each, at a loud loss: as often as
// the rule of selection says, and never with fewer people than the fewest. The rule of one
// person more or less is told apart. Some 8 counts, each a false alarm below 1e-6.
func TestKeysComeOutAsStated(t *testing.T) {
	const keys, least = 12_000, 3
	spec := mustSpec(t, dp.Keys{Name: "m", Purpose: "p", MaxItems: 4, Items: dp.Discovered{MinPeople: least}, LookbackDays: 7, Share: 1})
	mu2, delta := units(t, 4, 1), units(t, 1, 5)
	rule, err := accounting.GDPSelection(accounting.Charge{Mu2: mu2, Delta: delta}, 4)
	if err != nil {
		t.Fatal(err)
	}
	if rule, err = rule.Behind(least); err != nil {
		t.Fatal(err)
	}
	keep := func(n int64) float64 { p, _ := rule.Keep(n).Float64(); return p }
	told := 0
	for holders := int64(1); holders <= rule.Sure() && holders < 9; holders++ {
		var list []contrib.Person
		for i := range keys / 4 {
			for h := range holders {
				p := contrib.Person{Salt: salt(uint64(i)<<8 | uint64(h))}
				for j := range 4 {
					p.Items = append(p.Items, contrib.Entry{Item: fmt.Sprintf("key-%05d", 4*i+j), Day: today, Count: 9})
				}
				list = append(list, p)
			}
		}
		p := params(mu2, delta)
		r, err := dp.DrawLoud(count(t, spec, list), charged(p), mu2, delta, newSigner(t, "shop", 1))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range r.Cells() {
			if c.Value != 0 || c.Low != 0 || c.High != 0 {
				t.Fatal("a key comes out with a number")
			}
		}
		if holders < least && r.Len() != 0 {
			t.Fatalf("keys of %d people come out", holders)
		}
		want := keep(holders)
		sd := math.Sqrt(want*(1-want)/keys) + 1e-12
		got := float64(r.Len()) / keys
		if math.Abs(got-want) > fiveSigma*sd {
			t.Errorf("%d people: %v of keys come out, want %v", holders, got, want)
		}
		for _, n := range []int64{holders - 1, holders + 1} {
			if math.Abs(keep(n)-want) > 1e-9 && math.Abs(got-keep(n)) > fiveSigma*sd {
				told++
			}
		}
	}
	if told < 4 {
		t.Errorf("rules of one person more or less are told apart %d times", told)
	}
}

// TestWhatIsSuppressedLeavesNoTrace: of keys of too few people, the note, the cells and
// the header are those of a table of nobody.
func TestWhatIsSuppressedLeavesNoTrace(t *testing.T) {
	s := newSigner(t, "shop", 1)
	var list []contrib.Person
	for i := range 3000 {
		list = append(list, contrib.Person{
			Salt: salt(uint64(i)), Segments: []string{"a"}, Days: []contrib.Act{{Day: today, Events: 1}},
			Items: []contrib.Entry{{Item: fmt.Sprintf("secret-%d", i/4), Day: today, Count: 1}},
		})
	}
	few := dp.Discovered{MinPeople: 5}
	for name, spec := range map[string]*dp.Spec{
		"segments":   mustSpec(t, dp.SegmentItems{Name: "m", Purpose: "p", Items: few, MaxSegments: 1, MaxItems: 2, MaxPerItem: 1, LookbackDays: 7, Share: 1}, "a"),
		"totals":     mustSpec(t, dp.ItemTotals{Name: "m", Purpose: "p", Items: few, MaxItems: 2, MaxPerItem: 1, LookbackDays: 7, Share: 1}),
		"keys":       mustSpec(t, dp.Keys{Name: "m", Purpose: "p", Items: few, MaxItems: 2, LookbackDays: 7, Share: 1}),
		"categories": mustSpec(t, dp.CategoryItems{Name: "m", Purpose: "p", By: dp.ByCategory{Categories: dp.Public{"c"}, Max: 1}, Items: few, MaxItems: 2, MaxPerItem: 1, LookbackDays: 7, Share: 1}),
	} {
		mu2, delta := units(t, 100, 1), units(t, 1, 3)
		draw := func(list []contrib.Person) dp.Release {
			r, err := dp.DrawLoud(count(t, spec, list), charged(params(mu2, delta)), mu2, delta, s)
			if err != nil {
				t.Fatal(name, err)
			}
			return r
		}
		r, empty := draw(list), draw(nil)
		if r.Len() != 0 || r.Header() != empty.Header() || string(r.Note()) != string(empty.Note()) || strings.Contains(string(r.Note()), "secret") {
			t.Errorf("%s: %d cells of keys that four people have", name, r.Len())
		}
	}
}
