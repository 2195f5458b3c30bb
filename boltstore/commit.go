package boltstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"sync"

	"github.com/discreet-go/discreet/dp/ledger"
	"go.etcd.io/bbolt"
)

// A request is one step of one caller: all of its changes happen, or none.
// What it expects is checked inside the transaction that writes it.
type request struct {
	seal    *sealer // what the values are sealed with
	changes []change
	log     []byte // bucket of a log that must have exactly seq records; or nil
	seq     uint64 //
	erasure []byte // entry of the erasure journal, which comes to the disk first; or nil

	err  error
	wake chan bool // true: lead the next group; false: done
}

// change is a row that is checked, written, or both.
type change struct {
	bucket, key []byte
	checked     bool
	nonce       []byte // when checked: that of the row as it was read; nil for no row
	write       bool
	value       []byte // when written: sealed; nil deletes
}

// errStale: a row is no longer what it was when it was read.
var errStale = errors.New("boltstore: a row changed meanwhile")

const maxGroup = 512 // requests in one commit

// queue lets requests that come while a commit is under way share the next.
type queue struct {
	mu      sync.Mutex
	waiting []*request
	leading bool // somebody is committing, or has been told to
}

// submit commits r, alone or with others, and returns when it is on disk.
func (s *Store) submit(r *request) error {
	r.wake = make(chan bool, 1)
	q := &s.queue
	q.mu.Lock()
	q.waiting = append(q.waiting, r)
	lead := !q.leading
	q.leading = true
	q.mu.Unlock()
	if !lead && !<-r.wake {
		return r.err
	}
	q.mu.Lock()
	n := min(len(q.waiting), maxGroup)
	group := append([]*request(nil), q.waiting[:n]...) // r is the first
	q.waiting = append(q.waiting[:0], q.waiting[n:]...)
	q.mu.Unlock()

	s.commit(group)

	q.mu.Lock()
	if len(q.waiting) > 0 {
		q.waiting[0].wake <- true
	} else {
		q.leading = false
	}
	q.mu.Unlock()
	for _, other := range group {
		if other != r {
			other.wake <- false
		}
	}
	return r.err
}

// commit writes the requests whose expectations hold in one transaction. What
// they erase is in the journal, on disk, before the transaction ends: whatever
// comes in between, the next Bind does it again.
func (s *Store) commit(group []*request) {
	err := s.update(func(tx *bbolt.Tx, seal *sealer) (err error) {
		wrote := false
		var logged *journal
		defer func() {
			if err != nil && logged != nil {
				s.failed.Store(true) // the journal is ahead, and must not go on from there
			}
		}()
		for _, r := range group {
			if r.seal != seal {
				r.err = errStale // the file has another key by now
				continue
			}
			if r.err = r.expect(tx); r.err != nil {
				continue
			}
			if r.erasure != nil {
				j := s.now.Load().journal
				if j == nil {
					return ErrClosed // which keeps a journal from being begun
				}
				unknown, err := j.write(r.erasure)
				if unknown {
					s.failed.Store(true)
					return errors.Join(ErrFailed, err)
				}
				if r.err = err; err != nil {
					continue
				}
				logged = j
			}
			for i := range r.changes {
				if c := &r.changes[i]; c.write {
					if err := c.apply(tx); err != nil {
						return err
					}
					wrote = true
				}
			}
		}
		if logged != nil {
			if err := logged.sync(); err != nil {
				return errors.Join(ErrFailed, err)
			}
			if err := tx.Bucket(bucketMeta).Put(keyErasures, seal.seal(bucketMeta, keyErasures, logged.position())); err != nil {
				return err
			}
		}
		if !wrote && logged == nil {
			return errKeep
		}
		return nil
	})
	if err == nil {
		return
	}
	for _, r := range group {
		if r.err == nil {
			r.err = err
		}
	}
}

// expect returns errStale or ledger.ErrConflict where the rows, or the length
// of the log, are not what the request was made for.
func (r *request) expect(tx *bbolt.Tx) error {
	if r.log != nil {
		n, err := logLength(tx, r.log)
		if err != nil {
			return err
		}
		if n != r.seq {
			return ledger.ErrConflict
		}
	}
	for i := range r.changes {
		c := &r.changes[i]
		if !c.checked {
			continue
		}
		var row []byte
		if b := tx.Bucket(c.bucket); b != nil {
			row = b.Get(c.key)
		}
		switch {
		case row == nil && c.nonce == nil:
		case len(row) < headSize || c.nonce == nil || !bytes.Equal(row[1:headSize], c.nonce):
			return errStale
		}
	}
	return nil
}

func (c *change) apply(tx *bbolt.Tx) error {
	if c.value == nil {
		if b := tx.Bucket(c.bucket); b != nil {
			return b.Delete(c.key)
		}
		return nil
	}
	b, err := tx.CreateBucketIfNotExists(c.bucket)
	if err != nil {
		return err
	}
	return b.Put(c.key, c.value)
}

// logLength returns the number of records in a log.
func logLength(tx *bbolt.Tx, log []byte) (uint64, error) {
	b := tx.Bucket(log)
	if b == nil {
		return 0, nil
	}
	k, _ := b.Cursor().Last()
	switch {
	case k == nil:
		return 0, nil
	case len(k) != 8:
		return 0, ErrDamaged
	}
	return binary.BigEndian.Uint64(k) + 1, nil
}
