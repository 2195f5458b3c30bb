package segment_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/segment"
)

var update = flag.Bool("update", false, "write golden files")

// goldenRow is a row with every feature: several days, categories of items
// without day counts, two windows, a bound group, counts above one, message ids
// of two days, a window to enter.
func goldenRow(t testing.TB) []byte {
	r := rules(t)
	var row []byte
	for i := range 8 {
		m := moment(0)
		row = admit(t, r, row, segment.Event{MessageID: item(i), Item: item(i), Category: "books.fiction", Count: i % 3, Time: start.Add(-day)}, m)
	}
	row = admit(t, r, row, segment.Event{MessageID: "x", Category: "sports.running", Time: start.Add(-40 * day)}, moment(day))
	m := moment(2 * day)
	m.Window, m.WindowStart, m.EntersNext = 4, dayOf(start)+1, true
	row = admit(t, r, row, segment.Event{Item: "item-2", Category: "home.garden", Time: start.Add(-2 * day), Count: 4}, m)
	return admit(t, r, row, segment.Event{Item: "item-2", Time: start.Add(2 * day)}, m)
}

func TestGoldenRow(t *testing.T) {
	row := goldenRow(t)
	path := filepath.Join("testdata", "profile.0.hex")
	var text strings.Builder
	for i := 0; i < len(row); i += 32 {
		text.WriteString(hex.EncodeToString(row[i:min(i+32, len(row))]) + "\n")
	}
	if *update {
		if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text.String() != string(want) {
		t.Errorf("rows of format 0 changed; stored rows would be read otherwise\n%s", &text)
	}
}

func TestReadProfileRefuses(t *testing.T) {
	row := goldenRow(t)
	for n := range row {
		if _, err := segment.ReadProfile(row[:n]); !errors.Is(err, segment.ErrRow) {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
	if _, err := segment.ReadProfile(append(bytes.Clone(row), 0)); !errors.Is(err, segment.ErrRow) {
		t.Fatal(err)
	}
	p := read(t, row)
	if err := p.UnmarshalBinary(nil); !errors.Is(err, segment.ErrRow) {
		t.Fatal(err)
	}
	if first, last := p.Recorded(); first != 0 || last != 0 {
		t.Fatal("a broken row left something behind")
	}
}

func TestProfileKeepsNothingOfTheRow(t *testing.T) {
	row := goldenRow(t)
	r := rules(t)
	p := read(t, bytes.Clone(row))
	mine := bytes.Clone(row)
	q := read(t, mine)
	clear(mine)
	a, b := r.Export(p, start), r.Export(q, start)
	if len(a.Items) != len(b.Items) || a.Items[0] != b.Items[0] {
		t.Fatal("the profile changed with the row")
	}
	first, last := q.Recorded()
	if first != dayOf(start) || last != dayOf(start)+2 || q.Enters() != 5 {
		t.Fatal(first, last, q.Enters())
	}
}

func FuzzReadProfile(f *testing.F) {
	row := goldenRow(f)
	f.Add(row)
	f.Add(row[:40])
	f.Add([]byte{})
	r := rules(f, withSums, withSeries)
	f.Add(slottedRow(f, r))
	f.Add(assign(f, r, sumsRow(f, true), moment(0)))
	f.Add(admit(f, r, row, segment.Event{Category: "sports", Value: 12_500, Unit: "EUR", Time: start}, moment(0)))
	f.Add(admit(f, r, nil, segment.Event{Category: "sports", Time: start}, moment(0)))
	wishes, err := r.Dismiss(row, "sports")
	wishes, err = r.Leave(must(f, wishes, err), "cooks")
	f.Add(must(f, wishes, err))
	for i := range row {
		if i%9 == 0 {
			broken := bytes.Clone(row)
			broken[i] ^= 0x81
			f.Add(broken)
		}
	}
	f.Fuzz(func(t *testing.T, row []byte) {
		p, err := segment.ReadProfile(row)
		if err == nil {
			again, err := segment.Reencode(row)
			if err != nil || !bytes.Equal(again, row) {
				t.Fatal("a row that is not canonical was read")
			}
			asOf := dayOf(start)
			r.Segments(p, asOf)
			r.Person(p, 0, start, asOf, 3)
			r.Person(p, 2, start, asOf, 3)
			r.History(p, start)
			_ = r.Explain(p, start).String()
			r.Export(p, start)
		}
		// Whatever the bytes, changing them neither panics nor makes a broken row
		// of a sound one.
		next, _, err2 := r.Admit(row, grant(1), link(1), segment.Event{MessageID: "m", Item: "item-1", Category: "sports", Value: 9, Unit: "EUR", Time: start}, moment(0))
		forgot, err3 := r.ForgetCategory(row, "sports")
		expired, err4 := r.Expire(row, moment(0))
		if err != nil || len(row) == 0 {
			return
		}
		dismissed, err5 := r.Dismiss(row, "sports.running")
		left, err6 := r.Leave(row, "cooks")
		slotted, err7 := r.AssignSlots(row, 0, start, dayOf(start), 3)
		if err2 != nil || err3 != nil || err4 != nil || err7 != nil || err5 != nil && !errors.Is(err5, segment.ErrWishes) || err6 != nil && !errors.Is(err6, segment.ErrWishes) {
			t.Fatal(err2, err3, err4, err5, err6, err7)
		}
		for _, b := range [][]byte{next, forgot, expired, dismissed, left, slotted} {
			if b == nil {
				continue
			}
			if _, err := segment.ReadProfile(b); err != nil {
				t.Fatal("a sound row became a broken one")
			}
		}
	})
}
