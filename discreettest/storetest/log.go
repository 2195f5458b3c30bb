package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/discreet-go/discreet/consent"
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

// testLogsApart holds that ledger, access log and consent log do not mix.
func testLogsApart(t *testing.T, s Store) {
	ctx := t.Context()
	lengths := func(want ...string) {
		t.Helper()
		charges := readLog(t, s, 0)
		_, access, err := s.AccessTail(ctx)
		if err != nil {
			t.Fatal(err)
		}
		_, choice, err := s.ConsentLogTail(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if got := append(charges, string(access), string(choice)); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("ledger, access log and consent log hold %q, want %q", got, want)
		}
	}
	lengths("", "")
	if err := s.AccessAppend(ctx, 0, []byte("access")); err != nil {
		t.Fatal(err)
	}
	lengths("access", "")
	if err := s.ConsentLogAppend(ctx, 0, []byte("choice")); err != nil {
		t.Fatal(err)
	}
	lengths("access", "choice")
	if err := s.LedgerAppend(ctx, 0, ledger.Row{Record: []byte("charge")}); err != nil {
		t.Fatal(err)
	}
	lengths("charge", "access", "choice")
	putConsent(t, s, 1, "row")
	lengths("charge", "access", "choice")
	wantConsent(t, s, 1, "row")
	if err := s.Forget(ctx, who(1), func([]byte) ([]byte, error) { return nil, nil }, nil); err != nil {
		t.Fatal(err)
	}
	lengths("charge", "access", "choice")
	err := s.ConsentSweep(ctx, func(consent.Subject, []byte) ([]byte, error) {
		t.Error("a log is swept as a row")
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// asAccess presents a consent log as an access log, so that one suite tests both.
type asAccess struct{ consent.LogStore }

var errWrongConflict = errors.New("storetest: the consent log returns the conflict of the ledger")

func (a asAccess) AccessAppend(ctx context.Context, seq uint64, records ...[]byte) error {
	err := a.ConsentLogAppend(ctx, seq, records...)
	switch {
	case errors.Is(err, ledger.ErrConflict):
		return errWrongConflict
	case errors.Is(err, consent.ErrConflict):
		return ledger.ErrConflict
	}
	return err
}

func (a asAccess) AccessRead(ctx context.Context, from uint64, f func(seq uint64, record []byte) error) error {
	return a.ConsentLogRead(ctx, from, f)
}

func (a asAccess) AccessTail(ctx context.Context) (length uint64, last []byte, err error) {
	return a.ConsentLogTail(ctx)
}

// testConsentLog appends through several logs at once: the chain is whole, and
// everybody is told the right position.
func testConsentLog(t *testing.T, s Store) {
	ctx := t.Context()
	mark := func(n int) (c [32]byte) {
		copy(c[:], numberRow(uint64(n)+1))
		return c
	}
	logs := []*consent.Log{consent.NewLog(s), consent.NewLog(s), consent.NewLog(s)}
	at := make([]uint64, 30)
	var all sync.WaitGroup
	for i := range at {
		all.Go(func() {
			var err error
			if at[i], err = logs[i%len(logs)].Append(ctx, time.UnixMilli(int64(100-i)), mark(2*i), mark(2*i+1)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		return
	}
	var list []consent.LogRecord
	err := consent.NewLog(s).Read(ctx, func(r consent.LogRecord) error { list = append(list, r); return nil })
	if err != nil || len(list) != 2*len(at) {
		t.Fatalf("%d records: %v", len(list), err)
	}
	for i, first := range at {
		if list[first].Commitment != mark(2*i) || list[first+1].Commitment != mark(2*i+1) {
			t.Fatalf("call %d does not find its records at %d", i, first)
		}
	}
	head, err := logs[0].Head(ctx)
	if err != nil || head.Length != uint64(len(list)) || head.Chain != list[len(list)-1].Chain {
		t.Fatalf("the log ends at %d: %v", head.Length, err)
	}
	if err := logs[1].Holds(ctx, consent.LogHead{Length: 7, Chain: list[6].Chain}); err != nil {
		t.Fatal(err)
	}
	if seq, ok, err := logs[2].Find(ctx, mark(5)); err != nil || !ok || seq != at[2]+1 {
		t.Fatalf("found at %d, %v: %v", seq, ok, err)
	}
}
