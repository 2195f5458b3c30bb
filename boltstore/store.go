package boltstore

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/pseudonym"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Durability says when a profile update is acknowledged: Sync or Interval.
// Everything else is always Sync.
type Durability time.Duration

// Sync acknowledges after the file was synced. It is the zero Durability.
const Sync Durability = 0

// Interval acknowledges from memory and writes every d, 10 ms to 1 minute: a
// crash loses the profile updates of at most d and one commit.
func Interval(d time.Duration) Durability { return Durability(d) }

// String returns "sync" or, say, "interval 1s".
func (d Durability) String() string {
	if d == Sync {
		return "sync"
	}
	return "interval " + time.Duration(d).String()
}

// Options says how to open a file. The zero Options is valid.
type Options struct {
	Durability Durability // Sync unless set

	// Erasures is where the erasure journal is kept. Optional: the path of the
	// store and ".erasures". Another disk is better, so that what destroys the
	// store leaves the journal.
	Erasures string

	// LostErasures opens a store whose journal is gone for good: a new one begins,
	// and backups from before cannot be restored. Set it once, for a store that is
	// itself the newest, and only where there is no file under Erasures; an older
	// copy of the store brings back what was erased since. Optional.
	LostErasures bool
}

// Store is one open file. Its methods are safe for concurrent use. Functions
// handed to a method must not call the store.
type Store struct {
	now      atomic.Pointer[handle]
	path     string        // absolute, without links
	erasures string        // path of the journal
	lost     bool          // the journal may be missing
	every    time.Duration // zero with Sync
	closed   atomic.Bool
	failed   atomic.Bool

	// write is held by the one transaction that writes, and by a rewrite from
	// its snapshot to its end.
	write   sync.Mutex
	rewrote int64 // last transaction of the last rewrite; guarded by write

	binding sync.Mutex
	tenant  string  // guarded by binding
	check   [8]byte // of the root that wraps the key of the file
	keys    *pseudonym.Keyring

	// gate lets an update that lost several races run alone.
	gate   sync.RWMutex
	queue  queue
	late   late
	claims ledger.Claims
}

// Open opens the store under path, or makes an empty one where there is no
// file. It returns ErrLocked within a quarter of a second when another process
// holds it; ErrOpen, ErrNotStore, ErrDamaged, ErrNewer, ErrBackup, ErrUnfinished or
// ErrOptions.
func Open(path string, o Options) (*Store, error) {
	d := time.Duration(o.Durability)
	if d != 0 && (d < 10*time.Millisecond || d > time.Minute) {
		return nil, ErrOptions
	}
	h, path, err := openFile(path)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, every: d, erasures: o.Erasures, lost: o.LostErasures}
	if s.erasures == "" {
		s.erasures = path + journalSuffix
	}
	s.now.Store(h)
	return s, nil
}

// Bind ties the file to a tenant and a keyring: the first Bind makes the key of
// the file and stores it wrapped by the root that writes; later ones unwrap it,
// with any ring that holds this root, not destroyed, until Reseal. Where the
// erasure journal knows of erasures that the file does not, because it is an
// older copy, they are done first. It returns ErrTenant, ErrKeyring, ErrDamaged,
// or ErrJournal when the journal is missing, damaged or another one's, which it is
// also where the file is new.
func (s *Store) Bind(ctx context.Context, tenant string, keys *pseudonym.Keyring) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !contrib.ValidName(tenant) {
		return ErrTenant
	}
	if keys == nil || keys.KeyID() == 0 {
		return ErrKeyring
	}
	s.binding.Lock()
	defer s.binding.Unlock()
	switch {
	case s.closed.Load():
		return ErrClosed
	case s.now.Load().seal == nil:
	case s.tenant != tenant:
		return ErrTenant
	case !keys.Has(s.check):
		return ErrKeyring
	default:
		s.keys = keys
		return nil
	}
	key, check, err := s.readKey(tenant, keys)
	if err == nil && key == nil {
		if _, e := os.Lstat(s.erasures); e == nil {
			return ErrJournal // there was a store before; an empty one must not stand in for it
		}
		check = keys.Check()
		key, err = s.makeKey(tenant, keys)
	}
	if err != nil {
		return err
	}
	defer clear(key[:])
	seal, err := newSealer(key)
	if err != nil {
		return err
	}
	j, err := s.catchUp(tenant, keys, seal)
	if err != nil {
		return err
	}
	s.tenant, s.check, s.keys = tenant, check, keys
	if s.every > 0 {
		s.late.start(s)
	}
	h := s.now.Load()
	s.now.Store(&handle{h.db, h.file, seal, j})
	return nil
}

