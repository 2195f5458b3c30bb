package audit

import (
	"errors"
	"fmt"
	"math"
)

// ErrBounds is returned for bounds that are missing, negative or too large to
// make pairs for.
var ErrBounds = errors.New("audit: bounds are out of range")

// Bounds are what a mechanism says about the contribution of one person.
type Bounds struct {
	Cells     int    // public cells, or keys that data may bring, 1 to 4096
	Windows   int    // windows that a release or a session spans, 1 to 64; 0 means 1
	L0        int    // cells a person may change in one window, 1 to 4096
	LInf      int64  // the most a person may change one cell by, 1 to 2^20
	L2Squared uint64 // square of the clip in L2; 0 if there is none
	Threshold int64  // the least noisy count that is released, at most 4096; 0 if all are
}

// Record is one thing that one person did. What Count is, how often it was done
// or a value, is for the mechanism to say.
type Record struct {
	Person int // 0 is the person who is added
	Cell   int // 0 to Bounds.Cells-1
	Window int // 0 to Bounds.Windows-1
	Count  int64
	ID     int // message id; the same again is a replay
}

// Pair is a database and one person more.
type Pair struct {
	Name   string   // what is special about it
	Person []Record // all of the person who is added
	Others []Record // all of everybody else, in both inputs
	First  bool     // the person comes before everybody else
}

// With returns the records of the database with the person, in the order in
// which they arrive; without the person it is Others.
func (p Pair) With() []Record {
	if p.First {
		return append(append([]Record(nil), p.Person...), p.Others...)
	}
	return append(append([]Record(nil), p.Others...), p.Person...)
}

// Pairs returns the neighbouring inputs at which bounds of contribution are
// usually broken. A mechanism that keeps its bounds satisfies its claim on all
// of them; give each to Run, through the whole path of production. They are
// not all pairs there are: Sensitivity is for that.
func Pairs(b Bounds) ([]Pair, error) {
	if b.Windows == 0 {
		b.Windows = 1
	}
	if b.Cells < 1 || b.Cells > 4096 || b.Windows < 1 || b.Windows > 64 || b.L0 < 1 || b.L0 > 4096 ||
		b.LInf < 1 || b.LInf > 1<<20 || b.Threshold < 0 || b.Threshold > 4096 || b.L2Squared > 1<<52 {
		return nil, ErrBounds
	}
	g := &pairs{b: b}
	l0 := min(b.L0, b.Cells)
	all := g.every(b.Windows, l0, b.LInf)
	g.add("a person at every bound, alone in an empty database", all, nil)
	g.add("a person at every bound, among people in every cell", all, g.crowd(b.Cells, 5))
	g.add("one cell, filled to its cap", g.every(1, 1, b.LInf), nil)
	g.add("one cell, one beyond its cap", g.every(1, 1, b.LInf+1), nil)
	g.add("one cell, one beyond its cap in single steps", g.steps(b.LInf+1), nil)
	g.add("one cell, a hundred times its cap", g.every(1, 1, 100*b.LInf), nil)
	g.add("one cell, a count that wraps when it is added up", []Record{
		{Count: math.MaxInt64, ID: g.id()}, {Count: 3, ID: g.id()},
	}, nil)
	if b.Cells > b.L0 {
		g.add("one cell more than a person may change", g.every(1, b.L0+1, b.LInf), nil)
		g.add("every cell there is", g.every(b.Windows, b.Cells, b.LInf), nil)
		g.add("every cell there is, among people in every cell", g.every(b.Windows, b.Cells, b.LInf), g.crowd(b.Cells, 5))
	}
	again := g.every(1, l0, b.LInf)
	g.add("everything twice, under the same message ids", append(again, again...), nil)
	g.add("everything twice, under other message ids", append(g.every(1, l0, b.LInf), g.every(1, l0, b.LInf)...), nil)
	mine, theirs := g.every(1, l0, b.LInf), []Record(nil)
	for i, r := range mine {
		theirs = append(theirs, Record{Person: i + 1, Cell: b.Cells - 1 - i, Count: 1, ID: r.ID})
	}
	g.add("message ids that others use too", mine, theirs)
	g.list[len(g.list)-1].First = true
	if b.Windows > 1 {
		last := g.every(2, l0, b.LInf)
		for i := range last {
			last[i].Window += b.Windows - 2
		}
		g.add("a person at every bound on both sides of the last edge of windows", last, nil)
		var other []Record
		for _, r := range all { // other cells in every window
			r.Cell = (r.Cell + r.Window*l0) % b.Cells
			r.ID = g.id()
			other = append(other, r)
		}
		g.add("other cells in every window", other, nil)
	}
	if b.L2Squared > 0 {
		each := int64(math.Sqrt(float64(b.L2Squared) / float64(l0)))
		g.add("just within the clip in L2, spread out", g.every(1, l0, max(1, min(each, b.LInf))), nil)
		g.add("just beyond the clip in L2, spread out", g.every(1, l0, max(1, min(each+1, b.LInf))), nil)
		g.add("just beyond the clip in L2, in one cell", g.every(1, 1, int64(math.Sqrt(float64(b.L2Squared)))+1), nil)
	}
	if t := b.Threshold; t > 0 {
		g.add("keys that only this person has", g.every(1, l0, 1), nil)
		g.add("keys that only this person has, with all a person may count", g.every(1, l0, b.LInf), nil)
		for _, n := range []int64{t - 2, t - 1, t} {
			if n > 0 {
				g.add(fmt.Sprintf("keys that %d others have, at a threshold of %d", n, t), g.every(1, l0, 1), g.crowd(l0, int(n)))
			}
		}
	}
	return g.list, nil
}

// pairs collects pairs.
type pairs struct {
	b    Bounds
	next int
	list []Pair
}

func (g *pairs) id() int { g.next++; return g.next }

func (g *pairs) add(name string, person, others []Record) {
	g.list = append(g.list, Pair{Name: name, Person: person, Others: others})
}

// every fills the first cells of the first windows.
func (g *pairs) every(windows, cells int, count int64) (rs []Record) {
	for w := range windows {
		for c := range cells {
			rs = append(rs, Record{Cell: c, Window: w, Count: count, ID: g.id()})
		}
	}
	return rs
}

// steps counts one cell up by one at a time, at most 4097 times, and the rest at once.
func (g *pairs) steps(count int64) (rs []Record) {
	for range min(count, 4097) {
		rs = append(rs, Record{Count: 1, ID: g.id()})
	}
	if count > 4097 {
		rs = append(rs, Record{Count: count - 4097, ID: g.id()})
	}
	return rs
}

// crowd puts people, each with one cell and a count of 1, in every window.
func (g *pairs) crowd(cells, people int) (rs []Record) {
	person := 0
	for w := range g.b.Windows {
		for c := range cells {
			for range people {
				person++
				rs = append(rs, Record{Person: person, Cell: c, Window: w, Count: 1, ID: g.id()})
			}
		}
	}
	return rs
}
