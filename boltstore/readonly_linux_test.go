package boltstore_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/discreet-go/discreet/boltstore"
)

// TestReadOnly opens a file that the operating system lets nobody write. Root
// may write anything, so it becomes somebody else for the length of the test.
func TestReadOnly(t *testing.T) {
	path := fresh(t)
	open(t, path, keyring(t), boltstore.Sync).Close()
	if err := os.Chmod(path, 0o444); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if os.Geteuid() == 0 {
			syscall.RawSyscall(syscall.SYS_SETFSUID, 65534, 0, 0)
		}
		done <- tryOpen(path)
	}()
	err := <-done
	wantErr(t, err, boltstore.ErrOpen)
	wantErr(t, err, fs.ErrPermission)
	if strings.Contains(err.Error(), filepath.Base(path)) && strings.Contains(err.Error(), "/") {
		t.Fatalf("the error names the path: %v", err)
	}
}
