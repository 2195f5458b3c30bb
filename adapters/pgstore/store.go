package pgstore

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/sealed"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Store is a schema in a database, shared with other processes. Its methods are
// safe for concurrent use. Functions handed to a method must not call the store.
type Store struct {
	pool   *pgxpool.Pool
	schema string // quoted
	gate   int64  // key of the lock under which an update runs alone
	bound  atomic.Pointer[bound]
	closed atomic.Bool

	binding sync.Mutex // one Bind at a time
	claims  claims
}

// bound is what Bind found.
type bound struct {
	box    *sealed.Box
	tenant string
	check  [8]byte
	salt   []byte
}

// Open connects to the schema of a store that Migrate made. It takes a copy of
// config, and sets in it what commits rely on, synchronous_commit on and read
// committed isolation, and that statements are planned anew as tables grow,
// whatever the role's defaults are. It returns ErrSchema,
// ErrNotMigrated, ErrNewer, ErrRole, ErrDatabase, or the error of ctx.
func Open(ctx context.Context, config *pgxpool.Config, schema string) (*Store, error) {
	if !validSchema(schema) {
		return nil, ErrSchema
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	config = config.Copy()
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "on"
	config.ConnConfig.RuntimeParams["default_transaction_isolation"] = "read committed"
	config.ConnConfig.RuntimeParams["bytea_output"] = "hex"
	// A plan that was kept from when the tables were small would look through all of
	// a table for each row of a batch.
	config.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_custom_plan"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, clean(ctx, err)
	}
	s := &Store{pool: pool, schema: quote(schema)}
	s.gate = lockKey("discreet-pg-gate-v0\n", []byte(schema), 0)
	s.claims.config = config.ConnConfig
	var version, found int
	err = pool.QueryRow(ctx, s.sql("SELECT coalesce(max(version), 0), coalesce(max(major), 0) FROM {schema}.migration")).Scan(&version, &found)
	switch {
	case err != nil:
		err = clean(ctx, err)
	case found > major:
		err = ErrNewer
	case version < newest:
		err = ErrNotMigrated
	default:
		return s, nil
	}
	pool.Close()
	return nil, err
}

// Shared reports true: several processes may use the store at once, so an engine
// admits an event only if the consent is what it was, in one step.
func (s *Store) Shared() bool { return true }

// sql puts the schema into a statement.
func (s *Store) sql(text string) string { return strings.ReplaceAll(text, "{schema}", s.schema) }

// Bind ties the schema to a tenant and a keyring: the first Bind of any process
// makes the key of the store and keeps it wrapped by the root that writes; later
// ones unwrap it, with any ring that holds this root, or the one of the last Rewrap, not destroyed. It returns ErrTenant, ErrKeyring, ErrDamaged, ErrRole or ErrDatabase.
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
	if s.closed.Load() {
		return ErrClosed
	}
	if b := s.bound.Load(); b != nil {
		switch {
		case b.tenant != tenant:
			return ErrTenant
		case keys.Has(b.check):
			return nil
		}
		// Another process may have called Rewrap.
		next, err := s.read(ctx, tenant, keys)
		if errors.Is(err, pgx.ErrNoRows) {
			err = ErrDamaged
		}
		if err == nil {
			s.bound.Store(next)
		}
		return err
	}
	b, err := s.read(ctx, tenant, keys)
	if errors.Is(err, pgx.ErrNoRows) {
		if err = s.make(ctx, tenant, keys); err == nil {
			b, err = s.read(ctx, tenant, keys)
		}
	}
	if err != nil {
		return err
	}
	s.bound.Store(b)
	return nil
}

// read returns the binding, or pgx.ErrNoRows.
func (s *Store) read(ctx context.Context, tenant string, keys *pseudonym.Keyring) (*bound, error) {
	var salt, hash, stored, wrapped []byte
	err := s.pool.QueryRow(ctx, s.sql(selectBinding)).Scan(&salt, &hash, &stored, &wrapped)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, err
	} else if err != nil {
		return nil, clean(ctx, err)
	}
	var check [8]byte
	n := copy(check[:], stored)
	switch {
	case string(hash) != string(tenantHash(salt, tenant)):
		return nil, ErrTenant
	case n != len(check) || !keys.Has(check):
		return nil, ErrKeyring
	}
	key, err := keys.UnwrapStoreKey(tenant, wrapped)
	if errors.Is(err, pseudonym.ErrKeyring) {
		return nil, ErrDamaged // the check value is that of a root of this keyring
	} else if err != nil {
		return nil, err
	}
	defer clear(key[:])
	box, err := sealed.New("discreet-pg-v0", key)
	return &bound{box, tenant, check, salt}, err
}

const selectBinding = "SELECT salt, tenant, key_check, store_key FROM {schema}.binding"

// bindingRow returns what Rewrap needs of the binding, or pgx.ErrNoRows.
func (s *Store) bindingRow(ctx context.Context) (salt []byte, check [8]byte, wrapped []byte, err error) {
	var hash, stored []byte
	err = s.pool.QueryRow(ctx, s.sql(selectBinding)).Scan(&salt, &hash, &stored, &wrapped)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
	case err != nil:
		err = clean(ctx, err)
	case copy(check[:], stored) != len(check):
		err = ErrDamaged
	}
	return salt, check, wrapped, err
}

// make stores a new key, unless another process was faster.
func (s *Store) make(ctx context.Context, tenant string, keys *pseudonym.Keyring) error {
	var used bool
	err := s.pool.QueryRow(ctx, s.sql("SELECT h.length + c.length > 0 FROM {schema}.ledger_head h, {schema}.consent_log_head c")).Scan(&used)
	if errors.Is(err, pgx.ErrNoRows) || used {
		return ErrDamaged // data without a binding
	} else if err != nil {
		return clean(ctx, err)
	}
	var key [32]byte
	var salt [16]byte
	check := keys.Check()
	rand.Read(key[:])
	rand.Read(salt[:])
	defer clear(key[:])
	wrapped, err := keys.WrapStoreKey(tenant, &key)
	if err != nil {
		return err
	}
	_, err = s.pool.Exec(ctx, s.sql("INSERT INTO {schema}.binding (salt, tenant, key_check, store_key) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"),
		salt[:], tenantHash(salt[:], tenant), check[:], wrapped)
	return clean(ctx, err)
}

// tenantHash names a tenant without its name.
func tenantHash(salt []byte, tenant string) []byte {
	sum := sha256.Sum256(append(append([]byte("discreet-pg-tenant-v0\n"), salt...), tenant...))
	return sum[:]
}

// Close ends the connections, and with them every claim. It waits for calls
// under way. A second Close returns ErrClosed.
func (s *Store) Close() error {
	s.binding.Lock()
	defer s.binding.Unlock()
	if s.closed.Swap(true) {
		return ErrClosed
	}
	s.claims.close()
	s.pool.Close()
	return nil
}

// ready returns the binding when a call may go on.
func (s *Store) ready(ctx context.Context) (*bound, error) {
	if s.closed.Load() {
		return nil, ErrClosed
	}
	b := s.bound.Load()
	if b == nil {
		return nil, ErrNotBound
	}
	return b, ctx.Err()
}

// Format writes a fixed text for every verb: what is behind a store is personal
// data, and nothing for fmt to walk through.
func (*Store) Format(s fmt.State, _ rune) { io.WriteString(s, "pgstore.Store") }
