package pgstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// Errors a caller can act on.
var (
	// ErrSchema: the name of the schema is not valid.
	ErrSchema = errors.New("pgstore: a schema is 1 to 63 characters of a-z, 0-9 and underscore, and does not begin with pg_")

	// ErrNotMigrated: tables are not there, or are those of an earlier version. Run
	// Migrate as their owner.
	ErrNotMigrated = errors.New("pgstore: the schema lacks tables of this version of the library; run Migrate as the owner")

	// ErrNewer: the tables are of a newer major version.
	ErrNewer = errors.New("pgstore: the schema is of a newer major version than this library knows")

	// ErrRole: the role lacks a right that the call needs.
	ErrRole = errors.New("pgstore: the role of the connection may not do this")

	// ErrDamaged: a value does not open, or rows are missing. Restore a backup.
	ErrDamaged = errors.New("pgstore: what is stored is damaged")

	// ErrNotBound: Bind comes before anything else.
	ErrNotBound = errors.New("pgstore: the store is not bound to a tenant and a keyring yet")

	// ErrTenant: the store belongs to another tenant, or the name is not 1 to 64
	// characters of a-z, 0-9, dot, dash and underscore.
	ErrTenant = errors.New("pgstore: the store belongs to another tenant, or the name is not valid")

	// ErrKeyring: the store belongs to another keyring, or the keyring is empty.
	ErrKeyring = errors.New("pgstore: the store belongs to another keyring, or the keyring is empty")

	// ErrClosed: Close was called.
	ErrClosed = errors.New("pgstore: the store is closed")

	// ErrKey: a row is named by a valid purpose and a pseudonym.
	ErrKey = errors.New("pgstore: a row needs a valid purpose and a pseudonym that is not zero")

	// ErrDatabase: the database refused a statement, or the connection broke.
	// What a write left behind is then unknown, unless the text says otherwise.
	ErrDatabase = errors.New("pgstore: the database failed")
)

// SQLSTATEs with a meaning of their own.
const (
	noTable    = "42P01"
	noSchema   = "3F000"
	noRight    = "42501"
	duplicate  = "23505"
	serialize  = "40001"
	deadlocked = "40P01"
)

// state returns the SQLSTATE of an error of the server, or "".
func state(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// clean replaces what the driver says, which may hold rows, hosts and names, by
// a decision and a code.
func clean(ctx context.Context, err error) error {
	code := state(err)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case code == noTable, code == noSchema:
		return ErrNotMigrated
	case code == noRight:
		return ErrRole
	case code != "":
		return fmt.Errorf("%w: SQLSTATE %s", ErrDatabase, code)
	}
	return fmt.Errorf("%w: no connection, or it broke", ErrDatabase)
}
