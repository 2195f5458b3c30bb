package dp

import (
	"bytes"
	"slices"

	"github.com/discreet-go/discreet/internal/contrib"
)

// origin says which people a table is of.
type origin struct {
	shard Shard
	root  uint32 // id of the root of their pseudonyms; 0 where there were none
}

// Merge adds up the counts of all shards of one table: each shard once, in any order,
// of the same measure, window, as-of day and root. The result is what [Bound] makes of
// all contributions together, byte for byte. The parts are used up; where Merge
// returns an error, they are not.
//
// It returns ErrCounts for counts that are missing, no table or of another
// measure, window or day, ErrShard where shards are missing, repeated or of another
// split, ErrRoots, ErrDrawn for counts that are used up, and ErrOverflow.
func Merge(parts ...*Counts) (*Counts, error) {
	if len(parts) == 0 || slices.Contains(parts, nil) {
		return nil, ErrCounts
	}
	f, err := together(parts)
	if err != nil {
		return nil, err
	}
	taken := make([]*tally, 0, len(parts))
	back := func(err error) (*Counts, error) {
		for i, t := range taken {
			parts[i].give(t)
		}
		return nil, err
	}
	for _, c := range parts {
		t := c.take()
		if t == nil {
			return back(ErrDrawn)
		}
		taken = append(taken, t)
	}
	sum := newAdder(&f.spec)
	for _, t := range taken {
		if err := t.addTo(sum); err != nil {
			return back(err)
		}
	}
	return seal(sum.tally(f).digested()), nil
}

// together returns the frame of the sum of parts that are each shard once.
func together(parts []*Counts) (*frame, error) {
	first := parts[0].frame
	if first == nil || first.from == nil {
		return nil, ErrCounts
	}
	of := first.from.shard.Of
	if len(parts) != of {
		return nil, ErrShard
	}
	digest := specDigest(&first.spec)
	seen := make([]bool, of)
	root := uint32(0)
	for _, c := range parts {
		f := c.frame
		switch {
		case f == nil || f.from == nil || f.window != first.window || f.asOf != first.asOf || specDigest(&f.spec) != digest:
			return nil, ErrCounts
		case f.from.shard.Of != of || seen[f.from.shard.Index]:
			return nil, ErrShard
		case root != 0 && f.from.root != 0 && root != f.from.root:
			return nil, ErrRoots
		}
		seen[f.from.shard.Index] = true
		root = max(root, f.from.root)
	}
	return &frame{spec: first.spec, window: first.window, asOf: first.asOf, from: &origin{shard: Shard{Of: 1}, root: root}}, nil
}

// addTo adds the values to a sum of the same kind.
func (t *tally) addTo(sum adder) error {
	if !t.frame.spec.Discovered {
		return sum.merge(&dense{values: t.values})
	}
	for i, k := range t.keys {
		if err := sum.add(contrib.Cell{Row: int(k.row), Item: k.item, Value: t.values[i]}); err != nil {
			return err
		}
	}
	return nil
}

// About says what counts of a table are, without their numbers.
type About struct {
	Measure string
	Window  int32  // accounting window
	AsOf    Day    // last day that counts
	Shard   Shard  // of the people; {0, 1} is everybody
	Root    uint32 // id of the root of their pseudonyms; 0 where there were none
}

// About says of which table, window, day and people the counts are. It returns the
// zero About for counts that are none of a [Table].
func (c *Counts) About() About {
	if c == nil || c.frame == nil || c.frame.from == nil {
		return About{}
	}
	f := c.frame
	return About{f.spec.Name, f.window, f.asOf, f.from.shard, f.from.root}
}

// Of reports whether the counts are of a table as spec declares it.
func (c *Counts) Of(spec *Spec) bool {
	if c == nil || c.frame == nil || c.frame.from == nil || spec == nil {
		return false
	}
	a, b := specDigest(spec), specDigest(&c.frame.spec)
	return bytes.Equal(a[:], b[:])
}
