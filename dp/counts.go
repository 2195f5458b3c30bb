package dp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/discreet-go/discreet/internal/contrib"
)

// Errors of counting.
var (
	ErrPeople   = errors.New("dp: the people to count are missing")
	ErrOverflow = errors.New("dp: a count does not fit its integer")
	ErrProfiles = errors.New("dp: a Table reads no profiles; its contributions are bounded by Bound")

	errCountsEncoding = errors.New("dp: exact counts are not encoded")
)

const redactedCounts = "[exact counts]"

// Counts holds the exact, bounded sums of one measure, as of one day. They are
// not private, so nothing shows them: a Counts prints, logs and marshals as a
// fixed text, has no accessor, and keeps its numbers where neither fmt nor
// package reflect reaches. It is good for one [Draw]. The zero Counts is
// invalid.
type Counts struct {
	frame *frame
	take  func() *tally // the tally, once; nil afterwards
	give  func(*tally)  // puts it back where nothing came of it
	used  func() bool   // whether it is taken

	digest func() [32]byte // of a table, as it was added up
}

// frame is what is known of a Counts without looking at anybody.
type frame struct {
	spec   Spec
	window int32
	asOf   Day
	from   *origin // of a table; nil where profiles were counted
}

// tally is the pre-noise vector: values[i] belongs to the i-th key in order.
type tally struct {
	frame  *frame
	keys   []key    // of discovered cells, sorted; nil when the keys are public
	places []uint64 // of numbers, of which another library draws: row<<32 | number, sorted
	values []int64
	digest [32]byte // of a table, as it was added up
}

// key is a discovered cell.
type key struct {
	row  int32
	item string
}

// Count adds up what people contribute to a measure in the accounting window,
// as of the end of day asOf. Each person, one record per person, is cut to the
// bounds of spec first, by [contrib.Spec.Vector], so that adding or removing
// one changes at most L0 sums, each by at most LInf.
//
// The error of a yielded pair ends the count and is returned; so does a
// cancelled ctx. Memory is one integer for each public cell, or about 100 bytes
// and the key's text for each distinct discovered one; of quantiles and variances about
// 50 bytes for each distinct number in a row, until it is drawn from. Calls are independent
// and may run concurrently.
func Count(ctx context.Context, spec *contrib.Spec, window int32, asOf contrib.Day, people iter.Seq2[*contrib.Person, error]) (*Counts, error) {
	if err := checkSpec(spec); err != nil {
		return nil, err
	}
	if spec.Kind == contrib.KindTable {
		return nil, ErrProfiles
	}
	if people == nil {
		return nil, ErrPeople
	}
	t, err := count(ctx, &frame{spec: *spec, window: window, asOf: asOf}, people)
	if err != nil {
		return nil, err
	}
	return seal(t), nil
}

// seal puts a tally where only one call of take finds it.
func seal(t *tally) *Counts {
	var held atomic.Pointer[tally]
	held.Store(t)
	digest := t.digest
	return &Counts{
		frame:  t.frame,
		take:   func() *tally { return held.Swap(nil) },
		give:   func(t *tally) { held.Store(t) },
		used:   func() bool { return held.Load() == nil },
		digest: func() [32]byte { return digest },
	}
}

func count(ctx context.Context, f *frame, people iter.Seq2[*contrib.Person, error]) (*tally, error) {
	sum := newAdder(&f.spec)
	if err := sumUp(ctx, f, sum, people); err != nil {
		return nil, err
	}
	return sum.tally(f), nil
}

func newAdder(s *Spec) adder {
	if s.External() {
		return numbers{}
	}
	if s.Discovered {
		return &sparse{items: map[string]uint32{}, sums: map[uint64]int64{}}
	}
	return newDense(s)
}

