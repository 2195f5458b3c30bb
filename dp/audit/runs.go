package audit

import (
	"context"
	"fmt"
	"math"
	"sync"
)

// keep is how many numbers of outputs are kept for learning.
const keep = 1 << 24

// maxNumbers is how many numbers one output may have.
const maxNumbers = 1 << 16

// pair is an output of each input, made one after the other.
type pair struct{ with, without []float64 }

// pool holds the outputs to learn from.
type pool struct {
	pairs []pair
	dim   int
}

// runner calls the samples.
type runner struct {
	with, without Sample
	o             Options
	pool          pool
	done          int // runs of each sample
}

// counts says how often an event was seen in the held-out runs.
type counts struct{ with, without int }

// train makes n pairs and keeps them.
func (r *runner) train(ctx context.Context, n int) error {
	return r.each(ctx, n, r.store)
}

// hold makes n pairs and counts in how many each event happened; with store it
// keeps them afterwards, for the next look to learn from.
func (r *runner) hold(ctx context.Context, events []event, n int, store bool) ([]counts, error) {
	seen := make([]counts, len(events))
	err := r.each(ctx, n, func(p pair) {
		for i, e := range events {
			if e.hit(p.with) {
				seen[i].with++
			}
			if e.hit(p.without) {
				seen[i].without++
			}
		}
		if store {
			r.store(p)
		}
	})
	return seen, err
}

func (r *runner) store(p pair) {
	if len(r.pool.pairs) < max(100, keep/(2*r.pool.dim)) {
		r.pool.pairs = append(r.pool.pairs, p)
	}
}

// each makes n pairs, in parallel, and hands them on one at a time. Which
// sample goes first alternates, so that no drift can look like a difference.
func (r *runner) each(ctx context.Context, n int, use func(pair)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		mu   sync.Mutex
		wg   sync.WaitGroup
		next int
	)
	step := max(1, r.o.Runs/100)
	for range min(r.o.Workers, n) {
		wg.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= n || ctx.Err() != nil {
					return
				}
				p, err := r.one(ctx, i%2 == 0)
				if err != nil {
					cancel(err)
					return
				}
				mu.Lock()
				if err := r.check(p); err != nil {
					mu.Unlock()
					cancel(err)
					return
				}
				if ctx.Err() == nil {
					use(p)
					r.done++
					if r.o.Progress != nil && (r.done%step == 0 || r.done == r.o.Runs) {
						r.o.Progress(r.done, r.o.Runs)
					}
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// one runs both samples.
func (r *runner) one(ctx context.Context, withFirst bool) (p pair, err error) {
	call := func(s Sample, name string) []float64 {
		if err != nil {
			return nil
		}
		out, e := s(ctx)
		if e != nil {
			err = fmt.Errorf("audit: the sample %s the person failed: %w", name, e)
		}
		return append([]float64(nil), out...)
	}
	if withFirst {
		p.with = call(r.with, "with")
		p.without = call(r.without, "without")
	} else {
		p.without = call(r.without, "without")
		p.with = call(r.with, "with")
	}
	return p, err
}

// check holds that outputs are what ErrOutput says. The caller has the lock.
func (r *runner) check(p pair) error {
	if r.pool.dim == 0 {
		r.pool.dim = len(p.with)
	}
	for _, out := range [][]float64{p.with, p.without} {
		if len(out) == 0 || len(out) > maxNumbers {
			return fmt.Errorf("%w: a sample gave %d numbers", ErrOutput, len(out))
		}
		if len(out) != r.pool.dim {
			return fmt.Errorf("%w: a sample gave %d numbers, an earlier one %d", ErrOutput, len(out), r.pool.dim)
		}
		for i, x := range out {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return fmt.Errorf("%w: number %d is NaN or infinite", ErrOutput, i)
			}
		}
	}
	return nil
}
