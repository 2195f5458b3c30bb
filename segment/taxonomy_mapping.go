package segment

import (
	"io"
	"strings"
)

// Mapping is one row of a published mapping: a category of one taxonomy, or the
// name of a genre, and where it belongs in another.
type Mapping struct {
	Row      int    // in the file, from 1
	From, To string // To is empty where there is no counterpart
	// Reason is set where From is sensitive in the taxonomy that it comes from, by
	// the list of [Special] or by its name or the one above it. Such a row makes no
	// alias, whatever To is: a mapping must not carry a special category to a
	// harmless one.
	Reason Reason
}

// mappingForm is a published form: how many columns, what stands where in which
// line of the header, and where the fields are.
type mappingForm struct {
	columns        int
	heads          map[int]string // column -> text in the last line of the header
	title          string         // text in the first column of a line before it, or ""
	from, name, to int
	tree           Tree // that From comes from
}

var mappingForms = []mappingForm{
	{columns: 11, heads: map[int]string{0: "Content 1.0 Unique ID", 1: "Content 1.0 IAB Category", 3: "Content 2.0 Unique ID"}, from: 0, name: 1, to: 3, tree: TreeContent1},
	{columns: 8, heads: map[int]string{0: "New Taxonomy ID", 1: "OLD RTB ID", 2: "OLD SUBJECT (v1)"}, from: 1, name: 2, to: 0, tree: TreeContent1},
	{columns: 7, heads: map[int]string{0: "Content Taxonomy 1.0 Unique ID", 2: "Content Taxonomy 1.0 Tier 2 Value", 3: "Ad Product Taxonomy 2.0 Unique ID"}, from: 0, name: 2, to: 3, tree: TreeContent1},
	{columns: 9, heads: map[int]string{0: "Name", 1: "Unique ID", 6: "Content 1.0 ID"}, title: "Ad Product 2.0", from: 1, name: 0, to: 6, tree: TreeAdProduct},
	{columns: 9, heads: map[int]string{0: "AP2 Name", 1: "Unique ID", 6: "AP1 UID"}, title: "Ad Product 2.0", from: 1, name: 0, to: 6, tree: TreeAdProduct},
	{columns: 3, heads: map[int]string{0: "CTV Genres", 1: "Content 3.1 Unique ID"}, from: 0, name: 0, to: 1},
	{columns: 3, heads: map[int]string{0: "Podcast Genres", 1: "Content 3.1 Unique ID"}, from: 0, name: 0, to: 1},
}

// ReadMapping reads a mapping as the IAB Tech Lab publishes it, tabs between
// fields: Content 1.0 to 2.0, 2.1 and Ad Product 2.0, Ad Product 2.0 to 1.1 and to
// Content 1.0, and genres of television and podcasts to Content 3.1. The file that
// is named after Content 2.0 and 2.1 maps from 1.0. Rows without a From are left
// out. Errors: [ErrForm], [ErrFields], [ErrNode] for a From or To that is no
// printable text of at most 64 bytes, and [ErrLarge].
func ReadMapping(r io.Reader) ([]Mapping, error) {
	var (
		list  []Mapping
		names []string // the name of each From
		form  *mappingForm
		title []string
	)
	err := eachRow(r, func(row int, fields []string) error {
		for i := range fields {
			fields[i] = strings.TrimSpace(fields[i])
		}
		if form == nil {
			if form = mappingHeader(title, fields); form == nil && title != nil {
				return ErrForm
			}
			title = fields
			return nil
		}
		if len(fields) != form.columns {
			return ErrFields
		}
		m := Mapping{Row: row, From: fields[form.from], To: fields[form.to]}
		switch {
		case m.From == "":
			return nil
		case !printable(m.From, maxNodeID) || m.To != "" && !printable(m.To, maxNodeID):
			return ErrNode
		case len(list) == maxNodes:
			return ErrLarge
		}
		list, names = append(list, m), append(names, fields[form.name])
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case form == nil:
		return nil, badRow(1, ErrForm)
	}
	form.reasons(list, names)
	return list, nil
}

func mappingHeader(title, fields []string) *mappingForm {
	for i := range mappingForms {
		f := &mappingForms[i]
		fits := len(fields) == f.columns && (title == nil) == (f.title == "") && (title == nil || title[0] == f.title)
		for at, head := range f.heads {
			fits = fits && fields[at] == head
		}
		if fits {
			return f
		}
	}
	return nil
}

// reasons finds what is sensitive where it comes from. Ids of Content 1.0 name
// what is above: IAB7-3 lies below IAB7.
func (f *mappingForm) reasons(list []Mapping, names []string) {
	reasons := make(map[string]Reason, len(list))
	words := newTeller()
	for i, m := range list {
		if r := words.reason(names[i]); r != "" && reasons[m.From] == "" {
			reasons[m.From] = r
		}
	}
	for _, s := range Special(f.tree) {
		reasons[s.ID] = s.Reason
	}
	for i := range list {
		m := &list[i]
		m.Reason = reasons[m.From]
		if above, _, below := strings.Cut(m.From, "-"); below && m.Reason == "" && f.tree == TreeContent1 {
			m.Reason = reasons[above]
		}
	}
}

// WithMapping returns the taxonomy with an alias for each From that has one
// counterpart in it, and the rows that made none, in their order: those that are
// sensitive where they come from, without a counterpart, with a To that the
// taxonomy does not know, with a From that it knows already, or that is mapped to
// several. What makes no alias stays unknown, and so denied. An alias of a
// sensitive category is sensitive. It refuses more than 65,536 aliases in all
// ([ErrLarge]), and a From that is no alias ([ErrAlias]).
func (t *Taxonomy) WithMapping(list []Mapping) (with *Taxonomy, left []Mapping, err error) {
	targets := make(map[string]int32, len(list)) // -1: none, or several
	for _, m := range list {
		if !printable(m.From, maxNodeID) {
			return nil, nil, badMapping(m.Row, ErrAlias)
		}
		n, ok := t.index[m.To]
		if before, again := targets[m.From]; !ok || m.Reason != "" || t.Known(m.From) || again && before != n {
			n = -1
		}
		targets[m.From] = n
	}
	for _, m := range list {
		if targets[m.From] < 0 {
			left = append(left, m)
		}
	}
	for from, n := range targets {
		if n < 0 {
			delete(targets, from)
		}
	}
	if len(t.aliases)+len(targets) > maxNodes {
		return nil, nil, badMapping(len(list), ErrLarge)
	}
	return t.extended(targets), left, nil
}
