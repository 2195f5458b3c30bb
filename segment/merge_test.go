package segment_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment"
	"pgregory.net/rapid"
)

// foldAs admits events for person n, all under one notice and without message
// ids, which differ by person.
func foldAs(t interface{ Fatal(...any) }, r *segment.Rules, n byte, list []arrival) []byte {
	var row []byte
	for _, a := range list {
		g := proof.NewGrant(proof.GrantFields{
			Subject: link(n).Subject(), Purpose: purpose, From: start.Add(-30 * day), To: start.Add(90 * day), Notice: "pages", Version: 1,
		})
		a.e.MessageID = ""
		var err error
		if row, _, err = r.Admit(row, g, link(n), a.e, a.m); err != nil {
			t.Fatal(err)
		}
	}
	return row
}

// Where no bound is met, the rows of two identifiers merged are the row of one
// identifier under which everything happened; and over any bound the merged row
// is a row like any other, which contributes no more.
func TestMerge(t *testing.T) {
	r, measures := rules(t, withSums), measuresOf(t)
	rapid.Check(t, func(t *rapid.T) {
		x, y := arrivals(t), arrivals(t)
		m := moment(6 * day)
		wide, err := r.Merge(foldAs(t, r, 1, x), foldAs(t, r, 2, y), m)
		if err != nil {
			t.Fatal(err)
		}
		canonical(t, wide)
		if wide != nil {
			p, err := segment.ReadProfile(wide)
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range measures {
				person, _ := r.Person(p, i, m.Now, dayOf(m.Now), m.Window)
				items := map[string]bool{}
				for _, e := range person.Items {
					items[e.Item] = true
					if s.MaxPerCell > 0 && e.Count > uint32(s.MaxPerCell) {
						t.Fatalf("%s: an item counts %d", s.Name, e.Count)
					}
				}
				if len(items) > s.MaxItems {
					t.Fatalf("%s: %d items", s.Name, len(items))
				}
			}
		}
		few := func(list []arrival) []arrival {
			list = slices.Clone(list)
			for i := range list {
				if list[i].e.Item != "" {
					list[i].e.Item = item(1 + i%2) // of one category each
					list[i].e.Category = ""
				}
				list[i].e.Count = 1
			}
			return list
		}
		x, y = few(x), few(y)
		got, err := r.Merge(foldAs(t, r, 1, x), foldAs(t, r, 2, y), m)
		if err != nil {
			t.Fatal(err)
		}
		if want := foldAs(t, r, 1, append(x, y...)); len(x) > 0 && !bytes.Equal(got, want) && foldAs(t, r, 1, x) != nil {
			t.Fatalf("merged:\n%x\nat once:\n%x", got, want)
		}
	})
}

// A row that moves is the same row; damage is named; what ended is left out.
func TestMergeRules(t *testing.T) {
	r, m := rules(t), moment(day)
	list := []arrival{{segment.Event{Category: "sports", Time: start}, grant(1), moment(0)}}
	row := foldAs(t, r, 1, list)
	for name, pair := range map[string][2][]byte{"to nobody": {nil, row}, "from nobody": {row, nil}} {
		if got, err := r.Merge(pair[0], pair[1], m); err != nil || !bytes.Equal(got, row) {
			t.Errorf("%s: %x, %v", name, got, err)
		}
	}
	for name, pair := range map[string][2][]byte{"into": {{9}, row}, "from": {row, {9}}, "the only one": {{9}, nil}, "the one that moves": {nil, {9}}} {
		if _, err := r.Merge(pair[0], pair[1], m); !errors.Is(err, segment.ErrRow) {
			t.Errorf("%s is damaged: %v", name, err)
		}
	}
	if _, err := r.Merge(row, row, segment.Moment{}); !errors.Is(err, segment.ErrMoment) {
		t.Errorf("no moment: %v", err)
	}
	over, err := r.EndBy(foldAs(t, r, 2, list), start)
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2][]byte{{over, over}, {over, nil}, {nil, over}, {nil, nil}} {
		if got, err := r.Merge(pair[0], pair[1], m); err != nil || got != nil {
			t.Errorf("consents that ended: %x, %v", got, err)
		}
	}
	for _, pair := range [][2][]byte{{row, over}, {over, row}} {
		if got, err := r.Merge(pair[0], pair[1], m); err != nil || !bytes.Equal(got, row) {
			t.Errorf("a consent that ended: %x, %v", got, err)
		}
	}
}

