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
	err := s.e.countedRows(ctx, s.room, func(_ segment.ID, row []byte) error {
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
	return func(yield func(*contrib.Person, error) bool) {
		var (
			p      segment.Profile
			person contrib.Person // in one place for all: it is yielded for one turn only
		)
		for b := range s.blocks {
			from := 0
			for _, end := range b.ends {
				row := b.rows[from:end]
				from = end
				next, ok, err := s.reads(&p, row)
				if err != nil {
					stop()
					yield(nil, err)
					return
				}
				if person = next; ok && !yield(&person, nil) {
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

// reads returns what the release reads of a row, without what happened before the
// measure was declared, and false for somebody who does not count.
func (s *scan) reads(p *segment.Profile, row []byte) (contrib.Person, bool, error) {
	asOf, window := s.ticket.AsOf(), s.ticket.Window().Index
	if s.room.audit != nil {
		return s.e.audited(s.room, s.index, row, s.now, asOf, window)
	}
	if err := p.UnmarshalBinary(row); err != nil {
		return contrib.Person{}, false, err
	}
	person, ok := s.e.reads(s.room, s.index, p, s.now, asOf, window)
	return person, ok, nil
}

// reads returns what a release of a measure reads of a profile, without what happened
// before the measure was declared, and false for somebody who does not count.
func (e *Engine) reads(room *room, index int, p *segment.Profile, now time.Time, asOf contrib.Day, window int32) (contrib.Person, bool) {
	since := e.since[room.specs[index].Name]
	person, ok := room.rules.Person(p, index, now, asOf, window)
	person.Items = slices.DeleteFunc(person.Items, func(it contrib.Entry) bool { return it.Day < since })
	person.Days = slices.DeleteFunc(person.Days, func(a contrib.Act) bool { return a.Day < since })
	return person, ok
}
