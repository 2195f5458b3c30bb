package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// FileSink keeps checkpoints in one file, a line each, the newest last. Several
// processes must not share a file. It is safe for concurrent use.
type FileSink struct {
	path string
	mu   sync.Mutex
}

// ErrSinkFile: the file of a FileSink cannot be read, or is not one.
var ErrSinkFile = errors.New("ledger: the file of checkpoints cannot be used")

const sinkMax = 1 << 20 // bytes; beyond it the file begins anew with its newest line

// NewFileSink returns a sink that writes to path, which it makes with mode 0600
// when the first checkpoint comes. Put it on another disk than the store, or at
// least where a restored store does not bring its own.
func NewFileSink(path string) *FileSink { return &FileSink{path: path} }

// CheckpointLast returns the newest whole line, or nil where there is no file or
// none in it.
func (s *FileSink) CheckpointLast(ctx context.Context) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read()
}

// read returns the newest whole checkpoint.
func (s *FileSink) read() ([]byte, error) {
	info, err := os.Lstat(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil || !info.Mode().IsRegular() || info.Size() > 2*sinkMax:
		return nil, ErrSinkFile
	}
	data, err := os.ReadFile(s.path)
	if err != nil {
		return nil, ErrSinkFile
	}
	end := bytes.LastIndexByte(data, '\n') + 1 // what follows was never acknowledged
	if end == 0 {
		return nil, nil
	}
	line := data[bytes.LastIndexByte(data[:end-1], '\n')+1 : end-1]
	var text string
	if json.Unmarshal(line, &text) != nil || text == "" {
		return nil, ErrSinkFile
	}
	return []byte(text), nil
}

// CheckpointWrite appends a line and syncs.
func (s *FileSink) CheckpointWrite(ctx context.Context, signed []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	line, err := json.Marshal(string(signed))
	if err != nil || len(signed) == 0 || len(signed) > checkpointMax {
		return ErrCheckpoint
	}
	line = append(line, '\n')
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := os.Lstat(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && info.Mode().IsRegular() && info.Size()+int64(len(line)) > sinkMax:
		return s.begin(line)
	case err != nil || !info.Mode().IsRegular():
		return ErrSinkFile
	}
	whole, err := s.tail(info.Size())
	if err != nil {
		return err
	}
	f, err := os.OpenFile(s.path, os.O_WRONLY, 0)
	if err != nil {
		return ErrSinkFile
	}
	_, err1 := f.WriteAt(line, whole) // over what was cut off in a crash
	err2 := f.Truncate(whole + int64(len(line)))
	if err := errors.Join(err1, err2, f.Sync(), f.Close()); err != nil {
		return ErrSinkFile
	}
	return nil
}

// tail returns where the last whole line of a file of the given size ends.
func (s *FileSink) tail(size int64) (whole int64, err error) {
	f, err := os.Open(s.path)
	if err != nil {
		return 0, ErrSinkFile
	}
	defer f.Close()
	buf := make([]byte, min(size, 2*checkpointMax))
	if _, err := f.ReadAt(buf, size-int64(len(buf))); err != nil {
		return 0, ErrSinkFile
	}
	end := bytes.LastIndexByte(buf, '\n') + 1
	if end == 0 && int64(len(buf)) < size {
		return 0, ErrSinkFile
	}
	return size - int64(len(buf)) + int64(end), nil
}

// begin replaces the file by one that holds the line alone.
func (s *FileSink) begin(line []byte) error {
	dir := filepath.Dir(s.path)
	f, err := os.CreateTemp(dir, ".discreet-checkpoints-*") // mode 0600
	if err != nil {
		return ErrSinkFile
	}
	defer os.Remove(f.Name())
	_, err1 := f.WriteAt(line, 0)
	if err := errors.Join(err1, f.Sync(), f.Close()); err != nil {
		return ErrSinkFile
	}
	if err := os.Rename(f.Name(), s.path); err != nil {
		return ErrSinkFile
	}
	d, err := os.Open(dir)
	if err != nil {
		return ErrSinkFile
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return ErrSinkFile
	}
	return nil
}
