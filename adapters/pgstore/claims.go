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
// a table of this process, because a session may take its own lock again. Who
// comes while a statement is under way shares the next one.
type claims struct {
	local  ledger.Claims
	config *pgx.ConnConfig

	queue   sync.Mutex
	waiting []*claim

	mu    sync.Mutex // held over a statement
	conn  *pgx.Conn
	ended bool
}

// claim is a lock that somebody wants to take or to give.
type claim struct {
	lock int64
	conn *pgx.Conn // that has it; nil: to take
	done bool
	held bool
	err  error
}

// claimWait bounds what one statement about a claim may take. It is not that of
// the caller: a cancelled statement costs the connection, and with it every claim.
const claimWait = 10 * time.Second

// LedgerClaim takes a key, over all processes that use the schema, until give is
// called or the store's connection ends. give does not wait for the database:
// another process may find the key taken for a moment longer. When that connection breaks, the
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
	lock := lockKey("discreet-pg-claim-v0\n", b.salt, key)
	conn, err := s.claims.take(lock)
	if err != nil {
		back()
		return nil, err
	}
	var once sync.Once
	return func() {
		once.Do(func() {
			s.claims.give(lock, conn)
			back()
		})
	}, nil
}

// lockKey names an advisory lock.
func lockKey(domain string, salt []byte, key uint64) int64 {
	h := sha256.Sum256(binary.BigEndian.AppendUint64(append([]byte(domain), salt...), key))
	return int64(binary.BigEndian.Uint64(h[:]))
}

// take returns the connection that holds the lock.
func (c *claims) take(lock int64) (*pgx.Conn, error) {
	want := claim{lock: lock}
	c.join(&want)
	c.next(&want)
	switch {
	case want.err != nil:
		return nil, want.err
	case !want.held:
		return nil, ledger.ErrHeld
	}
	return want.conn, nil
}

// give frees a lock soon, and before anything that this process takes after it.
func (c *claims) give(lock int64, conn *pgx.Conn) {
	give := claim{lock: lock, conn: conn}
	c.join(&give)
	go c.next(&give)
}

func (c *claims) join(w *claim) {
	c.queue.Lock()
	defer c.queue.Unlock()
	c.waiting = append(c.waiting, w)
}

// next makes a round of all that waits, unless w was in an earlier one.
func (c *claims) next(w *claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if w.done {
		return
	}
	c.queue.Lock()
	group := c.waiting
	c.waiting = nil
	c.queue.Unlock()
	c.round(group)
}

// round gives and takes locks. A lock of a connection that ended is free, or
// will be; what is to be taken is tried once more, on a new connection. c.mu is
// held.
func (c *claims) round(group []*claim) {
	ctx, cancel := context.WithTimeout(context.Background(), claimWait)
	defer cancel()
	var give, take []*claim
	for _, w := range group {
		w.done = true
		switch {
		case w.conn == nil:
			take = append(take, w)
		case w.conn == c.conn:
			give = append(give, w)
		}
	}
	if len(give)+len(take) == 0 {
		return
	}
	err := c.try(ctx, give, take)
	if err != nil && len(take) > 0 && !c.ended && ctx.Err() == nil {
		err = c.try(ctx, nil, take)
	}
	for _, w := range take {
		w.err, w.conn = err, c.conn
	}
}

// try is one round trip. It drops the connection where it fails, and with it
// whatever was taken.
func (c *claims) try(ctx context.Context, give, take []*claim) (err error) {
	if c.ended {
		return ErrClosed
	}
	defer func() {
		if err != nil {
			c.drop()
			err = clean(context.WithoutCancel(ctx), err)
		}
	}()
	if c.conn == nil {
		if c.conn, err = pgx.ConnectConfig(ctx, c.config.Copy()); err != nil {
			return err
		}
	}
	all := append(give, take...)
	locks := make([]int64, len(all))
	for i, w := range all {
		locks[i] = w.lock
	}
	rows, err := c.conn.Query(ctx, `
		SELECT n, CASE WHEN n > $2 THEN pg_try_advisory_lock(k) ELSE pg_advisory_unlock(k) END
		FROM unnest($1::bigint[]) WITH ORDINALITY AS r (k, n)`, locks, int64(len(give)))
	if err != nil {
		return err
	}
	var n int64
	var held bool
	_, err = pgx.ForEachRow(rows, []any{&n, &held}, func() error {
		all[n-1].held = held
		return nil
	})
	return err
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
