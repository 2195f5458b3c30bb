//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package boltstore

import "os"

// unlock does nothing where closing a file is enough, or all there is.
func unlock(*os.File) {}
