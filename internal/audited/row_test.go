package audited_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/discreet-go/discreet/internal/audited"
)

// goldenRow is a row with one of everything.
func goldenRow(t testing.TB) []byte {
	r := rules(t)
	row := admit(t, r, nil, 1, moment(0), stated("sex", "women", start.Add(-time.Hour)), exposed("loan", false, start.Add(-2*day)))
	m := moment(day)
	m.EntersNext = true
	return admit(t, r, row, 1, m, exposed("loan", true, start.Add(day)), came("loan", true, start.Add(day)),
		exposed("home", false, start), came("segment/runners", false, start), stated("age", "", start))
}

// TestGolden holds format 0, and that nothing has a second encoding.
func TestGolden(t *testing.T) {
	row := goldenRow(t)
	const path = "testdata/audited.0.hex"
	if os.Getenv("DISCREET_UPDATE_GOLDEN") == "1" {
		check(t, os.WriteFile(path, []byte(hex.EncodeToString(row)+"\n"), 0o644))
	}
	want, err := os.ReadFile(path)
	check(t, err)
	if got := hex.EncodeToString(row); got != string(bytes.TrimSpace(want)) {
		t.Fatalf("rows of format 0 changed; stored rows would be read otherwise\n%s", got)
	}
	for n := range row {
		if _, err := audited.Read(row[:n]); !errors.Is(err, audited.ErrRow) {
			t.Fatalf("cut at %d: %v", n, err)
		}
		for bit := range 8 {
			changed := bytes.Clone(row)
			changed[n] ^= 1 << bit
			if p, err := audited.Read(changed); err == nil && !bytes.Equal(audited.Encode(p), changed) {
				t.Fatalf("byte %d, bit %d: a row that is not canonical was read", n, bit)
			}
		}
	}
	head := row[:bytes.Index(row, []byte("audits"))+len("audits")]
	loan := []byte("\x04loan\x03\xea\x9f\x01")
	for name, c := range map[string]struct {
		tail  [][]byte
		sound bool
	}{
		"one campaign":       {[][]byte{{0, 1}, loan}, true},
		"a campaign twice":   {[][]byte{{0, 2}, loan, loan}, false},
		"an attribute twice": {[][]byte{{2}, []byte("\x03sex\x01\x00"), []byte("\x03sex\x01\x00"), {0}}, false},
		"nothing":            {[][]byte{{0, 0}}, false},
	} {
		row := bytes.Join(append([][]byte{head}, c.tail...), nil)
		if _, err := audited.Read(row); (err == nil) != c.sound {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := audited.Read(append(bytes.Clone(row), 0)); !errors.Is(err, audited.ErrRow) {
		t.Error("a row with something behind it was read")
	}
}

func FuzzRead(f *testing.F) {
	row := goldenRow(f)
	f.Add(row)
	f.Add(row[:30])
	f.Add([]byte{})
	for i := range row {
		broken := bytes.Clone(row)
		broken[i] ^= 0x81
		f.Add(broken)
	}
	r, s := rules(f), spec(f)
	f.Fuzz(func(t *testing.T, row []byte) {
		p, err := audited.Read(row)
		next, _, err2 := r.Admit(row, grant(1), link(1), exposed("loan", true, start), moment(0))
		merged, err3 := r.Merge(row, goldenRow(t), moment(0))
		expired, err4 := r.Expire(row, moment(0))
		if err != nil {
			if len(row) > 0 && (err2 == nil || err3 == nil || err4 == nil) {
				t.Fatal("a broken row was changed")
			}
			return
		}
		if !bytes.Equal(audited.Encode(p), row) {
			t.Fatal("a row that is not canonical was read")
		}
		if err2 != nil || err3 != nil || err4 != nil {
			t.Fatal(err2, err3, err4)
		}
		r.Held(p, start)
		r.Person(p, s, audited.Cut{Now: start, AsOf: dayOf(start), Window: 3})
		for _, row := range [][]byte{next, merged, expired} {
			if row != nil {
				read(t, row)
			}
		}
	})
}
