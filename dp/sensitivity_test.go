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
	return map[string]*dp.Spec{
		"sizes 1":          mustSpec(t, dp.SegmentSizes{Name: "m", Purpose: "p", MaxSegments: 1, Share: 1}, segments...),
		"sizes 2":          mustSpec(t, dp.SegmentSizes{Name: "m", Purpose: "p", MaxSegments: 2, Share: 1}, segments...),
		"public 1x1, 1":    items(dp.Public{"x", "y"}, 1, 1, 1),
		"public 2x1, 2":    items(dp.Public{"x", "y"}, 2, 1, 2),
		"public 1x2, 2":    items(dp.Public{"x", "y"}, 1, 2, 2),
		"discovered 1x1":   items(dp.Discovered{}, 1, 1, 1),
		"discovered 2x2":   items(dp.Discovered{}, 2, 2, 1),
		"loose bounds 3x3": items(dp.Public{"x", "y", "z"}, 3, 3, 3),
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
		{e("y", 0, 1), e("x", 0, 3)},          // unsorted
		{e("w", 1, 1), e("x", 0, 2), e("y", 2, 2), e("z", 6, 5)}, // more than may count
		{e("x", 0, 9), e("y", 2, 9), e("z", 6, 9)},               // as much as may count
	}
	for n := range uint64(3) {
		for _, s := range segments {
			for _, i := range items {
				all = append(all, contrib.Person{Salt: salt(n), Segments: s, Items: i})
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

// difference returns what one person changes: cells, the largest change and
// the sum of squares.
func difference(with, without map[dp.CellKey]int64) (l0 int, lInf int64, l2Squared uint64) {
	for k := range with {
		d := with[k] - without[k]
		if d < 0 {
			d = -d
		}
		if d != 0 {
			l0++
		}
		lInf = max(lInf, d)
		l2Squared += uint64(d * d)
	}
	return l0, lInf, l2Squared
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
					l0, lInf, l2 := difference(with, without)
					if l0 > spec.L0() || lInf > spec.LInf() || l2 > spec.L2Squared() {
						t.Fatalf("one person changes %d cells, by up to %d, squares %d: bounds %d, %d, %d",
							l0, lInf, l2, spec.L0(), spec.LInf(), spec.L2Squared())
					}
					most = max(most, l2)
				}
			}
			if most != spec.L2Squared() {
				t.Errorf("nobody reaches the bound: %d of %d", most, spec.L2Squared())
			}
		})
	}
}

// TestDiscoveredCellsArePeople holds what the threshold rests on: one person
// is at most one in every discovered cell, and a cell nobody is in is not there.
func TestDiscoveredCellsArePeople(t *testing.T) {
	spec := tinySpecs(t)["discovered 2x2"]
	for _, p := range tinyPeople() {
		for _, v := range exact(t, spec, p) {
			if v != 1 {
				t.Fatalf("one person makes a cell of %d", v)
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
			return slices.Compare([]string{a.Segment, a.Item}, []string{b.Segment, b.Item})
		}) {
			r.Fatal("keys are not sorted")
		}
		shuffled := rapid.Permutation(list).Draw(r, "order")
		for i := range shuffled {
			shuffled[i].Segments = rapid.Permutation(shuffled[i].Segments).Draw(r, "segments")
			shuffled[i].Items = rapid.Permutation(shuffled[i].Items).Draw(r, "items")
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
