package contrib

import (
	"errors"
	"math"
	"slices"
	"strconv"
)

// Limits on measures of which another library draws the noise.
const (
	MaxRanks = 64      // quantiles of one measure
	MaxSpan  = 1 << 16 // steps from the lowest amount to the highest

	rankUnit = 1_000_000
)

// ErrRanks is returned for ranks of quantiles that break their rule.
var ErrRanks = errors.New("contrib: ranks are 1 to 64 different numbers from 0 to 1, in steps of 1e-6")

// PartVariance is the part of a key that a variance has.
const PartVariance = "variance"

// Quantiles gives, for each row, quantiles of what people have: how many events,
// or the sum of their amounts. Each person has one number in each row. With
// [Everybody] or [ByCategory] those count who did something, with [BySegment]
// everybody in the segment, with 0 where they did nothing. Its noise is drawn by
// another library: see package googledp.
type Quantiles struct {
	Name         string
	Purpose      string
	By           By
	Of           Quantity  // QuantityEvents or QuantityAmount
	MaxEvents    int       // of QuantityEvents: more count as this, 1 to 65536
	Amount       Amount    // of QuantityAmount
	Ranks        []float64 // 0.5 is the median; in steps of 1e-6
	LookbackDays int
	Share        float64 // planned part of the window's mu^2, in (0, 1]
}

// Variance gives, for each row, the variance of what [Quantiles] are of, in squares of
// steps.
type Variance struct {
	Name         string
	Purpose      string
	By           By
	Of           Quantity // as of Quantiles
	MaxEvents    int
	Amount       Amount
	LookbackDays int
	Share        float64 // planned part of the window's mu^2, in (0, 1]
}

func (m Quantiles) purpose() string { return m.Purpose }
func (m Variance) purpose() string  { return m.Purpose }

func (m Variance) check(segments []string) (Spec, error) {
	s := Spec{
		Name: m.Name, Purpose: m.Purpose, Kind: KindVariance, MaxItems: 1, MaxPerCell: 1,
		LookbackDays: m.LookbackDays, Quantity: m.Of, MaxEvents: m.MaxEvents, Amount: m.Amount,
	}
	return s.finishRows(m.By, segments, m.Share)
}

func (m Quantiles) check(segments []string) (Spec, error) {
	s := Spec{
		Name: m.Name, Purpose: m.Purpose, Kind: KindQuantiles, MaxItems: 1, MaxPerCell: 1,
		LookbackDays: m.LookbackDays, Quantity: m.Of, MaxEvents: m.MaxEvents, Amount: m.Amount,
	}
	for _, r := range m.Ranks {
		if !(r >= 0 && r <= 1) {
			return Spec{}, ErrRanks
		}
		s.Ranks = append(s.Ranks, int64(math.Round(r*rankUnit)))
	}
	slices.Sort(s.Ranks)
	return s.finishRows(m.By, segments, m.Share)
}

// External reports whether another library draws the noise of the measure.
func (s *Spec) External() bool { return s.Kind == KindQuantiles || s.Kind == KindVariance }

// Range returns, for a measure of which another library draws the noise, what one
// person's number is taken between, in steps.
func (s *Spec) Range() (low, high int64) {
	if s.Quantity == QuantityEvents {
		return 0, int64(s.MaxEvents)
	}
	return s.Amount.Steps()
}

// checkExternal holds what is true of quantiles and variances.
func (s *Spec) checkExternal() error {
	events, amount := s.Quantity == QuantityEvents, s.Quantity == QuantityAmount
	return first(
		rule{s.lookback(), ErrLookback},
		rule{events && s.Amount == Amount{} || amount && s.Amount.valid(), ErrAmount},
		rule{s.MaxPerCell == 1 && s.HalfLifeDays == 0 && s.MaxNorm == 0, ErrBound},
		rule{events && s.MaxEvents >= 1 && s.MaxEvents <= MaxSpan || amount && s.MaxEvents == 0, ErrBound},
		rule{s.Noise == Automatic, ErrNoise},
		rule{(s.Kind == KindQuantiles) == (s.Ranks != nil) && s.ranked(), ErrRanks},
	)
}

// ranked reports whether the ranks ascend and lie in their range.
func (s *Spec) ranked() bool {
	for i, r := range s.Ranks {
		if r < 0 || r > rankUnit || i > 0 && r <= s.Ranks[i-1] {
			return false
		}
	}
	return len(s.Ranks) <= MaxRanks
}

// RankText names a rank, which is in millionths.
func RankText(rank int64) string {
	return strconv.FormatFloat(float64(rank)/rankUnit, 'f', -1, 64)
}

// ValidRankText reports whether s is what RankText makes of a rank.
func ValidRankText(s string) bool {
	r, err := strconv.ParseFloat(s, 64)
	return err == nil && r >= 0 && r <= 1 && RankText(int64(math.Round(r*rankUnit))) == s
}

// numberCells are those of a person's numbers: in each row in which the person counts
// one cell, of 1, whose column is the number, in steps above the lowest.
func (s *Spec) numberCells(p *Person, window int32, asOf Day) []Cell {
	rows := s.rows(p, window, asOf)
	low, high := s.Range()
	cells := make([]Cell, len(rows))
	for i, row := range rows {
		n := int64(0)
		if s.Quantity == QuantityEvents {
			n = s.total(p, row, asOf)
		} else {
			n = s.value(s.amount(p, row, asOf))
		}
		cells[i] = Cell{Row: row, Column: int(min(max(n, low), high) - low), Value: 1}
	}
	return cells
}

// total returns the number of a person's events in a row, whatever their age.
func (s *Spec) total(p *Person, row int, asOf Day) int64 {
	sum := int64(0)
	for i := range p.Days {
		if a := &p.Days[i]; s.counts(a, row, asOf) {
			sum = min(sum+int64(a.Events), math.MaxInt64/2)
		}
	}
	return sum
}
