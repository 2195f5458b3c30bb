//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package pseudonym

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// tryLock takes the lock file, making it where there is none, or fails with
// ErrKeyFileLocked. The lock ends with the process.
func tryLock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		return func() { f.Close() }, nil
	}
	f.Close()
	if errors.Is(err, unix.EWOULDBLOCK) || errors.Is(err, unix.EINTR) {
		err = ErrKeyFileLocked
	}
	return nil, err
}
