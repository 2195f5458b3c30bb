package segment_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment"
)

func TestWithAliases(t *testing.T) {
	tax, err := segment.Small().WithAliases(map[string]string{
		"jogging": "sports.running", "Lauf": "jogging", "old": "Lauf", "ailments": "health.conditions", "Krankheit": "ailments",
	})
	if err != nil {
		t.Fatal(err)
	}
	for alias, id := range map[string]string{"jogging": "sports.running", "Lauf": "sports.running", "old": "sports.running", "ailments": "health.conditions", "Krankheit": "health.conditions", "books": "books"} {
		if got, ok := tax.Resolve(alias); got != id || !ok || !tax.Known(alias) || tax.Sensitive(alias) != tax.Sensitive(id) || tax.Path(alias) != tax.Path(id) {
			t.Errorf("%s is %s", alias, got)
		}
	}
	if _, ok := tax.Resolve("nowhere"); ok || !tax.Sensitive("nowhere") {
		t.Error("an unknown id is known")
	}
	if !tax.Contains("sports", "old") || !tax.Contains("jogging", "sports.running") || tax.Contains("jogging", "sports") {
		t.Error("aliases lie elsewhere")
	}
	if got := tax.Aliases(); !slices.Equal(got, []string{"Krankheit", "Lauf", "ailments", "jogging", "old"}) || !slices.Equal(tax.IDs(), segment.Small().IDs()) {
		t.Error(got)
	}
	// A mark through an alias, and aliases on top of aliases.
	marked, err := tax.Mark("old")
	if err != nil || !marked.Sensitive("sports.running") || !marked.Sensitive("jogging") || tax.Sensitive("jogging") {
		t.Error(err)
	}
	more, err := marked.WithAliases(map[string]string{"run": "Lauf"})
	if err != nil || !more.Sensitive("run") || more.Known("walk") || tax.Known("run") || len(tax.Aliases()) != 5 {
		t.Error(err)
	}
	if none, err := tax.WithAliases(nil); err != nil || len(none.Aliases()) != 5 {
		t.Error(err)
	}
}

func TestWithAliasesRefuses(t *testing.T) {
	first, err := segment.Small().WithAliases(map[string]string{"taken": "books"})
	if err != nil {
		t.Fatal(err)
	}
	many := map[string]string{}
	for i := range 1 << 16 {
		many[item(i)] = "books"
	}
	for name, c := range map[string]struct {
		aliases map[string]string
		where   string
		want    error
	}{
		"shadows a category": {map[string]string{"a": "books", "sports": "books"}, "alias 2", segment.ErrAlias},
		"itself":             {map[string]string{"books": "books"}, "alias 1", segment.ErrAlias},
		"shadows an alias":   {map[string]string{"taken": "sports"}, "alias 1", segment.ErrAlias},
		"empty":              {map[string]string{"": "books"}, "alias 1", segment.ErrAlias},
		"long":               {map[string]string{strings.Repeat("a", 65): "books"}, "alias 1", segment.ErrAlias},
		"control":            {map[string]string{"a\tb": "books"}, "alias 1", segment.ErrAlias},
		"unknown":            {map[string]string{"a": "books", "b": "nowhere"}, "alias 2", segment.ErrUnknown},
		"chain to unknown":   {map[string]string{"a": "b", "b": "c", "c": "secret"}, "alias 1", segment.ErrUnknown},
		"of itself":          {map[string]string{"a": "a"}, "alias 1", segment.ErrCycle},
		"circle":             {map[string]string{"a": "b", "b": "c", "c": "b", "d": "books"}, "alias 1", segment.ErrCycle},
		"too many":           {many, "", segment.ErrLarge},
	} {
		_, err := first.WithAliases(c.aliases)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.where) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Events and definitions that name an alias do what those that name the category
// do, to the byte, on every way through Admit.
func TestAliasesAreTheirCategories(t *testing.T) {
	tax, err := segment.Small().WithAliases(map[string]string{"jogging": "sports.running", "Reading": "books", "cook": "food.cooking"})
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]string{"sports.running": "jogging", "books": "Reading", "food.cooking": "cook"}
	r := rules(t, func(c *segment.RulesConfig) { c.Taxonomy = tax })
	var plain, aliased []byte
	for i, category := range []string{"books", "sports.running", "books", "sports.running", "food.cooking", "books", "books", "sports.running"} {
		e := segment.Event{MessageID: item(i), Item: item(i % 4), Category: category, Time: start.Add(-2 * day)}
		plain = admit(t, r, plain, e, moment(0))
		if i > 0 { // the first by the other name: the category is known by then
			e.Category = of[category]
		}
		aliased = admit(t, r, aliased, e, moment(0))
		if !bytes.Equal(plain, aliased) {
			t.Fatalf("event %d: other rows", i)
		}
	}
	if got := r.Segments(read(t, aliased), dayOf(start)); !slices.Equal(got, []string{"cooks", "readers"}) {
		t.Error(got)
	}
	renamed := rules(t, func(c *segment.RulesConfig) {
		c.Taxonomy = tax
		c.Definitions = slices.Clone(c.Definitions)
		c.Definitions[1].All = []segment.Predicate{{Score: &segment.Score{Category: "Reading", HalfLifeDays: 7, AtLeastMilli: 2500}}}
	})
	if got := renamed.Segments(read(t, plain), dayOf(start)); !slices.Equal(got, []string{"cooks", "readers"}) {
		t.Error(got)
	}
	a, err := r.ForgetCategory(plain, "Reading")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := r.ForgetCategory(plain, "books"); err != nil || !bytes.Equal(a, b) || bytes.Equal(a, plain) {
		t.Error("an alias forgets something else", err)
	}
}

