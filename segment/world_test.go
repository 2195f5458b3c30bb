package segment_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment"
)

const purpose = "personalize"

// start is when the tests begin; day 0 of their accounting.
var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func dayOf(t time.Time) segment.Day { return segment.Day(t.Unix() / 86400) }

// link returns the link of person n.
func link(n byte) segment.Link {
	id := ident.NewID(1, &[16]byte{n, 1})
	subject := ident.NewSubject(ident.NewID(1, &[16]byte{n, 2}))
	return ident.NewLink(subject, purpose, id, ident.Salt{n, 3})
}

// grant returns person n's grant of a year, from 100 days before start on.
func grant(n byte) segment.Grant {
	return proof.NewGrant(proof.GrantFields{
		Subject: link(n).Subject(), Purpose: purpose,
		From: start.AddDate(0, 0, -100), To: start.AddDate(0, 0, 265), Notice: "pages", Version: 2,
	})
}

func moment(after time.Duration) segment.Moment {
	return segment.Moment{Now: start.Add(after), Window: 3, WindowStart: dayOf(start)}
}

const day = 24 * time.Hour

var definitions = []segment.Definition{
	{Name: "cooks", Purpose: purpose, Version: 1, Any: []segment.Predicate{
		{Recency: &segment.Recency{Category: "food.cooking", WithinDays: 7}},
		{Recency: &segment.Recency{Category: "home.kitchen", WithinDays: 3}},
	}},
	{Name: "readers", Purpose: purpose, Version: 1, Title: "Reads often",
		All:  []segment.Predicate{{Score: &segment.Score{Category: "books", HalfLifeDays: 7, AtLeastMilli: 2500}}},
		None: []segment.Predicate{{Frequency: &segment.Frequency{Category: "books.comics", AtLeast: 2, WithinDays: 30}}}},
	{Name: "runners", Purpose: purpose, Version: 2, Title: "Runs regularly",
		All: []segment.Predicate{{Frequency: &segment.Frequency{Category: "sports", AtLeast: 2, WithinDays: 20, Days: true}}}},
}

func spec(t testing.TB, m contrib.Measure) contrib.Spec {
	t.Helper()
	var names []string
	for _, d := range definitions {
		names = append(names, d.Name)
	}
	s, err := contrib.NewSpec(m, names)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// rules returns rules with three measures: sizes, at most four discovered items
// in 20 days, and three public ones, counted up to five times, in 60 days.
func rules(t testing.TB, change ...func(*segment.RulesConfig)) *segment.Rules {
	t.Helper()
	c := segment.RulesConfig{
		Purpose: purpose, Taxonomy: segment.Small(), Definitions: definitions, TTLDays: 60,
		Measures: measuresOf(t),
	}
	for _, f := range change {
		f(&c)
	}
	r, err := segment.NewRules(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// admit admits an event that must not be refused.
func admit(t testing.TB, r *segment.Rules, row []byte, e segment.Event, m segment.Moment) []byte {
	t.Helper()
	next, out, err := r.Admit(row, grant(1), link(1), e, m)
	if err != nil || out != segment.Admitted && out != segment.Duplicate {
		t.Fatalf("%v, %v", out, err)
	}
	return next
}

func read(t testing.TB, row []byte) *segment.Profile {
	t.Helper()
	p, err := segment.ReadProfile(row)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func item(n int) string { return fmt.Sprintf("item-%d", n) }

// wide returns a taxonomy of n roots.
func wide(t testing.TB, n int) *segment.Taxonomy {
	t.Helper()
	var b strings.Builder
	b.WriteString("id\tparent_id\tname\tflag\n")
	for i := range n {
		fmt.Fprintf(&b, "%s\t\tname\t\n", item(i))
	}
	tax, err := segment.ReadTSV(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return tax
}

// failer is a testing.TB or a rapid.T.
type failer interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}
