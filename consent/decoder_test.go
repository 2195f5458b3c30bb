package consent_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/discreet-go/discreet/consent"
)

// checkDecoder reads hostile bytes where another history was before: what comes is
// what Deciding makes of them.
func checkDecoder(t failer, b *consent.Book, before, row []byte) {
	want, bad := consent.Deciding(row)
	var d consent.Decoder
	var h consent.History
	if err := d.Deciding(&h, before); err != nil {
		t.Fatal(err)
	}
	for range 2 { // also where the names are known
		err := d.Deciding(&h, row)
		if bad != nil {
			if !errors.Is(err, consent.ErrRow) || h.Row() != nil || h.Returned(t0.AddDate(-9, 0, 0), content) {
				t.Fatal("of a bad row something is left")
			}
			return
		}
		if err != nil || !bytes.Equal(h.Row(), want.Row()) {
			t.Fatal("a row is another history where one was before")
		}
		for _, p := range []string{content, stats, "personalize", "a.b", "z"} {
			q := consent.Question{Subject: subject(1), Purpose: p, History: want, EventTime: t0, Now: t0}
			other := q
			other.History = &h
			if b.Decide(q) != b.Decide(other) || want.Returned(after(1), p) != h.Returned(after(1), p) {
				t.Fatal("a decision is another one")
			}
		}
	}
}

// What is decided does not change when the history is read into again.
func TestDecoderKeepsNothing(t *testing.T) {
	book, h := worn(t)
	row := h.Row()
	var d consent.Decoder
	var into consent.History
	if err := d.Deciding(&into, row); err != nil {
		t.Fatal(err)
	}
	clear(row)
	now := after(3)
	decision := book.Decide(consent.Question{Subject: subject(1), Purpose: stats, History: &into, EventTime: now, Now: now})
	want := book.Decide(consent.Question{Subject: subject(1), Purpose: stats, History: h, EventTime: now, Now: now})
	if !want.Allowed || decision != want {
		t.Fatal("the row was not copied")
	}
	for range 2000 { // more names than are kept
		if err := d.Deciding(&into, start(0, 0).u(1).s(fmt.Sprint("purpose-", len(row))).raw(1).u(1, 1, 0, 0).b); err != nil {
			t.Fatal(err)
		}
		row = append(row, 0)
	}
	if decision != want {
		t.Error("a decision changed")
	}
	if err := d.Deciding(&into, nil); err != nil || into.Row() != nil {
		t.Error("no row is not the empty history")
	}
}

func TestDecoderAllocatesNothing(t *testing.T) {
	_, h := worn(t)
	row := h.Row()
	var d consent.Decoder
	var into consent.History
	if n := testing.AllocsPerRun(20, func() {
		if err := d.Deciding(&into, row); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDecoder(b *testing.B) {
	_, h := worn(b)
	row := h.Row()
	var d consent.Decoder
	var into consent.History
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Deciding(&into, row); err != nil {
			b.Fatal(err)
		}
	}
}
