package pgstore

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"
)

//go:embed migrations/*.sql
var migrations embed.FS

// major is the compatibility of the tables. A migration that keeps the
// statements of the previous minor version working keeps it; one that does not
// raises it, and older versions then refuse the schema.
const major = 1

// newest is the migration that this version needs: the last one.
const newest = 2

// Setup says what Migrate makes.
type Setup struct {
	Schema string // 1 to 63 characters of a-z, 0-9 and underscore; the store has it to itself
	Writer string // role of the service, which exists; "" grants nothing
	Reader string // role that may read the ledger and nothing of people; "" grants nothing
}

// Migrate makes or extends the tables of a store, and grants the roles what
// they need, in one transaction on conn. Run it as the owner of the schema,
// never as the service. Calls at the same time wait for each other; what is done
// already is left alone. It returns ErrSchema, ErrNewer, ErrRole or ErrDatabase.
func Migrate(ctx context.Context, conn *pgx.Conn, s Setup) error {
	if !validSchema(s.Schema) {
		return ErrSchema
	}
	names, err := fs.Glob(migrations, "migrations/*.sql") // sorted
	if err != nil {
		return err
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		return clean(ctx, err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	sum := sha256.Sum256([]byte("discreet-pg-migrate-v0\n" + s.Schema))
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(binary.BigEndian.Uint64(sum[:]))); err != nil {
		return clean(ctx, err)
	}
	schema := quote(s.Schema)
	var exists bool
	if err := tx.QueryRow(ctx, "SELECT count(*) > 0 FROM pg_namespace WHERE nspname = $1", s.Schema).Scan(&exists); err != nil {
		return clean(ctx, err)
	}
	if !exists {
		if _, err := tx.Exec(ctx, "CREATE SCHEMA "+schema); err != nil {
			return clean(ctx, err)
		}
	}
	done, found := 0, 0
	if err := tx.QueryRow(ctx, "SELECT count(*) FROM pg_tables WHERE schemaname = $1 AND tablename = 'migration'", s.Schema).Scan(&done); err != nil {
		return clean(ctx, err)
	}
	if done > 0 {
		if err := tx.QueryRow(ctx, "SELECT coalesce(max(version), 0), coalesce(max(major), 0) FROM "+schema+".migration").Scan(&done, &found); err != nil {
			return clean(ctx, err)
		}
		if found > major {
			return ErrNewer
		}
	}
	for i, name := range names {
		version := i + 1
		if version <= done {
			continue
		}
		if name != fmt.Sprintf("migrations/%04d.sql", version) {
			return fmt.Errorf("pgstore: %s is not migration %d", name, version)
		}
		text, err := fs.ReadFile(migrations, name)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, strings.ReplaceAll(string(text), "{schema}", schema)); err != nil {
			return clean(ctx, err)
		}
		if _, err := tx.Exec(ctx, "INSERT INTO "+schema+".migration (version, major) VALUES ($1, $2)", version, major); err != nil {
			return clean(ctx, err)
		}
	}
	for _, grant := range grants(schema, s) {
		if _, err := tx.Exec(ctx, grant); err != nil {
			return clean(ctx, err)
		}
	}
	return clean(ctx, tx.Commit(ctx))
}

// grants returns the statements that give the roles what they need, and no more.
func grants(schema string, s Setup) (all []string) {
	add := func(role string, on ...string) {
		if role == "" {
			return
		}
		role = quote(role)
		all = append(all, "GRANT USAGE ON SCHEMA "+schema+" TO "+role)
		for _, what := range on {
			rights, table, _ := strings.Cut(what, ":")
			all = append(all, "GRANT "+rights+" ON "+schema+"."+table+" TO "+role)
		}
	}
	add(s.Writer, "SELECT:migration", "SELECT, INSERT:binding", "SELECT, UPDATE (length):ledger_head",
		"SELECT, INSERT:ledger", "SELECT, UPDATE (length):access_head", "SELECT, INSERT:access",
		"SELECT, UPDATE (length):consent_log_head", "SELECT, INSERT:consent_log", "SELECT, INSERT, UPDATE, DELETE:subject_row")
	add(s.Reader, "SELECT:migration", "SELECT:binding", "SELECT:ledger_head", "SELECT:ledger")
	return all
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

func validSchema(name string) bool {
	return name != "" && len(name) <= 63 && !strings.HasPrefix(name, "pg_") &&
		strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}
