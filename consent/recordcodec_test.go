package consent_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/consent"
)

// golden reads a file of hex with comments.
func golden(t testing.TB, name string) (row []byte) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		part, err := hex.DecodeString(strings.Join(strings.Fields(line), ""))
		if err != nil {
			t.Fatal(err)
		}
		row = append(row, part...)
	}
	return row
}

// goldenEntries are those of row_v2.hex.
func goldenEntries() []consent.Entry {
	shown := func(e consent.Entry, id string, version int, locale, content, method string) consent.Entry {
		e.Notice, e.Version, e.Locale, e.Hash, e.Method = id, version, locale, sha256.Sum256([]byte(content)), method
		return e
	}
	both := []string{content, stats}
	list := []consent.Entry{
		{Kind: consent.KindErased, At: after(-1)},
		shown(consent.Entry{Kind: consent.KindImported, At: after(-2), Purposes: both[1:], Proof: "archive/2024:box_17#8.1-B"}, "old", 3, "fr-CA", "three", "paper"),
		shown(consent.Entry{Kind: consent.KindRefused, At: after(-2), Purposes: []string{"ads"}, Proof: "x"}, "old", 3, "fr-CA", "three", "paper"),
		shown(consent.Entry{Kind: consent.KindServed, At: t0.Add(-time.Hour), Purposes: both}, "shop", 1, "en", "one", ""),
		shown(consent.Entry{Kind: consent.KindGiven, At: t0, Purposes: both}, "shop", 1, "en", "one", "banner"),
		shown(consent.Entry{Kind: consent.KindRefused, At: after(1), Purposes: []string{"a"}}, "tree", 1, "en", "two", ""),
		shown(consent.Entry{Kind: consent.KindWithdrawn, At: after(1).Add(7 * time.Millisecond), Purposes: both[1:]}, "shop", 2, "de", "four", "settings"),
		{Kind: consent.KindWithdrawn, At: after(1).Add(time.Hour), Purposes: []string{"ads"}},
		shown(consent.Entry{Kind: consent.KindExpired, At: after(2), Purposes: both[1:]}, "old", 3, "fr-CA", "three", "paper"),
	}
	for i, method := range []string{"gpc", "gpp", "tcf", "age", "source"} {
		list = append(list, consent.Entry{Kind: consent.KindOptedOut, At: after(3 + i), Purposes: []string{"ads"}, Method: method})
	}
	list = append(list, consent.Entry{Kind: consent.KindMoved, At: after(8)})
	for i := range list {
		first := byte(0x10)
		if i == 1 || i == 2 {
			first = 0xa0
		}
		for j := range list[i].Record {
			list[i].Record[j] = first + byte(j)
		}
		salt := sha256.Sum256(fmt.Appendf(nil, "salt %d", i+1))
		copy(list[i].Salt[:], salt[:])
	}
	return list
}

// The golden row was written by another program from the description of the
// format.
func TestRecordRowGolden(t *testing.T) {
	row := golden(t, "row_v2.hex")
	r, err := consent.ReadRecord(row)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(r.Row(), row) {
		t.Errorf("row = %x", r.Row())
	}
	got, want := r.Entries(), goldenEntries()
	if len(got) != len(want) {
		t.Fatalf("%d entries", len(got))
	}
	for i := range want {
		if g, w := fmt.Sprintf("%#v", got[i]), fmt.Sprintf("%#v", want[i]); g != w {
			t.Errorf("entry %d:\n%s\n%s", i, g, w)
		}
	}
	b := newBook(t, shop(), purposes("tree", "a"))
	if when, ok := r.History().Erased(); !ok || !when.Equal(after(-1)) {
		t.Errorf("erased %v", when)
	}
	if d := b.Decide(consent.Question{Subject: subject(1), Purpose: content, History: r.History(), EventTime: t0, Now: after(364)}); !d.Allowed {
		t.Error(d)
	}
	if d := b.Decide(consent.Question{Subject: subject(1), Purpose: "a", History: r.History(), EventTime: t0, Now: after(9)}); d.Reason != consent.Refused {
		t.Error(d)
	}
	// The expiry of personalize.content comes after what is noted, an entry of ours
	// under the first record id.
	r.Lapse(after(365))
	e := r.Fresh()
	if len(e) != 1 || told(e[0]) != "365 expired personalize.content shop/1/en banner" || e[0].Record != want[0].Record {
		t.Errorf("lapsed: %q", lines(e))
	}
}

