package rank

import (
	"fmt"
	"strings"
)

// Limits says what a person's own data may do to a ranking. The person sets
// them, or who answers for the person.
type Limits struct {
	// Personal is the largest share of the places, counted from the top, that the
	// person's own data may decide, from 0, none, to 1, all. The other places go
	// to what everybody sees. Other values count as the nearest end, NaN as 0.
	Personal float64
	// MinDays is on how many distinct days there must have been something in a
	// category before it, or an item of it, says anything of the person, and on how
	// many the evidence of a segment must lie. 0 and 1 ask for nothing.
	MinDays int
}

// DefaultLimits lets the person's own data decide everything that it shows on
// two distinct days.
func DefaultLimits() Limits { return Limits{Personal: 1, MinDays: 2} }

// Held counts what the limits kept out of a ranking.
type Held struct {
	Dismissed  int // own categories and items inside of what the person dismissed
	TooFewDays int // own categories, items and segments of the table that do not rest on days enough
	Capped     int // places given to what everybody sees, because the share of personal ones was reached
}

// String says it in words for the person, or "" where nothing was kept out.
func (h Held) String() string {
	var out []string
	say := func(n int, one, many string) {
		switch {
		case n == 1:
			out = append(out, one)
		case n > 1:
			out = append(out, fmt.Sprintf(many, n))
		}
	}
	say(h.Dismissed, "One thing you told us to forget was left out.", "%d things you told us to forget were left out.")
	say(h.TooFewDays, "One thing you looked at on too few days was not taken for an interest.",
		"%d things you looked at on too few days were not taken for interests.")
	say(h.Capped, "One place shows what everybody sees, by your limit.", "%d places show what everybody sees, by your limit.")
	return strings.Join(out, " ")
}

// share returns the largest share of personal places.
func (l *Limits) share() float64 {
	if l == nil || l.Personal >= 1 {
		return 1
	}
	if l.Personal > 0 {
		return l.Personal
	}
	return 0
}

// dismissed returns, by category, whether it lies in what the person dismissed,
// or nil where nothing was.
func (m *Model) dismissed(p *Person) []bool {
	if p == nil || len(p.Dismissed) == 0 {
		return nil
	}
	out := make([]bool, len(m.cats.names))
	for _, name := range p.Dismissed {
		if at := m.cats.find(name); at >= 0 {
			out[at] = true
		}
	}
	for i, up := range m.cats.parent {
		if up >= 0 && out[up] {
			out[i] = true
		}
	}
	return out
}

// allowed returns what the limits leave of a person, and counts what they do not.
func (m *Model) allowed(q *Request, dismissed []bool, held *Held) *Person {
	p := q.Person
	least := 1
	if q.Limits != nil {
		least = max(1, q.Limits.MinDays)
	}
	if dismissed == nil && least == 1 {
		return p
	}
	out := *p
	days := m.daysOf(p, least)
	out.Categories = make(map[string]float64, len(p.Categories))
	for name, w := range p.Categories {
		at := m.cats.find(name)
		switch {
		case at >= 0 && dismissed != nil && dismissed[at]:
			held.Dismissed++
		case least > 1 && days(name, at) < least:
			held.TooFewDays++
		default:
			out.Categories[name] = w
		}
	}
	out.Segments = make([]Segment, 0, len(p.Segments))
	for _, s := range p.Segments {
		if least < 2 || s.Days >= least {
			out.Segments = append(out.Segments, s)
		} else if _, ok := m.segIndex[s.Name]; ok && !m.byCats {
			held.TooFewDays++
		}
	}
	out.Items = make([]OwnItem, 0, len(p.Items))
	for _, it := range p.Items {
		at := int32(-1)
		if i, ok := m.index[it.Item]; ok {
			at = m.cat[i]
		}
		name := ""
		if at >= 0 {
			name = m.cats.names[at]
		}
		switch {
		case at >= 0 && dismissed != nil && dismissed[at]:
			held.Dismissed++
		case least > 1 && days(name, at) < least:
			held.TooFewDays++
		default:
			out.Items = append(out.Items, it)
		}
	}
	return &out
}

// daysOf returns what tells on how many distinct days there was something in a
// category, or among items without one: as the person's CategoryDays say, or
// else by the last days of the person's own items.
func (m *Model) daysOf(p *Person, least int) func(name string, at int32) int {
	if least < 2 {
		return nil
	}
	type place struct {
		at  int32
		day Day
	}
	seen := make(map[place]bool)
	count := make(map[int32]int)
	for _, it := range p.Items {
		at := int32(-1)
		if i, ok := m.index[it.Item]; ok {
			at = m.cat[i]
		}
		for {
			if k := (place{at, it.Day}); !seen[k] {
				seen[k] = true
				count[at]++
			}
			if at < 0 || m.cats.parent[at] < 0 {
				break
			}
			at = m.cats.parent[at]
		}
	}
	return func(name string, at int32) int {
		if n, ok := p.CategoryDays[name]; ok {
			return n
		}
		return count[at]
	}
}
