package boltstore_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
	"go.etcd.io/bbolt"
)

// killJobs are what children do until they are killed.
var killJobs = map[string]func(dir string, keys *pseudonym.Keyring) error{
	"erase": func(dir string, keys *pseudonym.Keyring) error { return eraseForever(dir, keys, boltstore.Sync) },
	"erase-interval": func(dir string, keys *pseudonym.Keyring) error {
		return eraseForever(dir, keys, boltstore.Interval(time.Minute))
	},
	"shrink":  shrinkForever,
	"backup":  backupForever,
	"restore": restoreForever,
	"upgrade": upgradeForever,
}

func killRounds(short int) int {
	if os.Getenv("DISCREET_LONG") != "" {
		return 50 * short
	}
	return short
}

func openChild(dir string, keys *pseudonym.Keyring, d boltstore.Durability) (*boltstore.Store, error) {
	s, err := boltstore.Open(filepath.Join(dir, "store"), boltstore.Options{Durability: d})
	if err != nil {
		return nil, err
	}
	return s, s.Bind(timeless{}, tenant, keys)
}

// killedFolder makes the folder of a child, with a store that is filled.
func killedFolder(t *testing.T) (dir, path string, keys *pseudonym.Keyring) {
	t.Helper()
	dir = t.TempDir()
	path = filepath.Join(dir, "store")
	keys, err := pseudonym.CreateKeyFile(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, filled(t, keys), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, path, keys
}

func forgetIn(s *boltstore.Store, n int) error {
	return s.Forget(timeless{}, subject(n), func([]byte) ([]byte, error) { return nil, nil },
		[]segment.Key{profile(n), {Purpose: "second", ID: id(n)}})
}

// eraseForever erases one person after the other, each whole or a part.
func eraseForever(dir string, keys *pseudonym.Keyring, d boltstore.Durability) error {
	s, err := openChild(dir, keys, d)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	for n := erasedIn(s); n < damageRows; n++ {
		if n%5 == 4 {
			err = s.ProfileErase(timeless{}, profile(n), func([]byte) ([]byte, error) { return []byte("less"), nil })
		} else {
			err = forgetIn(s, n)
		}
		if err != nil {
			return err
		}
		fmt.Println(n)
	}
	select {} // nobody is left
}

// erasedIn returns the first person who is not erased yet.
func erasedIn(s *boltstore.Store) int {
	for n := range damageRows {
		if row, err := s.ProfileRow(timeless{}, profile(n)); err != nil || string(row) == rowText(n) {
			return n
		}
	}
	return damageRows
}

// TestKilledErase holds that whoever was erased stays so, and that an erasure
// under way is made whole or not at all.
func TestKilledErase(t *testing.T) {
	for _, mode := range []string{"erase", "erase-interval"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			dir, path, keys := killedFolder(t)
			acknowledged, between := -1, 0
			whole := map[int]bool{} // who lost a whole profile to a kill in the middle
			for range killRounds(8) {
				if acknowledged > damageRows-400 { // begin again with people to erase
					err := errors.Join(os.WriteFile(path, filled(t, keys), 0o600), os.Remove(path+".erasures"))
					if err != nil {
						t.Fatal(err)
					}
					acknowledged = -1
					clear(whole)
				}
				kill(t, mode, dir, func(line string) { acknowledged = atLeast(t, acknowledged, line) })
				before := contents(t, path)
				s := open(t, path, keys, boltstore.Sync)
				erased := wantErasedThrough(t, s, acknowledged, whole)
				acknowledged = erased - 1
				if got := len(journaled(t, s)); got != erased {
					t.Fatalf("%d erasures, %d entries", erased, got)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				if string(before) != string(contents(t, path)) {
					between++ // the opening had to do it again
				}
			}
			t.Logf("%d kills came between the journal and the store", between)
		})
	}
}

// wantErasedThrough returns how many people are erased, which are those up to n
// and perhaps the next one.
func wantErasedThrough(t *testing.T, s *boltstore.Store, n int, whole map[int]bool) int {
	t.Helper()
	erased := 0
	for i := range damageRows {
		consent, err := s.ConsentRow(t.Context(), subject(i))
		if err != nil {
			t.Fatal(err)
		}
		row, kept := get(t, s, i), rowText(i)
		gone := row == "" && len(consent) == 0
		if i%5 == 4 {
			whole[i] = whole[i] || row == "" && i == n+1
			gone = (row == "less" || row == "" && whole[i]) && string(consent) == kept
		}
		if gone {
			erased++
		}
		if i <= n && !gone || i > n+1 && gone || !gone && (row != kept || string(consent) != kept) {
			t.Fatalf("of %d people that were erased, %d has %q and %q", n+1, i, row, consent)
		}
	}
	return erased
}

