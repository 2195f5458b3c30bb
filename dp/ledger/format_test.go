package ledger_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/dp/ledger"
)

var update = flag.Bool("update", false, "rewrite the golden file")

const (
	golden  = "testdata/ledger-v1.jsonl"
	golden0 = "testdata/ledger-v0.jsonl"
)

// life is an account's: every kind of record, in every order that matters.
func life(t testing.TB, d *disk) *ledger.Account {
	t.Helper()
	ctx := t.Context()
	a := open(t, d)
	for i, spec := range []string{"a", "b"} {
		if _, err := a.Declare(ctx, "sizes", []byte(spec), at(i)); err != nil {
			t.Fatal(err)
		}
	}
	first := reserve(t, a, request("sizes-1"), at(2))
	second := reserve(t, a, request("items-1"), at(2))
	if err := second.Answer(ctx, []byte("items")); err != nil {
		t.Fatal(err)
	}
	release(t, first)
	r := request("sizes-1")
	if err := reserve(t, a, r, at(3)).Answer(ctx, []byte("sizes")); err != nil {
		t.Fatal(err)
	}
	if err := a.Advance(ctx, at(100)); err != nil {
		t.Fatal(err)
	}
	r.AsOf = firstDay + 100
	reserve(t, a, r, at(101))
	return a
}

// long is a life with everything that version 1 adds and that is not random.
func long(t testing.TB, d *disk) *ledger.Account {
	t.Helper()
	ctx := t.Context()
	a := life(t, d)
	drawn := request("drawn")
	drawn.AsOf, drawn.Days = firstDay+101, 7
	if err := reserve(t, a, drawn, at(101)).Void(ctx); err != nil {
		t.Fatal(err)
	}
	other := terms()
	other.Mu2, other.WindowDays = thousandths(20), 7
	other.Quotas = []ledger.Quota{{Name: "ads", Mu2: thousandths(5), Delta: units(2, 1e9)}, {Name: "team-b", Mu2: thousandths(9), Delta: units(1, 1e9)}}
	if err := a.Amend(ctx, other, at(102)); err != nil {
		t.Fatal(err)
	}
	quota := request("quota")
	quota.AsOf, quota.Quotas = 0, []string{"team-b", "ads"}
	reserve(t, a, quota, at(121))
	if err := ledger.Interrupt(ctx, d, at(122)); err != nil {
		t.Fatal(err)
	}
	wantErr(t, tryReserve(a, request("closed"), at(122)), ledger.ErrExhausted)
	return a
}

func lines(t testing.TB) [][]byte {
	t.Helper()
	data, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
}

