package segment_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/segment"
)

// published is where the published files lie beside a checkout that has them.
const published = "../../shared/data/taxonomies"

// source returns a published file, or skips the test.
func source(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(published, name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("the published taxonomies are not beside this checkout")
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// edition is a published file and what must be found in it.
type edition struct {
	file               string
	tree               segment.Tree
	rows, roots, depth int
	repairs            []segment.Repair
	otherPaths         int
}

var editions = []edition{
	{"iab/Content Taxonomies/Content Taxonomy 1.0.tsv", segment.TreeContent1, 392, 26, 2, nil, 0},
	{"iab/Content Taxonomies/Content Taxonomy 2.0.tsv", segment.TreeContent2, 1179, 35, 4, nil, 1},
	{"iab/Content Taxonomies/Content Taxonomy 2.1.tsv", segment.TreeContent2, 1179, 35, 4, nil, 1},
	{"iab/Content Taxonomies/Content Taxonomy 2.2.tsv", segment.TreeContent2, 1196, 37, 4, nil, 1},
	{"iab/Content Taxonomies/Content Taxonomy 3.0.tsv", segment.TreeContent3, 703, 37, 4, nil, 0},
	{"iab/Content Taxonomies/Content Taxonomy 3.1.tsv", segment.TreeContent3, 704, 37, 4, nil, 2},
	{"iab/Content Taxonomies/Content Taxonomy 3.0 Descriptive Vectors.tsv", segment.TreeContent3, 47, 7, 4, nil, 4},
	{"iab/Audience Taxonomies/Audience Taxonomy 1.0.tsv", segment.TreeAudience, 1679, 4, 6, []segment.Repair{{1380, segment.KindSelfParent}}, 21},
	{"iab/Audience Taxonomies/Audience Taxonomy 1.1.tsv", segment.TreeAudience, 1558, 3, 6, nil, 17},
	{"iab/Ad Product Taxonomies/Ad Product Taxonomy 1.0.tsv", segment.TreeAdProduct, 863, 34, 7, []segment.Repair{{62, segment.KindDuplicate}}, 8},
	{"iab/Ad Product Taxonomies/Ad Product Taxonomy 1.1.tsv", segment.TreeAdProduct, 864, 34, 7, []segment.Repair{{62, segment.KindDuplicate}}, 8},
	{"iab/Ad Product Taxonomies/Ad Product Taxonomy 2.0.tsv", segment.TreeAdProduct, 583, 46, 3,
		[]segment.Repair{{2, segment.KindSelfParent}, {39, segment.KindSelfParent}}, 5},
	{"topics/taxonomy_v1.md", segment.TreeTopics, 349, 24, 5, nil, 0},
	{"topics/taxonomy_v2.md", segment.TreeTopics, 469, 22, 5, nil, 0},
}

type reader func(io.Reader, segment.TaxonomyOptions) (*segment.Taxonomy, segment.Report, error)

// load reads an edition with repairs.
func (e *edition) load(t testing.TB) (*segment.Taxonomy, segment.Report) {
	t.Helper()
	tax, report, err := e.reader()(bytes.NewReader(source(t, e.file)), segment.TaxonomyOptions{Repair: true})
	if err != nil {
		t.Fatalf("%s: %v", e.file, err)
	}
	return tax, report
}

func (e *edition) reader() reader {
	if e.tree == segment.TreeTopics {
		return segment.ReadTopics
	}
	return segment.ReadIAB
}

// Every published file has the rows, roots and depth that are known of it, and
// its broken rows, and no others, are refused or repaired, and reported.
func TestPublished(t *testing.T) {
	for _, e := range editions {
		tax, report := e.load(t)
		roots, depth := 0, 0
		for _, id := range tax.IDs() {
			d := len(tax.Ancestors(id)) + 1
			depth = max(depth, d)
			if d == 1 {
				roots++
			}
		}
		if report.Tree != e.tree || report.Rows != e.rows || roots != e.roots || depth != e.depth ||
			!slices.Equal(report.Repairs, e.repairs) || len(report.OtherPaths) != e.otherPaths {
			t.Errorf("%s: %+v, %d roots, depth %d", e.file, report, roots, depth)
		}
		if duplicates := len(e.repairs) > 0 && e.repairs[0].Kind == segment.KindDuplicate; tax.Len() != e.rows && !duplicates || tax.Len() != e.rows-1 && duplicates {
			t.Errorf("%s: %d nodes", e.file, tax.Len())
		}
		_, again, err := e.reader()(bytes.NewReader(source(t, e.file)), segment.TaxonomyOptions{})
		switch {
		case len(e.repairs) == 0 && err != nil:
			t.Errorf("%s: %v", e.file, err)
		case len(e.repairs) > 0 && (err == nil || !slices.Equal(again.Repairs, e.repairs)):
			t.Errorf("%s: not refused: %v, %+v", e.file, err, again)
		}
	}
}

// The normalised files say the same as the published ones, and with their tree
// they are as strict.
func TestPublishedEqualsNormalised(t *testing.T) {
	for _, c := range []struct{ file, normalised string }{
		{"iab/Content Taxonomies/Content Taxonomy 2.2.tsv", "normalized/iab_content_2.2.tsv"},
		{"iab/Content Taxonomies/Content Taxonomy 3.1.tsv", "normalized/iab_content_3.1.tsv"},
		{"iab/Audience Taxonomies/Audience Taxonomy 1.1.tsv", "normalized/iab_audience_1.1.tsv"},
		{"topics/taxonomy_v1.md", "normalized/topics_v1.tsv"},
		{"topics/taxonomy_v2.md", "normalized/topics_v2.tsv"},
	} {
		e := editions[slices.IndexFunc(editions, func(e edition) bool { return e.file == c.file })]
		want, _ := e.load(t)
		got, report, err := segment.ReadTaxonomy(bytes.NewReader(source(t, c.normalised)), segment.TaxonomyOptions{Tree: e.tree})
		if err != nil || report.Tree != e.tree || report.Rows != e.rows || len(report.Repairs) > 0 {
			t.Fatalf("%s: %v, %+v", c.normalised, err, report)
		}
		if !slices.Equal(got.IDs(), want.IDs()) {
			t.Fatalf("%s: other ids", c.normalised)
		}
		for _, id := range got.IDs() {
			if got.Path(id) != want.Path(id) || got.Sensitive(id) != want.Sensitive(id) {
				t.Errorf("%s: %s: %q %v, published %q %v", c.normalised, id, got.Path(id), got.Sensitive(id), want.Path(id), want.Sensitive(id))
			}
		}
	}
}

// The known trees in made-up files of the published forms: what is recognised,
// and what of it is marked.
func TestReadIABForms(t *testing.T) {
	for name, c := range map[string]struct {
		text      string
		tree      segment.Tree
		sensitive []string // of the ids that begin with x or are listed
		paths     map[string]string
	}{
		"content 2.2": {"Relational ID System\t\t\tContent Taxonomy v2.1 with Tiered Categories\t\t\t\tExtension\r\nUnique ID\tParent\tName\tTier 1\tTier 2\tTier 3\tTier 4\t\r\n" +
			"x1\t\tOne\tOne\t\t\t\tSCD\r\nx2\tx1\tTwo\tOne\tTwo\t\t\t\r\nKHPC6A\t\tWestern\tWestern\t\t\t\tSCD\r\n\t\t\t\t\t\t\t\r\n286\t\tM\tM\t\t\t\t\r\nx3\t\tThree \tThree \t\t\t\tsee note\r\n",
			segment.TreeContent2, []string{"x1", "x2", "286", "KHPC6A"}, map[string]string{"x2": "One > Two", "x3": "Three"}},
		"content 3.1": {"Relational ID System\t\t\tContent Taxonomy v3.1 Tiered Categories\t\t\t\tExtension\r\nUnique ID\tParent\tName\tTier 1\tTier 2\tTier 3\tTier 4\t\r\n" +
			"KHPC6A\t\tWestern\tWestern\t\t\t\tSCD\r\nx1\t\tFlagged\tFlagged\t\t\t\tSCD\r\n462\t\tJ\tJ\t\t\t\t\r\nx2\t\tHealth\tHealth\t\t\t\t\r\n",
			segment.TreeContent3, []string{"x1", "462"}, nil},
		"content to come": {"Relational ID System\t\t\tContent Taxonomy v3.9 Tiered Categories\t\t\t\tExtension\r\nUnique ID\tParent\tName\tTier 1\tTier 2\tTier 3\tTier 4\t\r\n" +
			"x1\t\tSports\tSports\t\t\t\t\r\nx2\t\tHealth\tHealth\t\t\t\t\r\n",
			segment.TreeContent3, []string{"x2"}, nil},
		"audience": {"\tUnique ID\tParent ID\tCondensed Name (1st, 2nd, Last Tier)\tTier 1\tTier 2\tTier 3\tTier 4\tTier 5\tTier 6\t*Extension Notes\r\n" +
			"\t1\t\tD\tD\t\t\t\t\t\t\r\n\t156\t1\tD | L\tD\tL\t\t\t\t\tsee\r\n\tx3\t156\tD | L | x\tD\tL\tx\t\t\t\t\r\n\tx4\t1\tD | L | y\tD\tL\ty\t\t\t\t\r\n",
			segment.TreeAudience, []string{"156", "x3", "x4"}, map[string]string{"x3": "D > L > x", "x4": "D > y"}},
		"product": {"Unique ID\tParent ID\tName\tTier 1\tTier 2\tTier 3\r\n1\t\tToys\tToys\t\t\r\nx2\t\tDebt Relief\tDebt Relief\t\t\r\nx3\tx2\tLoans\tDebt Relief\tLoans\t\r\n",
			segment.TreeAdProduct, []string{"x2", "x3"}, nil},
		"content 1.0": {"IAB Code\tTier\tIAB Category\r\nIAB17\tTier 1\tSports\r\nIAB17-1\tTier 2\tRowing\r\nIAB23\tTier 1\tR\r\nIAB23-x\tTier 2\tx\r\n",
			segment.TreeContent1, []string{"IAB23", "IAB23-x"}, map[string]string{"IAB17-1": "Sports > Rowing"}},
	} {
		tax, report, err := segment.ReadIAB(strings.NewReader(c.text), segment.TaxonomyOptions{})
		if err != nil || report.Tree != c.tree || report.Rows != tax.Len() {
			t.Errorf("%s: %v, %+v", name, err, report)
			continue
		}
		for _, id := range tax.IDs() {
			if tax.Sensitive(id) != slices.Contains(c.sensitive, id) {
				t.Errorf("%s: %s: sensitive %v", name, id, tax.Sensitive(id))
			}
		}
		for id, path := range c.paths {
			if tax.Path(id) != path {
				t.Errorf("%s: %s: %q", name, id, tax.Path(id))
			}
		}
	}
}

const iabHead = "Unique ID\tParent ID\tName\tTier 1\tTier 2\tTier 3\n"

func TestReadPublishedRefuses(t *testing.T) {
	type refusal struct {
		text string
		row  string
		want error
	}
	strict := segment.TaxonomyOptions{Repair: true} // what no option mends
	for name, c := range map[string]refusal{
		"empty":           {"", "row 1", segment.ErrForm},
		"one line":        {"a\tb\n", "row 1", segment.ErrForm},
		"no header":       {"1\t\tSports\tSports\n2\t\tBooks\tBooks\n", "row 2", segment.ErrForm},
		"header too late": {"a\nb\n" + iabHead, "row 2", segment.ErrForm},
		"other column":    {strings.Replace(iabHead, "Name", "Note", 1) + "1\t\ta\ta\t\t\n", "row 2", segment.ErrForm},
		"double column":   {strings.Replace(iabHead, "Parent ID", "Unique ID", 1) + "1\t\ta\ta\t\t\n", "row 2", segment.ErrForm},
		"strange title":   {"Something\t\t\t\t\t\n" + iabHead, "row 2", segment.ErrForm},
		"header only":     {iabHead, "row 1", segment.ErrLarge},
		"few fields":      {iabHead + "1\t\ta\ta\t\n", "row 2", segment.ErrFields},
		"no id":           {iabHead + "\t\ta\ta\t\t\n", "row 2", segment.ErrNode},
		"no name":         {iabHead + "1\t\t\t\t\t\n", "row 2", segment.ErrNode},
		"control":         {iabHead + "1\t\ta\x01\ta\x01\t\t\n", "row 2", segment.ErrNode},
		"long line":       {iabHead + "1\t\t" + strings.Repeat("a", 5000) + "\ta\t\t\n", "row 2", segment.ErrLarge},
	} {
		_, _, err := segment.ReadIAB(strings.NewReader(c.text), strict)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.row+":") {
			t.Errorf("%s: %v", name, err)
		}
	}
	const topics = "| ID | Topic |\n| --- | --- |\n"
	for name, c := range map[string]refusal{
		"empty":         {"", "row 1", segment.ErrForm},
		"no table":      {"ID Topic\n", "row 1", segment.ErrFields},
		"other header":  {"| ID | Name |\n", "row 1", segment.ErrForm},
		"no rule":       {"| ID | Topic |\n| 1 | /a |\n", "row 2", segment.ErrForm},
		"header only":   {topics, "row 1", segment.ErrLarge},
		"three cells":   {topics + "| 1 | /a | b |\n", "row 3", segment.ErrFields},
		"no path":       {topics + "| 1 | a |\n", "row 3", segment.ErrNode},
		"empty name":    {topics + "| 1 | /a |\n| 2 | /a/ |\n", "row 4", segment.ErrNode},
		"no id":         {topics + "|  | /a |\n", "row 3", segment.ErrNode},
		"text after it": {topics + "| 1 | /a |\nmore\n", "row 4", segment.ErrFields},
		"deep":          {topics + "| 0 | /a |\n" + deepTopics(40), "row 35", segment.ErrDeep},
	} {
		_, _, err := segment.ReadTopics(strings.NewReader(c.text), strict)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.row+":") {
			t.Errorf("topics: %s: %v", name, err)
		}
	}
	if _, _, err := segment.ReadTopics(strings.NewReader(topics+"| 1 | /a |\n| 2 | /b/c |\n"), segment.TaxonomyOptions{}); !errors.Is(err, segment.ErrOrphan) || !strings.Contains(err.Error(), "row 4:") {
		t.Error("an orphan:", err)
	}
	if _, _, err := segment.ReadIAB(strings.NewReader(iabHead+"1\t\ta\ta\t\t\n"), segment.TaxonomyOptions{Tree: segment.TreeAudience}); !errors.Is(err, segment.ErrForm) {
		t.Error("another tree:", err)
	}
	if _, _, err := segment.ReadTaxonomy(strings.NewReader(head+"1\t\ta\t\t\t\n"), segment.TaxonomyOptions{Tree: "iab"}); !errors.Is(err, segment.ErrForm) {
		t.Error("no tree:", err)
	}
}