// shrinkForever erases the same people again and again, and compacts.
func shrinkForever(dir string, keys *pseudonym.Keyring) error {
	s, err := openChild(dir, keys, boltstore.Sync)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	for {
		for n := range 3 {
			if err := forgetIn(s, n); err != nil {
				return err
			}
		}
		if err := s.Compact(timeless{}); err != nil {
			return err
		}
	}
}

// TestKilledShrink kills a child while it writes the journal anew: a copy of the
// store from before all of it still goes on with the journal.
func TestKilledShrink(t *testing.T) {
	t.Parallel()
	dir, path, keys := killedFolder(t)
	s := open(t, path, keys, boltstore.Sync)
	forget(t, s, 10)
	s.Close()
	old := contents(t, path)
	for range killRounds(8) {
		kill(t, "shrink", dir, func(string) {})
		if err := tryBind(t, path, keys); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{".store.rewrite", ".store.erasures.new", "store.erasures.next"} {
			noFile(t, filepath.Join(dir, name))
		}
		other := fresh(t)
		if err := errors.Join(os.WriteFile(other, old, 0o600), os.WriteFile(other+".erasures", contents(t, path+".erasures"), 0o600)); err != nil {
			t.Fatal(err)
		}
		s := open(t, other, keys, boltstore.Sync)
		if n := len(journaled(t, s)); n > 1 && get(t, s, 0) != "" || get(t, s, 10) != "" || get(t, s, 3) != rowText(3) {
			t.Errorf("an older copy does not erase what %d entries say", n)
		}
		s.Close()
	}
}

