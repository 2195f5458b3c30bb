package boltstore_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/segment"
)

func journaled(t *testing.T, s *boltstore.Store) []string {
	t.Helper()
	entries, err := boltstore.Journaled(s)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func choose(t testing.TB, s *boltstore.Store, n int, row []byte) {
	t.Helper()
	err := s.ConsentUpdate(t.Context(), []ident.Subject{subject(n)}, func(int, []byte) ([]byte, error) { return row, nil })
	if err != nil {
		t.Fatal(err)
	}
}

// TestForgetRaced lets another choice come between what Forget reads and what it
// writes: the journal holds what was done, and not what was tried before.
func TestForgetRaced(t *testing.T) {
	path := fresh(t)
	s := open(t, path, keyring(t), boltstore.Sync)
	defer s.Close()
	choose(t, s, 1, []byte("yes"))
	tries := 0
	err := s.Forget(t.Context(), subject(1), func(row []byte) ([]byte, error) {
		if tries++; tries == 1 {
			choose(t, s, 1, []byte("yes, and no to another"))
		}
		return append(bytes.Clone(row), ", withdrawn"...), nil
	}, []segment.Key{profile(1)})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"consent:yes, and no to another, withdrawn profiles:"}
	if got := journaled(t, s); tries != 2 || !slices.Equal(got, want) {
		t.Fatalf("after %d tries the journal says %q", tries, got)
	}
}

// TestProfileErase holds that an erasure of a part is on disk at once, with what
// was not on disk before it, and that an older copy loses the profile whole.
func TestProfileErase(t *testing.T) {
	for _, d := range []boltstore.Durability{boltstore.Sync, boltstore.Interval(time.Minute)} {
		t.Run(d.String(), func(t *testing.T) {
			path, keys, ctx := fresh(t), keyring(t), t.Context()
			s := open(t, path, keys, d)
			set(t, s, 1, "first")
			if err := s.ProfileSync(ctx); err != nil {
				t.Fatal(err)
			}
			old := contents(t, path)
			set(t, s, 1, "books, sports")
			set(t, s, 2, "other")
			wantErr(t, s.ProfileErase(ctx, profile(1), func([]byte) ([]byte, error) { return nil, errLost }), errLost)
			wantErr(t, s.ProfileErase(ctx, segment.Key{}, nil), boltstore.ErrKey)
			err := s.ProfileErase(ctx, profile(1), func(row []byte) ([]byte, error) {
				rest, found := bytes.CutSuffix(row, []byte(", sports"))
				if !found {
					t.Errorf("the row is %q", row)
				}
				return rest, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := journaled(t, s); !slices.Equal(got, []string{"profiles:"}) {
				t.Errorf("the journal says %q", got)
			}
			if got := get(t, onDisk(t, path, keys), 1); get(t, s, 1) != "books" || got != "books" || get(t, s, 2) != "other" {
				t.Errorf("the row on disk is %q", got)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = open(t, path, keys, d)
			if got := get(t, s, 1); got != "books" {
				t.Errorf("the row is %q", got)
			}
			s.Close()
			if err := os.WriteFile(path, old, 0o600); err != nil {
				t.Fatal(err)
			}
			s = open(t, path, keys, d)
			defer s.Close()
			if got := get(t, s, 1); got != "" {
				t.Errorf("an older copy shows %q", got)
			}
		})
	}
}

// TestCompactJournal holds that the journal keeps no row longer than an older copy
// of the store needs it, and that each older copy still goes on with it.
func TestCompactJournal(t *testing.T) {
	path, keys := fresh(t), keyring(t)
	s := open(t, path, keys, boltstore.Sync)
	type copied struct {
		data         []byte
		one, two, of string // consent rows of 1 and 2, profile of 1, once the journal is done
	}
	var old []copied
	keep := func(one, two, of string) { old = append(old, copied{contents(t, path), one, two, of}) }
	for n := 1; n <= 3; n++ {
		choose(t, s, n, []byte("yes"))
		set(t, s, n, rowText(n))
	}
	keep("", "withdrawn", "")
	withdraw(t, s, 1)
	withdraw(t, s, 2)
	withdraw(t, s, 3)
	keep("", "withdrawn", "")
	choose(t, s, 1, []byte("yes again"))
	set(t, s, 1, "back")
	keep("", "withdrawn", "")
	backup := filepath.Join(t.TempDir(), "backup")
	if err := s.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	forget(t, s, 1)
	choose(t, s, 3, nil) // as a Sweep does when the memory of an erasure ends
	set(t, s, 1, "once more")
	keep("", "withdrawn", "once more") // after the last erasure of 1
	if err := s.ProfileErase(t.Context(), profile(7), func(row []byte) ([]byte, error) { return row, nil }); err != nil {
		t.Fatal(err)
	}
	before := journaled(t, s)
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"", "consent:withdrawn profiles:", "consent: profiles:", "consent: profiles:", "profiles:"}
	if got := journaled(t, s); len(before) != len(want) || !slices.Equal(got, want) {
		t.Fatalf("the journal said %q and says %q", before, got)
	}
	short := contents(t, path+".erasures")
	choose(t, s, 9, []byte("yes"))
	if err := s.Compact(t.Context()); err != nil || !bytes.Equal(short, contents(t, path+".erasures")) {
		t.Fatalf("the journal is written anew without a reason: %v", err)
	}
	onlyStore(t, path)
	wantErr(t, tryOpen(path), boltstore.ErrLocked)
	forget(t, s, 8)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for i, c := range old {
		path := fresh(t)
		err := errors.Join(os.WriteFile(path, c.data, 0o600), os.WriteFile(path+".erasures", short, 0o600),
			os.WriteFile(filepath.Join(filepath.Dir(path), ".store.erasures.new"), short, 0o600)) // left by a kill
		if err != nil {
			t.Fatal(err)
		}
		s := open(t, path, keys, boltstore.Sync)
		onlyStore(t, path)
		one, err1 := s.ConsentRow(t.Context(), subject(1))
		two, err2 := s.ConsentRow(t.Context(), subject(2))
		if err := errors.Join(err1, err2); err != nil || string(one) != c.one || string(two) != c.two || get(t, s, 1) != c.of {
			t.Errorf("copy %d holds %q and %q and %q: %v", i, one, two, get(t, s, 1), err)
		}
		forget(t, s, 2)
		s.Close()
		if err := tryBind(t, path, keys); err != nil {
			t.Errorf("copy %d, once more: %v", i, err)
		}
	}
	r := boltstore.Restoration{Backup: backup, Path: fresh(t), Erasures: path + ".erasures", Tenant: tenant, Keys: keys, Now: now}
	if err := boltstore.Restore(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}
