package ledgertest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/discreet-go/discreet/dp/ledger"
)

// RunAccess checks the contract of the access log. open returns a store whose
// access log is empty.
func RunAccess(t *testing.T, open func(t testing.TB) ledger.AccessStore) { testAccess(t, open(t)) }

// testAccess: the access log is a log of its own, appended by compare-and-swap.
func testAccess(t *testing.T, s ledger.AccessStore) {
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
	log := ledger.NewAccessLog(s)
	if err := log.Note(ctx, ledger.Actor{ID: "a", Reason: "b"}, "Export", time.UnixMilli(1)); !errors.Is(err, ledger.ErrBroken) {
		t.Fatalf("behind what is no entry: %v", err)
	}
}
