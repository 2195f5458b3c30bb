package consent_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/consent"
)

// The golden row was written by another program from the description of the
// format.
func TestDisclosureRowGolden(t *testing.T) {
	row := golden(t, "row_v3.hex")
	r, err := consent.ReadRecord(row)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(r.Row(), row) {
		t.Errorf("row = %x", r.Row())
	}
	id := func(key byte) string { return fmt.Sprintf("010000%02x404142434445464748494a4b4c4d4e4f", key) }
	if got, want := allTold(r), []string{
		"Panel Ltd share personalize.content runners " + id(7) + " 0 0 30",
		"Panel Ltd share personalize.content runners " + id(8) + " 1 5 35",
		"Pañel & Söhne share share readers " + id(8) + " 1 1 2",
	}; !slices.Equal(got, want) {
		t.Errorf("%q\n%q", got, want)
	}
	var got []string
	for _, e := range r.Entries() {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", told(e), e.Recipient, e.Of, e.Segment)))
	}
	if want := []string{
		"0 given share shared/2/en banner", "0 disclosed share shared/2/en banner Panel Ltd personalize.content runners",
		"1 disclosed share shared/1/en Pañel & Söhne share readers", "2 withdrawn ads",
	}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	h, err := consent.Deciding(row)
	if err != nil || !slices.Equal(h.Open(after(1)), []string{"share"}) {
		t.Errorf("%v, %v", h.Open(after(1)), err)
	}
	// What is forgotten leaves the row that it would have been without it.
	r.Expire(after(1000), 1)
	if r.Row() != nil {
		t.Errorf("left: %x", r.Row())
	}
}

// told3 is a row of version 3 up to its entries: purposes a, s; the text of a
// history, or none; names A, b; one pseudonym, or none.
func told3(history []byte, ids, members byte) *row {
	r := new(row).raw(3).u(uint64(len(history))).raw(history...).u(0, uint64(ids))
	for n := range ids {
		r.id(7 + n)
	}
	return r.u(2).s("a", "s").u(0, 2).s("A", "b").u(uint64(members)).members(members)
}

func (r *row) members(n byte) *row {
	for i := range n {
		r.raw(1, 0, 0, 9).raw(bytes.Repeat([]byte{i}, 16)...)
	}
	return r
}

