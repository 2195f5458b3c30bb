package dp

import (
	"context"
	"encoding/binary"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/discreet-go/discreet/internal/contrib"
)

// BoundOptions say how [Bound] works. None changes what comes of it.
type BoundOptions struct {
	Shard   Shard  // the people who come, and no others; the zero Shard is everybody
	Dir     string // an existing directory for what does not fit into Memory, of this user alone. Optional: then all has to fit
	Memory  int64  // bytes for contributions under way, from 4 MiB, and 1 MiB for each of Workers, on. Optional: 256 MiB
	Workers int    // goroutines that bound people, 1 to 256. Optional: as many as run at once

	// Progress is told how far it came, every 65,536 contributions and at the end, by
	// the goroutine that called Bound. Its numbers are exact and stay inside.
	Progress func(Progress)
}

// Progress says how far [Bound] came.
type Progress struct {
	Contributions int64 // read
	Refused       int64 // of them: outside of consent, of no listed partition, or with a value that the table does not take
	People        int64 // bounded; 0 before the end
	Spilled       int64 // bytes written to Dir
}

const (
	defaultMemory = 256 << 20
	leastMemory   = 4 << 20
	workerMemory  = 1 << 20
	maxWorkers    = 256
	recordMemory  = 48  // bytes of a record
	nameMemory    = 128 // bytes of a discovered partition, beside its text
	buckets       = 256 // that people are dealt to, by one byte of their subjects
	told          = 1 << 16
)

// Bound adds up contributions for a [Table] in an accounting window, as of the end of
// day asOf: what each person contributes, by consent subject, is brought together and cut
// to the bounds of spec, by [contrib.Spec.Vector], so that adding or removing one
// person changes at most L0 sums, each by at most LInf. The result is the same for every
// order of the contributions, every way to split them, and all options.
// docs/proofs/bounded-counts.md is the proof.
//
// A contribution counts if its Grant covers the last moment of the day asOf, and Time
// where there is one; others are left out, and told to Progress. A Link or Grant that
// is missing, of another person or of another purpose ends it with an error, as do a
// Grant that was decided before that day, pseudonyms under two roots and people of another shard.
//
// What does not fit into Memory goes to a file in Dir, sealed under a key that is in
// memory alone; a process that is killed leaves nothing that can be read, and the next
// one that uses Dir removes what it left. Up to three times the bytes that
// contributions take, 44 each, may be needed there. Beside Memory there is the table: 8
// bytes for each public cell, some 200 bytes for each discovered one.
//
// It returns ErrSpec, ErrTable, ErrPeople, ErrAsOf, ErrShard, ErrMemory, ErrSpill with its
// cause, the error of a yielded pair, that of ctx, or one of those named above;
// nothing is left in Dir then.
func Bound(ctx context.Context, spec *Spec, window int32, asOf Day, contributions iter.Seq2[Contribution, error], o BoundOptions) (*Counts, error) {
	if err := checkSpec(spec); err != nil {
		return nil, err
	}
	if spec.Kind != contrib.KindTable {
		return nil, ErrTable
	}
	if contributions == nil {
		return nil, ErrPeople
	}
	if window < 0 || !validDay(asOf) {
		return nil, ErrAsOf
	}
	shard, err := o.Shard.whole()
	if err != nil {
		return nil, err
	}
	if o.Memory == 0 {
		o.Memory = defaultMemory
	}
	if o.Workers == 0 {
		o.Workers = min(runtime.GOMAXPROCS(0), maxWorkers)
	}
	if o.Workers < 1 || o.Workers > maxWorkers || o.Memory < leastMemory || o.Memory < int64(o.Workers)*workerMemory {
		return nil, ErrMemory
	}
	b := newBounder(&frame{spec: *spec, window: window, asOf: asOf, from: &origin{shard: shard}}, o)
	return b.run(ctx, contributions)
}

// bounder is the work of one Bound.
type bounder struct {
	gate    gate
	frame   *frame
	options BoundOptions
	open    openFile

	room     int   // records in memory
	each     int   // records in memory of one worker
	nameRoom int64 // bytes of discovered partitions
	list     []record
	places   map[string]uint32 // of discovered partitions
	names    []string

	spill    *spill
	runs     [buckets][]run
	progress Progress

	mu   sync.Mutex // guards what workers share
	sums adder
}