// TestVersion0 holds that an account of version 0 stays readable, and goes on in
// version 1, which then never falls back.
func TestVersion0(t *testing.T) {
	data, err := os.ReadFile(golden0)
	if err != nil {
		t.Fatal(err)
	}
	d := &disk{
		records: bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")),
		blobs:   map[uint64][]byte{5: []byte("items"), 7: []byte("sizes")},
	}
	a := open(t, d)
	if r := a.Report(); r.Entries != 3 || r.Answered != 2 || r.Window.Index != 3 || r.Charged != 2 || r.Spent.Mu2 != thousandths(4) {
		t.Fatalf("%+v", r)
	}
	more := request("more")
	more.AsOf = 0
	reserve(t, a, more, at(101))
	if err := open(t, d.die()).Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestGolden holds that version 1 stays readable and is written the same: all
// that is random in a log is the population id.
func TestGolden(t *testing.T) {
	if *update {
		d := new(disk)
		long(t, d)
		if err := os.WriteFile(golden, append(bytes.Join(d.records, []byte("\n")), '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := lines(t)
	d := &disk{records: want[:1:1]} // the account is open already
	a := long(t, d)
	if len(d.records) != len(want) {
		t.Fatalf("%d records, want %d", len(d.records), len(want))
	}
	for i := range want {
		if !bytes.Equal(d.records[i], want[i]) {
			t.Errorf("record %d\n is   %s\n want %s", i, d.records[i], want[i])
		}
	}
	if err := a.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again, err := ledger.Open(t.Context(), ledger.Config{Store: &disk{records: want}, Terms: a.Terms()}, day0); err != nil || again.Report().Head != a.Report().Head {
		t.Fatal(err)
	}
}

// broken opens and verifies a log and returns the entry that both name.
func broken(t *testing.T, d *disk) (uint64, bool) {
	t.Helper()
	_, err := ledger.Open(t.Context(), ledger.Config{Store: d, Terms: terms()}, day0)
	var b *ledger.BrokenError
	if err != nil && !errors.As(err, &b) {
		t.Fatalf("opening a broken log: %v", err)
	}
	if b == nil {
		return 0, false
	}
	return b.Entry, true
}

// TestEveryByte changes each byte of each record, in several ways, under an
// account that is open and for one that opens.
func TestEveryByte(t *testing.T) {
	good := new(disk)
	a := life(t, good)
	for seq, line := range good.records {
		for i := range line {
			for _, b := range []byte{line[i] ^ 1, [4]byte{'0', '"', ' ', 0}[i%4]} {
				if b == line[i] {
					continue
				}
				kept := good.records[seq]
				bad := bytes.Clone(line)
				bad[i] = b
				good.records[seq] = bad
				var named *ledger.BrokenError
				if err := a.Verify(t.Context()); !errors.As(err, &named) || named.Entry != uint64(seq) {
					t.Fatalf("record %d, byte %d changed to %q: Verify says %v", seq, i, b, err)
				}
				if b == line[i]^1 {
					if entry, ok := broken(t, good); !ok || entry != uint64(seq) {
						t.Fatalf("record %d, byte %d: Open names %d, %v", seq, i, entry, ok)
					}
				}
				good.records[seq] = kept
			}
		}
	}
	if err := a.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestForgedLog changes records and hashes them anew.
func TestForgedLog(t *testing.T) {
	good := new(disk)
	a := life(t, good)
	last := len(good.records) - 1
	verify := func(name string, d *disk, entry uint64, open bool) {
		t.Helper()
		records, blobs := good.records, good.blobs
		good.records, good.blobs = d.records, d.blobs
		var named *ledger.BrokenError
		if err := a.Verify(t.Context()); !errors.As(err, &named) || named.Entry != entry {
			t.Errorf("%s: Verify says %v, want entry %d", name, err, entry)
		}
		good.records, good.blobs = records, blobs
		if got, ok := broken(t, d); ok != open || ok && got != entry {
			t.Errorf("%s: Open names %d, %v", name, got, ok)
		}
	}
	swap := func(old, new string) func([]byte) []byte {
		return func(body []byte) []byte {
			if !bytes.Contains(body, []byte(old)) {
				t.Fatalf("no %q in %s", old, body)
			}
			return bytes.Replace(body, []byte(old), []byte(new), 1)
		}
	}
	d := good.copy()
	d.records[4] = ledger.Forge(d.records[4], swap("items-1", "items-2"))
	verify("a renamed entry", d, 5, true)

	d = good.copy()
	d.records[last] = ledger.Forge(d.records[last], swap("sizes-1", "sizes-2"))
	verify("another last entry", d, uint64(last), false) // only who was there can tell

	d = good.copy()
	d.records = d.records[:last]
	verify("a log cut short", d, uint64(last), false)

	d = good.copy()
	d.records[3], d.records[4] = d.records[4], d.records[3]
	verify("entries out of order", d, 3, true)

	d = good.copy()
	d.records = append(d.records[:3:3], d.records[4:]...)
	verify("an entry taken out", d, 3, true)

	d = good.copy()
	d.records[last] = ledger.Forge(d.records[last], swap(`"mu2":"0`, `"mu2":"1`))
	verify("a charge beyond the total", d, uint64(last), true)

	for name, change := range map[string][2]string{
		"the future":            {`"as_of":"2026-04-20"`, `"as_of":"2027-04-20"`},
		"another window":        {`"window":3`, `"window":2`},
		"no name":               {`"name":"sizes-1"`, `"name":""`},
		"a version to come":     {`"v":1`, `"v":2`},
		"a version before":      {`"v":1`, `"v":0`},
		"a kind to come":        {`"kind":"reserve"`, `"kind":"void"`},
		"two parts":             {`"reserve":{`, `"retry":{"entry":3},"reserve":{`},
		"time before":           {`"time":1776`, `"time":1766`},
		"time after":            {`"time":1776`, `"time":1796`},
		"a date that is none":   {`"as_of":"2026-04-20"`, `"as_of":"2026-02-31"`},
		"capital letters":       {`"name"`, `"Name"`},
		"one field more":        {`"name"`, `"more":1,"name"`},
		"one field twice":       {`"name"`, `"name":"x","name"`},
		"another way to say it": {`"window":3`, `"window":3.0`},
		"a space":               {`"window":3`, `"window": 3`},
	} {
		d = good.copy()
		d.records[last] = ledger.Forge(d.records[last], swap(change[0], change[1]))
		verify(name, d, uint64(last), true)
	}

	d = good.copy()
	d.blobs[5] = []byte("other")
	kept := good.blobs
	good.blobs = d.blobs
	var named *ledger.BrokenError
	if err := a.Verify(t.Context()); !errors.As(err, &named) || named.Entry != 5 {
		t.Errorf("another answer: %v", err)
	}
	good.blobs = kept
}

// TestErrorsNameNoValue holds that no error quotes what the log holds.
func TestErrorsNameNoValue(t *testing.T) {
	d := new(disk)
	a := open(t, d)
	r := request("secret-name")
	reserve(t, a, r, at(0))
	r.Spec = []byte("secret spec")
	err := tryReserve(a, r, at(0))
	d.records[1] = bytes.Replace(d.records[1], []byte("secret-name"), []byte("secret-nomo"), 1)
	for _, err := range []error{err, a.Verify(t.Context()), tryReserve(a, request("Secret Name"), at(0))} {
		if err == nil || strings.Contains(err.Error(), "secret") || !strings.HasPrefix(err.Error(), "ledger: ") {
			t.Errorf("%v", err)
		}
	}
}

func FuzzRecord(f *testing.F) {
	data, err := os.ReadFile(golden)
	if err != nil {
		f.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		f.Add(bytes.TrimSpace(line))
	}
	for _, s := range []string{"", "{}", "null", "[]", `{"v":0}`, `{"v":0,"seq":18446744073709551615,"kind":"open"}`, strings.Repeat("[", 5000)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if ok, same := ledger.Canonical(line); ok && !same {
			t.Fatal("a record is accepted that would be written differently")
		}
		// As a whole log, and as the continuation of a good one.
		for n := range 3 {
			d := &disk{}
			if n > 0 {
				for l := range bytes.Lines(data) {
					if len(d.records) < 3*n {
						d.records = append(d.records, bytes.TrimSpace(l))
					}
				}
			}
			d.records = append(d.records, line)
			a, err := ledger.Open(t.Context(), ledger.Config{Store: d, Terms: terms()}, day0)
			if err != nil && !errors.Is(err, ledger.ErrBroken) && !errors.Is(err, ledger.ErrTerms) {
				t.Fatalf("opening: %v", err)
			}
			if err == nil {
				if spent, total := a.Report().Spent.Mu2, a.Report().Terms.Mu2; spent.Cmp(total) > 0 {
					t.Fatal(fmt.Sprint("overdrawn: ", spent.Float64(), " of ", total.Float64()))
				}
			}
		}
	})
}
