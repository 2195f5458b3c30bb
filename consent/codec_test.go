package consent_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/consent"
)

// worn is a history with every kind of entry: an erasure, ended and open
// intervals, confirmed and not, a refusal, a withdrawal with and without a
// text, a denial from above.
func worn(t failer) (*consent.Book, *consent.History) {
	b := newBook(t, shop(), in("de", shop()), version(2, shop()), version(2, in("de", shop())),
		purposes("tree", "a", "a.b", "z"), sharers())
	h := &consent.History{}
	h.Erase(after(-1))
	grant(t, b, h, t0, content)
	h.Withdraw(content, after(1))
	choose(t, b, h, consent.Choice{Notice: "shop", Version: 2, Locale: "de", Grant: []string{content}, Refuse: []string{stats}}, after(2))
	grant(t, b, h, after(3), stats)
	choose(t, b, h, consent.Choice{Notice: "shop", Version: 2, Locale: "en", Method: "settings", Grant: []string{content}}, after(4))
	choose(t, b, h, consent.Choice{Notice: "tree", Version: 1, Locale: "en", Grant: []string{"a.b"}, Refuse: []string{"z"}}, after(5))
	h.Withdraw("a", after(6).Add(7*time.Millisecond))
	return b, h
}

// The golden row was written by another program from the description of the
// format; rows in stores stay readable as long as it does.
func TestRowGolden(t *testing.T) {
	text, err := os.ReadFile("testdata/row_v0.hex")
	if err != nil {
		t.Fatal(err)
	}
	var golden []byte
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		part, err := hex.DecodeString(strings.Join(strings.Fields(line), ""))
		if err != nil {
			t.Fatal(err)
		}
		golden = append(golden, part...)
	}
	b, h := worn(t)
	if got := h.Row(); !bytes.Equal(got, golden) {
		t.Errorf("row = %x", got)
	}
	back, err := consent.ReadHistory(golden)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := json.Marshal(b.Summary(h, after(10)))
	if got, _ := json.Marshal(b.Summary(back, after(10))); !bytes.Equal(got, want) {
		t.Errorf("read back: %s", got)
	}
}

// check reads hostile bytes: no panic, and what is read is exactly what was
// there and can be used.
func check(t failer, b *consent.Book, row []byte) bool {
	checkDecoder(t, b, start(0, 1).shown("n", 1, "en", "m").u(1).s("a").raw(0).u(1, 1, 0, day, 0, 0).b, row)
	h, err := consent.ReadHistory(row)
	if err != nil {
		if !errors.Is(err, consent.ErrRow) || h != nil {
			t.Fatal("a bad row is not ErrRow alone")
		}
		return false
	}
	if again := h.Row(); !bytes.Equal(again, row) && len(row) > 0 {
		t.Fatal("a second encoding of one history is read")
	}
	now := t0
	for _, s := range h.Summary(now).Purposes {
		if s.State != consent.Granted && s.State != consent.Refused && s.State != consent.Withdrawn && s.State != consent.Expired {
			t.Fatal("a purpose is in no state")
		}
	}
	b.Decide(consent.Question{Subject: subject(1), Purpose: content, History: h, EventTime: now, Now: now})
	b.Needs(h, []string{content, stats}, now)
	h.Returned(now, stats)
	_ = b.Choose(h, consent.Choice{Notice: "shop", Version: 1, Locale: "en", Grant: []string{content}, Refuse: []string{stats}}, now)
	h.Withdraw("personalize", now)
	if _, err := consent.ReadHistory(h.Row()); err != nil {
		t.Fatal("a changed history is not read back")
	}
	h.Expire(now, time.Hour)
	if _, err := consent.ReadHistory(h.Row()); err != nil {
		t.Fatal("a swept history is not read back")
	}
	h.Erase(now)
	if _, err := consent.ReadHistory(h.Row()); err != nil || len(h.Row()) > 12 {
		t.Fatal("an erased history is not small")
	}
	return true
}

