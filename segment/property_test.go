package segment_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment"
	"pgregory.net/rapid"
)

// arrival is one event with all that its recording knew.
type arrival struct {
	e segment.Event
	g segment.Grant
	m segment.Moment
}

var categories = []string{
	"", "sports", "sports.running", "sports.cycling", "books", "books.fiction", "books.comics",
	"books.children", "food.cooking", "home.kitchen", "health", "nowhere",
}

// arrivals draws events of one accounting window, recorded over a few days, of
// one consent that is prolonged and whose notice changes. Items and categories
// are few, so that bounds are passed and events meet.
func arrivals(t *rapid.T) []arrival {
	n := rapid.IntRange(0, 40).Draw(t, "n")
	amounts := rapid.Bool().Draw(t, "amounts")
	list := make([]arrival, n)
	for i := range list {
		at := time.Duration(rapid.IntRange(0, 6).Draw(t, "recorded")) * day
		e := segment.Event{
			MessageID: item(i),
			Category:  rapid.SampledFrom(categories).Draw(t, "category"),
			Count:     rapid.SampledFrom([]int{0, 1, 3, segment.MaxEvents}).Draw(t, "count"),
			Time:      start.Add(at - time.Duration(rapid.IntRange(-1, 45).Draw(t, "age"))*7*time.Hour),
		}
		if rapid.IntRange(0, 3).Draw(t, "with item") > 0 {
			e.Item = item(rapid.IntRange(1, 9).Draw(t, "item"))
		}
		if amounts && rapid.Bool().Draw(t, "amount") {
			e.Value = rapid.SampledFrom([]int64{0, 1, 12_340, segment.MaxAmount}).Draw(t, "value")
			e.Unit = rapid.SampledFrom([]string{"EUR", "points"}).Draw(t, "unit")
		}
		m := moment(at)
		m.EntersNext = rapid.IntRange(0, 9).Draw(t, "returned") == 0
		list[i] = arrival{e, proof.NewGrant(proof.GrantFields{
			Subject: link(1).Subject(), Purpose: purpose, From: start.Add(-30 * day),
			To:     start.Add(time.Duration(rapid.IntRange(7, 40).Draw(t, "to")) * day),
			Notice: rapid.SampledFrom([]string{"pages", "shop"}).Draw(t, "notice"), Version: rapid.IntRange(1, 3).Draw(t, "version"),
		}), m}
	}
	return list
}

func fold(t interface{ Fatal(...any) }, r *segment.Rules, row []byte, list []arrival) []byte {
	for _, a := range list {
		var err error
		if row, _, err = r.Admit(row, a.g, link(1), a.e, a.m); err != nil {
			t.Fatal(err)
		}
	}
	return row
}

// Any order of arrival and any repetition of events with message ids makes the
// same bytes, also over the bound on items (four and two of nine).
func TestRowIsFreeOfOrderAndRepetition(t *testing.T) {
	r := rules(t, withSums)
	rapid.Check(t, func(t *rapid.T) {
		list := arrivals(t)
		want := fold(t, r, nil, list)
		again := slices.Clone(list)
		if len(list) > 0 {
			again = append(again, rapid.SliceOfN(rapid.SampledFrom(list), 0, 10).Draw(t, "again")...)
		}
		if got := fold(t, r, nil, rapid.Permutation(again).Draw(t, "order")); !bytes.Equal(got, want) {
			t.Fatalf("%x\n%x", got, want)
		}
		canonical(t, want)
	})
}

// Changing a few bytes of a row does the same as decoding and encoding it.
func TestSpliceEqualsDecoding(t *testing.T) {
	plain, spliced := rules(t, withSums), rules(t, withSums)
	plain.DecodeAll()
	rapid.Check(t, func(t *rapid.T) {
		var a, b []byte
		if rapid.Bool().Draw(t, "wishes") {
			row, err := plain.Begin(nil, grant(1), link(1), moment(0))
			row, err = plain.Dismiss(must(t, row, err), rapid.SampledFrom([]string{"books.comics", "sports", "music"}).Draw(t, "dismissed"))
			a, err = plain.Leave(must(t, row, err), "cooks")
			b = must(t, a, err)
		}
		for _, x := range arrivals(t) {
			if rapid.IntRange(0, 5).Draw(t, "without id") == 0 {
				x.e.MessageID = ""
			}
			x.m.Window = rapid.Int32Range(2, 4).Draw(t, "window")
			var oa, ob segment.Outcome
			var err error
			if a, oa, err = plain.Admit(a, x.g, link(1), x.e, x.m); err != nil {
				t.Fatal(err)
			}
			if b, ob, err = spliced.Admit(b, x.g, link(1), x.e, x.m); err != nil {
				t.Fatal(err)
			}
			if oa != ob || !bytes.Equal(a, b) {
				t.Fatalf("%v %v\n%x\n%x", oa, ob, a, b)
			}
			canonical(t, b)
		}
	})
}