// A message that is sent again under another identifier counts once for seven
// days after the merge, also after further merges, and not for longer.
func TestMergeKnowsMessages(t *testing.T) {
	r := rules(t)
	admit := func(row []byte, n byte, id string, m segment.Moment) ([]byte, segment.Outcome) {
		t.Helper()
		g := proof.NewGrant(proof.GrantFields{
			Subject: link(n).Subject(), Purpose: purpose, From: start.Add(-30 * day), To: start.Add(90 * day), Notice: "pages", Version: 1,
		})
		row, outcome, err := r.Admit(row, g, link(n), segment.Event{Category: "sports", Time: start, MessageID: id}, m)
		if err != nil {
			t.Fatal(err)
		}
		canonical(t, row)
		return row, outcome
	}
	row, _ := admit(nil, 1, "own", moment(0))
	for n := byte(2); n < 8; n++ {
		from, _ := admit(nil, n, string('a'+rune(n)), moment(0))
		var err error
		if row, err = r.Merge(row, from, moment(day)); err != nil {
			t.Fatal(err)
		}
		canonical(t, row)
	}
	for n := byte(2); n < 8; n++ {
		if after, outcome := admit(row, 1, string('a'+rune(n)), moment(7*day)); outcome != segment.Duplicate || !bytes.Equal(after, row) {
			t.Fatalf("merged row %d, sent again: %v", n, outcome)
		}
	}
	if _, outcome := admit(row, 1, "own", moment(7*day)); outcome != segment.Duplicate {
		t.Fatalf("sent again: %v", outcome)
	}
	other, _ := admit(nil, 9, "last", moment(day))
	deep, err := r.Merge(other, row, moment(day))
	if err != nil {
		t.Fatal(err)
	}
	canonical(t, deep)
	for _, id := range []string{"own", "c", "h", "last"} {
		if _, outcome := admit(deep, 9, id, moment(2*day)); outcome != segment.Duplicate {
			t.Fatalf("after two merges, %s: %v", id, outcome)
		}
	}
	for n := byte(10); n < 20; n++ { // over the bound
		from, _ := admit(nil, n, string('a'+rune(n)), moment(0))
		if deep, err = r.Merge(deep, from, moment(day)); err != nil {
			t.Fatal(err)
		}
		canonical(t, deep)
	}
	if _, outcome := admit(row, 1, "d", moment(8*day)); outcome != segment.Admitted {
		t.Fatalf("after more than seven days: %v", outcome)
	}
	late, err := r.Expire(row, moment(9*day))
	if err != nil || len(late) >= len(row) || late[0] != 0 {
		t.Fatalf("what is over is kept: %v", err)
	}
	canonical(t, late)
	self, err := r.Merge(row, row, moment(day))
	if err != nil {
		t.Fatal(err)
	}
	canonical(t, self)
	if _, outcome := admit(self, 1, "own", moment(day)); outcome != segment.Duplicate {
		t.Fatalf("merged with itself: %v", outcome)
	}
}

// Every pair of short lives over a tiny domain: the merged row contributes within
// the bounds of each measure, like a row of one identifier.
func TestMergeSensitivityExhaustive(t *testing.T) {
	r, measures := rules(t), measuresOf(t)
	var lives [][]arrival
	events := []segment.Event{
		{Item: item(1), Category: "sports", Time: start}, {Item: item(2), Time: start, Count: 3}, {Item: item(3), Time: start},
	}
	for mask := range 1 << len(events) {
		for _, at := range []int{0, 1} {
			var life []arrival
			for i, e := range events {
				if mask>>i&1 == 1 {
					for range 1 + 2*at { // more than a cell counts
						life = append(life, arrival{e, grant(1), moment(0)})
					}
				}
			}
			lives = append(lives, life)
		}
	}
	for i, x := range lives {
		for j, y := range lives {
			row, err := r.Merge(foldAs(t, r, 1, x), foldAs(t, r, 2, y), moment(day))
			if err != nil {
				t.Fatal(err)
			}
			if row == nil {
				continue
			}
			p, err := segment.ReadProfile(row)
			if err != nil {
				t.Fatal(err)
			}
			for k, s := range measures {
				m := moment(day)
				person, _ := r.Person(p, k, m.Now, dayOf(m.Now), m.Window)
				cells := map[string]uint32{}
				for _, e := range person.Items {
					cells[e.Item] += e.Count
				}
				if s.MaxItems > 0 && len(cells) > s.MaxItems {
					t.Fatalf("lives %d and %d: %s counts %d items", i, j, s.Name, len(cells))
				}
				for _, e := range person.Items {
					if s.MaxPerCell > 0 && e.Count > uint32(s.MaxPerCell) {
						t.Fatalf("lives %d and %d: %s counts an item %d times", i, j, s.Name, e.Count)
					}
				}
			}
		}
	}
}

