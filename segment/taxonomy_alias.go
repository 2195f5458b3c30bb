package segment

import (
	"fmt"
	"maps"
	"slices"
)

// WithAliases returns the taxonomy with other names for its categories: an id of
// an older edition, or a shop's own. Wherever an id is asked for, in events,
// definitions and marks, an alias stands for the category that it names, and a
// profile keeps the category. An alias of a sensitive category is sensitive; so
// an alias never makes anything allowed that its category is not.
//
// A target is an id, an alias of the taxonomy, or another alias of the map; chains
// are followed now and not again. It refuses an alias that is a category or an
// alias already, or no printable text of 1 to 64 bytes ([ErrAlias]), a target that
// is none ([ErrUnknown]), aliases that name each other in a circle ([ErrCycle]),
// and more than 65,536 aliases in all ([ErrLarge]). The number in the error counts
// the aliases of the map in sorted order, from 1. The taxonomy itself stays as it
// is.
func (t *Taxonomy) WithAliases(aliases map[string]string) (*Taxonomy, error) {
	if len(t.aliases)+len(aliases) > maxNodes {
		return nil, fmt.Errorf("segment: aliases: %w", ErrLarge)
	}
	more := make(map[string]int32, len(aliases))
	for i, alias := range slices.Sorted(maps.Keys(aliases)) {
		bad := func(err error) (*Taxonomy, error) { return nil, fmt.Errorf("segment: alias %d: %w", i+1, err) }
		if !printable(alias, maxNodeID) || t.Known(alias) {
			return bad(ErrAlias)
		}
		target, found := aliases[alias], false
		for range aliases { // a chain that does not end within that many is a circle
			if _, found = t.index[target]; found {
				break
			}
			next, ok := aliases[target]
			if !ok {
				return bad(ErrUnknown)
			}
			target = next
		}
		n, found := t.index[target]
		if !found {
			return bad(ErrCycle)
		}
		more[alias] = n
	}
	return t.extended(more), nil
}

// extended returns the taxonomy with these aliases as well.
func (t *Taxonomy) extended(more map[string]int32) *Taxonomy {
	with := *t
	with.index, with.aliases = maps.Clone(t.index), maps.Clone(t.aliases)
	if with.aliases == nil {
		with.aliases = make(map[string]int32, len(more))
	}
	maps.Copy(with.index, more)
	maps.Copy(with.aliases, more)
	return &with
}

// Resolve returns the id of the category that id is, or is an alias of, and false
// for what the taxonomy does not know.
func (t *Taxonomy) Resolve(id string) (string, bool) {
	i, ok := t.index[id]
	if !ok {
		return "", false
	}
	return t.nodes[i].id, true
}

// Aliases returns every alias, sorted. [Taxonomy.Resolve] tells what each names.
func (t *Taxonomy) Aliases() []string { return slices.Sorted(maps.Keys(t.aliases)) }
