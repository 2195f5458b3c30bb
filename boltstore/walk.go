package boltstore

import (
	"encoding/binary"
	"os"

	"go.etcd.io/bbolt"
)

const (
	pageHead    = 16
	elementSize = 16
	pageBranch  = 1
	pageLeaf    = 2
	pageFree    = 16
)

// walk refuses a file whose pages the database must not follow, before it does:
// a page that leads back to itself would make it go round without an end, and one
// that claims too much, or that is listed as free, would take others with it. None
// of that is an error or a panic there. walk reads every page that is in use, from
// the file and not from its mapping, where a place that is missing is a fault. It
// does not look into values. The layout is that of bbolt, version 2.
func walk(file *os.File, db *bbolt.DB, tx *bbolt.Tx) error {
	w := &walker{file: file, page: int64(db.Info().PageSize)}
	if info, err := file.Stat(); err != nil {
		return openError(err)
	} else if info.Size() < tx.Size() {
		return ErrDamaged
	}
	// The header that the transaction goes by.
	var root, free uint64
	found := false
	for at := int64(0); at < 2*w.page && !found; at += w.page {
		m := make([]byte, 64)
		if _, err := file.ReadAt(m, at+pageHead); err != nil {
			return openError(err)
		}
		if binary.NativeEndian.Uint64(m[48:]) == uint64(tx.ID()) {
			root, free, w.high = binary.NativeEndian.Uint64(m[16:]), binary.NativeEndian.Uint64(m[32:]), binary.NativeEndian.Uint64(m[40:])
			found = true
		}
	}
	if !found || w.page <= 0 || w.high != uint64(tx.Size()/w.page) {
		return ErrDamaged
	}
	w.seen = make([]bool, w.high)
	if err := w.tree(root); err != nil {
		return err
	}
	return w.free(free)
}

type walker struct {
	file *os.File
	page int64  // bytes
	high uint64 // first page that was never used
	seen []bool
}

// take reads the beginning of a page, which nothing else may have led to: as much
// as its elements need, or all of it.
func (w *walker) take(id uint64, all bool) (p []byte, size int64, err error) {
	if id < 2 || id >= w.high {
		return nil, 0, ErrDamaged
	}
	p = make([]byte, w.page)
	if _, err := w.file.ReadAt(p, int64(id)*w.page); err != nil {
		return nil, 0, openError(err)
	}
	more := uint64(binary.NativeEndian.Uint32(p[12:]))
	if binary.NativeEndian.Uint64(p) != id || more >= w.high-id {
		return nil, 0, ErrDamaged
	}
	for i := id; i <= id+more; i++ {
		if w.seen[i] {
			return nil, 0, ErrDamaged
		}
		w.seen[i] = true
	}
	size = (int64(more) + 1) * w.page
	need := min(size, pageHead+elementSize*int64(elements(p)))
	if all {
		need = size
	}
	if need > w.page {
		p = make([]byte, need)
		if _, err := w.file.ReadAt(p, int64(id)*w.page); err != nil {
			return nil, 0, openError(err)
		}
	}
	return p, size, nil
}

func kind(p []byte) uint16           { return binary.NativeEndian.Uint16(p[8:]) }
func elements(p []byte) int          { return int(binary.NativeEndian.Uint16(p[10:])) }
func element(p []byte, i int) []byte { return p[pageHead+elementSize*i:][:elementSize] }

// tree goes through the bucket of buckets and those in it.
func (w *walker) tree(root uint64) error {
	type node struct {
		id     uint64
		bucket bool // of the bucket of buckets
	}
	for todo := []node{{root, true}}; len(todo) > 0; {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		p, size, err := w.take(n.id, n.bucket)
		if err != nil {
			return err
		}
		if !bounded(p, size) {
			return ErrDamaged
		}
		for i := range elements(p) {
			e := element(p, i)
			if kind(p) == pageBranch {
				todo = append(todo, node{binary.NativeEndian.Uint64(e[8:]), n.bucket})
				continue
			}
			if bucket := binary.NativeEndian.Uint32(e) != 0; bucket != n.bucket {
				return ErrDamaged // a bucket in a bucket is none of ours
			} else if !bucket {
				continue
			}
			pos, k, v := place32(e)
			value := p[pageHead+elementSize*int64(i)+pos+k:][:v]
			if v < 16 {
				return ErrDamaged
			}
			if id := binary.NativeEndian.Uint64(value); id != 0 {
				todo = append(todo, node{id, false})
				continue
			}
			// A small bucket stands in the value.
			small := value[16:]
			if len(small) < pageHead || kind(small) != pageLeaf || !bounded(small, int64(len(small))) {
				return ErrDamaged
			}
			for i := range elements(small) {
				if binary.NativeEndian.Uint32(element(small, i)) != 0 {
					return ErrDamaged
				}
			}
		}
	}
	return nil
}

// place32 returns where the key of a leaf's element begins, from the element on,
// and the lengths of key and value.
func place32(e []byte) (pos, k, v int64) {
	return int64(binary.NativeEndian.Uint32(e[4:])), int64(binary.NativeEndian.Uint32(e[8:])), int64(binary.NativeEndian.Uint32(e[12:]))
}

// bounded reports whether a page of so many bytes is a branch or a leaf whose
// elements lie in it.
func bounded(p []byte, size int64) bool {
	n := int64(elements(p))
	first := pageHead + elementSize*n
	if first > size || kind(p) != pageLeaf && (kind(p) != pageBranch || n == 0) {
		return false
	}
	for i := range n {
		e := element(p, int(i))
		pos, k, v := place32(e)
		if kind(p) == pageBranch {
			pos, k, v = int64(binary.NativeEndian.Uint32(e)), int64(binary.NativeEndian.Uint32(e[4:])), 0
		}
		if at := pageHead + elementSize*i + pos; at < first || at+k+v > size {
			return false
		}
	}
	return true
}

// free goes through the list of free pages, none of which is in use.
func (w *walker) free(id uint64) error {
	p, size, err := w.take(id, true)
	if err != nil {
		return err
	}
	n, at := uint64(elements(p)), int64(pageHead)
	if n == 0xffff {
		n, at = binary.NativeEndian.Uint64(p[pageHead:]), pageHead+8
	}
	if kind(p) != pageFree || n > uint64(size-at)/8 {
		return ErrDamaged
	}
	for i := range int64(n) {
		free := binary.NativeEndian.Uint64(p[at+8*i:])
		if free < 2 || free >= w.high || w.seen[free] {
			return ErrDamaged
		}
		w.seen[free] = true
	}
	return nil
}