// Every byte counts: no row with one bit changed, a part missing or a byte more
// is read as the same history.
func TestRowDamage(t *testing.T) {
	book, h := worn(t)
	row := h.Row()
	read := 0
	for i := range row {
		if check(t, book, row[:i]) && i > 0 {
			t.Errorf("the first %d bytes are a row", i)
		}
		for bit := range 8 {
			bad := bytes.Clone(row)
			bad[i] ^= 1 << bit
			if check(t, book, bad) {
				read++ // a letter or a hash or a moment: another history, itself canonical
			}
		}
	}
	if read == 0 {
		t.Error("the test damages nothing that matters")
	}
	if check(t, book, append(bytes.Clone(row), 0)) {
		t.Error("a longer row is read")
	}
}

// row builds rows by hand.
type row struct{ b []byte }

func (r *row) u(vs ...uint64) *row {
	for _, v := range vs {
		r.b = binary.AppendUvarint(r.b, v)
	}
	return r
}
func (r *row) s(list ...string) *row {
	for _, s := range list {
		r.b = append(binary.AppendUvarint(r.b, uint64(len(s))), s...)
	}
	return r
}
func (r *row) raw(b ...byte) *row { r.b = append(r.b, b...); return r }
func (r *row) shown(id string, v uint64, locale, method string) *row {
	return r.s(id).u(v).s(locale).raw(make([]byte, 32)...).s(method)
}

func start(erased uint64, texts uint64) *row { return new(row).raw(0).u(erased, texts) }

func TestRowRules(t *testing.T) {
	const m = 1_700_000_000_000
	one := func() *row { return start(0, 1).shown("n", 1, "en", "").u(1).s("a") }
	for name, c := range map[string]struct {
		row *row
		ok  bool
	}{
		"granted":                 {one().raw(0).u(1, m, 0, day, 0, 0), true},
		"withdrawn":               {one().raw(2).u(m+5, day, 0).u(1, m, 0, day, 5, 0), true},
		"refused":                 {start(0, 0).u(1).s("a").raw(1).u(m, day, 0, 0), true},
		"erased":                  {start(m, 0).u(0), true},
		"erased, granted":         {start(m, 1).shown("n", 1, "en", "").u(1).s("a").raw(0).u(1, m, 0, day, 0, 0), true},
		"two in touch":            {one().raw(2).u(m+5, day, 0).u(2, m, 0, day, 5, 0, m+5, 0, day, 0, 0), true},
		"other version":           {new(row).raw(1).u(m, 0, 0), false},
		"says nothing":            {start(0, 0).u(0), false},
		"no purposes count":       {start(m, 0), false},
		"long form of a number":   {new(row).raw(0).raw(0x81, 0).u(0, 0), false},
		"number without end":      {new(row).raw(0).raw(bytes.Repeat([]byte{0xff}, 20)...), false},
		"erased after 9999":       {start(253_402_300_800_000, 0).u(0), false},
		"text unused":             {start(m, 1).shown("n", 1, "en", "").u(0), false},
		"text out of range":       {one().raw(0).u(1, m, 0, day, 0, 1), false},
		"refusal text over range": {one().raw(1).u(m, day, 2, 0), false},
		"texts unsorted":          {start(0, 2).shown("n", 2, "en", "").shown("n", 1, "en", "").u(1).s("a").raw(1).u(m, day, 1).u(1, m, 0, day, 0, 1), false},
		"texts twice":             {start(0, 2).shown("n", 1, "en", "").shown("n", 1, "en", "").u(1).s("a").raw(1).u(m, day, 1).u(1, m, 0, day, 0, 1), false},
		"notice id":               {start(0, 1).shown("N", 1, "en", "").u(1).s("a").raw(0).u(1, m, 0, day, 0, 0), false},
		"notice version":          {start(0, 1).shown("n", 0, "en", "").u(1).s("a").raw(0).u(1, m, 0, day, 0, 0), false},
		"locale":                  {start(0, 1).shown("n", 1, "EN", "").u(1).s("a").raw(0).u(1, m, 0, day, 0, 0), false},
		"method":                  {start(0, 1).shown("n", 1, "en", " ").u(1).s("a").raw(0).u(1, m, 0, day, 0, 0), false},
		"purpose key":             {start(0, 1).shown("n", 1, "en", "").u(1).s("a..b").raw(0).u(1, m, 0, day, 0, 0), false},
		"purposes unsorted":       {start(0, 0).u(2).s("b").raw(1).u(m, day, 0, 0).s("a").raw(1).u(m, day, 0, 0), false},
		"purpose twice":           {start(0, 0).u(2).s("a").raw(1).u(m, day, 0, 0).s("a").raw(1).u(m, day, 0, 0), false},
		"purpose without entries": {one().raw(0).u(0), false},
		"kind of no":              {start(0, 0).u(1).s("a").raw(3).u(m, day, 0, 0), false},
		"no at zero":              {start(0, 0).u(1).s("a").raw(1).u(0, day, 0, 0), false},
		"no before erasure":       {start(m, 0).u(1).s("a").raw(1).u(m-1, day, 0, 0), false},
		"quiet too long":          {start(0, 0).u(1).s("a").raw(1).u(m, 3651*day, 0, 0), false},
		"given at zero":           {one().raw(0).u(1, 0, 0, day, 0, 0), false},
		"given before erasure":    {start(m, 1).shown("n", 1, "en", "").u(1).s("a").raw(0).u(1, m-1, 0, day, 0, 0), false},
		"empty interval":          {one().raw(0).u(1, m, 0, 0, 0, 0), false},
		"longer than allowed":     {one().raw(0).u(1, m, 0, 395*day+1, 0, 0), false},
		"withdrawn after expiry":  {one().raw(2).u(m+2*day, day, 0).u(1, m, 0, day, 2*day, 0), false},
		"withdrawn at expiry":     {one().raw(2).u(m+day, day, 0).u(1, m, 0, day, day, 0), false},
		"confirmed after the end": {one().raw(2).u(m+5, day, 0).u(1, m, 6, day, 5, 0), false},
		"overlap":                 {one().raw(0).u(2, m, 0, day, 0, 0, m+day-1, 0, day, 0, 0), false},
		"a no in the middle":      {one().raw(2).u(m+1, day, 0).u(1, m, 0, day, 0, 0), false},
		"many announced":          {start(0, 0).u(1024), false},
		"absurdly many":           {start(0, 1<<40).u(0), false},
		"too many intervals":      {one().raw(0).u(33), false},
	} {
		h, err := consent.ReadHistory(c.row.b)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && !bytes.Equal(h.Row(), c.row.b) {
			t.Errorf("%s: row = %x", name, h.Row())
		}
	}
}

