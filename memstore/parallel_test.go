package memstore_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/discreet-go/discreet/discreettest/storetest"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/segment"
)

// parallelStore updates profiles by ProfileUpdateParallel alone.
type parallelStore struct{ *memstore.Store }

func (s parallelStore) ProfileUpdate(ctx context.Context, keys []segment.Key, f func(i int, row []byte) ([]byte, error)) error {
	return s.ProfileUpdateParallel(ctx, keys, 1, func(_, i int, row []byte) ([]byte, error) { return f(i, row) })
}

// TestConformanceInParallel holds that ProfileUpdateParallel does what ProfileUpdate
// does, among all that a store does.
func TestConformanceInParallel(t *testing.T) {
	storetest.Test(t, func(*testing.T) storetest.Store { return parallelStore{memstore.Volatile()} })
}

// TestParallelCounters has several updates of many rows, of two purposes, add to
// counters at once, among scans and updates of single rows: no increment is lost, no
// two calls share a worker's number, and a scan sees every row whole.
func TestParallelCounters(t *testing.T) {
	ctx, s := t.Context(), bound(t)
	const people, rounds, workers = 3000, 4, 4
	keys := make([]segment.Key, 0, 2*people)
	for _, purpose := range []string{"test", "other"} {
		for n := range people {
			k := key(n)
			k.Purpose = purpose
			keys = append(keys, k)
		}
	}
	// A row is its counter, over and over: whoever reads half of two rows notices.
	next := func(dst, row []byte) []byte {
		n := uint64(0)
		if len(row) > 0 {
			n = binary.BigEndian.Uint64(row)
		}
		for i := 0; i < len(row); i += 8 {
			if binary.BigEndian.Uint64(row[i:]) != n {
				t.Error("a row is of two updates")
			}
		}
		for range 4 + n%9 {
			dst = binary.BigEndian.AppendUint64(dst, n+1)
		}
		return dst
	}
	var all sync.WaitGroup
	for range 2 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range rounds {
				var rooms [workers][]byte
				var busy [workers]atomic.Bool
				err := s.ProfileUpdateParallel(ctx, keys, workers, func(worker, i int, row []byte) ([]byte, error) {
					if busy[worker].Swap(true) {
						t.Error("two calls of one worker")
					}
					defer busy[worker].Store(false)
					rooms[worker] = next(rooms[worker][:0], row)
					return rooms[worker], nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		}()
	}
	all.Add(2)
	go func() {
		defer all.Done()
		for i := range 2 * people {
			if err := s.ProfileUpdate(ctx, keys[i:i+1], func(_ int, row []byte) ([]byte, error) { return next(nil, row), nil }); err != nil {
				t.Error(err)
			}
		}
	}()
	go func() {
		defer all.Done()
		for range 2 * rounds {
			err := s.ProfileScan(ctx, "test", func(_ segment.ID, row []byte) error { next(nil, row); return nil })
			if err != nil {
				t.Error(err)
			}
		}
	}()
	all.Wait()
	for _, k := range keys {
		row, err := s.ProfileRow(ctx, k)
		if err != nil || len(row) < 8 || binary.BigEndian.Uint64(row) != 2*rounds+1 {
			t.Fatalf("a counter is not %d, %v", 2*rounds+1, err)
		}
	}
}

// TestParallelIsOneStep: an error of f, the last one too, leaves every row as it was;
// so does a key that is none. Rows are deleted and kept as f says.
func TestParallelIsOneStep(t *testing.T) {
	ctx, s := t.Context(), bound(t)
	keys := make([]segment.Key, 500)
	for i := range keys {
		keys[i] = key(i)
	}
	set := func(what string) func(worker, i int, row []byte) ([]byte, error) {
		return func(_, i int, _ []byte) ([]byte, error) { return fmt.Append(nil, what, i), nil }
	}
	if err := s.ProfileUpdateParallel(ctx, keys, 3, set("first")); err != nil {
		t.Fatal(err)
	}
	bad := errors.New("bad")
	var calls atomic.Int64
	err := s.ProfileUpdateParallel(ctx, keys, 3, func(_, i int, _ []byte) ([]byte, error) {
		if calls.Add(1) == int64(len(keys)) {
			return nil, bad
		}
		return []byte("second"), nil
	})
	if !errors.Is(err, bad) {
		t.Error(err)
	}
	if err := s.ProfileUpdateParallel(ctx, append(keys[:3:3], segment.Key{Purpose: "test"}), 3, set("third")); !errors.Is(err, memstore.ErrKey) {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.ProfileUpdateParallel(ended, keys, 3, set("fourth")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for i, k := range keys {
		if row, err := s.ProfileRow(ctx, k); err != nil || string(row) != fmt.Sprint("first", i) {
			t.Fatal("a row was changed", err)
		}
	}
	err = s.ProfileUpdateParallel(ctx, keys, 3, func(_, i int, row []byte) ([]byte, error) {
		if i%2 == 0 {
			return nil, nil
		}
		return row, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range keys {
		if row, err := s.ProfileRow(ctx, k); err != nil || (row == nil) != (i%2 == 0) {
			t.Fatal("a row was not deleted, or not kept", err)
		}
	}
}
