package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"os"

	"github.com/discreet-go/discreet/adapters/pgstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgres measures charges over PostgreSQL, where DISCREET_PG or the loopback
// has one, against a bare commit of a row of the same size on one connection.
func (b *bench) postgres(ctx context.Context, keys *pseudonym.Keyring) error {
	dsn := os.Getenv("DISCREET_PG")
	if dsn == "" {
		dsn = "host=127.0.0.1 port=5432 user=postgres dbname=test sslmode=disable connect_timeout=3"
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		b.skip("charge-pg", "no PostgreSQL answers")
		return nil
	}
	defer conn.Close(ctx)
	var id [6]byte
	rand.Read(id[:])
	schema := "discreet_bench_" + hex.EncodeToString(id[:])
	if err := pgstore.Migrate(ctx, conn, pgstore.Setup{Schema: schema}); err != nil {
		return err
	}
	defer conn.Exec(context.WithoutCancel(ctx), "DROP SCHEMA "+schema+" CASCADE")
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return err
	}
	store, err := pgstore.Open(ctx, config, schema)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.Bind(ctx, "bench", keys); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "CREATE TABLE "+schema+".bare (n bigserial PRIMARY KEY, page bytea)"); err != nil {
		return err
	}
	page := make([]byte, 500) // what a charge is, sealed
	return b.charges(ctx, "charge-pg", store, func() error {
		rand.Read(page)
		_, err := conn.Exec(ctx, "INSERT INTO "+schema+".bare (page) VALUES ($1)", page)
		return err
	})
}
