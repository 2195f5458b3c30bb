package segment

import (
	"io"
	"strings"
)

// Limits of a taxonomy file.
const (
	maxLine = 4096         // bytes of a line
	maxRows = 2 * maxNodes // lines, blank ones included
)

// ReadTSV reads a taxonomy: one node a line, fields between tabs, a header line
// first that names the columns
//
//	id  parent_id  name  path  depth  flag
//
// in any order. An empty parent_id makes a root; a parent may follow its
// children. The flag "SCD" or "sensitive" marks a node sensitive with all its
// descendants; any other text there is a note. The columns path and depth may
// be missing and are not trusted: both follow from the parents. Rows are
// numbered from 1 for the header; an error names the first row that breaks a
// rule: [ErrHeader], [ErrFields], [ErrNode], [ErrDuplicate], [ErrSelfParent],
// [ErrOrphan], [ErrCycle], [ErrDeep] or [ErrLarge]. [ReadTaxonomy] reads the same
// and can repair and report.
func ReadTSV(r io.Reader) (*Taxonomy, error) {
	t, _, err := ReadTaxonomy(r, TaxonomyOptions{})
	return t, err
}

// ReadTaxonomy reads a taxonomy in the form of [ReadTSV]. With o.Tree the file is
// an edition of that published tree: the ids of [Special] are marked, and the
// flag SCD counts as far as [Tree] says. With o.Repair the rules from
// [ErrDuplicate] to [ErrCycle] are mended, and every such row is reported. The
// time is proportional to the file, the memory to its nodes.
func ReadTaxonomy(r io.Reader, o TaxonomyOptions) (*Taxonomy, Report, error) {
	var (
		lines   []line
		columns map[string]int
	)
	err := eachRow(r, func(row int, fields []string) error {
		if columns == nil {
			if columns = header(fields); columns == nil {
				return ErrHeader
			}
			return nil
		}
		if len(fields) != len(columns) {
			return ErrFields
		}
		l := line{row: row, id: fields[columns["id"]], name: fields[columns["name"]], parent: fields[columns["parent_id"]]}
		l.marked = marks(fields[columns["flag"]]) && !o.Tree.misplaced(l.id, fields[columns["flag"]])
		if !l.valid() {
			return ErrNode
		}
		lines = append(lines, l)
		return nil
	})
	switch {
	case err != nil:
		return nil, Report{}, err
	case columns == nil:
		return nil, Report{}, badRow(1, ErrHeader)
	case len(lines) == 0:
		return nil, Report{}, badRow(1, ErrLarge)
	case !o.Tree.known():
		return nil, Report{}, badRow(1, ErrForm)
	}
	return finish(lines, o, o.Tree, o.Tree == TreeAdProduct)
}

// header returns the place of each column, or nil when one is missing, double
// or unknown.
func header(fields []string) map[string]int {
	columns := make(map[string]int, len(fields))
	for i, f := range fields {
		switch f {
		case "id", "parent_id", "name", "path", "depth", "flag":
			if _, ok := columns[f]; ok {
				return nil
			}
			columns[f] = i
		default:
			return nil
		}
	}
	for _, f := range []string{"id", "parent_id", "name", "flag"} {
		if _, ok := columns[f]; !ok {
			return nil
		}
	}
	return columns
}

// marks reports whether a flag marks a node sensitive.
func marks(flag string) bool {
	flag = strings.TrimSpace(flag)
	return strings.EqualFold(flag, "SCD") || strings.EqualFold(flag, "sensitive")
}