func TestDisclosureRowRules(t *testing.T) {
	const m, last, today, lastDay = 1_700_000_000_000, 253_402_300_799_999, 19_675, 2_932_896
	const disclosed, withdrawn = 10, 4
	granted := start(0, 1).shown("n", 1, "en", "").u(1).s("s").raw(0).u(1, m, 0, day, 0, 0).b
	// one entry of a disclosure under s, of a text, to A, about b of a
	entry := func(to, of, segment uint64) *row {
		return told3(granted, 1, 0).u(1).raw(disclosed).u(m, 0, 1, 1, 1, to, of, segment).id(1).u(0)
	}
	only := func(vs ...uint64) *row { return told3(nil, 0, 1).u(0, 1).u(vs...) }
	for name, c := range map[string]struct {
		row *row
		ok  bool
	}{
		"a disclosure":            {only(0, 1, 0, 1, 0, today, 0, 1), true},
		"of one purpose":          {told3(nil, 0, 1).u(0, 2).u(0, 0, 0, 1, 0, today, 0, 1).u(0, 1, 1, 1, 0, today, 5, 7), true},
		"an entry":                {entry(0, 0, 1), true},
		"until the last day":      {only(0, 1, 0, 1, 0, lastDay-1, 0, 1), true},
		"in 1970":                 {only(0, 1, 0, 1, 0, 0, 0, 1), true},
		"none at all":             {told3(nil, 0, 0).u(0, 0), false},
		"nothing but a history":   {new(row).raw(3).u(uint64(len(granted))).raw(granted...).u(0, 0, 0, 0, 0, 0, 0, 0), false},
		"version 2":               {withVersion(only(0, 1, 0, 1, 0, today, 0, 1), 2), false},
		"version 4":               {withVersion(only(0, 1, 0, 1, 0, today, 0, 1), 4), false},
		"entry in version 2":      {new(row).raw(2).u(uint64(len(granted))).raw(granted...).u(0, 1).id(7).u(2).s("a", "s").u(0, 1).raw(disclosed).u(m, 0, 1, 1, 1, 0, 0, 0).id(1), false},
		"ids without entries":     {told3(nil, 1, 1).u(0, 1).u(0, 1, 0, 1, 0, today, 0, 1), false},
		"moment without entries":  {new(row).raw(3).u(0, m, 0, 2).s("a", "s").u(0, 2).s("A", "b").u(1).members(1).u(0, 1).u(0, 1, 0, 1, 0, today, 0, 1), false},
		"entries without ids":     {told3(granted, 0, 0).u(1).raw(disclosed).u(m, 0, 1, 1, 1, 0, 0, 1).id(1).u(0), false},
		"until the day it is":     {only(0, 1, 0, 1, 0, today, 3, 0), false},
		"until after 9999":        {only(0, 1, 0, 1, 0, lastDay, 0, 1), false},
		"first after 9999":        {only(0, 1, 0, 1, 0, lastDay+1, 0, 1), false},
		"recipient over range":    {only(2, 1, 0, 1, 0, today, 0, 1), false},
		"purpose over range":      {only(0, 2, 0, 1, 0, today, 0, 1), false},
		"of what over range":      {only(0, 1, 2, 1, 0, today, 0, 1), false},
		"segment over range":      {only(0, 1, 0, 2, 0, today, 0, 1), false},
		"pseudonym over range":    {only(0, 1, 0, 1, 1, today, 0, 1), false},
		"segment is no name":      {only(1, 1, 0, 0, 0, today, 0, 1), false},
		"name unused":             {only(1, 1, 0, 1, 0, today, 0, 1), false},
		"purpose unused":          {only(0, 1, 1, 1, 0, today, 0, 1), false},
		"pseudonym unused":        {told3(nil, 0, 2).u(0, 1).u(0, 1, 0, 1, 0, today, 0, 1), false},
		"pseudonym twice":         {new(row).raw(3).u(0, 0, 0, 2).s("a", "s").u(0, 2).s("A", "b").u(2).members(1).members(1).u(0, 2).u(0, 1, 0, 1, 0, today, 0, 1).u(0, 1, 0, 1, 1, today, 0, 1), false},
		"no pseudonym":            {new(row).raw(3).u(0, 0, 0, 2).s("a", "s").u(0, 2).s("A", "b").u(1).raw(make([]byte, 20)...).u(0, 1).u(0, 1, 0, 1, 0, today, 0, 1), false},
		"unsorted":                {told3(nil, 0, 1).u(0, 2).u(0, 1, 1, 1, 0, today, 0, 1).u(0, 1, 0, 1, 0, today, 0, 1), false},
		"twice":                   {told3(nil, 0, 1).u(0, 2).u(0, 1, 0, 1, 0, today, 0, 1).u(0, 1, 0, 1, 0, today, 0, 2), false},
		"names unsorted":          {new(row).raw(3).u(0, 0, 0, 2).s("a", "s").u(0, 2).s("b", "A").u(1).members(1).u(0, 1).u(1, 1, 0, 0, 0, today, 0, 1), false},
		"name of two lines":       {new(row).raw(3).u(0, 0, 0, 2).s("a", "s").u(0, 2).s("A\n", "b").u(1).members(1).u(0, 1).u(0, 1, 0, 1, 0, today, 0, 1), false},
		"name too long":           {new(row).raw(3).u(0, 0, 0, 2).s("a", "s").u(0, 2).s("A", strings.Repeat("b", 201)).u(1).members(1).u(0, 1).u(1, 1, 0, 0, 0, today, 0, 1), false},
		"longest recipient":       {new(row).raw(3).u(0, 0, 0, 2).s("a", "s").u(0, 2).s("a", strings.Repeat("b", 200)).u(1).members(1).u(0, 1).u(1, 1, 0, 0, 0, today, 0, 1), true},
		"entry, recipient":        {entry(2, 0, 1), false},
		"entry, purpose":          {entry(0, 2, 1), false},
		"entry, no segment":       {entry(1, 0, 0), false},
		"entry, purpose unused":   {entry(0, 1, 1), false},
		"entry without text":      {told3(nil, 1, 0).u(1).raw(disclosed).u(m, 0, 1, 1, 0, 0, 0, 1).id(1).u(0), false},
		"entry of two purposes":   {told3(granted, 1, 0).u(1).raw(disclosed).u(m, 0, 2, 0, 1, 1, 0, 0, 1).id(1).u(0), false},
		"entry of nothing":        {told3(granted, 1, 0).u(1).raw(disclosed).u(m, 0, 0, 1, 0, 0, 1).id(1).u(0), false},
		"another entry, no more":  {told3(nil, 1, 0).u(1).raw(withdrawn).u(m, 0, 2, 0, 1, 0).s("").id(1).u(0), false},
		"something behind":        {only(0, 1, 0, 1, 0, today, 0, 1, 0), false},
		"too many":                {told3(nil, 0, 1).u(0, 4097).raw(make([]byte, 40000)...), false},
		"first day, long form":    {only(0, 1, 0, 1, 0).raw(0x80, 0).u(0, 1), false},
		"the last moment of both": {told3(granted, 1, 1).u(1).raw(disclosed).u(last, 0, 1, 1, 1, 0, 0, 1).id(1).u(1, 0, 1, 0, 1, 0, lastDay-1, 0, 1), true},
	} {
		r, err := consent.ReadRecord(c.row.b)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, consent.ErrRow) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && !bytes.Equal(r.Row(), c.row.b) {
			t.Errorf("%s: row = %x", name, r.Row())
		}
	}
}

func withVersion(r *row, v byte) *row {
	r.b[0] = v
	return r
}