// sumUp adds up what people contribute.
func sumUp(ctx context.Context, f *frame, sum adder, people iter.Seq2[*contrib.Person, error]) error {
	var n uint
	for person, err := range people {
		if err != nil {
			return err
		}
		if person == nil {
			return ErrPeople
		}
		if n++; n%256 == 1 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		for _, c := range f.spec.Vector(person, f.window, f.asOf) {
			if err := sum.add(c); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// adder sums cells of one kind of partition.
type adder interface {
	add(contrib.Cell) error
	merge(adder) error // of the same kind, of other people
	tally(*frame) *tally
}

// dense sums public cells: an integer for each, also the empty ones.
type dense struct {
	columns int
	values  []int64
}

func newDense(s *Spec) *dense {
	return &dense{columns: s.Columns(), values: make([]int64, max(1, len(s.Names()))*s.Columns())}
}

func (d *dense) add(c contrib.Cell) error { return addTo(&d.values[c.Row*d.columns+c.Column], c.Value) }

func (d *dense) tally(f *frame) *tally { return &tally{frame: f, values: d.values} }

// sparse sums discovered cells: those somebody contributed to, and no others.
type sparse struct {
	items map[string]uint32
	names []string
	sums  map[uint64]int64 // row<<32 | item
}

func (s *sparse) add(c contrib.Cell) error {
	i, ok := s.items[c.Item]
	if !ok {
		if len(s.names) == math.MaxUint32 {
			return ErrOverflow
		}
		name := strings.Clone(c.Item) // the record it points into may go
		i = uint32(len(s.names))
		s.items[name], s.names = i, append(s.names, name)
	}
	at := uint64(c.Row)<<32 | uint64(i)
	v := s.sums[at]
	if err := addTo(&v, c.Value); err != nil {
		return err
	}
	s.sums[at] = v
	return nil
}

// tally sorts the cells, so that neither the order of people nor that of the
// map is left in it.
func (s *sparse) tally(f *frame) *tally {
	rank := make([]uint32, len(s.names)) // item -> place in the sorted list
	names := slices.Sorted(slices.Values(s.names))
	for place, name := range names {
		rank[s.items[name]] = uint32(place)
	}
	order := make([]uint64, 0, len(s.sums)) // row<<32 | place
	for at := range s.sums {
		order = append(order, at>>32<<32|uint64(rank[uint32(at)]))
	}
	slices.Sort(order)
	t := &tally{frame: f, keys: make([]key, len(order)), values: make([]int64, len(order))}
	for i, o := range order {
		item := names[uint32(o)]
		t.keys[i] = key{row: int32(o >> 32), item: item}
		t.values[i] = s.sums[o>>32<<32|uint64(s.items[item])]
	}
	return t
}

// addTo adds v, which is not 0, to *sum or reports that it does not fit.
func addTo(sum *int64, v int64) error {
	const room = math.MaxInt64 / 4 // for noise on top
	if v == 0 || v > room || v < -room || *sum > 0 && *sum > room-v || *sum < 0 && *sum < -room-v {
		return ErrOverflow
	}
	*sum += v
	return nil
}

// cell returns the names of value i.
func (t *tally) cell(i int) contrib.Key {
	s := &t.frame.spec
	if s.Discovered {
		k := s.RowKey(int(t.keys[i].row))
		k.Item = t.keys[i].item
		return k
	}
	if s.External() { // how many people have a number in a row; no key of what comes out
		k := s.RowKey(int(t.places[i] >> 32))
		k.Part = strconv.Itoa(int(uint32(t.places[i])))
		return k
	}
	columns := s.Columns()
	return s.Key(i/columns, i%columns)
}

// few drops the discovered cells that fewer people hold than ever come out.
func (t *tally) few(least int64) {
	n := 0
	for i, v := range t.values {
		if v >= least {
			t.keys[n], t.values[n] = t.keys[i], v
			n++
		}
	}
	clear(t.keys[n:])
	clear(t.values[n:])
	t.keys, t.values = t.keys[:n], t.values[:n]
}

// Drawn reports whether the counts are used up, by [Draw] or [Merge], or are none.
func (c *Counts) Drawn() bool { return c == nil || c.used == nil || c.used() }

// String returns a fixed text.
func (Counts) String() string { return redactedCounts }

// GoString returns a fixed text.
func (Counts) GoString() string { return redactedCounts }

// Format writes a fixed text for every verb.
func (Counts) Format(s fmt.State, _ rune) { io.WriteString(s, redactedCounts) }

// LogValue returns a fixed text.
func (Counts) LogValue() slog.Value { return slog.StringValue(redactedCounts) }

// MarshalText writes a fixed text.
func (Counts) MarshalText() ([]byte, error) { return []byte(redactedCounts), nil }

// MarshalJSON writes a fixed text.
func (Counts) MarshalJSON() ([]byte, error) { return []byte(`"` + redactedCounts + `"`), nil }

// MarshalBinary refuses.
func (Counts) MarshalBinary() ([]byte, error) { return nil, errCountsEncoding }

// GobEncode refuses.
func (Counts) GobEncode() ([]byte, error) { return nil, errCountsEncoding }
