// Package parallel spreads the tasks of one call over goroutines that end with it.
package parallel

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// Size says how much there is to do, and how many do it.
type Size struct {
	Tasks   int
	Workers int // at least 1; more than tasks are not started
}

// Workers returns how many goroutines n things are worth, of which one is not started
// for fewer than each: at most one a processor.
func Workers(n int, each uint) int {
	return max(1, min(runtime.GOMAXPROCS(0), n/int(max(each, 1))))
}

// Do calls f for every task, each once, and returns when all calls have. Of the two
// numbers that f gets, worker is below Size.Workers and no two calls under way have the
// same, so that it may name working space. Tasks begin in order. After an error, or
// when ctx ends, no more begin; of several errors that of the first task is returned.
// One worker is the caller itself.
func Do(ctx context.Context, s Size, f func(worker, task int) error) error {
	var (
		next   atomic.Int64
		ended  atomic.Bool
		mu     sync.Mutex
		failed = s.Tasks
		first  error
		all    sync.WaitGroup
	)
	work := func(worker int) {
		for !ended.Load() {
			task := int(next.Add(1)) - 1
			if task >= s.Tasks {
				return
			}
			err := ctx.Err()
			if err == nil {
				err = f(worker, task)
			}
			if err != nil {
				ended.Store(true)
				mu.Lock()
				if task < failed {
					failed, first = task, err
				}
				mu.Unlock()
			}
		}
	}
	for worker := 1; worker < min(s.Workers, s.Tasks); worker++ {
		all.Add(1)
		go func() {
			defer all.Done()
			work(worker)
		}()
	}
	work(0)
	all.Wait()
	return first
}
