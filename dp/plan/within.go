package plan

import (
	"errors"
	"math"
)

// Errors of [Prediction.CountWithin].
var (
	ErrWithin  = errors.New("plan: Within.Relative is above 0 and at most 1, Within.Level from 0.5 to 1 - 1e-12")
	ErrNoCount = errors.New("plan: amounts and lists of keys have no count that could be known within a part of it")
)

// Within says how well a count is to be known: the interval of probability Level
// around it is to be no wider than Relative of it, to either side.
type Within struct {
	Relative float64 // above 0, at most 1; steps of 1e-9. 0.1 is 10 %
	Level    float64 // 0.5 to 1 - 1e-12
}

// CountWithin returns the smallest count, of people or events whatever steps its values
// are in, that is known as well as w says, and which a threshold lets through at least
// half the time; math.MaxInt64 where it is larger than that. Of means it is one of the
// people. At [dp.Level] its interval is that of the release. It returns ErrWithin, and
// ErrNoCount for amounts, lists of keys and what another library draws.
func (q Prediction) CountWithin(w Within) (int64, error) {
	relative := relativeNano(w.Relative)
	if relative == 0 || !(w.Level >= 0.5 && w.Level <= 1-1e-12) {
		return 0, ErrWithin
	}
	c, ok := q.counts()
	if !ok {
		return 0, ErrNoCount
	}
	margin, err := c.marginOf(w.Level)
	if err != nil {
		return 0, err
	}
	count, ok := c.within(relative, margin)
	if !ok {
		return math.MaxInt64, nil
	}
	return count, nil
}

// relativeNano returns a part in billionths, or 0 where it is out of range.
func relativeNano(r float64) int64 {
	if n := math.Round(r * nano); n >= 1 && n <= nano {
		return int64(n)
	}
	return 0
}
