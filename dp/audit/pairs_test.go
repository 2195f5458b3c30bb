package audit_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/dp/audit"
)

// bugs of a bounding function; the zero value has none.
type bugs struct {
	noL0, noCap, capEachRecord, perWindowOnly, dedupeAcrossPeople, wraps, l2Late bool
}

// table bounds records as b says: distinct messages, cap in each cell over all
// windows together, the first L0 cells, then a clip of the whole in L2.
func table(b audit.Bounds, g bugs, records []audit.Record) map[string]int64 {
	type cell struct{ person, cell, window int }
	type message struct{ person, id int }
	seen := map[message]bool{}
	cells := map[cell]int64{}
	var people []int
	for _, r := range records {
		m := message{r.Person, r.ID}
		if g.dedupeAcrossPeople {
			m.person = 0
		}
		if seen[m] {
			continue
		}
		seen[m] = true
		if !slices.Contains(people, r.Person) {
			people = append(people, r.Person)
		}
		k := cell{r.Person, r.Cell, 0}
		if g.perWindowOnly {
			k.window = r.Window
		}
		n := r.Count
		if g.capEachRecord {
			n = min(n, b.LInf)
		}
		if sum := cells[k] + n; sum >= cells[k] || g.wraps {
			cells[k] = sum
		} else {
			cells[k] = math.MaxInt64
		}
	}
	out := map[string]int64{}
	for _, p := range people {
		windows := 1
		if g.perWindowOnly {
			windows = b.Windows
		}
		for w := range windows {
			var mine []int
			for c := range b.Cells {
				if cells[cell{p, c, w}] != 0 {
					mine = append(mine, c)
				}
			}
			if len(mine) > b.L0 && !g.noL0 {
				mine = mine[:b.L0]
			}
			square := uint64(0)
			for _, c := range mine {
				n := cells[cell{p, c, w}]
				if !g.noCap && !g.capEachRecord {
					n = min(n, b.LInf)
				}
				square += uint64(n) * uint64(n)
				if b.L2Squared > 0 && square > b.L2Squared && !g.l2Late {
					break
				}
				out[fmt.Sprint(c)] += n
			}
		}
	}
	return out
}

func change(b audit.Bounds, g bugs, p audit.Pair) audit.Norms {
	n, err := audit.Sensitivity(audit.Tiny[int]{Records: []int{0}, MaxRecords: 1, Vector: func(people [][]int) (map[string]int64, error) {
		for _, person := range people {
			if len(person) > 0 {
				return table(b, g, p.With()), nil
			}
		}
		return table(b, g, p.Others), nil
	}})
	if err != nil {
		panic(err)
	}
	return n
}

// TestPairs: bounding that is right keeps its bounds on every pair; each bug
// breaks them on one at least.
func TestPairs(t *testing.T) {
	plain := audit.Bounds{Cells: 6, Windows: 3, L0: 3, LInf: 4, Threshold: 10}
	clipped := plain
	clipped.L2Squared = 20
	broken := func(b audit.Bounds, g bugs) (names []string) {
		list, err := audit.Pairs(b)
		if err != nil {
			t.Fatal(err)
		}
		claim := audit.Norms{L1: big.NewInt(int64(b.L0) * b.LInf), L2Squared: big.NewInt(int64(b.L0) * b.LInf * b.LInf), LInf: big.NewInt(b.LInf)}
		if b.L2Squared > 0 {
			claim.L2Squared = big.NewInt(int64(b.L2Squared))
		}
		for _, p := range list {
			// The claim bounds cells that change, so norms of added or dropped keys count.
			n := change(b, g, p)
			if err := n.Within(claim); err != nil || n.L0 > b.L0 {
				names = append(names, p.Name)
			}
		}
		return names
	}
	for _, b := range []audit.Bounds{plain, clipped} {
		if names := broken(b, bugs{}); names != nil {
			t.Errorf("correct bounding is broken by %q", names)
		}
	}
	for name, g := range map[string]bugs{
		"no L0": {noL0: true}, "no cap": {noCap: true}, "cap on each record": {capEachRecord: true},
		"bounds per window": {perWindowOnly: true}, "wrapping sums": {wraps: true},
		"replays found across people": {dedupeAcrossPeople: true},
	} {
		if names := broken(plain, g); names == nil {
			t.Errorf("%s: no pair shows it", name)
		} else {
			t.Logf("%s: %d pairs", name, len(names))
		}
	}
	if names := broken(clipped, bugs{l2Late: true}); names == nil {
		t.Error("no pair shows a clip in L2 that is missing")
	}
}

func TestPairsAreWhatTheySay(t *testing.T) {
	b := audit.Bounds{Cells: 5, Windows: 2, L0: 2, LInf: 3, Threshold: 4, L2Squared: 9}
	list, err := audit.Pairs(b)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, p := range list {
		if names[p.Name] || len(p.Person) == 0 {
			t.Errorf("pair %q comes twice or has no person", p.Name)
		}
		names[p.Name] = true
		for _, r := range p.Person {
			if r.Person != 0 {
				t.Errorf("%q: a record of the person is of person %d", p.Name, r.Person)
			}
		}
		for _, r := range p.Others {
			if r.Person == 0 {
				t.Errorf("%q: a record of others is of the person", p.Name)
			}
		}
		for _, r := range p.With() {
			if r.Cell < 0 || r.Cell >= b.Cells || r.Window < 0 || r.Window >= b.Windows || r.Count < 1 {
				t.Errorf("%q: %+v is out of bounds", p.Name, r)
			}
		}
	}
	for _, bad := range []audit.Bounds{{}, {Cells: 1, L0: 1}, {Cells: 1, LInf: 1}, {Cells: 1, L0: 1, LInf: 1, Windows: -1}, {Cells: 1, L0: 1, LInf: 1, Threshold: -1}} {
		if _, err := audit.Pairs(bad); !errors.Is(err, audit.ErrBounds) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
