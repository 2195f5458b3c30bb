package dp

import (
	"math"
	"slices"
	"strings"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/envelope"
)

// checkHeader holds what every release says of itself.
func checkHeader(h *Header) bool {
	budget := Budget{Epsilon: h.Epsilon, Delta: h.WindowDelta, WindowDays: 1}
	switch {
	case h.Library == "" || len(h.Library) > contrib.MaxNameLen,
		!contrib.ValidName(h.Name) || !contrib.ValidName(h.Measure) || !contrib.ValidName(h.Account),
		h.Entry == 0 || h.Window < 0 || budget.Check() != nil:
		return false
	case !validDate(h.WindowFrom) || !validDate(h.WindowTo) || !validDate(h.AsOf) || !validDate(h.Since),
		h.WindowFrom >= h.WindowTo || h.AsOf >= h.WindowTo: // the format sorts as text
		return false
	case !positive(h.Mu) || h.External == "" && h.Level != Level || !envelope.Bounds(int64(h.L0), h.LInf) || !checkNoise(h):
		return false
	}
	if h.Format == Format0 {
		return checkFormat0(h)
	}
	return checkFormat1(h)
}

// checkNoise holds what a mechanism says of its noise.
func checkNoise(h *Header) bool {
	sane := func(sigma, sd float64, margin int64) bool { return positive(sigma) && positive(sd) && margin >= 0 }
	none := h.CountSigma == 0 && h.CountStdDev == 0 && h.CountMargin == 0
	switch h.Mechanism {
	case roundedGaussian:
		return sane(h.Sigma, h.StdDev, h.Margin) && h.Even == 0 && (none || sane(h.CountSigma, h.CountStdDev, h.CountMargin))
	case discreteLaplace:
		return sane(h.Sigma, h.StdDev, h.Margin) && h.Even == 0 && none
	case selection:
		return h.Sigma == 0 && h.StdDev == 0 && h.Margin == 0 && h.Even > 0 && none
	case googleQuantiles, googleVariance:
		return h.Sigma == 0 && h.StdDev == 0 && h.Margin == 0 && h.Even == 0 && none
	}
	return false
}

// checkFormat0 holds what the first format says: nothing of what came later.
func checkFormat0(h *Header) bool {
	later := [...]bool{
		h.By != "" || h.Unit != "" || h.Of != "", h.Step != 0 || h.Per != 0 || h.HalfLife != 0 || h.Norm != 0 || h.MinPeople != 0,
		h.Low != 0 || h.High != 0 || h.Center != 0, h.CountSigma != 0 || h.Even != 0, h.Category != "" || h.Pure != 0 || h.External != "",
	}
	if slices.Contains(later[:], true) || h.Mechanism != roundedGaussian {
		return false
	}
	switch h.Kind {
	case contrib.KindSegmentSizes.String():
		if h.Partitions != partitionsPublic || h.LInf != 1 || h.Lookback != 0 {
			return false
		}
	case contrib.KindSegmentItems.String():
		if h.Lookback < 1 || h.Lookback > contrib.MaxLookbackDays {
			return false
		}
	default:
		return false
	}
	return checkPartitions(h)
}

// checkPartitions holds what the two kinds of partition say.
func checkPartitions(h *Header) bool {
	switch h.Partitions {
	case partitionsPublic:
		return h.Delta == 0 && h.Threshold == 0 && h.MinPeople == 0
	case partitionsDiscovered:
		least := h.Threshold
		if h.Mechanism == selection {
			least = h.Even
		}
		return positive(h.Delta) && h.Delta < h.WindowDelta && least >= 2 && h.LInf == 1 &&
			(h.Format == Format0 || h.MinPeople >= contrib.MinMinPeople && int64(h.MinPeople) <= least)
	}
	return false
}

// A shape is what is true of the cells of a kind of measure.
type shape struct {
	by                             []string // what rows it may have
	item, with, part, days, amount bool
	mechanism                      string // that it always has, and no other kind
	ages                           bool   // it may have a half-life, and a norm
	normed                         bool   // it may have a norm
}

// shapes by kind.
func shapeOf(kind string) (shape, bool) {
	const (
		one        = ""
		segments   = "segments"
		categories = "categories"
	)
	rows := []string{one, segments, categories}
	switch kind {
	case contrib.KindSegmentSizes.String():
		return shape{by: []string{segments}, normed: true}, true
	case contrib.KindSegmentItems.String():
		return shape{by: []string{segments}, item: true, days: true, ages: true}, true
	case contrib.KindPeople.String():
		return shape{by: []string{one, categories}, days: true, normed: true}, true
	case contrib.KindEvents.String():
		return shape{by: rows, days: true, ages: true}, true
	case contrib.KindSums.String():
		return shape{by: rows, days: true, amount: true}, true
	case contrib.KindMeans.String():
		return shape{by: rows, part: true, days: true, amount: true}, true
	case contrib.KindItemTotals.String(), contrib.KindKeys.String():
		return shape{by: []string{one}, item: true, days: true, ages: true}, true
	case contrib.KindCategoryItems.String():
		return shape{by: []string{categories}, item: true, days: true, ages: true}, true
	case contrib.KindItemPairs.String():
		return shape{by: []string{one}, item: true, with: true, days: true, ages: true}, true
	case contrib.KindHistogram.String():
		return shape{by: []string{one}, part: true}, true
	case contrib.KindQuantiles.String():
		return shape{by: rows, part: true, days: true, mechanism: googleQuantiles}, true
	case contrib.KindVariance.String():
		return shape{by: rows, part: true, days: true, mechanism: googleVariance}, true
	case contrib.KindTable.String():
		return shape{by: []string{one}, item: true, normed: true}, true
	case contrib.KindGroups.String():
		return shape{by: []string{"groups"}, item: true, part: true}, true
	}
	return shape{}, false
}

