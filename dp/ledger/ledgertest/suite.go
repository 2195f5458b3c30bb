package ledgertest

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/discreet-go/discreet/dp/ledger"
)

var errStop = errors.New("ledgertest: stop")

// Run runs the suite. open returns a fresh, empty store, which the suite does not
// close.
func Run(t *testing.T, open func(t testing.TB) ledger.Store) {
	for name, f := range map[string]func(t *testing.T, s ledger.Store){
		"append":     testAppend,
		"conflict":   testConflict,
		"concurrent": testAppendConcurrently,
		"account":    testAccount,
		"others":     testOthers,
		"claims":     testClaims,
	} {
		t.Run(name, func(t *testing.T) { f(t, open(t)) })
	}
	t.Run("faults", func(t *testing.T) { Faults(t, open) })
}

func readLog(t testing.TB, s ledger.Store, from uint64) (all []string) {
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

func testAppend(t *testing.T, s ledger.Store) {
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

func testConflict(t *testing.T, s ledger.Store) {
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

func testAppendConcurrently(t *testing.T, s ledger.Store) {
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
func testAccount(t *testing.T, s ledger.Store) {
	ctx, now := t.Context(), opening()
	a, err := ledger.Open(ctx, ledger.Config{Store: s, Terms: terms(20)}, now)
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
func testClaims(t *testing.T, s ledger.Store) {
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

// testOthers has an account charge while somebody else appends to the log
// before each of its own appends: it catches up and goes on.
func testOthers(t *testing.T, s ledger.Store) {
	ctx, now := t.Context(), opening()
	other, err := ledger.Open(ctx, config(s), now)
	if err != nil {
		t.Fatal(err)
	}
	between := &interloper{Store: s}
	a, err := ledger.Open(ctx, config(between), now)
	if err != nil {
		t.Fatal(err)
	}
	between.before = func(n int) {
		if _, err := other.Declare(ctx, "measure", fmt.Append(nil, n), now); err != nil {
			t.Error(err)
		}
	}
	for i := range 10 {
		ticket, _, err := a.Reserve(ctx, request(fmt.Sprint("r", i)), now)
		if err != nil {
			t.Fatal(err)
		}
		if err := ticket.Answer(ctx, []byte("a")); err != nil {
			t.Fatal(err)
		}
	}
	if r := a.Report(); r.Answered != 10 || between.n < 20 {
		t.Fatalf("%d answers in %d appends", r.Answered, between.n)
	}
	if err := errors.Join(a.Verify(ctx), other.Verify(ctx)); err != nil {
		t.Fatal(err)
	}
}
