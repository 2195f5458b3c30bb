package parallel_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/discreet-go/discreet/internal/parallel"
)

// TestDo: every task once, and no two calls under way with one worker's number.
func TestDo(t *testing.T) {
	for _, s := range []parallel.Size{{}, {Tasks: 1, Workers: 1}, {Tasks: 3, Workers: 8}, {Tasks: 1000, Workers: 1}, {Tasks: 1000, Workers: 7}} {
		calls := make([]atomic.Int32, s.Tasks)
		busy := make([]atomic.Bool, max(s.Workers, 1))
		err := parallel.Do(t.Context(), s, func(worker, task int) error {
			if busy[worker].Swap(true) {
				t.Error("two calls of one worker")
			}
			calls[task].Add(1)
			busy[worker].Store(false)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range calls {
			if calls[i].Load() != 1 {
				t.Fatalf("%+v: task %d was called %d times", s, i, calls[i].Load())
			}
		}
	}
}

// TestDoEnds: after an error, or with ctx, no more tasks begin.
func TestDoEnds(t *testing.T) {
	bad := errors.New("bad")
	for _, workers := range []int{1, 4} {
		var calls atomic.Int32
		err := parallel.Do(t.Context(), parallel.Size{Tasks: 1000, Workers: workers}, func(_, task int) error {
			if calls.Add(1); task >= 10 {
				return bad
			}
			return nil
		})
		if err != bad || int(calls.Load()) > 10+workers {
			t.Errorf("%d workers: %v after %d calls", workers, err, calls.Load())
		}
		ctx, cancel := context.WithCancel(t.Context())
		calls.Store(0)
		err = parallel.Do(ctx, parallel.Size{Tasks: 1000, Workers: workers}, func(int, int) error {
			calls.Add(1)
			cancel()
			return nil
		})
		if !errors.Is(err, context.Canceled) || int(calls.Load()) > workers {
			t.Errorf("%d workers: %v after %d calls", workers, err, calls.Load())
		}
	}
}

func TestWorkers(t *testing.T) {
	if parallel.Workers(0, 100) != 1 || parallel.Workers(99, 100) != 1 || parallel.Workers(1<<30, 1) < 1 || parallel.Workers(5, 0) < 1 {
		t.Error("not at least one")
	}
}
