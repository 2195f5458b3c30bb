package pgstore_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/adapters/pgstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const tenant = "shop"

// server returns where the tests find PostgreSQL: DISCREET_PG, or the loopback.
func server() string {
	if dsn := os.Getenv("DISCREET_PG"); dsn != "" {
		return dsn
	}
	return "host=127.0.0.1 port=5432 user=postgres dbname=test sslmode=disable connect_timeout=5"
}

// connect returns a connection of the owner, or skips the test.
func connect(t testing.TB) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server())
	if err != nil {
		t.Skip("SKIPPED: no PostgreSQL answers; set DISCREET_PG to one where schemas and roles may be made")
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func exec(t testing.TB, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// name returns a name that nobody uses.
func name(prefix string) string {
	var b [6]byte
	rand.Read(b[:])
	return "discreet_" + prefix + "_" + hex.EncodeToString(b[:])
}

// migrated makes a schema for the test and returns its name.
func migrated(t testing.TB, s pgstore.Setup) string {
	t.Helper()
	conn := connect(t)
	s.Schema = name("test")
	if err := pgstore.Migrate(t.Context(), conn, s); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { exec(t, conn, "DROP SCHEMA "+s.Schema+" CASCADE") })
	return s.Schema
}

// config returns a pool's configuration, with more settings.
func config(t testing.TB, more string) *pgxpool.Config {
	t.Helper()
	c, err := pgxpool.ParseConfig(strings.TrimSpace(server() + " " + more))
	if err != nil {
		t.Fatal(err)
	}
	c.MaxConns = 8
	return c
}

// opened opens the store in a schema.
func opened(t testing.TB, schema string) *pgstore.Store {
	t.Helper()
	s, err := pgstore.Open(t.Context(), config(t, ""), schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func bind(t testing.TB, s *pgstore.Store, keys *pseudonym.Keyring) *pgstore.Store {
	t.Helper()
	if err := s.Bind(t.Context(), tenant, keys); err != nil {
		t.Fatal(err)
	}
	return s
}

func newKeys(t testing.TB) *pseudonym.Keyring {
	t.Helper()
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

var day0 = time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)

func numbered(prefix string, n int) string { return fmt.Sprintf("%s-%d", prefix, n) }