func canonical(t failer, row []byte) {
	if row == nil {
		return
	}
	if again, err := segment.Reencode(row); err != nil || !bytes.Equal(again, row) {
		t.Fatalf("not canonical: %v", err)
	}
}

// Over the bound on categories a keyed rank decides, not the arrival.
func TestCategoryBoundIsFreeOfOrder(t *testing.T) {
	r := rules(t, func(c *segment.RulesConfig) {
		c.Taxonomy = wide(t, 400)
		c.Definitions = nil
		c.Measures = c.Measures[1:2]
		c.Measures[0].Segments = nil
	})
	var list []arrival
	for i := range 330 {
		for range 1 + i%2 {
			list = append(list, arrival{segment.Event{MessageID: item(len(list)), Category: item(i), Item: item(i % 7), Time: start.Add(-time.Duration(i%5) * day)}, grant(1), moment(0)})
		}
	}
	want := fold(t, r, nil, list)
	h := r.History(read(t, want), start)
	if len(h.Interests) != segment.MaxCategories {
		t.Fatalf("%d categories", len(h.Interests))
	}
	for _, in := range h.Interests {
		var i int
		for i = range 330 {
			if item(i) == in.Category {
				break
			}
		}
		if in.Events != int64(1+i%2) {
			t.Fatalf("a kept category lost events")
		}
	}
	checks := 0
	rapid.Check(t, func(t *rapid.T) {
		if checks++; checks > 15 {
			return
		}
		if got := fold(t, r, nil, rapid.Permutation(list).Draw(t, "order")); !bytes.Equal(got, want) {
			t.Fatal("the order of arrival decided")
		}
	})
}

// Forgetting a category equals never having seen its events, below the bounds,
// but for message ids and the days of first and last recording; replays of
// forgotten events stay no-ops.
func TestForgetEqualsNeverSeen(t *testing.T) {
	// Bounds are not reached: a place lost to a forgotten item does not come back.
	r := rules(t, withSums, func(c *segment.RulesConfig) {
		c.Measures[1].MaxItems, c.Measures[2].MaxItems = 20, 20
	})
	rapid.Check(t, func(t *rapid.T) {
		few := []string{"", "sports", "sports.running", "books.fiction", "nowhere"} // an item keeps four
		root := rapid.SampledFrom([]string{"sports", "sports.running", "books", "music", "health", "nowhere", "home"}).Draw(t, "root")
		list := arrivals(t)
		for i := range list { // hashes of message ids stay, so there are none
			list[i].e.MessageID = ""
			list[i].e.Category = rapid.SampledFrom(few).Draw(t, "one of few")
		}
		// Events that stand in both worlds make the heads equal.
		anchor := []arrival{
			{segment.Event{Category: "food", Time: start.Add(-day)}, grant(1), moment(0)},
			{segment.Event{Category: "food", Time: start.Add(7 * day)}, grant(1), moment(7 * day)},
		}
		anchor[1].m.EntersNext = true
		var others []arrival
		below := func(a arrival) bool {
			return a.e.Category != "" && (segment.Small().Contains(root, a.e.Category) || a.e.Category == root)
		}
		for _, a := range list {
			if !below(a) {
				others = append(others, a)
			}
		}
		row := fold(t, r, nil, append(slices.Clone(anchor), list...))
		want := fold(t, r, nil, append(slices.Clone(anchor), others...))
		got, err := r.ForgetCategory(row, root)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%v\n%x\n%x", err, got, want)
		}
		canonical(t, got)
	})
}

func TestForgottenEventsStayDuplicates(t *testing.T) {
	r := rules(t)
	e := segment.Event{MessageID: "m", Item: "item-1", Category: "sports.running", Time: start}
	row := admit(t, r, nil, e, moment(0))
	row, err := r.ForgetCategory(row, "sports")
	if err != nil || row == nil {
		t.Fatal(err)
	}
	if h := r.History(read(t, row), start); len(h.Items)+len(h.Interests)+len(h.Segments) != 0 {
		t.Fatal("something is left")
	}
	if next, out, _ := r.Admit(row, grant(1), link(1), e, moment(day)); out != segment.Duplicate || !bytes.Equal(next, row) {
		t.Fatal(out)
	}
	if row, err = r.Expire(row, moment(8*day)); row != nil || err != nil {
		t.Fatal("an empty row was left", err)
	}
	// Without a message id nothing is left at once.
	e.MessageID = ""
	if row, err = r.ForgetCategory(admit(t, r, nil, e, moment(0)), "sports"); row != nil || err != nil {
		t.Fatal("an empty row was left", err)
	}
}

