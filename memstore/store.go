package memstore

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// Errors a caller can act on.
var (
	// ErrNotBound: Bind comes before anything else.
	ErrNotBound = errors.New("memstore: the store is not bound to a tenant and a keyring yet")

	// ErrTenant: the store belongs to another tenant, or the name is not 1 to 64
	// characters of a-z, 0-9, dot, dash and underscore.
	ErrTenant = errors.New("memstore: the store belongs to another tenant, or the name is not valid")

	// ErrKeyring: the store belongs to another keyring, or the keyring is empty.
	ErrKeyring = errors.New("memstore: the store belongs to another keyring, or the keyring is empty")

	// ErrClosed: Close was called.
	ErrClosed = errors.New("memstore: the store is closed")

	// ErrKey: a row is named by a valid purpose and a pseudonym.
	ErrKey = errors.New("memstore: a row needs a valid purpose and a pseudonym that is not zero")
)

// Store keeps everything in memory. Make it with [Volatile]; the zero Store is
// invalid. It must not be copied.
type Store struct {
	state atomic.Pointer[binding] // nil: not bound

	mu       sync.RWMutex
	tables   map[string]*table // by purpose
	consents *table

	log        logbook
	access     logbook
	consentLog logbook
}

// binding is what a bound, or closed, store knows of itself.
type binding struct {
	tenant string
	check  [8]byte
	closed bool
}

// Volatile returns an empty store, which forgets everything when the process
// ends. The package comment says what that means for the guarantee.
func Volatile() *Store {
	return &Store{tables: map[string]*table{}, consents: newTable(0)}
}

// Bind ties the store to a tenant and to the root that writes. Binding it again
// with a ring that still holds this root, not destroyed, ties it to the root that
// writes now; another tenant gets ErrTenant, another keyring ErrKeyring.
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
	b := &binding{tenant: tenant, check: keys.Check()}
	if s.state.CompareAndSwap(nil, b) {
		return nil
	}
	switch old := s.state.Load(); {
	case old.closed:
		return ErrClosed
	case old.tenant != b.tenant:
		return ErrTenant
	case !keys.Has(old.check):
		return ErrKeyring
	default:
		s.state.CompareAndSwap(old, b) // or somebody else did
		return nil
	}
}

// Close drops everything the store holds. Later calls return ErrClosed.
func (s *Store) Close() error {
	if old := s.state.Swap(&binding{closed: true}); old != nil && old.closed {
		return ErrClosed
	}
	s.mu.Lock()
	s.tables, s.consents = map[string]*table{}, newTable(0)
	s.mu.Unlock()
	s.log.drop()
	s.access.drop()
	s.consentLog.drop()
	return nil
}

// ready says whether a call may go on.
func (s *Store) ready(ctx context.Context) error {
	switch b := s.state.Load(); {
	case b == nil:
		return ErrNotBound
	case b.closed:
		return ErrClosed
	}
	return ctx.Err()
}

// table returns the table of a purpose, or nil when it has none yet.
func (s *Store) table(purpose string) *table {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.tables[purpose]
}

// makeTable returns the table of a purpose, making it where there is none.
func (s *Store) makeTable(purpose string) (*table, error) {
	if t := s.table(purpose); t != nil {
		return t, nil
	}
	if !contrib.ValidName(purpose) {
		return nil, ErrKey
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[purpose]
	if t == nil {
		t = newTable(len(s.tables) + 1)
		s.tables[purpose] = t
	}
	return t, nil
}

func (s *Store) consentTable() *table {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.consents
}

// ProfileRow returns a copy of the row under k, or nil when there is none.
func (s *Store) ProfileRow(ctx context.Context, k segment.Key) ([]byte, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	t := s.table(k.Purpose)
	if k.ID.IsZero() || t == nil && !contrib.ValidName(k.Purpose) {
		return nil, ErrKey
	}
	return t.row(k.ID), nil
}

// ProfileUpdate replaces the rows under keys, which are distinct, by what f
// makes of them, in one step. It copies what f returns before it calls f again.
func (s *Store) ProfileUpdate(ctx context.Context, keys []segment.Key, f func(i int, row []byte) ([]byte, error)) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	u := newUpdate(len(keys))
	defer u.recycle()
	if err := s.addKeys(u, keys, slot{}); err != nil {
		return err
	}
	return u.run(f)
}

// addKeys adds a slot for every key, made after the pattern.
func (s *Store) addKeys(u *update, keys []segment.Key, pattern slot) error {
	for i, k := range keys {
		if k.ID.IsZero() {
			return ErrKey
		}
		// Keys come in runs of one purpose.
		if i == 0 || keys[i-1].Purpose != k.Purpose {
			t, err := s.makeTable(k.Purpose)
			if err != nil {
				return err
			}
			pattern.table = t
		}
		pattern.id = k.ID
		u.slots = append(u.slots, pattern)
	}
	return nil
}

// ProfileScan calls f with every row of the purpose as it is when the scan
// begins.
func (s *Store) ProfileScan(ctx context.Context, purpose string, f func(id segment.ID, row []byte) error) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	t := s.table(purpose)
	if t == nil && !contrib.ValidName(purpose) {
		return ErrKey
	}
	rows := t.snapshot()
	defer t.scanned()
	for i, r := range rows {
		if i%1024 == 1023 {
			if err := s.ready(ctx); err != nil {
				return err
			}
		}
		if err := f(r.id, r.row.bytes()); err != nil {
			return err
		}
	}
	return nil
}