// readKey returns the key of the file and the check value of the root that it is
// wrapped by, or nil when the file was never bound.
func (s *Store) readKey(tenant string, keys *pseudonym.Keyring) (key *[32]byte, check [8]byte, err error) {
	return key, check, s.view(new(bool), func(tx *bbolt.Tx, _ *sealer) error {
		meta := tx.Bucket(bucketMeta)
		if meta == nil {
			return ErrDamaged
		}
		if meta.Get(keyTenant) == nil {
			if tx.Bucket(bucketLedger) != nil || tx.Bucket(bucketConsent) != nil || tx.Bucket(bucketConsentLog) != nil {
				return ErrDamaged // data without a binding
			}
			return nil
		}
		n := copy(check[:], meta.Get(keyKeyCheck))
		switch {
		case string(meta.Get(keyTenant)) != string(tenantHash(meta.Get(keySalt), tenant)):
			return ErrTenant
		case n != len(check) || !keys.Has(check):
			return ErrKeyring
		}
		key, err = keys.UnwrapStoreKey(tenant, meta.Get(keyStoreKey))
		switch {
		case errors.Is(err, pseudonym.ErrKeyring):
			return ErrDamaged // the check value is that of a root of this keyring
		case err != nil:
			return err
		}
		return nil
	})
}

func (s *Store) makeKey(tenant string, keys *pseudonym.Keyring) (*[32]byte, error) {
	key, salt, check := new([32]byte), new([16]byte), keys.Check()
	rand.Read(key[:])
	rand.Read(salt[:])
	wrapped, err := keys.WrapStoreKey(tenant, key)
	if err != nil {
		return nil, err
	}
	return key, s.update(func(tx *bbolt.Tx, _ *sealer) error {
		meta := tx.Bucket(bucketMeta)
		return errors.Join(
			meta.Put(keySalt, salt[:]),
			meta.Put(keyTenant, tenantHash(salt[:], tenant)),
			meta.Put(keyKeyCheck, check[:]),
			meta.Put(keyStoreKey, wrapped),
		)
	})
}

// tenantHash names a tenant without its name.
func tenantHash(salt []byte, tenant string) []byte {
	sum := sha256.Sum256(append(append([]byte("discreet-bolt-tenant-v0\n"), salt...), tenant...))
	return sum[:]
}

// Close writes what is waiting, ends the store and releases the file. It waits
// for calls under way. A second Close returns ErrClosed.
func (s *Store) Close() error {
	s.binding.Lock()
	defer s.binding.Unlock()
	if s.closed.Swap(true) {
		return ErrClosed
	}
	err := s.late.stop(s)
	s.write.Lock() // a rewrite under way stops where the store is closed
	defer s.write.Unlock()
	h := s.now.Load()
	if h.journal != nil {
		h.journal.f.Close()
	}
	if s.failed.Load() {
		// A damaged database may have kept its locks: do not wait for ever.
		done := make(chan struct{})
		go func() {
			defer close(done)
			guard(new(bool), h.db.Close)
		}()
		select {
		case <-done:
		case <-time.After(time.Second):
			unlock(h.file)
		}
		return errors.Join(err, ErrFailed)
	}
	if e := guard(new(bool), h.db.Close); e != nil {
		err = errors.Join(err, ErrFailed)
	}
	return err
}

// ready returns nil when a call may go on.
func (s *Store) ready(ctx context.Context) error {
	if s.closed.Load() {
		return ErrClosed
	}
	if s.now.Load().seal == nil {
		return ErrNotBound
	}
	return ctx.Err()
}

// view runs fn in a read transaction, with the sealer of what it reads.
func (s *Store) view(user *bool, fn func(tx *bbolt.Tx, seal *sealer) error) error {
	for {
		h := s.now.Load()
		err := guard(user, func() error {
			return h.db.View(func(tx *bbolt.Tx) error { return fn(tx, h.seal) })
		})
		switch {
		case err == nil:
			return nil
		case s.closed.Load():
			return ErrClosed
		case errors.Is(err, bolterrors.ErrDatabaseNotOpen) && s.now.Load() != h:
			continue // a rewrite put another file in its place, before fn began
		}
		return err
	}
}

// errKeep ends a transaction of update without a commit and without an error.
var errKeep = errors.New("boltstore: nothing to write")

// update runs fn in a write transaction and syncs. Errors of fn are returned
// after rolling back; any other failure leaves the store refusing to write.
func (s *Store) update(fn func(tx *bbolt.Tx, seal *sealer) error) error {
	s.write.Lock()
	defer s.write.Unlock()
	if s.failed.Load() {
		return ErrFailed
	}
	h := s.now.Load()
	ran := false // fn returned without an error, so what follows is the commit
	err := guard(new(bool), func() error {
		return h.db.Update(func(tx *bbolt.Tx) error {
			err := fn(tx, h.seal)
			ran = err == nil
			return err
		})
	})
	switch {
	case err == nil || errors.Is(err, errKeep):
		return nil
	case ran:
		s.failed.Store(true)
		return failure(err)
	case errors.Is(err, ErrDamaged):
		s.failed.Store(true)
		return err
	case s.closed.Load():
		return ErrClosed
	}
	return err
}
