package segment

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// finder makes the findings of one explanation.
type finder struct {
	r    *Rules
	p    *Profile
	in   *interests
	asOf Day
	m    *memberships
}

// list returns what was found for each predicate. members says who is in the
// segments that In names.
func (f *finder) list(list []predicate, members *set) []Finding {
	var out []Finding
	for i := range list {
		x := f.finding(&list[i], members)
		if list[i].In != nil && x.Holds {
			var told []int32
			x.Because = f.because(list[i].segment, members, &told)
		}
		out = append(out, x)
	}
	return out
}

// finding returns what was found for a predicate, without Because.
func (f *finder) finding(q *predicate, members *set) Finding {
	x := Finding{Category: q.category()}
	x.Found, x.Holds = q.evaluate(f.p, f.in, f.asOf, members)
	if q.In != nil {
		d := &f.r.definitions[q.segment]
		x.Kind, x.Category, x.Path, x.Needed = "in", d.Name, cmp.Or(d.Title, d.Name), 1
		return x
	}
	x.Path = f.r.taxonomy.Path(x.Category)
	if x.Calendar = string(q.calendar); q.calendar == "" {
		x.WithinDays = int(q.within)
	}
	switch {
	case q.Score != nil:
		x.Kind, x.HalfLifeDays, x.Needed = "score", q.Score.HalfLifeDays, q.Score.AtLeastMilli
	case q.Recency != nil:
		x.Kind, x.Needed = "recency", int64(q.Recency.WithinDays)-1
	case q.Sum != nil:
		x.Kind, x.Unit, x.Needed = "sum", q.Sum.Unit, q.Sum.AtLeastMilli
	case q.Distinct != nil:
		x.Kind, x.Needed = "distinct", int64(q.Distinct.AtLeast)
	case q.Subtree != nil:
		x.Kind, x.Needed = "subtree", 1
	case q.Frequency.Days:
		x.Kind, x.Needed = "days", int64(q.Frequency.AtLeast)
	default:
		x.Kind, x.Needed = "frequency", int64(q.Frequency.AtLeast)
	}
	return x
}

// maxTold is how many segments one finding goes through.
const maxTold = 64

// because returns what holds of a segment that the person is in, unless it was
// told of before.
func (f *finder) because(segment int32, members *set, told *[]int32) (list []Finding) {
	if slices.Contains(*told, segment) || len(*told) == maxTold {
		return nil
	}
	*told = append(*told, segment)
	d := &f.r.definitions[segment]
	for _, from := range [...][]predicate{d.all, d.any} {
		for i := range from {
			x := f.finding(&from[i], members)
			if !x.Holds {
				continue
			}
			if from[i].In != nil {
				x.Because = f.because(from[i].segment, members, told)
			}
			list = append(list, x)
		}
	}
	return list
}

// because tells findings below another one, indented.
func because(b *strings.Builder, indent string, list []Finding) {
	for _, f := range list {
		fmt.Fprintf(b, "%sbecause: %s\n", indent, f)
		because(b, indent+"  ", f.Because)
	}
}

// String tells the finding in one line, without Because.
func (f Finding) String() string {
	within := fmt.Sprintf("within %d days", f.WithinDays)
	if f.Calendar != "" {
		within = Calendar(f.Calendar).words()
	}
	var need string
	switch f.Kind {
	case "score":
		need = fmt.Sprintf("score of at least %s, half-life %d days; found %s", thousandths(f.Needed), f.HalfLifeDays, thousandths(f.Found))
	case "recency":
		need = fmt.Sprintf("an event within %d days; found ", f.WithinDays)
		if f.Found < 0 {
			need += "none"
		} else {
			need += fmt.Sprintf("one %d days ago", f.Found)
		}
	case "days":
		need = fmt.Sprintf("at least %d days with an event %s; found %d", f.Needed, within, f.Found)
	case "sum":
		need = fmt.Sprintf("amounts of at least %s %s %s; found %s", thousandths(f.Needed), f.Unit, within, thousandths(f.Found))
	case "distinct":
		need = fmt.Sprintf("events of at least %d categories %s; found %d", f.Needed, within, f.Found)
	case "subtree":
		need = fmt.Sprintf("any event within %d days; found %d", f.WithinDays, f.Found)
	case "in":
		return fmt.Sprintf("in the segment %s: %s", f.Path, verdict(f.Holds))
	default:
		need = fmt.Sprintf("at least %d events %s; found %d", f.Needed, within, f.Found)
	}
	return fmt.Sprintf("%s: %s: %s", f.Path, need, verdict(f.Holds))
}

func verdict(holds bool) string {
	if holds {
		return "holds"
	}
	return "does not hold"
}

func thousandths(n int64) string { return fmt.Sprintf("%d.%03d", n/1000, n%1000) }
