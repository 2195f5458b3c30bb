package boltstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/segment"
	"go.etcd.io/bbolt"
)

func compactForever(s *boltstore.Store) {
	for {
		if err := s.Compact(timeless{}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// sealedRows returns every stored value of a closed file.
func sealedRows(t *testing.T, path string) (all [][]byte) {
	t.Helper()
	raw(t, path, func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			if string(name) == "meta" {
				return nil
			}
			return b.ForEach(func(_, v []byte) error {
				all = append(all, bytes.Clone(v))
				return nil
			})
		})
	})
	return all
}

func contents(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func forget(t testing.TB, s *boltstore.Store, n int) {
	t.Helper()
	err := s.Forget(t.Context(), subject(n), func([]byte) ([]byte, error) { return nil, nil }, []segment.Key{profile(n)})
	if err != nil {
		t.Fatal(err)
	}
}

// onlyStore fails where anything lies beside the store but its journal.
func onlyStore(t *testing.T, path string) {
	t.Helper()
	names, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if name := n.Name(); name != filepath.Base(path) && name != filepath.Base(path)+".erasures" {
			t.Errorf("%s was left", name)
		}
	}
}

// TestCompactErases holds that of what was deleted or replaced no byte is left,
// and of the rest every row.
func TestCompactErases(t *testing.T) {
	for _, d := range []boltstore.Durability{boltstore.Sync, boltstore.Interval(time.Minute)} {
		t.Run(d.String(), func(t *testing.T) {
			keys := keyring(t)
			path := fresh(t)
			if err := os.WriteFile(path, filled(t, keys), 0o640); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, 0o640); err != nil {
				t.Fatal(err)
			}
			before := sealedRows(t, path)
			s := open(t, path, keys, d)
			for n := range damageRows {
				if n%3 == 0 {
					forget(t, s, n)
				}
			}
			set(t, s, 1, rowText(1)+" again")
			if err := s.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
			after := contents(t, path)
			wantErr(t, tryOpen(path), boltstore.ErrLocked)
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
				t.Fatalf("mode %v, %v", info.Mode(), err)
			}
			if err := s.Compact(t.Context()); err != nil || !bytes.Equal(after, contents(t, path)) {
				t.Fatalf("a second Compact does something: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			onlyStore(t, path)
			kept := 0
			live := map[string]bool{}
			for _, v := range sealedRows(t, path) {
				live[string(v)] = true
			}
			for _, v := range before {
				switch has := bytes.Contains(after, v[1:25]); { // the nonce, which nothing else holds
				case live[string(v)] != has:
					t.Fatal("bytes of a deleted row are in the file, or those of a live one are not")
				case has:
					kept++
				}
			}
			if gone := len(before) - kept; gone != 2*damageRows/3+1 {
				t.Fatalf("%d values are gone", gone)
			}
			s = open(t, path, keys, d)
			defer s.Close()
			for n := range damageRows {
				want := rowText(n)
				if n%3 == 0 {
					want = ""
				} else if n == 1 {
					want += " again"
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
		})
	}
}

// TestCompactInUse compacts while others read and write.
func TestCompactInUse(t *testing.T) {
	path, keys := fresh(t), keyring(t)
	s := open(t, path, keys, boltstore.Sync)
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	counts := make([]int, 4)
	for w := range counts {
		all.Go(func() {
			for ctx.Err() == nil {
				err := s.ProfileUpdate(t.Context(), []segment.Key{profile(w)}, func(_ int, row []byte) ([]byte, error) {
					if row == nil && counts[w] > 0 {
						return nil, errors.New("a row is lost")
					}
					return append(row, 'x'), nil
				})
				if err != nil {
					t.Error(err)
					return
				}
				counts[w]++
				n := 0
				err = s.ProfileScan(t.Context(), purpose, func(who segment.ID, row []byte) error {
					if n++; who == id(w) && len(row) != counts[w] {
						return errors.New("a scan shows an old row")
					}
					return nil
				})
				if err != nil || n == 0 {
					t.Errorf("scan of %d: %v", n, err)
					return
				}
			}
		})
	}
	for range 10 {
		if err := s.Compact(t.Context()); err != nil {
			t.Error(err)
		}
	}
	stop()
	all.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	onlyStore(t, path)
	s = open(t, path, keys, boltstore.Sync)
	defer s.Close()
	for w := range counts {
		if len(get(t, s, w)) != counts[w] {
			t.Fatalf("an acknowledged update is lost")
		}
	}
}

// TestCompactAlone lets others try to open the file all the time: nobody gets
// it, not the old one either.
func TestCompactAlone(t *testing.T) {
	path := fresh(t)
	s := open(t, path, keyring(t), boltstore.Sync)
	stop := make(chan struct{})
	var all sync.WaitGroup
	tries := 0
	all.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			tries++
			if err := tryOpen(path); !errors.Is(err, boltstore.ErrLocked) {
				t.Errorf("somebody else got the file: %v", err)
				return
			}
		}
	})
	for n := range 40 {
		set(t, s, n, "row")
		if err := s.Compact(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	all.Wait()
	s.Close()
}

func TestCompactRefused(t *testing.T) {
	path, keys := fresh(t), keyring(t)
	if err := os.WriteFile(path, filled(t, keys), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(path)
	stale := filepath.Join(dir, ".store.rewrite")
	if err := os.WriteFile(stale, []byte("left by a crash"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, path, keys, boltstore.Sync)
	onlyStore(t, path)
	set(t, s, 0, "zero")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantErr(t, s.Compact(ctx), context.Canceled)

	second := filepath.Join(dir, "second")
	if err := os.Link(path, second); err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.Compact(t.Context()), boltstore.ErrLinked)
	if err := os.Rename(second, filepath.Join(dir, ".discreet-new-1")); err != nil {
		t.Fatal(err)
	}
	if err := s.Compact(t.Context()); err != nil { // that name is ours
		t.Fatal(err)
	}
	onlyStore(t, path)

	// Something in the way, which cannot be removed.
	set(t, s, 0, "zero again")
	if err := os.MkdirAll(filepath.Join(stale, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Compact(t.Context()); err == nil {
		t.Fatal("compacted over a directory")
	}
	if err := os.RemoveAll(stale); err != nil {
		t.Fatal(err)
	}

	// The file was moved: what stands under its name is not ours to replace.
	if err := os.Rename(path, second); err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.Compact(t.Context()), boltstore.ErrRewrite)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal("a refused Compact makes a file")
	}
	if err := os.Rename(second, path); err != nil {
		t.Fatal(err)
	}

	set(t, s, 0, "still there")
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := get(t, s, 0); got != "still there" {
		t.Fatalf("the row is %q", got)
	}
	s.Close()
	wantErr(t, s.Compact(t.Context()), boltstore.ErrClosed)
}

// TestCompactLink keeps a link a link.
func TestCompactLink(t *testing.T) {
	path, keys := fresh(t), keyring(t)
	open(t, path, keys, boltstore.Sync).Close()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	s := open(t, link, keys, boltstore.Sync)
	set(t, s, 1, "row")
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Fatalf("the link is gone: %v", err)
	}
	s = open(t, path, keys, boltstore.Sync)
	defer s.Close()
	if get(t, s, 1) != "row" {
		t.Fatal("the row is lost")
	}
}

// TestCompactFull runs out of space in the middle: the old file stays, and is
// used on.
func TestCompactFull(t *testing.T) {
	dir := t.TempDir()
	path, keys := filepath.Join(dir, "store"), keyring(t)
	s := open(t, path, keys, boltstore.Sync)
	defer s.Close()
	people := make([]ident.Subject, 200)
	for i := range people {
		people[i] = subject(i)
	}
	big := make([]byte, 64<<10)
	err := s.ConsentUpdate(t.Context(), people, func(int, []byte) ([]byte, error) { return big, nil })
	if err != nil {
		t.Fatal(err)
	}
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	ignoreFileSize()
	limit := before
	limit.Cur = 6 << 20
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	err = s.Compact(t.Context())
	if e := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); e != nil {
		t.Fatal(e)
	}
	wantErr(t, err, boltstore.ErrRewrite)
	wantErr(t, err, syscall.EFBIG)
	onlyStore(t, path)
	set(t, s, 1, "row")
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	row, err := s.ConsentRow(t.Context(), subject(7))
	if err != nil || !bytes.Equal(row, big) || get(t, s, 1) != "row" {
		t.Fatalf("a row is lost: %v", err)
	}
}

func ignoreFileSize() { signal.Ignore(syscall.SIGXFSZ) }
