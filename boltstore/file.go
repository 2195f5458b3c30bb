package boltstore

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Buckets and the keys of the first.
var (
	bucketMeta       = []byte("meta")
	bucketLedger     = []byte("ledger")
	bucketBlobs      = []byte("ledger-blobs")
	bucketAccess     = []byte("access")
	bucketConsent    = []byte("consent")
	bucketConsentLog = []byte("consent-log")

	keyFormat   = []byte("format")
	keySalt     = []byte("salt")
	keyTenant   = []byte("tenant")
	keyKeyCheck = []byte("key-check")
	keyStoreKey = []byte("store-key")
	keyErasures = []byte("erasures") // how much of the erasure journal is done
	keyBackup   = []byte("backup")   // in backups only
)

const (
	formatVersion = 2
	profilePrefix = "profiles/"      // then the purpose
	newPrefix     = ".discreet-new-" // of a file that is being made

	lockTimeout = 250 * time.Millisecond
	mapSize     = 1 << 30 // address space, not memory; readers delay a writer only beyond it
	allocSize   = 4 << 20 // the file grows in steps of so many bytes
)

// handle is an open database file. It is immutable: a rewrite makes another.
type handle struct {
	db   *bbolt.DB
	file *os.File // the one that db has open
	seal *sealer  // nil until Bind

	journal *journal // nil until the first erasure
}

// openFile opens the database under path, making it first where there is none,
// and returns the path without links.
func openFile(path string) (h *handle, real string, err error) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(rewriteName(path)); err == nil {
			return nil, "", ErrUnfinished
		}
		if err := makeFile(path); err != nil {
			return nil, "", err
		}
	}
	h, err = openDB(path, lockTimeout)
	if err != nil {
		return nil, "", err
	}
	if real, err = filepath.EvalSymlinks(path); err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		h.db.Close()
		return nil, "", openError(err)
	}
	// While this process waited for the lock, its holder may have put another
	// file under the name, and holds that one.
	if !named(h.file, real) {
		h.db.Close()
		return nil, "", ErrLocked
	}
	// Whoever made the file may have died before its name was durable, and
	// whoever rewrote it, before it was whole.
	if err = inspect(h.db, h.file, false); err == nil {
		err = upgrade(h.db)
	}
	if err == nil {
		err = removeLeft(rewriteName(real))
	}
	if err = errors.Join(err, syncDir(filepath.Dir(real))); err != nil {
		h.db.Close()
		return nil, "", err
	}
	return h, real, nil
}

// named reports whether name leads to the open file.
func named(f *os.File, name string) bool {
	held, err := f.Stat()
	if err != nil {
		return false
	}
	found, err := os.Lstat(name)
	return err == nil && os.SameFile(held, found)
}

// removeLeft removes a file that a process left when it ended.
func removeLeft(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return openError(err)
	}
	return nil
}

// openDB opens and locks an existing database file.
func openDB(path string, wait time.Duration) (h *handle, err error) {
	var db *bbolt.DB
	var file *os.File
	err = guard(new(bool), func() error {
		db, err = bbolt.Open(path, 0o600, &bbolt.Options{
			Timeout: wait, InitialMmapSize: mapSize, FreelistType: bbolt.FreelistMapType,
			OpenFile: func(name string, _ int, _ fs.FileMode) (*os.File, error) {
				f, err := os.OpenFile(name, os.O_RDWR, 0) // never O_CREATE: an empty file is no store
				if err != nil {
					return nil, openError(err)
				}
				if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
					f.Close()
					return nil, ErrNotStore
				} else if info.Size() == 0 {
					f.Close()
					return nil, ErrDamaged
				}
				file = f
				return f, nil
			},
		})
		return err
	})
	switch {
	case err == nil:
		db.AllocSize = allocSize
		return &handle{db: db, file: file}, nil
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, ErrLocked
	case errors.Is(err, ErrOpen), errors.Is(err, ErrNotStore), errors.Is(err, ErrDamaged):
	default:
		var failed *fs.PathError
		switch {
		case errors.As(err, &failed):
			err = openError(err)
		case hasMagic(path):
			err = ErrDamaged
		default:
			err = ErrNotStore
		}
	}
	if file != nil {
		unlock(file) // where the database was left half open
		file.Close()
	}
	return nil, err
}

// makeFile puts a complete, empty store under path in one step, unless
// somebody else was faster.
func makeFile(path string) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, newPrefix+"*")
	if err != nil {
		return openError(err)
	}
	temp := f.Name()
	defer os.Remove(temp)
	if err := f.Close(); err != nil {
		return openError(err)
	}
	db, err := bbolt.Open(temp, 0o600, &bbolt.Options{Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return openError(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket(bucketMeta)
		if err != nil {
			return err
		}
		return b.Put(keyFormat, strconv.AppendInt(nil, formatVersion, 10))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return openError(err)
	}
	if err := os.Link(temp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return openError(err)
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return openError(err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return openError(err)
	}
	return nil
}

// inspect refuses a file that ends before its last page or whose pages do not hang
// together, and one of another kind or a newer format.
func inspect(db *bbolt.DB, file *os.File, backup bool) error {
	return guard(new(bool), func() error {
		return db.View(func(tx *bbolt.Tx) error {
			if err := walk(file, db, tx); err != nil {
				return err
			}
			meta := tx.Bucket(bucketMeta)
			if meta == nil {
				return ErrNotStore
			}
			version, err := strconv.ParseUint(string(meta.Get(keyFormat)), 10, 31)
			switch {
			case err != nil:
				return ErrNotStore
			case version > formatVersion:
				return ErrNewer
			case backup != (meta.Get(keyBackup) != nil):
				return ErrBackup
			}
			return nil
		})
	})
}

// hasMagic reports whether the file begins like a bolt database, or has a
// header that checks at one of the places where the second one may stand.
func hasMagic(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var p [16 + 64]byte
	for at := int64(0); at <= 1<<16; at = max(2*at, 1024) {
		if _, err := f.ReadAt(p[:], at); err != nil {
			break
		}
		m := p[16:]
		h := fnv.New64a()
		h.Write(m[:56])
		if binary.NativeEndian.Uint32(m) == 0xED0CDAED || binary.NativeEndian.Uint64(m[56:]) == h.Sum64() {
			return true
		}
	}
	return false
}
