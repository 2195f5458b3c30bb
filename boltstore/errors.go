package boltstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// Errors a caller can act on.
var (
	// ErrOptions: an option is out of range.
	ErrOptions = errors.New("boltstore: Options.Durability must be Sync, or Interval of 10 ms to 1 minute")

	// ErrLocked: another process, or another Store, holds the file.
	ErrLocked = errors.New("boltstore: the file is in use by another process; one at a time may hold it")

	// ErrOpen: the file cannot be opened or made for reading and writing. It
	// wraps the reason of the operating system.
	ErrOpen = errors.New("boltstore: the file cannot be opened for reading and writing")

	// ErrNotStore: the file is something else.
	ErrNotStore = errors.New("boltstore: the file is not a store of this library")

	// ErrDamaged: the file is cut short or its bytes were changed. Restore it
	// from a backup.
	ErrDamaged = errors.New("boltstore: the file is damaged")

	// ErrNewer: the file was written by a newer version of this library.
	ErrNewer = errors.New("boltstore: the file has a newer format than this version reads")

	// ErrNotBound: Bind comes before anything else.
	ErrNotBound = errors.New("boltstore: the store is not bound to a tenant and a keyring yet")

	// ErrTenant: the file belongs to another tenant, or the name is not 1 to 64
	// characters of a-z, 0-9, dot, dash and underscore.
	ErrTenant = errors.New("boltstore: the file belongs to another tenant, or the name is not valid")

	// ErrKeyring: the file belongs to another keyring, or the keyring is empty.
	ErrKeyring = errors.New("boltstore: the file belongs to another keyring, or the keyring is empty")

	// ErrClosed: Close was called.
	ErrClosed = errors.New("boltstore: the store is closed")

	// ErrKey: a row is named by a valid purpose and a pseudonym.
	ErrKey = errors.New("boltstore: a row needs a valid purpose and a pseudonym that is not zero")

	// ErrRewrite: the file could not be rewritten; it is as it was, and the store
	// goes on with it. It wraps the reason of the operating system, say a full
	// disk.
	ErrRewrite = errors.New("boltstore: the file could not be rewritten and stays as it was")

	// ErrLinked: the file has a second name, under which deleted bytes would stay.
	ErrLinked = errors.New("boltstore: the file has a second name; remove it first")

	// ErrJournal: the erasure journal is missing, was cut or changed, or is that of
	// another store. Put the right one back: without it, nobody knows which rows
	// of an older store must not come back.
	ErrJournal = errors.New("boltstore: the erasure journal is missing, damaged or another one's")

	// ErrJournalWrite: what was asked for could not be written to the journal, or
	// the journal not made, and nothing was erased; the disk may be full. Ask again.
	ErrJournalWrite = errors.New("boltstore: the erasure journal cannot be written")

	// ErrBackup: a backup becomes a store by Restore, and nothing else does.
	ErrBackup = errors.New("boltstore: a backup is not a store, nor a store a backup; use Restore")

	// ErrUnfinished: a restore or a backup to this path did not end, and left its
	// .NAME.rewrite. Run it again, or remove that file to begin with an empty store.
	ErrUnfinished = errors.New("boltstore: a restore or backup to this path did not end; run it again")

	// ErrExists: there is a file under the path already.
	ErrExists = errors.New("boltstore: there is a file already")

	// ErrFailed: a write or sync failed earlier, so it is unknown what is on
	// disk. Close the store and open it again.
	ErrFailed = errors.New("boltstore: a write failed; close the store and open it again")
)

// reason strips an error of the operating system down to its number, which
// names no path.
func reason(err error) error {
	var errno syscall.Errno
	switch {
	case errors.As(err, &errno):
		return errno
	case errors.Is(err, os.ErrNotExist):
		return fs.ErrNotExist
	case errors.Is(err, os.ErrPermission):
		return fs.ErrPermission
	}
	// The database hands some reasons on as text.
	for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EFBIG, syscall.EIO, syscall.EROFS} {
		if err != nil && strings.HasSuffix(err.Error(), errno.Error()) {
			return errno
		}
	}
	return errors.New("boltstore: an unexpected failure of the operating system")
}

func openError(err error) error { return fmt.Errorf("%w: %w", ErrOpen, reason(err)) }

func rewriteError(err error) error {
	if errors.Is(err, ErrDamaged) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrRewrite, reason(err))
}

// failure is what the write that failed returns.
func failure(err error) error {
	if errors.Is(err, ErrDamaged) {
		return fmt.Errorf("%w: %w", ErrFailed, ErrDamaged)
	}
	return fmt.Errorf("%w: %w", ErrFailed, reason(err))
}
