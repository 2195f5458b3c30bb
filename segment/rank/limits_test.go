package rank_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/segment/rank"
	"pgregory.net/rapid"
)

// At no place of a list have more of the places above been personal than the
// person allows, every place is filled, and what is capped owes nothing to the
// person.
func TestPersonalShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, items, segs := drawModel(t)
		p := drawPerson(t, items, segs)
		share := rapid.SampledFrom([]float64{0, 0.2, 0.5, 0.8, 1, math.NaN(), -1}).Draw(t, "share")
		limit := rapid.IntRange(0, len(items)).Draw(t, "limit")
		q := rank.Request{Person: p, AsOf: 100, Limit: limit, Context: "y", Diversity: rapid.SampledFrom([]float64{0, 0.5}).Draw(t, "diversity")}
		free := m.Rank(q)
		q.Limits = &rank.Limits{Personal: share}
		got := m.Rank(q)
		if len(got.Items) != len(free.Items) {
			t.Fatalf("%d places, want %d", len(got.Items), len(free.Items))
		}
		if !(share > 0) {
			share = 0
		}
		used, capped := 0, 0
		seen := map[string]bool{}
		for i, it := range got.Items {
			if seen[it.Item] {
				t.Fatal("an item twice")
			}
			seen[it.Item] = true
			if it.Why.Personal() > 0 {
				used++
			}
			if it.Why.Capped {
				capped++
				if it.Why.Personal() != 0 {
					t.Fatal("capped and personal")
				}
			}
			if float64(used) > share*float64(i+1) {
				t.Fatalf("%d of %d places are personal, at most %v", used, i+1, share)
			}
		}
		if got.Held.Capped != capped {
			t.Fatal("held")
		}
		if share == 1 && !slices.Equal(names(got), names(free)) {
			t.Fatal("a share of one changes the list")
		}
		if share == 0 && len(got.Items) > 0 {
			q.Person = nil
			if !got.Contextual || !slices.Equal(names(got), names(m.Rank(q))) {
				t.Fatal("a share of zero is what everybody sees")
			}
		}
	})
}

// Nothing that was dismissed is shown or chased: not the category, not what lies
// below, not items of it that the person had.
func TestDismissed(t *testing.T) {
	s := newShop(4, 10, 1000, 4)
	titles := map[string]string{}
	for item, c := range s.catalog {
		titles[item] = "the " + c + " thing"
	}
	m := model(t, rank.Config{
		Items: s.release(3, 0, 1), Catalog: s.catalog, Titles: titles,
		Parents: map[string]string{"cat-01": "top", "cat-02": "top"},
	})
	p := &rank.Person{
		Categories: map[string]float64{"cat-01": 3, "cat-00": 1},
		Items:      []rank.OwnItem{{Item: "item-0001", Day: 1, Count: 5}, {Item: "item-0000", Day: 1, Count: 1}},
	}
	if before := m.Rank(rank.Request{Person: p, AsOf: 1, Limit: 5}); before.Items[0].Category != "cat-01" {
		t.Fatalf("%+v", before.Items[0])
	}
	without := &rank.Person{Categories: map[string]float64{"cat-00": 1}, Items: p.Items[1:]}
	for _, dismissed := range []string{"cat-01", "top"} {
		p.Dismissed = []string{dismissed, "unheard-of"}
		got := m.Rank(rank.Request{Person: p, AsOf: 1})
		for _, it := range got.Items {
			if it.Category == "cat-01" || dismissed == "top" && it.Category == "cat-02" {
				t.Errorf("%s dismissed, %s shown", dismissed, it.Item)
			}
		}
		if got.Held.Dismissed != 2 {
			t.Errorf("held %+v", got.Held)
		}
		var exclude []string
		for item, c := range s.catalog {
			if c == "cat-01" || dismissed == "top" && c == "cat-02" {
				exclude = append(exclude, item)
			}
		}
		// Everything else is as if it had never been there.
		never := m.Rank(rank.Request{Person: without, AsOf: 1, Exclude: exclude})
		for i, it := range got.Items {
			if it.Item != never.Items[i].Item || it.Score != never.Items[i].Score {
				t.Fatalf("%s: place %d is chased", dismissed, i)
			}
		}
	}
}

// One busy day is no interest, two days are.
func TestTwoDays(t *testing.T) {
	s := newShop(4, 10, 1000, 4)
	m := model(t, rank.Config{Items: s.release(3, 0, 1), Catalog: s.catalog, Parents: map[string]string{"cat-01": "top"}})
	limits := rank.DefaultLimits()
	own := func(days ...int) *rank.Person {
		p := &rank.Person{Categories: map[string]float64{"cat-01": 1}}
		for i, d := range days {
			p.Items = append(p.Items, rank.OwnItem{Item: fmt.Sprintf("item-%04d", 1+4*i), Day: rank.Day(d), Count: 9})
		}
		return p
	}
	for name, c := range map[string]struct {
		p    *rank.Person
		held int
	}{
		"one day":               {own(5, 5, 5), 4},
		"two days":              {own(5, 6), 0},
		"a category of one day": {&rank.Person{Categories: map[string]float64{"cat-01": 1}, CategoryDays: map[string]int{"cat-01": 1}}, 1},
		"of two":                {&rank.Person{Categories: map[string]float64{"cat-01": 1}, CategoryDays: map[string]int{"cat-01": 2}}, 0},
		"days not known":        {&rank.Person{Categories: map[string]float64{"cat-01": 1}}, 1},
		"a segment of one day":  {&rank.Person{Segments: []rank.Segment{{Name: "fans-01", Weight: 1, Days: 1}, {Name: "unheard-of", Weight: 1}}}, 1},
		"one of two":            {&rank.Person{Segments: []rank.Segment{{Name: "fans-01", Weight: 1, Days: 2}}}, 0},
		"one of days not known": {&rank.Person{Segments: []rank.Segment{{Name: "fans-01", Weight: 1}}}, 1},
	} {
		got := m.Rank(rank.Request{Person: c.p, AsOf: 9, Limit: 3, Limits: &limits})
		if got.Held.TooFewDays != c.held || got.Contextual != (c.held > 0) {
			t.Errorf("%s: %+v, contextual %v", name, got.Held, got.Contextual)
		}
		if free := m.Rank(rank.Request{Person: c.p, AsOf: 9, Limit: 3}); free.Contextual || free.Held != (rank.Held{}) {
			t.Errorf("%s: without limits %+v", name, free.Held)
		}
	}
}

func TestAcrossPurposes(t *testing.T) {
	s := newShop(2, 10, 1000, 4)
	m := model(t, rank.Config{Items: s.release(3, 0, 1), Catalog: s.catalog, Purpose: "shop"})
	for purpose, personal := range map[string]bool{"shop": true, "": true, "ads": false} {
		got := m.Rank(rank.Request{Person: &rank.Person{Purpose: purpose, Categories: map[string]float64{"cat-01": 1}}})
		if got.Contextual == personal || !personal && got.Reason != rank.ReasonPurpose {
			t.Errorf("%q: %v %v", purpose, got.Contextual, got.Reason)
		}
	}
}

func TestHeldText(t *testing.T) {
	if got := (rank.Held{}).String(); got != "" {
		t.Error(got)
	}
	got := rank.Held{Dismissed: 1, TooFewDays: 3, Capped: 2}.String()
	for _, want := range []string{"One thing you told us to forget was left out.", "3 things you looked at on too few days", "2 places show what everybody sees"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
}
