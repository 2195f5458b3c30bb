package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/segment"
)

func testCopies(t *testing.T, s Store) {
	ctx := t.Context()
	mine := []byte("abc")
	set := func(int, []byte) ([]byte, error) { return mine, nil }
	if err := s.ProfileUpdate(ctx, keys(one, 1, 2), set); err != nil {
		t.Fatal(err)
	}
	if err := s.ConsentUpdate(ctx, people(1, 2), set); err != nil {
		t.Fatal(err)
	}
	if err := s.LedgerAppend(ctx, 0, ledger.Row{Record: mine, Blob: mine}); err != nil {
		t.Fatal(err)
	}
	mine[0] = 'X'
	for range 2 {
		row, err := s.ProfileRow(ctx, key(one, 1))
		check(t, "profile", row, err, "abc")
		row[0] = 'X'
		row, err = s.ConsentRow(ctx, who(1))
		check(t, "consent", row, err, "abc")
		row[0] = 'X'
		row, err = s.LedgerBlob(ctx, 0)
		check(t, "blob", row, err, "abc")
		row[0] = 'X'
	}
	if got := readLog(t, s, 0); got[0] != "abc" {
		t.Fatalf("the record is %q", got[0])
	}
}

func testEmptyRow(t *testing.T, s Store) {
	put(t, s, key(one, 1), "")
	putConsent(t, s, 1, "")
	want(t, s, key(one, 1), "")
	wantConsent(t, s, 1, "")
	if got := scan(t, s, one); len(got) != 1 {
		t.Fatalf("an empty row is a row; the scan finds %d", len(got))
	}
	saw := false
	err := s.ProfileUpdate(t.Context(), keys(one, 1, 2), func(_ int, row []byte) ([]byte, error) {
		saw = row != nil
		return nil, nil
	})
	if err != nil || !saw {
		t.Fatalf("an empty row is handed out as one: %v, %v", saw, err)
	}
	want(t, s, key(one, 1), "-")
}

// testApart holds that purposes, consent rows and keys do not mix.
func testApart(t *testing.T, s Store) {
	put(t, s, key(one, 1), "one")
	put(t, s, key(two, 1), "two")
	put(t, s, key(one, 2), "other")
	putConsent(t, s, 1, "consent")
	want(t, s, key(one, 1), "one")
	want(t, s, key(two, 1), "two")
	want(t, s, key("purpose", 1), "-")
	want(t, s, key(two, 2), "-")
	wantConsent(t, s, 1, "consent")
	wantConsent(t, s, 2, "-")
	if a, b := scan(t, s, one), scan(t, s, two); len(a) != 2 || len(b) != 1 || len(scan(t, s, "three")) != 0 {
		t.Fatalf("scans find %d and %d rows", len(a), len(b))
	}
}

func testManyPurposes(t *testing.T, s Store) {
	all := []segment.Key{key(two, 1), key(one, 1), key("three", 1), key(two, 2), key(one, 9)}
	err := s.ProfileUpdate(t.Context(), all, func(i int, row []byte) ([]byte, error) { return fmt.Append(nil, "row ", i), nil })
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range all {
		want(t, s, k, fmt.Sprint("row ", i))
	}
}

func testUpdateError(t *testing.T, s Store) {
	put(t, s, key(one, 0), "a")
	put(t, s, key(one, 1), "b")
	putConsent(t, s, 1, "c")
	ctx := t.Context()
	err := s.ProfileUpdate(ctx, keys(one, 0, 5), func(i int, row []byte) ([]byte, error) {
		switch i {
		case 0:
			return nil, nil
		case 4:
			return []byte("ignored"), errStop
		}
		return []byte("new"), nil
	})
	if !errors.Is(err, errStop) {
		t.Fatalf("the error of f is returned: %v", err)
	}
	want(t, s, key(one, 0), "a")
	want(t, s, key(one, 1), "b")
	want(t, s, key(one, 3), "-")
	err = s.ConsentUpdate(ctx, people(1, 4), func(i int, _ []byte) ([]byte, error) {
		if i == 2 {
			return nil, errStop
		}
		return []byte("new"), nil
	})
	if !errors.Is(err, errStop) {
		t.Fatalf("the error of f is returned: %v", err)
	}
	wantConsent(t, s, 1, "c")
	wantConsent(t, s, 2, "-")
	err = s.Forget(ctx, who(1), func([]byte) ([]byte, error) { return nil, errStop }, keys(one, 0, 2))
	if !errors.Is(err, errStop) {
		t.Fatalf("the error of f is returned: %v", err)
	}
	wantConsent(t, s, 1, "c")
	want(t, s, key(one, 0), "a")
	for name, err := range map[string]error{
		"profile": s.ProfileSweep(ctx, one, func(segment.ID, []byte) ([]byte, error) { return nil, errStop }),
		"consent": s.ConsentSweep(ctx, func(ident.Subject, []byte) ([]byte, error) { return nil, errStop }),
	} {
		if !errors.Is(err, errStop) {
			t.Fatalf("%s sweep: the error of f is returned: %v", name, err)
		}
	}
	want(t, s, key(one, 1), "b")
	wantConsent(t, s, 1, "c")
}

