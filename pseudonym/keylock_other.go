//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package pseudonym

import (
	"errors"
	"io/fs"
	"os"
)

// tryLock makes the lock file, or fails with ErrKeyFileLocked where there is one.
func tryLock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, ErrKeyFileLocked
	}
	if err != nil {
		return nil, err
	}
	f.Close()
	return func() { os.Remove(path) }, nil
}
