package segment

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// TaxonomyOptions says how a taxonomy is read. The zero value is strict, and
// takes the file for a tree of the reader's own.
type TaxonomyOptions struct {
	// Repair mends rows that break a rule instead of refusing the file, always to
	// the side that denies more; [Kind] says how. What no rule can mend (fields,
	// ids, names, depth, size) is refused all the same.
	Repair bool
	// Tree is the published taxonomy that the file is an edition of. ReadIAB and
	// ReadTopics see it for themselves, and refuse another with ErrForm.
	Tree Tree
}

// Report says what reading a taxonomy found. It holds numbers of rows, from 1
// for the first line of the file, and nothing of what stands in them.
type Report struct {
	Tree    Tree     // the tree that was asked for, or seen
	Rows    int      // rows that hold a node
	Repairs []Repair // rows that break a rule, sorted; without Repair, those that it would mend
	// OtherPaths lists the rows whose tiers name another place than their parent
	// id. The id decides; what is sensitive in either place is sensitive.
	OtherPaths []int
}

// Repair is one row that breaks a rule.
type Repair struct {
	Row  int
	Kind Kind
}

// Kind is a rule that a row breaks. The zero Kind is none.
type Kind uint8

// What a row may break, and what Repair does about it. A node whose place is not
// known might lie below a sensitive one, so it is marked sensitive, with all
// that lies below it.
const (
	KindDuplicate  Kind = iota + 1 // the id was given before: the first row stands, and is sensitive if any of them is, where any of them says
	KindSelfParent                 // its own parent: becomes a root, marked sensitive
	KindOrphan                     // the parent is no node: becomes a root, marked sensitive
	KindCycle                      // its own ancestor, and the first such row of its cycle: becomes a root, marked sensitive
)

// String returns a stable code.
func (k Kind) String() string {
	switch k {
	case KindDuplicate:
		return "duplicate"
	case KindSelfParent:
		return "self-parent"
	case KindOrphan:
		return "orphan"
	case KindCycle:
		return "cycle"
	}
	return "none"
}

// MarshalText returns the stable code.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// err returns the error for a row that is not repaired.
func (k Kind) err() error {
	switch k {
	case KindDuplicate:
		return ErrDuplicate
	case KindSelfParent:
		return ErrSelfParent
	case KindOrphan:
		return ErrOrphan
	}
	return ErrCycle
}

// Errors of published forms, of mappings and of aliases.
var (
	ErrForm  = errors.New("the header must be one of the published forms, and of the tree that was asked for")
	ErrAlias = errors.New("an alias is 1 to 64 bytes of printable text, and neither a category nor an alias already")
)

// finish marks what the tree is known to hold, makes the forest and reports.
// byName tells that names have to say what is sensitive, too.
func finish(lines []line, o TaxonomyOptions, tree Tree, byName bool) (*Taxonomy, Report, error) {
	tree.mark(lines, byName)
	t, repairs, err := build(lines)
	if err != nil {
		return nil, Report{}, err
	}
	report := Report{Tree: tree, Rows: len(lines), Repairs: repairs}
	if len(repairs) > 0 && !o.Repair {
		return nil, report, badRow(repairs[0].Row, repairs[0].Kind.err())
	}
	report.OtherPaths = t.otherPaths(lines)
	return t, report, nil
}

// otherPaths returns the rows whose path is not that of their parent and
// themselves, and remembers the place that the path names.
func (t *Taxonomy) otherPaths(lines []line) (rows []int) {
	join := func(path []string) string { return strings.Join(path, "\x00") }
	paths := make(map[string][]string, len(lines)) // of each id
	at := make(map[string]string, len(lines))      // each path's id
	for _, l := range lines {
		if _, ok := paths[l.id]; !ok && len(l.path) > 0 {
			paths[l.id] = l.path
			if _, ok := at[join(l.path)]; !ok {
				at[join(l.path)] = l.id
			}
		}
	}
	for _, l := range lines {
		_, known := t.index[l.parent]
		if len(l.path) == 0 || l.parent == l.id || l.parent != "" && !known {
			continue
		}
		above := l.path[:len(l.path)-1]
		if slices.Equal(above, paths[l.parent]) {
			continue
		}
		rows = append(rows, l.row)
		id, ok := at[join(above)]
		if i, p := t.index[l.id], t.index[id]; ok && i != p {
			t.also = append(t.also, edge{i, p})
		}
	}
	if len(rows) > 0 {
		t.spread()
	}
	return rows
}

// eachRow hands the lines of a taxonomy file to f, as fields between tabs without
// the line's end, the first without a byte order mark. Blank lines count and are
// left out. An error of f ends it and gets the row's number.
func eachRow(r io.Reader, f func(row int, fields []string) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, maxLine), maxLine)
	row := 0
	for lines.Scan() {
		if row++; row > maxRows {
			return badRow(row, ErrLarge)
		}
		text := bytes.TrimSuffix(lines.Bytes(), []byte("\r"))
		if row == 1 {
			text = bytes.TrimPrefix(text, []byte("\ufeff"))
		} else if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		if err := f(row, strings.Split(string(text), "\t")); err != nil {
			return badRow(row, err)
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return badRow(row+1, ErrLarge)
	} else if err != nil {
		return fmt.Errorf("segment: taxonomy cannot be read: %w", err)
	}
	return nil
}

// valid applies the rules for what a row says of its node.
func (l *line) valid() bool {
	return printable(l.id, maxNodeID) && printable(l.name, maxNodeName) &&
		(l.parent == "" || printable(l.parent, maxNodeID))
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
