package boltstore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.etcd.io/bbolt"
)

// Compact writes the rows that are there into a new file and puts it in the
// place of the old one, so that no byte of rows deleted or replaced before the
// call is left. It is on disk when Compact returns. Calls that write wait
// meanwhile; calls that read do not, and Compact waits for those that began
// before. It needs free space for a second file, and does nothing where nothing
// was written since the last one. With Interval it first writes what is waiting.
// Then it writes the erasure journal anew, without rows that a later erasure is
// about too, and without consent rows that the store does not have any more; that
// reads the whole journal.
//
// It returns ErrRewrite, with the reason, when the new file could not be made,
// and the error of ctx when that ended: the old file is untouched then, and the
// store goes on. ErrJournalWrite and ErrJournal say that of the journal. ErrLinked:
// the file has a second name, under which the old bytes would stay. ErrFailed: it
// is unknown which of the two files, both whole, a power cut would leave.
func (s *Store) Compact(ctx context.Context) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if s.every > 0 {
		if err := s.flush(); err != nil {
			return err
		}
	}
	if err := s.rewrite(ctx, nil); err != nil {
		return err
	}
	return s.shrink()
}

// A rewriter changes what a rewrite copies. It returns the sealer of the new
// file, and value, or what stands in its place.
type rewriter interface {
	sealer() *sealer
	journal() *journal
	value(old *sealer, bucket, key, value []byte) ([]byte, error)
}

// rewrite copies the file, puts the copy in its place and goes on with it.
func (s *Store) rewrite(ctx context.Context, r rewriter) error {
	old, err := s.replace(ctx, r)
	if old == nil {
		return err
	}
	// Waits for those who read the old file, whose bytes end with it.
	if e := guard(new(bool), old.db.Close); e != nil {
		unlock(old.file)
	}
	return err
}

// replace returns the handle of the file that it replaced, or nil.
func (s *Store) replace(ctx context.Context, r rewriter) (*handle, error) {
	s.write.Lock()
	defer s.write.Unlock()
	if s.closed.Load() {
		return nil, ErrClosed
	}
	if s.failed.Load() {
		return nil, ErrFailed
	}
	old := s.now.Load()
	if !named(old.file, s.path) {
		return nil, ErrRewrite // somebody moved the file, or put another in its place
	}
	if err := s.oneName(old.file); err != nil {
		return nil, err
	}
	temp := rewriteName(s.path)
	next, last, err := s.copyTo(ctx, temp, old, r)
	if next == nil {
		return nil, err
	}
	if err == nil {
		err = s.ready(ctx)
	}
	if err == nil && !named(old.file, s.path) {
		err = ErrRewrite
	}
	if err == nil {
		if e := os.Rename(temp, s.path); e != nil {
			err = rewriteError(e)
		}
	}
	if err != nil {
		guard(new(bool), next.db.Close)
		os.Remove(temp)
		return nil, err
	}
	s.now.Store(next)
	s.rewrote = last
	if e := syncDir(filepath.Dir(s.path)); e != nil || !named(next.file, s.path) {
		s.failed.Store(true)
		return old, failure(e)
	}
	return old, nil
}

// copyTo makes the new file, locked from its first moment on, complete and
// synced, and returns its last transaction. It returns no handle and no file
// where there is an error, or nothing to do.
func (s *Store) copyTo(ctx context.Context, temp string, old *handle, r rewriter) (next *handle, last int64, err error) {
	if err := removeLeft(temp); err != nil {
		return nil, 0, err
	}
	user := false
	err = guard(&user, func() error {
		return old.db.View(func(from *bbolt.Tx) error {
			if r == nil && s.rewrote > 0 && int64(from.ID()) == s.rewrote {
				return errKeep
			}
			next, err = makeNext(temp, old)
			if err != nil {
				return err
			}
			w := &copier{s: s, ctx: ctx, to: next.db, old: old.seal, r: r}
			if r != nil {
				next.seal, next.journal = r.sealer(), r.journal()
			}
			if err := w.all(from); err != nil {
				return err
			}
			if err := next.db.Sync(); err != nil {
				return rewriteError(err)
			}
			next.db.NoSync = false
			return next.db.View(func(tx *bbolt.Tx) error {
				last = int64(tx.ID())
				return nil
			})
		})
	})
	if err != nil && next != nil {
		guard(new(bool), next.db.Close)
		os.Remove(temp)
		next = nil
	}
	if errors.Is(err, errKeep) {
		err = nil
	}
	return next, last, err
}

