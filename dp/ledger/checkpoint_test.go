package ledger_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/ledger"
	"golang.org/x/mod/sumdb/note"
)

// slate is a sink that fails on demand.
type slate struct {
	mu     sync.Mutex
	last   []byte
	writes int
	fail   bool
}

func (s *slate) CheckpointWrite(_ context.Context, signed []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail {
		return errDisk
	}
	s.last = bytes.Clone(signed)
	s.writes++
	return nil
}

func (s *slate) CheckpointLast(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail {
		return nil, errDisk
	}
	return bytes.Clone(s.last), nil
}

// keyPair returns a signer and the key that checks it.
func keyPair(t testing.TB) (note.Signer, string) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "shop")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer, public
}

// TestRolledBack holds that an older copy of a store, or another store, is not
// opened once an answer has left, unless the window was closed meanwhile.
func TestRolledBack(t *testing.T) {
	ctx, d, s := t.Context(), new(disk), new(slate)
	signer, key := keyPair(t)
	config := ledger.Config{Store: d, Terms: machineTerms(), Sink: s, Signer: signer, Verifiers: []string{key}}
	open := func(d *disk, day int) (*ledger.Account, error) {
		c := config
		c.Store = d.die()
		return ledger.Open(ctx, c, at(day))
	}
	a, err := open(d, 0)
	if err != nil {
		t.Fatal(err)
	}
	first := reserve(t, a, ask("a", 2), at(1))
	old := d.copy()
	writes := s.writes
	reserve(t, a, ask("b", 2), at(1))
	if s.writes != writes {
		t.Error("a charge that shows nothing waits for a checkpoint")
	}
	if err := first.Answer(ctx, []byte("a")); err != nil {
		t.Fatal(err)
	}
	c, err := ledger.ReadCheckpoint(s.last, key)
	if err != nil || c.Records != 4 || c.Account != a.ID() || c.Head != a.Report().Head || !c.Time.Equal(at(1)) {
		t.Fatalf("%+v, %v", c, err)
	}
	for _, again := range []*disk{d, d.copy()} {
		if _, err := open(again, 2); err != nil {
			t.Fatal(err)
		}
	}
	fork := old.copy()
	b, err := ledger.Open(ctx, ledger.Config{Store: fork, Terms: machineTerms()}, at(2))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"x", "y", "z"} { // longer than what was there
		reserve(t, b, ask(name, 1), at(2))
	}
	for name, bad := range map[string]*disk{"an older copy": old, "another store": new(disk), "a fork": fork} {
		n := len(bad.records)
		if _, err := open(bad, 2); !errors.Is(err, ledger.ErrRolledBack) || len(bad.records) != n {
			t.Errorf("%s: %v", name, err)
		}
	}

	// A clock set back does not close what the checkpoint saw.
	early := old.copy()
	if err := ledger.Interrupt(ctx, early, at(0)); err != nil {
		t.Fatal(err)
	}
	if _, err := open(early, 2); !errors.Is(err, ledger.ErrRolledBack) {
		t.Fatal(err)
	}
	if err := ledger.Interrupt(ctx, old, at(2)); err != nil {
		t.Fatal(err)
	}
	a, err = open(old, 2)
	if err != nil {
		t.Fatal(err)
	}
	wantErr(t, tryReserve(a, ask("b", 1), at(3)), ledger.ErrExhausted)
	if c, err := ledger.ReadCheckpoint(s.last, key); err != nil || c.Head != a.Report().Head {
		t.Fatalf("the sink follows: %v", err)
	}
	if _, err := open(d, 3); !errors.Is(err, ledger.ErrRolledBack) {
		t.Fatalf("the store that was given up: %v", err)
	}
}

