package discreet_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp/ledger"
)

// TestRestoredCopy puts an older copy of the store's file back: the engine does
// not open on it, until the window was closed on purpose.
func TestRestoredCopy(t *testing.T) {
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "store")
	open := func() *boltstore.Store {
		s, err := boltstore.Open(path, boltstore.Options{})
		check(t, err)
		return s
	}
	release := func(e *discreet.Engine, name string) error {
		_, err := e.Release(ctx, discreet.Query{Name: name, Measure: "sizes", Share: 0.1}, operator)
		return err
	}
	s := open()
	world := openWorld(t, discreet.Config{Store: s})
	config := world.Config
	check(t, release(world.Engine, "one"))
	check(t, errors.Join(world.Engine.Close(), s.Close()))
	old, err := os.ReadFile(path)
	check(t, err)

	config.Store = open()
	e, err := discreet.Open(ctx, config)
	check(t, err)
	check(t, release(e, "two"))
	check(t, errors.Join(e.Close(), config.Store.Close()))
	check(t, os.WriteFile(path, old, 0o600))

	config.Store = open()
	if _, err := discreet.Open(ctx, config); !errors.Is(err, ledger.ErrRolledBack) {
		t.Fatalf("an older copy of the store: %v", err)
	}
	check(t, ledger.Interrupt(ctx, config.Store, discreettest.Start))
	e, err = discreet.Open(ctx, config)
	check(t, err)
	if err := release(e, "three"); !errors.Is(err, ledger.ErrExhausted) {
		t.Fatalf("the window that was put back: %v", err)
	}
	check(t, errors.Join(e.Close(), config.Store.Close()))
}