func newBounder(f *frame, o BoundOptions) *bounder {
	b := &bounder{gate: newGate(f), frame: f, options: o, open: nameless, nameRoom: o.Memory / 2}
	b.room = int(o.Memory / 2 / recordMemory)
	b.each = b.room / o.Workers
	b.sums = newAdder(&f.spec)
	if f.spec.Discovered {
		b.places = map[string]uint32{}
	} else {
		b.names = f.spec.Items
	}
	return b
}

func (b *bounder) run(ctx context.Context, contributions iter.Seq2[Contribution, error]) (c *Counts, err error) {
	defer func() {
		if b.spill == nil {
			return
		}
		if end := b.spill.close(); end != nil && err == nil {
			c, err = nil, end
		}
	}()
	if err := b.read(ctx, contributions); err != nil {
		return nil, err
	}
	if err := b.bound(ctx); err != nil {
		return nil, err
	}
	b.frame.from.root = b.gate.root
	t := b.sums.tally(b.frame)
	b.tell()
	return seal(t.digested()), nil
}

// read takes the contributions in.
func (b *bounder) read(ctx context.Context, contributions iter.Seq2[Contribution, error]) error {
	for c, err := range contributions {
		if err != nil {
			return err
		}
		if b.progress.Contributions%256 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if b.progress.Contributions++; b.progress.Contributions%told == 0 {
			b.tell()
		}
		ok, err := b.gate.admit(&c)
		if err != nil {
			return err
		}
		var at uint32
		if ok {
			at, ok, err = b.place(c.Partition)
			if err != nil {
				return err
			}
		}
		if !ok {
			b.progress.Refused++
			continue
		}
		if err := b.take(&c, at); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// place returns the place of a partition, and false for one that is not listed.
func (b *bounder) place(partition string) (uint32, bool, error) {
	if b.places == nil {
		at, ok := slices.BinarySearch(b.names, partition)
		return uint32(at), ok, nil
	}
	if at, ok := b.places[partition]; ok {
		return at, true, nil
	}
	if b.nameRoom -= int64(len(partition)) + nameMemory; b.nameRoom < 0 || len(b.names) >= contrib.MaxPublic {
		return 0, false, ErrMemory
	}
	name := strings.Clone(partition) // what it points into may go
	at := uint32(len(b.names))
	b.places[name], b.names = at, append(b.names, name)
	return at, true, nil
}

// take adds a record, and makes room where there is none.
func (b *bounder) take(c *Contribution, at uint32) error {
	if len(b.list) >= b.room {
		if err := b.flush(); err != nil {
			return err
		}
	}
	if len(b.list) == cap(b.list) {
		more := max(1024, len(b.list))
		if len(b.list) >= b.room/4 {
			more = b.room // the last time, so that little is copied and thrown away
		}
		b.list = slices.Grow(b.list, min(more, b.room-len(b.list)))
	}
	id := c.Link.Subject().ID().Bytes() // the same in every epoch, which a pseudonym is not
	b.list = append(b.list, record{
		hi: binary.BigEndian.Uint64(id[4:]), lo: binary.BigEndian.Uint64(id[12:]), salt: c.Link.Salt(), at: at, value: c.Value,
	})
	return nil
}

// flush writes the records to the file.
func (b *bounder) flush() (err error) {
	if b.options.Dir == "" {
		return ErrMemory
	}
	if b.spill == nil {
		if b.spill, err = newSpill(b.options.Dir, b.open); err != nil {
			return err
		}
	}
	dealt := deal(b.list, 0)
	for i, some := range dealt {
		if b.runs[i], err = b.spill.write(b.runs[i], some); err != nil {
			return err
		}
	}
	b.list = b.list[:0]
	return nil
}

// tell tells Progress.
func (b *bounder) tell() {
	if b.options.Progress == nil {
		return
	}
	if b.spill != nil {
		b.progress.Spilled = b.spill.size()
	}
	b.options.Progress(b.progress)
}

// deal puts records in the order of one byte of their subjects, in place, and
// returns those of each value of it.
func deal(list []record, depth int) (dealt [buckets][]record) {
	var from, to [buckets]int
	for i := range list {
		to[list[i].byteOf(depth)]++
	}
	sum := 0
	for i, n := range to {
		from[i], to[i] = sum, sum+n
		dealt[i] = list[sum : sum+n]
		sum += n
	}
	for i := range from {
		for from[i] < to[i] {
			k := list[from[i]].byteOf(depth)
			if int(k) == i {
				from[i]++
				continue
			}
			list[from[i]], list[from[k]] = list[from[k]], list[from[i]]
			from[k]++
		}
	}
	return dealt
}
