package dp

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/discreet-go/discreet/internal/contrib"
)

// bound bounds the people of all buckets, in parallel, and adds them up.
func (b *bounder) bound(ctx context.Context) error {
	if b.spill != nil {
		if err := b.flush(); err != nil {
			return err
		}
		b.list = nil
	}
	b.places = nil
	dealt := deal(b.list, 0)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var (
		wait   sync.WaitGroup
		next   atomic.Int64
		people atomic.Int64
	)
	for range b.options.Workers {
		wait.Go(func() {
			w := &worker{bounder: b, ctx: ctx, cutter: cutter{frame: b.frame, names: b.names}}
			if b.spill != nil {
				w.room = b.each
				w.space = make([]record, 0, b.each)
			}
			for i := next.Add(1) - 1; i < buckets && ctx.Err() == nil; i = next.Add(1) - 1 {
				err := w.people(dealt[i])
				if b.spill != nil {
					err = w.bucket(b.runs[i], 0)
				}
				if err != nil {
					stop(err)
				}
			}
			if err := w.flush(); err != nil {
				stop(err)
			}
			people.Add(w.seen)
		})
	}
	wait.Wait()
	b.list, b.progress.People = nil, people.Load()
	return context.Cause(ctx)
}

// worker bounds people of one bucket after the other.
type worker struct {
	*bounder
	ctx    context.Context
	cutter cutter
	room   int      // records
	space  []record // for those that are read back
	cells  []contrib.Cell
	seen   int64 // people
}

const cellRoom = 4096 // cells that are added up together

// people adds up what people contribute of whom these are all records.
func (w *worker) people(list []record) error {
	return w.cutter.vectors(list, func(cells []contrib.Cell) error {
		if w.seen++; w.seen%256 == 0 && w.ctx.Err() != nil {
			return context.Cause(w.ctx)
		}
		if w.cells = append(w.cells, cells...); len(w.cells) >= cellRoom {
			return w.flush()
		}
		return nil
	})
}

// flush adds the cells to the sums of all workers.
func (w *worker) flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.cells {
		if err := w.sums.add(c); err != nil {
			return err
		}
	}
	clear(w.cells)
	w.cells = w.cells[:0]
	return nil
}

// bucket bounds people whose records are in runs of the file, all of which have the
// same first depth+1 bytes of the subject. Where they do not fit into memory, they
// are dealt by the next byte, to runs of fewer people.
func (w *worker) bucket(runs []run, depth int) (err error) {
	list := w.space[:0]
	var smaller *[buckets][]run
	split := func() error {
		for i, some := range deal(list, depth+1) {
			if smaller[i], err = w.spill.write(smaller[i], some); err != nil {
				return err
			}
		}
		list = list[:0]
		return nil
	}
	for _, r := range runs {
		if err := context.Cause(w.ctx); err != nil {
			return err
		}
		if len(list)+int(r.records) > w.room {
			if list, err = w.cutter.compact(list); err != nil {
				return err
			}
			if smaller == nil && len(list) > w.room/2 && depth < 15 {
				smaller = new([buckets][]run)
			}
			if smaller != nil {
				if err := split(); err != nil {
					return err
				}
			}
		}
		list = slices.Grow(list, int(r.records))
		if list, err = w.spill.read(list, r); err != nil {
			return err
		}
		w.space = list
	}
	if smaller == nil {
		return w.people(list)
	}
	if err := split(); err != nil {
		return err
	}
	for _, some := range smaller {
		if err := w.bucket(some, depth+1); err != nil {
			return err
		}
	}
	return nil
}