func deepTopics(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("| " + item(i) + " | /a" + strings.Repeat("/a", i+1) + " |\n")
	}
	return b.String()
}

// Sizes are bounded: nodes, and lines also where they are blank.
func TestReadTaxonomyIsBounded(t *testing.T) {
	big := func(n int) string {
		var b strings.Builder
		b.WriteString("id\tparent_id\tname\tflag\n")
		for i := range n {
			b.WriteString(item(i) + "\t\tn\t\n")
		}
		return b.String()
	}
	if tax, err := segment.ReadTSV(strings.NewReader(big(1 << 16))); err != nil || tax.Len() != 1<<16 {
		t.Error(err)
	}
	if _, err := segment.ReadTSV(strings.NewReader(big(1<<16 + 1))); !errors.Is(err, segment.ErrLarge) {
		t.Error(err)
	}
	if _, err := segment.ReadTSV(strings.NewReader(big(1) + strings.Repeat("\n", 1<<17))); !errors.Is(err, segment.ErrLarge) {
		t.Error(err)
	}
	same := "id\tparent_id\tname\tflag\n" + strings.Repeat("1\t\tn\t\n", 1<<17)
	if _, _, err := segment.ReadTaxonomy(strings.NewReader(same), segment.TaxonomyOptions{Repair: true}); !errors.Is(err, segment.ErrLarge) {
		t.Error(err)
	}
}

