package boltstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
	"go.etcd.io/bbolt"
)

// resealForever turns the file from one keyring to the other and back.
func resealForever(s *boltstore.Store, dir string, keys *pseudonym.Keyring) error {
	other, err := pseudonym.OpenKeyFile(filepath.Join(dir, "other"))
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		if err := s.Reseal(timeless{}, keys, other, operator, time.Now()); err != nil {
			return err
		}
		keys, other = other, keys
		fmt.Println(n)
	}
}

func TestReseal(t *testing.T) {
	for _, d := range []boltstore.Durability{boltstore.Sync, boltstore.Interval(time.Minute)} {
		t.Run(d.String(), func(t *testing.T) {
			path, old, next := fresh(t), keyring(t), keyring(t)
			if err := os.WriteFile(path, filled(t, old), 0o600); err != nil {
				t.Fatal(err)
			}
			before := sealedRows(t, path)
			var wrapped []byte
			raw(t, path, func(tx *bbolt.Tx) error {
				wrapped = bytes.Clone(tx.Bucket([]byte("meta")).Get([]byte("store-key")))
				return nil
			})
			s := open(t, path, old, d)
			for name, pair := range map[string][2]*pseudonym.Keyring{
				"a wrong old one": {keyring(t), next}, "the same": {old, old}, "no next": {old, nil}, "no old": {nil, next}, "an empty one": {old, {}},
			} {
				if err := s.Reseal(t.Context(), pair[0], pair[1], operator, time.Now()); !errors.Is(err, boltstore.ErrKeyring) {
					t.Errorf("%s: %v", name, err)
				}
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			wantErr(t, s.Reseal(ctx, old, next, operator, time.Now()), context.Canceled)
			set(t, s, 1, "waits, perhaps")
			if err := s.Reseal(t.Context(), old, next, operator, time.Now()); err != nil {
				t.Fatal(err)
			}
			wantErr(t, s.Bind(t.Context(), tenant, old), boltstore.ErrKeyring)
			wantErr(t, s.Reseal(t.Context(), old, next, operator, time.Now()), boltstore.ErrKeyring)
			wantErr(t, s.Reseal(t.Context(), next, old, ledger.Actor{}, time.Now()), ledger.ErrActor)
			wantAccess(t, s, "Reseal")
			if err := s.Bind(t.Context(), tenant, next); err != nil {
				t.Fatal(err)
			}
			set(t, s, 2, "after")
			s.Close()
			onlyStore(t, path)
			after := contents(t, path)
			check := old.Check()
			if bytes.Contains(after, wrapped) || bytes.Contains(after, check[:]) {
				t.Fatal("the old key, wrapped, is still in the file")
			}
			for _, v := range before {
				if bytes.Contains(after, v[1:25]) {
					t.Fatal("a value under the old key is still in the file")
				}
			}
			wantErr(t, tryBind(t, path, old), boltstore.ErrKeyring)
			s = open(t, path, next, d)
			defer s.Close()
			for n := range damageRows {
				want := map[int]string{1: "waits, perhaps", 2: "after"}[n]
				if want == "" {
					want = rowText(n)
				}
				if got := get(t, s, n); got != want {
					t.Fatalf("row %d is %q", n, got)
				}
			}
			wantLogged(t, s)
			a, err := account(s)
			if err != nil || a.Report().Answered != damageReleases {
				t.Fatalf("the ledger is not what it was: %v", err)
			}
			if err := a.Verify(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestResealDamaged changes nothing where a value does not open.
func TestResealDamaged(t *testing.T) {
	path, old, next := fresh(t), keyring(t), keyring(t)
	s := open(t, path, old, boltstore.Sync)
	set(t, s, 1, "row")
	set(t, s, 2, "row")
	s.Close()
	raw(t, path, func(tx *bbolt.Tx) error {
		b, k := tx.Bucket([]byte("profiles/"+purpose)), id(1).Bytes()
		return b.Put(k[:], append(bytes.Clone(b.Get(k[:])), 0))
	})
	s = open(t, path, old, boltstore.Sync)
	wantErr(t, s.Reseal(t.Context(), old, next, operator, time.Now()), boltstore.ErrDamaged)
	if get(t, s, 2) != "row" {
		t.Fatal("a row is lost")
	}
	s.Close()
	onlyStore(t, path)
	wantErr(t, tryBind(t, path, next), boltstore.ErrKeyring)
}

// TestResealInUse turns keys while others write and read: nothing is lost, and
// nobody sees an error.
func TestResealInUse(t *testing.T) {
	for _, d := range []boltstore.Durability{boltstore.Sync, boltstore.Interval(10 * time.Millisecond)} {
		t.Run(d.String(), func(t *testing.T) {
			path, old, next := fresh(t), keyring(t), keyring(t)
			s := open(t, path, old, d)
			ctx, stop := context.WithCancel(t.Context())
			var all sync.WaitGroup
			counts := make([]int, 3)
			for w := range counts {
				all.Go(func() {
					for ctx.Err() == nil {
						err := s.ProfileUpdate(t.Context(), []segment.Key{profile(w)}, func(_ int, row []byte) ([]byte, error) {
							return append(row[:len(row):len(row)], 'x'), nil
						})
						if err != nil {
							t.Error(err)
							return
						}
						counts[w]++
						if got := get(t, s, w); len(got) != counts[w] {
							t.Errorf("%d bytes after %d updates", len(got), counts[w])
							return
						}
					}
				})
			}
			all.Go(func() {
				a, err := account(s)
				for n := 0; err == nil && ctx.Err() == nil && n < 1000; n++ {
					err = release(a, n)
				}
				if err != nil {
					t.Error(err)
				}
			})
			for range 10 {
				if err := s.Reseal(t.Context(), old, next, operator, time.Now()); err != nil {
					t.Error(err)
				}
				old, next = next, old
			}
			stop()
			all.Wait()
			s.Close()
			s = open(t, path, old, d)
			defer s.Close()
			for w := range counts {
				if len(get(t, s, w)) != counts[w] {
					t.Fatal("an acknowledged update is lost")
				}
			}
		})
	}
}

// TestResealKilled leaves a file that opens with exactly one of the keyrings.
func TestResealKilled(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "store")
	keys, err := pseudonym.CreateKeyFile(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := pseudonym.CreateKeyFile(filepath.Join(dir, "other"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, filled(t, keys), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		kill(t, "reseal", dir, func(string) {})
		one, two := tryBind(t, path, keys), tryBind(t, path, other)
		if (one == nil) == (two == nil) || one != nil && !errors.Is(one, boltstore.ErrKeyring) || two != nil && !errors.Is(two, boltstore.ErrKeyring) {
			t.Fatalf("the keyrings give %v and %v", one, two)
		}
		opens := keys
		if two == nil {
			opens = other
		}
		noRewriteLeft(t, path)
		s := open(t, path, opens, boltstore.Sync)
		for n := range damageRows {
			if get(t, s, n) != rowText(n) {
				t.Fatalf("row %d is not what was written", n)
			}
		}
		if a, err := account(s); err != nil || a.Verify(t.Context()) != nil {
			t.Fatalf("the ledger is not what it was: %v", err)
		}
		s.Close()
		if two == nil { // the child begins with the first
			s = open(t, path, other, boltstore.Sync)
			if err := errors.Join(s.Reseal(t.Context(), other, keys, operator, time.Now()), s.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// noRewriteLeft fails where a rewrite left something.
func noRewriteLeft(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Lstat(filepath.Join(filepath.Dir(path), ".store.rewrite")); err == nil {
		t.Error("a rewrite left its file")
	}
}

// wantAccess checks that the access log ends with an action of the operator.
func wantAccess(t *testing.T, s *boltstore.Store, action string) {
	t.Helper()
	var last ledger.Access
	err := ledger.NewAccessLog(s).Read(t.Context(), func(a ledger.Access) error {
		last = a
		return nil
	})
	if err != nil || last.Actor != operator || last.Action != action {
		t.Errorf("the access log ends with %+v, %v", last, err)
	}
}
