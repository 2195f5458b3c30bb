package contrib_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
)

// handers enumerates all persons of whom a batch job handed in up to two values in each
// of three listed partitions and one that is not.
func handers(f func(p *contrib.Person)) {
	states := [][]int64{nil, {1}, {2000, 7000}, {900_000, 1}, {-4000}, {0}, {math.MaxInt64, math.MaxInt64}, {math.MinInt64, math.MinInt64}}
	partitions := []string{"x", "y", "z", "elsewhere"}
	for salt := range 2 {
		for n := range len(states) * len(states) * len(states) {
			p := contrib.Person{Salt: ident.Salt{byte(salt), 7}}
			for i, partition := range partitions {
				for _, v := range states[[]int{n % 8, n / 8 % 8, n / 64, (n + 1) % 8}[i]] {
					p.Given = append(p.Given, contrib.Given{Partition: partition, Value: v})
				}
			}
			f(&p)
		}
	}
}

// tinyTables adds tables of each sort.
func tinyTables(add func(name string, domain func(func(*contrib.Person)), m contrib.Measure)) {
	xyz := contrib.Public{"x", "y", "z"}
	for most := 1; most <= 3; most++ {
		table := func(of contrib.Counted, norm int) contrib.Table {
			return contrib.Table{Name: "m", Purpose: "p", Partitions: xyz, MaxPartitions: most, Of: of, MaxNorm: norm, Share: 1}
		}
		for norm := range 3 {
			add(fmt.Sprintf("table of people, %d, norm %d", most, norm), handers, table(contrib.CountedPeople{}, norm))
			add(fmt.Sprintf("table of events, %d, norm %d", most, norm), handers, table(contrib.CountedEvents{Max: 5}, norm))
		}
		for _, a := range [][2]int64{{0, 8000}, {-3000, 8000}, {2000, 8000}, {-9000, -1}, {0, 1}, {0, 1 << 40}, {-1 << 40, 1 << 40}} {
			add(fmt.Sprintf("table of amounts from %d to %d, %d", a[0], a[1], most), handers, table(contrib.CountedAmounts{Unit: "EUR", Low: a[0], High: a[1]}, 0))
		}
		found := table(contrib.CountedPeople{}, 0)
		found.Partitions = contrib.Discovered{MinPeople: 4}
		add(fmt.Sprintf("discovered table, %d", most), handers, found)
	}
}

// TestTableRefuses holds what is no table.
func TestTableRefuses(t *testing.T) {
	good := contrib.Table{Name: "n", Purpose: "p", Partitions: contrib.Public{"a"}, MaxPartitions: 1, Of: contrib.CountedPeople{}, Share: 0.5}
	with := func(f func(m *contrib.Table)) contrib.Table {
		m := good
		f(&m)
		return m
	}
	amounts := contrib.CountedAmounts{Unit: "EUR", High: 5000}
	for name, c := range map[string]struct {
		m    contrib.Table
		want error
	}{
		"a table":              {good, nil},
		"of nothing":           {with(func(m *contrib.Table) { m.Of = nil }), contrib.ErrCounted},
		"no partitions":        {with(func(m *contrib.Table) { m.Partitions = nil }), contrib.ErrPartitions},
		"a partition twice":    {with(func(m *contrib.Table) { m.Partitions = contrib.Public{"a", "a"} }), contrib.ErrPartitions},
		"no bound":             {with(func(m *contrib.Table) { m.MaxPartitions = 0 }), contrib.ErrBound},
		"no cap":               {with(func(m *contrib.Table) { m.Of = contrib.CountedEvents{} }), contrib.ErrBound},
		"a cap too high":       {with(func(m *contrib.Table) { m.Of = contrib.CountedEvents{Max: contrib.MaxPerCell + 1} }), contrib.ErrBound},
		"amounts of no unit":   {with(func(m *contrib.Table) { m.Of = contrib.CountedAmounts{High: 1} }), contrib.ErrAmount},
		"bounds upside down":   {with(func(m *contrib.Table) { m.Of = contrib.CountedAmounts{Unit: "EUR", Low: 1} }), contrib.ErrAmount},
		"a norm of amounts":    {with(func(m *contrib.Table) { m.Of, m.MaxNorm = amounts, 2 }), contrib.ErrBound},
		"discovered events":    {with(func(m *contrib.Table) { m.Partitions, m.Of = contrib.Discovered{}, contrib.CountedEvents{Max: 2} }), contrib.ErrCapped},
		"discovered, one each": {with(func(m *contrib.Table) { m.Partitions, m.Of = contrib.Discovered{}, contrib.CountedEvents{Max: 1} }), contrib.ErrCapped},
		"discovered amounts": {with(func(m *contrib.Table) {
			m.Partitions, m.Of = contrib.Discovered{}, contrib.CountedAmounts{Unit: "EUR", High: 1}
		}), contrib.ErrCapped},
		"discovered, Laplace": {with(func(m *contrib.Table) { m.Partitions, m.Noise = contrib.Discovered{}, contrib.Laplace }), contrib.ErrNoise},
		"no share":            {with(func(m *contrib.Table) { m.Share = 0 }), contrib.ErrShare},
		"no name":             {with(func(m *contrib.Table) { m.Name = "" }), contrib.ErrName},
	} {
		if _, err := contrib.NewSpec(c.m, nil); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAmountsAddUpExactly compares sums of a person's amounts with those of big
// integers, for numbers of any size in any order, and however Add joins some of them.
func TestAmountsAddUpExactly(t *testing.T) {
	s, err := contrib.NewSpec(contrib.Table{
		Name: "n", Purpose: "p", Partitions: contrib.Public{"a"}, MaxPartitions: 1, Share: 0.5,
		Of: contrib.CountedAmounts{Unit: "EUR", Low: -30_000, High: 20_000},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	low, high := big.NewInt(-30_000), big.NewInt(20_000)
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		sum := new(big.Int)
		var list []contrib.Given
		for range r.IntN(9) {
			v := int64(r.Uint64()) >> r.IntN(64)
			list = append(list, contrib.Given{Partition: "a", Value: v})
			if sum.Add(sum, big.NewInt(v)); r.IntN(3) == 0 { // most of it goes again
				list = append(list, contrib.Given{Partition: "a", Value: -max(v, -math.MaxInt64)})
				sum.Sub(sum, big.NewInt(max(v, -math.MaxInt64)))
			}
		}
		want := int64(0)
		if len(list) > 0 {
			switch {
			case sum.Cmp(low) < 0:
				want = -30_000
			case sum.Cmp(high) > 0:
				want = 20_000
			default:
				want = sum.Int64()
			}
		}
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		var joined []contrib.Given
		for _, g := range list {
			if k := len(joined) - 1; k >= 0 {
				if sum, ok := s.Add(joined[k].Value, g.Value); ok {
					joined[k].Value = sum
					continue
				}
			}
			joined = append(joined, g)
		}
		for _, given := range [][]contrib.Given{list, joined} {
			cells := s.Vector(&contrib.Person{Given: slices.Clone(given)}, 0, 0)
			if got := append(cells, contrib.Cell{})[0].Value; got != want || len(cells) > 1 {
				t.Fatalf("%v: %d, want %d", given, got, want)
			}
		}
	}
}
