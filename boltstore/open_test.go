package boltstore_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
	"go.etcd.io/bbolt"
)

func tryOpen(path string) error {
	s, err := boltstore.Open(path, boltstore.Options{})
	if err == nil {
		s.Close()
	}
	return err
}

func TestOpen(t *testing.T) {
	path := fresh(t)
	for _, d := range []boltstore.Durability{-1, 1, boltstore.Interval(time.Millisecond), boltstore.Interval(time.Hour)} {
		_, err := boltstore.Open(path, boltstore.Options{Durability: d})
		wantErr(t, err, boltstore.ErrOptions)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal("refused options leave a file")
	}
	wantErr(t, tryOpen(filepath.Join(path, "missing", "store")), boltstore.ErrOpen)
	wantErr(t, tryOpen(filepath.Dir(path)), boltstore.ErrOpen) // a directory

	s := open(t, path, keyring(t), boltstore.Sync)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	began := time.Now()
	wantErr(t, tryOpen(path), boltstore.ErrLocked)
	if d := time.Since(began); d > 2*time.Second {
		t.Fatalf("a locked file is told after %v", d)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	names, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(names) != 1 {
		t.Fatalf("making a store leaves %d files", len(names))
	}
}

func TestBinding(t *testing.T) {
	path, keys := fresh(t), keyring(t)
	s := open(t, path, keys, boltstore.Sync)
	set(t, s, 1, "row")
	s.Close()
	for name, c := range map[string]struct {
		tenant string
		other  bool
		want   error
	}{
		"another tenant":  {"rival", false, boltstore.ErrTenant},
		"another keyring": {tenant, true, boltstore.ErrKeyring},
		"both":            {"rival", true, boltstore.ErrTenant},
	} {
		t.Run(name, func(t *testing.T) {
			k := keys
			if c.other {
				k = keyring(t)
			}
			s, err := boltstore.Open(path, boltstore.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			wantErr(t, s.Bind(t.Context(), c.tenant, k), c.want)
			_, err = s.ProfileRow(t.Context(), profile(1))
			wantErr(t, err, boltstore.ErrNotBound)
		})
	}
	s = open(t, path, keys, boltstore.Sync)
	if got := get(t, s, 1); got != "row" {
		t.Fatalf("the row is %q", got)
	}
	s.Close()

	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	check := keys.Check()
	if bytes.Contains(data, []byte(tenant)) || !bytes.Contains(data, check[:]) {
		t.Fatal("the file holds the tenant's name, or lacks the check value")
	}
	raw(t, path, func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("store-key"), make([]byte, 73)) })
	s, err = boltstore.Open(path, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.Bind(t.Context(), tenant, keys), boltstore.ErrDamaged)
	s.Close()
	raw(t, path, func(tx *bbolt.Tx) error {
		set(t, open(t, fresh(t), keys, boltstore.Sync), 1, "other file")
		m := tx.Bucket([]byte("meta"))
		if _, err := tx.CreateBucketIfNotExists([]byte("ledger")); err != nil {
			return err
		}
		return errors.Join(m.Delete([]byte("tenant")), m.Delete([]byte("store-key")))
	})
	s, err = boltstore.Open(path, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.Bind(t.Context(), tenant, keys), boltstore.ErrDamaged) // data, but no key: no fresh start
	s.Close()
}

