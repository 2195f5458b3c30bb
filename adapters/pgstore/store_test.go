package pgstore_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/adapters/pgstore"
	"github.com/discreet-go/discreet/discreettest/storetest"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/jackc/pgx/v5"
)

var _ discreet.Store = (*pgstore.Store)(nil)

func TestConformance(t *testing.T) {
	connect(t)
	storetest.Test(t, func(t *testing.T) storetest.Store { return opened(t, migrated(t, pgstore.Setup{})) })
}

// TestBindings: a schema belongs to one tenant and one keyring, whoever binds it
// first, and many may bind at once.
func TestBindings(t *testing.T) {
	schema := migrated(t, pgstore.Setup{})
	keys := newKeys(t)
	var wg sync.WaitGroup
	for range 6 {
		s := opened(t, schema)
		wg.Go(func() {
			if err := s.Bind(t.Context(), tenant, keys); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := opened(t, schema).Bind(t.Context(), "other", keys); !errors.Is(err, pgstore.ErrTenant) {
		t.Error(err)
	}
	if err := opened(t, schema).Bind(t.Context(), tenant, newKeys(t)); !errors.Is(err, pgstore.ErrKeyring) {
		t.Error(err)
	}
	now := keys.Created()
	next, err := keys.Rotate(now)
	for state := pseudonym.Read; err == nil && state <= pseudonym.Destroyed; state++ {
		want := error(nil)
		if state == pseudonym.Destroyed {
			want = pgstore.ErrKeyring
		}
		if got := opened(t, schema).Bind(t.Context(), tenant, next); !errors.Is(got, want) {
			t.Errorf("bound with a later ring, whose root of then is %v: %v", state, got)
		}
		if state < pseudonym.Destroyed {
			next, err = next.Retire(keys.KeyID(), state+1, now)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestSealed holds that nothing that was stored stands in the database in clear,
// and that a value changed or moved there does not open.
func TestSealed(t *testing.T) {
	ctx, conn := t.Context(), connect(t)
	schema := migrated(t, pgstore.Setup{})
	s := bind(t, opened(t, schema), newKeys(t))
	const secret = "a-secret-of-somebody"
	err := s.LedgerAppend(ctx, 0, ledger.Row{Record: []byte(secret), Blob: []byte(secret)}, ledger.Row{Record: []byte("other")})
	if err == nil {
		err = s.AccessAppend(ctx, 0, []byte(secret))
	}
	if err == nil {
		err = s.ConsentLogAppend(ctx, 0, []byte(secret))
	}
	if err != nil {
		t.Fatal(err)
	}
	var all string
	err = conn.QueryRow(ctx, "SELECT string_agg(encode(record, 'escape') || coalesce(encode(blob, 'escape'), ''), '') FROM "+schema+".ledger").Scan(&all)
	if err != nil || strings.Contains(all, secret) || len(all) < 2*len(secret) {
		t.Fatalf("in clear, or not there: %d bytes, %v", len(all), err)
	}
	exec(t, conn, "UPDATE "+schema+".ledger a SET record = b.record FROM "+schema+".ledger b WHERE a.seq = 1 AND b.seq = 0")
	read := func() error { return s.LedgerRead(ctx, 0, func(uint64, []byte) error { return nil }) }
	if err := read(); !errors.Is(err, pgstore.ErrDamaged) {
		t.Errorf("a record that was moved: %v", err)
	}
	exec(t, conn, "UPDATE "+schema+".ledger SET blob = blob || 'x'")
	if _, err := s.LedgerBlob(ctx, 0); !errors.Is(err, pgstore.ErrDamaged) {
		t.Errorf("a blob that was changed: %v", err)
	}
	exec(t, conn, "DELETE FROM "+schema+".ledger WHERE seq = 1")
	if err := read(); !errors.Is(err, pgstore.ErrDamaged) {
		t.Errorf("a record that is missing at the end: %v", err)
	}
	exec(t, conn, "UPDATE "+schema+".access SET record = 'x'")
	if _, _, err := s.AccessTail(ctx); !errors.Is(err, pgstore.ErrDamaged) {
		t.Errorf("an access entry that was changed: %v", err)
	}
	err = conn.QueryRow(ctx, "SELECT string_agg(encode(record, 'escape'), '') FROM "+schema+".consent_log").Scan(&all)
	if err != nil || strings.Contains(all, secret) || len(all) < len(secret) {
		t.Fatalf("in clear, or not there: %d bytes, %v", len(all), err)
	}
	exec(t, conn, "UPDATE "+schema+".consent_log SET record = (SELECT record FROM "+schema+".ledger)")
	if _, _, err := s.ConsentLogTail(ctx); !errors.Is(err, pgstore.ErrDamaged) {
		t.Errorf("a record of the ledger in the consent log: %v", err)
	}
	exec(t, conn, "DELETE FROM "+schema+".consent_log")
	if err := s.ConsentLogRead(ctx, 0, func(uint64, []byte) error { return nil }); !errors.Is(err, pgstore.ErrDamaged) {
		t.Errorf("a consent log that was emptied: %v", err)
	}
}

// TestMigrate runs migrations again and at once, and refuses what is newer.
func TestMigrate(t *testing.T) {
	ctx, conn := t.Context(), connect(t)
	schema := name("test")
	if _, err := pgstore.Open(ctx, config(t, ""), schema); !errors.Is(err, pgstore.ErrNotMigrated) {
		t.Errorf("no tables: %v", err)
	}
	t.Cleanup(func() { exec(t, conn, "DROP SCHEMA IF EXISTS "+schema+" CASCADE") })
	var wg sync.WaitGroup
	for range 4 {
		own, err := pgx.Connect(ctx, server())
		if err != nil {
			t.Fatal(err)
		}
		defer own.Close(ctx)
		wg.Go(func() {
			if err := pgstore.Migrate(ctx, own, pgstore.Setup{Schema: schema}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	keys := newKeys(t)
	s := bind(t, opened(t, schema), keys)
	if err := s.LedgerAppend(ctx, 0, ledger.Row{Record: []byte("kept")}); err != nil {
		t.Fatal(err)
	}
	if err := pgstore.Migrate(ctx, conn, pgstore.Setup{Schema: schema}); err != nil {
		t.Fatal(err)
	}
	if n := 0; s.LedgerRead(ctx, 0, func(uint64, []byte) error { n++; return nil }) != nil || n != 1 {
		t.Error("a migration lost something")
	}

	// A later minor version adds; this one goes on.
	exec(t, conn, "ALTER TABLE "+schema+".ledger ADD COLUMN later int NOT NULL DEFAULT 1")
	exec(t, conn, "CREATE TABLE "+schema+".later (x int)")
	exec(t, conn, "INSERT INTO "+schema+".migration (version, major) VALUES (100, 1)")
	later := bind(t, opened(t, schema), keys)
	if err := later.LedgerAppend(ctx, 1, ledger.Row{Record: []byte("more")}); err != nil {
		t.Errorf("beside a newer minor version: %v", err)
	}
	exec(t, conn, "INSERT INTO "+schema+".migration (version, major) VALUES (101, 2)")
	if _, err := pgstore.Open(ctx, config(t, ""), schema); !errors.Is(err, pgstore.ErrNewer) {
		t.Errorf("a newer major version: %v", err)
	}
	if err := pgstore.Migrate(ctx, conn, pgstore.Setup{Schema: schema}); !errors.Is(err, pgstore.ErrNewer) {
		t.Errorf("a newer major version: %v", err)
	}
	for _, bad := range []string{"", "Upper", "a b", `a"b`, "pg_x", strings.Repeat("a", 64)} {
		if err := pgstore.Migrate(ctx, conn, pgstore.Setup{Schema: bad}); !errors.Is(err, pgstore.ErrSchema) {
			t.Errorf("schema %q: %v", bad, err)
		}
	}
}

// TestMigrateOlder takes a schema of the first version, in use, to this one: the
// new service waits for it, the old one's statements go on working.
func TestMigrateOlder(t *testing.T) {
	ctx, conn := t.Context(), connect(t)
	writer := name("writer")
	exec(t, conn, "CREATE ROLE "+writer+" LOGIN")
	t.Cleanup(func() { exec(t, conn, "DROP OWNED BY "+writer); exec(t, conn, "DROP ROLE "+writer) })
	schema, keys := migrated(t, pgstore.Setup{Writer: writer}), newKeys(t)
	s := bind(t, opened(t, schema), keys)
	if err := s.LedgerAppend(ctx, 0, ledger.Row{Record: []byte("kept")}); err != nil {
		t.Fatal(err)
	}
	exec(t, conn, "DROP TABLE "+schema+".consent_log, "+schema+".consent_log_head")
	exec(t, conn, "DELETE FROM "+schema+".migration WHERE version > 1")
	if _, err := pgstore.Open(ctx, config(t, ""), schema); !errors.Is(err, pgstore.ErrNotMigrated) {
		t.Errorf("before the migration: %v", err)
	}
	if err := s.ConsentLogAppend(ctx, 0, []byte("c")); !errors.Is(err, pgstore.ErrNotMigrated) {
		t.Errorf("before the migration: %v", err)
	}
	if err := pgstore.Migrate(ctx, conn, pgstore.Setup{Schema: schema, Writer: writer}); err != nil {
		t.Fatal(err)
	}
	if err := s.LedgerAppend(ctx, 1, ledger.Row{Record: []byte("more")}); err != nil {
		t.Errorf("a service that was running: %v", err)
	}
	own, err := pgstore.Open(ctx, config(t, "user="+writer), schema)
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	if err := bind(t, own, keys).ConsentLogAppend(ctx, 0, []byte("c")); err != nil {
		t.Errorf("after the migration: %v", err)
	}
}

// TestRoles connects as the service and as an auditor: neither may do more than
// it needs.
func TestRoles(t *testing.T) {
	ctx, conn := t.Context(), connect(t)
	writer, reader := name("writer"), name("reader")
	for _, role := range []string{writer, reader} {
		exec(t, conn, "CREATE ROLE "+role+" LOGIN")
		t.Cleanup(func() { exec(t, conn, "DROP OWNED BY "+role); exec(t, conn, "DROP ROLE "+role) })
	}
	schema := migrated(t, pgstore.Setup{Writer: writer, Reader: reader})
	keys := newKeys(t)
	open := func(role string) *pgstore.Store {
		t.Helper()
		s, err := pgstore.Open(ctx, config(t, "user="+role), schema)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return bind(t, s, keys)
	}
	s := open(writer)
	storeEverything(t, s)
	r := open(reader)
	if err := r.LedgerRead(ctx, 0, func(uint64, []byte) error { return nil }); err != nil {
		t.Errorf("an auditor reads the ledger: %v", err)
	}
	if err := r.LedgerAppend(ctx, 1, ledger.Row{Record: []byte("x")}); !errors.Is(err, pgstore.ErrRole) {
		t.Errorf("an auditor writes: %v", err)
	}
	if _, err := r.ProfilePurposes(ctx); !errors.Is(err, pgstore.ErrRole) {
		t.Errorf("an auditor reads rows of people: %v", err)
	}
	for role, bad := range map[string][]string{
		writer: {
			"DELETE FROM {s}.ledger", "UPDATE {s}.ledger SET record = ''", "TRUNCATE {s}.ledger", "DROP TABLE {s}.ledger",
			"DELETE FROM {s}.ledger_head", "INSERT INTO {s}.ledger_head VALUES (false, 0)", "UPDATE {s}.binding SET salt = ''",
			"DELETE FROM {s}.binding", "ALTER TABLE {s}.ledger ADD COLUMN x int", "CREATE TABLE {s}.x (x int)",
			"INSERT INTO {s}.migration VALUES (9, 9)", "DELETE FROM {s}.access", "UPDATE {s}.access SET record = ''",
			"DELETE FROM {s}.consent_log", "UPDATE {s}.consent_log SET record = ''", "TRUNCATE {s}.consent_log", "DELETE FROM {s}.consent_log_head",
		},
		reader: {
			"SELECT * FROM {s}.subject_row", "SELECT * FROM {s}.access", "SELECT * FROM {s}.consent_log", "SELECT * FROM {s}.consent_log_head", "DELETE FROM {s}.ledger", "UPDATE {s}.ledger_head SET length = 0",
		},
	} {
		own, err := pgx.Connect(ctx, server()+" user="+role)
		if err != nil {
			t.Fatal(err)
		}
		defer own.Close(ctx)
		for _, sql := range bad {
			if _, err := own.Exec(ctx, strings.ReplaceAll(sql, "{s}", schema)); err == nil {
				t.Errorf("%s may %q", strings.SplitN(role, "_", 3)[1], sql)
			}
		}
	}
}

func storeEverything(t *testing.T, s *pgstore.Store) {
	t.Helper()
	ctx := t.Context()
	err := errors.Join(
		s.LedgerAppend(ctx, 0, ledger.Row{Record: []byte("r"), Blob: []byte("b")}),
		s.AccessAppend(ctx, 0, []byte("a")),
		s.ConsentLogAppend(ctx, 0, []byte("c"), []byte("d")),
	)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ProfilePurposes(ctx); err != nil {
		t.Fatal(err)
	}
	give, err := s.LedgerClaim(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	give()
}