// Rows of a history alone are rows of a record, and stay so until it has an entry.
func TestRecordReadsRowsOfHistories(t *testing.T) {
	_, h := worn(t)
	moved := &consent.History{}
	moved.Leave(t0)
	for _, row := range [][]byte{nil, {}, golden(t, "row_v0.hex"), h.Row(), moved.Row()} {
		r, err := consent.ReadRecord(row)
		if err != nil || len(r.Entries()) != 0 || !bytes.Equal(r.Row(), row) {
			t.Errorf("%x: %v", row, err)
		}
	}
}

// checkRecord reads hostile bytes: no panic, and what is read is exactly what was
// there and can be used.
func checkRecord(t failer, b *consent.Book, row []byte) bool {
	deciding, err := consent.Deciding(row)
	if err != nil && (!errors.Is(err, consent.ErrRow) || deciding != nil) {
		t.Fatal("a bad row is not ErrRow alone")
	}
	checkDecoder(t, b, start(1, 0).u(0).b, row)
	r, bad := consent.ReadRecord(row)
	if bad != nil {
		if !errors.Is(bad, consent.ErrRow) || r != nil {
			t.Fatal("a bad row is not ErrRow alone")
		}
		return false
	}
	if err != nil || !bytes.Equal(deciding.Row(), r.History().Row()) {
		t.Fatal("a row decides as another history")
	}
	if again := r.Row(); !bytes.Equal(again, row) && len(row) > 0 {
		t.Fatal("a second encoding of one record is read")
	}
	if len(r.Entries()) > 128 || len(r.Fresh()) != 0 {
		t.Fatal("too many entries, or fresh ones")
	}
	now := t0
	for _, e := range r.Entries() {
		if _, err := e.Kind.MarshalText(); err != nil || e.Record == [16]byte{} || e.Commitment() == [32]byte{} {
			t.Fatal("an entry is no entry")
		}
	}
	same := func(what string) {
		if back, err := consent.ReadRecord(r.Row()); err != nil || !bytes.Equal(back.Row(), r.Row()) {
			t.Fatal("a changed record is not read back: " + what)
		}
	}
	b.RecordSummary(r, now)
	r.Served(now)
	r.Lapse(now)
	same("lapse")
	_ = r.Serve(b, "shop", 1, "en", now)
	_ = r.Choose(b, consent.Choice{Notice: "shop", Version: 1, Locale: "en", Grant: []string{content}, Refuse: []string{stats}}, now)
	same("choose")
	c := consent.Choice{Notice: "shop", Version: 1, Locale: "en", Grant: []string{stats}, Refuse: []string{content}}
	_, _ = r.Import(b, consent.Historic{Choice: c, At: now.Add(-time.Hour), Proof: "x"}, now)
	same("import")
	r.OptOut("personalize", consent.OptedOutGPC, now)
	r.Withdraw(stats, now)
	same("withdraw")
	_ = r.Choose(b, consent.Choice{Notice: "told", Version: 1, Locale: "en", Grant: []string{"share"}}, now)
	told := len(r.Disclosures())
	if _, err := r.Disclose(b, runnersTo("Panel Ltd", after(90)), now); err == nil && len(r.Disclosures()) < max(told, 1) {
		t.Fatal("disclosed, and not recorded")
	}
	same("disclose")
	other := &consent.Record{}
	_ = other.Choose(b, c, now)
	r.Merge(other, now)
	same("merge")
	r.Expire(now, time.Hour)
	same("expire")
	other.Merge(r, now)
	r.Erase(now)
	same("erase")
	if len(r.Row()) > 64 || len(r.Disclosures()) != 0 {
		t.Fatal("an erased record is not small")
	}
	return true
}

// Every byte counts: no row with one bit changed, a part missing or a byte more
// is read as the same record.
func TestRecordRowDamage(t *testing.T) {
	for _, name := range []string{"row_v2.hex", "row_v3.hex"} {
		t.Run(name, func(t *testing.T) { damage(t, golden(t, name)) })
	}
}