// ProfilePurposes returns the purposes that have rows, sorted.
func (s *Store) ProfilePurposes(ctx context.Context) ([]string, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	s.mu.RLock()
	tables := maps.Clone(s.tables)
	s.mu.RUnlock()
	var list []string
	for purpose, t := range tables {
		if purpose != "" && !t.empty() {
			list = append(list, purpose)
		}
	}
	slices.Sort(list)
	return list, nil
}

// ProfileSync does nothing: a volatile store is never durable.
func (s *Store) ProfileSync(ctx context.Context) error { return s.ready(ctx) }

// ProfileSweep replaces every row of the purpose by what f makes of it, in
// batches. Rows that come during the sweep may be left out.
func (s *Store) ProfileSweep(ctx context.Context, purpose string, f func(id segment.ID, row []byte) ([]byte, error)) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	t := s.table(purpose)
	if t == nil && !contrib.ValidName(purpose) {
		return ErrKey
	}
	return s.sweep(ctx, t, f)
}

// ConsentRow returns a copy of the subject's row, or nil when there is none.
func (s *Store) ConsentRow(ctx context.Context, who ident.Subject) ([]byte, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	if who.IsZero() {
		return nil, ErrKey
	}
	return s.consentTable().row(who.ID()), nil
}

// AppendConsentRow is ConsentRow into the room of dst: it appends the subject's row
// and reports whether there is one.
func (s *Store) AppendConsentRow(ctx context.Context, dst []byte, who ident.Subject) ([]byte, bool, error) {
	if err := s.ready(ctx); err != nil {
		return dst, false, err
	}
	if who.IsZero() {
		return dst, false, ErrKey
	}
	id := who.ID()
	dst, ok := s.consentTable().append(dst, &id)
	return dst, ok, nil
}

// ConsentUpdate replaces the rows of the subjects, which are distinct, by what
// f makes of them, in one step. It copies what f returns before it calls f again.
func (s *Store) ConsentUpdate(ctx context.Context, subjects []ident.Subject, f func(i int, row []byte) ([]byte, error)) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	u := newUpdate(len(subjects))
	defer u.recycle()
	if err := s.addSubjects(u, subjects); err != nil {
		return err
	}
	return u.run(f)
}

func (s *Store) addSubjects(u *update, subjects []ident.Subject) error {
	t := s.consentTable()
	for _, who := range subjects {
		if who.IsZero() {
			return ErrKey
		}
		u.slots = append(u.slots, slot{table: t, id: who.ID()})
	}
	return nil
}

// ConsentSweep replaces every row by what f makes of it, in batches. Rows that
// come during the sweep may be left out.
func (s *Store) ConsentSweep(ctx context.Context, f func(who ident.Subject, row []byte) ([]byte, error)) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	return s.sweep(ctx, s.consentTable(), func(id ident.ID, row []byte) ([]byte, error) {
		return f(ident.NewSubject(id), row)
	})
}

// Update replaces consent rows and profile rows, which are distinct, by what f
// makes of them, in one step. f is called with the subjects' rows and then with
// those under keys, in order; i counts through both.
func (s *Store) Update(ctx context.Context, subjects []ident.Subject, keys []segment.Key, f func(i int, row []byte) ([]byte, error)) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	u := newUpdate(len(subjects) + len(keys))
	defer u.recycle()
	if err := s.addSubjects(u, subjects); err != nil {
		return err
	}
	if err := s.addKeys(u, keys, slot{}); err != nil {
		return err
	}
	return u.run(f)
}

// Forget replaces the subject's consent row by what f makes of it (nil deletes
// it) and deletes the profile rows under keys, all in one step.
func (s *Store) Forget(ctx context.Context, who ident.Subject, f func(row []byte) ([]byte, error), keys []segment.Key) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if who.IsZero() {
		return ErrKey
	}
	u := newUpdate(1 + len(keys))
	defer u.recycle()
	u.slots = append(u.slots, slot{table: s.consentTable(), id: who.ID()})
	if err := s.addKeys(u, keys, slot{drop: true}); err != nil {
		return err
	}
	return u.run(func(_ int, row []byte) ([]byte, error) { return f(row) })
}

// sweep runs f over the rows of t, in batches.
func (s *Store) sweep(ctx context.Context, t *table, f func(id ident.ID, row []byte) ([]byte, error)) error {
	const batch = 256
	if t == nil {
		return nil
	}
	for i := range t.shards {
		ids := t.shards[i].ids()
		for len(ids) > 0 {
			if err := s.ready(ctx); err != nil {
				return err
			}
			n := min(batch, len(ids))
			u := newUpdate(n)
			for _, id := range ids[:n] {
				u.slots = append(u.slots, slot{table: t, id: id})
			}
			err := u.run(func(i int, row []byte) ([]byte, error) {
				if row == nil {
					return nil, nil // gone meanwhile
				}
				return f(u.slots[i].id, row)
			})
			u.recycle()
			if err != nil {
				return err
			}
			ids = ids[n:]
		}
	}
	return nil
}
