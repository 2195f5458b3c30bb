package cases

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/audit"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/internal/loud"
	"github.com/discreet-go/discreet/internal/proof"
)

const today = contrib.Day(20_000)

// testSigner signs with a fixed key; nobody checks it here.
type testSigner struct{ key ed25519.PrivateKey }

func (testSigner) Name() string                      { return "audit" }
func (testSigner) KeyHash() uint32                   { return 1 }
func (s testSigner) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

func newSigner() testSigner { return testSigner{ed25519.NewKeyFromSeed(make([]byte, 32))} }

func salt(n int) (s ident.Salt) {
	binary.BigEndian.PutUint64(s[:], uint64(n)+1)
	return s
}

func each(list []contrib.Person) iter.Seq2[*contrib.Person, error] {
	return func(yield func(*contrib.Person, error) bool) {
		for i := range list {
			if !yield(&list[i], nil) {
				return
			}
		}
	}
}

func specOf(t testing.TB, m dp.Measure, segments ...string) *contrib.Spec {
	t.Helper()
	s, err := contrib.NewSpec(m, segments)
	check(t, err)
	return &s
}

func params(mu2, delta accounting.Units) dp.Params {
	p := dp.Params{
		Name: "weekly", Account: "account", Entry: 7, Mu2: mu2, Delta: delta,
		Budget: dp.Budget{Epsilon: 64, Delta: 1e-3, WindowDays: 30},
		Window: 3, WindowFrom: today - 10, WindowTo: today + 20, AsOf: today, Since: today - 100,
	}
	p.Charge = proofOf(p)
	return p
}

func proofOf(p dp.Params) dp.Charge {
	mu2, _ := p.Mu2.MarshalText()
	delta, _ := p.Delta.MarshalText()
	return proof.NewCharge(proof.ChargeFields{
		Account: p.Account, Entry: p.Entry, Name: p.Name, Window: p.Window, AsOf: int32(p.AsOf),
		Mu2: string(mu2), Delta: string(delta),
	})
}

func countOf(t testing.TB, s *contrib.Spec, list []contrib.Person) *dp.Counts {
	t.Helper()
	c, err := dp.Count(t.Context(), s, 3, today, each(list))
	check(t, err)
	return c
}

func drawOf(t testing.TB, s *contrib.Spec, list []contrib.Person, mu2, delta accounting.Units) dp.Release {
	t.Helper()
	r, err := dp.Draw(countOf(t, s, list), params(mu2, delta), newSigner())
	check(t, err)
	return r
}

// publicTable certifies the mu of public tables at the worst case: people who
// hold the bounds and more in each cell. Each of many people has a block of cells
// of their own, so that one release is many independent runs.
func publicTable(t *testing.T) {
	const blocks, cap = 20_000, 3
	var segments []string
	list := make([]contrib.Person, blocks)
	for i := range blocks {
		a, b := fmt.Sprintf("s%05d-a", i), fmt.Sprintf("s%05d-b", i)
		segments = append(segments, a, b)
		list[i] = contrib.Person{Salt: salt(i), Segments: []string{a, b}, Items: []contrib.Entry{
			{Item: "x", Day: today, Count: cap + 4}, {Item: "y", Day: today, Count: cap},
		}}
	}
	for _, c := range []struct {
		name  string
		m     dp.Measure
		sigma float64 // that a mu of 1 needs
		cells int     // of one person
	}{
		{"segment-sizes", dp.SegmentSizes{Name: "m", Purpose: "p", MaxSegments: 2, Share: 1}, math.Sqrt2, 2},
		{"segment-items-public", dp.SegmentItems{
			Name: "m", Purpose: "p", Items: dp.Public{"x", "y"}, MaxSegments: 2, MaxItems: 2, MaxPerItem: cap,
			LookbackDays: 7, Share: 1,
		}, 6, 4},
	} {
		s := specOf(t, c.m, segments...)
		outcomes := func(people []contrib.Person) ([][]float64, dp.Header) {
			r := drawOf(t, s, people, units(t, big.NewRat(1, 1)), accounting.Units{})
			if r.Len() != blocks*c.cells {
				t.Fatalf("%s: %d cells of %d", c.name, r.Len(), blocks*c.cells)
			}
			out := make([][]float64, blocks)
			for i := range r.Len() {
				out[i/c.cells] = append(out[i/c.cells], float64(r.At(i).Value))
			}
			return out, r.Header()
		}
		with, h := outcomes(list)
		without, _ := outcomes(nil)
		certified(t, c.name, audit.Claim{Mu: h.Mu}, with, without)
		if math.Abs(h.Sigma/c.sigma-1) > 1e-6 {
			t.Errorf("%s: sigma is %v, not %v", c.name, h.Sigma, c.sigma)
		}
	}
}

