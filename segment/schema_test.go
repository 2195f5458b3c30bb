package segment_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/discreet-go/discreet/segment"
	"pgregory.net/rapid"
)

// validate checks a value against the part of JSON Schema, draft 2020-12, that
// the published schema uses; a keyword that it does not know is an error.
func validate(root, schema map[string]any, v any) error {
	fail := func(keyword string) error { return fmt.Errorf("%s: %v", keyword, v) }
	number := func(keyword string) (float64, bool) { n, ok := schema[keyword].(float64); return n, ok }
	for _, keyword := range slices.Sorted(maps.Keys(schema)) {
		switch rule := schema[keyword]; keyword {
		case "$schema", "$id", "$defs", "title", "description":
		case "$ref":
			at := any(root)
			for _, name := range strings.Split(strings.TrimPrefix(rule.(string), "#/"), "/") {
				at = at.(map[string]any)[name]
			}
			if err := validate(root, at.(map[string]any), v); err != nil {
				return err
			}
		case "type":
			ok := false
			switch x := v.(type) {
			case map[string]any:
				ok = rule == "object"
			case []any:
				ok = rule == "array"
			case string:
				ok = rule == "string"
			case bool:
				ok = rule == "boolean"
			case float64:
				ok = rule == "integer" && x == math.Trunc(x)
			}
			if !ok {
				return fail(keyword)
			}
		case "enum":
			if !slices.Contains(rule.([]any), v) {
				return fail(keyword)
			}
		case "pattern":
			if s, ok := v.(string); ok && !regexp.MustCompile(rule.(string)).MatchString(s) {
				return fail(keyword)
			}
		case "minLength", "maxLength":
			n, _ := number(keyword)
			if s, ok := v.(string); ok && (keyword == "minLength" && float64(utf8.RuneCountInString(s)) < n || keyword == "maxLength" && float64(utf8.RuneCountInString(s)) > n) {
				return fail(keyword)
			}
		case "minimum", "maximum":
			n, _ := number(keyword)
			if x, ok := v.(float64); ok && (keyword == "minimum" && x < n || keyword == "maximum" && x > n) {
				return fail(keyword)
			}
		case "minItems", "maxItems":
			n, _ := number(keyword)
			if x, ok := v.([]any); ok && (keyword == "minItems" && float64(len(x)) < n || keyword == "maxItems" && float64(len(x)) > n) {
				return fail(keyword)
			}
		case "minProperties", "maxProperties":
			n, _ := number(keyword)
			if x, ok := v.(map[string]any); ok && (keyword == "minProperties" && float64(len(x)) < n || keyword == "maxProperties" && float64(len(x)) > n) {
				return fail(keyword)
			}
		case "items":
			x, _ := v.([]any)
			for i := range x {
				if err := validate(root, rule.(map[string]any), x[i]); err != nil {
					return err
				}
			}
		case "required":
			x, ok := v.(map[string]any)
			for _, name := range rule.([]any) {
				if _, has := x[name.(string)]; ok && !has {
					return fail(keyword)
				}
			}
		case "properties":
			x, _ := v.(map[string]any)
			for name, sub := range rule.(map[string]any) {
				if value, has := x[name]; has {
					if err := validate(root, sub.(map[string]any), value); err != nil {
						return err
					}
				}
			}
		case "additionalProperties":
			x, _ := v.(map[string]any)
			known, _ := schema["properties"].(map[string]any)
			for name := range x {
				if _, has := known[name]; !has && rule == false {
					return fail(keyword)
				}
			}
		case "anyOf", "oneOf":
			n := 0
			for _, sub := range rule.([]any) {
				if validate(root, sub.(map[string]any), v) == nil {
					n++
				}
			}
			if n == 0 || keyword == "oneOf" && n > 1 {
				return fail(keyword)
			}
		default:
			return fmt.Errorf("the test does not know the keyword %q", keyword)
		}
	}
	return nil
}

