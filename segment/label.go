package segment

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Label says what a segment is made of, for whoever is offered it: the kinds of
// disclosure that the IAB Tech Lab Data Transparency Standard 1.1 asks for
// (datalabel.org): who provides it, what it is called, of which taxonomy, how
// precise, how old, where from, by which criteria, and what was modelled. It
// tells of no person and of no number of people.
type Label struct {
	Format       string          `json:"format"`             // "discreet-label/0"
	Provider     string          `json:"provider"`           // who keeps the segment
	Segment      string          `json:"segment"`            // its name
	Title        string          `json:"title,omitempty"`    // what people are told it is called
	Version      int             `json:"version"`            // of its definition
	Purpose      string          `json:"purpose"`            // that its people agreed to
	Advertising  bool            `json:"advertising"`        // whether that is advertising
	Taxonomy     string          `json:"taxonomy,omitempty"` // that the categories are of
	Categories   []LabelCategory `json:"categories"`         // that it looks at, each with everything below it, also through other segments; sorted by id
	Precision    string          `json:"precision"`          // what an entry of it stands for
	Provenance   string          `json:"provenance"`         // where what is counted comes from
	Method       string          `json:"inclusion_method"`   // how somebody gets in
	Criteria     []string        `json:"criteria"`           // who is in, in words
	Modelling    string          `json:"modelling"`          // what is inferred, extended or bought
	Refresh      string          `json:"refresh"`            // how often it is made anew
	LookbackDays int             `json:"lookback_days"`      // the oldest event that may count, today included
	EvidenceDays int             `json:"evidence_days"`      // the fewest distinct days with such an event
}

// LabelCategory is a category that a segment looks at.
type LabelCategory struct {
	ID   string `json:"id"`
	Path string `json:"path"`
}

// LabelTerms says what the rules do not know.
type LabelTerms struct {
	Provider string // who keeps the segment
	Taxonomy string // name and version of the taxonomy; optional
}

// Label returns the label of a segment; [ErrNoSegment] where there is none.
func (r *Rules) Label(segment string, terms LabelTerms) (Label, error) {
	at := slices.IndexFunc(r.definitions, func(d definition) bool { return d.Name == segment })
	if at < 0 {
		return Label{}, ErrNoSegment
	}
	d := &r.definitions[at]
	x := Label{
		Format: "discreet-label/0", Provider: terms.Provider, Taxonomy: terms.Taxonomy,
		Segment: d.Name, Title: d.Title, Version: d.Version, Purpose: r.purpose, Advertising: r.advertising,
		Precision:    "individual: one pseudonym of the provider's own, made for this purpose alone; no household, no device graph",
		Provenance:   "the provider's own events, of people who agreed to this purpose before and when they happened",
		Method:       "observed: the criteria below, over counts of events by category and day",
		Criteria:     d.Words(r.taxonomy),
		Modelling:    "none: nothing is inferred, extended to similar people, or bought",
		Refresh:      "evaluated anew whenever it is read",
		EvidenceDays: 1,
	}
	if r.advertising {
		x.EvidenceDays = evidenceDays
	}
	seen := map[int32]bool{int32(at): true}
	categories := map[string]bool{}
	for todo := []int32{int32(at)}; len(todo) > 0; {
		d := &r.definitions[todo[0]]
		todo = todo[1:]
		for _, list := range [...][]predicate{d.all, d.any, d.none} {
			for i := range list {
				q := &list[i]
				if q.In == nil {
					x.LookbackDays = max(x.LookbackDays, q.back())
					if q.Sum != nil {
						x.Method = "observed: the criteria below, over counts of events, and sums of their amounts, by category and day"
					}
					categories[q.category()] = true
				} else if !seen[q.segment] {
					seen[q.segment] = true
					todo = append(todo, q.segment)
				}
			}
		}
	}
	for id := range categories {
		x.Categories = append(x.Categories, LabelCategory{id, r.taxonomy.Path(id)})
	}
	slices.SortFunc(x.Categories, func(a, b LabelCategory) int { return cmp.Compare(a.ID, b.ID) })
	return x, nil
}

// back returns how many days the predicate looks back, the day of evaluation included.
func (q *predicate) back() int {
	if q.calendar != "" {
		_, back := q.calendar.length()
		return back
	}
	return int(q.within)
}

// String tells the label in plain text, one line a field.
func (x Label) String() string {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	line("Provider", x.Provider)
	line("Segment", fmt.Sprintf("%s, version %d", x.Segment, x.Version))
	line("Title", x.Title)
	line("Purpose", x.Purpose)
	line("Taxonomy", x.Taxonomy)
	for _, c := range x.Categories {
		line("Category", c.ID+", "+c.Path)
	}
	line("Precision", x.Precision)
	line("Provenance", x.Provenance)
	line("Inclusion", x.Method)
	for _, words := range x.Criteria {
		line("Criterion", words)
	}
	line("Modelling", x.Modelling)
	line("Refresh", x.Refresh)
	line("Look-back", counted(x.LookbackDays, "day", "days"))
	line("Evidence", "on at least "+counted(x.EvidenceDays, "day", "days"))
	return b.String()
}
