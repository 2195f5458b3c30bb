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
	nodes []node           // in file order
	index map[string]int32 // id -> index in nodes
}

// node is one category. enter and leave number a walk of the forest: a node
// lies in the subtree of another if its enter lies within the other's interval.
type node struct {
	id, name     string
	parent       int32 // -1 for a root
	enter, leave int32
	marked       bool // marked itself
	sensitive    bool // marked, or below a marked one
}

// build checks the forest and numbers it. rowOf names the row of node i in
// errors.
func (t *Taxonomy) build(parents []string, rowOf func(i int) int) error {
	bad := func(i int, err error) error {
		return fmt.Errorf("segment: taxonomy row %d: %w", rowOf(i), err)
	}
	t.index = make(map[string]int32, len(t.nodes))
	for i := range t.nodes {
		if _, ok := t.index[t.nodes[i].id]; ok {
			return bad(i, ErrDuplicate)
		}
		t.index[t.nodes[i].id] = int32(i)
	}
	for i := range t.nodes {
		n := &t.nodes[i]
		n.parent = -1
		if parents[i] == "" {
			continue
		}
		p, ok := t.index[parents[i]]
		switch {
		case !ok:
			return bad(i, ErrOrphan)
		case int(p) == i:
			return bad(i, ErrSelfParent)
		}
		n.parent = p
	}
	for i := range t.nodes {
		depth := 1
		for p := t.nodes[i].parent; p >= 0; p = t.nodes[p].parent {
			if int(p) == i {
				return bad(i, ErrCycle)
			}
			if depth++; depth > maxDepth {
				// Either too deep or above this node is a cycle, which one of
				// its own nodes reports; look for it first.
				if c := t.cycle(p); c >= 0 {
					return bad(c, ErrCycle)
				}
				return bad(i, ErrDeep)
			}
		}
	}
	t.number()
	return nil
}

// cycle returns the first node, in file order, of the cycle that the walk up
// from p ends in, or -1.
func (t *Taxonomy) cycle(p int32) int {
	for range t.nodes {
		if p < 0 {
			return -1
		}
		p = t.nodes[p].parent
	}
	if p < 0 {
		return -1
	}
	first := p
	for q := t.nodes[p].parent; q != p; q = t.nodes[q].parent {
		first = min(first, q)
	}
	return int(first)
}

// number walks the forest, children in file order.
func (t *Taxonomy) number() {
	children := make([][]int32, len(t.nodes)+1)
	for i := range t.nodes {
		p := t.nodes[i].parent + 1 // 0 holds the roots
		children[p] = append(children[p], int32(i))
	}
	var counter int32
	var walk func(list []int32, sensitive bool)
	walk = func(list []int32, sensitive bool) {
		for _, i := range list {
			n := &t.nodes[i]
			n.sensitive = sensitive || n.marked
			n.enter = counter
			counter++
			walk(children[i+1], n.sensitive)
			n.leave = counter
		}
	}
	walk(children[0], false)
}

// Len returns the number of categories.
func (t *Taxonomy) Len() int { return len(t.nodes) }

// Known reports whether the taxonomy has the category.
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

// IDs returns every id, in the order of the file.
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
	marked := &Taxonomy{nodes: slices.Clone(t.nodes), index: t.index}
	for i, id := range ids {
		n, ok := t.index[id]
		if !ok {
			return nil, fmt.Errorf("segment: mark %d: %w", i+1, ErrUnknown)
		}
		marked.nodes[n].marked = true
	}
	marked.number()
	return marked, nil
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
