package memstore

import (
	"context"

	"github.com/discreet-go/discreet/internal/ident"
)

// ConsentRows calls f with the row of every subject that has one, and its place in who,
// in no particular order. A row is lent for that call, in which f must not use the
// store: it waits for the lock that is held. Rows lie apart in memory, where many that
// are looked for together take less time than one after the other. A subject that is
// zero is [ErrKey], and f is not called.
func (s *Store) ConsentRows(ctx context.Context, who []ident.Subject, f func(i int, row []byte)) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	var ends [shardCount + 1]int32
	for i := range who {
		if who[i].IsZero() {
			return ErrKey
		}
		id := who[i].ID()
		ends[place(&id)+1]++
	}
	for i := range shardCount {
		ends[i+1] += ends[i]
	}
	order := make([]int32, len(who)) // by shard
	for i := range who {
		id := who[i].ID()
		at := &ends[place(&id)]
		order[*at] = int32(i)
		*at++
	}
	t, from := s.consentTable(), int32(0)
	for i := range t.shards {
		t.shards[i].lend(who, order[from:ends[i]], f)
		from = ends[i]
	}
	return nil
}

// lend calls f with the rows of those subjects of the shard that are in order.
func (sh *shard) lend(who []ident.Subject, order []int32, f func(i int, row []byte)) {
	if len(order) == 0 {
		return
	}
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	type found struct {
		i   int32
		row cell
	}
	var some [32]found // nothing depends on one of them before all are found
	for len(order) > 0 {
		n := 0
		next := order[:min(len(some), len(order))]
		order = order[len(next):]
		for _, i := range next {
			if row, ok := sh.rows[who[i].ID()]; ok {
				some[n] = found{i, row}
				n++
			}
		}
		for _, r := range some[:n] {
			b := r.row.bytes()
			f(int(r.i), b[:len(b):len(b)])
		}
	}
}
