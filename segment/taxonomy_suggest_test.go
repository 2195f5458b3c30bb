package segment_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/segment"
)

// names returns a tree of roots with these names, with ids from 0 on.
func names(t testing.TB, list []string) *segment.Taxonomy {
	t.Helper()
	var b strings.Builder
	b.WriteString("id\tparent_id\tname\tflag\n")
	for i, n := range list {
		fmt.Fprintf(&b, "%d\t\t%s\t\n", i, n)
	}
	tax, err := segment.ReadTSV(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return tax
}

func TestSuggestMarks(t *testing.T) {
	told := map[segment.Reason][]string{
		segment.ReasonHealth:    {"Health & care", "MEDICINES", "Women's health", "Gesundheit", "Santé", "Grossesse et maternité", "Salud", "Doenças", "Zwangerschap", "Hearing aids and HIV", "weight-loss", "Schwangerschaftsmode"},
		segment.ReasonSex:       {"Gay life", "Érotique", "LGBTQ+", "Online Dating", "Sex", "Schwule und Lesben"},
		segment.ReasonBelief:    {"Christianity", "Église", "Eglise", "Kirchenbedarf", "Religious items", "Halal food", "Judío", "Moschee"},
		segment.ReasonPolitics:  {"Politik", "Élections et politique", "Political books", "Wahlen"},
		segment.ReasonUnion:     {"Trade unions", "Gewerkschaften", "Syndicats", "Labour-Union news"},
		segment.ReasonOrigin:    {"Ethnic food", "Genealogy", "Flüchtlinge", "Flu\u0308chtlinge", "African-American hair"},
		segment.ReasonChildren:  {"Children's books", "Children’s books", "For kids", "Für Kinder", "Para niños"},
		segment.ReasonCrime:     {"Crime", "Gun shows", "Gefängnis"},
		segment.ReasonHardship:  {"Debt relief", "Payday loans", "Überschuldung", "Chômage", "Food banks"},
		segment.ReasonAddiction: {"Casinos", "Alcohol-free living", "Glücksspiel", "Cigars"},
	}
	var list []string
	var want []segment.Reason
	for _, reason := range []segment.Reason{segment.ReasonHealth, segment.ReasonSex, segment.ReasonBelief, segment.ReasonPolitics, segment.ReasonUnion,
		segment.ReasonOrigin, segment.ReasonChildren, segment.ReasonCrime, segment.ReasonHardship, segment.ReasonAddiction} {
		for _, n := range told[reason] {
			list, want = append(list, n), append(want, reason)
		}
	}
	// Telling words inside of others, and words that look alike.
	harmless := []string{"Sports", "Jewellery", "Essex", "Wealth", "Rugby Union", "Credit unions", "Hospitality", "Racing", "Car race", "Sextant", "Asphalt", "Classic cars",
		"Burgundy", "Begonias", "Unionville", "Bibliothèque", "Massage oils", "Judicial robes", "Drag racing", "Grape", "Zoo", "Ågården", "Straße"}
	tax := names(t, append(slices.Clone(list), harmless...))
	got := segment.SuggestMarks(tax)
	for i, s := range got {
		if i >= len(want) || s.ID != fmt.Sprint(i) || s.Reason != want[i] {
			t.Fatalf("suggestion %d: %+v, %q", i, s, tax.Name(s.ID))
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%q is overlooked", tax.Name(fmt.Sprint(len(got))))
	}
	if again := segment.SuggestMarks(tax); !slices.Equal(got, again) {
		t.Error("other suggestions")
	}
	// What is marked already is not suggested, nor what lies below it.
	var ids []string
	for _, s := range got {
		ids = append(ids, s.ID)
	}
	marked, err := tax.Mark(ids...)
	if err != nil || len(segment.SuggestMarks(marked)) > 0 {
		t.Error(err)
	}
}

// The tree that ships has marks where they belong; what is suggested beyond them
// was looked at.
func TestSuggestMarksOfSmall(t *testing.T) {
	var ids []string
	for _, s := range segment.SuggestMarks(segment.Small()) {
		ids = append(ids, s.ID)
	}
	if !slices.Equal(ids, []string{"books.children"}) { // bought by parents
		t.Error(ids)
	}
}

func FuzzSuggestMarks(f *testing.F) {
	f.Add("Health", "Sports")
	f.Add("Église", "\u0301")
	f.Fuzz(func(t *testing.T, a, b string) {
		tax, err := segment.ReadTSV(strings.NewReader("id\tparent_id\tname\tflag\n1\t\t" + a + "\t\n2\t1\t" + b + "\t\n"))
		if err != nil {
			return
		}
		for _, s := range segment.SuggestMarks(tax) {
			if !tax.Known(s.ID) || tax.Sensitive(s.ID) || s.Reason == "" {
				t.Fatal(s)
			}
		}
	})
}

// Every phrase is found in a name that consists of it, in capitals and among
// other words, and with more behind it where it is a beginning.
func TestEveryPhraseIsFound(t *testing.T) {
	phrases := segment.TellingPhrases()
	if len(phrases) < 10 {
		t.Fatal("few reasons")
	}
	for reason, list := range phrases {
		seen := map[string]bool{}
		for _, p := range list {
			if seen[p] {
				t.Errorf("%s: %q stands twice", reason, p)
			}
			seen[p] = true
			for _, name := range []string{
				strings.ReplaceAll(p, "*", ""), strings.ToUpper(strings.ReplaceAll(p, "*", "")),
				"x " + strings.ReplaceAll(p, "*", "xyz") + ", y",
			} {
				if len(segment.SuggestMarks(names(t, []string{name}))) != 1 {
					t.Errorf("%s: %q is not found in %q", reason, p, name)
				}
			}
		}
	}
}
