package segment_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/segment"
)

const predicates = `{"frequency": {"category": "sports", "at_least": 2, "within_days": 20}}`

func one(fields string) string { return "[{" + fields + "}]" }

func TestParseDefinitions(t *testing.T) {
	text, err := json.Marshal(definitions)
	if err != nil {
		t.Fatal(err)
	}
	got, err := segment.ParseDefinitions(text)
	if err != nil || !reflect.DeepEqual(got, definitions) {
		t.Fatalf("%v\n%s", err, text)
	}
	if got, err := segment.ParseDefinitions([]byte(" [] \n")); err != nil || len(got) != 0 {
		t.Fatal(got, err)
	}
}

func TestParseDefinitionsRefuses(t *testing.T) {
	ok := `"name": "n", "purpose": "p", "version": 1, "all": [` + predicates + `]`
	if _, err := segment.ParseDefinitions([]byte(one(ok))); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text  string
		where string
		want  error
	}{
		"nothing":           {"", "byte 0", segment.ErrSyntax},
		"no list":           {"{" + ok + "}", "byte 1", segment.ErrSyntax},
		"a number":          {"1", "byte 1", segment.ErrSyntax},
		"cut off":           {"[{" + ok, "byte", segment.ErrSyntax},
		"more":              {one(ok) + " []", "byte", segment.ErrSyntax},
		"null":              {"[null]", "byte 5", segment.ErrSyntax},
		"null list":         {one(ok + `, "any": null`), "byte", segment.ErrSyntax},
		"unknown field":     {one(ok + `, "secret": 1`), "unknown field", segment.ErrSyntax},
		"misplaced field":   {one(ok + `, "category": "sports"`), "byte", segment.ErrSyntax},
		"other spelling":    {one(ok + `, "Title": "x"`), "unknown field", segment.ErrSyntax},
		"twice":             {one(ok + `, "version": 2`), "given twice", segment.ErrSyntax},
		"float":             {one(strings.Replace(ok, "1", "1.5", 1)), "byte", segment.ErrSyntax},
		"overflow":          {one(strings.Replace(ok, "1", "99999999999999999999", 1)), "byte", segment.ErrSyntax},
		"text as number":    {one(strings.Replace(ok, "1", `"1"`, 1)), "byte", segment.ErrSyntax},
		"nested":            {strings.Repeat("[", 100), "too deeply", segment.ErrSyntax},
		"no name":           {one(strings.Replace(ok, `"n"`, `""`, 1)), "definition 1", segment.ErrDefinition},
		"bad purpose":       {one(strings.Replace(ok, `"p"`, `"P"`, 1)), "definition 1", segment.ErrDefinition},
		"version zero":      {one(strings.Replace(ok, "1", "0", 1)), "definition 1", segment.ErrDefinition},
		"long title":        {one(ok + `, "title": "` + strings.Repeat("t", 129) + `"`), "definition 1", segment.ErrDefinition},
		"no predicate":      {one(`"name": "n", "purpose": "p", "version": 1`), "definition 1", segment.ErrPredicates},
		"none alone":        {one(`"name": "n", "purpose": "p", "version": 1, "none": [` + predicates + `]`), "definition 1", segment.ErrPredicates},
		"empty predicate":   {one(strings.Replace(ok, predicates, "{}", 1)), "definition 1", segment.ErrPredicates},
		"two in one":        {one(strings.Replace(ok, predicates, `{"recency": {"category": "a", "within_days": 1}, "frequency": {"category": "a", "at_least": 1, "within_days": 1}}`, 1)), "definition 1", segment.ErrPredicates},
		"zero days":         {one(strings.Replace(ok, `"within_days": 20`, `"within_days": 0`, 1)), "definition 1", segment.ErrPredicate},
		"negative days":     {one(strings.Replace(ok, `"within_days": 20`, `"within_days": -1`, 1)), "definition 1", segment.ErrPredicate},
		"endless":           {one(strings.Replace(ok, `"within_days": 20`, `"within_days": 731`, 1)), "definition 1", segment.ErrPredicate},
		"zero threshold":    {one(strings.Replace(ok, `"at_least": 2`, `"at_least": 0`, 1)), "definition 1", segment.ErrPredicate},
		"unreachable days":  {one(strings.Replace(ok, `"at_least": 2`, `"at_least": 21, "days": true`, 1)), "definition 1", segment.ErrPredicate},
		"no window":         {one(strings.Replace(ok, `, "within_days": 20`, ``, 1)), "definition 1: all 1", segment.ErrPredicate},
		"two windows":       {one(strings.Replace(ok, `"within_days": 20`, `"within_days": 20, "calendar": "this_week"`, 1)), "definition 1: all 1", segment.ErrWindow},
		"no such window":    {one(strings.Replace(ok, `"within_days": 20`, `"calendar": "sports"`, 1)), "definition 1: all 1", segment.ErrWindow},
		"days of a week":    {one(strings.Replace(ok, `"at_least": 2, "within_days": 20`, `"at_least": 8, "days": true, "calendar": "this_week"`, 1)), "definition 1: all 1", segment.ErrPredicate},
		"no distinct":       {one(strings.Replace(ok, predicates, `{"distinct": {"category": "a", "at_least": 0, "within_days": 1}}`, 1)), "definition 1: all 1", segment.ErrPredicate},
		"distinct in 0":     {one(strings.Replace(ok, predicates, `{"distinct": {"category": "a", "at_least": 1}}`, 1)), "definition 1: all 1", segment.ErrPredicate},
		"no sum":            {one(strings.Replace(ok, predicates, `{"sum": {"category": "a", "at_least_milli": 0, "unit": "EUR", "within_days": 1}}`, 1)), "definition 1: all 1", segment.ErrPredicate},
		"endless sum":       {one(strings.Replace(ok, predicates, `{"sum": {"category": "a", "at_least_milli": 1099511627777, "unit": "EUR", "within_days": 1}}`, 1)), "definition 1: all 1", segment.ErrPredicate},
		"sum in no unit":    {one(strings.Replace(ok, predicates, `{"sum": {"category": "a", "at_least_milli": 1, "within_days": 1}}`, 1)), "definition 1: all 1", segment.ErrUnit},
		"sum in a bad unit": {one(strings.Replace(ok, predicates, `{"sum": {"category": "a", "at_least_milli": 1, "unit": "€", "within_days": 1}}`, 1)), "definition 1: all 1", segment.ErrUnit},
		"sum in no window":  {one(strings.Replace(ok, predicates, `{"sum": {"category": "a", "at_least_milli": 1, "unit": "EUR"}}`, 1)), "definition 1: all 1", segment.ErrPredicate},
		"bad segment":       {one(strings.Replace(ok, predicates, `{"in": {"segment": "Sports"}}`, 1)), "definition 1: all 1", segment.ErrReference},
		"the second of any": {one(ok + `, "any": [` + predicates + `, {"subtree": {"category": "a"}, "in": {"segment": "a"}}]`), "definition 1: any 2", segment.ErrPredicates},
		"no half-life":      {one(strings.Replace(ok, predicates, `{"score": {"category": "a", "half_life_days": 0, "at_least_milli": 1}}`, 1)), "definition 1", segment.ErrPredicate},
		"no score":          {one(strings.Replace(ok, predicates, `{"score": {"category": "a", "half_life_days": 1, "at_least_milli": 0}}`, 1)), "definition 1", segment.ErrPredicate},
		"the second":        {"[{" + ok + "}, {" + strings.Replace(ok, `"n"`, `"N"`, 1) + "}]", "definition 2", segment.ErrDefinition},
		"many":              {one(strings.Replace(ok, predicates, strings.Repeat(predicates+",", 64)+predicates, 1)), "definition 1", segment.ErrPredicates},
	} {
		_, err := segment.ParseDefinitions([]byte(c.text))
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.where) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "sports") {
			t.Errorf("%s: the error quotes the text", name)
		}
	}
}

