package pgstore

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/jackc/pgx/v5"
)

// claims are session-level advisory locks on one connection of their own, and
// a table of this process, because a session may take its own lock again.
type claims struct {
	local  ledger.Claims
	config *pgx.ConnConfig

	mu    sync.Mutex
	conn  *pgx.Conn
	ended bool
}

// claimWait bounds what one statement about a claim may take. It is not that of
// the caller: a cancelled statement costs the connection, and with it every claim.
const claimWait = 10 * time.Second

// LedgerClaim takes a key, over all processes that use the schema, until give is
// called or the store's connection ends. When that connection breaks, the
// server may hand the key to another process before this one notices; the
// ledger's log then tells which of the two holds the entry, and the other gets
// ledger.ErrTicket.
func (s *Store) LedgerClaim(ctx context.Context, key uint64) (give func(), err error) {
	b, err := s.ready(ctx)
	if err != nil {
		return nil, err
	}
	back, err := s.claims.local.Claim(key)
	if err != nil {
		return nil, err
	}
	c, lock := &s.claims, lockKey("discreet-pg-claim-v0\n", b.salt, key)
	conn, err := c.take(context.WithoutCancel(ctx), lock)
	if err != nil {
		back()
		return nil, err
	}
	var once sync.Once
	return func() {
		once.Do(func() {
			c.give(conn, lock)
			back()
		})
	}, nil
}

// lockKey names an advisory lock.
func lockKey(domain string, salt []byte, key uint64) int64 {
	h := sha256.Sum256(binary.BigEndian.AppendUint64(append([]byte(domain), salt...), key))
	return int64(binary.BigEndian.Uint64(h[:]))
}

// take returns the connection that holds the lock. It tries once more on a new
// connection: the lock of a broken one is free, or will be.
func (c *claims) take(ctx context.Context, lock int64) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, claimWait)
	defer cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	for try := 0; ; try++ {
		held, err := c.try(ctx, lock)
		switch {
		case err == nil && held:
			return c.conn, nil
		case err == nil:
			return nil, ledger.ErrHeld
		case c.ended:
			return nil, ErrClosed
		}
		c.drop()
		if try > 0 || ctx.Err() != nil {
			return nil, clean(context.WithoutCancel(ctx), err)
		}
	}
}

func (c *claims) try(ctx context.Context, lock int64) (held bool, err error) {
	if c.ended {
		return false, ErrClosed
	}
	if c.conn == nil {
		if c.conn, err = pgx.ConnectConfig(ctx, c.config.Copy()); err != nil {
			return false, err
		}
	}
	return held, c.conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", lock).Scan(&held)
}

// give frees a lock, if the connection that took it is still there.
func (c *claims) give(conn *pgx.Conn, lock int64) {
	ctx, cancel := context.WithTimeout(context.Background(), claimWait)
	defer cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != conn || c.ended {
		return
	}
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", lock); err != nil {
		c.drop()
	}
}

// drop ends the connection. c.mu is held.
func (c *claims) drop() {
	if c.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		c.conn.Close(ctx)
		c.conn = nil
	}
}

func (c *claims) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	c.drop()
}
