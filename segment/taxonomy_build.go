package segment

import (
	"cmp"
	"fmt"
	"slices"
)

// line is a row of a file that holds a node, before the forest is made.
type line struct {
	row      int    // in the file, from 1
	id, name string // printable
	parent   string // "" for a root
	marked   bool
	path     []string // the names from the root on, where the file gives them
}

// build makes the forest of lines. Rows that break a rule are repaired and
// reported; whether that is allowed is the caller's business.
func build(lines []line) (*Taxonomy, []Repair, error) {
	t := &Taxonomy{index: make(map[string]int32, len(lines))}
	var (
		repairs []Repair
		rows    []int    // of each node
		parents []string // of each node
		again   []line   // rows whose id was there
	)
	for _, l := range lines {
		if i, ok := t.index[l.id]; ok {
			repairs = append(repairs, Repair{l.row, KindDuplicate})
			t.nodes[i].marked = t.nodes[i].marked || l.marked
			again = append(again, l)
			continue
		}
		if len(t.nodes) == maxNodes {
			return nil, nil, badRow(l.row, ErrLarge)
		}
		t.index[l.id] = int32(len(t.nodes))
		t.nodes = append(t.nodes, node{id: l.id, name: l.name, parent: -1, marked: l.marked})
		rows, parents = append(rows, l.row), append(parents, l.parent)
	}
	// lost makes a node a root whose true place nobody knows.
	lost := func(i int, kind Kind) {
		t.nodes[i].parent, t.nodes[i].marked = -1, true
		repairs = append(repairs, Repair{rows[i], kind})
	}
	for i := range t.nodes {
		if parents[i] == "" {
			continue
		}
		p, ok := t.index[parents[i]]
		switch {
		case !ok:
			lost(i, KindOrphan)
		case int(p) == i:
			lost(i, KindSelfParent)
		default:
			t.nodes[i].parent = p
		}
	}
	for _, l := range again {
		i := t.index[l.id]
		if p, ok := t.index[l.parent]; ok && p != i {
			t.also = append(t.also, edge{i, p})
		} else if l.parent != "" {
			t.nodes[i].marked = true
		}
	}
	for _, i := range t.cycles() {
		lost(int(i), KindCycle)
	}
	if i := t.deep(); i >= 0 {
		return nil, nil, badRow(rows[i], ErrDeep)
	}
	slices.SortStableFunc(repairs, func(a, b Repair) int { return cmp.Compare(a.Row, b.Row) })
	t.spread()
	return t, repairs, nil
}

func badRow(row int, err error) error { return fmt.Errorf("segment: taxonomy row %d: %w", row, err) }

func badMapping(row int, err error) error { return fmt.Errorf("segment: mapping row %d: %w", row, err) }

// cycles returns the first node, in file order, of each cycle.
func (t *Taxonomy) cycles() (first []int32) {
	seen := make([]int32, len(t.nodes)) // the walk that saw the node, from 1
	for i := range t.nodes {
		walk := int32(i) + 1
		p := int32(i)
		for p >= 0 && seen[p] == 0 {
			seen[p] = walk
			p = t.nodes[p].parent
		}
		if p < 0 || seen[p] != walk {
			continue
		}
		low := p
		for q := t.nodes[p].parent; q != p; q = t.nodes[q].parent {
			low = min(low, q)
		}
		first = append(first, low)
	}
	return first
}

// deep returns the first node, in file order, that lies too deep, or -1. There
// must be no cycle.
func (t *Taxonomy) deep() int {
	for i := range t.nodes {
		depth := 1
		for p := t.nodes[i].parent; p >= 0; p = t.nodes[p].parent {
			if depth++; depth > maxDepth {
				return i
			}
		}
	}
	return -1
}

// spread numbers a walk of the forest, children in file order, and makes
// everything sensitive that lies below a marked node in any reading.
func (t *Taxonomy) spread() {
	below := make([][]int32, len(t.nodes)+1)
	for i := range t.nodes {
		p := t.nodes[i].parent + 1 // 0 holds the roots
		below[p] = append(below[p], int32(i))
	}
	var counter int32
	var walk func(list []int32)
	walk = func(list []int32) {
		for _, i := range list {
			t.nodes[i].enter = counter
			counter++
			walk(below[i+1])
			t.nodes[i].leave = counter
		}
	}
	walk(below[0])
	for _, e := range t.also {
		below[e.above+1] = append(below[e.above+1], e.node)
	}
	var reached []int32
	for i := range t.nodes {
		if t.nodes[i].sensitive = t.nodes[i].marked; t.nodes[i].marked {
			reached = append(reached, int32(i))
		}
	}
	for len(reached) > 0 {
		last := len(reached) - 1
		i := reached[last]
		reached = reached[:last]
		for _, n := range below[i+1] {
			if !t.nodes[n].sensitive {
				t.nodes[n].sensitive = true
				reached = append(reached, n)
			}
		}
	}
}
