package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/ledger"
)

func readLog(t testing.TB, s Store, from uint64) (all []string) {
	t.Helper()
	next := from
	err := s.LedgerRead(t.Context(), from, func(seq uint64, record []byte) error {
		if seq != next {
			return fmt.Errorf("position %d where %d comes next", seq, next)
		}
		next++
		all = append(all, string(record))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func testAppend(t *testing.T, s Store) {
	ctx := t.Context()
	if len(readLog(t, s, 0)) != 0 {
		t.Fatal("a fresh log is not empty")
	}
	big := bytes.Repeat([]byte("blob"), 100_000)
	record := []byte("record 0")
	for i := range 300 {
		record = fmt.Appendf(record[:0], "record %d", i)
		var blob []byte
		switch i % 3 {
		case 1:
			blob = []byte{}
		case 2:
			blob = big[:i*100]
		}
		if err := s.LedgerAppend(ctx, uint64(i), ledger.Row{Record: record, Blob: blob}); err != nil {
			t.Fatal(err)
		}
	}
	for _, from := range []int{0, 1, 255, 256, 299, 300, 301, 1 << 40} {
		got := readLog(t, s, uint64(from))
		if len(got) != max(0, 300-from) {
			t.Fatalf("from %d: %d records", from, len(got))
		}
		for i, r := range got {
			if r != fmt.Sprintf("record %d", from+i) {
				t.Fatalf("record %d is %q", from+i, r)
			}
		}
	}
	for i := range 301 {
		blob, err := s.LedgerBlob(ctx, uint64(i))
		switch {
		case err != nil:
			t.Fatal(err)
		case (i%3 == 0 || i == 300) && blob != nil, i%3 == 1 && i < 300 && len(blob) != 0,
			i%3 == 2 && !bytes.Equal(blob, big[:i*100]):
			t.Fatalf("blob %d has %d bytes (nil: %v)", i, len(blob), blob == nil)
		}
	}
	n := 0
	err := s.LedgerRead(ctx, 0, func(uint64, []byte) error {
		if n++; n == 3 {
			return errStop
		}
		return nil
	})
	if !errors.Is(err, errStop) || n != 3 {
		t.Fatalf("an error ends the read with it: %v after %d", err, n)
	}
}

func testConflict(t *testing.T, s Store) {
	ctx := t.Context()
	add := func(seq uint64, ok bool) {
		t.Helper()
		err := s.LedgerAppend(ctx, seq, ledger.Row{Record: []byte("r"), Blob: []byte("b")}, ledger.Row{Record: []byte("s")})
		if ok && err != nil || !ok && !errors.Is(err, ledger.ErrConflict) {
			t.Fatalf("append at %d: %v", seq, err)
		}
	}
	add(1, false)
	add(1<<63, false)
	add(0, true)
	add(0, false)
	add(1, false)
	add(3, false)
	add(2, true)
	add(2, false)
	add(3, false)
	if got := readLog(t, s, 0); strings.Join(got, "") != "rsrs" {
		t.Fatalf("two steps of two rows left %q", got)
	}
	for _, seq := range []uint64{0, 2} {
		if blob, err := s.LedgerBlob(ctx, seq); err != nil || string(blob) != "b" {
			t.Fatalf("blob %d: %q, %v", seq, blob, err)
		}
	}
	for _, seq := range []uint64{1, 3, 4, 5, 1 << 63} {
		if blob, err := s.LedgerBlob(ctx, seq); err != nil || blob != nil {
			t.Fatal("a conflict left a blob")
		}
	}
}

func testAppendConcurrently(t *testing.T, s Store) {
	const workers, each = 8, 20
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			seq := uint64(0)
			for i := 0; i < each; {
				text := fmt.Appendf(nil, "%d/%d", w, i)
				switch err := s.LedgerAppend(t.Context(), seq, ledger.Row{Record: text, Blob: text}); {
				case err == nil:
					i++
					seq++
				case errors.Is(err, ledger.ErrConflict):
					if err := s.LedgerRead(t.Context(), seq, func(at uint64, _ []byte) error { seq = at + 1; return nil }); err != nil {
						t.Error(err)
						return
					}
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	got := readLog(t, s, 0)
	if len(got) != workers*each {
		t.Fatalf("%d records of %d", len(got), workers*each)
	}
	next := [workers]int{}
	for seq, r := range got {
		var w, i int
		fmt.Sscanf(r, "%d/%d", &w, &i)
		if next[w] != i {
			t.Fatalf("records of one writer are out of order or repeated")
		}
		next[w]++
		if blob, err := s.LedgerBlob(t.Context(), uint64(seq)); err != nil || string(blob) != r {
			t.Fatalf("blob %d: %q, %v", seq, blob, err)
		}
	}
}

// testAccount runs 32 callers over one account on the store: the budget holds
// 20 of their charges, and 20 they get.
func testAccount(t *testing.T, s Store) {
	ctx, now := t.Context(), time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	units := func(n int64) accounting.Units {
		u, err := accounting.UnitsUp(big.NewRat(n, 1<<20))
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	a, err := ledger.Open(ctx, ledger.Config{Store: s, Terms: ledger.Terms{Epsilon: 1, Delta: 1e-6, Mu2: units(20), WindowDays: 30}}, now)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	granted := 0
	for i := range 32 {
		wg.Go(func() {
			ticket, _, err := a.Reserve(ctx, ledger.Request{Name: fmt.Sprint("release-", i), Spec: []byte("s"), Mu2: units(1), AsOf: 20000}, now)
			switch {
			case errors.Is(err, ledger.ErrExhausted):
			case err != nil:
				t.Error(err)
			case ticket.Answer(ctx, fmt.Append(nil, i)) != nil:
				t.Error("the answer is not stored")
			default:
				mu.Lock()
				granted++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if r := a.Report(); granted != 20 || r.Entries != 20 || r.Answered != 20 || !r.Remaining.Mu2.IsZero() {
		t.Fatalf("%d of 20 charges were granted, %d entries", granted, r.Entries)
	}
	if err := a.Verify(ctx); err != nil {
		t.Fatal(err)
	}
}

// testClaims: one holder for a key; others are told, and nobody waits.
func testClaims(t *testing.T, s Store) {
	ctx := t.Context()
	claim := func(key uint64) func() {
		t.Helper()
		give, err := s.LedgerClaim(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		return give
	}
	give := claim(7)
	if _, err := s.LedgerClaim(ctx, 7); !errors.Is(err, ledger.ErrHeld) {
		t.Fatalf("a second holder: %v", err)
	}
	claim(1 << 63)()
	give()
	again := claim(7)
	give() // of the first holder: changes nothing
	if _, err := s.LedgerClaim(ctx, 7); !errors.Is(err, ledger.ErrHeld) {
		t.Fatalf("an old holder gave away what the new one has: %v", err)
	}
	again()

	var wg sync.WaitGroup
	var holders, most atomic.Int32
	for range 16 {
		wg.Go(func() {
			for n := 0; n < 50; {
				give, err := s.LedgerClaim(ctx, 9)
				switch {
				case errors.Is(err, ledger.ErrHeld):
					runtime.Gosched()
					continue
				case err != nil:
					t.Error(err)
					return
				}
				most.Store(max(most.Load(), holders.Add(1)))
				holders.Add(-1)
				give()
				n++
			}
		})
	}
	wg.Wait()
	if most.Load() != 1 {
		t.Fatalf("%d held one key at once", most.Load())
	}
}

// testAccess: the access log is a log of its own, appended by compare-and-swap.
func testAccess(t *testing.T, s Store) {
	ctx := t.Context()
	tail := func(want uint64, record string) {
		t.Helper()
		n, last, err := s.AccessTail(ctx)
		if err != nil || n != want || string(last) != record {
			t.Fatalf("the log ends at %d with %q: %v", n, last, err)
		}
	}
	tail(0, "")
	buffer := []byte("one")
	if err := s.AccessAppend(ctx, 0, buffer, []byte("two")); err != nil {
		t.Fatal(err)
	}
	copy(buffer, "xxx")
	for _, seq := range []uint64{0, 1, 3} {
		if err := s.AccessAppend(ctx, seq, []byte("x")); !errors.Is(err, ledger.ErrConflict) {
			t.Fatalf("appended at %d: %v", seq, err)
		}
	}
	tail(2, "two")
	if err := s.AccessAppend(ctx, 2, []byte("three")); err != nil {
		t.Fatal(err)
	}
	read := func(from uint64) (list []string) {
		t.Helper()
		err := s.AccessRead(ctx, from, func(seq uint64, record []byte) error {
			if seq != from+uint64(len(list)) {
				t.Fatalf("record %d comes at %d", seq, len(list))
			}
			list = append(list, string(record))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if got := fmt.Sprint(read(0), read(2), read(3), read(9)); got != "[one two three] [three] [] []" {
		t.Fatal(got)
	}
	stop := errors.New("stop")
	if err := s.AccessRead(ctx, 0, func(uint64, []byte) error { return stop }); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if err := s.LedgerRead(ctx, 0, func(uint64, []byte) error { return stop }); err != nil {
		t.Fatalf("an access stands in the ledger: %v", err)
	}
	log := ledger.NewAccessLog(s)
	if err := log.Note(ctx, ledger.Actor{ID: "a", Reason: "b"}, "Export", time.UnixMilli(1)); !errors.Is(err, ledger.ErrBroken) {
		t.Fatalf("behind what is no entry: %v", err)
	}
}
