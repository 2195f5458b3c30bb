package segment

import (
	"io"
	"strings"
)

// ReadIAB reads a taxonomy as the IAB Tech Lab publishes it, tabs between
// fields: Content 1.0 to 3.1 and the descriptive vectors, Audience 1.0 and 1.1,
// Ad Product 1.0 to 2.0. The header, in the first or second line, tells which.
// Parents are those of the ids; tiers that name another parent are reported. What [Special] lists is marked; in Ad Product and
// in editions of Content other than the known ones, what [SuggestMarks] would
// suggest as well. Errors are those of [ReadTaxonomy], with [ErrForm] for a header
// that is none of these.
func ReadIAB(r io.Reader, o TaxonomyOptions) (*Taxonomy, Report, error) {
	var (
		lines []line
		title []string
		form  *iabForm
	)
	err := eachRow(r, func(row int, fields []string) error {
		for i := range fields {
			fields[i] = strings.TrimSpace(fields[i])
		}
		if form == nil {
			if form = iabHeader(title, fields); form == nil && title != nil {
				return ErrForm
			}
			title = fields
			return nil
		}
		l, err := form.line(row, fields)
		lines = append(lines, l)
		return err
	})
	switch {
	case err != nil:
		return nil, Report{}, err
	case form == nil || o.Tree != "" && o.Tree != form.tree:
		return nil, Report{}, badRow(1, ErrForm)
	case len(lines) == 0:
		return nil, Report{}, badRow(1, ErrLarge)
	}
	return finish(lines, o, form.tree, form.byName)
}

// iabForm is where the columns of a published file are; -1 for none.
type iabForm struct {
	tree                   Tree
	byName                 bool // names have to say what is sensitive
	condensed              bool // a name holds those above as well
	columns                int
	id, parent, name, flag int
	tiers, tiers1          int // from, up to
}

// iabHeader returns the form of a header, title being the line before it or nil,
// or nil for another line.
func iabHeader(title, fields []string) *iabForm {
	f := &iabForm{columns: len(fields), id: -1, parent: -1, name: -1, flag: -1}
	for i, c := range fields {
		switch {
		case c == "Unique ID" && f.id < 0, c == "IAB Code" && f.id < 0:
			f.id = i
		case (c == "Parent" || c == "Parent ID") && f.parent < 0:
			f.parent = i
		case (c == "Name" || c == "IAB Category") && f.name < 0:
			f.name = i
		case strings.HasPrefix(c, "Condensed Name") && f.name < 0:
			f.name, f.condensed = i, true
		case strings.HasPrefix(c, "Tier ") && (f.tiers1 == 0 || f.tiers1 == i):
			if f.tiers1 == 0 {
				f.tiers = i
			}
			f.tiers1 = i + 1
		case c == "" && i == len(fields)-1 && len(title) == len(fields) && title[i] == "Extension":
			f.flag = i
		case c == "" && i == 0 && title == nil, c == "*Extension Notes", c == "Tier":
		default:
			return nil
		}
	}
	first := ""
	if len(title) > 0 {
		first = strings.TrimPrefix(title[0], "New ")
	}
	switch {
	case f.id < 0 || f.name < 0:
		return nil
	case fields[f.id] == "IAB Code" && title == nil && f.parent < 0:
		f.tree = TreeContent1
	case f.parent < 0 || f.tiers1 == 0:
		return nil
	case title == nil && f.condensed:
		f.tree = TreeAudience
	case title == nil:
		f.tree, f.byName = TreeAdProduct, true
	case first == "Relational ID System":
		f.tree, f.byName = edition(title)
	default:
		return nil
	}
	return f
}

// edition returns the tree that the line above the header of a content taxonomy
// names, and whether it is an edition that we have not seen.
func edition(title []string) (tree Tree, unseen bool) {
	tree = TreeContent3 // the descriptive vectors have no name
	for _, c := range title {
		if rest, ok := strings.CutPrefix(c, "Content Taxonomy v"); ok {
			version, _, _ := strings.Cut(rest, " ")
			switch version {
			case "2", "2.1":
				return TreeContent2, false
			case "3.0", "3.1":
				return TreeContent3, false
			}
			return TreeContent3, true
		}
	}
	return tree, false
}

