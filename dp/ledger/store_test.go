package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"sync"

	"github.com/discreet-go/discreet/dp/ledger"
)

var errDisk = errors.New("ledger_test: the disk failed")

// faults say what the next append does.
type fault int

const (
	works     fault = iota
	failFirst       // fails before anything is written
	failLater       // writes, and then fails: the caller cannot know
	falseConflict
	panics
)

// disk is a store that survives the process and fails on demand.
type disk struct {
	mu      sync.Mutex
	records [][]byte
	blobs   map[uint64][]byte
	appends int
	next    fault
	claims  ledger.Claims
	before  func() // runs once before the next append, outside of the lock
}

func (d *disk) LedgerAppend(ctx context.Context, seq uint64, rows ...ledger.Row) error {
	d.mu.Lock()
	before := d.before
	d.before = nil
	d.mu.Unlock()
	if before != nil {
		before()
	}
	if ctx.Err() != nil {
		return ctx.Err() // a store that lets go half-way
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.next
	d.next = works
	switch {
	case f == failFirst:
		return errDisk
	case f == panics:
		panic("ledger_test: the store panics")
	case f == falseConflict || seq != uint64(len(d.records)):
		return ledger.ErrConflict
	}
	d.appends++
	for i, r := range rows {
		d.records = append(d.records, bytes.Clone(r.Record))
		if r.Blob != nil {
			if d.blobs == nil {
				d.blobs = map[uint64][]byte{}
			}
			d.blobs[seq+uint64(i)] = bytes.Clone(r.Blob)
		}
	}
	if f == failLater {
		return errDisk
	}
	return nil
}

func (d *disk) LedgerRead(_ context.Context, from uint64, f func(uint64, []byte) error) error {
	d.mu.Lock()
	records := d.records
	d.mu.Unlock()
	for ; from < uint64(len(records)); from++ {
		if err := f(from, records[from]); err != nil {
			return err
		}
	}
	return nil
}

func (d *disk) LedgerBlob(_ context.Context, seq uint64) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return bytes.Clone(d.blobs[seq]), nil
}

func (d *disk) LedgerClaim(_ context.Context, key uint64) (func(), error) { return d.claims.Claim(key) }

// die drops what ends with the process that held it.
func (d *disk) die() *disk {
	d.claims = ledger.Claims{}
	return d
}

// copy returns a disk with the same content.
func (d *disk) copy() *disk {
	out := &disk{blobs: map[uint64][]byte{}}
	for _, r := range d.records {
		out.records = append(out.records, bytes.Clone(r))
	}
	for seq, b := range d.blobs {
		out.blobs[seq] = bytes.Clone(b)
	}
	return out
}
