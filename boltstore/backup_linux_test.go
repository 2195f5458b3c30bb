package boltstore_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

func withdraw(t testing.TB, s *boltstore.Store, n int) {
	t.Helper()
	err := s.Forget(t.Context(), subject(n), func([]byte) ([]byte, error) { return []byte("withdrawn"), nil }, []segment.Key{profile(n)})
	if err != nil {
		t.Fatal(err)
	}
}

// eraseSome leaves something of a profile.
func eraseSome(t testing.TB, s *boltstore.Store, n int) {
	t.Helper()
	err := s.ProfileErase(t.Context(), profile(n), func(row []byte) ([]byte, error) { return append(bytes.Clone(row), " less"...), nil })
	if err != nil {
		t.Fatal(err)
	}
	if got := get(t, s, n); got != rowText(n)+" less" {
		t.Fatalf("profile %d is %q", n, got)
	}
}

// backedUp returns a store's path and a backup of it; one person was erased
// before the backup, some after it.
func backedUp(t *testing.T, keys *pseudonym.Keyring) (path, backup string) {
	t.Helper()
	path = fresh(t)
	backup = filepath.Join(t.TempDir(), "backup")
	if err := os.WriteFile(path, filled(t, keys), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, path, keys, boltstore.Sync)
	forget(t, s, 0)
	if err := s.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.Backup(t.Context(), backup), boltstore.ErrExists)
	forget(t, s, 1)
	withdraw(t, s, 2)
	eraseSome(t, s, 3)
	a, err := account(s)
	if err == nil {
		err = release(a, damageReleases) // which the backup lacks
	}
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	onlyStore(t, path)
	return path, backup
}

func wantErased(t *testing.T, s *boltstore.Store) {
	t.Helper()
	for n := range 6 {
		row, err := s.ConsentRow(t.Context(), subject(n))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"", "", "withdrawn", rowText(3), rowText(4), rowText(5)}[n]
		if string(row) != want {
			t.Errorf("consent %d is %q", n, row)
		}
		want = []string{"", "", "", "", rowText(4), rowText(5)}[n]
		if got := get(t, s, n); got != want {
			t.Errorf("profile %d is %q", n, got)
		}
	}
}

