package boltstore_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/pseudonym"
)

// TestPowerCut records what a process writes and syncs, and opens every state
// of the disk that a power cut could leave. See images for which these are.
func TestPowerCut(t *testing.T) {
	steps := 33
	if os.Getenv("DISCREET_LONG") != "" {
		steps = 120
	}
	for _, mode := range []string{"sync", "interval"} {
		t.Run(mode, func(t *testing.T) {
			d, ops := record(t, fmt.Sprintf("script-%d-%s", steps, mode), steps)
			images, err := d.check(ops)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d steps, %d operations, %d images", steps, len(ops), images)
		})
	}
}

// TestPowerCutBites leaves out syncs, which TestPowerCut must notice.
func TestPowerCutBites(t *testing.T) {
	const steps = 12
	t.Run("commits without a sync", func(t *testing.T) {
		d, ops := record(t, fmt.Sprintf("script-%d-no", steps), steps)
		bites(t, d, ops)
	})
	d, ops := record(t, fmt.Sprintf("script-%d-sync", steps), steps)
	made := slices.IndexFunc(ops, func(o op) bool { return o.kind == opAck && o.step == stepAccount })
	last := len(ops) - 1
	for ops[last].kind != opSync {
		last--
	}
	for name, drop := range map[string]func(i int) bool{
		"directory": func(i int) bool { return ops[i].kind == opSyncDir },
		"pages": func(i int) bool {
			return i > made && ops[i].kind == opSync && ops[i-1].kind == opWrite && ops[i-1].off > 4096
		},
		"header": func(i int) bool {
			return i > made && ops[i].kind == opSync && ops[i-1].kind == opWrite && ops[i-1].off <= 4096
		},
		"the last": func(i int) bool { return i == last },
	} {
		t.Run(name, func(t *testing.T) {
			kept := slices.Clone(ops)
			for i := range kept {
				if drop(i) {
					kept[i] = op{kind: opAck, step: -1} // keeps the positions
				}
			}
			bites(t, d, kept)
		})
	}
}

func bites(t *testing.T, d *cutter, ops []op) {
	t.Helper()
	images, err := d.check(ops)
	if err == nil {
		t.Fatalf("none of %d images shows that syncs are missing", images)
	}
	t.Logf("image %d: %v", images, err)
}

