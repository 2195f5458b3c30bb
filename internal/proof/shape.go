package proof

import "strconv"

// format0 is the first format of releases, in which there were two kinds.
const format0 = "discreet-release/0"

// rows returns what the rows of the table are: "segments", "categories", "groups", or "".
func (h *Header) rows() string {
	if h.Format == format0 {
		return "segments"
	}
	return h.By
}

// events reports whether values count events rather than people.
func (h *Header) events() bool {
	if h.Format == format0 {
		return h.LInf > 1
	}
	return h.Unit == "events"
}

// amounts reports whether values are amounts.
func (h *Header) amounts() bool {
	return h.Kind == "sums" || h.Kind == "means" || h.Kind == "table" && h.Low < h.High || h.external() && h.Of == "amounts"
}

// external reports whether another library drew the noise.
func (h *Header) external() bool { return h.External != "" }

// items reports whether cells have items, or campaigns.
func (h *Header) items() bool {
	switch h.Kind {
	case "segment-items", "item-totals", "category-items", "item-pairs", "keys", "groups", "table":
		return true
	}
	return false
}

// scaled reports whether a value is not by itself a number in the unit.
func (h *Header) scaled() bool { return h.Step != h.Per }

// inUnit returns what a number of steps is in the unit, in decimals.
func (h *Header) inUnit(steps int64, decimals int) string {
	v := float64(steps)
	if h.Step > 0 && h.Per > 0 {
		v = v * float64(h.Step) / float64(h.Per)
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

// names returns the columns that name a cell, and how to read them.
func (h *Header) names() (columns []string, of func(c *Cell) []string) {
	var read []func(c *Cell) string
	add := func(column string, f func(c *Cell) string) {
		columns, read = append(columns, column), append(read, f)
	}
	switch h.rows() {
	case "segments":
		add("segment", func(c *Cell) string { return c.Segment })
	case "categories":
		add("category", func(c *Cell) string { return c.Category })
	case "groups":
		add("group", func(c *Cell) string { return c.Group })
	}
	if h.items() {
		add("item", func(c *Cell) string { return c.Item })
	}
	if h.Kind == "item-pairs" {
		add("with", func(c *Cell) string { return c.With })
	}
	if h.Kind == "means" || h.Kind == "histogram" || h.Kind == "groups" || h.external() {
		add("part", func(c *Cell) string { return c.Part })
	}
	return columns, func(c *Cell) []string {
		row := make([]string, len(read))
		for i, f := range read {
			row[i] = f(c)
		}
		return row
	}
}
