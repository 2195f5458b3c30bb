package rank

import (
	"errors"
	"math"
)

// ErrLevel is returned for levels without cells, people, events or noise.
var ErrLevel = errors.New("rank: a level has at least one cell, and people, events and noise above zero")

// Level describes a table that could be released, by what is known beforehand:
// how fine it is and how much noise it would carry.
type Level struct {
	Cells     int     // that a release has: segments or categories times items, or items
	People    float64 // that are expected to count, by a released number or a plan; never a raw count
	PerPerson float64 // events, or people, that one of them adds to the whole table, within the bounds
	StdDev    float64 // of the noise in a cell, in the same unit: as package dp/plan predicts it, Noise.StdDev over Per
}

// SignalToNoise returns what a cell holds on average for each standard deviation
// of its noise.
func (l Level) SignalToNoise() float64 {
	return l.People * l.PerPerson / float64(l.Cells) / l.StdDev
}

// PickLevel returns the index of the table to release and rank with: of levels
// from the finest to the coarsest, such as category x item, segment x item, item
// totals, the first whose cells stand out of their noise by least, or the last
// where none does. Finer tables tell people apart better; tables that are drowned
// tell nothing. With shrinking, cells that are half their noise still help, so 0.5
// is a good least. An engine fills in levels from its plan: Engine.RankLevel.
func PickLevel(levels []Level, least float64) (int, error) {
	if len(levels) == 0 || !(least > 0) {
		return 0, ErrLevel
	}
	for _, l := range levels {
		ok := l.Cells > 0 && l.People > 0 && l.PerPerson > 0 && l.StdDev > 0
		if !ok || math.IsInf(l.People*l.PerPerson, 1) || math.IsInf(l.StdDev, 1) {
			return 0, ErrLevel
		}
	}
	for i, l := range levels {
		if l.SignalToNoise() >= least {
			return i, nil
		}
	}
	return len(levels) - 1, nil
}