// record runs a child to its end and returns what it did.
func record(t *testing.T, mode string, steps int) (*cutter, []op) {
	t.Helper()
	dir := t.TempDir()
	keys, err := pseudonym.CreateKeyFile(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	made := filepath.Join(dir, "s")
	if err := os.Mkdir(made, 0o700); err != nil {
		t.Fatal(err)
	}
	ops, err := trace(spawn(t, mode, dir), made)
	if errors.Is(err, errNoTrace) {
		t.Skipf("no power cuts are tried: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if last := slices.MaxFunc(ops, func(a, b op) int { return a.step - b.step }); last.step != steps-1 {
		t.Fatalf("%d steps were acknowledged, of %d", last.step+1, steps)
	}
	images := filepath.Join(dir, "images")
	if fast, err := os.MkdirTemp("/dev/shm", "boltstore-*"); err == nil { // no disk is needed for what is only read again
		t.Cleanup(func() { os.RemoveAll(fast) })
		images = fast
	} else if err := os.Mkdir(images, 0o700); err != nil {
		t.Fatal(err)
	}
	return &cutter{dir: images, keys: keys}, ops
}

const sector = 512

// piece is what a disk writes whole or not at all: one sector of a write, the
// size of a file, or a change of a name.
type piece struct {
	op
	sector int64
}

// disk is the state of a disk: files, and names in one directory.
type disk struct {
	files map[int]*content
	names map[string]int
}

// content is a file. Zeros at its end are left out of data.
type content struct {
	data []byte
	size int64
}

func (d *disk) clone() *disk {
	c := &disk{files: map[int]*content{}, names: maps.Clone(d.names)}
	for n, f := range d.files {
		c.files[n] = &content{bytes.Clone(f.data), f.size}
	}
	return c
}

func (d *disk) apply(o *op) {
	f := d.files[o.file]
	if f == nil {
		f = &content{}
		d.files[o.file] = f
	}
	switch o.kind {
	case opWrite:
		end := o.off + int64(len(o.data))
		if int64(len(f.data)) < end {
			f.data = append(f.data, make([]byte, end-int64(len(f.data)))...)
		}
		copy(f.data[o.off:], o.data)
		f.size = max(f.size, end)
	case opSize:
		f.size = o.size
		f.data = f.data[:min(int64(len(f.data)), f.size)]
	case opName:
		d.names[o.name] = o.file
	case opUnname:
		delete(d.names, o.name)
	}
}

// holds reports whether the piece changes nothing on d.
func (d *disk) holds(p *piece) bool {
	f := d.files[p.file]
	end := p.off + int64(len(p.data))
	return p.kind == opWrite && f != nil && int64(len(f.data)) >= end && bytes.Equal(f.data[p.off:end], p.data)
}

// cutter opens the images of a trace.
type cutter struct {
	dir    string
	keys   *pseudonym.Keyring
	images int
	acked  int
}

// check opens every image of a trace and returns how many there were, and the
// first that is wrong.
func (c *cutter) check(ops []op) (int, error) {
	c.images, c.acked = 0, -1
	durable := &disk{files: map[int]*content{}, names: map[string]int{}}
	var waiting []op // not synced, with where they stand in the trace
	var at []int
	for i, o := range ops {
		switch o.kind {
		case opAck:
			c.acked = max(c.acked, o.step)
			continue
		case opSync, opSyncDir:
			// Every state since the last sync lies in between these.
			if err := c.cut(durable, waiting); err != nil {
				return c.images, fmt.Errorf("before operation %d, after step %d: %w", i, c.acked, err)
			}
			var rest []op
			var restAt []int
			for j, w := range waiting {
				name := w.kind == opName || w.kind == opUnname
				if at[j] < o.began && (name && o.kind == opSyncDir || !name && o.kind == opSync && w.file == o.file) {
					durable.apply(&waiting[j])
				} else {
					rest, restAt = append(rest, w), append(restAt, at[j])
				}
			}
			waiting, at = rest, restAt
		default:
			waiting, at = append(waiting, o), append(at, i)
		}
	}
	if err := c.cut(durable, waiting); err != nil {
		return c.images, fmt.Errorf("at the end, after step %d: %w", c.acked, err)
	}
	return c.images, nil
}

const randomImages = 16

// cut opens the images of one moment: what is durable, with any part of what
// waits. Of n pieces that wait these parts are tried: none, all, each beginning,
// all but each single one, each single one alone, and randomImages that are
// drawn from a fixed seed.
func (c *cutter) cut(durable *disk, waiting []op) error {
	pieces := split(durable, waiting)
	n := len(pieces)
	seen := map[[32]byte]bool{}
	try := func(more bool, keep func(i int) bool) error {
		d := durable.clone()
		h := sha256.New()
		for i := range pieces {
			if keep(i) {
				d.apply(&pieces[i].op)
				binary.Write(h, binary.BigEndian, int64(i))
			}
		}
		sum := [32]byte(h.Sum(nil))
		if seen[sum] {
			return nil
		}
		seen[sum] = true
		c.images++
		return c.open(d, more)
	}
	err := errors.Join(
		try(true, func(int) bool { return false }),
		try(true, func(int) bool { return true }),
	)
	for i := 0; i < n && err == nil; i++ {
		err = errors.Join(
			try(false, func(j int) bool { return j <= i }),
			try(false, func(j int) bool { return j != i }),
			try(false, func(j int) bool { return j == i }),
		)
	}
	dice := rand.New(rand.NewPCG(1, uint64(n)))
	for i := 0; i < randomImages && n > 2 && err == nil; i++ {
		err = try(true, func(int) bool { return dice.IntN(2) == 0 })
	}
	return err
}

// split makes pieces of operations, without those that change nothing.
func split(durable *disk, waiting []op) (pieces []piece) {
	type place struct {
		file   int
		sector int64
	}
	touched := map[place]bool{}
	for _, o := range waiting {
		if o.kind != opWrite {
			pieces = append(pieces, piece{op: o})
			continue
		}
		for len(o.data) > 0 {
			p := piece{op: o, sector: o.off / sector}
			p.data = o.data[:min(int64(len(o.data)), (p.sector+1)*sector-o.off)]
			o.off, o.data = o.off+int64(len(p.data)), o.data[len(p.data):]
			where := place{o.file, p.sector}
			if touched[where] || !durable.holds(&p) {
				touched[where] = true
				pieces = append(pieces, p)
			}
		}
	}
	return pieces
}

// open writes an image and looks at it as a process after the cut does.
func (c *cutter) open(d *disk, more bool) error {
	dir := filepath.Join(c.dir, "image")
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700)); err != nil {
		return err
	}
	for name, file := range d.names {
		f := d.files[file]
		if f == nil {
			f = &content{}
		}
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, f.data, 0o600), os.Truncate(path, f.size)); err != nil {
			return err
		}
	}
	return recovered(filepath.Join(dir, "store"), c.keys, c.acked, more)
}
