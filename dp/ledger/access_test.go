package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/discreet-go/discreet/dp/ledger"
)

// desk keeps an access log, and fails like a disk.
type desk struct{ disk }

func (d *desk) AccessAppend(ctx context.Context, seq uint64, records ...[]byte) error {
	rows := make([]ledger.Row, len(records))
	for i, r := range records {
		rows[i].Record = r
	}
	return d.LedgerAppend(ctx, seq, rows...)
}

func (d *desk) AccessRead(ctx context.Context, from uint64, f func(uint64, []byte) error) error {
	return d.LedgerRead(ctx, from, f)
}

func (d *desk) AccessTail(context.Context) (uint64, []byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := len(d.records)
	if n == 0 {
		return 0, nil, nil
	}
	return uint64(n), bytes.Clone(d.records[n-1]), nil
}

var alice = ledger.Actor{ID: "alice", Reason: "a person asked by mail"}

func accesses(t testing.TB, d *desk) (list []ledger.Access) {
	t.Helper()
	err := ledger.NewAccessLog(d).Read(t.Context(), func(a ledger.Access) error { list = append(list, a); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAccessLog(t *testing.T) {
	ctx, d := t.Context(), new(desk)
	l := ledger.NewAccessLog(d)
	note := func(l *ledger.AccessLog, action string) {
		t.Helper()
		if err := l.Note(ctx, alice, action, day0); err != nil {
			t.Fatal(err)
		}
	}
	note(l, "Export")
	other := ledger.NewAccessLog(d) // another process, or the next one
	note(other, "Erase")
	note(l, "Release") // finds the log longer than it knew
	list := accesses(t, d)
	if len(list) != 3 || list[1] != (ledger.Access{Actor: alice, Action: "Erase", Time: day0}) || list[2].Action != "Release" {
		t.Fatalf("%+v", list)
	}

	// A failure means that the call is not made; the log goes on from what is there.
	for _, f := range []fault{failFirst, failLater, falseConflict} {
		n := len(d.records)
		d.next = f
		if err := l.Note(ctx, alice, "Explain", day0); !errors.Is(err, ledger.ErrAccess) {
			t.Fatal(err)
		}
		note(l, "Explain")
		if want := n + 1; f != failLater && len(d.records) != want {
			t.Fatalf("%d records, want %d", len(d.records), want)
		}
		accesses(t, d)
	}
	func() {
		defer func() { recover() }()
		d.next = panics
		l.Note(ctx, alice, "Explain", day0)
	}()
	note(l, "Explain")
	accesses(t, d)

	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	n := len(d.records)
	wantErr(t, l.Note(cancelled, alice, "Export", day0), context.Canceled)
	wantErr(t, l.Note(ctx, alice, "Export", time.UnixMilli(-1)), ledger.ErrClockBack)
	for _, bad := range []ledger.Actor{
		{}, {ID: "a"}, {Reason: "b"}, {ID: "a\nb", Reason: "b"}, {ID: "a", Reason: "\x00"}, {ID: "\xff", Reason: "b"},
		{ID: strings.Repeat("a", 129), Reason: "b"}, {ID: "a", Reason: strings.Repeat("b", 257)},
	} {
		wantErr(t, l.Note(ctx, bad, "Export", day0), ledger.ErrActor)
		wantErr(t, bad.Check(), ledger.ErrActor)
	}
	if err := alice.Check(); err != nil {
		t.Fatal(err)
	}
	if len(d.records) != n {
		t.Fatal("a refusal left an entry")
	}
	long := ledger.Actor{ID: strings.Repeat("\u2028é<", 30), Reason: strings.Repeat("𝔸", 256)}
	if err := l.Note(ctx, long, "Export", day0); !errors.Is(err, ledger.ErrActor) { // a line separator does not print
		t.Fatal(err)
	}
	long.ID = strings.Repeat("é<", 64)
	if err := l.Note(ctx, long, "Export", day0); err != nil {
		t.Fatal(err)
	}
	if list := accesses(t, d); list[len(list)-1].Actor != long {
		t.Fatal("an actor is read as another one")
	}
}

// TestAccessEveryByte changes, removes and swaps entries.
func TestAccessEveryByte(t *testing.T) {
	ctx, d := t.Context(), new(desk)
	l := ledger.NewAccessLog(d)
	for i := range 4 {
		if err := l.Note(ctx, alice, fmt.Sprint("call ", i), at(i)); err != nil {
			t.Fatal(err)
		}
	}
	named := func(want uint64) {
		t.Helper()
		var b *ledger.BrokenError
		if err := l.Read(ctx, nil); !errors.As(err, &b) || b.Entry != want {
			t.Fatalf("want entry %d: %v", want, err)
		}
	}
	for seq, line := range d.records {
		for i := range line {
			bad := bytes.Clone(line)
			bad[i] ^= 1
			d.records[seq] = bad
			named(uint64(seq))
		}
		d.records[seq] = line
	}
	d.records[1], d.records[2] = d.records[2], d.records[1]
	named(1)
	d.records[1], d.records[2] = d.records[2], d.records[1]
	kept := d.records
	d.records = append(kept[:1:1], kept[2:]...)
	named(1)
	d.records = kept
	if err := l.Read(ctx, nil); err != nil {
		t.Fatal(err)
	}
}

// TestAccessTogether: many callers, few appends, nobody lost.
func TestAccessTogether(t *testing.T) {
	d := new(desk)
	logs := []*ledger.AccessLog{ledger.NewAccessLog(d), ledger.NewAccessLog(d)}
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			if err := logs[i%2].Note(t.Context(), alice, fmt.Sprint("call ", i), day0); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, a := range accesses(t, d) {
		if seen[a.Action] {
			t.Errorf("%s is logged twice", a.Action)
		}
		seen[a.Action] = true
	}
	if len(seen) != 64 {
		t.Fatalf("%d calls are logged", len(seen))
	}
}

func FuzzAccess(f *testing.F) {
	d := new(desk)
	l := ledger.NewAccessLog(d)
	for range 2 {
		if err := l.Note(f.Context(), alice, "Export", day0); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(d.records[0])
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, line []byte) {
		d := &desk{disk{records: [][]byte{line}}}
		if err := ledger.NewAccessLog(d).Read(t.Context(), nil); err != nil && !errors.Is(err, ledger.ErrBroken) {
			t.Fatal(err)
		}
	})
}

// TestAccessFind finds entries by how their action begins, from a position on; whoever
// writes such an action into an ID or a reason is not taken for one, and an entry that
// was changed is noticed.
func TestAccessFind(t *testing.T) {
	ctx, d := t.Context(), new(desk)
	l := ledger.NewAccessLog(d)
	prefixes := []string{"Suspend ", "Resume "}
	find := func(from uint64) (got []string, next uint64, err error) {
		next, err = l.Find(ctx, from, prefixes, func(a ledger.Access) error { got = append(got, a.Action); return nil })
		return got, next, err
	}
	if got, next, err := find(0); err != nil || next != 0 || len(got) != 0 {
		t.Errorf("empty: %v, %d, %v", got, next, err)
	}
	for _, forged := range []string{
		"Suspend ads", `"what":"Suspend ads"`, `","what":"Suspend ads","x":"`, `\","what":"Suspend ads`, `\u0022what\u0022:\u0022Suspend ads`,
		`{"what":"Resume ads"}`, `what":"Suspend ads`,
	} {
		for _, by := range []ledger.Actor{{ID: forged, Reason: "r"}, {ID: "x", Reason: forged}} {
			for _, action := range []string{"Export", "Suspended", "Explain Suspend ads"} {
				if err := l.Note(ctx, by, action, day0); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	got, next, err := find(0)
	if err != nil || next != uint64(len(d.records)) || len(got) != 0 {
		t.Errorf("forged: %v, %d, %v", got, next, err)
	}
	for _, action := range []string{"Suspend ads", "Export", "Resume ads"} {
		if err := l.Note(ctx, alice, action, day0); err != nil {
			t.Fatal(err)
		}
	}
	for _, from := range []uint64{0, next} {
		if got, end, err := find(from); err != nil || end != next+3 || fmt.Sprint(got) != "[Suspend ads Resume ads]" {
			t.Errorf("from %d: %v, %d, %v", from, got, end, err)
		}
	}
	d.records[next] = bytes.Replace(d.records[next], []byte("Suspend ads"), []byte("Suspend all"), 1)
	if _, _, err := find(0); !errors.Is(err, ledger.ErrBroken) {
		t.Errorf("a changed entry: %v", err)
	}
}