// loners gives many people keys which one person less would leave below the fewest
// that come out, and a loud delta: whose key comes out at all is at most that part of
// them. Keys of fewer people never come out.
func loners(t *testing.T) {
	loud.Widen(t)
	const people, l0, least = 20_000, 2, 3
	s := specOf(t, dp.SegmentItems{
		Name: "m", Purpose: "p", Items: dp.Discovered{MinPeople: least}, MaxSegments: 1, MaxItems: l0, MaxPerItem: 1, LookbackDays: 7, Share: 1,
	}, "a")
	table := func(holders int) dp.Release {
		list := make([]contrib.Person, 0, people*holders)
		for i := range people {
			p := contrib.Person{Salt: salt(i), Segments: []string{"a"}}
			for j := range l0 + 1 {
				p.Items = append(p.Items, contrib.Entry{Item: fmt.Sprintf("%05d/%d", i, j), Day: today, Count: 50})
			}
			for range holders { // with one salt, so that the same keys of theirs count
				list = append(list, p)
			}
		}
		const delta = 0.05
		p := params(units(t, big.NewRat(2, 1)), units(t, new(big.Rat).SetFloat64(delta)))
		p.Budget.Epsilon, p.Budget.Delta = 8, 0.1
		r, err := dp.Draw(countOf(t, s, list), p, newSigner())
		check(t, err)
		if cost := l0 * tail((float64(r.Header().Threshold-least+1)-1.5)/r.Header().Sigma); cost > delta*(1+1e-9) {
			t.Errorf("the threshold costs %v of %v", cost, delta)
		}
		if got, most := float64(r.Len()), people*delta; got > most+far*math.Sqrt(most)+10 {
			t.Errorf("%v keys of %d people came out, at most %v may", got, holders, most)
		}
		return r
	}
	table(least)
	if r := table(least - 1); r.Len() != 0 {
		t.Errorf("%d keys of fewer people than ever come out came out", r.Len())
	}
}

// intervals: each is the value with a margin, and holds the truth as often as said.
func intervals(t *testing.T) {
	var segments []string
	for i := range 5000 {
		segments = append(segments, fmt.Sprintf("s%05d", i))
	}
	s := specOf(t, dp.SegmentSizes{Name: "m", Purpose: "p", MaxSegments: 1, Share: 1}, segments...)
	r := drawOf(t, s, nil, units(t, big.NewRat(1, 50)), accounting.Units{})
	h, held := r.Header(), 0.0
	for _, c := range r.Cells() {
		if c.High-c.Value != h.Margin || c.Value-c.Low != h.Margin {
			t.Fatal("an interval does not lie around the released value")
		}
		if c.Low <= 0 && c.High >= 0 {
			held++
		}
	}
	n := float64(r.Len())
	if held < n*h.Level-far*math.Sqrt(n*h.Level*(1-h.Level)) {
		t.Errorf("%v of the intervals hold the truth, not %v", held/n, h.Level)
	}
}

// chargeProof: no draw without the proof of just this charge, and one draw each.
func chargeProof(t *testing.T) {
	s := specOf(t, dp.SegmentItems{
		Name: "m", Purpose: "p", Items: dp.Discovered{}, MaxSegments: 1, MaxItems: 1, MaxPerItem: 1, LookbackDays: 7, Share: 1,
	}, "a")
	mu2, delta := units(t, big.NewRat(1, 1)), units(t, big.NewRat(1, 10_000))
	good := params(mu2, delta)
	bad := map[string]dp.Params{}
	for name, change := range map[string]func(*dp.Params){
		"none":   func(p *dp.Params) { p.Charge = dp.Charge{} },
		"mu2":    func(p *dp.Params) { p.Mu2 = units(t, big.NewRat(2, 1)) },
		"delta":  func(p *dp.Params) { p.Delta = units(t, big.NewRat(2, 10_000)) },
		"name":   func(p *dp.Params) { p.Name = "other" },
		"window": func(p *dp.Params) { p.Entry++ },
		"excess": func(p *dp.Params) { p.Mu2 = units(t, big.NewRat(1000, 1)); p.Charge = proofOf(*p) },
	} {
		p := good
		change(&p)
		bad[name] = p
	}
	for name, p := range bad {
		if _, err := dp.Draw(countOf(t, s, nil), p, newSigner()); err == nil {
			t.Errorf("%s: drawn without a charge for it", name)
		}
	}
	_, err := dp.Draw(countOf(t, s, nil), good, newSigner())
	check(t, err)
	if _, err := dp.Draw(countOf(t, s, nil), good, newSigner()); err == nil {
		t.Error("one charge served two draws")
	}
}