// TestSplitRolledBack holds that what was split off stays off, also after the
// log was put back to a state from before and its window closed: the other
// account goes on spending it.
func TestSplitRolledBack(t *testing.T) {
	ctx, d, e, s := t.Context(), new(disk), new(disk), new(slate)
	signer, key := keyPair(t)
	config := ledger.Config{Store: d, Terms: machineTerms(), Sink: s, Signer: signer, Verifiers: []string{key}}
	a, err := ledger.Open(ctx, config, at(0))
	if err != nil {
		t.Fatal(err)
	}
	back := d.copy()
	part := config
	part.Store, part.Sink = e, new(slate)
	part.Terms.Mu2, part.Terms.ReserveDelta = units(4, 1024), accounting.Units{}
	b, err := a.Split(ctx, part, at(1))
	if err != nil {
		t.Fatal(err)
	}
	if signed, _ := part.Sink.CheckpointLast(ctx); signed == nil {
		t.Fatal("the second account has no checkpoint")
	}
	given := a.Report().Given
	again := part
	again.Store = new(disk)
	if _, err := a.Split(ctx, again, at(1)); !errors.Is(err, ledger.ErrRolledBack) {
		t.Fatalf("a sink that saw another account: %v", err)
	}
	if err := ledger.Interrupt(ctx, back, at(2)); err != nil {
		t.Fatal(err)
	}
	config.Store = back
	for range 2 { // it is logged once
		if a, err = ledger.Open(ctx, config, at(2)); err != nil {
			t.Fatal(err)
		}
	}
	r := a.Report()
	if r.Given != given || r.Records != 3 {
		t.Fatalf("after the log was put back, %+v is split off, in %d records", r.Given, r.Records)
	}
	reserve(t, b, ask("b", 4), at(32))
	wantErr(t, tryReserve(a, ask("a", 7), at(32)), ledger.ErrExhausted)
	reserve(t, a, ask("a", 6), at(32))
	if err := a.Verify(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestSinkRules(t *testing.T) {
	ctx, d, s := t.Context(), new(disk), new(slate)
	signer, key := keyPair(t)
	config := ledger.Config{Store: d, Terms: machineTerms(), Sink: s, Signer: signer, Verifiers: []string{key}}
	for _, bad := range []ledger.Config{
		{Store: d, Terms: machineTerms(), Sink: s, Signer: signer},
		{Store: d, Terms: machineTerms(), Sink: s, Verifiers: []string{key}},
	} {
		if _, err := ledger.Open(ctx, bad, day0); !errors.Is(err, ledger.ErrCheckpoint) {
			t.Fatal(err)
		}
	}
	a, err := ledger.Open(ctx, config, day0)
	if err != nil {
		t.Fatal(err)
	}
	ticket := reserve(t, a, ask("a", 1), day0)
	s.fail = true
	wantErr(t, ticket.Answer(ctx, []byte("a")), ledger.ErrSink)
	wantErr(t, tryReserve(a, ask("a", 1), day0), ledger.ErrSink) // stored, and does not leave
	s.fail = false
	if _, stored, err := a.Reserve(ctx, ask("a", 1), day0); err != nil || string(stored) != "a" {
		t.Fatalf("%q, %v", stored, err)
	}
	if c, err := ledger.ReadCheckpoint(s.last, key); err != nil || c.Records != 3 {
		t.Fatalf("%+v, %v", c, err)
	}
	other, otherKey := keyPair(t)
	config.Signer, config.Verifiers = other, []string{otherKey}
	if _, err := ledger.Open(ctx, config, day0); !errors.Is(err, ledger.ErrCheckpoint) {
		t.Fatalf("signed by another key: %v", err)
	}
	config.Verifiers = []string{otherKey, key} // the key was changed
	if _, err := ledger.Open(ctx, config, day0); err != nil {
		t.Fatal(err)
	}
	s.fail = true
	if _, err := ledger.Open(ctx, config, day0); !errors.Is(err, ledger.ErrSink) {
		t.Fatal(err)
	}
}

// TestCheckpointText changes each byte of a signed checkpoint.
func TestCheckpointText(t *testing.T) {
	s := new(slate)
	signer, key := keyPair(t)
	_, err := ledger.Open(t.Context(), ledger.Config{Store: new(disk), Terms: terms(), Sink: s, Signer: signer, Verifiers: []string{key}}, day0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.last {
		bad := bytes.Clone(s.last)
		bad[i] ^= 1
		if c, err := ledger.ReadCheckpoint(bad, key); err == nil {
			if good, _ := ledger.ReadCheckpoint(s.last, key); c != good {
				t.Fatalf("byte %d changed: %+v", i, c)
			}
		} else if !errors.Is(err, ledger.ErrCheckpoint) {
			t.Fatal(err)
		}
	}
	for _, text := range []string{
		"", "discreet-checkpoint/1\n", "discreet-checkpoint/0\naccount " + strings.Repeat("a", 32) + "\nrecords 1\nhead " + strings.Repeat("0", 64) + "\ntime 1\ngiven 0 0 0\n",
		"discreet-checkpoint/1\naccount " + strings.Repeat("a", 32) + "\nrecords 01\nhead " + strings.Repeat("0", 64) + "\ntime 1\ngiven 0 0 0\n",
		"discreet-checkpoint/1\naccount " + strings.Repeat("a", 32) + "\nrecords 0\nhead " + strings.Repeat("0", 64) + "\ntime 1\ngiven 0 0 0\n",
		"discreet-checkpoint/1\naccount " + strings.Repeat("A", 32) + "\nrecords 1\nhead " + strings.Repeat("0", 64) + "\ntime 1\ngiven 0 0 0\n",
		"discreet-checkpoint/1\naccount " + strings.Repeat("a", 32) + "\nrecords 1\nhead " + strings.Repeat("0", 62) + "\ntime 1\ngiven 0 0 0\n",
		"discreet-checkpoint/1\naccount " + strings.Repeat("a", 32) + "\nrecords 1\nhead " + strings.Repeat("0", 64) + "\ntime -1\ngiven 0 0 0\n",
		"discreet-checkpoint/1\naccount " + strings.Repeat("a", 32) + "\nrecords 1\nhead " + strings.Repeat("0", 64) + "\ntime 1\ngiven 0 0 0\nmore\n",
	} {
		signed, err := note.Sign(&note.Note{Text: text + "\n"}, signer)
		if text != "" {
			signed, err = note.Sign(&note.Note{Text: text}, signer)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ledger.ReadCheckpoint(signed, key); !errors.Is(err, ledger.ErrCheckpoint) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestFileSink(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "checkpoints")
	s := ledger.NewFileSink(path)
	want := func(text string) {
		t.Helper()
		got, err := ledger.NewFileSink(path).CheckpointLast(ctx)
		if err != nil || string(got) != text || text == "" && got != nil {
			t.Fatalf("%q, %v", got, err)
		}
	}
	write := func(text string) {
		t.Helper()
		if err := s.CheckpointWrite(ctx, []byte(text)); err != nil {
			t.Fatal(err)
		}
		want(text)
	}
	want("")
	write("one\n")
	write("two\nlines\n")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) { // torn at any place: the last whole line counts, and the next goes over it
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		first := len(`"one\n"` + "\n")
		text := ""
		if cut >= first {
			text = "one\n"
		}
		want(text)
		write("three\n")
	}
	long := strings.Repeat("x", 4000)
	for range 600 { // begins anew beyond a megabyte
		write(long)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 1<<20 {
		t.Fatalf("%d bytes, %v", info.Size(), err)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	if err := os.WriteFile(path, []byte("not ours\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CheckpointLast(ctx); !errors.Is(err, ledger.ErrSinkFile) {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	if err := ledger.NewFileSink(link).CheckpointWrite(ctx, []byte("x")); !errors.Is(err, ledger.ErrSinkFile) {
		t.Fatal(err)
	}
	if err := s.CheckpointWrite(ctx, nil); !errors.Is(err, ledger.ErrCheckpoint) {
		t.Fatal(err)
	}
}

func FuzzCheckpoint(f *testing.F) {
	signer, key := keyPair(f)
	f.Add("discreet-checkpoint/1\naccount " + strings.Repeat("a", 32) + "\nrecords 1\nhead " + strings.Repeat("0", 64) + "\ntime 1\ngiven 0 0 0\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		ledger.ReadCheckpoint([]byte(text), key)
		signed, err := note.Sign(&note.Note{Text: text}, signer)
		if err != nil {
			return
		}
		if c, err := ledger.ReadCheckpoint(signed, key); err == nil && ledger.TextOf(c) != text {
			t.Fatalf("%q is read as %+v", text, c)
		}
	})
}
