package dp

import "slices"

// KeysOf returns the items of a release, sorted. What was released is public, so that
// the list may be declared as that of another measure, as of [ItemPairs]: that costs
// nothing more. It is nil for a release without items.
func KeysOf(r Release) Public {
	var items Public
	for i := range r.Len() {
		c := r.At(i)
		for _, name := range [...]string{c.Item, c.With} {
			if name != "" {
				items = append(items, name)
			}
		}
	}
	slices.Sort(items)
	return slices.Compact(items)
}
