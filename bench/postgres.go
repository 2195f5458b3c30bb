package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"

	"github.com/discreet-go/discreet/adapters/pgstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgresql is a schema of its own in a PostgreSQL, and a store in it.
type postgresql struct {
	conn   *pgx.Conn
	schema string
	store  *pgstore.Store
}

// openPostgres opens a store where DISCREET_PG or the loopback has a PostgreSQL;
// it returns nil, and says that the case is left out, where none answers.
func (b *bench) openPostgres(ctx context.Context, name string) (*postgresql, error) {
	dsn := os.Getenv("DISCREET_PG")
	if dsn == "" {
		dsn = "host=127.0.0.1 port=5432 user=postgres dbname=test sslmode=disable connect_timeout=3"
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		b.skip(name, "no PostgreSQL answers")
		return nil, nil
	}
	var id [6]byte
	rand.Read(id[:])
	pg := &postgresql{conn: conn, schema: "discreet_bench_" + hex.EncodeToString(id[:])}
	if err = pgstore.Migrate(ctx, conn, pgstore.Setup{Schema: pg.schema}); err == nil {
		var config *pgxpool.Config
		if config, err = pgxpool.ParseConfig(dsn); err == nil {
			pg.store, err = pgstore.Open(ctx, config, pg.schema)
		}
	}
	if err != nil {
		pg.close(ctx)
		return nil, err
	}
	return pg, nil
}

// close drops the schema.
func (pg *postgresql) close(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	if pg.store != nil {
		pg.store.Close()
	}
	pg.conn.Exec(ctx, "DROP SCHEMA IF EXISTS "+pg.schema+" CASCADE")
	pg.conn.Close(ctx)
}

// durability says what a commit of the server means: sync, or what is off.
func (pg *postgresql) durability(ctx context.Context) (string, error) {
	var fsync, commit string
	if err := pg.conn.QueryRow(ctx, "SELECT current_setting('fsync'), current_setting('synchronous_commit')").Scan(&fsync, &commit); err != nil {
		return "", err
	}
	if fsync == "on" && commit != "off" {
		return "sync", nil
	}
	return fmt.Sprintf("fsync=%s, synchronous_commit=%s", fsync, commit), nil
}

// postgres measures charges over PostgreSQL against a bare commit of a row of the
// same size on one connection.
func (b *bench) postgres(ctx context.Context, keys *pseudonym.Keyring) error {
	pg, err := b.openPostgres(ctx, "charge-pg")
	if pg == nil {
		return err
	}
	defer pg.close(ctx)
	if err := pg.store.Bind(ctx, "bench", keys); err != nil {
		return err
	}
	if _, err := pg.conn.Exec(ctx, "CREATE TABLE "+pg.schema+".bare (n bigserial PRIMARY KEY, page bytea)"); err != nil {
		return err
	}
	page := make([]byte, 500) // what a charge is, sealed
	return b.charges(ctx, "charge-pg", pg.store, func() error {
		rand.Read(page)
		_, err := pg.conn.Exec(ctx, "INSERT INTO "+pg.schema+".bare (page) VALUES ($1)", page)
		return err
	})
}
