package boltstore_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"path/filepath"
	"testing"
	"time"

	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
	"go.etcd.io/bbolt"
)

const (
	tenant  = "shop"
	purpose = "recommendations"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func id(n int) ident.ID {
	b := [ident.IDSize]byte{1, 0, 0, 9}
	binary.BigEndian.PutUint64(b[4:], uint64(n)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(b[12:], uint64(n))
	v, err := ident.IDFromBytes(b[:])
	if err != nil {
		panic(err)
	}
	return v
}

func profile(n int) segment.Key { return segment.Key{Purpose: purpose, ID: id(n)} }

func subject(n int) ident.Subject { return ident.NewSubject(id(n)) }

func keyring(t testing.TB) *pseudonym.Keyring {
	t.Helper()
	k, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func open(t testing.TB, path string, keys *pseudonym.Keyring, d boltstore.Durability) *boltstore.Store {
	t.Helper()
	s, err := boltstore.Open(path, boltstore.Options{Durability: d})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Bind(t.Context(), tenant, keys); err != nil {
		t.Fatal(err)
	}
	return s
}

func set(t testing.TB, s *boltstore.Store, n int, row string) {
	t.Helper()
	err := s.ProfileUpdate(t.Context(), []segment.Key{profile(n)}, func(int, []byte) ([]byte, error) { return []byte(row), nil })
	if err != nil {
		t.Fatal(err)
	}
}

func get(t testing.TB, s *boltstore.Store, n int) string {
	t.Helper()
	row, err := s.ProfileRow(t.Context(), profile(n))
	if err != nil {
		t.Fatal(err)
	}
	return string(row)
}

func account(s ledger.Store) (*ledger.Account, error) {
	total, err := accounting.UnitsUp(big.NewRat(1, 1))
	if err != nil {
		return nil, err
	}
	return ledger.Open(timeless{}, ledger.Config{Store: s, Terms: ledger.Terms{Epsilon: 5, Delta: 1e-6, Mu2: total, WindowDays: 30}}, now)
}

// release charges and answers one release.
func release(a *ledger.Account, n int) error {
	cost, err := accounting.UnitsUp(big.NewRat(1, 1<<30))
	if err != nil {
		return err
	}
	r := ledger.Request{Name: fmt.Sprint("release-", n), Spec: []byte("spec"), Mu2: cost, AsOf: 20000}
	ticket, stored, err := a.Reserve(timeless{}, r, now)
	switch {
	case err != nil:
		return err
	case stored != nil && string(stored) != answer(n):
		return errors.New("another answer is stored")
	case stored != nil:
		return nil
	}
	return ticket.Answer(timeless{}, []byte(answer(n)))
}

func answer(n int) string { return fmt.Sprint("answer-", n) }

// timeless is a context for children, which have no test of their own.
type timeless struct{}

func (timeless) Deadline() (time.Time, bool) { return time.Time{}, false }
func (timeless) Done() <-chan struct{}       { return nil }
func (timeless) Err() error                  { return nil }
func (timeless) Value(any) any               { return nil }

// raw changes the file behind the store's back.
func raw(t testing.TB, path string, f func(tx *bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(f), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func fresh(t testing.TB) string { return filepath.Join(t.TempDir(), "store") }

func wantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}

// operator turns keys.
var operator = ledger.Actor{ID: "operator", Reason: "yearly rotation"}
