package segment_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/segment"
	"pgregory.net/rapid"
)

func repair(t failer, text string) (*segment.Taxonomy, segment.Report) {
	t.Helper()
	tax, report, err := segment.ReadTaxonomy(strings.NewReader(text), segment.TaxonomyOptions{Repair: true})
	if err != nil {
		t.Fatal(err)
	}
	return tax, report
}

// What repair does with each kind of row: where the node goes, and that what it
// might have lain below is assumed.
func TestRepair(t *testing.T) {
	const (
		dup, self, orphan, cycle = segment.KindDuplicate, segment.KindSelfParent, segment.KindOrphan, segment.KindCycle
	)
	for name, c := range map[string]struct {
		rows      string // "id parent name flag", one after the other, - for empty
		repairs   []segment.Repair
		paths     map[string]string
		sensitive []string
	}{
		"clean":            {"1 - a - 2 1 b sensitive 3 - c -", nil, map[string]string{"2": "a > b"}, []string{"2"}},
		"self":             {"1 - a - 2 2 b - 3 2 c - 4 1 d -", []segment.Repair{{3, self}}, map[string]string{"2": "b", "3": "b > c"}, []string{"2", "3"}},
		"orphan":           {"1 - a - 2 9 b - 3 2 c -", []segment.Repair{{3, orphan}}, map[string]string{"3": "b > c"}, []string{"2", "3"}},
		"cycle":            {"1 3 a - 2 1 b - 3 2 c - 4 3 d - 5 - e -", []segment.Repair{{2, cycle}}, map[string]string{"4": "a > b > c > d"}, []string{"1", "2", "3", "4"}},
		"cycle from below": {"4 3 d - 3 2 c - 2 3 b - 5 - e -", []segment.Repair{{3, cycle}}, map[string]string{"2": "c > b", "4": "c > d"}, []string{"2", "3", "4"}},
		"two cycles":       {"1 2 a - 2 1 b - 3 4 c - 4 3 d -", []segment.Repair{{2, cycle}, {4, cycle}}, map[string]string{"2": "a > b", "4": "c > d"}, []string{"1", "2", "3", "4"}},
		"duplicate":        {"1 - a - 2 - b - 3 2 c - 1 2 x -", []segment.Repair{{5, dup}}, map[string]string{"1": "a", "3": "b > c"}, nil},
		"flagged again":    {"1 - a - 2 1 b - 1 - x sensitive", []segment.Repair{{4, dup}}, map[string]string{"2": "a > b"}, []string{"1", "2"}},
		"once below a sensitive one": {"1 - a - 2 1 b - 3 - c sensitive 4 3 d - 1 4 x -", []segment.Repair{{6, dup}},
			map[string]string{"2": "a > b"}, []string{"1", "2", "3", "4"}},
		"again an orphan":  {"1 - a - 1 9 x -", []segment.Repair{{3, dup}}, map[string]string{"1": "a"}, []string{"1"}},
		"again its own":    {"1 - a - 1 1 x -", []segment.Repair{{3, dup}}, map[string]string{"1": "a"}, []string{"1"}},
		"all of them":      {"1 1 a - 2 9 b - 3 4 c - 4 3 d - 1 - x - 5 - e -", []segment.Repair{{2, self}, {3, orphan}, {4, cycle}, {6, dup}}, nil, []string{"1", "2", "3", "4"}},
		"readings in ring": {"1 - a - 2 - b - 1 2 x - 2 1 y -", []segment.Repair{{4, dup}, {5, dup}}, nil, nil},
	} {
		text := head
		fields := strings.Fields(c.rows)
		for i := 0; i < len(fields); i += 4 {
			r := strings.Split(strings.ReplaceAll(strings.Join(fields[i:i+4], "\t"), "-", ""), "\t")
			text += r[0] + "\t" + r[1] + "\t" + r[2] + "\t\t\t" + r[3] + "\n"
		}
		tax, report := repair(t, text)
		if !slices.Equal(report.Repairs, c.repairs) || report.Rows != len(fields)/4 {
			t.Errorf("%s: %+v", name, report)
		}
		for id, path := range c.paths {
			if tax.Path(id) != path {
				t.Errorf("%s: %s: %q", name, id, tax.Path(id))
			}
		}
		for _, id := range tax.IDs() {
			if tax.Sensitive(id) != slices.Contains(c.sensitive, id) {
				t.Errorf("%s: %s: sensitive %v", name, id, tax.Sensitive(id))
			}
		}
		consistent(t, tax)

		// Without the option, the first of these rows is refused, and all are told.
		_, strict, err := segment.ReadTaxonomy(strings.NewReader(text), segment.TaxonomyOptions{})
		if len(c.repairs) == 0 && err != nil || len(c.repairs) > 0 && (err == nil || !strings.Contains(err.Error(), fmt.Sprintf("row %d:", c.repairs[0].Row))) {
			t.Errorf("%s: %v", name, err)
		}
		if !slices.Equal(strict.Repairs, c.repairs) {
			t.Errorf("%s: strict: %+v", name, strict)
		}
	}
}