func damage(t *testing.T, row []byte) {
	book, _ := worn(t)
	read := 0
	for i := range row {
		if checkRecord(t, book, row[:i]) && i > 0 {
			t.Errorf("the first %d bytes are a row", i)
		}
		for bit := range 8 {
			bad := bytes.Clone(row)
			bad[i] ^= 1 << bit
			r, err := consent.ReadRecord(bad)
			if err != nil {
				continue
			}
			read++ // a letter or a hash or a moment: another record, itself canonical
			if !bytes.Equal(r.Row(), bad) || bit == i%8 && !checkRecord(t, book, bad) {
				t.Errorf("byte %d, bit %d: a second encoding of one record is read", i, bit)
			}
		}
	}
	if read == 0 {
		t.Error("the test damages nothing that matters")
	}
	for _, more := range []byte{0, 1, 2, 0xff} {
		if checkRecord(t, book, append(bytes.Clone(row), more)) {
			t.Error("a longer row is read")
		}
	}
}

func TestRecordRowFromAnything(t *testing.T) {
	book, _ := worn(t)
	seeds := [][]byte{golden(t, "row_v2.hex"), golden(t, "row_v3.hex")}
	rapid.Check(t, func(t *rapid.T) {
		b := bytes.Clone(rapid.SampledFrom(seeds).Draw(t, "seed"))
		for range rapid.IntRange(1, 4).Draw(t, "edits") {
			i := rapid.IntRange(0, len(b)-1).Draw(t, "at")
			switch rapid.IntRange(0, 2).Draw(t, "edit") {
			case 0:
				b[i] = rapid.Byte().Draw(t, "byte")
			case 1:
				b = append(b[:i], b[min(i+rapid.IntRange(1, 40).Draw(t, "cut"), len(b)):]...)
			case 2:
				b = append(b[:i:i], append(rapid.SliceOfN(rapid.Byte(), 1, 8).Draw(t, "more"), b[i:]...)...)
			}
			if len(b) == 0 {
				b = []byte{2}
			}
		}
		checkRecord(t, book, b)
	})
}

// A hostile count allocates no more than a few times the row.
func TestRecordRowAllocatesByItsLength(t *testing.T) {
	const m = 1_700_000_000_000
	rows := map[string][]byte{"golden": golden(t, "row_v2.hex")}
	for name, r := range map[string]*row{
		"ids":      new(row).raw(2).u(0, 0, 129),
		"purposes": new(row).raw(2).u(0, 0, 1).id(1).u(128 * 1024),
		"texts":    new(row).raw(2).u(0, 0, 1).id(1).u(0, 128),
		"entries":  new(row).raw(2).u(0, 0, 1).id(1).u(0, 0, 128),
		"named":    new(row).raw(2).u(0, 0, 1).id(1).u(1).s("a").u(0, 1).raw(4).u(m, 0, 1024),
		"names":    new(row).raw(3).u(0, 0, 0, 0, 0, 8192),
		"members":  new(row).raw(3).u(0, 0, 0, 0, 0, 1).s("a").u(4096),
		"told":     new(row).raw(3).u(0, 0, 0, 1).s("a").u(0, 1).s("a").u(1).raw(bytes.Repeat([]byte{1}, 20)...).u(0, 4096),
		"v3":       {golden(t, "row_v3.hex")},
		"history":  new(row).raw(2).u(8192).raw(0).u(0, 30000),
	} {
		rows[name] = append(r.b, make([]byte, 8192)...)
	}
	for name, b := range rows {
		var before, done runtime.MemStats
		runtime.ReadMemStats(&before)
		const times = 20
		for range times {
			_, _ = consent.ReadRecord(b)
		}
		runtime.ReadMemStats(&done)
		if n := (done.TotalAlloc - before.TotalAlloc) / times; n > uint64(24*len(b)+4096) {
			t.Errorf("%s: a row of %d bytes allocates %d", name, len(b), n)
		}
	}
	if n := testing.AllocsPerRun(20, func() { _, _ = consent.ReadRecord(rows["golden"]) }); n > 40 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzReadRecord(f *testing.F) {
	book, h := worn(f)
	f.Add(golden(f, "row_v2.hex"))
	f.Add(golden(f, "row_v3.hex"))
	f.Add(golden(f, "row_v0.hex"))
	f.Add(h.Row())
	f.Add([]byte{})
	f.Add(oneEntry(nil).raw(4).u(1, 0, 1, 0, 0).s("").id(9).b)
	f.Add(oneEntry(h.Row()).raw(6).u(1, 0, 1, 0, 1).s("x").id(9).b)
	f.Add(oneEntry(nil).raw(7).u(1, 0, 1, 0, 0).raw(1).id(9).b)
	f.Fuzz(func(t *testing.T, row []byte) { checkRecord(t, book, row) })
}
