package segment

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxLine bounds a line of a taxonomy file, in bytes.
const maxLine = 4096

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
// [ErrOrphan], [ErrCycle], [ErrDeep] or [ErrLarge].
func ReadTSV(r io.Reader) (*Taxonomy, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, maxLine), maxLine)
	var (
		t       Taxonomy
		parents []string
		rows    []int // of each node
		columns map[string]int
	)
	row := 0
	bad := func(err error) error { return fmt.Errorf("segment: taxonomy row %d: %w", row, err) }
	for lines.Scan() {
		row++
		line := bytes.TrimSuffix(lines.Bytes(), []byte("\r"))
		if row == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		} else if len(line) == 0 {
			continue
		}
		fields := strings.Split(string(line), "\t")
		if columns == nil {
			if columns = header(fields); columns == nil {
				return nil, bad(ErrHeader)
			}
			continue
		}
		if len(fields) != len(columns) {
			return nil, bad(ErrFields)
		}
		if len(t.nodes) == maxNodes {
			return nil, bad(ErrLarge)
		}
		n := node{
			id: fields[columns["id"]], name: fields[columns["name"]],
			marked: marks(fields[columns["flag"]]),
		}
		parent := fields[columns["parent_id"]]
		if !printable(n.id, maxNodeID) || !printable(n.name, maxNodeName) || parent != "" && !printable(parent, maxNodeID) {
			return nil, bad(ErrNode)
		}
		t.nodes = append(t.nodes, n)
		parents = append(parents, parent)
		rows = append(rows, row)
	}
	if err := lines.Err(); err != nil {
		row++
		if errors.Is(err, bufio.ErrTooLong) {
			return nil, bad(ErrLarge)
		}
		return nil, fmt.Errorf("segment: taxonomy cannot be read: %w", err)
	}
	if columns == nil {
		row = 1
		return nil, bad(ErrHeader)
	}
	if len(t.nodes) == 0 {
		return nil, bad(ErrLarge)
	}
	if err := t.build(parents, func(i int) int { return rows[i] }); err != nil {
		return nil, err
	}
	return &t, nil
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

// printable reports whether s is 1 to n bytes of printable text.
func printable(s string, n int) bool {
	if s == "" || len(s) > n || !utf8.ValidString(s) {
		return false
	}
	for i := range len(s) {
		if s[i] < 0x20 || s[i] == 0x7f {
			return false
		}
	}
	return true
}
