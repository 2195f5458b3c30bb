package boltstore_test

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// onDisk opens a copy of the file as it is now: what a crash would leave.
func onDisk(t *testing.T, path string, keys *pseudonym.Keyring) *boltstore.Store {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copied := fresh(t)
	if err := os.WriteFile(copied, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if journal, err := os.ReadFile(path + ".erasures"); err == nil {
		if err := os.WriteFile(copied+".erasures", journal, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, copied, keys, boltstore.Sync)
	t.Cleanup(func() { s.Close() })
	return s
}

func TestIntervalLosesProfilesOnly(t *testing.T) {
	path, keys, ctx := fresh(t), keyring(t), t.Context()
	s := open(t, path, keys, boltstore.Interval(time.Minute))
	defer s.Close()
	set(t, s, 1, "late")
	a, err := account(s)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		release(a, 1),
		s.ConsentUpdate(ctx, []ident.Subject{subject(1)}, func(int, []byte) ([]byte, error) { return []byte("yes"), nil }),
	)
	if err != nil {
		t.Fatal(err)
	}
	left := onDisk(t, path, keys)
	if get(t, s, 1) != "late" || get(t, left, 1) != "" {
		t.Fatal("a profile row waits for the interval")
	}
	if row, err := left.ConsentRow(ctx, subject(1)); string(row) != "yes" || err != nil {
		t.Fatalf("consent on disk is %q, %v", row, err)
	}
	if b, err := account(left); err != nil || b.Report().Answered != 1 || b.Verify(ctx) != nil {
		t.Fatalf("the charge is not on disk: %v", err)
	}

	// A scan counts what is on disk.
	n := 0
	if err := s.ProfileScan(ctx, purpose, func(segment.ID, []byte) error { n++; return nil }); err != nil || n != 1 {
		t.Fatalf("the scan finds %d rows, %v", n, err)
	}
	if get(t, onDisk(t, path, keys), 1) != "late" {
		t.Fatal("what a scan counted is not on disk")
	}

	// Erasure does not wait, and takes what waits with it.
	set(t, s, 1, "later")
	set(t, s, 2, "late")
	err = s.Forget(ctx, subject(1), func([]byte) ([]byte, error) { return []byte("erased"), nil }, []segment.Key{profile(1), profile(2)})
	if err != nil {
		t.Fatal(err)
	}
	set(t, s, 3, "late")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	left = onDisk(t, path, keys)
	if get(t, left, 1) != "" || get(t, left, 2) != "" || get(t, left, 3) != "late" {
		t.Fatal("Close writes what waits and nothing that was erased")
	}
}

func TestIntervalWritesByItself(t *testing.T) {
	path, keys := fresh(t), keyring(t)
	s := open(t, path, keys, boltstore.Interval(20*time.Millisecond))
	defer s.Close()
	set(t, s, 1, "row")
	for range 200 {
		time.Sleep(20 * time.Millisecond)
		if get(t, onDisk(t, path, keys), 1) == "row" {
			return
		}
	}
	t.Fatal("the row never came to the disk")
}

// TestIntervalWritesWhenFull holds that rows do not pile up without bound.
func TestIntervalWritesWhenFull(t *testing.T) {
	path, keys := fresh(t), keyring(t)
	s := open(t, path, keys, boltstore.Interval(time.Minute))
	defer s.Close()
	batch := make([]segment.Key, 17)
	for i := range batch {
		batch[i] = profile(i)
	}
	large := make([]byte, 2<<20)
	err := s.ProfileUpdate(t.Context(), batch, func(i int, _ []byte) ([]byte, error) { return append(large, fmt.Sprint(i)...), nil })
	if err != nil {
		t.Fatal(err)
	}
	if got := get(t, onDisk(t, path, keys), 16); len(got) != 2<<20+2 {
		t.Fatalf("34 MB wait in memory")
	}
}
