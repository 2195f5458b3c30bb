package segment_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/segment"
)

// spenders sums sports and books, each in a unit of its own.
var spenders = segment.Definition{Name: "spenders", Purpose: purpose, Version: 1, Title: "Spends", Any: []segment.Predicate{
	{Sum: &segment.Sum{Category: "sports", AtLeastMilli: 20_000, Unit: "EUR", WithinDays: 30}},
	{Sum: &segment.Sum{Category: "books.fiction", AtLeastMilli: 5, Unit: "points", Calendar: segment.ThisWeek}},
}}

func withSums(c *segment.RulesConfig) { c.Definitions = append(slices.Clip(c.Definitions), spenders) }

// sumRules has sums only.
func sumRules(t testing.TB, all ...segment.Predicate) *segment.Rules {
	return rules(t, func(c *segment.RulesConfig) {
		c.Measures = nil
		c.Definitions = []segment.Definition{{Name: "d", Purpose: purpose, Version: 1, All: all}}
	})
}

func sumOf(category, unit string, atLeast int64, within int) segment.Predicate {
	return segment.Predicate{Sum: &segment.Sum{Category: category, AtLeastMilli: atLeast, Unit: unit, WithinDays: within}}
}

func paid(category string, value int64, unit string, daysAgo int) segment.Event {
	return segment.Event{Category: category, Value: value, Unit: unit, Time: start.Add(-time.Duration(daysAgo) * day)}
}

