package pseudonym

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// lockTries and lockPause bound how long UpdateKeyFile waits for others.
const (
	lockTries = 1000
	lockPause = 10 * time.Millisecond
)

// UpdateKeyFile replaces the ring in a key file by what change makes of it, and
// returns the ring that is in the file then:
//
//	keys, err := pseudonym.UpdateKeyFile(path, func(k *pseudonym.Keyring) (*pseudonym.Keyring, error) {
//		return k.Rotate(time.Now())
//	})
//
// The new file, mode 0600, is complete and on disk before it takes the name of
// the old one in one step, and its name is on disk when UpdateKeyFile returns: a
// crash leaves one of the two, whole. change runs under a lock, the file path
// and ".lock", which stays; so no step of another process is lost. change must
// not call UpdateKeyFile for the same path.
//
// Where change returns an error, UpdateKeyFile returns it, and where change
// returns the ring it got, nothing is written. A ring that does not follow from
// the one in the file is [ErrKeyFileLoss]. Other errors are those of
// [OpenKeyFile], and [ErrKeyFileLocked]. After an error of the operating system
// the file holds either ring: open it again.
//
// The bytes of the old file may stay on the disk, and in backups. On systems
// without flock, such as Windows, the lock file is removed after use; one that a
// crash left is [ErrKeyFileLocked] until somebody removes it.
func UpdateKeyFile(path string, change func(*Keyring) (*Keyring, error)) (*Keyring, error) {
	plain := func(text []byte) ([]byte, error) { return text, nil }
	return updateKeyFile(path, OpenKeyFile, change, plain)
}

// updateKeyFile is UpdateKeyFile for a file that is read by open, and whose text
// goes through write.
func updateKeyFile(path string, open func(string) (*Keyring, error), change func(*Keyring) (*Keyring, error), write func(text []byte) ([]byte, error)) (*Keyring, error) {
	unlock, err := lockKeyFile(path)
	if err != nil {
		return nil, keyFileError(err)
	}
	defer unlock()
	k, err := open(path)
	if err != nil {
		return nil, err
	}
	next, err := change(k)
	if err != nil || next == k {
		return next, err
	}
	s, err := next.secrets()
	if err != nil {
		return nil, err
	}
	if !s.follows(k.open()) {
		return nil, ErrKeyFileLoss
	}
	text, err := formatKeyFile(s)
	if err != nil {
		return nil, err
	}
	defer clear(text)
	b, err := write(text)
	if err != nil {
		return nil, err
	}
	if err := replace(path, b); err != nil {
		return nil, keyFileError(err)
	}
	return next, nil
}

// lockKeyFile waits for the lock of the key file under path.
func lockKeyFile(path string) (unlock func(), err error) {
	if _, err := os.Lstat(path); err != nil {
		return nil, err // a lock beside nothing would stay
	}
	for range lockTries {
		unlock, err = tryLock(path + ".lock")
		if !errors.Is(err, ErrKeyFileLocked) {
			return unlock, err
		}
		time.Sleep(lockPause)
	}
	return nil, err
}

// replace puts b in the place of the file under path. The caller has its lock:
// what stands under the temporary name was left by a crash.
func replace(path string, b []byte) error {
	dir, name := filepath.Split(path)
	temporary := filepath.Join(dir, "."+name+".next")
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := writeNew(temporary, b); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		os.Remove(temporary)
		return err
	}
	return syncDir(dir)
}
