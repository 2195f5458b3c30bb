package consent_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/consent"
)

// id appends 16 bytes, a record id or a salt.
func (r *row) id(n byte) *row { return r.raw(bytes.Repeat([]byte{n}, 16)...) }

// record begins a row of version 2.
func record(history []byte, lapsed uint64, ids ...byte) *row {
	r := new(row).raw(2).u(uint64(len(history))).raw(history...).u(lapsed, uint64(len(ids)))
	for _, n := range ids {
		r.id(n)
	}
	return r
}

// oneEntry is a row up to its only entry, about the purpose a.
func oneEntry(history []byte) *row { return record(history, 0, 7).u(1).s("a").u(0, 1) }

func TestRecordRowRules(t *testing.T) {
	const m, last = 1_700_000_000_000, 253_402_300_799_999
	const given, refused, withdrawn, expired, imported, opted, moved, erased = 2, 3, 4, 5, 6, 7, 8, 9
	granted := start(0, 1).shown("n", 1, "en", "").u(1).s("a").raw(0).u(1, m, 0, day, 0, 0).b
	text := func(r *row) *row { return r.shown("n", 1, "en", "") }
	// two entries under the ids, without purposes or texts
	two := func(ids []byte, first, second uint64) *row {
		return record(nil, 0, ids...).u(0, 0, 2).raw(erased).u(m, first, 0, 0).id(1).raw(moved).u(m, second, 0, 0).id(2)
	}
	// one entry about some of a, b
	about := func(list ...uint64) *row {
		return record(nil, 0, 7).u(2).s("a", "b").u(0, 1).raw(withdrawn).u(m, 0, uint64(len(list))).u(list...).u(0).s("").id(1)
	}
	// one entry that stands under texts of its own
	under := func(n uint64, texts func(r *row)) *row {
		r := record(nil, 0, 7).u(1).s("a").u(n)
		texts(r)
		return r.u(1).raw(refused).u(m, 0, 1, 0, 1).s("").id(1)
	}
	for name, c := range map[string]struct {
		row *row
		ok  bool
	}{
		"withdrawn":              {oneEntry(nil).raw(withdrawn).u(m, 0, 1, 0, 0).s("").id(1), true},
		"withdrawn elsewhere":    {oneEntry(nil).raw(withdrawn).u(m, 0, 1, 0, 0).s("x").id(1), true},
		"with a history":         {oneEntry(granted).raw(given).u(m, 0, 1, 0, 1).id(1), true},
		"text of its own":        {under(1, func(r *row) { text(r) }), true},
		"two records":            {two([]byte{7, 8}, 0, 1), true},
		"all of another":         {two([]byte{7, 8}, 1, 1), true},
		"first of another":       {two([]byte{7, 8}, 1, 0), true},
		"two purposes":           {about(0, 1), true},
		"the first moment":       {oneEntry(nil).raw(withdrawn).u(1, 0, 1, 0, 0).s("").id(1), true},
		"the last moment":        {oneEntry(nil).raw(withdrawn).u(last, 0, 1, 0, 0).s("").id(1), true},
		"salt of zeros":          {oneEntry(nil).raw(withdrawn).u(m, 0, 1, 0, 0).s("").id(0), true},
		"longest proof":          {oneEntry(nil).raw(withdrawn).u(m, 0, 1, 0, 0).s(strings.Repeat("x", 128)).id(1), true},
		"version":                {new(row).raw(3).u(0, 0, 1).id(7).u(1).s("a").u(0, 1).raw(withdrawn).u(m, 0, 1, 0, 0).s("").id(1), false},
		"history of length 0":    {record([]byte{}, 0, 7).u(0, 0, 1).raw(erased).u(m, 0, 0, 0).id(1), true},
		"history of nothing":     {record([]byte{0, 0, 0, 0}, 0, 7).u(0, 0, 1).raw(erased).u(m, 0, 0, 0).id(1), false},
		"history too long":       {new(row).raw(2).u(99).raw(granted...), false},
		"length, long form":      {new(row).raw(2, 0x80, 0).u(0, 1).id(7).u(0, 0, 1).raw(erased).u(m, 0, 0, 0).id(1), false},
		"length without end":     {new(row).raw(2).raw(bytes.Repeat([]byte{0xff}, 20)...), false},
		"a record within":        {record(oneEntry(nil).raw(withdrawn).u(m, 0, 1, 0, 0).s("").id(1).b, 0, 7).u(0, 0, 1).raw(erased).u(m, 0, 0, 0).id(1), false},
		"no entries":             {record(granted, 0, 7).u(0, 0, 0), false},
		"no record id":           {record(nil, 0).u(0, 0, 1).raw(erased).u(m, 0, 0, 0).id(1), false},
		"record id of zeros":     {record(nil, 0, 0).u(0, 0, 1).raw(erased).u(m, 0, 0, 0).id(1), false},
		"record id twice":        {two([]byte{7, 7}, 0, 1), false},
		"record id unused":       {two([]byte{7, 8}, 0, 0), false},
		"record ids unordered":   {two([]byte{7, 8, 9}, 2, 1), false},
		"record ids, late first": {record(nil, 0, 7, 8, 9).u(0, 0, 3).raw(erased).u(m, 2, 0, 0).id(1).raw(erased).u(m, 1, 0, 0).id(2).raw(erased).u(m, 2, 0, 0).id(3), false},
		"record id over range":   {two([]byte{7}, 0, 1), false},
		"too many ids":           {record(nil, 0, make([]byte, 130)...).u(0, 0, 1).raw(erased).u(m, 0, 0, 0).id(1), false},
		"lapsed after 9999":      {record(nil, last+1, 7).u(0, 0, 1).raw(erased).u(m, 0, 0, 0).id(1), false},
		"purpose key":            {record(nil, 0, 7).u(1).s("A").u(0, 1).raw(withdrawn).u(m, 0, 1, 0, 0).s("").id(1), false},
		"purposes unsorted":      {record(nil, 0, 7).u(2).s("b", "a").u(0, 1).raw(withdrawn).u(m, 0, 2, 0, 1, 0).s("").id(1), false},
		"purpose twice":          {record(nil, 0, 7).u(2).s("a", "a").u(0, 1).raw(withdrawn).u(m, 0, 2, 0, 1, 0).s("").id(1), false},
		"purpose unused":         {about(0), false},
		"named unsorted":         {about(1, 0), false},
		"named twice":            {about(0, 0, 1), false},
		"named over range":       {about(0, 1, 2), false},
		"text unused":            {text(record(nil, 0, 7).u(0, 1)).u(1).raw(erased).u(m, 0, 0, 0).id(1), false},
		"text of the history":    {text(record(granted, 0, 7).u(1).s("a").u(1)).u(1).raw(given).u(m, 0, 1, 0, 2).id(1), false},
		"text over range":        {oneEntry(granted).raw(given).u(m, 0, 1, 0, 2).id(1), false},
		"texts unsorted":         {under(2, func(r *row) { r.shown("n", 2, "en", "").shown("n", 1, "en", "") }), false},
		"texts twice":            {under(2, func(r *row) { text(text(r)) }), false},
		"text, notice id":        {under(1, func(r *row) { r.shown("N", 1, "en", "") }), false},
		"text, version":          {under(1, func(r *row) { r.shown("n", 0, "en", "") }), false},
		"text, locale":           {under(1, func(r *row) { r.shown("n", 1, "", "") }), false},
		"text, method":           {under(1, func(r *row) { r.shown("n", 1, "en", "by hand") }), false},
		"too many texts":         {record(nil, 0, 7).u(0, 129), false},
		"too many entries":       {record(nil, 0, 7).u(0, 0, 129).raw(bytes.Repeat(new(row).raw(erased).u(m, 0, 0, 0).id(1).b, 129)...), false},
		"kind 0":                 {oneEntry(nil).raw(0).u(m, 0, 1, 0, 0).id(1), false},
		"kind 10":                {oneEntry(nil).raw(10).u(m, 0, 1, 0, 0).id(1), false},
		"moment 0":               {oneEntry(nil).raw(withdrawn).u(0, 0, 1, 0, 0).s("").id(1), false},
		"after 9999":             {oneEntry(nil).raw(withdrawn).u(last+1, 0, 1, 0, 0).s("").id(1), false},
		"given without text":     {oneEntry(nil).raw(given).u(m, 0, 1, 0, 0).id(1), false},
		"given without what":     {record(granted, 0, 7).u(0, 0, 1).raw(given).u(m, 0, 0, 1).id(1), false},
		"served without text":    {oneEntry(nil).raw(1).u(m, 0, 1, 0, 0).id(1), false},
		"expired without text":   {oneEntry(nil).raw(expired).u(m, 0, 1, 0, 0).id(1), false},
		"refused nothing":        {record(nil, 0, 7).u(0, 0, 1).raw(refused).u(m, 0, 0, 0).s("").id(1), false},
		"erased something":       {oneEntry(nil).raw(erased).u(m, 0, 1, 0, 0).id(1), false},
		"moved with a text":      {record(granted, 0, 7).u(0, 0, 1).raw(moved).u(m, 0, 0, 1).id(1), false},
		"opted out, by 0":        {oneEntry(nil).raw(opted).u(m, 0, 1, 0, 0).raw(0).id(1), false},
		"opted out, by 6":        {oneEntry(nil).raw(opted).u(m, 0, 1, 0, 0).raw(6).id(1), false},
		"opted out of a text":    {oneEntry(granted).raw(opted).u(m, 0, 1, 0, 1).raw(1).id(1), false},
		"opted out of nothing":   {record(nil, 0, 7).u(0, 0, 1).raw(opted).u(m, 0, 0, 0).raw(1).id(1), false},
		"imported, no proof":     {oneEntry(granted).raw(imported).u(m, 0, 1, 0, 1).s("").id(1), false},
		"imported, no text":      {oneEntry(nil).raw(imported).u(m, 0, 1, 0, 0).s("x").id(1), false},
		"proof, letters":         {oneEntry(granted).raw(imported).u(m, 0, 1, 0, 1).s("a@b").id(1), false},
		"proof too long":         {oneEntry(nil).raw(withdrawn).u(m, 0, 1, 0, 0).s(strings.Repeat("x", 129)).id(1), false},
		"given with a proof":     {oneEntry(granted).raw(given).u(m, 0, 1, 0, 1).s("x").id(1), false},
		"short salt":             {oneEntry(nil).raw(withdrawn).u(m, 0, 1, 0, 0).s("").raw(make([]byte, 15)...), false},
		"something behind":       {oneEntry(nil).raw(withdrawn).u(m, 0, 1, 0, 0).s("").id(1).raw(0), false},
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

// Deciding looks at the history only: a journal that cannot be read keeps nobody's
// decision from being made, and a history that cannot be read is no decision.
func TestDecidingPassesOverTheJournal(t *testing.T) {
	golden := golden(t, "row_v2.hex")
	r, err := consent.ReadRecord(golden)
	if err != nil {
		t.Fatal(err)
	}
	history := r.History().Row()
	begin := bytes.Index(golden, history)
	for n := range len(history) { // what is left of the row is shorter than it says
		if _, err := consent.Deciding(slices.Clip(bytes.Clone(golden[:begin+n]))); !errors.Is(err, consent.ErrRow) {
			t.Errorf("%d bytes of the history: %v", n, err)
		}
	}
	for i := range golden {
		bad := bytes.Clone(golden)
		bad[i] ^= 0xff
		h, err := consent.Deciding(bad)
		if i >= begin+len(history) && (err != nil || !bytes.Equal(h.Row(), history)) {
			t.Errorf("damage of byte %d, in the journal: %v", i, err)
		}
		if i < begin+len(history) && err == nil && bytes.Equal(h.Row(), history) {
			t.Errorf("damage of byte %d, in the history, is not seen", i)
		}
	}
}

func BenchmarkReadRecord(b *testing.B) {
	row := golden(b, "row_v2.hex")
	b.Run("record", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := consent.ReadRecord(row); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("deciding", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := consent.Deciding(row); err != nil {
				b.Fatal(err)
			}
		}
	})
}