// Everybody else's rows do not change by a person's presence, and a person's
// row follows from that person's own events in their own order alone.
func TestTwoWorlds(t *testing.T) {
	r := rules(t, withSums)
	rapid.Check(t, func(t *rapid.T) {
		list := arrivals(t)
		who := rapid.SliceOfN(rapid.ByteRange(1, 4), len(list), len(list)).Draw(t, "who")
		world := func(without byte) map[byte][]byte {
			rows := map[byte][]byte{}
			for i, a := range list {
				if who[i] == without {
					continue
				}
				next, _, err := r.Admit(rows[who[i]], grant(who[i]), link(who[i]), a.e, a.m)
				if err != nil {
					t.Fatal(err)
				}
				rows[who[i]] = next
			}
			delete(rows, without)
			return rows
		}
		with, without := world(0), world(4)
		for n, row := range without {
			if !bytes.Equal(row, with[n]) {
				t.Fatal("a row changed by somebody else's presence")
			}
		}
	})
}

// Sweeping between events, as often as one likes, makes the same bytes: Admit
// drops what is over by itself.
func TestExpireIsFreeOfItsTime(t *testing.T) {
	r := rules(t, withSums)
	rapid.Check(t, func(t *rapid.T) {
		list := arrivals(t)
		slices.SortStableFunc(list, func(a, b arrival) int { return a.m.Now.Compare(b.m.Now) })
		var swept []byte
		for _, a := range list {
			swept = fold(t, r, swept, []arrival{a})
			if rapid.Bool().Draw(t, "sweep") {
				var err error
				if swept, err = r.Expire(swept, a.m); err != nil {
					t.Fatal(err)
				}
			}
		}
		if want := fold(t, r, nil, list); !bytes.Equal(swept, want) {
			t.Fatalf("%x\n%x", swept, want)
		}
	})
}

// What is left by Expire answers as before.
func TestExpireChangesNoAnswer(t *testing.T) {
	r := rules(t, withSums)
	rapid.Check(t, func(t *rapid.T) {
		row := fold(t, r, nil, arrivals(t))
		if row == nil {
			return
		}
		m := moment(time.Duration(rapid.IntRange(6, 90).Draw(t, "later")) * day)
		m.Window = rapid.Int32Range(3, 6).Draw(t, "window")
		next, err := r.Expire(row, m)
		if err != nil {
			t.Fatal(err)
		}
		p, err := segment.ReadProfile(row)
		if err != nil {
			t.Fatal(err)
		}
		q := new(segment.Profile)
		if next != nil {
			if err := q.UnmarshalBinary(next); err != nil {
				t.Fatal(err)
			}
			canonical(t, next)
			again, err := r.Expire(next, m)
			if err != nil || !bytes.Equal(again, next) {
				t.Fatal("a second Expire changed something")
			}
		}
		asOf := dayOf(m.Now)
		if p.ConsentEnds().After(m.Now) {
			if a, b := r.Segments(p, asOf), r.Segments(q, asOf); !slices.Equal(a, b) {
				t.Fatalf("segments %v and %v", a, b)
			}
		}
		for spec := range 3 {
			s := measures(t)[spec]
			a, _ := r.Person(p, spec, m.Now, asOf, m.Window)
			b, _ := r.Person(q, spec, m.Now, asOf, m.Window)
			if !slices.Equal(s.Vector(&a, m.Window, asOf), s.Vector(&b, m.Window, asOf)) {
				t.Fatal("a vector changed")
			}
		}
		a, b := r.History(p, m.Now), r.History(q, m.Now)
		if !slices.Equal(a.Items, b.Items) || !slices.Equal(a.Interests, b.Interests) {
			t.Fatalf("%+v\n%+v", a, b)
		}
	})
}

func measures(t *rapid.T) []contrib.Spec {
	names := []string{"cooks", "readers", "runners"}
	var list []contrib.Spec
	for _, m := range []contrib.Measure{
		contrib.SegmentSizes{Name: "sizes", Purpose: purpose, MaxSegments: 2, Share: 0.1},
		contrib.SegmentItems{Name: "found", Purpose: purpose, Items: contrib.Discovered{}, MaxSegments: 1, MaxItems: 4, MaxPerItem: 1, LookbackDays: 20, Share: 0.1},
		contrib.SegmentItems{Name: "public", Purpose: purpose, Items: contrib.Public{"item-1", "item-2", "item-3"}, MaxSegments: 1, MaxItems: 2, MaxPerItem: 5, LookbackDays: 60, Share: 0.1},
	} {
		s, err := contrib.NewSpec(m, names)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}
