package proof

import (
	"fmt"
	"strings"
)

// what says what the release shows, as the rest of a sentence about it.
func (h *Header) what() string {
	counted := "people"
	if h.events() {
		counted = "events"
	}
	switch h.Kind {
	case "segment-sizes":
		return "counts " + counted + " in each segment"
	case "segment-items":
		return "counts " + counted + " in each segment and item"
	case "people":
		if h.By == "categories" {
			return "counts the people who did something in each listed category or below it"
		}
		return "counts the people who did something"
	case "events":
		return "counts events" + h.where()
	case "sums":
		return "adds up what events amounted to in " + h.Unit + h.within() + h.where()
	case "means":
		s := "gives the number of people and the sum of what their events amounted to in " + h.Unit
		if h.Of != "" {
			s = "gives the sum of what people's events amounted to in " + h.Unit
		}
		s += h.within() + h.where()
		if h.Of != "" {
			s += ", for means over the people whom a release of measure " + h.Of + " counts,"
		}
		return s
	case "quantiles":
		return "gives quantiles of " + h.numbers()
	case "variance":
		return "gives the variance of " + h.numbers()
	case "item-totals":
		return "counts " + counted + " of each item"
	case "category-items":
		return "counts, in each listed category and of those who did something in it or below it, " + counted + " of each item"
	case "item-pairs":
		return "adds up, for each pair of listed items, how strongly people have both of them"
	case "table":
		if h.amounts() {
			return "adds up, for each partition of what a batch job handed in, amounts in " + h.Unit
		}
		return "counts " + counted + " of each partition of what a batch job handed in"
	case "keys":
		return "lists items that people had, without numbers,"
	case "groups":
		return "counts, in each listed group by " + h.Of + " and for each listed campaign, the people whom the campaign reached and those whom it missed, apart,"
	}
	return "counts people by " + h.quantity()
}

// numbers says what quantiles and variances are of.
func (h *Header) numbers() string {
	if h.amounts() {
		return "what people's events amounted to in " + h.Unit + h.within() + h.where()
	}
	return "people's numbers of events" + h.where()
}

// quantity says what a histogram is of.
func (h *Header) quantity() string {
	quantity, more, _ := strings.Cut(h.Of, " ")
	bins := ", in bins that are named by their lower ends,"
	switch quantity {
	case "segments":
		return "the number of segments they are in" + bins
	case "items":
		return "the number of items that are kept of them for measure " + more + bins
	case "categories":
		return "the number of categories in which they did something" + bins
	case "events":
		return "the number of their events" + bins
	}
	return "the sum of what their events amounted to in thousandths of " + more + h.within() + bins
}

// within says which amounts count.
func (h *Header) within() string {
	if h.Category == "" {
		return ""
	}
	return fmt.Sprintf(" (only in category %s or below it)", shown(h.Category))
}

// where says what the rows are.
func (h *Header) where() string {
	switch h.By {
	case "segments":
		return " in each segment"
	case "categories":
		return " in each listed category or below it"
	}
	return ", of everybody together,"
}

// when says which days count.
func (h *Header) when() string {
	if h.Lookback == 0 {
		return fmt.Sprintf("as of the end of %s (measure %s, declared on %s)", h.AsOf, h.Measure, h.Since)
	}
	return fmt.Sprintf("within the %s up to the end of %s (measure %s, counting since %s)", plural(int64(h.Lookback), "day"), h.AsOf, h.Measure, h.Since)
}

// one names what a value counts, in the singular.
func (h *Header) one() string {
	if h.events() {
		return "an event"
	}
	return "a person"
}

// of names what the numbers are of, for machines.
func (h *Header) of() string {
	switch h.Kind {
	case "item-pairs":
		return "pairs of items"
	case "histogram":
		return "bins"
	case "table":
		return "partitions"
	case "groups":
		return "groups x campaigns x parts"
	}
	var parts []string
	if rows := h.rows(); rows != "" {
		parts = append(parts, rows)
	}
	if h.items() {
		parts = append(parts, "items")
	}
	if len(parts) == 0 {
		return "everybody"
	}
	return strings.Join(parts, " x ")
}