// A mark that comes later reaches what a repaired or contradictory row might lie
// below.
func TestMarkReachesOtherPlaces(t *testing.T) {
	tax, _ := repair(t, head+"1\t\ta\t\t\t\n2\t\tb\t\t\t\n3\t2\tc\t\t\t\n1\t3\tx\t\t\t\n4\t1\td\t\t\t\n")
	if tax.Sensitive("1") || tax.Sensitive("4") {
		t.Fatal("sensitive before anything is")
	}
	marked, err := tax.Mark("2")
	if err != nil || !marked.Sensitive("1") || !marked.Sensitive("4") || tax.Sensitive("1") {
		t.Error(err)
	}
	iab, report, err := segment.ReadIAB(strings.NewReader(iabHead+
		"1\t\tFinance\tFinance\t\t\n2\t1\tCars\tFinance\tCars\t\n3\t\tBody\tBody\t\t\n4\t2\tCover\tBody\tCover\t\n5\t4\tBasic\tFinance\tCars\tCover\n"), segment.TaxonomyOptions{})
	if err != nil || !slices.Equal(report.OtherPaths, []int{5, 6}) || iab.Path("4") != "Finance > Cars > Cover" {
		t.Fatal(err, report)
	}
	if marked, err = iab.Mark("3"); err != nil || !marked.Sensitive("4") || !marked.Sensitive("5") || marked.Sensitive("2") {
		t.Error("what the tiers put below a marked node is not sensitive", err)
	}
}

// row of a forest that is drawn; parents and ids may be anything.
type drawn struct {
	id, parent string
	flag       bool
}

func forest(t *rapid.T, broken bool) []drawn {
	n := rapid.IntRange(1, 24).Draw(t, "n")
	rows := make([]drawn, n)
	for i := range rows {
		rows[i].id = item(i)
		if i > 0 && rapid.IntRange(0, 4).Draw(t, "child") > 0 {
			rows[i].parent = item(rapid.IntRange(0, i-1).Draw(t, "parent"))
		}
		rows[i].flag = rapid.IntRange(0, 9).Draw(t, "flag") == 0
	}
	if broken {
		for range rapid.IntRange(1, 5).Draw(t, "faults") {
			r := &rows[rapid.IntRange(0, n-1).Draw(t, "row")]
			switch rapid.IntRange(0, 2).Draw(t, "fault") {
			case 0:
				r.parent = item(rapid.IntRange(0, n+2).Draw(t, "any parent"))
			case 1:
				r.parent = r.id
			case 2:
				r.id = item(rapid.IntRange(0, n-1).Draw(t, "any id"))
			}
		}
	}
	return rapid.Permutation(rows).Draw(t, "order")
}

func tsv(rows []drawn) string {
	var b strings.Builder
	b.WriteString(head)
	for _, r := range rows {
		fmt.Fprintf(&b, "%s\t%s\tn\t\t\t%s\n", r.id, r.parent, map[bool]string{true: "SCD"}[r.flag])
	}
	return b.String()
}

