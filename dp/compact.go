package dp

import (
	"cmp"
	"slices"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
)

// cutter bounds the records of people. It is not safe for concurrent use.
type cutter struct {
	frame *frame
	names []string // of partitions, by record.at

	given  []contrib.Given
	places []uint32
}

// order sorts by person, then partition.
func order(list []record) {
	slices.SortFunc(list, func(a, b record) int {
		return cmp.Or(cmp.Compare(a.hi, b.hi), cmp.Compare(a.lo, b.lo), cmp.Compare(a.at, b.at))
	})
}

// person returns the end of the first person of a sorted list.
func person(list []record) (int, error) {
	n := 1
	for n < len(list) && list[n].hi == list[0].hi && list[n].lo == list[0].lo {
		if list[n].salt != list[0].salt {
			return 0, ErrRoots
		}
		n++
	}
	return n, nil
}

// compact makes fewer of the records, in place, of which the same comes: what a person
// has in one partition becomes one record, and of more partitions than count the
// lowest in rank are kept. A partition that is dropped has that many below it, then
// and for good, so that it never counts, whatever comes later.
func (c *cutter) compact(list []record) ([]record, error) {
	order(list)
	out := list[:0]
	for len(list) > 0 {
		n, err := person(list)
		if err != nil {
			return nil, err
		}
		first := len(out)
		c.places = c.places[:0]
		for _, r := range list[:n] {
			if k := len(out) - 1; k >= first && out[k].at == r.at {
				if sum, ok := c.frame.spec.Add(out[k].value, r.value); ok {
					out[k].value = sum
					continue
				}
			} else {
				c.places = append(c.places, r.at)
			}
			out = append(out, r)
		}
		list = list[n:]
		if len(c.places) > c.frame.spec.MaxItems {
			kept := c.lowest(ident.Salt(out[first].salt))
			tail := slices.DeleteFunc(out[first:], func(r record) bool {
				_, ok := slices.BinarySearch(kept, r.at)
				return !ok
			})
			out = out[:first+len(tail)]
		}
	}
	return out, nil
}

// lowest returns the places that count, sorted.
func (c *cutter) lowest(salt ident.Salt) []uint32 {
	spec := &c.frame.spec
	kept := contrib.Lowest(c.places, spec.MaxItems, func(at uint32) uint64 {
		return contrib.Rank(&salt, spec.Name, c.frame.window, c.names[at])
	}, func(a, b uint32) int { return cmp.Compare(c.names[a], c.names[b]) })
	slices.Sort(kept)
	return kept
}

const manyRecords = 4096 // of one person

// vectors calls f with the bounded contribution of each person among the records.
func (c *cutter) vectors(list []record, f func([]contrib.Cell) error) error {
	order(list)
	for len(list) > 0 {
		n, err := person(list)
		if err != nil {
			return err
		}
		mine := list[:n]
		if n > manyRecords { // what takes room of its own below is what may count
			if mine, err = c.compact(mine); err != nil {
				return err
			}
		}
		c.given = c.given[:0]
		for _, r := range mine {
			c.given = append(c.given, contrib.Given{Partition: c.names[r.at], Value: r.value})
		}
		p := contrib.Person{Salt: list[0].salt, Given: c.given}
		if err := f(c.frame.spec.Vector(&p, c.frame.window, c.frame.asOf)); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}