// testReusedBuffer holds that what f returned is copied before f is called again.
func testReusedBuffer(t *testing.T, s Store) {
	var buf []byte
	err := s.ProfileUpdate(t.Context(), keys(one, 0, 50), func(i int, _ []byte) ([]byte, error) {
		buf = fmt.Appendf(buf[:0], "row %d", i)
		return buf, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.ConsentUpdate(t.Context(), people(0, 50), func(i int, _ []byte) ([]byte, error) {
		buf = fmt.Appendf(buf[:0], "row %d", i)
		return buf, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		want(t, s, key(one, i), fmt.Sprint("row ", i))
		wantConsent(t, s, i, fmt.Sprint("row ", i))
	}
}

func testScanStop(t *testing.T, s Store) {
	if err := s.ProfileUpdate(t.Context(), keys(one, 0, 3000), func(i int, _ []byte) ([]byte, error) { return numberRow(1), nil }); err != nil {
		t.Fatal(err)
	}
	n := 0
	err := s.ProfileScan(t.Context(), one, func(segment.ID, []byte) error {
		if n++; n == 2 {
			return errStop
		}
		return nil
	})
	if !errors.Is(err, errStop) || n != 2 {
		t.Fatalf("an error ends the scan with it: %v after %d", err, n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n = 0
	err = s.ProfileScan(ctx, one, func(segment.ID, []byte) error {
		n++
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || n > 2048 {
		t.Fatalf("a cancelled scan ends soon: %v after %d", err, n)
	}
}

// testPurposes asks which purposes have rows, as they come and go.
func testPurposes(t *testing.T, s Store) {
	wants := func(want ...string) {
		t.Helper()
		got, err := s.ProfilePurposes(t.Context())
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("purposes with rows: %q, %v; want %q", got, err, want)
		}
	}
	wants()
	putConsent(t, s, 1, "b")
	put(t, s, key(two, 1), "a")
	put(t, s, key(one, 1), "a")
	want := []string{one, two}
	slices.Sort(want)
	wants(want...)
	if err := s.ProfileSync(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.ProfileSweep(t.Context(), two, func(segment.ID, []byte) ([]byte, error) { return nil, nil }); err != nil {
		t.Fatal(err)
	}
	wants(one)
}

func testSweep(t *testing.T, s Store) {
	const n = 1000
	ctx := t.Context()
	if err := s.ProfileUpdate(ctx, keys(one, 0, n), func(i int, _ []byte) ([]byte, error) { return numberRow(uint64(i)), nil }); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		putConsent(t, s, i, string(numberRow(uint64(i))))
	}
	put(t, s, key(two, 1), "stays")
	rule := func(row []byte) []byte {
		switch v := number(row); v % 3 {
		case 0:
			return nil
		case 1:
			return row
		default:
			return numberRow(v + 3*n)
		}
	}
	seen := map[ident.ID]bool{}
	err := s.ProfileSweep(ctx, one, func(id segment.ID, row []byte) ([]byte, error) {
		if number(row) < n {
			seen[id] = true
		}
		return rule(row), nil
	})
	if err != nil || len(seen) != n {
		t.Fatalf("the sweep saw %d rows of %d: %v", len(seen), n, err)
	}
	if err := s.ConsentSweep(ctx, func(_ ident.Subject, row []byte) ([]byte, error) { return rule(row), nil }); err != nil {
		t.Fatal(err)
	}
	left := scan(t, s, one)
	for i := range n {
		row, ok := left[id(i)]
		switch i % 3 {
		case 0:
			ok = !ok
		case 1:
			ok = number([]byte(row)) == uint64(i)
		case 2:
			ok = number([]byte(row)) == uint64(i+3*n)
		}
		if !ok {
			t.Fatalf("row %d is %q after the sweep", i, row)
		}
	}
	want(t, s, key(two, 1), "stays")
	wantConsent(t, s, 3, "-")
	wantConsent(t, s, 4, string(numberRow(4)))
	wantConsent(t, s, 5, string(numberRow(5+3*n)))
}

func testForget(t *testing.T, s Store) {
	for i := range 4 {
		put(t, s, key(one, i), "row")
		put(t, s, key(two, i), "row")
		putConsent(t, s, i, "consent")
	}
	var saw string
	err := s.Forget(t.Context(), who(1), func(row []byte) ([]byte, error) {
		saw = string(row)
		return []byte("erased"), nil
	}, []segment.Key{key(one, 1), key(two, 1), key(two, 77), key("three", 1)})
	if err != nil || saw != "consent" {
		t.Fatalf("f saw %q: %v", saw, err)
	}
	wantConsent(t, s, 1, "erased")
	want(t, s, key(one, 1), "-")
	want(t, s, key(two, 1), "-")
	want(t, s, key(one, 2), "row")
	if err := s.Forget(t.Context(), who(2), func([]byte) ([]byte, error) { return nil, nil }, keys(one, 2, 3)); err != nil {
		t.Fatal(err)
	}
	wantConsent(t, s, 2, "-")
	want(t, s, key(one, 2), "-")
	want(t, s, key(two, 2), "row")
	if len(scan(t, s, one)) != 2 || len(scan(t, s, two)) != 3 {
		t.Fatal("scans still find what was forgotten")
	}
}