// A repaired forest is a forest whose every row is reachable and whose
// sensitivity grows downward. No node is less sensitive than along any way up
// that any of its rows names, however the file was broken, and a way up that
// does not end at a root makes it sensitive.
func TestRepairedForest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := forest(t, true)
		tax, report := repair(t, tsv(rows))
		consistent(t, tax)
		if report.Rows != len(rows) {
			t.Fatal(report)
		}
		of := map[string][]drawn{}
		for _, r := range rows {
			of[r.id] = append(of[r.id], r)
		}
		var tells func(id string, way []string) bool
		tells = func(id string, way []string) bool {
			if len(of[id]) == 0 {
				return true // an orphan's
			}
			if at := slices.Index(way, id); at >= 0 {
				// A ring. Through first rows alone nobody knows where it hangs.
				for _, x := range way[at:] {
					if !slices.Contains(append(way[at:], id), of[x][0].parent) {
						return false
					}
				}
				return true
			}
			for _, r := range of[id] {
				if r.flag || r.parent != "" && tells(r.parent, append(slices.Clone(way), id)) {
					return true
				}
			}
			return false
		}
		for _, id := range tax.IDs() {
			if tells(id, nil) && !tax.Sensitive(id) {
				t.Fatalf("%s is less sensitive than its rows\n%s", id, tsv(rows))
			}
		}
		for _, r := range rows {
			if !tax.Known(r.id) {
				t.Fatal("a row was lost")
			}
		}
	})
}

// Repair changes nothing about a file that needs none.
func TestRepairOfACleanFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := tsv(forest(t, false))
		mended, report := repair(t, text)
		strict, err := segment.ReadTSV(strings.NewReader(text))
		if err != nil || len(report.Repairs) > 0 || len(report.OtherPaths) > 0 || !slices.Equal(mended.IDs(), strict.IDs()) {
			t.Fatal(err, report)
		}
		for _, id := range strict.IDs() {
			if mended.Sensitive(id) != strict.Sensitive(id) || !slices.Equal(mended.Ancestors(id), strict.Ancestors(id)) {
				t.Fatal(id)
			}
		}
	})
}

func TestRollUp(t *testing.T) {
	tax, err := segment.ReadTSV(strings.NewReader(head + "1\t\ta\t\t\t\n2\t1\tb\t\t\t\n3\t2\tc\t\t\t\n4\t2\td\t\t\tSCD\n"))
	if err != nil {
		t.Fatal(err)
	}
	if tax, err = tax.WithAliases(map[string]string{"three": "3", "four": "4"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		id    string
		depth int
		want  string
	}{
		{"3", 1, "1"}, {"3", 2, "2"}, {"3", 3, "3"}, {"3", 9, "3"}, {"1", 1, "1"}, {"1", 2, "1"}, {"three", 2, "2"}, {"three", 3, "3"},
		{"3", 0, ""}, {"3", -1, ""}, {"4", 1, ""}, {"four", 1, ""}, {"9", 1, ""},
	} {
		if got, ok := tax.RollUp(c.id, c.depth); got != c.want || ok != (c.want != "") {
			t.Errorf("%s at %d: %q %v", c.id, c.depth, got, ok)
		}
	}
}

func TestKindsHaveCodes(t *testing.T) {
	seen := map[string]bool{}
	for k := segment.Kind(0); k <= segment.KindCycle+1; k++ {
		text, err := k.MarshalText()
		if valid := k > 0 && k <= segment.KindCycle; err != nil || (string(text) == "none") == valid || valid && seen[string(text)] {
			t.Error(k)
		}
		seen[string(text)] = true
	}
}

func FuzzReadTaxonomy(f *testing.F) {
	f.Add(head+"1\t2\ta\t\t\t\n2\t1\tb\t\t\t\n3\t3\tc\t\t\t\n4\t9\td\t\t\t\n1\t4\te\t\t\tSCD\n", true)
	f.Add(head+"1\t\ta\t\t\t\n", false)
	f.Fuzz(func(t *testing.T, text string, mend bool) {
		tax, report, err := segment.ReadTaxonomy(strings.NewReader(text), segment.TaxonomyOptions{Repair: mend, Tree: segment.TreeContent3})
		if err != nil {
			if !strings.HasPrefix(err.Error(), "segment: ") {
				t.Fatal(err)
			}
			return
		}
		consistent(t, tax)
		if strict, err := segment.ReadTSV(strings.NewReader(text)); (err == nil) != (len(report.Repairs) == 0) && !errors.Is(err, segment.ErrDeep) {
			t.Fatal(strict, report, err)
		}
	})
}
