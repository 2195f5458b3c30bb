package memstore

import (
	"bytes"
	"context"
	"slices"

	"github.com/discreet-go/discreet/internal/parallel"
	"github.com/discreet-go/discreet/segment"
)

// ProfileUpdateParallel is ProfileUpdate with several goroutines, at most one for each
// of workers: calls of f for different rows run at the same time, in no particular
// order, each with a number below workers that no other call under way has, so that f
// may keep working space for each. What f returns is copied before f is called again
// with that number. It needs room for all rows as they are to be, beside those that
// are there.
func (s *Store) ProfileUpdateParallel(ctx context.Context, keys []segment.Key, workers int, f func(worker, i int, row []byte) ([]byte, error)) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	u := &bulk{keys: keys, f: f, rows: make([]change, len(keys)), space: make([][]byte, max(workers, 1)), seen: make([]seen, max(workers, 1))}
	if err := u.spread(s); err != nil {
		return err
	}
	for i := range u.parts {
		u.parts[i].table.scans.Add(1) // rows stay what they are, without a lock
	}
	err := u.run(ctx)
	for i := range u.parts {
		if !u.written {
			u.parts[i].table.scans.Add(-1)
		}
	}
	for i := range u.rows {
		clear(u.rows[i].next) // holds no row
	}
	return err
}

// bulk changes many rows in one step.
type bulk struct {
	keys  []segment.Key
	f     func(worker, i int, row []byte) ([]byte, error)
	rows  []change // by key
	order []int32  // keys by part
	parts []part   // in the order in which their locks are taken

	space   [][]byte // by worker: room for rows as they are to be
	seen    []seen   // by worker: so that touch is not for nothing
	written bool
}

// part is what a bulk changes in one shard.
type part struct {
	table    *table
	shard    *shard
	keys     []int32
	version  uint64  // of the shard, when the rows were last known to be as they were read
	conflict []int32 // keys whose rows changed meanwhile
}

// change is one row of a bulk.
type change struct {
	now  cell // as it was read
	had  bool
	to   fate
	next []byte // where it is replaced in place
	cell cell   // where it goes to a new place
}

type seen struct {
	n byte
	_ [63]byte
}

type fate uint8

const (
	kept    fate = iota
	deleted      // or not there
	inPlace
	moved
)

// spread sorts the keys into parts.
func (u *bulk) spread(s *Store) error {
	type placed struct {
		table *table
		count [shardCount]int32
	}
	var tables []placed
	in := make([]int32, len(u.keys)) // table and shard of each key
	at := -1
	for i := range u.keys {
		k := &u.keys[i]
		if k.ID.IsZero() {
			return ErrKey
		}
		if i == 0 || u.keys[i-1].Purpose != k.Purpose { // keys come in runs of one purpose
			t, err := s.makeTable(k.Purpose)
			if err != nil {
				return err
			}
			if at = slices.IndexFunc(tables, func(p placed) bool { return p.table == t }); at < 0 {
				at = len(tables)
				tables = append(tables, placed{table: t})
			}
		}
		n := place(&k.ID)
		tables[at].count[n]++
		in[i] = int32(at*shardCount + n)
	}
	u.order = make([]int32, len(u.keys))
	first := make([]int32, len(tables)*shardCount)
	sorted := make([]int, len(tables))
	for i := range sorted {
		sorted[i] = i
	}
	slices.SortFunc(sorted, func(a, b int) int { return tables[a].table.order - tables[b].table.order })
	from := int32(0)
	for _, at := range sorted {
		p := &tables[at]
		for n, count := range p.count {
			if first[at*shardCount+n] = from; count > 0 {
				u.parts = append(u.parts, part{table: p.table, shard: &p.table.shards[n], keys: u.order[from : from+count]})
			}
			from += count
		}
	}
	for i, n := range in {
		u.order[first[n]] = int32(i)
		first[n]++
	}
	return nil
}

