package rank

import (
	"cmp"
	"maps"
	"slices"
)

const maxDepth = 16

// tree holds the categories so that a parent comes before its children.
type tree struct {
	names  []string
	parent []int32 // -1 for a root
	index  map[string]int32
}

func newTree(catalog, parents map[string]string) (tree, error) {
	seen := make(map[string]struct{})
	for _, c := range catalog {
		seen[c] = struct{}{}
	}
	for c, p := range parents {
		seen[c] = struct{}{}
		seen[p] = struct{}{}
	}
	delete(seen, "")
	depth := make(map[string]int, len(seen))
	for c := range seen {
		n := 0
		for p := parents[c]; p != ""; p = parents[p] {
			if n++; n >= maxDepth {
				return tree{}, ErrParents
			}
		}
		depth[c] = n
	}
	t := tree{names: slices.Collect(maps.Keys(seen))}
	slices.SortFunc(t.names, func(a, b string) int {
		return cmp.Or(cmp.Compare(depth[a], depth[b]), cmp.Compare(a, b))
	})
	t.index = positions(t.names)
	t.parent = make([]int32, len(t.names))
	for i, c := range t.names {
		t.parent[i] = t.find(parents[c])
	}
	return t, nil
}

// find returns the place of a category, or -1.
func (t *tree) find(name string) int32 {
	if i, ok := t.index[name]; ok && name != "" {
		return i
	}
	return -1
}

// down adds to every category what stands at its ancestors.
func (t *tree) down(v []float64) {
	for i, p := range t.parent {
		if p >= 0 {
			v[i] += v[p]
		}
	}
}
