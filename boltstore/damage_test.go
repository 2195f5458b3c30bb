package boltstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

const (
	damageRows     = 1500
	damageReleases = 10
)

func rowText(n int) string { return fmt.Sprintf("row %d of somebody", n) }

// filled returns the bytes of a store with something in every bucket.
func filled(t testing.TB, keys *pseudonym.Keyring) []byte {
	t.Helper()
	path := fresh(t)
	s := open(t, path, keys, boltstore.Sync)
	all := make([]segment.Key, damageRows)
	people := make([]ident.Subject, damageRows)
	for i := range all {
		all[i], people[i] = profile(i), subject(i)
	}
	row := func(i int, _ []byte) ([]byte, error) { return []byte(rowText(i)), nil }
	err := errors.Join(s.ProfileUpdate(t.Context(), all, row), s.ConsentUpdate(t.Context(), people, row))
	if err != nil {
		t.Fatal(err)
	}
	a, err := account(s)
	if err != nil {
		t.Fatal(err)
	}
	for n := range damageReleases {
		if err := release(a, n); err != nil {
			t.Fatal(err)
		}
	}
	for n := range damageReleases {
		if _, err := consent.NewLog(s).Append(t.Context(), now, scriptMarks(n)...); err != nil {
			t.Fatal(err)
		}
	}
	if err := ledger.NewAccessLog(s).Note(t.Context(), operator, "Fill", now); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// wantLogged wants the consent log that filled wrote.
func wantLogged(t testing.TB, s *boltstore.Store) {
	t.Helper()
	var got, want [][32]byte
	for n := range damageReleases {
		want = append(want, scriptMarks(n)...)
	}
	err := consent.NewLog(s).Read(t.Context(), func(r consent.LogRecord) error { got = append(got, r.Commitment); return nil })
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("the consent log holds %d records: %v", len(got), err)
	}
}

// survey opens the file and reads all of it. It fails the test where what is
// read is wrong, or an error is none that the package documents; otherwise it
// tells how many ledger records there are and whether anything was refused.
func survey(t *testing.T, path string, keys *pseudonym.Keyring) (records int, err error) {
	t.Helper()
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	ctx := t.Context()
	if err := s.Bind(ctx, tenant, keys); err != nil {
		return 0, err
	}
	check := func(who ident.ID, row []byte) error {
		var n int
		if _, err := fmt.Sscanf(string(row), "row %d", &n); err != nil || who != id(n) || string(row) != rowText(n) {
			t.Fatal("a row is not what was written")
		}
		return nil
	}
	scan := s.ProfileScan(ctx, purpose, func(who segment.ID, row []byte) error { return check(who, row) })
	sweep := s.ConsentSweep(ctx, func(who ident.Subject, row []byte) ([]byte, error) { return row, check(who.ID(), row) })
	read := s.LedgerRead(ctx, 0, func(uint64, []byte) error { records++; return nil })
	var verify error
	if a, err := account(s); err != nil {
		verify = err
	} else {
		verify = a.Verify(ctx)
	}
	var write error
	for i := range 5 {
		key := profile(i * damageRows / 5)
		if row, err := s.ProfileRow(ctx, key); err == nil && row != nil {
			check(key.ID, row)
		}
		write = errors.Join(write, s.ProfileUpdate(ctx, []segment.Key{key}, func(i int, row []byte) ([]byte, error) {
			return append(bytes.Clone(row), ' '), nil
		}))
	}
	logged := consent.NewLog(s).Read(ctx, nil)
	accesses := ledger.NewAccessLog(s).Read(ctx, nil)
	return records, errors.Join(scan, sweep, read, verify, write, logged, accesses)
}

// known reports whether an error is one that a damaged file may give.
func known(err error) bool {
	for _, k := range []error{
		boltstore.ErrDamaged, boltstore.ErrNotStore, boltstore.ErrNewer, boltstore.ErrTenant, boltstore.ErrKeyring,
		boltstore.ErrFailed, ledger.ErrBroken, ledger.ErrTerms, consent.ErrBroken,
	} {
		if errors.Is(err, k) {
			return true
		}
	}
	return false
}

