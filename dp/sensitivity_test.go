package dp_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/contrib"
	"pgregory.net/rapid"
)

// tinySpecs are every kind of measure over a domain small enough to enumerate.
func tinySpecs(t testing.TB) map[string]*dp.Spec {
	segments := []string{"a", "b", "c"}
	items := func(p dp.Partitions, maxSegments, maxItems, maxPerItem int) *dp.Spec {
		return mustSpec(t, dp.SegmentItems{
			Name: "m", Purpose: "p", Items: p, MaxSegments: maxSegments, MaxItems: maxItems,
			MaxPerItem: maxPerItem, LookbackDays: 7, Share: 1,
		}, segments...)
	}
	listed := dp.ByCategory{Categories: dp.Public{"p", "q"}, Max: 1}
	amount := dp.Amount{Unit: "EUR", Low: -1000, High: 4000}
	return map[string]*dp.Spec{
		"sizes 3, norm 1":    mustSpec(t, dp.SegmentSizes{Name: "m", Purpose: "p", MaxSegments: 3, MaxNorm: 1, Share: 1}, segments...),
		"people":             mustSpec(t, dp.People{Name: "m", Purpose: "p", By: dp.Everybody{}, LookbackDays: 7, Share: 1}),
		"people by category": mustSpec(t, dp.People{Name: "m", Purpose: "p", By: listed, LookbackDays: 7, Share: 1}),
		"events by segment":  mustSpec(t, dp.Events{Name: "m", Purpose: "p", By: dp.BySegment{Max: 2}, MaxEvents: 3, LookbackDays: 7, Share: 1}, segments...),
		"events, half-life":  mustSpec(t, dp.Events{Name: "m", Purpose: "p", By: listed, MaxEvents: 2, LookbackDays: 7, HalfLifeDays: 3, Share: 1}),
		"sums":               mustSpec(t, dp.Sums{Name: "m", Purpose: "p", By: dp.BySegment{Max: 2}, Amount: amount, LookbackDays: 7, Share: 1}, segments...),
		"means":              mustSpec(t, dp.Means{Name: "m", Purpose: "p", By: dp.BySegment{Max: 2}, Amount: amount, LookbackDays: 7, Share: 1}, segments...),
		"means of sizes":     mustSpec(t, dp.Means{Name: "m", Purpose: "p", By: dp.BySegment{Max: 2}, Denominators: "sizes", Amount: amount, LookbackDays: 7, Share: 1}, segments...),
		"totals":             mustSpec(t, dp.ItemTotals{Name: "m", Purpose: "p", Items: dp.Public{"x", "y", "z"}, MaxItems: 2, MaxPerItem: 3, LookbackDays: 7, MaxNorm: 3, Share: 1}),
		"totals, discovered": mustSpec(t, dp.ItemTotals{Name: "m", Purpose: "p", Items: dp.Discovered{}, MaxItems: 2, MaxPerItem: 1, LookbackDays: 7, Share: 1}),
		"items by category":  mustSpec(t, dp.CategoryItems{Name: "m", Purpose: "p", By: listed, Items: dp.Public{"x", "y"}, MaxItems: 2, MaxPerItem: 2, LookbackDays: 7, HalfLifeDays: 30, Share: 1}),
		"categories' items":  mustSpec(t, dp.CategoryItems{Name: "m", Purpose: "p", By: listed, Items: dp.Discovered{}, MaxItems: 2, MaxPerItem: 1, LookbackDays: 7, Share: 1}),
		"pairs":              mustSpec(t, dp.ItemPairs{Name: "m", Purpose: "p", Items: dp.Public{"x", "y", "z"}, MaxItems: 3, LookbackDays: 7, MaxNorm: 1, Share: 1}),
		"keys":               mustSpec(t, dp.Keys{Name: "m", Purpose: "p", MaxItems: 2, LookbackDays: 7, Share: 1}),
		"histogram":          mustSpec(t, dp.Histogram{Name: "m", Purpose: "p", Of: dp.QuantityEvents, LookbackDays: 7, Noise: dp.Laplace, Share: 1}),
		"quantiles":          mustSpec(t, dp.Quantiles{Name: "m", Purpose: "p", By: dp.BySegment{Max: 2}, Of: dp.QuantityAmount, Amount: amount, Ranks: []float64{0.9, 0.5}, LookbackDays: 7, Share: 1}, segments...),
		"quantiles of all":   mustSpec(t, dp.Quantiles{Name: "m", Purpose: "p", By: dp.Everybody{}, Of: dp.QuantityEvents, MaxEvents: 9, Ranks: []float64{1}, LookbackDays: 7, Share: 1}),
		"variance":           mustSpec(t, dp.Variance{Name: "m", Purpose: "p", By: listed, Of: dp.QuantityEvents, MaxEvents: 3, LookbackDays: 7, Share: 1}),
		"groups":             mustSpec(t, dp.Groups{Name: "m", Purpose: "p", Attribute: "age", Groups: dp.Public{"old", "young"}, Campaigns: dp.Public{"u", "v"}, Outcomes: true, MaxCampaigns: 1, Share: 1}),
		"sizes 1":            mustSpec(t, dp.SegmentSizes{Name: "m", Purpose: "p", MaxSegments: 1, Share: 1}, segments...),
		"sizes 2":            mustSpec(t, dp.SegmentSizes{Name: "m", Purpose: "p", MaxSegments: 2, Share: 1}, segments...),
		"public 1x1, 1":      items(dp.Public{"x", "y"}, 1, 1, 1),
		"public 2x1, 2":      items(dp.Public{"x", "y"}, 2, 1, 2),
		"public 1x2, 2":      items(dp.Public{"x", "y"}, 1, 2, 2),
		"discovered 1x1":     items(dp.Discovered{}, 1, 1, 1),
		"discovered 2x2":     items(dp.Discovered{}, 2, 2, 1),
		"loose bounds 3x3":   items(dp.Public{"x", "y", "z"}, 3, 3, 3),
	}
}

