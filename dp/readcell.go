package dp

import (
	"strings"

	"github.com/discreet-go/discreet/internal/contrib"
)

// checkCell holds what a cell says under its header.
func checkCell(h *Header, c *Cell) bool {
	s, _ := shapeOf(h.Kind)
	by := h.By
	if h.Format == Format0 {
		by = "segments"
	}
	named := func(name string, wanted bool) bool {
		return wanted == (name != "") && (!wanted || contrib.ValidKey(name))
	}
	if !named(c.Segment, by == "segments") || !named(c.Category, by == "categories") || !named(c.Group, by == "groups") ||
		!named(c.Item, s.item) || !named(c.With, s.with) || !named(c.Part, s.part) || s.with && c.Item >= c.With {
		return false
	}
	if c.Value < h.Threshold && h.Threshold > 0 || h.Mechanism == selection && c.Value != 0 {
		return false
	}
	if s.mechanism != "" {
		return checkExternalCell(h, c)
	}
	margin := h.Margin
	switch h.Kind {
	case contrib.KindMeans.String():
		if c.Part == contrib.PartCount && h.CountSigma > 0 {
			margin = h.CountMargin
		} else if c.Part != contrib.PartSum {
			return false
		}
	case contrib.KindHistogram.String():
		if !digits(c.Part) {
			return false
		}
	case contrib.KindGroups.String():
		part, outcome, _ := strings.Cut(c.Part, "-")
		if part != contrib.PartReached && part != contrib.PartMissed || outcome != "no" && outcome != "yes" && c.Part != part {
			return false
		}
	}
	return *c == cellOf(keyOf(c), c.Value, margin)
}

// alikeParts reports whether two cells of groups both have an outcome, or neither.
func alikeParts(h *Header, a, b *Cell) bool {
	return h.Kind != contrib.KindGroups.String() || strings.Contains(a.Part, "-") == strings.Contains(b.Part, "-")
}

// digits reports whether s is a number without sign in shortest form.
func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s == "0" || s != "" && s[0] != '0' && len(s) <= 19
}

// before reports whether a comes before b: cells are sorted by their names in the
// order of the fields; parts that are numbers, by number.
func before(a, b *Cell) bool {
	x := [...]string{a.Segment, a.Category, a.Group, a.Item, a.With}
	y := [...]string{b.Segment, b.Category, b.Group, b.Item, b.With}
	for i := range x {
		if x[i] != y[i] {
			return x[i] < y[i]
		}
	}
	if digits(a.Part) && digits(b.Part) && len(a.Part) != len(b.Part) {
		return len(a.Part) < len(b.Part)
	}
	return a.Part < b.Part
}
