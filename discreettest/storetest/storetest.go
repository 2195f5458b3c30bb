package storetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/dp/ledger/ledgertest"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// Store is what an engine asks of a store.
type Store interface {
	consent.Store
	consent.LogStore
	segment.Store
	ledger.Store
	ledger.AccessStore
	Bind(ctx context.Context, tenant string, keys *pseudonym.Keyring) error
	Update(ctx context.Context, subjects []ident.Subject, keys []segment.Key, f func(i int, row []byte) ([]byte, error)) error
	Forget(ctx context.Context, s ident.Subject, f func(row []byte) ([]byte, error), keys []segment.Key) error
	Close() error
}

const (
	tenant = "storetest"
	one    = "purpose.one"
	two    = "purpose.two"
)

var errStop = errors.New("storetest: stop")

// Test runs the suite. open returns a fresh, empty store that is not bound yet;
// the suite closes it.
func Test(t *testing.T, open func(t *testing.T) Store) {
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	bound := func(t *testing.T) Store {
		s := open(t)
		t.Cleanup(func() { s.Close() })
		if err := s.Bind(t.Context(), tenant, keys); err != nil {
			t.Fatal(err)
		}
		return s
	}
	t.Run("bind", func(t *testing.T) { testBind(t, open, keys) })
	for name, f := range map[string]func(t *testing.T, s Store){
		"close":                testClose,
		"cancelled":            testCancelled,
		"keys":                 testKeys,
		"rows/copies":          testCopies,
		"rows/empty":           testEmptyRow,
		"rows/apart":           testApart,
		"rows/purposes":        testPurposes,
		"update/error":         testUpdateError,
		"update/buffer":        testReusedBuffer,
		"update/again":         testCalledAgain,
		"update/counters":      testCounters,
		"update/together":      testTogether,
		"sweep":                testSweep,
		"sweep/concurrent":     testSweepConcurrently,
		"forget":               testForget,
		"forget/together":      testForgetTogether,
		"forget/against":       testForgetAgainstUpdates,
		"script":               testScript,
		"scan/stop":            testScanStop,
		"logs":                 testLogsApart,
		"consent-log":          testConsentLog,
		"update/many-purposes": testManyPurposes,
		"joint":                testUpdate,
		"joint/move":           testMove,
	} {
		t.Run(name, func(t *testing.T) { f(t, bound(t)) })
	}
	fresh := func(tb testing.TB) Store {
		own, ok := tb.(*testing.T)
		if !ok {
			own = t // unreachable: the suites run as tests
		}
		s := open(own)
		tb.Cleanup(func() { s.Close() })
		if err := s.Bind(tb.Context(), tenant, keys); err != nil {
			tb.Fatal(err)
		}
		return s
	}
	t.Run("ledger", func(t *testing.T) {
		ledgertest.Run(t, func(t testing.TB) ledger.Store { return fresh(t) })
	})
	t.Run("access", func(t *testing.T) {
		ledgertest.RunAccess(t, func(t testing.TB) ledger.AccessStore { return fresh(t) })
	})
	t.Run("consent-log/contract", func(t *testing.T) {
		ledgertest.RunAccess(t, func(t testing.TB) ledger.AccessStore { return asAccess{fresh(t)} })
	})
}

