package pseudonym

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// CreateKeyFile makes fresh keys and writes them to a new file at path with mode
// 0600. The file is complete and on disk when it appears under its name, and
// so is its name when CreateKeyFile returns. It never overwrites: where
// anything stands at path, also a dangling symbolic link, the error is
// [ErrKeyFileExists]. Other errors wrap [ErrKeyFile].
//
// On systems other than Unix the mode is the system's default: protect the
// directory.
func CreateKeyFile(path string) (*Keyring, error) {
	s, err := newSecrets()
	if err != nil {
		return nil, err
	}
	k, err := newKeyring(s)
	if err != nil {
		return nil, err
	}
	b, err := formatKeyFile(s)
	if err != nil {
		return nil, err
	}
	defer clear(b)
	if err := publish(path, b); err != nil {
		return nil, keyFileError(err)
	}
	return k, nil
}

// OpenKeyFile reads a file that CreateKeyFile wrote. On Unix it must be a
// regular file, not reached by a symbolic link as its last element, owned by
// this process's effective user, and closed to group and others
// ([ErrKeyFileAccess]). Its content must be exact ([ErrKeyFileFormat]) and its
// keys random ([ErrWeakKey]). For a missing file errors.Is(err, fs.ErrNotExist)
// holds.
func OpenKeyFile(path string) (*Keyring, error) {
	f, err := openNoFollow(path)
	if err != nil {
		return nil, keyFileError(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, keyFileError(err)
	}
	if !info.Mode().IsRegular() || !private(info) {
		return nil, ErrKeyFileAccess
	}
	if info.Size() != int64(keyFileSize) {
		return nil, ErrKeyFileFormat
	}
	b := make([]byte, keyFileSize)
	defer clear(b)
	if _, err := io.ReadFull(f, b); err != nil {
		return nil, keyFileError(err)
	}
	s, err := parseKeyFile(b)
	if err != nil {
		return nil, err
	}
	k, err := newKeyring(s)
	if err != nil {
		s.wipe()
	}
	return k, err
}

func keyFileError(err error) error {
	if errors.Is(err, ErrKeyFile) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrKeyFile, err)
}

// publish writes b to a file beside path, syncs it, and gives it its name with
// a hard link, which fails where the name is taken. File systems without hard
// links get the file under its name at once.
func publish(path string, b []byte) error {
	dir, name := filepath.Split(path)
	if name == "" {
		return fmt.Errorf("%w needs a name", ErrKeyFile)
	}
	if _, err := os.Lstat(path); err == nil {
		return ErrKeyFileExists
	}
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return err
	}
	temporary := filepath.Join(dir, "."+name+"."+hex.EncodeToString(random[:]))
	if err := writeNew(temporary, b); err != nil {
		return err
	}
	err := os.Link(temporary, path)
	if removed := os.Remove(temporary); err == nil {
		err = removed
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		if _, taken := os.Lstat(path); taken != nil {
			err = writeNew(path, b)
		}
	}
	if errors.Is(err, fs.ErrExist) {
		return ErrKeyFileExists
	}
	if err != nil {
		return err
	}
	return syncDir(dir)
}

// writeNew writes and syncs a file that must not exist, or leaves none.
func writeNew(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		os.Remove(path)
	}
	return err
}