// consistent holds what every taxonomy promises, however broken its file was.
func consistent(t failer, tax *segment.Taxonomy) {
	t.Helper()
	for _, id := range tax.IDs() {
		up := tax.Ancestors(id)
		if len(up) > 31 || tax.Path(id) == "" || !tax.Known(id) {
			t.Fatal("a node without place, path or name")
		}
		for _, a := range up {
			if !tax.Contains(a, id) || tax.Contains(id, a) || tax.Sensitive(a) && !tax.Sensitive(id) {
				t.Fatal("above and below disagree")
			}
		}
	}
}

func FuzzReadIAB(f *testing.F) {
	f.Add("Relational ID System\t\t\tContent Taxonomy v2.1 with Tiered Categories\t\t\t\tExtension\r\nUnique ID\tParent\tName\tTier 1\tTier 2\tTier 3\tTier 4\t\r\n1\t\tA\tA\t\t\t\tSCD\r\n2\t1\tB\tA\tB\t\t\t\r\n", true)
	f.Add("\tUnique ID\tParent ID\tCondensed Name (1st)\tTier 1\tTier 2\t*Extension Notes\r\n\t1\t\tD\tD\t\t\r\n\t2\t1\tD | L\tD\tL\t\r\n", false)
	f.Add(iabHead+"1\t1\tA\tA\t\t\n2\t9\tB\tA\tB\t\n1\t2\tC\tA\tB\tC\n", true)
	f.Add("IAB Code\tTier\tIAB Category\r\nIAB1\tTier 1\tA\r\nIAB1-1\tTier 2\tB\r\nIAB2-1\tTier 2\tC\r\n", true)
	f.Fuzz(func(t *testing.T, text string, repair bool) {
		tax, report, err := segment.ReadIAB(strings.NewReader(text), segment.TaxonomyOptions{Repair: repair})
		if err == nil {
			consistent(t, tax)
			if tax.Len() > report.Rows || !repair && len(report.Repairs) > 0 {
				t.Fatal(report)
			}
		}
	})
}

func FuzzReadTopics(f *testing.F) {
	f.Add("| ID  | Topic |\n| --- | ----- |\n| 1   | /Sports |\n| 2   | /Sports/Tennis |\n", true)
	f.Add("| ID | Topic |\n|--|--|\n| 1 | /a/b |\n| 1 | /a |\n", true)
	f.Add("| ID | Topic |\n|--|--|\n| 1 | /a/b |\n| 1 | /a |\n", false)
	f.Fuzz(func(t *testing.T, text string, repair bool) {
		if tax, _, err := segment.ReadTopics(strings.NewReader(text), segment.TaxonomyOptions{Repair: repair}); err == nil {
			consistent(t, tax)
		}
	})
}