// tinyPeople lists every person of the tiny domain: what they are in, what
// they did, and three salts that choose differently.
func tinyPeople() (all []contrib.Person) {
	var segments [][]string
	for set := range 16 {
		var s []string
		for i, name := range []string{"a", "b", "c", "elsewhere"} {
			if set>>i&1 == 1 {
				s = append(s, name)
			}
		}
		segments = append(segments, s)
	}
	segments = append(segments, []string{"b", "b", "a", "a", "a"})
	e := func(item string, ago contrib.Day, count uint32) contrib.Entry {
		return contrib.Entry{Item: item, Day: today - ago, Count: count}
	}
	items := [][]contrib.Entry{
		nil,
		{e("x", 0, 1)},
		{e("x", 6, 900)},
		{e("x", 7, 1)},                        // out of the look-back
		{e("x", -1, 1)},                       // in the future
		{e("x", 0, 0), e("\x00", 0, 1)},       // nothing, and no key
		{e("x", 0, 2), e("x", 3, ^uint32(0))}, // of two windows
		{e("y", 0, 2), e("x", 0, 3)},          // unsorted
		{e("w", 1, 1), e("x", 0, 2), e("y", 2, 2), e("z", 6, 5)}, // more than may count
		{e("x", 0, 9), e("y", 2, 9), e("z", 6, 9)},               // as much as may count
	}
	act := func(row int, ago contrib.Day, events uint32, amount int64) contrib.Act {
		return contrib.Act{Row: row, Day: today - ago, Events: events, Amount: amount}
	}
	days := [][]contrib.Act{
		nil,
		{act(0, 0, 1, 1)},
		{act(0, 6, 900, 1<<50)},
		{act(0, 7, 1, 5000), act(1, -1, 1, 5000)}, // out of the look-back, and in the future
		{act(2, 0, 1, 1), act(-1, 0, 1, 1)},       // no row that is listed
		{act(0, 0, 0, -7000)},
		{act(1, 0, 2, 3000), act(0, 0, 9, 4000)},
		{act(0, 0, 1, 2000), act(0, 0, 1, 2000), act(0, 1, 1, 500)},
		{act(1, 0, 3, 9000), act(0, 0, 3, 9000)},
		{act(0, 3, 1000, 100), act(1, 4, 1000, 100)},
	}
	known := func(name string, reached bool, o contrib.Outcome) contrib.Campaign {
		return contrib.Campaign{Name: name, Reached: reached, Outcome: o}
	}
	reached := [][]contrib.Campaign{
		nil,
		{known("u", true, contrib.OutcomeYes)},
		{known("u", false, contrib.OutcomeNo), known("u", true, contrib.OutcomeNo)},
		{known("v", true, contrib.OutcomeUnknown)},
		{known("elsewhere", true, contrib.OutcomeYes)},
		{known("u", true, contrib.OutcomeYes), known("v", true, contrib.OutcomeYes), known("u", true, contrib.OutcomeYes)},
	}
	for n := range uint64(3) {
		for _, s := range segments {
			for k, i := range items {
				all = append(all, contrib.Person{
					Salt: salt(n), Segments: s, Items: i, Days: days[k], Group: []string{"old", "young", "none"}[k%3], Reached: reached[k%len(reached)],
				})
			}
		}
	}
	return all
}

func exact(t testing.TB, spec *dp.Spec, list ...contrib.Person) map[dp.CellKey]int64 {
	t.Helper()
	keys, values, err := dp.Exact(spec, 3, today, people(list))
	if err != nil {
		t.Fatal(err)
	}
	v := map[dp.CellKey]int64{}
	for i, k := range keys {
		v[k] = values[i]
	}
	return v
}

// difference returns what one person changes: cells, the largest change, the sum of the
// sizes and that of the squares; the people of means times their ratio.
func difference(spec *dp.Spec, with, without map[dp.CellKey]int64) (l0 int, lInf int64, l1, l2Squared uint64) {
	for k := range with {
		d := with[k] - without[k]
		if d < 0 {
			d = -d
		}
		if d != 0 {
			l0++
		}
		l1 += uint64(d)
		if k.Part == contrib.PartCount {
			d *= int64(spec.Ratio())
		} else {
			lInf = max(lInf, d)
		}
		l2Squared += uint64(d * d)
	}
	return l0, lInf, l1, l2Squared
}

