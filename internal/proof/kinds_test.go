package proof_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/internal/proof"
)

var update = flag.Bool("update", false, "write golden files that are not there")

// goldens reads the releases of format 1 that package dp keeps, by the end of their
// names, without their signatures, which package dp checks.
func goldens(t *testing.T) (names []string, of map[string]proof.Release) {
	t.Helper()
	paths, err := filepath.Glob("../../dp/testdata/release-1-*.note")
	if err != nil || len(paths) < 8 {
		t.Fatal("the releases of package dp are gone", err)
	}
	of = map[string]proof.Release{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text, _, _ := strings.Cut(string(data), "\n\n")
		lines := strings.Split(text, "\n")
		var h proof.Header
		if err := json.Unmarshal([]byte(lines[1]), &h); err != nil {
			t.Fatal(err)
		}
		cells := make([]proof.Cell, len(lines)-2)
		for i, line := range lines[2:] {
			if err := json.Unmarshal([]byte(line), &cells[i]); err != nil {
				t.Fatal(err)
			}
		}
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "release-1-"), ".note")
		names, of[name] = append(names, name), proof.NewRelease(h, cells, data)
	}
	slices.Sort(names)
	return names, of
}

// TestStatementsOfKinds holds what each kind says of itself.
func TestStatementsOfKinds(t *testing.T) {
	names, of := goldens(t)
	said := map[string][]string{
		"means": {
			"gives the number of people and the sum of what their events amounted to in EUR (only in category retail.books or below it) in each segment within the 28 days",
			"at most 3 rows, with an amount from -10 to 200 EUR in each", "amounts less 95 EUR each", "A sum is in steps of 0.004 EUR.",
			"of scale 12.25 (standard deviation 12.25) for numbers of people, and of scale 2.273e+05", "within 24 of a number of people, and within 424347 steps of a sum",
			"every one is shown", "0.2449-Gaussian",
		},
		"means-of": {"gives the sum of what people's events amounted to in EUR", "a release of measure segment-sizes counts", "at most 2 rows", "less 100 EUR"},
		"keys": {
			"lists items that people had, without numbers,", "with at most 5 items", "with fewer than 3 never, with 52 or more at least half the time",
			"nothing else is shown of them", "but for a probability of at most 1e-07.",
		},
		"histogram": {
			"counts people by the number of items that are kept of them for measure segment-items, in bins that are named by their lower ends, as of the end of 2026-11-23",
			"One person is in one bin.", "discrete Laplace noise of scale 5.113 (standard deviation 7.22)",
			"The release alone is 0.1956-differentially private with respect to", "its account counts that as a loss of 0.2449 in Gaussian differential privacy.",
		},
		"groups": {"in each listed group by age-band and for each listed campaign", "whom the campaign reached and those whom it missed", "at most 2 campaigns, in one part of each"},
		"category-items": {
			"in each listed category and of those who did something in it or below it, events of each item", "at most 8 cells, with at most 6 in each",
			"from its last event on, weighs half as much for every 14 days", "scaled down to a length of 8 where", "in steps of 1/1024 of an event",
		},
		"item-pairs": {"for each pair of listed items", "at most 10 cells, with at most 1 in each", "scaled down to a length of 2", "in steps of 1/1024 of a person"},
		"table":      {"counts events of each partition of what a batch job handed in as of the end of 2026-11-23", "at most 2 cells, with at most 3 in each"},
		"table-amounts": {
			"adds up, for each partition of what a batch job handed in, amounts in EUR as of the end", "at most 2 rows, with an amount from -10 to 200 EUR in each",
			"A sum is in steps of 0.004 EUR.",
		},
		"item-totals": {"counts people of each item within", "if at least 2 people are in it and its noisy number of people is at least 73", "which fewer than 2 people would be in without that person"},
		"quantiles": {
			"gives quantiles of what people's events amounted to in EUR (only in category retail.books or below it) in each segment within the 28 days", "at most 3 rows, with an amount from -10 to 200 EUR in each",
			"in steps of 0.004 EUR.", "The values come from github.com/google/differential-privacy/go/v3 v3.0.0, mechanism google-bounded-quantiles,",
			"and the proof that it does what is said of it, are those of that library", "no interval is claimed", "The release alone is 0.1956-differentially private",
		},
		"variance": {"gives the variance of people's numbers of events, of everybody together, within", "at most 1 row, with a number from 0 to 20 events in each", "mechanism google-bounded-variance,"},
		"events":   {"counts events, of everybody together, within the 28 days", "at most 1 cell, with at most 3 in each"},
	}
	for _, name := range names {
		got := of[name].Statement()
		if len(said[name]) == 0 {
			t.Errorf("%s: nothing is asked of its statement", name)
		}
		for _, want := range said[name] {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is not in\n%s", name, want, got)
			}
		}
		if strings.Contains(got, "  ") || strings.Contains(got, "..") || strings.Contains(got, "%!") {
			t.Errorf("%s: not well said:\n%s", name, got)
		}
	}
	// Whatever kind and row: nothing is left unsaid.
	h := of["events"].Header()
	for _, kind := range []string{"people", "events", "sums", "means", "histogram"} {
		for _, by := range []string{"", "segments", "categories"} {
			for _, quantity := range []string{"segments", "items m", "categories", "events", "amounts EUR"} {
				h.Kind, h.By, h.Of = kind, by, quantity
				if kind != "histogram" {
					h.Of = ""
				}
				if got := proof.NewRelease(h, nil, nil).Statement(); strings.Contains(got, "  ") || strings.Contains(got, " .") || strings.Contains(got, ",,") {
					t.Error(got)
				}
			}
		}
	}
}

