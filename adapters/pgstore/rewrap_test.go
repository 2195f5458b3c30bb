package pgstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/discreet-go/discreet/adapters/pgstore"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/jackc/pgx/v5/pgxpool"
)

var operator = ledger.Actor{ID: "operator", Reason: "a test"}

// retired returns a ring in which the first root was destroyed, step by step.
func retired(t testing.TB, k *pseudonym.Keyring, id uint32) *pseudonym.Keyring {
	t.Helper()
	for _, to := range []pseudonym.State{pseudonym.EraseOnly, pseudonym.Destroyed} {
		next, err := k.Retire(id, to, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		k = next
	}
	return k
}

// TestRewrap rotates the ring of a store and destroys the root that it was first
// bound with: every row still opens, in this process and in others, and the access
// log says who did it.
func TestRewrap(t *testing.T) {
	ctx := t.Context()
	owner, schema := connect(t), migrated(t, pgstore.Setup{})
	first := newKeys(t)
	old := first.KeyID()
	s := bind(t, opened(t, schema), first)
	other := bind(t, opened(t, schema), first) // another process
	who := ident.NewSubject(ident.NewID(7, &[16]byte{1}))
	put := func(s *pgstore.Store, text string) {
		t.Helper()
		err := s.ConsentUpdate(ctx, []ident.Subject{who}, func(int, []byte) ([]byte, error) { return []byte(text), nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	holds := func(s *pgstore.Store, want string) {
		t.Helper()
		if row, err := s.ConsentRow(ctx, who); err != nil || string(row) != want {
			t.Fatalf("%q, %v, want %q", row, err, want)
		}
	}
	put(s, "before")
	rotated, err := first.Rotate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	late := retired(t, rotated, old)
	fresh := opened(t, schema)
	if err := fresh.Bind(ctx, tenant, late); !errors.Is(err, pgstore.ErrKeyring) {
		t.Fatalf("a ring without the root that wraps: %v", err)
	}
	for name, c := range map[string]struct {
		keys *pseudonym.Keyring
		by   ledger.Actor
		want error
	}{
		"another ring":  {newKeys(t), operator, pgstore.ErrKeyring},
		"no ring":       {nil, operator, pgstore.ErrKeyring},
		"root is gone":  {late, operator, pgstore.ErrKeyring},
		"nobody":        {rotated, ledger.Actor{}, ledger.ErrActor},
		"same root, ok": {first, ledger.Actor{}, nil},
	} {
		if err := s.Rewrap(ctx, owner, c.keys, c.by, time.Now()); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Rewrap(ctx, owner, rotated, operator, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := s.Rewrap(ctx, owner, rotated, operator, time.Now()); err != nil {
		t.Fatalf("again: %v", err)
	}
	holds(s, "before")
	put(other, "between") // goes on
	if err := fresh.Bind(ctx, tenant, late); err != nil {
		t.Fatalf("with the old root destroyed: %v", err)
	}
	holds(fresh, "between")
	for _, s := range []*pgstore.Store{s, other} { // as Engine.SetKeys does
		if err := s.Bind(ctx, tenant, late); err != nil {
			t.Fatal(err)
		}
		holds(s, "between")
	}
	if err := opened(t, schema).Bind(ctx, tenant, first); !errors.Is(err, pgstore.ErrKeyring) {
		t.Errorf("the ring from before opens it: %v", err)
	}
	noted := 0
	err = ledger.NewAccessLog(s).Read(ctx, func(a ledger.Access) error {
		if a.Action == "Rewrap" && a.Actor == operator {
			noted++
		}
		return nil
	})
	if err != nil || noted != 1 {
		t.Errorf("%d entries, %v", noted, err)
	}
	if err := opened(t, schema).Rewrap(ctx, owner, rotated, operator, time.Now()); !errors.Is(err, pgstore.ErrNotBound) {
		t.Errorf("not bound: %v", err)
	}
}

// TestRewrapAsWriter holds that the role of the service may not change the binding.
func TestRewrapAsWriter(t *testing.T) {
	ctx := t.Context()
	owner := connect(t)
	writer := name("writer")
	exec(t, owner, "CREATE ROLE "+writer+" LOGIN")
	schema := migrated(t, pgstore.Setup{Writer: writer})
	t.Cleanup(func() {
		c := connect(t)
		exec(t, c, "DROP OWNED BY "+writer)
		exec(t, c, "DROP ROLE "+writer)
	})
	keys := newKeys(t)
	s := bind(t, opened(t, schema), keys)
	rotated, err := keys.Rotate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c := config(t, "user="+writer)
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	conn, err := pool.Acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if err := s.Rewrap(context.Background(), conn.Conn(), rotated, operator, time.Now()); !errors.Is(err, pgstore.ErrRole) {
		t.Errorf("the service's role: %v", err)
	}
	if err := opened(t, schema).Bind(ctx, tenant, keys); err != nil {
		t.Errorf("the binding changed: %v", err)
	}
}
