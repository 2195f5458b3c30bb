//go:build !unix

package pseudonym

import (
	"io/fs"
	"os"
)

// openNoFollow opens a file for reading and refuses a symbolic link, as far as
// the system can tell.
func openNoFollow(path string) (*os.File, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return nil, ErrKeyFileAccess
	}
	return os.Open(path)
}

// private cannot tell owner and permissions here.
func private(fs.FileInfo) bool { return true }

// syncDir does nothing: directories cannot be synced here.
func syncDir(string) error { return nil }