// stated is the squared L2 sensitivity that the noise of a measure is made for.
func stated(spec *dp.Spec) uint64 {
	if spec.Parts() == 2 {
		return spec.L2Squared() + uint64(spec.MaxSegments)*spec.Ratio()*spec.Ratio()
	}
	return spec.L2Squared()
}

// TestSensitivity enumerates a tiny domain: whoever is added to whatever
// population, the exact vector moves by at most what the noise is for, and
// somebody moves it by that much.
func TestSensitivity(t *testing.T) {
	domain := tinyPeople()
	bases := [][]contrib.Person{nil}
	for i := 0; i < len(domain); i += 61 {
		bases = append(bases, domain[i:i+1], []contrib.Person{domain[i], domain[(7*i+5)%len(domain)]})
	}
	for name, spec := range tinySpecs(t) {
		t.Run(name, func(t *testing.T) {
			var most uint64
			for _, base := range bases {
				without := exact(t, spec, base...)
				for _, p := range domain {
					with := exact(t, spec, append(slices.Clone(base), p)...)
					for k := range without {
						if _, ok := with[k]; !ok {
							t.Fatal("a cell is lost when a person is added")
						}
					}
					l0, lInf, l1, l2 := difference(spec, with, without)
					if l0 > spec.L0() || lInf > spec.LInf() || l1 > spec.L1() || l2 > stated(spec) {
						t.Fatalf("one person changes %d cells, by up to %d, sizes %d, squares %d: bounds %d, %d, %d, %d",
							l0, lInf, l1, l2, spec.L0(), spec.LInf(), spec.L1(), stated(spec))
					}
					most = max(most, l2)
				}
			}
			if most != stated(spec) {
				t.Errorf("nobody reaches the bound: %d of %d", most, stated(spec))
			}
		})
	}
}

// TestDiscoveredCellsArePeople holds what the threshold rests on: one person
// is at most one in every discovered cell, and a cell nobody is in is not there.
func TestDiscoveredCellsArePeople(t *testing.T) {
	for name, spec := range tinySpecs(t) {
		for _, p := range tinyPeople() {
			for _, v := range exact(t, spec, p) {
				if v != 1 && spec.Discovered {
					t.Fatalf("%s: one person makes a cell of %d", name, v)
				}
			}
		}
	}
}

func drawPeople(r *rapid.T) []contrib.Person {
	domain := tinyPeople()
	index := rapid.SliceOfN(rapid.IntRange(0, len(domain)-1), 0, 12).Draw(r, "people")
	list := make([]contrib.Person, len(index))
	for i, d := range index {
		list[i] = domain[d]
		list[i].Salt = salt(uint64(i)) // two people never share a salt
	}
	return list
}

// TestOrderDoesNotMatter permutes people, and inside them what they hold.
func TestOrderDoesNotMatter(t *testing.T) {
	specs := tinySpecs(t)
	rapid.Check(t, func(r *rapid.T) {
		spec := specs[rapid.SampledFrom(slices.Sorted(maps.Keys(specs))).Draw(r, "spec")]
		list := drawPeople(r)
		keys, values, err := dp.Exact(spec, 3, today, people(list))
		if err != nil {
			r.Fatal(err)
		}
		if !slices.IsSortedFunc(keys, func(a, b dp.CellKey) int {
			return slices.Compare([]string{a.Segment, a.Category, a.Group, a.Item, a.With}, []string{b.Segment, b.Category, b.Group, b.Item, b.With})
		}) {
			r.Fatal("keys are not sorted")
		}
		shuffled := rapid.Permutation(list).Draw(r, "order")
		for i := range shuffled {
			shuffled[i].Segments = rapid.Permutation(shuffled[i].Segments).Draw(r, "segments")
			shuffled[i].Items = rapid.Permutation(shuffled[i].Items).Draw(r, "items")
			shuffled[i].Days = rapid.Permutation(shuffled[i].Days).Draw(r, "days")
			shuffled[i].Reached = rapid.Permutation(shuffled[i].Reached).Draw(r, "campaigns")
		}
		keys2, values2, err := dp.Exact(spec, 3, today, people(shuffled))
		if err != nil {
			r.Fatal(err)
		}
		if !slices.Equal(keys, keys2) || !slices.Equal(values, values2) {
			r.Fatal("the order of people or of what they hold shows")
		}
	})
}

// TestShardsAdd counts two halves and adds: the same as counting all.
func TestShardsAdd(t *testing.T) {
	specs := tinySpecs(t)
	rapid.Check(t, func(r *rapid.T) {
		spec := specs[rapid.SampledFrom(slices.Sorted(maps.Keys(specs))).Draw(r, "spec")]
		list := drawPeople(r)
		cut := rapid.IntRange(0, len(list)).Draw(r, "cut")
		sum := exact(t, spec, list[:cut]...)
		for k, v := range exact(t, spec, list[cut:]...) {
			sum[k] += v
		}
		if !maps.Equal(sum, exact(t, spec, list...)) {
			r.Fatal("parts do not add up")
		}
	})
}
