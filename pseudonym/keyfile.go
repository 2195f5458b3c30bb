package pseudonym

import (
	"bytes"
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

// OpenKeyFile reads a key file of version 1 or 2. On Unix it must be a regular
// file, not reached by a symbolic link as its last element, owned by this
// process's effective user, and closed to group and others ([ErrKeyFileAccess]).
// Its content must be exact ([ErrKeyFileFormat]) and not sealed
// ([ErrKeyFileSealed]), each root the one that its check value was made of
// ([ErrKeyFileCheck]), and the keys random ([ErrWeakKey]). For a missing file errors.Is(err, fs.ErrNotExist) holds.
func OpenKeyFile(path string) (*Keyring, error) {
	s, err := readKeyFile(path)
	if err != nil {
		return nil, err
	}
	k, err := newKeyring(s)
	if err != nil {
		s.wipe()
	}
	return k, err
}

// Inspect returns what may be known of the roots in a key file, newest first. It
// reads the file as OpenKeyFile does, with the same errors but [ErrWeakKey], and
// wipes the keys before it returns. The same stands, for people and scripts,
// before the line "secrets" of the file.
func Inspect(path string) ([]KeyInfo, error) {
	s, err := readKeyFile(path)
	if err != nil {
		return nil, err
	}
	defer s.wipe()
	return s.infos(), nil
}

// readKeyFile reads and parses the file.
func readKeyFile(path string) (*secrets, error) {
	b, err := readPrivate(path, maxKeyFile)
	if err != nil {
		return nil, err
	}
	defer clear(b)
	if bytes.HasPrefix(b, []byte(sealedVersion)) {
		return nil, ErrKeyFileSealed
	}
	return parseKeyFile(b)
}

// readPrivate reads a file that nobody else may touch, of at most max bytes.
func readPrivate(path string, max int64) ([]byte, error) {
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
	if info.Size() > max {
		return nil, ErrKeyFileFormat
	}
	b := make([]byte, info.Size())
	if _, err := io.ReadFull(f, b); err != nil {
		clear(b)
		return nil, keyFileError(err)
	}
	return b, nil
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
