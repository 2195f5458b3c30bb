package main

import (
	"bytes"
	"context"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/pseudonym"
)

// place is a folder with a store that was used.
type place struct{ store, keys string }

func made(t *testing.T) place {
	t.Helper()
	ctx, dir := t.Context(), t.TempDir()
	p := place{filepath.Join(dir, "store"), filepath.Join(dir, "keys")}
	keys, err := pseudonym.CreateKeyFile(p.keys)
	must(t, err)
	s, err := boltstore.Open(p.store, boltstore.Options{})
	must(t, err)
	must(t, s.Bind(ctx, "shop", keys))
	signer, err := keys.Signer("shop")
	must(t, err)
	key, err := keys.Verifier("shop")
	must(t, err)
	total, err := accounting.UnitsDown(big.NewRat(1, 100))
	must(t, err)
	now := time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)
	a, err := ledger.Open(ctx, ledger.Config{
		Store: s, Terms: ledger.Terms{Epsilon: 1, Delta: 1e-6, Mu2: total, WindowDays: 30},
		Sink: s.CheckpointSink(), Signer: signer, Verifiers: []string{key},
	}, now)
	must(t, err)
	ticket, _, err := a.Reserve(ctx, ledger.Request{Name: "sizes", Spec: []byte("s"), Mu2: total}, now)
	must(t, err)
	must(t, ticket.Answer(ctx, []byte("table")))
	must(t, ledger.NewAccessLog(s).Note(ctx, ledger.Actor{ID: "alice", Reason: "a test"}, "Release", now))
	_, err = consent.NewLog(s).Append(ctx, now, [32]byte{1}, [32]byte{2})
	must(t, err)
	must(t, s.Close())
	return p
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func check(t *testing.T, args ...string) (status int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(context.Background(), args, &o, &e)
	return status, o.String(), e.String()
}

func (p place) args() []string {
	return []string{"-store", p.store, "-keys", p.keys, "-tenant", "shop"}
}

func TestWhole(t *testing.T) {
	p := made(t)
	status, out, errOut := check(t, p.args()...)
	if status != 0 || errOut != "" {
		t.Fatalf("status %d\n%s%s", status, out, errOut)
	}
	for _, want := range []string{
		"ledger records 3, answers 1, access entries 1, consent log records 2, consent rows 0", "1 entries, 1 answered", "covers 3 of these", "all is well",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "sizes") || strings.Contains(out, "alice") {
		t.Errorf("the report names somebody or something:\n%s", out)
	}
}

func TestNotWhole(t *testing.T) {
	t.Run("damaged", func(t *testing.T) {
		p := made(t)
		data, err := os.ReadFile(p.store)
		must(t, err)
		for at := 2 * os.Getpagesize(); at < len(data); at++ { // behind the two headers
			data[at] ^= 0x55
		}
		must(t, os.WriteFile(p.store, data, 0o600))
		if status, out, errOut := check(t, p.args()...); status != 1 || strings.Contains(out+errOut, "panic") {
			t.Fatalf("status %d\n%s%s", status, out, errOut)
		}
	})
	t.Run("an older copy", func(t *testing.T) {
		p := made(t)
		newer := made(t)
		marks, err := os.ReadFile(newer.store + ".checkpoints")
		must(t, err)
		must(t, os.WriteFile(p.store+".checkpoints", marks, 0o600))
		status, _, errOut := check(t, p.args()...)
		if status != 1 || !strings.Contains(errOut, "NOT WHOLE: checkpoint") {
			t.Fatalf("status %d: %s", status, errOut)
		}
	})
	t.Run("a consent log that does not follow", func(t *testing.T) {
		p := made(t)
		keys, err := pseudonym.OpenKeyFile(p.keys)
		must(t, err)
		s, err := boltstore.Open(p.store, boltstore.Options{})
		must(t, err)
		must(t, s.Bind(t.Context(), "shop", keys))
		must(t, s.ConsentLogAppend(t.Context(), 2, make([]byte, 73)))
		must(t, s.Close())
		status, _, errOut := check(t, p.args()...)
		if status != 1 || !strings.Contains(errOut, "NOT WHOLE: consent log: consent: the log is broken: record 2") {
			t.Fatalf("status %d: %s", status, errOut)
		}
	})
	t.Run("no checkpoints", func(t *testing.T) {
		p := made(t)
		must(t, os.Remove(p.store+".checkpoints"))
		if status, out, _ := check(t, p.args()...); status != 0 || !strings.Contains(out, "no checkpoint was found") {
			t.Fatalf("status %d\n%s", status, out)
		}
	})
}

func TestNotOpened(t *testing.T) {
	p, other := made(t), made(t)
	for name, args := range map[string][]string{
		"no arguments":  nil,
		"no store":      {"-store", p.store + "x", "-keys", p.keys, "-tenant", "shop"},
		"other keys":    {"-store", p.store, "-keys", other.keys, "-tenant", "shop"},
		"other tenant":  {"-store", p.store, "-keys", p.keys, "-tenant", "other"},
		"no keys":       {"-store", p.store, "-keys", p.keys + "x", "-tenant", "shop"},
		"one too many":  append(p.args(), "more"),
		"not a journal": append(p.args(), "-erasures", p.keys),
	} {
		if status, _, errOut := check(t, args...); status != 2 || errOut == "" {
			t.Errorf("%s: status %d, %q", name, status, errOut)
		}
	}
	if _, err := os.Stat(p.store + "x"); err == nil {
		t.Error("a store was made")
	}
	s, err := boltstore.Open(p.store, boltstore.Options{})
	must(t, err)
	defer s.Close()
	if status, _, errOut := check(t, p.args()...); status != 2 || !strings.Contains(errOut, "another process") {
		t.Errorf("a store that is in use: status %d, %q", status, errOut)
	}
}