// line reads a row of a published file.
func (f *iabForm) line(row int, fields []string) (line, error) {
	if len(fields) != f.columns {
		return line{}, ErrFields
	}
	l := line{row: row, id: fields[f.id], name: fields[f.name]}
	if f.tree == TreeContent1 { // "IAB7-3" lies below "IAB7"
		if above, _, ok := strings.Cut(l.id, "-"); ok {
			l.parent = above
		}
	} else {
		l.parent = fields[f.parent]
		for _, c := range fields[f.tiers:f.tiers1] {
			if c != "" {
				l.path = append(l.path, c)
			}
		}
		if n := len(l.path); f.condensed && n > 0 {
			l.name = l.path[n-1]
		}
	}
	if f.flag >= 0 {
		l.marked = marks(fields[f.flag]) && !f.tree.misplaced(l.id, fields[f.flag])
	}
	if !l.valid() {
		return line{}, ErrNode
	}
	return l, nil
}

// ReadTopics reads a taxonomy of the Topics proposal as it is published: a table
// in Markdown with the columns ID and Topic, a topic being a path such as
// "/Sports/Tennis". The topic above is the one of the path without its last
// name, the first row with it where there are several; a row whose topic above is
// not in the file is an orphan. What [Special] lists is marked. Errors are those of
// [ReadTaxonomy], with [ErrForm] for another header.
func ReadTopics(r io.Reader, o TaxonomyOptions) (*Taxonomy, Report, error) {
	var (
		lines  []line
		header int // lines of it seen
	)
	err := eachRow(r, func(row int, fields []string) error {
		cells, ok := cells(fields)
		switch {
		case !ok:
			return ErrFields
		case header == 0:
			header++
			if cells != [2]string{"ID", "Topic"} {
				return ErrForm
			}
			return nil
		case header == 1:
			header++
			if strings.Trim(cells[0]+cells[1], "-:") != "" {
				return ErrForm
			}
			return nil
		}
		path, ok := strings.CutPrefix(cells[1], "/")
		if !ok {
			return ErrNode
		}
		l := line{row: row, id: cells[0], path: strings.Split(path, "/")}
		l.name = l.path[len(l.path)-1]
		if !l.valid() {
			return ErrNode
		}
		lines = append(lines, l)
		return nil
	})
	switch {
	case err != nil:
		return nil, Report{}, err
	case header < 2 || o.Tree != "" && o.Tree != TreeTopics:
		return nil, Report{}, badRow(1, ErrForm)
	case len(lines) == 0:
		return nil, Report{}, badRow(1, ErrLarge)
	}
	above(lines)
	return finish(lines, o, TreeTopics, false)
}

// cells returns the two cells of a row of a table in Markdown.
func cells(fields []string) (c [2]string, ok bool) {
	text := strings.TrimSpace(strings.Join(fields, "\t"))
	text, open := strings.CutPrefix(text, "|")
	text, closed := strings.CutSuffix(text, "|")
	parts := strings.Split(text, "|")
	if !open || !closed || len(parts) != 2 {
		return c, false
	}
	return [2]string{strings.TrimSpace(parts[0]), strings.TrimSpace(parts[1])}, true
}

// above finds the parent of each line by its path. A parent that is not there
// gets an id that no node has, so that its row is an orphan.
func above(lines []line) {
	at := make(map[string]string, len(lines))
	for _, l := range lines {
		if p := strings.Join(l.path, "/"); at[p] == "" {
			at[p] = l.id
		}
	}
	for i := range lines {
		l := &lines[i]
		if n := len(l.path) - 1; n > 0 {
			if l.parent = at[strings.Join(l.path[:n], "/")]; l.parent == "" {
				l.parent = nowhere
			}
		}
	}
}

// nowhere is the id of no node: it is not printable.
const nowhere = "\x00"
