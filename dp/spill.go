package dp

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/discreet-go/discreet/internal/sealed"
)

const (
	spillPrefix = "discreet-spill-"
	spillDomain = "discreet-spill-v0"
	recordSize  = 44
	runRecords  = 4096 // of one run at most
)

// record is one contribution in memory, and written: 16 bytes of the person's consent
// subject (its root is that of all), 16 of salt, 4 of partition, 8 of value.
type record struct {
	hi, lo uint64 // the subject
	salt   [16]byte
	at     uint32 // place of the partition among names
	value  int64
}

// byteOf returns byte i of the subject, which is even, being keyed.
func (r *record) byteOf(i int) byte {
	if i < 8 {
		return byte(r.hi >> (56 - 8*i))
	}
	return byte(r.lo >> (120 - 8*i))
}

// run is a stretch of the spill file.
type run struct {
	offset  int64
	number  uint64
	records int32
}

// file is what a spill needs of a file.
type file interface {
	WriteAt(b []byte, off int64) (int, error)
	ReadAt(b []byte, off int64) (int, error)
	Close() error
}

// spill is a file of sealed runs. Its key is random and in memory alone, and where the
// system allows it the file has no name: whatever ends the process, nothing readable
// is left. It is safe for concurrent use.
type spill struct {
	file file
	name string // to be removed; "" where it has none any more
	box  *sealed.Box

	mu    sync.Mutex
	next  int64
	count uint64
}

// openFile makes the file of a spill. Tests have others.
type openFile func(dir string) (f file, name string, err error)

// newSpill makes a file in dir, and removes those that are left there of processes
// that were killed: nobody can read them.
func newSpill(dir string, open openFile) (*spill, error) {
	var key [32]byte
	rand.Read(key[:])
	box, err := sealed.New(spillDomain, &key)
	clear(key[:])
	if err != nil {
		return nil, spillError(err)
	}
	f, name, err := open(dir)
	if err != nil {
		return nil, spillError(err)
	}
	return &spill{file: f, name: name, box: box}, nil
}

// nameless opens a file and takes its name away, after removing what others left. One
// that is in use has lost its name too, or the system keeps it.
func nameless(dir string) (file, string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, "", err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), spillPrefix) && e.Type().IsRegular() {
			os.Remove(filepath.Join(dir, e.Name())) // one that is gone, or in use, is none of ours
		}
	}
	f, err := os.CreateTemp(dir, spillPrefix+"*") // mode 0600
	if err != nil {
		return nil, "", err
	}
	if os.Remove(f.Name()) == nil || !exists(f.Name()) {
		return f, "", nil
	}
	return f, f.Name(), nil
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return !errors.Is(err, fs.ErrNotExist)
}

// close ends the spill.
func (s *spill) close() error {
	err := s.file.Close()
	if s.name != "" {
		err = errors.Join(err, os.Remove(s.name))
	}
	if err != nil {
		return spillError(err)
	}
	return nil
}

// write appends records to the file, as one run or several.
func (s *spill) write(runs []run, list []record) ([]run, error) {
	for len(list) > 0 {
		some := list[:min(len(list), runRecords)]
		list = list[len(some):]
		plain := make([]byte, 0, len(some)*recordSize)
		for i := range some {
			plain = some[i].append(plain)
		}
		s.mu.Lock()
		r := run{number: s.count, records: int32(len(some))}
		s.count++
		s.mu.Unlock()
		b := s.box.Seal([]byte("run"), binary.BigEndian.AppendUint64(nil, r.number), plain)
		clear(plain)
		s.mu.Lock()
		r.offset = s.next
		s.next += int64(len(b))
		s.mu.Unlock()
		if _, err := s.file.WriteAt(b, r.offset); err != nil {
			return nil, spillError(err)
		}
		runs = append(runs, r)
	}
	return runs, nil
}

// read appends the records of a run.
func (s *spill) read(list []record, r run) ([]record, error) {
	b := make([]byte, sealed.HeadSize+int(r.records)*recordSize+16)
	if _, err := s.file.ReadAt(b, r.offset); err != nil {
		return nil, spillError(err)
	}
	plain, ok := s.box.Open([]byte("run"), binary.BigEndian.AppendUint64(nil, r.number), b)
	if !ok || len(plain) != int(r.records)*recordSize {
		return nil, ErrSpill
	}
	for i := range int(r.records) {
		list = append(list, readRecord(plain[i*recordSize:]))
	}
	clear(plain)
	return list, nil
}

// size returns how many bytes were written.
func (s *spill) size() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next
}

func (r *record) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, r.hi)
	b = binary.BigEndian.AppendUint64(b, r.lo)
	b = append(b, r.salt[:]...)
	b = binary.BigEndian.AppendUint32(b, r.at)
	return binary.BigEndian.AppendUint64(b, uint64(r.value))
}

func readRecord(b []byte) record {
	return record{
		hi: binary.BigEndian.Uint64(b), lo: binary.BigEndian.Uint64(b[8:]), salt: [16]byte(b[16:32]),
		at: binary.BigEndian.Uint32(b[32:]), value: int64(binary.BigEndian.Uint64(b[36:])),
	}
}

// spillError says what failed, as a full disk, without the path.
func spillError(err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("%w: %w", ErrSpill, err)
}
