package dp

import (
	"context"
	"iter"
	"slices"

	"github.com/discreet-go/discreet/internal/contrib"
)

// ExactOf returns the keys and numbers of counts, which stay as they are.
func ExactOf(c *Counts) ([]contrib.Key, []int64) {
	t := c.take()
	defer c.give(t)
	keys := make([]contrib.Key, len(t.values))
	for i := range keys {
		keys[i] = t.cell(i)
	}
	return keys, slices.Clone(t.values)
}

// Plain returns counts of a table as they are before they are sealed.
func Plain(c *Counts) []byte {
	t := c.take()
	defer c.give(t)
	return append(t.append(nil), t.digest[:]...)
}

// ReadPlain reads what Plain returns, without its digest.
func ReadPlain(spec *Spec, b []byte) (*Counts, error) {
	t, err := readTally(spec, b)
	if err != nil {
		return nil, err
	}
	return seal(t), nil
}

// BoundLooked is Bound that spills to a file of wrap.
func BoundLooked(ctx context.Context, spec *Spec, window int32, asOf Day, seq iter.Seq2[Contribution, error], o BoundOptions, wrap func(File) File) (*Counts, error) {
	return BoundOn(ctx, spec, window, asOf, seq, o, 0, wrap)
}

// BoundSmall is Bound with room for so many records, in one worker too.
func BoundSmall(ctx context.Context, spec *Spec, window int32, asOf Day, seq iter.Seq2[Contribution, error], o BoundOptions, room int) (*Counts, error) {
	return BoundOn(ctx, spec, window, asOf, seq, o, room, nil)
}

// File is what contributions are spilled to.
type File = file

// BoundOn is BoundSmall that spills to a file of wrap.
func BoundOn(ctx context.Context, spec *Spec, window int32, asOf Day, seq iter.Seq2[Contribution, error], o BoundOptions, room int, wrap func(File) File) (*Counts, error) {
	shard, err := o.Shard.whole()
	if err != nil {
		return nil, err
	}
	if room > 0 {
		o.Memory = defaultMemory
	}
	b := newBounder(&frame{spec: *spec, window: window, asOf: asOf, from: &origin{shard: shard}}, o)
	if room > 0 {
		b.room, b.each = room, room
	}
	if wrap != nil {
		b.open = func(dir string) (file, string, error) {
			f, name, err := nameless(dir)
			if err != nil {
				return nil, "", err
			}
			return wrap(f), name, nil
		}
	}
	return b.run(ctx, seq)
}

// RoomBeside returns for how many contributions bounding one person takes room beside
// the records.
func RoomBeside(spec *Spec, window int32, asOf Day, list []Contribution) int {
	b := newBounder(&frame{spec: *spec, window: window, asOf: asOf, from: &origin{shard: Shard{Of: 1}}}, BoundOptions{Memory: defaultMemory, Workers: 1})
	for i := range list {
		if at, ok, err := b.place(list[i].Partition); ok && err == nil {
			b.take(&list[i], at)
		}
	}
	c := cutter{frame: b.frame, names: b.names}
	c.vectors(b.list, func([]contrib.Cell) error { return nil })
	return cap(c.given)
}
