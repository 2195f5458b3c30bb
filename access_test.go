package discreet_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/memstore"
)

// watched is a store that cannot write its access log, on demand.
type watched struct {
	*memstore.Store
	fail bool
}

func (w *watched) AccessAppend(ctx context.Context, seq uint64, records ...[]byte) error {
	if w.fail {
		return errors.New("the disk is gone")
	}
	return w.Store.AccessAppend(ctx, seq, records...)
}

// TestAccessLog: every privileged call leaves an entry before it does anything,
// and nothing of the person it was about.
func TestAccessLog(t *testing.T) {
	store := &watched{Store: memstore.Volatile()}
	e := openWorld(t, discreet.Config{Store: store})
	ctx := t.Context()
	e.Agree(t, ann)
	calls := map[string]func(by discreet.Actor) error{
		"Explain": func(by discreet.Actor) error { _, err := e.Explain(ctx, ann, by); return err },
		"Export":  func(by discreet.Actor) error { _, err := e.Export(ctx, ann, by); return err },
		"Release": func(by discreet.Actor) error {
			_, err := e.Release(ctx, discreet.Query{Name: "x", Measure: "sizes", Share: 0.1}, by)
			return err
		},
		"AdvanceWindow": func(by discreet.Actor) error { return e.AdvanceWindow(ctx, by) },
		"Erase":         func(by discreet.Actor) error { return errOf(e.Erase(ctx, ann, by)) },
	}
	entries := func() (list []ledger.Access) {
		t.Helper()
		check(t, e.AccessLog(ctx, func(a ledger.Access) error { list = append(list, a); return nil }))
		return list
	}
	records := e.Account().Records
	for name, call := range calls {
		if err := call(discreet.Actor{}); !errors.Is(err, ledger.ErrActor) {
			t.Errorf("%s by nobody: %v", name, err)
		}
		store.fail = true
		if err := call(operator); !errors.Is(err, ledger.ErrAccess) {
			t.Errorf("%s that is not logged: %v", name, err)
		}
		store.fail = false
	}
	if len(entries()) != 0 || e.Account().Records != records {
		t.Fatal("a call that was refused left something")
	}
	x, err := e.Export(ctx, ann, operator)
	check(t, err)
	if len(x.Consent.Purposes) == 0 {
		t.Fatal("an erasure that was not logged erased")
	}
	done := 1
	for _, name := range []string{"Explain", "Export", "Release", "AdvanceWindow", "Erase"} {
		check(t, calls[name](operator))
		done++
		list := entries()
		if last := list[len(list)-1]; len(list) != done || last.Action != name || last.Actor != operator || !last.Time.Equal(e.Clock.Now()) {
			t.Errorf("%s is logged as %+v", name, last)
		}
	}
	for _, entry := range entries() {
		if text := fmt.Sprint(entry); strings.Contains(text, "ann") {
			t.Errorf("an entry names a person: %s", text)
		}
	}
	check(t, e.Engine.Close())
	if err := e.AccessLog(ctx, nil); !errors.Is(err, discreet.ErrClosed) {
		t.Error(err)
	}
}