func schema(t failer) map[string]any {
	t.Helper()
	var s map[string]any
	if err := json.Unmarshal(segment.DefinitionSchema(), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// The published schema and the parser agree, one rule after the other; where the
// schema says in its description that the parser refuses more, it does.
func TestSchemaAgreesWithTheParser(t *testing.T) {
	s := schema(t)
	def := func(rest string) string { return `[{"name": "n", "purpose": "p", "version": 1` + rest + `}]` }
	all := func(predicate string) string { return def(`, "all": [` + predicate + `]`) }
	const some = `{"subtree": {"category": "a"}}`
	many := strings.Repeat(some+",", 63) + some
	for name, c := range map[string]struct {
		text           string
		schema, parser bool
	}{
		"nothing":                   {`[]`, true, true},
		"an object":                 {`{}`, false, false},
		"subtree":                   {all(some), true, true},
		"any alone":                 {def(`, "any": [` + some + `]`), true, true},
		"none alone":                {def(`, "none": [` + some + `]`), false, false},
		"no predicate":              {def(``), false, false},
		"empty all":                 {def(`, "all": []`), false, false},
		"empty all, some any":       {def(`, "all": [], "any": [` + some + `]`), true, true},
		"as many as may be":         {all(many), true, true},
		"more":                      {all(many + "," + some), false, false},
		"no version":                {`[{"name": "n", "purpose": "p", "all": [` + some + `]}]`, false, false},
		"version 0":                 {`[{"name": "n", "purpose": "p", "version": 0, "all": [` + some + `]}]`, false, false},
		"a bad name":                {`[{"name": "N", "purpose": "p", "version": 1, "all": [` + some + `]}]`, false, false},
		"no name":                   {`[{"purpose": "p", "version": 1, "all": [` + some + `]}]`, false, false},
		"a long name":               {`[{"name": "` + strings.Repeat("n", 65) + `", "purpose": "p", "version": 1, "all": [` + some + `]}]`, false, false},
		"an unknown field":          {all(some + `], "colour": [`), false, false},
		"a title":                   {def(`, "title": "Größe", "all": [` + some + `]`), true, true},
		"a long title":              {def(`, "title": "` + strings.Repeat("t", 129) + `", "all": [` + some + `]`), false, false},
		"a title long in bytes":     {def(`, "title": "` + strings.Repeat("ö", 128) + `", "all": [` + some + `]`), true, false},
		"a title that rings":        {def(`, "title": "\u0007", "all": [` + some + `]`), true, false},
		"two in one":                {all(`{"subtree": {"category": "a"}, "in": {"segment": "a"}}`), false, false},
		"none in one":               {all(`{}`), false, false},
		"in":                        {all(`{"in": {"segment": "a.b-c_d"}}`), true, true},
		"in nothing":                {all(`{"in": {}}`), false, false},
		"in, badly named":           {all(`{"in": {"segment": "a b"}}`), false, false},
		"score":                     {all(`{"score": {"category": "a", "half_life_days": 730, "at_least_milli": 1073741824}}`), true, true},
		"score, too long":           {all(`{"score": {"category": "a", "half_life_days": 731, "at_least_milli": 1}}`), false, false},
		"score, too much":           {all(`{"score": {"category": "a", "half_life_days": 1, "at_least_milli": 1073741825}}`), false, false},
		"score of nothing":          {all(`{"score": {"category": "a", "half_life_days": 1}}`), false, false},
		"recency":                   {all(`{"recency": {"category": "a", "within_days": 1}}`), true, true},
		"recency by the calendar":   {all(`{"recency": {"category": "a", "calendar": "this_week"}}`), false, false},
		"frequency":                 {all(`{"frequency": {"category": "a", "at_least": 1, "within_days": 7}}`), true, true},
		"frequency by the calendar": {all(`{"frequency": {"category": "a", "at_least": 1, "calendar": "last_quarter", "days": true}}`), true, true},
		"frequency by both":         {all(`{"frequency": {"category": "a", "at_least": 1, "calendar": "last_month", "within_days": 3}}`), false, false},
		"frequency by neither":      {all(`{"frequency": {"category": "a", "at_least": 1}}`), false, false},
		"frequency by the moon":     {all(`{"frequency": {"category": "a", "at_least": 1, "calendar": "this_moon"}}`), false, false},
		"days beyond the window":    {all(`{"frequency": {"category": "a", "at_least": 8, "within_days": 7, "days": true}}`), true, false},
		"days as text":              {all(`{"frequency": {"category": "a", "at_least": 1, "within_days": 7, "days": "yes"}}`), false, false},
		"distinct":                  {all(`{"distinct": {"category": "a", "at_least": 1, "within_days": 7}}`), true, true},
		"distinct of days":          {all(`{"distinct": {"category": "a", "at_least": 1, "within_days": 7, "days": true}}`), false, false},
		"distinct by the calendar":  {all(`{"distinct": {"category": "a", "at_least": 1, "calendar": "this_month"}}`), true, true},
		"sum":                       {all(`{"sum": {"category": "a", "at_least_milli": 1099511627776, "unit": "EUR", "within_days": 7}}`), true, true},
		"sum, too much":             {all(`{"sum": {"category": "a", "at_least_milli": 1099511627777, "unit": "EUR", "within_days": 7}}`), false, false},
		"sum by the calendar":       {all(`{"sum": {"category": "a", "at_least_milli": 1, "unit": "loyalty-points_2", "calendar": "this_month"}}`), true, true},
		"sum by both":               {all(`{"sum": {"category": "a", "at_least_milli": 1, "unit": "EUR", "calendar": "this_month", "within_days": 7}}`), false, false},
		"sum without unit":          {all(`{"sum": {"category": "a", "at_least_milli": 1, "within_days": 7}}`), false, false},
		"sum in a long unit":        {all(`{"sum": {"category": "a", "at_least_milli": 1, "unit": "seventeen-letters", "within_days": 7}}`), false, false},
		"sum in a spaced unit":      {all(`{"sum": {"category": "a", "at_least_milli": 1, "unit": "E R", "within_days": 7}}`), false, false},
		"a fraction":                {all(`{"recency": {"category": "a", "within_days": 1.5}}`), false, false},
		"an integer with a point":   {all(`{"recency": {"category": "a", "within_days": 1.0}}`), true, false},
		"zero for nothing":          {all(`{"frequency": {"category": "a", "at_least": 1, "calendar": "this_week", "within_days": 0}}`), false, true},
		"null":                      {all(`null`), false, false},
	} {
		var v any
		if err := json.Unmarshal([]byte(c.text), &v); err != nil {
			v = nil // no JSON at all
		}
		if got := validate(s, s, v); (got == nil) != c.schema {
			t.Errorf("%s: schema: %v", name, got)
		}
		if _, err := segment.ParseDefinitions([]byte(c.text)); (err == nil) != c.parser {
			t.Errorf("%s: parser: %v", name, err)
		}
	}
}

// Definitions in Go and in JSON are the same: what is written is read as it was,
// and the schema accepts it; what is damaged in the structure is refused by both.
func TestDefinitionsRoundTrip(t *testing.T) {
	s := schema(t)
	rapid.Check(t, func(t *rapid.T) {
		list := drawDefinitions(t)
		list[0].Title = rapid.SampledFrom([]string{"", "A title", "Größe, \"quoted\""}).Draw(t, "title")
		text, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		got, err := segment.ParseDefinitions(text)
		if err != nil || !reflect.DeepEqual(got, list) {
			t.Fatalf("%v\n%s", err, text)
		}
		var v any
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatal(err)
		}
		if err := validate(s, s, v); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		damage(t, v)
		text, err = json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		_, err = segment.ParseDefinitions(text)
		if want := validate(s, s, v); (want == nil) != (err == nil) && !errors.Is(err, segment.ErrPredicate) {
			t.Fatalf("schema: %v, parser: %v\n%s", want, err, text)
		}
	})
}

// damage changes one field somewhere: away, renamed, doubled under another name,
// or another value.
func damage(t *rapid.T, v any) {
	var objects []map[string]any
	var walk func(v any)
	walk = func(v any) {
		switch x := v.(type) {
		case []any:
			for i := range x {
				walk(x[i])
			}
		case map[string]any:
			objects = append(objects, x)
			for _, k := range slices.Sorted(maps.Keys(x)) {
				walk(x[k])
			}
		}
	}
	walk(v)
	o := rapid.SampledFrom(objects).Draw(t, "object")
	k := rapid.SampledFrom(slices.Sorted(maps.Keys(o))).Draw(t, "key")
	names := []string{"name", "all", "any", "none", "score", "recency", "frequency", "sum", "unit", "at_least_milli", "distinct", "subtree", "in", "category", "within_days", "at_least", "calendar", "segment", "other"}
	switch rapid.IntRange(0, 3).Draw(t, "damage") {
	case 0:
		delete(o, k)
	case 1:
		o[rapid.SampledFrom(names).Draw(t, "name")] = o[k]
		delete(o, k)
	case 2:
		o[rapid.SampledFrom(names).Draw(t, "name")] = o[k]
	case 3:
		o[k] = rapid.SampledFrom([]any{-1.0, 1.0, 731.0, 5e9, "x", "X Y", "last_week", true, []any{1.0}, map[string]any{"x": 1.0}}).Draw(t, "value")
	}
}
