package storetest

import (
	"fmt"
	"testing"

	"github.com/discreet-go/discreet/dp/ledger"
)

// readLog returns the records from a position on.
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

// testLogsApart holds that the ledger and the access log do not mix.
func testLogsApart(t *testing.T, s Store) {
	if err := s.AccessAppend(t.Context(), 0, []byte("access")); err != nil {
		t.Fatal(err)
	}
	if got := readLog(t, s, 0); len(got) != 0 {
		t.Fatalf("an access stands in the ledger")
	}
	if err := s.LedgerAppend(t.Context(), 0, ledger.Row{Record: []byte("charge")}); err != nil {
		t.Fatal(err)
	}
	if n, last, err := s.AccessTail(t.Context()); n != 1 || string(last) != "access" || err != nil {
		t.Fatalf("a charge stands in the access log: %d, %q, %v", n, last, err)
	}
}
