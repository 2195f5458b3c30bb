//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package boltstore

import (
	"io/fs"
	"os"
	"syscall"
)

// unlock lets others have a file whose database could not be closed: the
// mapping that stays behind would hold the lock.
func unlock(f *os.File) { syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }

// lock takes a file without waiting.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// links returns how many names a file has.
func links(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Nlink)
	}
	return 1
}