func TestCutShort(t *testing.T) {
	keys := keyring(t)
	data := filled(t, keys)
	used := len(bytes.TrimRight(data, "\x00")) // the file is grown ahead of its pages
	path := fresh(t)
	for _, n := range []int{1, 15, 1023, 4095, 4096, 8191, 8192, 12288, 16384, 40960, used / 2, used - 4096, used &^ 4095} {
		if err := os.WriteFile(path, data[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := survey(t, path, keys)
		if n < used && !errors.Is(err, boltstore.ErrDamaged) && !errors.Is(err, boltstore.ErrNotStore) {
			t.Errorf("cut to %d of %d bytes: %v", n, used, err)
		}
	}
}

// TestFlipped changes bytes anywhere in the file. Nothing may panic, hang, or
// hand out a row that was not written; and however it is damaged, a ledger that
// reads well has lost the last commit at most (a header that does not check
// stands for a commit that did not happen).
func TestFlipped(t *testing.T) {
	rounds := 100
	if os.Getenv("DISCREET_LONG") != "" {
		rounds = 10_000
	}
	keys := keyring(t)
	data := filled(t, keys)
	used := len(bytes.TrimRight(data, "\x00"))
	path := fresh(t)
	refused := 0
	for round := range rounds {
		bad := bytes.Clone(data)
		var where []int
		for range 1 + rand.IntN(3) {
			at := rand.IntN(used)
			switch round % 3 {
			case 0: // a header
				at = rand.IntN(2)*4096 + rand.IntN(80)
			case 1: // the head of a page
				at = at&^4095 + rand.IntN(32)
			}
			bad[at] ^= byte(1 + rand.IntN(255))
			where = append(where, at)
		}
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		records, err := survey(t, path, keys)
		switch {
		case err != nil && !known(err):
			t.Fatalf("bytes %v: %v", where, err)
		case err != nil:
			refused++
		case records < 2*damageReleases: // of 1 + 2*damageReleases
			t.Fatalf("bytes %v: the ledger reads well with %d records", where, records)
		}
	}
	t.Logf("%d of %d damaged files were refused", refused, rounds)
}

// FuzzFile changes, cuts and lengthens the file as the fuzzer says: each five
// bytes are a place, what it is changed by, and how far the change reaches.
func FuzzFile(f *testing.F) {
	keys := keyring(f)
	data := filled(f, keys)
	used := len(bytes.TrimRight(data, "\x00"))
	f.Add([]byte{}, uint32(0))
	f.Add([]byte{0, 0, 16, 1, 1}, uint32(0))                  // the first header
	f.Add([]byte{0, 0, 16, 1, 1, 0, 16, 16, 1, 1}, uint32(0)) // both
	f.Add([]byte{0, 32, 0, 255, 255}, uint32(0))              // the head of a page
	f.Add([]byte{1, 0, 0, 7, 40}, uint32(0))
	f.Add([]byte{}, uint32(4096))
	f.Add([]byte{}, uint32(40_001))
	f.Add([]byte{0, 0, 0, 0, 0}, uint32(1<<31))
	f.Fuzz(func(t *testing.T, edits []byte, size uint32) {
		if len(edits) > 5*16 {
			return
		}
		bad := bytes.Clone(data)
		for e := edits; len(e) >= 5; e = e[5:] {
			at := (int(e[0])<<16 | int(e[1])<<8 | int(e[2])) % used
			for i := range int(e[4]) {
				if at+i < len(bad) {
					bad[at+i] ^= e[3]
				}
			}
		}
		switch {
		case size >= 1<<31:
			bad = append(bad, make([]byte, size%(1<<16))...)
		case size > 0:
			bad = bad[:int(size)%len(bad)]
		}
		path := fresh(t)
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		records, err := survey(t, path, keys)
		if err != nil && !known(err) {
			t.Fatal(err)
		}
		if err == nil && records < 2*damageReleases {
			t.Fatalf("the ledger reads well with %d records", records)
		}
	})
}
