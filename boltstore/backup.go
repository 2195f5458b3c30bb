package boltstore

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/pseudonym"
	"go.etcd.io/bbolt"
)

// Backup writes the rows of one moment into a new file under path, sealed as
// they are, while others read and write. It is complete and on disk when Backup
// returns, and there is nothing under path where it fails. It holds no byte of
// rows deleted before. A backup is no store: only Restore opens it, with the
// keyring of now. It returns ErrExists, ErrJournalWrite, ErrRewrite with the
// reason of the operating system, or the error of ctx.
func (s *Store) Backup(ctx context.Context, path string) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	// From here on the journal must be there, or the backup is not restored.
	if err := s.startJournal(); err != nil {
		return err
	}
	if s.every > 0 {
		if err := s.flush(); err != nil {
			return err
		}
	}
	if _, err := os.Lstat(path); err == nil {
		return ErrExists
	}
	temp := rewriteName(path)
	if err := removeLeft(temp); err != nil {
		return err
	}
	var to *handle
	err := s.view(new(bool), func(from *bbolt.Tx, seal *sealer) (err error) {
		if to, err = makeNext(temp, s.now.Load()); err != nil {
			return err
		}
		c := &copier{s: s, ctx: ctx, to: to.db}
		if err := c.all(from); err != nil {
			return err
		}
		err = to.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketMeta).Put(keyBackup, []byte("1")) })
		if err := errors.Join(err, to.db.Sync()); err != nil {
			return rewriteError(err)
		}
		return nil
	})
	if to != nil {
		defer os.Remove(temp)
		if e := guard(new(bool), to.db.Close); e != nil && err == nil {
			err = rewriteError(e)
		}
	}
	if err != nil {
		return err
	}
	return publish(temp, path)
}

// publish gives a complete file its name, unless there is one already.
func publish(temp, path string) error {
	switch err := os.Link(temp, path); {
	case errors.Is(err, fs.ErrExist):
		return ErrExists
	case err != nil:
		return rewriteError(err)
	}
	return syncDir(filepath.Dir(path))
}

// Restoration says what Restore makes of what. Fields without a stated default
// are required.
type Restoration struct {
	Backup   string // path of a backup; it is not changed
	Path     string // where the store is to be; there must be no file yet
	Erasures string // path of the erasure journal, with all erasures since; optional as in Options
	Tenant   string
	Keys     *pseudonym.Keyring // the keyring that the backup was made under
	Now      time.Time          // the current moment, in whose window nothing is released any more
}

// Restore makes a store out of a backup. Before there is a file under the path,
// it checks all pages and values, does again what the erasure journal says was
// erased since, so that nothing erased comes back, and closes the accounting
// window in the ledger, since the backup may lack later charges. It is on disk
// when Restore returns; where it fails, there is no file under the path.
//
// It returns ErrExists, ErrBackup when the file is no backup, ErrJournal when the
// journal is missing or ends before the backup, ErrTenant, ErrKeyring,
// ErrDamaged, ErrRewrite, an error of package ledger, or the error of ctx.
func Restore(ctx context.Context, r Restoration) error {
	if _, err := os.Lstat(r.Path); err == nil {
		return ErrExists
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(r.Path))
	if err == nil {
		dir, err = filepath.Abs(dir)
	}
	if err != nil {
		return openError(err)
	}
	path := filepath.Join(dir, filepath.Base(r.Path))
	temp := rewriteName(path)
	if err := removeLeft(temp); err != nil {
		return err
	}
	defer os.Remove(temp)
	if err := copyFile(ctx, r.Backup, temp); err != nil {
		return err
	}
	if r.Erasures == "" {
		r.Erasures = path + journalSuffix
	}
	if err := restored(ctx, temp, r); err != nil {
		return err
	}
	return publish(temp, path)
}

// restored makes a store of the copy of a backup.
func restored(ctx context.Context, temp string, r Restoration) (err error) {
	h, err := openDB(temp, lockTimeout)
	if err != nil {
		return err
	}
	s := &Store{path: temp, erasures: r.Erasures}
	s.now.Store(h)
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := inspect(h.db, h.file, true); err != nil {
		return err
	}
	if err := upgrade(h.db); err != nil {
		return err
	}
	if err := s.Bind(ctx, r.Tenant, r.Keys); err != nil {
		return err
	}
	if s.now.Load().journal == nil {
		return ErrJournal
	}
	if _, err := s.Check(ctx); err != nil {
		return err
	}
	if err := ledger.Interrupt(ctx, s, r.Now); err != nil && !errors.Is(err, ledger.ErrEmpty) {
		return err
	}
	return s.update(func(tx *bbolt.Tx, _ *sealer) error { return tx.Bucket(bucketMeta).Delete(keyBackup) })
}

func copyFile(ctx context.Context, from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return openError(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return rewriteError(err)
	}
	for err == nil {
		if err = ctx.Err(); err == nil {
			_, err = io.CopyN(out, in, copyBytes)
		}
	}
	if ctx.Err() != nil {
		out.Close()
		return ctx.Err()
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return rewriteError(err)
	}
	return nil
}
