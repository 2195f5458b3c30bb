//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package boltstore

import (
	"io/fs"
	"os"
	"syscall"
	"time"
)

// unlock lets others have a file whose database could not be closed: the
// mapping that stays behind would hold the lock.
func unlock(f *os.File) { syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }

// lock takes a file, and waits for lockTimeout at most: a child that this or
// another process just forked holds the locks of its parent until it runs.
func lock(f *os.File) (err error) {
	for wait := time.Millisecond; ; wait *= 2 {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil || wait > lockTimeout/2 {
			return err
		}
		time.Sleep(wait)
	}
}

// links returns how many names a file has.
func links(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Nlink)
	}
	return 1
}