// TestStatementJSONOfKinds holds the machine-readable form.
func TestStatementJSONOfKinds(t *testing.T) {
	names, of := goldens(t)
	var got []byte
	for _, file := range []string{"statement-1.jsonl", "statement-1-table.jsonl"} {
		golden := filepath.Join("testdata", file)
		var lines []byte
		for _, name := range names {
			if strings.HasPrefix(name, "table") != (file == "statement-1-table.jsonl") {
				continue
			}
			line, err := of[name].StatementJSON()
			if err != nil {
				t.Fatal(err)
			}
			lines = append(append(lines, line...), '\n')
		}
		if _, err := os.Stat(golden); *update && err != nil {
			if err := os.WriteFile(golden, lines, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || !bytes.Equal(lines, want) {
			t.Errorf("%v; got\n%s", err, lines)
		}
		got = append(got, lines...)
	}
	// Every number of the header that a reader of numbers needs is there.
	for _, field := range []string{
		`"about":"segment-sizes"`, `"category":"retail.books"`, `"unit":"EUR","step":4,"per":1000`, `"half_life_days":14`, `"less":23750`, `"drawn_by":"github.com/google/differential-privacy/go/v3 v3.0.0"`, `"what":"quantiles"`, `"interval":{"margin":0,"level":0}`,
		`"low":-2500,"high":50000`, `"l2":8192`, `"count_sigma":12.2`, `"count_std_dev":12.2`, `"count_margin":24`, `"min_people":3,"even_chance_at":52`, `"epsilon":0.195`,
		`"what":"amounts"`, `"what":"items"`, `"of":"groups x campaigns x parts"`, `"of":"pairs of items"`, `"of":"everybody"`, `"of":"categories x items"`, `"of":"bins"`,
	} {
		if !bytes.Contains(got, []byte(field)) {
			t.Errorf("%s is nowhere", field)
		}
	}
}

// TestTablesOfKinds holds the columns, and the amounts in their unit.
func TestTablesOfKinds(t *testing.T) {
	_, of := goldens(t)
	for name, want := range map[string]string{
		"means": "" +
			"segment  part      value       low      high         EUR\n" +
			"travel   sum       65852   -358495    490199     263.408\n" +
			"cooking  count       803       779       827\n" +
			"travel   count       -11       -35        13\n" +
			"cooking  sum    -8120000  -8544347  -7695653  -32480.000\n",
		"keys": "" +
			"item\n" +
			"knife \"chef\" <20 cm>\n" +
			"pan\n",
		"histogram": "" +
			"part  value  low  high\n" +
			"1       503  488   518\n" +
			"2        77   62    92\n" +
			"0        12   -3    27\n" +
			"10       -3  -18    12\n",
		"item-pairs": "" +
			"item  with  value     low   high  people\n" +
			"lid   pan   74100   57713  90487  72.363\n" +
			"pan   wok   -2741  -19128  13646  -2.677\n",
		"quantiles": "" +
			"segment  part      value    low   high      EUR\n" +
			"travel   0.999999  49000  -2500  50000  196.000\n" +
			"cooking  0.5        9121  -2500  50000   36.484\n" +
			"cooking  0.25        803  -2500  50000    3.212\n" +
			"cooking  0         -2500  -2500  50000  -10.000\n",
		"variance": "" +
			"part      value  low  high\n" +
			"variance     61    0   100\n",
		"events": "" +
			"value   low  high\n" +
			" 1201  1176  1226\n",
		"groups": "" +
			"group  item    part         value  low  high\n" +
			"old    spring  missed-no      210  199   221\n" +
			"old    spring  reached-no      90   79   101\n" +
			"old    spring  missed-yes      40   29    51\n" +
			"old    spring  reached-yes     33   22    44\n",
	} {
		if got := text(t, func(b *bytes.Buffer) error { return of[name].Table(b, 0) }); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestCSVOfKinds(t *testing.T) {
	names, of := goldens(t)
	columns := map[string]string{
		"means": "segment,part,value,low,high,amount", "means-of": "segment,part,value,low,high,amount", "keys": "item", "histogram": "part,value,low,high",
		"groups": "group,item,part,value,low,high", "category-items": "category,item,value,low,high,amount", "item-pairs": "item,with,value,low,high,amount",
		"item-totals": "item,value,low,high", "events": "value,low,high", "quantiles": "segment,part,value,low,high,amount", "variance": "part,value,low,high",
		"table": "item,value,low,high", "table-amounts": "item,value,low,high,amount",
	}
	for _, name := range names {
		r := of[name]
		rows, err := csv.NewReader(strings.NewReader(text(t, func(b *bytes.Buffer) error { return r.CSV(b) }))).ReadAll()
		if err != nil || len(rows) != r.Len()+1 {
			t.Fatal(name, rows, err)
		}
		if got := strings.Join(rows[0], ","); got != columns[name] {
			t.Errorf("%s: columns are %s", name, got)
		}
	}
	got := text(t, func(b *bytes.Buffer) error { return of["means"].CSV(b) })
	for _, want := range []string{"cooking,count,803,779,827,\n", "cooking,sum,-8120000,-8544347,-7695653,-32480\n", "travel,sum,65852,-358495,490199,263.408\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}
