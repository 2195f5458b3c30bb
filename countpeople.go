package discreet

import (
	"context"
	"iter"
	"runtime"
	"slices"
	"time"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/segment"
)

// blockBytes is about how many bytes of rows go to a counting goroutine at a time.
const blockBytes = 1 << 17

// block is copies of some rows, which a scan lends for one call only.
type block struct {
	rows []byte
	ends []int
}

// scan is a scan of the profiles of one purpose whose rows several goroutines read.
type scan struct {
	e      *Engine
	room   *room
	index  int // of the measure
	now    time.Time
	ticket *ledger.Ticket

	blocks chan *block
	spare  chan *block
	err    error // of the scan, once blocks is closed
}

// count adds up every person record that may count, as of the ticket and one moment
// for all, so that what a person contributes is a function of that person's record
// alone. One goroutine reads the store, one a processor the rows.
func (e *Engine) count(ctx context.Context, room *room, index int, now time.Time, t *ledger.Ticket) (*dp.Counts, error) {
	workers := runtime.GOMAXPROCS(0)
	s := &scan{
		e: e, room: room, index: index, now: now, ticket: t,
		blocks: make(chan *block, workers), spare: make(chan *block, 2*workers),
	}
	reading, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.read(reading)
	}()
	defer func() {
		stop()
		<-ended // the store is not read behind the caller's back
	}()
	shares := make([]iter.Seq2[*contrib.Person, error], workers)
	for i := range shares {
		shares[i] = s.people(stop)
	}
	return dp.CountAll(ctx, &room.specs[index], t.Window().Index, t.AsOf(), shares)
}

// read copies the rows of the store into blocks.
func (s *scan) read(ctx context.Context) {
	defer close(s.blocks)
	var counted []uint32
	b := s.empty()
	send := func() error {
		select {
		case s.blocks <- b:
			b = s.empty()
			return nil
		case <-ctx.Done():
			return errStop
		}
	}
	err := s.e.cfg.Store.ProfileScan(ctx, s.room.purpose, func(id segment.ID, row []byte) error {
		if counted == nil { // now that the snapshot is taken, and no row is of a later keyset
			counted = s.e.keys.Load().counted
		}
		if !slices.Contains(counted, id.KeyID()) {
			return nil // kept for access and erasure only, or left behind
		}
		b.rows = append(b.rows, row...)
		b.ends = append(b.ends, len(b.rows))
		if len(b.rows) < blockBytes {
			return nil
		}
		return send()
	})
	if err == nil && len(b.ends) > 0 {
		err = send()
	}
	if err != errStop {
		s.err = err
	}
}

// empty returns an empty block.
func (s *scan) empty() *block {
	select {
	case b := <-s.spare:
		return b
	default:
		return &block{rows: make([]byte, 0, blockBytes+blockBytes/4)}
	}
}

// people yields the people of the blocks that no other goroutine takes.
func (s *scan) people(stop func()) iter.Seq2[*contrib.Person, error] {
	since := s.e.since[s.room.specs[s.index].Name]
	return func(yield func(*contrib.Person, error) bool) {
		var p segment.Profile
		for b := range s.blocks {
			from := 0
			for _, end := range b.ends {
				row := b.rows[from:end]
				from = end
				if err := p.UnmarshalBinary(row); err != nil {
					stop()
					yield(nil, err)
					return
				}
				person, ok := s.room.rules.Person(&p, s.index, s.now, s.ticket.AsOf(), s.ticket.Window().Index)
				person.Items = slices.DeleteFunc(person.Items, func(it contrib.Entry) bool { return it.Day < since })
				if ok && !yield(&person, nil) {
					stop()
					return
				}
			}
			clear(b.rows)
			b.rows, b.ends = b.rows[:0], b.ends[:0]
			select {
			case s.spare <- b:
			default:
			}
		}
		if s.err != nil {
			yield(nil, s.err)
		}
	}
}
