package segment

import (
	"hash/maphash"
	"math/bits"

	"github.com/discreet-go/discreet/internal/contrib"
)

// itemSet finds out which items a measure counts, as [contrib.Spec.Counts] does, with
// one look at a table in place of a search: every event asks. Places are below twice
// the number of items, or little more, four bytes each.
type itemSet struct {
	none   bool // no item
	all    bool // every valid item
	items  []string
	seed   maphash.Seed
	places []int32 // of items, plus one
}

func newItemSet(s *contrib.Spec) itemSet {
	c := itemSet{none: !s.KeepsItems(), all: s.Discovered}
	if c.none || c.all {
		return c
	}
	c.items, c.seed = s.Items, maphash.MakeSeed()
	c.places = make([]int32, 1<<bits.Len(uint(2*len(c.items))))
	for i, item := range c.items {
		at := c.first(item)
		for c.places[at] != 0 {
			at = (at + 1) & (len(c.places) - 1)
		}
		c.places[at] = int32(i + 1)
	}
	return c
}

func (c *itemSet) first(item string) int {
	return int(maphash.String(c.seed, item)) & (len(c.places) - 1)
}

// counts reports whether an item, which is a valid key, is one that the measure may
// count.
func (c *itemSet) counts(item string) bool {
	if c.none || c.all {
		return c.all && !c.none
	}
	for at := c.first(item); ; at = (at + 1) & (len(c.places) - 1) {
		switch i := c.places[at]; {
		case i == 0:
			return false
		case c.items[i-1] == item:
			return true
		}
	}
}