// A hostile length allocates no more than a few times the row.
func TestRowAllocatesByItsLength(t *testing.T) {
	_, h := worn(t)
	row := h.Row()
	if n := testing.AllocsPerRun(20, func() {
		if _, err := consent.ReadHistory(row); err != nil {
			t.Error(err)
		}
	}); n > 12 {
		t.Errorf("%v allocations", n)
	}
}

func TestRowFromAnything(t *testing.T) {
	book, h := worn(t)
	seed := h.Row()
	rapid.Check(t, func(t *rapid.T) {
		b := bytes.Clone(seed)
		for range rapid.IntRange(1, 4).Draw(t, "edits") {
			i := rapid.IntRange(0, len(b)-1).Draw(t, "at")
			switch rapid.IntRange(0, 2).Draw(t, "edit") {
			case 0:
				b[i] = rapid.Byte().Draw(t, "byte")
			case 1:
				b = append(b[:i], b[min(i+rapid.IntRange(1, 8).Draw(t, "cut"), len(b)):]...)
			case 2:
				b = append(b[:i:i], append(rapid.SliceOfN(rapid.Byte(), 1, 8).Draw(t, "more"), b[i:]...)...)
			}
			if len(b) == 0 {
				b = []byte{0}
			}
		}
		check(t, book, b)
	})
}

func FuzzReadHistory(f *testing.F) {
	book, h := worn(f)
	f.Add(h.Row())
	f.Add([]byte{})
	f.Add([]byte{0, 0, 0, 0})
	f.Add(start(1, 0).u(0).b)
	f.Add(start(0, 0).u(1).s("a").raw(1).u(1, 1, 0, 0).b)
	f.Add(start(0, 1).shown("n", 1, "en", "m").u(1).s("a").raw(0).u(1, 1, 0, day, 0, 0).b)
	f.Fuzz(func(t *testing.T, row []byte) { check(t, book, row) })
}

func BenchmarkReadHistory(b *testing.B) {
	_, h := worn(b)
	row := h.Row()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := consent.ReadHistory(row); err != nil {
			b.Fatal(err)
		}
	}
}