// backupForever erases one person after the other, each after a backup, of which
// it keeps the last one.
func backupForever(dir string, keys *pseudonym.Keyring) error {
	s, err := openChild(dir, keys, boltstore.Sync)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	for n := erasedIn(s); ; n++ {
		backup := filepath.Join(dir, fmt.Sprint("backup", n%2))
		if err := os.Remove(backup); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := s.Backup(timeless{}, backup); err != nil {
			return err
		}
		if err := forgetIn(s, n); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// TestKilledBackup holds that under the name of a backup is a whole one or
// nothing, and that nothing does not become a store.
func TestKilledBackup(t *testing.T) {
	t.Parallel()
	dir, path, keys := killedFolder(t)
	acknowledged, absent := -1, 0
	for range killRounds(8) {
		kill(t, "backup", dir, func(line string) { acknowledged = atLeast(t, acknowledged, line) })
		s := open(t, path, keys, boltstore.Sync)
		erased := erasedIn(s)
		if err := s.Close(); err != nil || erased < min(acknowledged+1, damageRows) {
			t.Fatalf("%d of %d people are erased: %v", erased, acknowledged+1, err)
		}
		for _, name := range []string{"backup0", "backup1"} {
			backup := filepath.Join(dir, name)
			if _, err := os.Lstat(backup); errors.Is(err, fs.ErrNotExist) {
				absent++
				if _, err := os.Lstat(filepath.Join(dir, "."+name+".rewrite")); err == nil {
					wantErr(t, tryOpen(backup), boltstore.ErrUnfinished)
				}
				continue
			}
			wantErr(t, tryOpen(backup), boltstore.ErrBackup)
			to := fresh(t)
			if err := os.WriteFile(to+".erasures", contents(t, path+".erasures"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := boltstore.Restore(t.Context(), boltstore.Restoration{Backup: backup, Path: to, Tenant: tenant, Keys: keys, Now: now}); err != nil {
				t.Fatal(err)
			}
			s = open(t, to, keys, boltstore.Sync)
			for n := range min(erased+20, damageRows) {
				if want := rowText(n); n < erased && get(t, s, n) != "" || n >= erased && get(t, s, n) != want {
					t.Fatalf("of %d people that were erased, %d has %q", erased, n, get(t, s, n))
				}
			}
			s.Close()
		}
	}
	t.Logf("%d backups were absent", absent)
}

// restoreForever restores a backup, and removes what it made before the last time.
func restoreForever(dir string, keys *pseudonym.Keyring) error {
	fmt.Println("ready")
	for n := 0; ; n++ {
		r := restoration(dir, n%2, keys)
		if err := os.Remove(r.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := boltstore.Restore(timeless{}, r); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

func restoration(dir string, n int, keys *pseudonym.Keyring) boltstore.Restoration {
	return boltstore.Restoration{
		Backup: filepath.Join(dir, "backup"), Path: filepath.Join(dir, fmt.Sprint("restored", n)), Erasures: filepath.Join(dir, "journal"),
		Tenant: tenant, Keys: keys, Now: now,
	}
}

// TestKilledRestore holds that under the path is a whole store, with everything
// erased and the window closed, or nothing; and that nothing is not taken for a
// new store where a restore began.
func TestKilledRestore(t *testing.T) {
	t.Parallel()
	dir, path, keys := killedFolder(t)
	s := open(t, path, keys, boltstore.Sync)
	if err := s.Backup(t.Context(), filepath.Join(dir, "backup")); err != nil {
		t.Fatal(err)
	}
	forget(t, s, 0)
	forget(t, s, 1)
	withdraw(t, s, 2)
	eraseSome(t, s, 3)
	s.Close()
	if err := os.Rename(path+".erasures", filepath.Join(dir, "journal")); err != nil {
		t.Fatal(err)
	}
	absent := 0
	for range killRounds(8) {
		kill(t, "restore", dir, func(string) {})
		for n := range 2 {
			r := restoration(dir, n, keys)
			_, there := os.Lstat(r.Path)
			_, left := os.Lstat(filepath.Join(dir, fmt.Sprintf(".restored%d.rewrite", n)))
			s, err := boltstore.Open(r.Path, boltstore.Options{Erasures: r.Erasures})
			if there != nil {
				absent++
				if left == nil {
					wantErr(t, err, boltstore.ErrUnfinished)
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				// It had not begun; the journal shows that there was a store.
				wantErr(t, s.Bind(t.Context(), tenant, keys), boltstore.ErrJournal)
				s.Close()
				os.Remove(r.Path)
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Bind(t.Context(), tenant, keys); err != nil {
				t.Fatal(err)
			}
			wantErased(t, s)
			a, err := account(s)
			if err != nil {
				t.Fatal(err)
			}
			wantErr(t, release(a, damageReleases), ledger.ErrExhausted)
			noFile(t, filepath.Join(dir, fmt.Sprintf(".restored%d.rewrite", n)))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d times there was nothing", absent)
}

func noFile(t *testing.T, name string) {
	t.Helper()
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s was left: %v", filepath.Base(name), err)
	}
}

// upgradeForever puts a file of format 0 in place and opens it.
func upgradeForever(dir string, keys *pseudonym.Keyring) error {
	old, err := os.ReadFile(filepath.Join(dir, "old"))
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		temp := filepath.Join(dir, "next")
		if err := errors.Join(os.WriteFile(temp, old, 0o600), os.Rename(temp, filepath.Join(dir, "store"))); err != nil {
			return err
		}
		fmt.Println(n)
		s, err := openChild(dir, keys, boltstore.Sync)
		if err != nil {
			return err
		}
		if err := s.Close(); err != nil {
			return err
		}
	}
}

// TestKilledUpgrade holds that a file is of the old format or the new one, and
// whole.
func TestKilledUpgrade(t *testing.T) {
	t.Parallel()
	dir, path, keys := killedFolder(t)
	old := filepath.Join(dir, "old")
	raw(t, path, func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("format"), []byte("0")) })
	if err := os.Rename(path, old); err != nil {
		t.Fatal(err)
	}
	formats := map[string]int{}
	for range killRounds(8) {
		kill(t, "upgrade", dir, func(string) {})
		raw(t, path, func(tx *bbolt.Tx) error {
			formats[string(tx.Bucket([]byte("meta")).Get([]byte("format")))]++
			return nil
		})
		s := open(t, path, keys, boltstore.Sync)
		c, err := s.Check(t.Context())
		if err != nil || c.Profiles[purpose] != damageRows || c.Consents != damageRows || c.Blobs != damageReleases ||
			c.Logged != 2*damageReleases || c.Accesses != 1 {
			t.Fatalf("%+v, %v", c, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		raw(t, path, func(tx *bbolt.Tx) error {
			if got := string(tx.Bucket([]byte("meta")).Get([]byte("format"))); got != "2" {
				t.Fatalf("after opening the format is %q", got)
			}
			return nil
		})
	}
	for format := range formats {
		if !strings.Contains("0 2", format) {
			t.Errorf("a killed upgrade leaves format %q", format)
		}
	}
	t.Logf("formats left, by kill: %v", formats)
}