func TestNewRulesRefuses(t *testing.T) {
	of := func(category string) []segment.Predicate {
		return []segment.Predicate{{Recency: &segment.Recency{Category: category, WithinDays: 7}}}
	}
	def := func(change func(*segment.Definition)) func(*segment.RulesConfig) {
		return func(c *segment.RulesConfig) {
			d := segment.Definition{Name: "new", Purpose: purpose, Version: 1, All: of("sports")}
			change(&d)
			c.Definitions = append(append([]segment.Definition{}, c.Definitions...), d)
		}
	}
	for name, c := range map[string]struct {
		change func(*segment.RulesConfig)
		want   error
	}{
		"nothing":             {func(c *segment.RulesConfig) { c.Definitions, c.Measures = nil, nil }, segment.ErrNoTaxonomy},
		"no taxonomy":         {func(c *segment.RulesConfig) { c.Taxonomy = nil }, segment.ErrNoTaxonomy},
		"no purpose":          {func(c *segment.RulesConfig) { c.Purpose = "" }, segment.ErrNoTaxonomy},
		"no TTL":              {func(c *segment.RulesConfig) { c.TTLDays = 0 }, segment.ErrTTL},
		"long TTL":            {func(c *segment.RulesConfig) { c.TTLDays = 731 }, segment.ErrTTL},
		"TTL below look-back": {func(c *segment.RulesConfig) { c.TTLDays = 59 }, segment.ErrTTL},
		"days beyond TTL":     {def(func(d *segment.Definition) { d.All[0].Recency.WithinDays = 61 }), segment.ErrPredicate},
		"window beyond TTL": {def(func(d *segment.Definition) {
			d.Any = []segment.Predicate{{Frequency: &segment.Frequency{Category: "sports", AtLeast: 1, Calendar: segment.LastMonth}}}
		}), segment.ErrPredicate},
		"unknown in distinct": {def(func(d *segment.Definition) {
			d.None = []segment.Predicate{{Distinct: &segment.Distinct{Category: "nowhere", AtLeast: 1, WithinDays: 1}}}
		}), segment.ErrUnknown},
		"sensitive in subtree": {def(func(d *segment.Definition) {
			d.None = []segment.Predicate{{Subtree: &segment.Subtree{Category: "health"}}}
		}), segment.ErrSensitive},
		"sensitive in distinct": {def(func(d *segment.Definition) {
			d.Any = []segment.Predicate{{Distinct: &segment.Distinct{Category: "health.mental", AtLeast: 1, WithinDays: 1}}}
		}), segment.ErrSensitive},
		"unknown":           {def(func(d *segment.Definition) { d.All = of("nowhere") }), segment.ErrUnknown},
		"sensitive":         {def(func(d *segment.Definition) { d.All = of("health") }), segment.ErrSensitive},
		"below sensitive":   {def(func(d *segment.Definition) { d.Any = of("health.mental") }), segment.ErrSensitive},
		"sensitive in none": {def(func(d *segment.Definition) { d.None = of("politics.unions") }), segment.ErrSensitive},
		"twice":             {def(func(d *segment.Definition) { d.Name = "runners" }), segment.ErrTwice},
		"another purpose":   {def(func(d *segment.Definition) { d.Purpose = "other" }), segment.ErrForeign},
		"broken":            {def(func(d *segment.Definition) { d.Version = 0 }), segment.ErrDefinition},
		"measure twice":     {func(c *segment.RulesConfig) { c.Measures[1].Name = "sizes" }, segment.ErrTwice},
		"foreign measure":   {func(c *segment.RulesConfig) { c.Measures[1].Purpose = "other" }, segment.ErrForeign},
		"foreign segments":  {func(c *segment.RulesConfig) { c.Measures[1].Segments = []string{"elsewhere"} }, segment.ErrForeign},
	} {
		good := segment.RulesConfig{Purpose: purpose, Taxonomy: segment.Small(), Definitions: definitions, TTLDays: 60, Measures: measuresOf(t)}
		c.change(&good)
		if _, err := segment.NewRules(good); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func measuresOf(t testing.TB) []contrib.Spec {
	return []contrib.Spec{
		spec(t, contrib.SegmentSizes{Name: "sizes", Purpose: purpose, MaxSegments: 2, Share: 0.1}),
		spec(t, contrib.SegmentItems{Name: "found", Purpose: purpose, Items: contrib.Discovered{}, MaxSegments: 1, MaxItems: 4, MaxPerItem: 1, LookbackDays: 20, Share: 0.1}),
		spec(t, contrib.SegmentItems{Name: "public", Purpose: purpose, Items: contrib.Public{"item-1", "item-2", "item-3"}, MaxSegments: 1, MaxItems: 2, MaxPerItem: 5, LookbackDays: 60, Share: 0.1}),
	}
}

// Rules are not changed through what they were made of or what they hand out.
func TestRulesAreImmutable(t *testing.T) {
	defs := []segment.Definition{{Name: "a", Purpose: purpose, Version: 1, All: []segment.Predicate{{Recency: &segment.Recency{Category: "sports", WithinDays: 7}}}}}
	r, err := segment.NewRules(segment.RulesConfig{Purpose: purpose, Taxonomy: segment.Small(), Definitions: defs, TTLDays: 60})
	if err != nil {
		t.Fatal(err)
	}
	defs[0].All[0].Recency.Category = "health"
	r.Definitions()[0].All[0].Recency.Category = "health"
	if got := r.Definitions()[0].All[0].Recency.Category; got != "sports" || r.TTLDays() != 60 || r.Purpose() != purpose {
		t.Fatal(got)
	}
}

func FuzzParseDefinitions(f *testing.F) {
	text, err := json.Marshal(definitions)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("[]"))
	f.Add([]byte(one(`"name": "n", "purpose": "p", "version": 1, "any": [{"distinct": {"category": "a", "at_least": 1, "calendar": "last_quarter"}}, {"subtree": {"category": "a"}}, {"in": {"segment": "m"}}]`)))
	f.Add([]byte(one(`"name": "n", "purpose": "p", "version": 1, "all": [{"in": {"segment": "n"}}], "none": [{"frequency": {"category": "sports", "at_least": 1, "calendar": "this_week", "days": true}}]`)))
	f.Add([]byte(one(`"name": "n", "purpose": "p", "version": 1, "all": [` + predicates + `]`)))
	f.Add([]byte(one(`"name": "n", "purpose": "p", "version": 1, "all": [{"sum": {"category": "sports", "at_least_milli": 12500, "unit": "EUR", "within_days": 30}}, {"sum": {"category": "sports.running", "at_least_milli": 1, "unit": "USD", "calendar": "last_week"}}]`)))
	f.Add([]byte(one(`"name": "n", "purpose": "p", "version": 1, "none": [{"subtree": {"category": "a"}}], "any": [{"sum": {"category": "sports", "at_least_milli": 1099511627776, "unit": "EUR", "calendar": "this_month"}}]`)))
	f.Add([]byte(`[{"name": "n", "name": "m"}]`))
	f.Add([]byte(`[[[[[[[[[[[`))
	f.Add([]byte(`[{"score": null}]`))
	p := read(f, admit(f, rules(f, withSums), goldenRow(f), segment.Event{Category: "sports", Value: 20_000, Unit: "EUR", Time: start}, moment(0)))
	f.Fuzz(func(t *testing.T, text []byte) {
		defs, err := segment.ParseDefinitions(text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "segment: ") {
				t.Fatal(err)
			}
			return
		}
		again, err := json.Marshal(defs)
		if err != nil {
			t.Fatal(err)
		}
		if defs == nil {
			return
		}
		same, err := segment.ParseDefinitions(again)
		if err != nil || len(same) != len(defs) {
			t.Fatal("what was read cannot be read again:", err)
		}
		twice, err := json.Marshal(same)
		if err != nil || !bytes.Equal(again, twice) {
			t.Fatal("what was read and written is read otherwise")
		}
		for i := range defs {
			_ = defs[i].Words(segment.Small())
		}
		// Rules of any definitions are refused with a reason, or decide without fault.
		r, err := segment.NewRules(segment.RulesConfig{Purpose: "p", Taxonomy: segment.Small(), Definitions: defs, TTLDays: 200, Advertising: len(text)%2 == 0})
		if err != nil {
			if !strings.HasPrefix(err.Error(), "segment: ") {
				t.Fatal(err)
			}
			return
		}
		x := r.Explain(p, start)
		var in []string
		for _, m := range x.Segments {
			if m.In {
				in = append(in, m.Segment)
			}
			if _, err := r.Label(m.Segment, segment.LabelTerms{}); err != nil {
				t.Fatal(err)
			}
		}
		_ = x.String()
		if got := r.Segments(p, dayOf(start)); !slices.Equal(got, in) {
			t.Fatal("an explanation tells otherwise")
		}
	})
}
