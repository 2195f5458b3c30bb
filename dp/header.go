package dp

import (
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/proof"
)

// header says everything about the release but the number of its cells, from
// declared parameters alone.
func header(s *Spec, p *Params, n *Noise) Header {
	partitions := partitionsPublic
	if s.Discovered {
		partitions = partitionsDiscovered
	}
	h := Header{
		Format: Format0, Library: proof.Version,
		Account: p.Account, Entry: p.Entry, Name: p.Name,
		Measure: s.Name, Kind: s.Kind.String(), Partitions: partitions,
		Window: p.Window, WindowFrom: dayText(p.WindowFrom), WindowTo: dayText(p.WindowTo),
		AsOf: dayText(p.AsOf), Since: dayText(p.Since), Lookback: s.LookbackDays,
		Mechanism: n.Mechanism, Sigma: n.Sigma, StdDev: n.StdDev,
		L0: s.L0(), LInf: s.LInf(), Mu: n.Mu, Delta: n.Delta, Threshold: n.Threshold,
		Epsilon: p.Budget.Epsilon, WindowDelta: p.Budget.Delta,
		Level: Level, Margin: n.Margin,
	}
	first := s.Kind == contrib.KindSegmentSizes || s.Kind == contrib.KindSegmentItems
	if first && s.Scaled() == 1 && !s.Discovered && n.Mechanism == roundedGaussian {
		return h // as it was before there was format 1
	}
	h.Format = Format
	h.By = rowsText(s.Rows)
	h.Unit, h.Step, h.Per = s.Unit()
	h.HalfLife, h.MinPeople, h.Of = s.HalfLifeDays, s.MinPeople, s.Of
	h.Norm = int64(s.MaxNorm) * s.Scaled()
	if s.Kind == contrib.KindSums || s.Kind == contrib.KindMeans || s.Amount.Low < s.Amount.High {
		h.Low, h.High = s.Amount.Steps()
		h.Center = s.Center()
	}
	if s.External() {
		h.Low, h.High = s.Range()
		h.Of, h.External, h.Level = quantityText(s.Quantity), p.External.Module(), 0
	}
	h.Category = s.Amount.Category
	if s.Kind == contrib.KindHistogram {
		h.Of = quantityText(s.Quantity)
		if more := s.Of + s.Amount.Unit; more != "" { // one of them
			h.Of += " " + more
		}
	}
	if s.Kind == contrib.KindGroups {
		h.Of = s.Attribute
	}
	h.Pure = n.Epsilon
	h.CountSigma, h.CountStdDev, h.CountMargin, h.Even = n.CountSigma, n.CountStdDev, n.CountMargin, n.Even
	return h
}

// rowsText names the rows of a table.
func rowsText(r contrib.Rows) string {
	switch r {
	case contrib.RowsSegments:
		return "segments"
	case contrib.RowsCategories:
		return "categories"
	case contrib.RowsGroups:
		return "groups"
	}
	return ""
}

// quantityText names what a histogram is of.
func quantityText(q contrib.Quantity) string {
	return [...]string{"", "segments", "items", "categories", "events", "amounts"}[q]
}

const (
	unitEvents = contrib.UnitEvents
	unitPeople = contrib.UnitPeople
)

// Amounts returns what a value of the release is in its Unit, value*Step/Per, or of a
// variance in the square of it. The part "count" of means has no unit: its values are
// people.
func Amounts(h Header, value int64) float64 {
	if h.Step < 1 || h.Per < 1 {
		return float64(value)
	}
	if h.Kind == contrib.KindVariance.String() {
		return float64(value) * float64(h.Step) * float64(h.Step) / (float64(h.Per) * float64(h.Per))
	}
	return float64(value) * float64(h.Step) / float64(h.Per)
}
