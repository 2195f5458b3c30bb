package segment

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

// Limits of a taxonomy.
const (
	maxNodes    = 1 << 16
	maxDepth    = 32
	maxNodeID   = 64
	maxNodeName = 200
)

// Taxonomy is a checked forest of categories. What it does not know is denied;
// what it marks sensitive is denied with everything below it. It is immutable
// and safe for concurrent use.
type Taxonomy struct {
	nodes   []node           // in file order
	index   map[string]int32 // id or alias -> index in nodes
	aliases map[string]int32 // aliases alone; nil without
	also    []edge           // places that a row may have meant as well
}

// edge says that node lies below above, in a reading of the file that parents do
// not follow. What is sensitive above is so for the node too.
type edge struct{ node, above int32 }

// node is one category. enter and leave number a walk of the forest: a node
// lies in the subtree of another if its enter lies within the other's interval.
type node struct {
	id, name     string
	parent       int32 // -1 for a root
	enter, leave int32
	marked       bool // marked itself
	sensitive    bool // marked, or below a marked one
}

// Len returns the number of categories.
func (t *Taxonomy) Len() int { return len(t.nodes) }

// Known reports whether the taxonomy has the category, or an alias of that name.
// Wherever an id is asked for, an alias stands for what it names.
func (t *Taxonomy) Known(id string) bool {
	_, ok := t.index[id]
	return ok
}

// Sensitive reports whether the category or one above it is marked sensitive.
// What the taxonomy does not know is sensitive.
func (t *Taxonomy) Sensitive(id string) bool {
	i, ok := t.index[id]
	return !ok || t.nodes[i].sensitive
}

// Name returns the category's own name, or "".
func (t *Taxonomy) Name(id string) string {
	if i, ok := t.index[id]; ok {
		return t.nodes[i].name
	}
	return ""
}

// Parent returns the category above, and false for a root or an unknown id.
func (t *Taxonomy) Parent(id string) (string, bool) {
	if i, ok := t.index[id]; ok && t.nodes[i].parent >= 0 {
		return t.nodes[t.nodes[i].parent].id, true
	}
	return "", false
}

// Ancestors returns the ids above the category, the root first, without the
// category itself.
func (t *Taxonomy) Ancestors(id string) []string {
	i, ok := t.index[id]
	if !ok {
		return nil
	}
	var up []string
	for p := t.nodes[i].parent; p >= 0; p = t.nodes[p].parent {
		up = append(up, t.nodes[p].id)
	}
	slices.Reverse(up)
	return up
}

// Path returns the names from the root to the category, joined by " > ", or ""
// for an unknown id.
func (t *Taxonomy) Path(id string) string {
	i, ok := t.index[id]
	if !ok {
		return ""
	}
	var names []string
	for p := i; p >= 0; p = t.nodes[p].parent {
		names = append(names, t.nodes[p].name)
	}
	slices.Reverse(names)
	return strings.Join(names, " > ")
}

// RollUp returns what the category counts as at a depth: the category above it,
// or itself, that lies so many levels below nothing; a root has depth 1. A
// category that is not that deep stays what it is. It returns false for an
// unknown id, a depth below 1, and a sensitive category, which counts as nothing.
func (t *Taxonomy) RollUp(id string, depth int) (string, bool) {
	i, ok := t.index[id]
	if !ok || depth < 1 || t.nodes[i].sensitive {
		return "", false
	}
	var up [maxDepth]int32 // from the category to its root
	n := 0
	for ; i >= 0 && n < maxDepth; i = t.nodes[i].parent {
		up[n] = i
		n++
	}
	return t.nodes[up[max(n-depth, 0)]].id, true
}

// Contains reports whether id is root or lies below it. Both must be known.
func (t *Taxonomy) Contains(root, id string) bool {
	r, ok := t.index[root]
	if !ok {
		return false
	}
	i, ok := t.index[id]
	return ok && t.below(r, i)
}

func (t *Taxonomy) below(root, i int32) bool {
	r, e := &t.nodes[root], t.nodes[i].enter
	return r.enter <= e && e < r.leave
}

// IDs returns every id, in the order of the file, without aliases.
func (t *Taxonomy) IDs() []string {
	ids := make([]string, len(t.nodes))
	for i := range t.nodes {
		ids[i] = t.nodes[i].id
	}
	return ids
}

// Mark returns the taxonomy with more nodes marked sensitive, each with
// everything below it. Nothing takes a mark away. An unknown id is an error.
func (t *Taxonomy) Mark(ids ...string) (*Taxonomy, error) {
	marked := *t
	marked.nodes = slices.Clone(t.nodes)
	for i, id := range ids {
		n, ok := t.index[id]
		if !ok {
			return nil, fmt.Errorf("segment: mark %d: %w", i+1, ErrUnknown)
		}
		marked.nodes[n].marked = true
	}
	marked.spread()
	return &marked, nil
}

//go:embed small.tsv
var small []byte

// Small returns a small taxonomy of its own: what shops and media are about,
// and a few sensitive subjects, marked. Ids are dotted paths such as
// "sports.running".
func Small() *Taxonomy {
	t, err := ReadTSV(bytes.NewReader(small))
	if err != nil {
		panic("segment: the embedded taxonomy is broken: " + err.Error())
	}
	return t
}

// usable returns the node of a category that is known and not sensitive.
func (t *Taxonomy) usable(id []byte) (int32, bool) {
	i, ok := t.index[string(id)]
	return i, ok && !t.nodes[i].sensitive
}