// id returns the pseudonym number n; all differ, also in their first and last bytes.
func id(n int) ident.ID {
	var b [ident.IDSize]byte
	b[0], b[3] = 1, 7
	binary.BigEndian.PutUint64(b[4:], uint64(n)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint32(b[16:], uint32(n))
	v, err := ident.IDFromBytes(b[:])
	if err != nil {
		return ident.ID{} // the suite's own tests of keys then fail
	}
	return v
}

func who(n int) ident.Subject { return ident.NewSubject(id(n)) }

func people(from, to int) (all []ident.Subject) {
	for n := from; n < to; n++ {
		all = append(all, who(n))
	}
	return all
}

func key(purpose string, n int) segment.Key { return segment.Key{Purpose: purpose, ID: id(n)} }

func keys(purpose string, from, to int) (all []segment.Key) {
	for n := from; n < to; n++ {
		all = append(all, key(purpose, n))
	}
	return all
}

// put writes one profile row.
func put(t testing.TB, s Store, k segment.Key, row string) {
	t.Helper()
	err := s.ProfileUpdate(context.Background(), []segment.Key{k}, func(int, []byte) ([]byte, error) { return []byte(row), nil })
	if err != nil {
		t.Fatal(err)
	}
}

// putConsent writes one consent row.
func putConsent(t testing.TB, s Store, n int, row string) {
	t.Helper()
	err := s.ConsentUpdate(context.Background(), people(n, n+1), func(int, []byte) ([]byte, error) { return []byte(row), nil })
	if err != nil {
		t.Fatal(err)
	}
}

// want checks one profile row; "-" stands for none.
func want(t testing.TB, s Store, k segment.Key, row string) {
	t.Helper()
	got, err := s.ProfileRow(context.Background(), k)
	check(t, "profile", got, err, row)
}

// wantConsent checks one consent row; "-" stands for none.
func wantConsent(t testing.TB, s Store, n int, row string) {
	t.Helper()
	got, err := s.ConsentRow(context.Background(), who(n))
	check(t, "consent", got, err, row)
}

func check(t testing.TB, what string, got []byte, err error, row string) {
	t.Helper()
	switch {
	case err != nil:
		t.Fatalf("%s row: %v", what, err)
	case row == "-" && got != nil:
		t.Fatalf("%s row is %q, want none", what, got)
	case row != "-" && (got == nil || string(got) != row):
		t.Fatalf("%s row is %q (nil: %v), want %q", what, got, got == nil, row)
	}
}

// scan returns all rows of a purpose.
func scan(t testing.TB, s Store, purpose string) map[ident.ID]string {
	t.Helper()
	all := map[ident.ID]string{}
	err := s.ProfileScan(context.Background(), purpose, func(id segment.ID, row []byte) error {
		if _, ok := all[id]; ok {
			return fmt.Errorf("a row appears twice")
		}
		all[id] = string(row)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// number reads a row that holds a counter; no row counts as zero.
func number(row []byte) uint64 {
	if row == nil {
		return 0
	}
	return binary.BigEndian.Uint64(row)
}

func numberRow(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// dice is a small generator with a fixed sequence.
type dice uint64

func (d *dice) below(n int) int {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int((z ^ z>>31) % uint64(n))
}

// every calls each method of the contracts once and returns the errors.
func every(s Store, ctx context.Context) map[string]error {
	none := func([]byte) ([]byte, error) { return nil, nil }
	out := map[string]error{}
	_, out["ConsentRow"] = s.ConsentRow(ctx, who(1))
	out["ConsentUpdate"] = s.ConsentUpdate(ctx, people(1, 2), func(int, []byte) ([]byte, error) { return nil, nil })
	out["ConsentSweep"] = s.ConsentSweep(ctx, func(ident.Subject, []byte) ([]byte, error) { return nil, nil })
	_, out["ProfileRow"] = s.ProfileRow(ctx, key(one, 1))
	out["ProfileUpdate"] = s.ProfileUpdate(ctx, keys(one, 1, 2), func(int, []byte) ([]byte, error) { return nil, nil })
	out["ProfileScan"] = s.ProfileScan(ctx, one, func(segment.ID, []byte) error { return nil })
	out["ProfileSweep"] = s.ProfileSweep(ctx, one, func(segment.ID, []byte) ([]byte, error) { return nil, nil })
	_, out["ProfilePurposes"] = s.ProfilePurposes(ctx)
	out["ProfileSync"] = s.ProfileSync(ctx)
	out["LedgerAppend"] = s.LedgerAppend(ctx, 0, ledger.Row{Record: []byte("x")})
	out["LedgerRead"] = s.LedgerRead(ctx, 0, func(uint64, []byte) error { return nil })
	_, out["LedgerBlob"] = s.LedgerBlob(ctx, 0)
	_, out["LedgerClaim"] = s.LedgerClaim(ctx, 1)
	out["AccessAppend"] = s.AccessAppend(ctx, 0, []byte("x"))
	out["AccessRead"] = s.AccessRead(ctx, 0, func(uint64, []byte) error { return nil })
	_, _, out["AccessTail"] = s.AccessTail(ctx)
	out["ConsentLogAppend"] = s.ConsentLogAppend(ctx, 0, []byte("x"))
	out["ConsentLogRead"] = s.ConsentLogRead(ctx, 0, func(uint64, []byte) error { return nil })
	_, _, out["ConsentLogTail"] = s.ConsentLogTail(ctx)
	out["Update"] = s.Update(ctx, people(1, 2), keys(one, 1, 2), func(_ int, row []byte) ([]byte, error) { return row, nil })
	out["Forget"] = s.Forget(ctx, who(1), none, keys(one, 1, 2))
	return out
}

func testBind(t *testing.T, open func(t *testing.T) Store, keys *pseudonym.Keyring) {
	ctx := t.Context()
	s := open(t)
	defer s.Close()
	for name, err := range every(s, ctx) {
		if err == nil {
			t.Errorf("%s works before Bind", name)
		}
	}
	if s.Bind(ctx, "Not a tenant!", keys) == nil || s.Bind(ctx, "", keys) == nil {
		t.Error("an invalid tenant is bound")
	}
	if s.Bind(ctx, tenant, nil) == nil || s.Bind(ctx, tenant, new(pseudonym.Keyring)) == nil {
		t.Error("an empty keyring is bound")
	}
	for range 2 {
		if err := s.Bind(ctx, tenant, keys); err != nil {
			t.Fatal(err)
		}
	}
	other, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	if s.Bind(ctx, "other", keys) == nil || s.Bind(ctx, tenant, other) == nil {
		t.Error("a second tenant or keyring is bound")
	}
	for _, c := range rotated(t, keys) {
		s := open(t)
		defer s.Close()
		if err := s.Bind(ctx, tenant, keys); err != nil {
			t.Fatal(err)
		}
		if err := s.Bind(ctx, tenant, c.keys); (err == nil) != c.opens {
			t.Errorf("a ring whose root of then %s: %v", c.what, err)
		}
	}
	for name, err := range every(s, ctx) {
		if err != nil {
			t.Errorf("%s after Bind: %v", name, err)
		}
	}
}

// ring is a keyring that a store is bound with later than with the first one.
type ring struct {
	what  string
	keys  *pseudonym.Keyring
	opens bool
}

// rotated returns the rings that follow from keys.
func rotated(t *testing.T, keys *pseudonym.Keyring) (list []ring) {
	t.Helper()
	now := keys.Created()
	next, err := keys.Rotate(now)
	list = append(list, ring{"is read", next, true})
	for state := pseudonym.EraseOnly; err == nil && state <= pseudonym.Destroyed; state++ {
		next, err = next.Retire(keys.KeyID(), state, now)
		list = append(list, ring{"is " + state.String(), next, state != pseudonym.Destroyed})
	}
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func testClose(t *testing.T, s Store) {
	put(t, s, key(one, 1), "a")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s.Close() == nil {
		t.Error("a second Close reports nothing")
	}
	for name, err := range every(s, t.Context()) {
		if err == nil {
			t.Errorf("%s works after Close", name)
		}
	}
}

func testCancelled(t *testing.T, s Store) {
	put(t, s, key(one, 1), "a")
	putConsent(t, s, 1, "b")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range every(s, ctx) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a cancelled context: %v", name, err)
		}
	}
	want(t, s, key(one, 1), "a")
	wantConsent(t, s, 1, "b")
	if err := s.LedgerAppend(t.Context(), 0, ledger.Row{Record: []byte("r")}); err != nil {
		t.Errorf("the cancelled append left something: %v", err)
	}
}

func testKeys(t *testing.T, s Store) {
	ctx := t.Context()
	f := func(int, []byte) ([]byte, error) { return []byte("x"), nil }
	for name, k := range map[string]segment.Key{
		"zero":           {},
		"no id":          {Purpose: one},
		"no purpose":     {ID: id(1)},
		"not a purpose":  {Purpose: "Purpose One", ID: id(1)},
		"path":           {Purpose: "a/b", ID: id(1)},
		"other bucket":   {Purpose: "../consent", ID: id(1)},
		"a long purpose": {Purpose: string(bytes.Repeat([]byte("a"), 65)), ID: id(1)},
	} {
		if s.ProfileUpdate(ctx, []segment.Key{k}, f) == nil {
			t.Errorf("%s: updated", name)
		}
		if s.ProfileUpdate(ctx, []segment.Key{key(one, 2), k}, f) == nil {
			t.Errorf("%s: updated as the second", name)
		}
		if _, err := s.ProfileRow(ctx, k); err == nil {
			t.Errorf("%s: read", name)
		}
		if s.Forget(ctx, who(1), func([]byte) ([]byte, error) { return []byte("x"), nil }, []segment.Key{k}) == nil {
			t.Errorf("%s: forgotten", name)
		}
	}
	if s.ConsentUpdate(ctx, []ident.Subject{who(1), {}}, f) == nil {
		t.Error("the zero subject is stored")
	}
	if s.ConsentUpdate(ctx, nil, f) != nil {
		t.Error("an update of no subject fails")
	}
	want(t, s, key(one, 2), "-")
	wantConsent(t, s, 1, "-")
	if err := s.ProfileUpdate(ctx, nil, f); err != nil {
		t.Errorf("an update of nothing: %v", err)
	}
}