// A row that was written before its category became an alias of another one
// counts there.
func TestRowsFromBeforeAnAlias(t *testing.T) {
	old, err := segment.ReadTSV(strings.NewReader(head + "501\t\tReading\t\t\t\n"))
	if err != nil {
		t.Fatal(err)
	}
	before, err := segment.NewRules(segment.RulesConfig{Purpose: purpose, Taxonomy: old, TTLDays: 60, Definitions: []segment.Definition{
		{Name: "n", Purpose: purpose, Version: 1, All: []segment.Predicate{{Recency: &segment.Recency{Category: "501", WithinDays: 7}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	row := admit(t, before, nil, segment.Event{Category: "501", Count: 9, Time: start}, moment(0))
	for target, want := range map[string]int{"books": 1, "beliefs": 0} {
		tax, err := segment.Small().WithAliases(map[string]string{"501": target})
		if err != nil {
			t.Fatal(err)
		}
		r := rules(t, func(c *segment.RulesConfig) { c.Taxonomy = tax })
		if got := r.Segments(read(t, row), dayOf(start)); len(got) != want {
			t.Errorf("%s: %v", target, got)
		}
	}
}

// with returns the taxonomy with an alias of every id, aliases of those, and,
// for Content, the published mappings.
func with(t *testing.T, tax *segment.Taxonomy, tree segment.Tree) *segment.Taxonomy {
	t.Helper()
	aliases := map[string]string{}
	for i, id := range tax.IDs() {
		aliases[fmt.Sprintf("alias/%d", i)] = id
		aliases[fmt.Sprintf("again/%d", i)] = fmt.Sprintf("alias/%d", i)
	}
	tax, err := tax.WithAliases(aliases)
	if err != nil {
		t.Fatal(err)
	}
	if tree != segment.TreeContent2 && tree != segment.TreeContent3 {
		return tax
	}
	for _, m := range mappings {
		if !strings.Contains(m.file, "to Content 2") && !strings.Contains(m.file, "Genre") {
			continue
		}
		list, err := segment.ReadMapping(bytes.NewReader(source(t, m.file)))
		if err != nil {
			t.Fatal(err)
		}
		before := tax
		if tax, _, err = tax.WithMapping(list); err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			if m.Reason != "" && tax.Known(m.From) && !before.Known(m.From) {
				t.Errorf("row %d carries a special category to another", m.Row)
			}
			if m.Reason == "" && tax.Sensitive(m.To) && tax.Known(m.To) && tax.Known(m.From) && !tax.Sensitive(m.From) {
				t.Errorf("row %d: harmless by another mapping", m.Row)
			}
		}
	}
	if mapped := len(tax.Aliases()) - len(aliases); mapped < 200 && tree == segment.TreeContent2 {
		t.Errorf("only %d aliases by mapping", mapped)
	}
	return tax
}

// No special category is reached for any purpose, by any id, alias or mapping:
// not by an event, and not by a definition in all, any or none. Exhaustive over
// the trees that are known and the one that ships.
func TestNothingSpecialIsReachable(t *testing.T) {
	t.Run("small", func(t *testing.T) {
		tax := segment.Small()
		special := map[string]bool{}
		for _, id := range tax.IDs() {
			for _, root := range []string{"beliefs", "health", "intimacy", "origin", "politics", "justice"} {
				if tax.Contains(root, id) {
					special[id] = true
				}
			}
		}
		unreachable(t, with(t, tax, ""), special)
	})
	for _, e := range editions {
		if e.tree == segment.TreeAdProduct || len(e.repairs) > 0 {
			continue
		}
		t.Run(e.file[strings.LastIndex(e.file, "/")+1:], func(t *testing.T) {
			tax, _ := e.load(t)
			special := map[string]bool{}
			for _, s := range segment.Special(e.tree) {
				for _, id := range tax.IDs() {
					if tax.Contains(s.ID, id) {
						special[id] = true
					}
				}
			}
			unreachable(t, with(t, tax, e.tree), special)
		})
	}
}

// unreachable holds that no name of the special categories is accepted anywhere,
// and that Admit refuses what is sensitive and nothing else.
func unreachable(t *testing.T, tax *segment.Taxonomy, special map[string]bool) {
	t.Helper()
	if len(special) == 0 {
		t.Fatal("nothing is special")
	}
	ids := tax.IDs()
	harmless := segment.Predicate{Recency: &segment.Recency{WithinDays: 7}}
	harmless.Recency.Category = ids[slices.IndexFunc(ids, func(id string) bool { return !tax.Sensitive(id) })]
	rules := func(d segment.Definition, purpose string) (*segment.Rules, error) {
		d.Name, d.Purpose, d.Version = "it", purpose, 1
		return segment.NewRules(segment.RulesConfig{Purpose: purpose, Taxonomy: tax, TTLDays: 60, Definitions: []segment.Definition{d}})
	}
	for _, purpose := range []string{"advertising", "personalize"} {
		g := proof.NewGrant(proof.GrantFields{Subject: link(1).Subject(), Purpose: purpose, From: start.Add(-day), To: start.Add(day), Notice: "all", Version: 1})
		l := ident.NewLink(link(1).Subject(), purpose, link(1).ID(), ident.Salt{1})
		r, err := rules(segment.Definition{All: []segment.Predicate{harmless}}, purpose)
		if err != nil {
			t.Fatal(err)
		}
		refused := 0
		for _, name := range append(tax.IDs(), tax.Aliases()...) {
			id, known := tax.Resolve(name)
			if !known {
				t.Fatal(name)
			}
			row, out, err := r.Admit(nil, g, l, segment.Event{Category: name, Item: "item", Time: start}, moment(0))
			if err != nil || (out == segment.RefusedSensitive) != tax.Sensitive(id) || special[id] && (out != segment.RefusedSensitive || row != nil) {
				t.Fatalf("%s: %v, %v", name, out, err)
			}
			if !special[id] {
				continue
			}
			refused++
			bad := []segment.Predicate{{Frequency: &segment.Frequency{Category: name, AtLeast: 1, WithinDays: 7}}}
			for _, d := range []segment.Definition{{All: bad}, {Any: bad}, {All: []segment.Predicate{harmless}, None: bad}} {
				if _, err := rules(d, purpose); !errors.Is(err, segment.ErrSensitive) {
					t.Fatalf("%s: %v", name, err)
				}
			}
			for _, m := range []contrib.Measure{
				contrib.People{Name: "it", Purpose: purpose, By: contrib.ByCategory{Categories: contrib.Public{name}, Max: 1}, LookbackDays: 7, Share: 1},
				contrib.Sums{Name: "it", Purpose: purpose, By: contrib.Everybody{}, Amount: contrib.Amount{Unit: "EUR", Category: name, High: 1}, LookbackDays: 7, Share: 1},
			} {
				s, err := contrib.NewSpec(m, nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := segment.NewRules(segment.RulesConfig{Purpose: purpose, Taxonomy: tax, TTLDays: 60, Measures: []contrib.Spec{s}}); !errors.Is(err, segment.ErrSensitive) {
					t.Fatalf("a measure of %s: %v", name, err)
				}
			}
		}
		if refused < 3*len(special) {
			t.Errorf("only %d names of %d special categories", refused, len(special))
		}
	}
}
