package memstore

import (
	"cmp"
	"math/bits"
	"slices"
	"sync"
	"unsafe"

	"github.com/discreet-go/discreet/internal/ident"
)

// A row is kept as a string: immutable, two words, and its address tells one
// version of a row from the next.

const shardCount = 64 // one bit each in a lock set

// table holds the rows of one purpose.
type table struct {
	order  int // locks are taken in this order, and by shard within a table
	shards [shardCount]shard
}

type shard struct {
	mu   sync.RWMutex
	rows map[ident.ID]string
	_    [32]byte // a cache line each
}

type idRow struct {
	id  ident.ID
	row string
}

func newTable(order int) *table {
	t := &table{order: order}
	for i := range t.shards {
		t.shards[i].rows = map[ident.ID]string{}
	}
	return t
}

// place returns the number of the shard of id.
func place(id *ident.ID) int {
	b := id.Bytes()
	return int(b[ident.IDSize-1] % shardCount)
}

func (t *table) get(id ident.ID) (string, bool) {
	sh := &t.shards[place(&id)]
	sh.mu.RLock()
	row, ok := sh.rows[id]
	sh.mu.RUnlock()
	return row, ok
}

// empty reports whether the table has no row.
func (t *table) empty() bool {
	for i := range t.shards {
		sh := &t.shards[i]
		sh.mu.RLock()
		n := len(sh.rows)
		sh.mu.RUnlock()
		if n > 0 {
			return false
		}
	}
	return true
}

// row returns a copy of a row, or nil.
func (t *table) row(id ident.ID) []byte {
	if t == nil {
		return nil
	}
	row, ok := t.get(id)
	if !ok {
		return nil
	}
	return append([]byte{}, row...)
}

// snapshot returns all rows as they are at one moment.
func (t *table) snapshot() []idRow {
	if t == nil {
		return nil
	}
	n := 0
	for i := range t.shards {
		t.shards[i].mu.RLock()
		n += len(t.shards[i].rows)
	}
	all := make([]idRow, 0, n)
	for i := range t.shards {
		for id, row := range t.shards[i].rows {
			all = append(all, idRow{id, row})
		}
		t.shards[i].mu.RUnlock()
	}
	return all
}

func (sh *shard) ids() []ident.ID {
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	ids := make([]ident.ID, 0, len(sh.rows))
	for id := range sh.rows {
		ids = append(ids, id)
	}
	return ids
}

// view returns the bytes of a row without copying. They must not be written.
func view(row string) []byte {
	if row == "" {
		return []byte{}
	}
	return unsafe.Slice(unsafe.StringData(row), len(row))
}

// same reports whether two strings are one: a row that was not replaced.
func same(a, b string) bool {
	return len(a) == len(b) && (len(a) == 0 || unsafe.StringData(a) == unsafe.StringData(b))
}

// slot is one row of an update.
type slot struct {
	table *table
	id    ident.ID
	drop  bool // delete, whatever is there, without asking

	old  string // as read
	had  bool
	next string // to be written
	has  bool
}

// update changes several rows in one step.
type update struct {
	slots []slot
	locks []lockSet
}

type lockSet struct {
	table *table
	mask  uint64
}

var updates = sync.Pool{New: func() any { return new(update) }}

func newUpdate(n int) *update {
	u := updates.Get().(*update)
	u.slots = slices.Grow(u.slots[:0], n)
	return u
}

func (u *update) recycle() {
	clear(u.slots) // holds no row alive
	clear(u.locks)
	u.slots, u.locks = u.slots[:0], u.locks[:0]
	updates.Put(u)
}

// run calls f for every slot that is not dropped and writes the results. It
// holds no lock while f runs, unless other updates came first three times.
func (u *update) run(f func(i int, row []byte) ([]byte, error)) error {
	for range 3 {
		for i := range u.slots {
			if s := &u.slots[i]; !s.drop {
				s.old, s.had = s.table.get(s.id)
				if err := s.ask(i, f); err != nil {
					return err
				}
			}
		}
		if len(u.slots) == 1 && u.slots[0].unchanged() {
			return nil
		}
		if u.commit() {
			return nil
		}
	}
	u.lock()
	defer u.unlock()
	for i := range u.slots {
		if s := &u.slots[i]; !s.drop {
			s.old, s.had = s.rows()[s.id]
			if err := s.ask(i, f); err != nil {
				return err
			}
		}
	}
	u.write()
	return nil
}

// ask sets next to what f makes of the row.
func (s *slot) ask(i int, f func(i int, row []byte) ([]byte, error)) error {
	var row []byte
	if s.had {
		row = view(s.old)
	}
	next, err := f(i, row)
	if err != nil {
		return err
	}
	s.has = next != nil
	switch {
	case !s.has:
		s.next = ""
	case s.had && string(next) == s.old:
		s.next = s.old
	default:
		s.next = string(next)
	}
	return nil
}

func (s *slot) unchanged() bool { return !s.drop && s.has == s.had && same(s.next, s.old) }

func (s *slot) rows() map[ident.ID]string { return s.table.shards[place(&s.id)].rows }

// commit writes all rows if none was replaced since it was read.
func (u *update) commit() bool {
	u.lock()
	defer u.unlock()
	for i := range u.slots {
		s := &u.slots[i]
		if s.drop {
			continue
		}
		if now, ok := s.rows()[s.id]; ok != s.had || !same(now, s.old) {
			return false
		}
	}
	u.write()
	return true
}

// write writes the rows. The locks are held.
func (u *update) write() {
	for i := range u.slots {
		switch s := &u.slots[i]; {
		case s.unchanged():
		case s.has:
			s.rows()[s.id] = s.next
		default:
			delete(s.rows(), s.id)
		}
	}
}

// lock takes the locks of all shards that hold a slot, in order.
func (u *update) lock() {
	u.locks = u.locks[:0]
	for i := range u.slots {
		s := &u.slots[i]
		at := slices.IndexFunc(u.locks, func(l lockSet) bool { return l.table == s.table })
		if at < 0 {
			at = len(u.locks)
			u.locks = append(u.locks, lockSet{table: s.table})
		}
		u.locks[at].mask |= 1 << place(&s.id)
	}
	slices.SortFunc(u.locks, func(a, b lockSet) int { return cmp.Compare(a.table.order, b.table.order) })
	for _, l := range u.locks {
		for m := l.mask; m != 0; m &= m - 1 {
			l.table.shards[bits.TrailingZeros64(m)].mu.Lock()
		}
	}
}

func (u *update) unlock() {
	for _, l := range u.locks {
		for m := l.mask; m != 0; m &= m - 1 {
			l.table.shards[bits.TrailingZeros64(m)].mu.Unlock()
		}
	}
}
