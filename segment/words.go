package segment

import (
	"fmt"
	"strconv"
)

// Words says in plain words who is in the segment, a line for each predicate;
// categories are named as the taxonomy names them.
func (d *Definition) Words(t *Taxonomy) (words []string) {
	for _, l := range d.lists() {
		how := map[string]string{"all": "all of: ", "any": "at least one of: ", "none": "none of: "}[l.name]
		if len(l.list) == 1 && l.name != "none" {
			how = ""
		}
		for i := range l.list {
			words = append(words, how+l.list[i].words(t))
		}
	}
	return words
}

// words says when the predicate holds.
func (p *Predicate) words(t *Taxonomy) string {
	if p.In != nil {
		return "in the segment " + p.In.Segment
	}
	path := t.Path(p.category())
	w := p.window()
	within := w.calendar.words()
	switch {
	case w.calendar != "":
	case w.within == 1:
		within = "today"
	default:
		within = fmt.Sprintf("within the last %d days, today included", w.within)
	}
	switch {
	case p.Score != nil:
		return fmt.Sprintf("a score of at least %g in %s, where an event counts 1 on its day and half as much every %s",
			float64(p.Score.AtLeastMilli)/1000, path, counted(p.Score.HalfLifeDays, "day", "days"))
	case p.Recency != nil:
		return fmt.Sprintf("an event in %s %s", path, within)
	case p.Subtree != nil:
		return fmt.Sprintf("any event in %s, as long as it is kept", path)
	case p.Sum != nil:
		return fmt.Sprintf("amounts of at least %s %s in total in %s %s", thousandths(p.Sum.AtLeastMilli), p.Sum.Unit, path, within)
	case p.Distinct != nil:
		return fmt.Sprintf("events of at least %s in %s %s", counted(p.Distinct.AtLeast, "category", "different categories"), path, within)
	case p.Frequency != nil && p.Frequency.Days:
		return fmt.Sprintf("events on at least %s in %s %s", counted(p.Frequency.AtLeast, "day", "days"), path, within)
	case p.Frequency != nil:
		return fmt.Sprintf("at least %s in %s %s", counted(p.Frequency.AtLeast, "event", "events"), path, within)
	}
	return ""
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