// TestBindingOfRotated binds a file, closed in between, with rings that follow
// from the one that made it, until its root is destroyed; Reseal lets it go.
func TestBindingOfRotated(t *testing.T) {
	nothing := func([]byte) ([]byte, error) { return nil, nil }
	path, first := fresh(t), keyring(t)
	s := open(t, path, first, boltstore.Sync)
	set(t, s, 1, "row")
	set(t, s, 2, "to be erased")
	s.Close()
	now := first.Created()
	next, err := first.Rotate(now)
	if err != nil {
		t.Fatal(err)
	}
	s = open(t, path, next, boltstore.Sync)
	if got := get(t, s, 1); got != "row" {
		t.Fatalf("the row is %q", got)
	}
	if err := s.ProfileErase(t.Context(), profile(2), nothing); err != nil { // makes the journal
		t.Fatal(err)
	}
	s.Close()
	wantErr(t, tryBind(t, path, first), boltstore.ErrJournal) // it is of a later root
	gone := next
	for state := pseudonym.EraseOnly; state <= pseudonym.Destroyed; state++ {
		if gone, err = gone.Retire(first.KeyID(), state, now); err != nil {
			t.Fatal(err)
		}
		want := error(nil)
		if state == pseudonym.Destroyed {
			want = boltstore.ErrKeyring
		}
		wantErr(t, tryBind(t, path, gone), want)
	}

	s = open(t, path, next, boltstore.Sync)
	wantErr(t, s.Reseal(t.Context(), first, first, operator, now), boltstore.ErrKeyring)
	wantErr(t, s.Reseal(t.Context(), gone, next, operator, now), boltstore.ErrKeyring)
	if err := s.Reseal(t.Context(), next, next, operator, now); err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.Reseal(t.Context(), next, next, operator, now), boltstore.ErrKeyring) // it is done
	s.Close()
	wantErr(t, tryBind(t, path, first), boltstore.ErrKeyring)
	s = open(t, path, gone, boltstore.Sync)
	defer s.Close()
	if got := get(t, s, 1); got != "row" {
		t.Fatalf("the row is %q", got)
	}
	set(t, s, 3, "to be erased")
	if err := s.ProfileErase(t.Context(), profile(3), nothing); err != nil {
		t.Fatal(err)
	}
}

func TestNotOurs(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"empty":  {nil, boltstore.ErrDamaged},
		"text":   {bytes.Repeat([]byte("hello\n"), 5000), boltstore.ErrNotStore},
		"zeros":  {make([]byte, 100_000), boltstore.ErrNotStore},
		"short":  {[]byte("x"), boltstore.ErrNotStore},
		"sqlite": {append([]byte("SQLite format 3\x00"), make([]byte, 4080)...), boltstore.ErrNotStore},
	} {
		path := fresh(t)
		if err := os.WriteFile(path, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := tryOpen(path); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, c.data) {
			t.Errorf("%s: the file was written to", name)
		}
	}
	foreign := fresh(t)
	raw(t, foreign, func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("somebody else's"))
		return err
	})
	wantErr(t, tryOpen(foreign), boltstore.ErrNotStore)
	for version, want := range map[string]error{"0": nil, "1": nil, "3": boltstore.ErrNewer, "2147483647": boltstore.ErrNewer, "": boltstore.ErrNotStore, "-1": boltstore.ErrNotStore, "x": boltstore.ErrNotStore} {
		path := fresh(t)
		open(t, path, keyring(t), boltstore.Sync).Close()
		raw(t, path, func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("format"), []byte(version)) })
		if err := tryOpen(path); !errors.Is(err, want) {
			t.Errorf("format %q: %v, want %v", version, err, want)
		}
	}
}

