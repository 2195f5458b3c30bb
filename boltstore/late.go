package boltstore

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/discreet-go/discreet/segment"
)

// late holds profile rows that are acknowledged but not yet on disk. It stands
// before the file: a row is looked up here first.
type late struct {
	io sync.Mutex // one flush, or one Forget, at a time; taken before mu

	mu     sync.Mutex
	rows   map[segment.Key]*pending
	moving map[segment.Key]*pending // being written
	bytes  int                      // in rows
	turn   uint64                   // grows when rows move to the file or are dropped
	ended  bool

	quit, done chan struct{}
}

// pending is one version of a row; nil bytes delete it.
type pending struct{ row []byte }

// Beyond these, whoever comes last writes what is waiting.
const (
	lateRows  = 1 << 16
	lateBytes = 32 << 20
)

func (l *late) start(s *Store) {
	l.rows = map[segment.Key]*pending{}
	l.quit, l.done = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(l.done)
		tick := time.NewTicker(s.every)
		defer tick.Stop()
		for {
			select {
			case <-l.quit:
				return
			case <-tick.C:
				s.flush() // a failure is what every later write returns
			}
		}
	}()
}

// stop takes no more rows and writes those that wait.
func (l *late) stop(s *Store) error {
	if l.quit == nil {
		return nil
	}
	l.mu.Lock()
	l.ended = true
	l.mu.Unlock()
	close(l.quit)
	<-l.done
	return s.flush()
}

// find returns the waiting version of a row, or nil. l.mu is held.
func (l *late) find(k segment.Key) *pending {
	if p := l.rows[k]; p != nil {
		return p
	}
	return l.moving[k]
}

// flush writes everything that waits and syncs.
func (s *Store) flush() error {
	l := &s.late
	l.io.Lock()
	defer l.io.Unlock()
	l.mu.Lock()
	switch {
	case l.moving != nil: // an earlier flush failed
		l.mu.Unlock()
		return ErrFailed
	case len(l.rows) == 0:
		l.mu.Unlock()
		return nil
	}
	l.moving, l.rows, l.bytes = l.rows, map[segment.Key]*pending{}, 0
	moving := l.moving
	l.mu.Unlock()

	keys := make([]segment.Key, 0, len(moving))
	for k := range moving {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b segment.Key) int {
		x, y := a.ID.Bytes(), b.ID.Bytes()
		return cmp.Or(cmp.Compare(a.Purpose, b.Purpose), bytes.Compare(x[:], y[:]))
	})
	at, err := profilePlaces(keys)
	if err != nil {
		return err
	}
	for err = errStale; errors.Is(err, errStale); { // sealed again where the key changed
		seal := s.now.Load().seal
		r := &request{seal: seal, changes: make([]change, len(at))}
		for i := range at {
			c := &r.changes[i]
			c.bucket, c.key, c.write = at[i].bucket, at[i].key[:], true
			if row := moving[keys[i]].row; row != nil {
				c.value = seal.seal(c.bucket, c.key, row)
			}
		}
		err = s.submit(r)
	}
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.moving = nil
	l.turn++
	l.mu.Unlock()
	return nil
}

// updateLate is ProfileUpdate with Interval.
func (s *Store) updateLate(ctx context.Context, keys []segment.Key, f func(i int, row []byte) ([]byte, error)) error {
	at, err := profilePlaces(keys)
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		done, full, err := s.attemptLate(ctx, keys, at, f, try == maxTries)
		switch {
		case err != nil:
			return err
		case full:
			return s.flush()
		case done:
			return nil
		}
	}
}

// attemptLate is one try; alone, it cannot be overtaken.
func (s *Store) attemptLate(ctx context.Context, keys []segment.Key, at []place, f func(i int, row []byte) ([]byte, error), alone bool) (done, full bool, err error) {
	if err := s.ready(ctx); err != nil {
		return false, false, err
	}
	l := &s.late
	waiting := make([]*pending, len(keys))
	l.mu.Lock()
	if alone {
		defer l.mu.Unlock()
	}
	turn := l.turn
	for i, k := range keys {
		waiting[i] = l.find(k)
	}
	if !alone {
		l.mu.Unlock()
	}
	rows, _, err := s.read(at, func(i int) bool { return waiting[i] != nil })
	if err != nil {
		return false, false, err
	}
	next := make([]*pending, len(keys))
	for i := range keys {
		row := rows[i].row
		if waiting[i] != nil {
			row = waiting[i].row
		}
		made, err := f(i, row)
		switch {
		case err != nil:
			return false, false, err
		case made == nil && row == nil, made != nil && row != nil && bytes.Equal(made, row):
		case made == nil:
			next[i] = &pending{}
		default:
			next[i] = &pending{append([]byte{}, made...)}
		}
	}
	if !alone {
		l.mu.Lock()
		defer l.mu.Unlock()
	}
	switch {
	case l.ended:
		return false, false, ErrClosed
	case s.failed.Load():
		return false, false, ErrFailed
	case l.turn != turn:
		return false, false, nil
	}
	for i, k := range keys {
		if l.find(k) != waiting[i] {
			return false, false, nil
		}
	}
	for i, k := range keys {
		if next[i] != nil {
			l.rows[k] = next[i]
			l.bytes += len(next[i].row)
		}
	}
	return true, len(l.rows) >= lateRows || l.bytes >= lateBytes, nil
}

// settle runs do, which writes or deletes the rows under keys in the file and is
// handed the versions of them that wait, if any; then it drops these.
func (s *Store) settle(keys []segment.Key, do func(waiting []*pending) error) error {
	l := &s.late
	l.io.Lock()
	defer l.io.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.moving != nil {
		return ErrFailed // an earlier flush failed
	}
	waiting := make([]*pending, len(keys))
	for i, k := range keys {
		waiting[i] = l.rows[k]
	}
	if err := do(waiting); err != nil {
		return err
	}
	for _, k := range keys {
		delete(l.rows, k)
	}
	l.turn++
	return nil
}