// Amounts add up over the subtree and the window, both ends of it; a threshold that
// is met exactly holds; amounts of another unit, or elsewhere, do not count.
func TestSum(t *testing.T) {
	for name, c := range map[string]struct {
		events []segment.Event
		found  int64
	}{
		"nothing":            {[]segment.Event{paid("sports", 0, "", 0)}, 0},
		"one":                {[]segment.Event{paid("sports", 10_000, "EUR", 0)}, 10_000},
		"a thousandth less":  {[]segment.Event{paid("sports", 9_999, "EUR", 0)}, 9_999},
		"on one day":         {[]segment.Event{paid("sports", 4_000, "EUR", 1), paid("sports", 6_000, "EUR", 1)}, 10_000},
		"below":              {[]segment.Event{paid("sports.running", 4_000, "EUR", 1), paid("sports.cycling", 6_000, "EUR", 2)}, 10_000},
		"elsewhere":          {[]segment.Event{paid("books", 10_000, "EUR", 0)}, 0},
		"another unit":       {[]segment.Event{paid("sports", 10_000, "USD", 0), paid("sports", 7, "EUR", 0)}, 7},
		"the oldest day":     {[]segment.Event{paid("sports", 10_000, "EUR", 6)}, 10_000},
		"a day before":       {[]segment.Event{paid("sports", 10_000, "EUR", 7)}, 0},
		"whatever the count": {[]segment.Event{{Category: "sports", Count: 5, Value: 10_000, Unit: "EUR", Time: start}}, 10_000},
		"a full day":         {slices.Repeat([]segment.Event{paid("sports", segment.MaxAmount, "EUR", 0)}, 20), 1 << 44},
	} {
		r := sumRules(t, sumOf("sports", "EUR", 10_000, 7))
		var row []byte
		for _, e := range c.events {
			row = admit(t, r, row, e, moment(0))
		}
		canonical(t, row)
		if (row[0] == 3) != (c.found > 0 || name == "a day before") {
			t.Errorf("%s: format %d", name, row[0])
		}
		p := read(t, row)
		if in := len(r.Segments(p, dayOf(start))) == 1; in != (c.found >= 10_000) {
			t.Errorf("%s: in %v", name, in)
		}
		f := r.Explain(p, start).Segments[0].All[0]
		if f.Kind != "sum" || f.Unit != "EUR" || f.Needed != 10_000 || f.Found != c.found || f.Holds != (c.found >= 10_000) || f.WithinDays != 7 {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// No amount is kept that no definition reads: the row is that of an event without.
func TestAmountsAreKeptOnlyWhereSummed(t *testing.T) {
	r := rules(t, withSums)
	bare := func(e segment.Event) segment.Event { e.Value, e.Unit = 0, ""; return e }
	for name, e := range map[string]segment.Event{
		"another unit":     paid("sports.running", 500, "USD", 0),
		"another category": paid("food", 500, "EUR", 0),
		"above":            paid("books", 500, "points", 0),
		"no category":      {Item: "item-1", Value: 500, Unit: "EUR", Time: start},
	} {
		e.Item = "item-1"
		if a, b := admit(t, r, nil, e, moment(0)), admit(t, r, nil, bare(e), moment(0)); !bytes.Equal(a, b) || a[0] != 0 {
			t.Errorf("%s: %x, without amount %x", name, a, b)
		}
	}
	e := paid("sports.running", 500, "EUR", 0)
	if a, b := admit(t, rules(t), nil, e, moment(0)), admit(t, rules(t), nil, bare(e), moment(0)); !bytes.Equal(a, b) {
		t.Error("rules without sums keep an amount")
	}
}

// A category has one unit; what lies apart may have another one.
func TestSumsHaveOneUnit(t *testing.T) {
	make := func(filling []segment.Predicate, all ...segment.Predicate) error {
		c := segment.RulesConfig{Purpose: purpose, Taxonomy: segment.Small(), TTLDays: 60}
		c.Definitions = []segment.Definition{{Name: "a", Purpose: purpose, Version: 1, All: all[:1]}, {Name: "b", Purpose: purpose, Version: 1, All: all[:1], None: all[1:]}}
		if filling != nil {
			c.Filling = []segment.Definition{{Name: "a", Purpose: purpose, Version: 2, Any: filling}}
		}
		_, err := segment.NewRules(c)
		return err
	}
	eur, usd := sumOf("sports", "EUR", 1, 7), sumOf("sports", "USD", 1, 7)
	for name, c := range map[string]struct {
		filling []segment.Predicate
		all     []segment.Predicate
		where   string
		want    error
	}{
		"one":                {nil, []segment.Predicate{eur, eur, sumOf("sports.running", "EUR", 5, 1)}, "", nil},
		"apart":              {nil, []segment.Predicate{eur, sumOf("books", "USD", 1, 7)}, "", nil},
		"two":                {nil, []segment.Predicate{eur, usd}, "definition 2: none 1", segment.ErrUnit},
		"below":              {nil, []segment.Predicate{eur, sumOf("sports.running", "USD", 1, 7)}, "definition 2: none 1", segment.ErrUnit},
		"above":              {nil, []segment.Predicate{sumOf("sports.running", "USD", 1, 7), eur}, "definition 2: none 1", segment.ErrUnit},
		"filling":            {[]segment.Predicate{eur}, []segment.Predicate{eur}, "", nil},
		"filling in another": {[]segment.Predicate{sumOf("books", "EUR", 1, 1), usd}, []segment.Predicate{eur}, "definition 1: any 2", segment.ErrUnit},
		"filling, unknown":   {[]segment.Predicate{sumOf("nowhere", "EUR", 1, 1)}, []segment.Predicate{eur}, "definition 1: any 1", segment.ErrUnknown},
		"filling, sensitive": {[]segment.Predicate{sumOf("health", "EUR", 1, 1)}, []segment.Predicate{eur}, "definition 1: any 1", segment.ErrSensitive},
		"filling, broken":    {[]segment.Predicate{{}}, []segment.Predicate{eur}, "definition 1: any 1", segment.ErrPredicates},
		"sensitive":          {nil, []segment.Predicate{sumOf("health", "EUR", 1, 7)}, "definition 1: all 1", segment.ErrSensitive},
		"beyond the TTL":     {nil, []segment.Predicate{sumOf("sports", "EUR", 1, 61)}, "definition 1: all 1", segment.ErrPredicate},
	} {
		err := make(c.filling, c.all...)
		if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.where) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Rules keep for a newer version what it sums; with the last definition that reads
// a sum it goes; and in another unit it is never read.
func TestSumsAcrossRules(t *testing.T) {
	newer := segment.Definition{Name: "cooks", Purpose: purpose, Version: 2, All: []segment.Predicate{sumOf("food", "EUR", 100, 30)}}
	older := rules(t, func(c *segment.RulesConfig) { c.Filling = []segment.Definition{newer} })
	row := admit(t, older, nil, paid("food.cooking", 100, "EUR", 1), moment(0))
	kept, err := older.Expire(row, moment(day))
	if err != nil || !bytes.Equal(kept, row) || row[0] != 3 {
		t.Fatalf("%v %x", err, row)
	}
	serving := func(unit string) *segment.Rules {
		return rules(t, func(c *segment.RulesConfig) {
			c.Definitions = append([]segment.Definition{newer}, definitions[1:]...)
			c.Definitions[0].All = []segment.Predicate{sumOf("food", unit, 100, 30)}
		})
	}
	if got := serving("EUR").Segments(read(t, row), dayOf(start)); !slices.Equal(got, []string{"cooks"}) {
		t.Error(got)
	}
	other := serving("USD")
	if got := other.Segments(read(t, row), dayOf(start)); got != nil {
		t.Error("an amount was read in another unit")
	}
	more := admit(t, other, row, paid("food.cooking", 99, "USD", 1), moment(0))
	if got := other.Explain(read(t, more), start).Segments[0].All[0].Found; got != 99 {
		t.Errorf("amounts of two units add up to %d", got)
	}
	bare := admit(t, rules(t), nil, paid("food.cooking", 0, "", 1), moment(0))
	for name, r := range map[string]*segment.Rules{"no sum": rules(t), "another unit": other} {
		if next, err := r.Expire(row, moment(0)); err != nil || !bytes.Equal(next, bare) {
			t.Errorf("%s: %v %x", name, err, next)
		}
	}
}

// Merging adds amounts of the unit, and those alone; forgetting takes them along.
func TestMergeAddsSums(t *testing.T) {
	r, dollars := sumRules(t, sumOf("sports", "EUR", 1, 30)), sumRules(t, sumOf("sports", "USD", 1, 30))
	of := func(r *segment.Rules, n byte, unit string) []byte {
		return foldAs(t, r, n, []arrival{
			{paid("sports", 100, unit, 1), grant(1), moment(0)}, {paid("sports.running", 30, unit, 0), grant(1), moment(0)},
			{paid("food", 7, unit, 0), grant(1), moment(0)},
		})
	}
	for name, c := range map[string]struct {
		into, from []byte
		want       int64
	}{
		"one unit":      {of(r, 1, "EUR"), of(r, 2, "EUR"), 260},
		"none in into":  {of(dollars, 1, "EUR"), of(r, 2, "EUR"), 130},
		"none in from":  {of(r, 1, "EUR"), of(dollars, 2, "EUR"), 130},
		"other in from": {of(r, 1, "EUR"), of(dollars, 2, "USD"), 130},
		"other in into": {of(dollars, 1, "USD"), of(r, 2, "EUR"), 130},
	} {
		row, err := r.Merge(c.into, c.from, moment(day))
		row = must(t, row, err)
		canonical(t, row)
		if got := r.Explain(read(t, row), start).Segments[0].All[0].Found; got != c.want {
			t.Errorf("%s: %d", name, got)
		}
		row, err = r.ForgetCategory(row, "sports")
		if err != nil || row[0] != 0 {
			t.Errorf("%s: format %d, %v", name, row[0], err)
		}
	}
}

// For advertising, evidence of a sum is the days with an amount of it.
func TestSumEvidence(t *testing.T) {
	r := rules(t, func(c *segment.RulesConfig) {
		c.Measures, c.Advertising = nil, true
		c.Definitions = []segment.Definition{{Name: "d", Purpose: purpose, Version: 1, All: []segment.Predicate{sumOf("sports", "EUR", 100, 7)}}}
	})
	row := admit(t, r, nil, paid("sports", 100, "EUR", 0), moment(0))
	row = admit(t, r, row, paid("sports", 0, "", 1), moment(0)) // a day without amount
	row = admit(t, r, row, paid("sports", 5, "USD", 2), moment(0))
	if x := r.Explain(read(t, row), start).Segments[0]; x.In || x.EvidenceDays != 1 {
		t.Errorf("%+v", x)
	}
	row = admit(t, r, row, paid("sports.running", 1, "EUR", 3), moment(0))
	if x := r.Explain(read(t, row), start).Segments[0]; !x.In || x.EvidenceDays != 2 {
		t.Errorf("%+v", x)
	}
}

// People are told amounts in every place.
func TestSumIsTold(t *testing.T) {
	r := rules(t, withSums)
	row := admit(t, r, nil, paid("sports.running", 12_500, "EUR", 1), moment(0))
	row = admit(t, r, row, paid("food", 1, "EUR", 1), moment(0))
	p := read(t, row)
	if text := r.Explain(p, start).String(); !strings.Contains(text, "Sports: amounts of at least 20.000 EUR within 30 days; found 12.500: does not hold") {
		t.Error(text)
	}
	text, err := json.Marshal(r.Export(p, start))
	if want := `"interests":[{"category":"food","path":"Food and drink","days":[{"day":"2026-03-01","events":1}]},` +
		`{"category":"sports.running","path":"Sports \u003e Running","unit":"EUR","days":[{"day":"2026-03-01","events":1,"amount_milli":12500}]}]`; err != nil || !strings.Contains(string(text), want) {
		t.Errorf("%s %v", text, err)
	}
	label, err := r.Label("spenders", segment.LabelTerms{})
	if err != nil || !slices.Equal(label.Criteria, []string{
		"at least one of: amounts of at least 20.000 EUR in total in Sports within the last 30 days, today included",
		"at least one of: amounts of at least 0.005 points in total in Books > Fiction this week",
	}) || !strings.Contains(label.Method, "amounts") || label.LookbackDays != 30 {
		t.Errorf("%+v %v", label, err)
	}
	if label, _ := r.Label("cooks", segment.LabelTerms{}); strings.Contains(label.Method, "amounts") {
		t.Error(label.Method)
	}
	if d := r.Definitions(); d[3].LookbackDays(60) != 30 {
		t.Error(d[3].LookbackDays(60))
	}
	r.Definitions()[3].Any[0].Sum.Unit = "USD"
	if r.Definitions()[3].Any[0].Sum.Unit != "EUR" {
		t.Error("rules were changed through what they hand out")
	}
}

// sumsRow has sums of two units, a day without one between two with, and with wishes
// a list of each.
func sumsRow(t testing.TB, wishes bool) []byte {
	r := rules(t, withSums)
	row := admit(t, r, nil, segment.Event{MessageID: "a", Item: "item-1", Category: "sports", Value: 12_500, Unit: "EUR", Time: start}, moment(0))
	for _, e := range []segment.Event{
		paid("sports", 0, "", 1), paid("sports", 1, "EUR", 40), paid("sports", 1<<40, "EUR", 3), paid("food", 0, "", 2), paid("books.fiction", 300, "points", 5),
	} {
		row = admit(t, r, row, e, moment(0))
	}
	if wishes {
		next, err := r.Dismiss(row, "music")
		next, err = r.Leave(must(t, next, err), "cooks")
		row = must(t, next, err)
	}
	return row
}

// Rows of format 3 stay readable, byte for byte, and have no second encoding. The
// file was made from the grammar by other code.
func TestGoldenRowWithSums(t *testing.T) {
	want, err := os.ReadFile("testdata/profile.3.hex")
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, wishes := range []bool{false, true} {
		row := sumsRow(t, wishes)
		text += hex.EncodeToString(row) + "\n"
		for at := range row {
			for bit := range 8 {
				changed := bytes.Clone(row)
				changed[at] ^= 1 << bit
				if _, err := segment.ReadProfile(changed); err == nil {
					canonical(t, changed)
				}
			}
			if _, err := segment.ReadProfile(row[:at]); !errors.Is(err, segment.ErrRow) {
				t.Fatalf("cut at %d: %v", at, err)
			}
		}
		if _, err := segment.ReadProfile(append(row, 0)); !errors.Is(err, segment.ErrRow) {
			t.Fatal(err)
		}
	}
	if text != string(want) {
		t.Errorf("rows of format 3 changed:\n%s", text)
	}
}

// Sums that belong to nothing are refused.
func TestDamagedSums(t *testing.T) {
	row := admit(t, rules(t, withSums), nil, segment.Event{Category: "sports", Value: 5, Unit: "EUR", Time: start}, moment(0))
	tail := []byte{1, 0, 3, 'E', 'U', 'R', 1, 0, 5}
	head, ok := bytes.CutSuffix(row, tail)
	if !ok {
		t.Fatalf("%x", row)
	}
	for name, tail := range map[string][]byte{
		"none":               {0},
		"missing":            {},
		"no such category":   {1, 1, 3, 'E', 'U', 'R', 1, 0, 5},
		"a category twice":   {2, 0, 3, 'E', 'U', 'R', 1, 0, 5, 0, 3, 'E', 'U', 'R', 1, 0, 5},
		"no unit":            {1, 0, 0, 1, 0, 5},
		"a bad unit":         {1, 0, 3, 'E', ' ', 'R', 1, 0, 5},
		"no days":            {1, 0, 3, 'E', 'U', 'R', 0},
		"no such day":        {1, 0, 3, 'E', 'U', 'R', 1, 1, 5},
		"a later day":        {1, 0, 3, 'E', 'U', 'R', 1, 2, 5},
		"one day too many":   {1, 0, 3, 'E', 'U', 'R', 2, 0, 5, 0, 5},
		"zero":               {1, 0, 3, 'E', 'U', 'R', 1, 0, 0},
		"a long number":      {1, 0, 3, 'E', 'U', 'R', 1, 0, 0x85, 0},
		"more than the most": {1, 0, 3, 'E', 'U', 'R', 1, 0, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x04},
	} {
		if _, err := segment.ReadProfile(append(bytes.Clone(head), tail...)); !errors.Is(err, segment.ErrRow) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := segment.ReadProfile(append(bytes.Clone(head), 1, 0, 3, 'E', 'U', 'R', 1, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x04)); err != nil {
		t.Error("the most is refused:", err)
	}
}
