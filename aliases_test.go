package discreet_test

import (
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/segment"
)

// TestAliases records under a shop's own names: profiles, rankings and
// explanations speak of the categories, sensitive ones stay refused, and numbers
// of another meaning of the names count anew.
func TestAliases(t *testing.T) {
	named := func(aliases map[string]string) *segment.Taxonomy {
		t.Helper()
		tax, err := segment.Small().WithAliases(aliases)
		check(t, err)
		return tax
	}
	e := openWorld(t, discreet.Config{
		Taxonomy: named(map[string]string{"shelf-7": "books.fiction", "shelf-8": "sports.running", "shelf-9": "health.mental"}),
		Catalog:  map[string]string{"a": "shelf-8", "b": "shelf-7", "c": "home.kitchen"},
	})
	ctx := t.Context()
	e.Agree(t, ann)
	for i, category := range []string{"shelf-7", "books.fiction", "shelf-7", "shelf-9"} {
		out, err := e.Record(ctx, event(e, ann, string(rune('0'+i)), "b", category))
		check(t, err)
		want := segment.Admitted
		if category == "shelf-9" {
			want = segment.RefusedSensitive
		}
		if out[0].Result != want {
			t.Errorf("%s: %v", category, out[0].Result)
		}
	}
	_, err := e.Release(ctx, discreet.Query{Name: "views", Measure: "views", Share: 0.5}, operator)
	check(t, err)
	mine, err := e.Rank(ctx, discreet.RankRequest{Who: ann, Measure: "views", Limits: oneDay()})
	check(t, err)
	if mine.Items[0].Item != "b" || mine.Items[0].Why.Personal() < 0.5 {
		t.Errorf("an interest that has two names is not first: %+v", mine.Items)
	}
	told, err := e.Explain(ctx, ann, operator)
	check(t, err)
	interests := told.Profiles[0].Interests
	if len(interests) != 1 || interests[0].Category != "books.fiction" {
		t.Errorf("told of %+v", interests)
	}

	for _, c := range []struct {
		aliases map[string]string
		anew    bool
	}{
		{map[string]string{"shelf-9": "health.mental", "shelf-8": "sports.running", "shelf-7": "books.fiction"}, false},
		{map[string]string{"shelf-9": "health.mental", "shelf-8": "home.kitchen", "shelf-7": "books.fiction"}, true},
	} {
		e.Clock.Advance(24 * time.Hour)
		next := e.Config
		next.Taxonomy = named(c.aliases)
		later, err := discreet.Open(ctx, next)
		check(t, err)
		r, err := later.Release(ctx, discreet.Query{Name: e.Clock.Now().Format(time.DateOnly), Measure: "sizes", Share: 0.1}, operator)
		check(t, err)
		if anew := r.Header().Since == e.Clock.Now().Format(time.DateOnly); anew != c.anew {
			t.Errorf("%v: counts since %s", c.aliases, r.Header().Since)
		}
	}
}
