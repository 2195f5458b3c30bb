package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"
)

var errOtherFile = errors.New("the folder belongs to a run over another file or with other settings; give another -dir")

// place is how far a file run has come. It is written after each batch is
// durable, so that a later run repeats at most that batch, and the message ids
// make the repetition a no-op.
type place struct {
	Run string    `json:"run"` // hash of the file's beginning and of the settings
	Row int64     `json:"row"` // last row recorded
	Now time.Time `json:"now"` // the clock then
}

func placeFile(dir string) string { return filepath.Join(dir, "place.json") }

// readPlace returns the place of an earlier run with the same run hash, or the
// beginning.
func readPlace(dir, run string) (place, error) {
	b, err := os.ReadFile(placeFile(dir))
	if errors.Is(err, os.ErrNotExist) {
		return place{Run: run}, nil
	}
	var p place
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(b, &p); err != nil || p.Run != run {
		return p, errOtherFile
	}
	return p, nil
}

// write replaces the place file in one step.
func (p place) write(dir string) error {
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "place-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), placeFile(dir))
}

// runHash identifies a file, by its size and first megabyte, and the settings.
func runHash(path string, settings ...string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	if _, err := io.CopyN(h, f, 1<<20); err != nil && err != io.EOF {
		return "", err
	}
	json.NewEncoder(h).Encode(struct {
		Size     int64
		Settings []string
	}{info.Size(), settings})
	return hex.EncodeToString(h.Sum(nil)), nil
}