// TestRestore holds that what was erased after the backup does not come back,
// and that the window of the restore has nothing left.
func TestRestore(t *testing.T) {
	keys := keyring(t)
	path, backup := backedUp(t, keys)
	before := contents(t, backup)
	wantErr(t, tryOpen(backup), boltstore.ErrBackup)
	r := boltstore.Restoration{Backup: backup, Path: path, Tenant: tenant, Keys: keys, Now: now}
	wantErr(t, boltstore.Restore(t.Context(), r), boltstore.ErrExists)

	r.Path, r.Erasures = fresh(t), path+".erasures"
	if err := boltstore.Restore(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	onlyStore(t, r.Path)
	if !bytes.Equal(before, contents(t, backup)) {
		t.Fatal("the backup was written to")
	}
	wantErr(t, boltstore.Restore(t.Context(), r), boltstore.ErrExists)
	s, err := boltstore.Open(r.Path, boltstore.Options{Erasures: r.Erasures})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Bind(t.Context(), tenant, keys); err != nil {
		t.Fatal(err)
	}
	wantErased(t, s)
	a, err := account(s)
	if err != nil {
		t.Fatal(err)
	}
	wantErr(t, release(a, damageReleases), ledger.ErrExhausted)
	if err := release(a, 1); err != nil { // answered before
		t.Fatal(err)
	}
	wantLogged(t, s)
	forget(t, s, 4) // the journal goes on
	if c, err := s.Check(t.Context()); err != nil || c.Profiles[purpose] != damageRows-5 || c.Consents != damageRows-3 {
		t.Fatalf("%+v, %v", c, err)
	}
}

// TestOldCopy puts an older copy of the file back without Restore: what was
// erased since is erased again before a row can be read.
func TestOldCopy(t *testing.T) {
	path, keys := fresh(t), keyring(t)
	if err := os.WriteFile(path, filled(t, keys), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, path, keys, boltstore.Sync)
	forget(t, s, 0)
	s.Close()
	old := contents(t, path)
	s = open(t, path, keys, boltstore.Sync)
	forget(t, s, 1)
	withdraw(t, s, 2)
	eraseSome(t, s, 3)
	s.Close()
	if err := os.WriteFile(path, old, 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, path, keys, boltstore.Sync)
	defer s.Close()
	wantErased(t, s)
}

func TestRestoreRefused(t *testing.T) {
	keys := keyring(t)
	path, backup := backedUp(t, keys)
	journal := contents(t, path+".erasures")
	good := contents(t, backup)
	begins := len(journal) // of the last entry, found from the lengths
	for at := 21 + 8 + 73; at < len(journal); {
		begins = at
		at += 4 + int(journal[at])<<24 + int(journal[at+1])<<16 + int(journal[at+2])<<8 + int(journal[at+3])
	}
	change := func(data []byte, at int) []byte {
		data = bytes.Clone(data)
		data[at] ^= 1
		return data
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx             context.Context
		keys            *pseudonym.Keyring
		tenant          string
		backup, journal []byte
		want            error
	}{
		"cancelled":             {ctx: cancelled, want: context.Canceled},
		"another keyring":       {keys: keyring(t), want: boltstore.ErrKeyring},
		"another tenant":        {tenant: "rival", want: boltstore.ErrTenant},
		"no journal":            {journal: []byte{}, want: boltstore.ErrJournal},
		"a journal's head only": {journal: journal[:21+8+73], want: boltstore.ErrJournal},
		"a changed first entry": {journal: change(journal, 21+8+73+20), want: boltstore.ErrJournal},
		"a changed last entry":  {journal: change(journal, begins+10), want: boltstore.ErrJournal},
		"an entry left out":     {journal: append(bytes.Clone(journal[:21+8+73]), journal[begins:]...), want: boltstore.ErrJournal},
		"a changed key":         {journal: change(journal, 21+8+30), want: boltstore.ErrJournal},
		"a store, no backup":    {backup: contents(t, path), want: boltstore.ErrBackup},
		"a text":                {backup: bytes.Repeat([]byte("text "), 9999), want: boltstore.ErrNotStore},
		"a cut backup":          {backup: good[:40960], want: boltstore.ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			r := boltstore.Restoration{Backup: filepath.Join(dir, "backup"), Path: filepath.Join(dir, "store"), Tenant: tenant, Keys: keys, Now: now}
			put := func(name string, data, usual []byte) {
				if data == nil {
					data = usual
				}
				if err := os.WriteFile(name, data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			put(r.Backup, c.backup, good)
			put(r.Path+".erasures", c.journal, journal)
			ctx := t.Context()
			if c.ctx != nil {
				ctx = c.ctx
			}
			if c.keys != nil {
				r.Keys = c.keys
			}
			if c.tenant != "" {
				r.Tenant = c.tenant
			}
			wantErr(t, boltstore.Restore(ctx, r), c.want)
			if _, err := os.Lstat(r.Path); !errors.Is(err, fs.ErrNotExist) {
				t.Fatal("a refused Restore leaves a store")
			}
			noRewriteLeft(t, r.Path)
		})
	}
}

// TestJournalTorn cuts the journal at every place: an entry that was not written
// to its end was never acknowledged, and what the store did is missed.
func TestJournalTorn(t *testing.T) {
	path, keys := fresh(t), keyring(t)
	s := open(t, path, keys, boltstore.Sync)
	for n := range 3 {
		set(t, s, n, rowText(n))
	}
	forget(t, s, 0)
	s.Close()
	store, whole := contents(t, path), contents(t, path+".erasures")
	s = open(t, path, keys, boltstore.Sync)
	forget(t, s, 1)
	s.Close()
	journal := contents(t, path+".erasures")
	for cut := 0; cut <= len(journal); cut += 7 {
		if err := errors.Join(os.WriteFile(path, store, 0o600), os.WriteFile(path+".erasures", journal[:cut], 0o600)); err != nil {
			t.Fatal(err)
		}
		err := tryBind(t, path, keys)
		if cut < len(whole) {
			if !errors.Is(err, boltstore.ErrJournal) {
				t.Fatalf("cut at %d of %d: %v", cut, len(journal), err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("cut at %d of %d: %v", cut, len(journal), err)
		}
		s := open(t, path, keys, boltstore.Sync)
		forget(t, s, 2)
		s.Close()
		if err := tryBind(t, path, keys); err != nil {
			t.Fatalf("after a torn entry: %v", err)
		}
	}
	if err := os.Remove(path + ".erasures"); err != nil {
		t.Fatal(err)
	}
	wantErr(t, tryBind(t, path, keys), boltstore.ErrJournal)
}

// TestJournalReseal begins the journal anew, also where a Reseal was killed
// between its two steps, and takes no older backup.
func TestJournalReseal(t *testing.T) {
	keys, next := keyring(t), keyring(t)
	path, backup := backedUp(t, keys)
	old := contents(t, path+".erasures")
	s := open(t, path, keys, boltstore.Sync)
	if err := s.Reseal(t.Context(), keys, next, operator, time.Now()); err != nil {
		t.Fatal(err)
	}
	onlyStore(t, path)
	s.Close()
	// As if killed before the journal was in its place.
	err := errors.Join(os.Rename(path+".erasures", path+".erasures.next"), os.WriteFile(path+".erasures", old, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	s = open(t, path, next, boltstore.Sync)
	onlyStore(t, path)
	if get(t, s, 1) != "" || get(t, s, 2) != "" || get(t, s, 4) != rowText(4) {
		t.Fatal("rows are not what they were")
	}
	forget(t, s, 4)
	s.Close()
	if err := tryBind(t, path, next); err != nil {
		t.Fatal(err)
	}
	r := boltstore.Restoration{Backup: backup, Path: fresh(t), Erasures: path + ".erasures", Tenant: tenant, Keys: next, Now: now}
	wantErr(t, boltstore.Restore(t.Context(), r), boltstore.ErrKeyring)
	r.Keys = keys
	wantErr(t, boltstore.Restore(t.Context(), r), boltstore.ErrJournal)
}

// TestBackupInUse backs up while others write: every backup is one moment.
func TestBackupInUse(t *testing.T) {
	path, keys := fresh(t), keyring(t)
	s := open(t, path, keys, boltstore.Sync)
	defer s.Close()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		for n := byte(0); ctx.Err() == nil; n++ {
			err := s.ConsentUpdate(timeless{}, []ident.Subject{subject(1), subject(900)}, func(int, []byte) ([]byte, error) { return []byte{n}, nil })
			if err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for range 5 {
		backup := fresh(t)
		if err := s.Backup(t.Context(), backup); err != nil {
			t.Error(err)
			break
		}
		journal := fresh(t)
		if err := os.WriteFile(journal, contents(t, path+".erasures"), 0o600); err != nil {
			t.Fatal(err)
		}
		r := boltstore.Restoration{Backup: backup, Path: fresh(t), Erasures: journal, Tenant: tenant, Keys: keys, Now: now}
		if err := boltstore.Restore(t.Context(), r); err != nil {
			t.Error(err)
			break
		}
		copied, err := boltstore.Open(r.Path, boltstore.Options{Erasures: journal})
		if err == nil {
			err = copied.Bind(t.Context(), tenant, keys)
		}
		if err != nil {
			t.Error(err)
			break
		}
		one, e1 := copied.ConsentRow(t.Context(), subject(1))
		two, e2 := copied.ConsentRow(t.Context(), subject(900))
		if errors.Join(e1, e2) != nil || !bytes.Equal(one, two) {
			t.Errorf("a backup holds %v and %v", one, two)
		}
		copied.Close()
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// TestLostJournal holds that a store whose journal is gone opens only when that
// is said, and that what it then makes is whole.
func TestLostJournal(t *testing.T) {
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	path, backup := backedUp(t, keys)
	bind := func(o boltstore.Options) (*boltstore.Store, error) {
		s, err := boltstore.Open(path, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Bind(t.Context(), tenant, keys); err != nil {
			s.Close()
			return nil, err
		}
		return s, nil
	}
	journal := path + ".erasures"
	kept, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(journal, []byte("not a journal"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = bind(boltstore.Options{LostErasures: true})
	wantErr(t, err, boltstore.ErrJournal) // there is something; nobody deletes it unasked
	if err := os.Remove(journal); err != nil {
		t.Fatal(err)
	}
	_, err = bind(boltstore.Options{})
	wantErr(t, err, boltstore.ErrJournal)
	s, err := bind(boltstore.Options{LostErasures: true})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		if row, err := s.ProfileRow(t.Context(), profile(n)); err != nil || row != nil {
			t.Fatalf("profile %d is there: %v", n, err)
		}
	}
	forget(t, s, 4)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err = bind(boltstore.Options{}) // from now on as ever
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "restored")
	err = boltstore.Restore(t.Context(), boltstore.Restoration{
		Backup: backup, Path: to, Erasures: journal, Tenant: tenant, Keys: keys, Now: now,
	})
	wantErr(t, err, boltstore.ErrJournal)
	if err := os.WriteFile(journal, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = bind(boltstore.Options{})
	wantErr(t, err, boltstore.ErrJournal) // the old one does not know of the new erasures
}
