package segment_test

import (
	"bytes"
	"errors"
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
	r, measures := rules(t), measuresOf(t)
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
	for name, pair := range map[string][2][]byte{"into": {{9}, row}, "from": {row, {9}}} {
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
	for _, pair := range [][2][]byte{{row, over}, {over, row}} {
		if got, err := r.Merge(pair[0], pair[1], m); err != nil || !bytes.Equal(got, row) {
			t.Errorf("a consent that ended: %x, %v", got, err)
		}
	}
}

func FuzzMerge(f *testing.F) {
	r := rules(f)
	list := []arrival{{segment.Event{Category: "sports", Item: "a", Time: start}, grant(1), moment(0)}}
	f.Add(foldAs(f, r, 1, list), foldAs(f, r, 2, list))
	f.Add([]byte{}, []byte{0})
	f.Fuzz(func(t *testing.T, into, from []byte) {
		row, err := r.Merge(into, from, moment(day))
		if err != nil {
			return
		}
		if len(into) > 0 && len(from) > 0 {
			if _, err := segment.ReadProfile(row); err != nil {
				t.Fatalf("%x and %x make a row that is none: %v", into, from, err)
			}
		}
	})
}
