package plan

import (
	"errors"
	"math"
	"math/big"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
)

// ErrWithin is returned for a Within out of range.
var ErrWithin = errors.New("plan: Within.Relative is above 0 and at most 1, Within.Level from 0.5 to 1 - 1e-12")

// Within says how well a count is to be known: the interval of probability Level
// around it is to be no wider than Relative of it, to either side.
type Within struct {
	Relative float64 // above 0, at most 1; steps of 1e-9. 0.1 is 10 %
	Level    float64 // 0.5 to 1 - 1e-12
}

// CountWithin returns the smallest count that is known as well as w says, and which
// a threshold lets through at least half the time; math.MaxInt64 where it is larger
// than that. At [dp.Level] its interval is that of the release. It returns ErrWithin.
func (q Prediction) CountWithin(w Within) (int64, error) {
	relative := relativeNano(w.Relative)
	if relative == 0 || !(w.Level >= 0.5 && w.Level <= 1-1e-12) {
		return 0, ErrWithin
	}
	margin := q.Noise.Margin
	if w.Level != dp.Level {
		var err error
		if margin, err = accounting.Margin(new(big.Rat).SetFloat64(q.Noise.Sigma), w.Level); err != nil {
			return 0, err
		}
	}
	count, ok := countWithin(relative, margin, q.Noise.Threshold)
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

// countWithin returns the smallest count of which margin is at most the given
// billionths, and which reaches the threshold; false where that is no int64.
func countWithin(relative, margin, threshold int64) (int64, bool) {
	n := new(big.Int).Mul(big.NewInt(margin), big.NewInt(nano))
	n.Add(n, big.NewInt(relative-1)).Quo(n, big.NewInt(relative))
	if !n.IsInt64() {
		return 0, false
	}
	return max(1, n.Int64(), threshold), true
}
