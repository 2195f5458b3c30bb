package dp

import (
	"math"
	"slices"
)

const (
	appliedNonNegative = "non-negative"
	appliedWhole       = "whole"
)

// NonNegative returns the estimates with every value and every end of an interval
// below zero set to zero. Exact counts are not negative, so an interval holds as often
// as before, or more often where a cell is close to zero.
//
// It comes last. What was clamped is too large on average, and sums and averages of
// clamped cells are too large by that in every cell: a thousand empty cells with noise
// of standard deviation 40 are clamped to some 16 each. Nothing in this package takes
// Estimates, so that clamped ones cannot be computed with here. Sums of amounts that may
// be below zero are returned as they are.
func (e Estimates) NonNegative() Estimates {
	if e.signed {
		return e
	}
	e.Cells = slices.Clone(e.Cells)
	for i := range e.Cells {
		c := &e.Cells[i]
		c.Value, c.Low, c.High = math.Max(0, c.Value), math.Max(0, c.Low), math.Max(0, c.High)
	}
	e.Applied = append(slices.Clip(e.Applied), appliedNonNegative)
	return e
}

// Whole returns the estimates clamped like [Estimates.NonNegative] and rounded to whole
// numbers, for people to read. It comes last, for the same reason.
//
// Of consistent estimates the totals stay the sums of their parts, exactly: from the
// top down, each total is shared out to what its parts are nearest to, with none below
// zero, by largest remainders. Where what is estimated is a whole number, intervals
// shrink to the whole numbers in them, which holds as often; those of averages stay.
// Sums of amounts that may be below zero are returned as they are.
func (e Estimates) Whole() Estimates {
	if e.signed {
		return e
	}
	values := make([]int64, len(e.Cells))
	if e.tree != nil {
		values = e.tree.whole(e.Cells)
	} else {
		for i, c := range e.Cells {
			values[i] = wholeOf(c.Value)
		}
	}
	e = e.NonNegative()
	for i := range e.Cells {
		c := &e.Cells[i]
		c.Value = float64(values[i])
		if !e.integral {
			continue
		}
		low, high := math.Ceil(c.Low), math.Floor(c.High)
		if low > high { // no whole number in it
			low, high = c.Value, c.Value
		}
		c.Low, c.High = low, high
	}
	e.Applied = append(slices.Clip(e.Applied), appliedWhole)
	return e
}

// NonNegative returns the points with every value below zero set to zero. It comes
// last: see [Estimates.NonNegative].
func (p Points) NonNegative() Points {
	if p.signed {
		return p
	}
	p.Cells = slices.Clone(p.Cells)
	for i := range p.Cells {
		p.Cells[i].Value = math.Max(0, p.Cells[i].Value)
	}
	p.Applied = append(slices.Clip(p.Applied), appliedNonNegative)
	return p
}

// Whole returns the points clamped like [Points.NonNegative] and rounded to whole
// numbers. It comes last.
func (p Points) Whole() Points {
	if p.signed {
		return p
	}
	p = p.NonNegative()
	for i := range p.Cells {
		p.Cells[i].Value = float64(wholeOf(p.Cells[i].Value))
	}
	p.Applied = append(slices.Clip(p.Applied), appliedWhole)
	return p
}

// wholeOf rounds to a whole number that is not negative and that floats hold.
func wholeOf(x float64) int64 {
	const most = 1 << 53
	if !(x > 0) {
		return 0
	}
	return int64(math.Min(math.Round(x), most))
}