// run reads, asks and writes, again where rows changed meanwhile; the fourth time with
// the locks held.
func (u *bulk) run(ctx context.Context) error {
	size := parallel.Size{Tasks: len(u.parts), Workers: len(u.space)}
	err := parallel.Do(ctx, size, func(worker, at int) error {
		p := &u.parts[at]
		p.shard.mu.RLock()
		p.version = p.shard.version
		u.read(p, p.keys)
		p.shard.mu.RUnlock()
		return u.ask(worker, p.keys)
	})
	for try := 0; err == nil; try++ {
		if done, err := u.commit(size, try == 3); done || err != nil {
			return err
		}
		err = parallel.Do(ctx, size, func(worker, at int) error {
			p := &u.parts[at]
			p.shard.mu.RLock()
			u.read(p, p.conflict)
			p.shard.mu.RUnlock()
			return u.ask(worker, p.conflict)
		})
	}
	return err
}

// read finds the rows of some keys. The lock of the part is held.
func (u *bulk) read(p *part, keys []int32) {
	for _, i := range keys {
		c := &u.rows[i]
		c.now, c.had = p.shard.rows[u.keys[i].ID]
	}
}

// ask has f say what becomes of the rows of some keys.
func (u *bulk) ask(worker int, keys []int32) error {
	for n, i := range keys {
		if n%ahead == 0 {
			u.touch(worker, keys[n:min(n+ahead, len(keys))])
		}
		c := &u.rows[i]
		var row []byte
		if c.had {
			row = c.now.bytes()
			row = row[:len(row):len(row)]
		}
		next, err := u.f(worker, int(i), row)
		if err != nil {
			return err
		}
		switch {
		case next == nil:
			c.to = deleted
			if !c.had {
				c.to = kept
			}
		case c.had && bytes.Equal(next, row):
			c.to = kept
		case c.had && c.now.fits(len(next)):
			c.to, c.next = inPlace, u.keep(worker, next)
		default:
			c.to, c.cell = moved, newCell(next)
		}
	}
	return nil
}

// ahead is how many rows are loaded at a time.
const ahead = 16

// touch loads rows into the cache: they lie apart in memory, where many loads at once
// take about as long as one.
func (u *bulk) touch(worker int, keys []int32) {
	seen := byte(0)
	for _, i := range keys {
		row := u.rows[i].now.bytes()
		for at := 0; at < len(row); at += 64 {
			seen += row[at]
		}
	}
	u.seen[worker].n += seen
}

// keep copies a row into a worker's room.
func (u *bulk) keep(worker int, row []byte) []byte {
	room := u.space[worker]
	if len(row) > cap(room)-len(room) {
		room = make([]byte, 0, max(1<<16, len(row)))
	}
	n := len(room)
	room = append(room, row...)
	u.space[worker] = room
	return room[n:len(room):len(room)]
}

// commit writes all rows if none is another than it was read, and else notes which
// are; with force, it asks for those again, with the locks held.
func (u *bulk) commit(size parallel.Size, force bool) (done bool, err error) {
	for i := range u.parts {
		u.parts[i].shard.mu.Lock()
	}
	defer func() {
		for i := range u.parts {
			u.parts[i].shard.mu.Unlock()
		}
	}()
	done = true
	for at := range u.parts {
		p := &u.parts[at]
		if p.conflict = p.conflict[:0]; p.shard.version == p.version {
			continue
		}
		p.version = p.shard.version
		for _, i := range p.keys {
			c := &u.rows[i]
			if now, ok := p.shard.rows[u.keys[i].ID]; ok != c.had || now != c.now {
				p.conflict = append(p.conflict, i)
			}
		}
		if len(p.conflict) == 0 {
			continue
		}
		if done = force; force {
			u.read(p, p.conflict)
			if err := u.ask(0, p.conflict); err != nil {
				return false, err
			}
		}
	}
	if !done {
		return false, nil
	}
	for i := range u.parts {
		u.parts[i].table.scans.Add(-1) // what is read is read
	}
	u.written = true
	return true, parallel.Do(context.Background(), size, func(_, at int) error {
		u.write(&u.parts[at])
		return nil
	})
}

// write writes the rows of a part. All locks are held.
func (u *bulk) write(p *part) {
	for _, i := range p.keys {
		c, id := &u.rows[i], &u.keys[i].ID
		switch c.to {
		case inPlace:
			p.table.put(id, c.now, true, c.next)
		case moved:
			p.shard.version++
			p.shard.rows[*id] = c.cell
		case deleted:
			p.shard.version++
			delete(p.shard.rows, *id)
		}
	}
}
