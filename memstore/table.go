package memstore

import (
	"bytes"
	"cmp"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/discreet-go/discreet/internal/ident"
)

const shardCount = 64 // one bit each in a lock set

// table holds the rows of one purpose.
type table struct {
	order  int          // locks are taken in this order, and by shard within a table
	scans  atomic.Int32 // snapshots under way: their rows are not written over
	shards [shardCount]shard
}

type shard struct {
	mu      sync.RWMutex
	rows    map[ident.ID]cell
	version uint64   // changes with every row
	_       [24]byte // a cache line each
}

// cell is where a row stands: n bytes in room for c. A row is written over where
// the new one fits, so that recording does not allocate; who reads it holds the
// lock of its shard, or has a snapshot. In the map it takes the 16 bytes of a
// string, where a slice takes 24.
type cell struct {
	p    *byte
	n, c uint32
}

// newCell returns a cell with a copy of row, in all the room that the allocator
// gives for one of its size.
func newCell(row []byte) cell {
	if len(row) == 0 {
		return cell{}
	}
	b := append([]byte(nil), row...)
	return cell{unsafe.SliceData(b), uint32(len(b)), uint32(cap(b))}
}

// bytes returns the row, which is not nil.
func (c cell) bytes() []byte {
	if c.p == nil {
		return []byte{}
	}
	return unsafe.Slice(c.p, c.n)
}

// fits reports whether a row of n bytes may take the cell's place without much
// of it left over.
func (c cell) fits(n int) bool { return n > 0 && n <= int(c.c) && int(c.c) <= n+n/4+32 }

type idRow struct {
	id  ident.ID
	row cell
}

func newTable(order int) *table {
	t := &table{order: order}
	for i := range t.shards {
		t.shards[i].rows = map[ident.ID]cell{}
	}
	return t
}

// place returns the number of the shard of id.
func place(id *ident.ID) int {
	b := id.Bytes()
	return int(b[ident.IDSize-1] % shardCount)
}

// append appends the row of id to dst, and reports whether there is one.
func (t *table) append(dst []byte, id *ident.ID) ([]byte, bool) {
	sh := &t.shards[place(id)]
	sh.mu.RLock()
	row, ok := sh.rows[*id]
	dst = append(dst, row.bytes()...)
	sh.mu.RUnlock()
	return dst, ok
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
	row, ok := t.append([]byte{}, &id)
	if !ok {
		return nil
	}
	return row
}

// snapshot returns all rows as they are at one moment. They stay so until
// scanned is called.
func (t *table) snapshot() []idRow {
	if t == nil {
		return nil
	}
	t.scans.Add(1) // whoever writes in place has seen none, and is waited for
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

// scanned ends the use of a snapshot.
func (t *table) scanned() {
	if t != nil {
		t.scans.Add(-1)
	}
}

// put writes a row where now is, which had says is there. The lock is held.
func (t *table) put(id *ident.ID, now cell, had bool, row []byte) {
	sh := &t.shards[place(id)]
	rows := sh.rows
	sh.version++
	if !had || !now.fits(len(row)) || t.scans.Load() > 0 {
		rows[*id] = newCell(row)
		return
	}
	room := unsafe.Slice(now.p, now.c)
	n := copy(room, row)
	clear(room[n:]) // of what was there nothing stays
	if n != int(now.n) {
		now.n = uint32(n)
		rows[*id] = now
	}
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

// slot is one row of an update.
type slot struct {
	table *table
	id    ident.ID
	drop  bool // delete, whatever is there, without asking

	had  bool // there was a row: old
	has  bool // there is to be one: next, unless kept
	kept bool // as it was
	old  span
	next span
	now  cell // what stands there; the lock is held
}

// fewSlots is after how many rows an update makes room for all the others.
const fewSlots = 16

// span is a part of an update's buf.
type span struct{ from, to int }

// update changes several rows in one step.
type update struct {
	slots []slot
	locks []lockSet
	buf   []byte // rows as they were read and as they are to be
	used  int    // how much of it may hold any
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
	u.reset()
	clear(u.buf[:u.used]) // holds no row
	clear(u.slots)
	clear(u.locks)
	u.slots, u.locks, u.used = u.slots[:0], u.locks[:0], 0
	updates.Put(u)
}

// reset empties buf.
func (u *update) reset() {
	u.used = max(u.used, len(u.buf))
	u.buf = u.buf[:0]
}

// row returns a row in buf, which is not nil.
func (u *update) row(s span) []byte {
	if s.from == s.to {
		return []byte{}
	}
	return u.buf[s.from:s.to:s.to]
}

// run calls f for every slot that is not dropped and writes the results. It
// holds no lock while f runs, unless other updates came first three times.
func (u *update) run(f func(i int, row []byte) ([]byte, error)) error {
	for range 3 {
		u.reset()
		for i := range u.slots {
			if i == fewSlots { // the others will take about as much each
				u.buf = slices.Grow(u.buf, len(u.buf)/i*(len(u.slots)-i))
			}
			if s := &u.slots[i]; !s.drop {
				s.old.from = len(u.buf)
				u.buf, s.had = s.table.append(u.buf, &s.id)
				s.old.to = len(u.buf)
				if err := u.ask(i, f); err != nil {
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
	u.reset()
	for i := range u.slots {
		s := &u.slots[i]
		var ok bool
		if s.now, ok = s.rows()[s.id]; s.drop {
			continue
		}
		s.had = ok
		s.old.from = len(u.buf)
		u.buf = append(u.buf, s.now.bytes()...)
		s.old.to = len(u.buf)
		if err := u.ask(i, f); err != nil {
			return err
		}
	}
	u.write()
	return nil
}

// ask sets next to what f makes of the row.
func (u *update) ask(i int, f func(i int, row []byte) ([]byte, error)) error {
	s := &u.slots[i]
	var row []byte
	if s.had {
		row = u.row(s.old)
	}
	next, err := f(i, row)
	if err != nil {
		return err
	}
	s.has = next != nil
	s.kept = s.has == s.had && bytes.Equal(next, row)
	if s.has && !s.kept {
		s.next.from = len(u.buf)
		u.buf = append(u.buf, next...)
		s.next.to = len(u.buf)
	}
	return nil
}

func (s *slot) unchanged() bool { return !s.drop && s.kept }

func (s *slot) rows() map[ident.ID]cell { return s.table.shards[place(&s.id)].rows }

// commit writes all rows if none is another than it was read. One that was
// replaced meanwhile and is again what it was counts as not replaced.
func (u *update) commit() bool {
	u.lock()
	defer u.unlock()
	for i := range u.slots {
		s := &u.slots[i]
		now, ok := s.rows()[s.id]
		if s.now = now; !s.drop && (ok != s.had || !bytes.Equal(now.bytes(), u.row(s.old))) {
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
		case s.has && !s.drop:
			s.table.put(&s.id, s.now, s.had, u.row(s.next))
		default:
			s.table.shards[place(&s.id)].version++
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
