package discreet_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// TestRotation walks the whole way from a root to the next on a file: rotate,
// move everybody, turn the key of the file, destroy the old root, open anew. The
// ring without the old root then opens the file and finds everybody.
func TestRotation(t *testing.T) {
	for name, o := range map[string]boltstore.Options{"sync": {}, "interval": {Durability: boltstore.Interval(time.Minute)}} {
		t.Run(name, func(t *testing.T) {
			ctx, dir := t.Context(), t.TempDir()
			keyFile, path := filepath.Join(dir, "keys"), filepath.Join(dir, "store")
			ring, err := pseudonym.CreateKeyFile(keyFile)
			check(t, err)
			store, err := boltstore.Open(path, o)
			check(t, err)
			world := openWorld(t, discreet.Config{Store: store, Keys: ring})
			e, config, old := world.Engine, world.Config, ring.KeyID()
			people := []discreet.Raw{ann, bob}
			for _, who := range people {
				check(t, e.Choose(ctx, who, agree))
				recordOne(t, e, who, "1")
			}
			_, err = e.Release(ctx, discreet.Query{Name: "before", Measure: "sizes", Share: 0.1}, operator)
			check(t, err)
			update := func(change func(k *pseudonym.Keyring) (*pseudonym.Keyring, error)) {
				t.Helper()
				ring, err = pseudonym.UpdateKeyFile(keyFile, change)
				check(t, err)
				check(t, e.SetKeys(ctx, ring, operator))
			}
			update(func(k *pseudonym.Keyring) (*pseudonym.Keyring, error) { return k.Rotate(time.Now()) })
			recordOne(t, e, ann, "2")
			m, err := e.Rekey(ctx, slices.Values(people))
			if err != nil || m.Moved != 1 {
				t.Fatalf("%+v, %v", m, err)
			}
			check(t, store.Reseal(ctx, ring, ring, operator, time.Now()))
			report, err := e.KeyReport(ctx)
			if err != nil || !report[1].MayGo || report[1].ID != old {
				t.Fatalf("%+v, %v", report, err)
			}
			for _, state := range []pseudonym.State{pseudonym.EraseOnly, pseudonym.Destroyed} {
				update(func(k *pseudonym.Keyring) (*pseudonym.Keyring, error) { return k.Retire(old, state, time.Now()) })
			}
			_, err = e.Sweep(ctx)
			check(t, err)
			check(t, errors.Join(e.Close(), store.Close()))

			if config.Keys, err = pseudonym.OpenKeyFile(keyFile); err != nil {
				t.Fatal(err)
			}
			store, err = boltstore.Open(path, o)
			check(t, err)
			config.Store = store
			if e, err = discreet.Open(ctx, config); err != nil {
				t.Fatal(err)
			}
			for i, who := range people {
				x, err := e.Export(ctx, who, operator)
				check(t, err)
				if len(x.Profiles) != 1 {
					t.Errorf("person %d has %d profiles", i, len(x.Profiles))
				}
				if out := recordOne(t, e, who, "1"); out.Result != segment.Duplicate {
					t.Errorf("person %d: %v %v", i, out.Decision, out.Result)
				}
			}
			check(t, e.VerifyLedger(ctx))
			check(t, errors.Join(e.Close(), store.Close()))
		})
	}
}
