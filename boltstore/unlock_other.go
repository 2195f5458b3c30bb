//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package boltstore

import (
	"io/fs"
	"os"
)

// unlock does nothing where closing a file is enough, or all there is.
func unlock(*os.File) {}

// lock does nothing: who has the store has its journal.
func lock(*os.File) error { return nil }

// links returns 1: it is not known how many names a file has.
func links(fs.FileInfo) uint64 { return 1 }