// checkFormat1 holds what the format says since it has more than two kinds.
func checkFormat1(h *Header) bool {
	s, ok := shapeOf(h.Kind)
	if !ok || !slices.Contains(s.by, h.By) || !checkPartitions(h) || !checkOf(h) {
		return false
	}
	if h.Kind == contrib.KindTable.String() {
		s.amount = h.Per == 1000 // of people and events it is another
	}
	keys, found, days := h.Kind == contrib.KindKeys.String(), h.Partitions == partitionsDiscovered, s.days
	outer := h.Mechanism == googleQuantiles || h.Mechanism == googleVariance
	if h.Kind == contrib.KindHistogram.String() {
		quantity, _, _ := strings.Cut(h.Of, " ")
		days = quantity != "segments" && quantity != "items"
	}
	switch {
	case days && h.Lookback < 1, !days && h.Lookback != 0, h.Lookback > contrib.MaxLookbackDays:
		return false
	case h.Category != "" && !contrib.ValidKey(h.Category),
		h.Category != "" && !s.amount && h.Of != "amounts" && !strings.HasPrefix(h.Of, "amounts "):
		return false
	case keys != (h.Mechanism == selection), keys && (h.Threshold != 0 || !found), h.Mechanism == discreteLaplace && found:
		return false
	case found && (!s.item || s.with || s.part):
		return false
	case (h.CountSigma > 0) != (h.Kind == contrib.KindMeans.String() && h.Of == ""):
		return false
	case (h.Pure > 0) != (h.Mechanism == discreteLaplace || outer), h.Pure != 0 && !positive(h.Pure):
		return false
	case outer != (s.mechanism != ""), outer && h.Mechanism != s.mechanism, outer != (h.External != ""), outer && found:
		return false
	case !checkL0(h, s), asBefore(h):
		return false
	}
	if outer {
		return checkExternal(h)
	}
	if s.amount {
		return checkAmount(h)
	}
	return checkSteps(h, s)
}

// checkL0 holds how many cells one person may change: one of one row without items, as
// many sums as numbers of people of means, all pairs of some items.
func checkL0(h *Header, s shape) bool {
	parts := 1
	if h.CountSigma > 0 {
		parts = 2
	}
	if s.with {
		items := int(math.Sqrt(float64(2*h.L0))) + 1
		return items*(items-1)/2 == h.L0
	}
	return h.L0%parts == 0 && (h.By != "" || s.item || h.L0 == parts)
}

// asBefore reports whether a release is one that is written in format 0.
func asBefore(h *Header) bool {
	first := h.Kind == contrib.KindSegmentSizes.String() || h.Kind == contrib.KindSegmentItems.String()
	return first && h.Per == 1 && h.Partitions == partitionsPublic && h.Mechanism == roundedGaussian
}

// checkOf holds what a measure may be about.
func checkOf(h *Header) bool {
	switch h.Kind {
	case contrib.KindMeans.String():
		return h.Of == "" || contrib.ValidName(h.Of) && h.By == "segments"
	case contrib.KindGroups.String():
		return contrib.ValidName(h.Of)
	case contrib.KindQuantiles.String(), contrib.KindVariance.String():
		return h.Of != "" // see checkExternal
	case contrib.KindHistogram.String():
		quantity, more, found := strings.Cut(h.Of, " ")
		switch quantity {
		case "segments", "categories", "events":
			return !found
		case "items":
			return contrib.ValidName(more)
		case "amounts":
			return contrib.ValidUnit(more)
		}
		return false
	}
	return h.Of == ""
}

const maxStep = 2 * contrib.MaxAmount >> 16

// checkAmount holds what the header of sums and means says of steps and bounds.
func checkAmount(h *Header) bool {
	center := int64(0)
	if h.Kind == contrib.KindMeans.String() {
		center = h.Low + (h.High-h.Low)/2
	}
	return amountSteps(h) && h.HalfLife == 0 && h.Norm == 0 && h.Center == center && h.LInf == max(center-h.Low, h.High-center)
}

// amountSteps holds what is true of steps and bounds of amounts.
func amountSteps(h *Header) bool {
	return contrib.ValidUnit(h.Unit) && h.Step >= 1 && h.Step <= maxStep && h.Per == 1000 &&
		h.Low < h.High && h.Low >= -envelope.MaxLInf && h.High <= envelope.MaxLInf
}

// checkSteps holds what the header of people and events says of steps and bounds.
func checkSteps(h *Header, s shape) bool {
	scaled := h.HalfLife != 0 || h.Norm != 0
	switch {
	case h.Step != 1, h.Low != 0 || h.High != 0 || h.Center != 0:
		return false
	case scaled != (h.Per == contrib.Per), !scaled && h.Per != 1, h.LInf%h.Per != 0, h.Norm%h.Per != 0:
		return false
	case h.HalfLife < 0 || h.HalfLife > contrib.MaxHalfLifeDays || h.HalfLife > 0 && !s.ages, h.Norm < 0 || h.Norm > 0 && h.LInf > h.Norm:
		return false
	case scaled && !s.ages && !s.normed:
		return false
	case h.Unit == unitPeople:
		return h.LInf == h.Per && h.Kind != contrib.KindEvents.String()
	}
	if h.Kind == contrib.KindEvents.String() || h.Kind == contrib.KindTable.String() {
		return h.Unit == unitEvents && h.Partitions == partitionsPublic
	}
	return h.Unit == unitEvents && s.ages && h.Kind != contrib.KindItemPairs.String() && (h.LInf > h.Per || h.Norm > 0)
}
