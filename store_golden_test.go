package discreet_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/pseudonym"
)

// TestStoreGolden opens a store file and a key file of format 0, made once: they
// stay readable, with every row, charge and answer in them.
func TestStoreGolden(t *testing.T) {
	golden, dir := filepath.Join("testdata", "store-v0"), t.TempDir()
	path, keyFile := filepath.Join(dir, "store.db"), filepath.Join(dir, "keys")
	update := os.Getenv("DISCREET_UPDATE_GOLDEN") == "1"
	if !update {
		check(t, unpack(golden+".db.gz", path))
		check(t, unpack(golden+".keys.gz", keyFile))
	} else {
		_, err := pseudonym.CreateKeyFile(keyFile)
		check(t, err)
	}
	keys, err := pseudonym.OpenKeyFile(keyFile)
	check(t, err)
	store, err := boltstore.Open(path, boltstore.Options{})
	check(t, err)
	defer store.Close()
	e := openWorld(t, discreet.Config{Keys: keys, Store: store})
	q := discreet.Query{Name: "golden", Measure: "sizes", Share: 0.3}
	if update {
		e.Agree(t, ann)
		_, err := e.Record(t.Context(), event(e, ann, "1", "a", "sports.running"))
		check(t, err)
		_, err = e.Release(t.Context(), q, operator)
		check(t, err)
		check(t, e.Close())
		check(t, store.Close())
		check(t, pack(path, golden+".db.gz"))
		check(t, pack(keyFile, golden+".keys.gz"))
		return
	}
	check(t, e.VerifyLedger(t.Context()))
	before := e.Account()
	r, err := e.Release(t.Context(), q, operator)
	check(t, err)
	if r.Len() != 3 || before.Entries != 1 || e.Account().Spent != before.Spent {
		t.Errorf("the stored release is gone: %d cells, %d charges", r.Len(), e.Account().Entries)
	}
	x, err := e.Export(t.Context(), ann, operator)
	check(t, err)
	if len(x.Profiles) != 1 || x.Profiles[0].Interests[0].Category != "sports.running" || x.Consent.Purposes[0].Purpose != discreettest.Purpose {
		t.Errorf("the stored person is gone: %+v", x)
	}
}

func pack(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(to, b.Bytes(), 0o644)
}

func unpack(from, to string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}
