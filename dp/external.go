package dp

import (
	"errors"
	"maps"
	"math"
	"slices"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/proof"
)

// External draws the noise of [Quantiles] and [Variance] by another library. Package
// googledp makes the one that there is; nobody else can, since whoever draws sees
// numbers before noise. The zero External draws nothing.
type External = proof.External

// Errors of measures of which another library draws the noise.
var (
	ErrExternal     = errors.New("dp: quantiles and variances need Params.External, from package googledp")
	ErrExternalDraw = errors.New("dp: the other library failed, or drew a value that is out of bounds")
)

const (
	googleQuantiles = "google-bounded-quantiles"
	googleVariance  = "google-bounded-variance"
)

// external fills in what is known of another library's noise: the largest epsilon that
// a black box may have which costs at most mu2, with a delta of zero. See
// docs/proofs/black-box.md.
func (n *Noise) external(spec *contrib.Spec, mu2 accounting.Units) error {
	n.Mechanism = googleQuantiles
	if spec.Kind == contrib.KindVariance {
		n.Mechanism = googleVariance
	}
	if n.Epsilon = accounting.PureWithin(mu2); n.Epsilon <= 0 {
		return ErrLoss
	}
	return nil
}

// numbers counts, for each row, how many people have which number: an entry for each
// number that somebody has.
type numbers map[uint64]int64 // row<<32 | number in steps above the lowest -> people

func (m numbers) add(c contrib.Cell) error {
	at := uint64(c.Row)<<32 | uint64(c.Column)
	v := m[at]
	err := addTo(&v, c.Value)
	m[at] = v
	return err
}

// merge adds the numbers of other people.
func (m numbers) merge(other adder) error {
	for at, v := range other.(numbers) {
		if err := m.add(contrib.Cell{Row: int(at >> 32), Column: int(uint32(at)), Value: v}); err != nil {
			return err
		}
	}
	return nil
}

func (m numbers) tally(f *frame) *tally {
	t := &tally{frame: f, places: slices.Sorted(maps.Keys(m)), values: make([]int64, len(m))}
	for i, at := range t.places {
		t.values[i] = m[at]
		m[at] = 0
	}
	return t
}

// external has another library draw every row, each once, and wipes what it was drawn
// from. All rows come out, also the empty ones.
func (t *tally) external(x External, n *Noise) ([]Cell, error) {
	defer func() {
		clear(t.places)
		clear(t.values)
	}()
	s := &t.frame.spec
	low, high := s.Range()
	rows := max(1, len(s.Names()))
	cells := make([]Cell, 0, rows*s.Columns())
	at := 0
	for row := range rows {
		in := proof.ExternalRow{
			Variance: s.Kind == contrib.KindVariance, Epsilon: n.Epsilon, Rows: s.L0(), Span: high - low, Ranks: s.Ranks,
		}
		end := at
		for end < len(t.places) && t.places[end]>>32 == uint64(row) {
			end++
		}
		in.Numbers = make([]proof.ExternalNumber, 0, end-at) // grown, it would leave copies behind
		for ; at < end; at++ {
			in.Numbers = append(in.Numbers, proof.ExternalNumber{Number: int64(uint32(t.places[at])), People: t.values[at]})
		}
		values, err := x.Draw(in)
		clear(in.Numbers)
		if err != nil || len(values) != s.Columns() {
			return nil, ErrExternalDraw
		}
		least, most := outside(in.Variance, low, high)
		for column, v := range values {
			if !in.Variance {
				v += float64(low)
			}
			// Not the negation: NaN is out of bounds too.
			if v = math.Round(v); !(v >= float64(least) && v <= float64(most)) {
				return nil, ErrExternalDraw
			}
			cells = append(cells, boundedCell(s.Key(row, column), int64(v), least, most))
		}
	}
	return cells, nil
}

// outside returns the bounds of what may come out of a row, whatever is in it: those
// of the numbers, or for a variance zero and a quarter of the square of their range.
func outside(variance bool, low, high int64) (least, most int64) {
	if !variance {
		return low, high
	}
	span := high - low
	return 0, (span*span + 3) / 4
}

// boundedCell makes a cell without an interval: Low and High are bounds.
func boundedCell(k contrib.Key, v, low, high int64) Cell {
	c := cellOf(k, v, 0)
	c.Low, c.High = low, high
	return c
}

// checkExternal holds what a header says of quantiles and variances.
func checkExternal(h *Header) bool {
	if !contrib.ValidKey(h.External) || h.Level != 0 || h.LInf != 1 || h.HalfLife != 0 || h.Norm != 0 || h.Center != 0 ||
		h.Low >= h.High || h.High-h.Low > contrib.MaxSpan || !positive(h.Pure) || h.L0 > contrib.MaxSegments {
		return false
	}
	switch h.Of {
	case quantityText(contrib.QuantityEvents):
		return h.Low == 0 && h.Unit == unitEvents && h.Step == 1 && h.Per == 1
	case quantityText(contrib.QuantityAmount):
		return amountSteps(h)
	}
	return false
}

// checkExternalCell holds what a cell says under such a header.
func checkExternalCell(h *Header, c *Cell) bool {
	variance := h.Kind == contrib.KindVariance.String()
	if variance && c.Part != contrib.PartVariance || !variance && !contrib.ValidRankText(c.Part) {
		return false
	}
	low, high := outside(variance, h.Low, h.High)
	return c.Value >= low && c.Value <= high && *c == boundedCell(keyOf(c), c.Value, low, high)
}