// TestSealed holds that no value lies in clear, and that a value opens in its
// own place only.
func TestSealed(t *testing.T) {
	path, keys := fresh(t), keyring(t)
	s := open(t, path, keys, boltstore.Sync)
	ctx := t.Context()
	const secret = "unmistakable content"
	set(t, s, 1, secret+" one")
	set(t, s, 2, secret+" two")
	err := errors.Join(
		s.ConsentUpdate(ctx, []ident.Subject{subject(1)}, func(int, []byte) ([]byte, error) { return []byte(secret), nil }),
		s.LedgerAppend(ctx, 0, ledger.Row{Record: []byte(secret), Blob: []byte(secret)}),
		s.LedgerAppend(ctx, 1, ledger.Row{Record: []byte(secret)}),
		s.AccessAppend(ctx, 0, []byte(secret)),
		s.ConsentLogAppend(ctx, 0, []byte(secret)),
		s.Close(),
	)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil || bytes.Contains(data, []byte(secret[:12])) {
		t.Fatalf("a value lies in clear: %v", err)
	}
	read := func(s *boltstore.Store) map[string]error {
		out := map[string]error{}
		_, out["profile"] = s.ProfileRow(ctx, profile(1))
		out["scan"] = s.ProfileScan(ctx, purpose, func(segment.ID, []byte) error { return nil })
		_, out["consent"] = s.ConsentRow(ctx, subject(1))
		out["ledger"] = s.LedgerRead(ctx, 0, func(uint64, []byte) error { return nil })
		_, out["blob"] = s.LedgerBlob(ctx, 0)
		out["access"] = s.AccessRead(ctx, 0, func(uint64, []byte) error { return nil })
		out["choices"] = s.ConsentLogRead(ctx, 0, func(uint64, []byte) error { return nil })
		_, _, out["tail of choices"] = s.ConsentLogTail(ctx)
		return out
	}
	one, two := id(1).Bytes(), id(2).Bytes()
	seq := func(n byte) []byte { return []byte{0, 0, 0, 0, 0, 0, 0, n} }
	get := func(tx *bbolt.Tx, bucket string, key []byte) []byte {
		return bytes.Clone(tx.Bucket([]byte(bucket)).Get(key))
	}
	put := func(tx *bbolt.Tx, bucket string, key, value []byte) error {
		return tx.Bucket([]byte(bucket)).Put(key, value)
	}
	const profiles = "profiles/" + purpose
	for name, c := range map[string]struct {
		change func(tx *bbolt.Tx) error
		hits   string
	}{
		"nothing":          {func(tx *bbolt.Tx) error { return nil }, ""},
		"another row":      {func(tx *bbolt.Tx) error { return put(tx, profiles, one[:], get(tx, profiles, two[:])) }, "profile scan"},
		"another bucket":   {func(tx *bbolt.Tx) error { return put(tx, "consent", one[:], get(tx, profiles, one[:])) }, "consent"},
		"another position": {func(tx *bbolt.Tx) error { return put(tx, "ledger", seq(1), get(tx, "ledger", seq(0))) }, "ledger"},
		"record as blob":   {func(tx *bbolt.Tx) error { return put(tx, "ledger-blobs", seq(0), get(tx, "ledger", seq(0))) }, "blob"},
		"another log": {func(tx *bbolt.Tx) error {
			return put(tx, "consent-log", seq(0), get(tx, "access", seq(0)))
		}, "choices tail of choices"},
		"a gap": {func(tx *bbolt.Tx) error {
			return errors.Join(put(tx, "ledger", seq(2), get(tx, "ledger", seq(1))), tx.Bucket([]byte("ledger")).Delete(seq(1)))
		}, "ledger"},
		"a short value": {func(tx *bbolt.Tx) error { return put(tx, profiles, one[:], []byte{0}) }, "profile scan"},
		"a new version": {func(tx *bbolt.Tx) error {
			v := get(tx, profiles, one[:])
			v[0] = 1
			return put(tx, profiles, one[:], v)
		}, "profile scan"},
		"a changed byte": {func(tx *bbolt.Tx) error {
			v := get(tx, "consent", one[:])
			v[30]++
			return put(tx, "consent", one[:], v)
		}, "consent"},
	} {
		t.Run(name, func(t *testing.T) {
			copied := fresh(t)
			if err := os.WriteFile(copied, data, 0o600); err != nil {
				t.Fatal(err)
			}
			raw(t, copied, c.change)
			s := open(t, copied, keys, boltstore.Sync)
			defer s.Close()
			for what, err := range read(s) {
				if hit := strings.Contains(c.hits, what); hit != errors.Is(err, boltstore.ErrDamaged) || !hit && err != nil {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}

func tryBind(t testing.TB, path string, keys *pseudonym.Keyring) error {
	t.Helper()
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Bind(t.Context(), tenant, keys)
}