// A row that was kept under wider bounds is trimmed to those of today.
func TestMergeUnderLowerBounds(t *testing.T) {
	wide := rules(t)
	narrow := rules(t, func(c *segment.RulesConfig) {
		for i := range c.Measures {
			if c.Measures[i].MaxItems > 1 {
				c.Measures[i].MaxItems = 1
			}
			if c.Measures[i].MaxPerCell > 1 {
				c.Measures[i].MaxPerCell = 1
			}
		}
	})
	var life []arrival
	for i := range 4 {
		for range 3 {
			life = append(life, arrival{segment.Event{Item: item(1 + i), Time: start}, grant(1), moment(0)})
		}
	}
	row, err := narrow.Merge(foldAs(t, wide, 1, life), foldAs(t, wide, 2, life), moment(day))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(narrow.Export(read(t, row), moment(day).Now))
	if n := bytes.Count(text, []byte(`"item":"item-`)); err != nil || n == 0 || n > 2 { // one for each of two measures
		t.Errorf("%d items are kept, %v: %s", n, err, text)
	}
	if kept := regexp.MustCompile(`"count":[2-9]`).FindAll(text, -1); len(kept) > 0 {
		t.Errorf("an item counts more than a cell does: %s", text)
	}
}

// A row of format 1 stays readable, byte for byte.
func TestGoldenRowWithOthers(t *testing.T) {
	r := rules(t)
	rows := [2][]byte{}
	for i := range rows {
		n := byte(1 + i)
		g := proof.NewGrant(proof.GrantFields{
			Subject: link(n).Subject(), Purpose: purpose, From: start.Add(-30 * day), To: start.Add(90 * day), Notice: "pages", Version: 1,
		})
		var err error
		if rows[i], _, err = r.Admit(nil, g, link(n), segment.Event{Category: "sports", Item: item(1), Time: start, MessageID: item(i)}, moment(0)); err != nil {
			t.Fatal(err)
		}
	}
	row, err := r.Merge(rows[0], rows[1], moment(day))
	if err != nil {
		t.Fatal(err)
	}
	const path = "testdata/profile.1.hex"
	if os.Getenv("DISCREET_UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(hex.EncodeToString(row)+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(row); got != string(bytes.TrimSpace(golden)) || row[0] != 1 {
		t.Fatalf("the format changed:\n%s", got)
	}
	for at := range row { // no second encoding of anything
		for bit := range 8 {
			changed := bytes.Clone(row)
			changed[at] ^= 1 << bit
			if _, err := segment.ReadProfile(changed); err == nil {
				canonical(t, changed)
			}
		}
	}
}

// Whoever came back counts from the next window on, after a merge as well.
func TestMergeEntersNext(t *testing.T) {
	r, m := rules(t), moment(day)
	row := foldAs(t, r, 1, []arrival{{segment.Event{Category: "sports", Time: start}, grant(1), moment(0)}})
	m.EntersNext = true
	for name, pair := range map[string][2][]byte{"both": {row, foldAs(t, r, 2, []arrival{{segment.Event{Category: "sports", Time: start}, grant(1), moment(0)}})}, "into": {row, nil}, "from": {nil, row}} {
		got, err := r.Merge(pair[0], pair[1], m)
		if err != nil {
			t.Fatal(err)
		}
		p, err := segment.ReadProfile(got)
		if err != nil || p.Enters() != m.Window+1 {
			t.Errorf("%s: enters window %d, %v", name, p.Enters(), err)
		}
	}
}

func FuzzMerge(f *testing.F) {
	r := rules(f, withSums)
	list := []arrival{{segment.Event{Category: "sports", Item: "a", Value: 5, Unit: "EUR", Time: start}, grant(1), moment(0)}}
	f.Add(foldAs(f, r, 1, list), foldAs(f, r, 2, list))
	f.Add([]byte{}, []byte{0})
	f.Fuzz(func(t *testing.T, into, from []byte) {
		row, err := r.Merge(into, from, moment(day))
		if err != nil {
			return
		}
		if row != nil {
			if _, err := segment.ReadProfile(row); err != nil {
				t.Fatalf("%x and %x make a row that is none: %v", into, from, err)
			}
		}
	})
}