// makeNext makes an empty database file and locks it.
func makeNext(temp string, old *handle) (*handle, error) {
	info, err := old.file.Stat()
	if err != nil {
		return nil, rewriteError(err)
	}
	f, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, rewriteError(err)
	}
	if err := f.Chmod(info.Mode().Perm()); err != nil {
		f.Close()
		os.Remove(temp)
		return nil, rewriteError(err)
	}
	db, err := bbolt.Open(temp, 0o600, &bbolt.Options{
		Timeout: lockTimeout, InitialMmapSize: mapSize, FreelistType: bbolt.FreelistMapType, NoSync: true,
		OpenFile: func(string, int, fs.FileMode) (*os.File, error) { return f, nil },
	})
	if err != nil {
		f.Close()
		os.Remove(temp)
		return nil, rewriteError(err)
	}
	db.AllocSize = allocSize
	return &handle{db, f, old.seal, old.journal}, nil
}

// copier writes rows into a database, in transactions of limited size.
type copier struct {
	s     *Store // nil: nobody can close it
	ctx   context.Context
	to    *bbolt.DB
	tx    *bbolt.Tx
	bytes int
	old   *sealer
	r     rewriter
}

const copyBytes = 8 << 20 // in one transaction

func (c *copier) all(from *bbolt.Tx) (err error) {
	defer func() {
		if c.tx != nil {
			c.tx.Rollback()
		}
	}()
	err = from.ForEach(func(name []byte, b *bbolt.Bucket) error {
		to, err := c.bucket(name)
		if err != nil {
			return err
		}
		return b.ForEach(func(k, v []byte) error {
			if v == nil || !fits(from, v) {
				return ErrDamaged // a bucket in a bucket is none of ours
			}
			if c.r != nil {
				if v, err = c.r.value(c.old, name, k, v); err != nil {
					return err
				}
			}
			if c.bytes += len(k) + len(v); c.bytes > copyBytes {
				if err := c.commit(); err != nil {
					return err
				}
				if to, err = c.bucket(name); err != nil {
					return err
				}
			}
			if err := to.Put(k, v); err != nil {
				return rewriteError(err)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	return c.commit()
}

func (c *copier) bucket(name []byte) (b *bbolt.Bucket, err error) {
	if c.tx == nil {
		if c.tx, err = c.to.Begin(true); err != nil {
			return nil, rewriteError(err)
		}
	}
	if b, err = c.tx.CreateBucketIfNotExists(name); err != nil {
		return nil, rewriteError(err)
	}
	b.FillPercent = 0.9 // keys come in order
	return b, nil
}

func (c *copier) commit() error {
	if c.s != nil && c.s.closed.Load() {
		return ErrClosed
	}
	if err := c.ctx.Err(); err != nil || c.tx == nil {
		return err
	}
	tx := c.tx
	c.tx, c.bytes = nil, 0
	if err := tx.Commit(); err != nil {
		return rewriteError(err)
	}
	return nil
}

// rewriteName is where a rewrite of the file at path is made. Only who holds the
// lock of the file touches it.
func rewriteName(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".rewrite")
}

// oneName removes second names of the file that makeFile left, and refuses where
// there are others.
func (s *Store) oneName(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return rewriteError(err)
	}
	if links(info) <= 1 {
		return nil
	}
	dir := filepath.Dir(s.path)
	names, err := os.ReadDir(dir)
	if err != nil {
		return rewriteError(err)
	}
	for _, e := range names {
		name := filepath.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), newPrefix) && name != s.path && named(f, name) {
			if err := os.Remove(name); err != nil {
				return rewriteError(err)
			}
		}
	}
	if info, err = f.Stat(); err != nil {
		return rewriteError(err)
	}
	if links(info) > 1 {
		return ErrLinked
	}
	return nil
}