// sensitivity enumerates every person of a tiny world, and compares how far one
// moves the table with what noise is made for.
func sensitivity(t *testing.T) {
	segments := []string{"a", "b", "c"}
	spec := func(items dp.Partitions, perItem int) *contrib.Spec {
		return specOf(t, dp.SegmentItems{
			Name: "m", Purpose: "p", Items: items, MaxSegments: 2, MaxItems: 1, MaxPerItem: perItem, LookbackDays: 7, Share: 1,
		}, segments...)
	}
	for name, s := range map[string]*contrib.Spec{
		"public": spec(dp.Public{"x", "y"}, 3), "found": spec(dp.Discovered{}, 1),
	} {
		worst, cells, most := 0.0, 0, int64(0)
		for held := range 1 << 4 {
			var in []string
			for i, seg := range []string{"a", "b", "c", "a"} { // a merged profile may name one twice
				if held>>i&1 == 1 {
					in = append(in, seg)
				}
			}
			for counts := range 4 * 4 * 4 {
				p := contrib.Person{Salt: salt(held), Segments: in}
				for i, item := range []string{"x", "x", "y"} {
					if n := counts >> (2 * i) & 3; n > 0 {
						p.Items = append(p.Items, contrib.Entry{Item: item, Day: today, Count: uint32(2*n - 1)})
					}
				}
				sum := map[string]int64{}
				for _, c := range s.Vector(&p, 3, today) {
					sum[fmt.Sprint(c.Row, c.Item)] += c.Value
				}
				squares := 0.0
				for _, v := range sum {
					squares += float64(v * v)
					most = max(most, v)
				}
				worst, cells = math.Max(worst, squares), max(cells, len(sum))
			}
		}
		if l0 := 2; cells != l0 || s.L0() != l0 || most != s.LInf() {
			t.Errorf("%s: one person changes %d cells by up to %d; stated are %d and %d", name, cells, most, s.L0(), s.LInf())
		}
		if worst != float64(s.L2Squared()) {
			t.Errorf("%s: one person moves the table by %v squared, noise is made for %d", name, worst, s.L2Squared())
		}
	}
	two := specOf(t, dp.SegmentItems{
		Name: "m", Purpose: "p", Items: dp.Public{"x"}, MaxSegments: 2, MaxItems: 3, MaxPerItem: 4, LookbackDays: 7, Share: 1,
	}, segments...)
	if two.L0() != 6 || two.L2Squared() != 96 {
		t.Error("L0 is segments by items, L2 squared is L0 LInf^2")
	}
}

// selection: which items count depends on the person's salt and on the window, and
// not on how often the person had them.
func selection(t *testing.T) {
	s := specOf(t, dp.SegmentItems{
		Name: "m", Purpose: "p", Items: dp.Discovered{}, MaxSegments: 1, MaxItems: 1, MaxPerItem: 1, LookbackDays: 7, Share: 1,
	}, "a")
	chosen := func(n, favourite int) string {
		p := contrib.Person{Salt: salt(n), Segments: []string{"a"}}
		for i := range 8 {
			e := contrib.Entry{Item: fmt.Sprint("i", i), Day: today, Count: 1}
			if i == favourite {
				e.Count = 100
			}
			p.Items = append(p.Items, e)
		}
		// A count beyond the cap is kept by a measure with a larger one.
		wide := *s
		wide.MaxPerCell, wide.Discovered, wide.Items = 1000, true, nil
		return wide.Vector(&p, 3, today)[0].Item
	}
	seen := map[string]bool{}
	for n := range 100 {
		first := chosen(n, 0)
		seen[first] = true
		for favourite := range 8 {
			if chosen(n, favourite) != first {
				t.Fatal("how often a person had an item decides which one counts")
			}
		}
	}
	if len(seen) < 3 { // by chance: below 1e-50
		t.Fatal("everybody's choice is the same")
	}
}

// lookBack checks both ends of the days that count.
func lookBack(t *testing.T) {
	s := specOf(t, dp.SegmentItems{
		Name: "m", Purpose: "p", Items: dp.Public{"x"}, MaxSegments: 1, MaxItems: 1, MaxPerItem: 1, LookbackDays: 7, Share: 1,
	}, "a")
	for age, want := range map[contrib.Day]int{-1: 0, 0: 1, 6: 1, 7: 0, 8: 0} {
		p := contrib.Person{Segments: []string{"a"}, Items: []contrib.Entry{{Item: "x", Day: today - age, Count: 1}}}
		if got := len(s.Vector(&p, 3, today)); got != want {
			t.Errorf("an event of %d days ago counts %d times", age, got)
		}
	}
}
