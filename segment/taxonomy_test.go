package segment_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/segment"
)

const head = "id\tparent_id\tname\tpath\tdepth\tflag\n"

func TestReadTSVRefuses(t *testing.T) {
	deep := head + "n0\t\tn\t\t\t\n"
	for i := 1; i < 33; i++ {
		deep += item(i) + "\t" + map[bool]string{true: "n0", false: item(i - 1)}[i == 1] + "\tn\t\t\t\n"
	}
	for name, c := range map[string]struct {
		text string
		row  string
		want error
	}{
		"empty":              {"", "row 1", segment.ErrHeader},
		"no header":          {"1\t\tSports\tSports\t1\t\n", "row 1", segment.ErrHeader},
		"no flag column":     {"id\tparent_id\tname\n1\t\tSports\n", "row 1", segment.ErrHeader},
		"double column":      {"id\tid\tparent_id\tname\tflag\n", "row 1", segment.ErrHeader},
		"unknown column":     {"id\tparent_id\tname\tflag\tnote\n", "row 1", segment.ErrHeader},
		"header only":        {head, "row 1", segment.ErrLarge},
		"few fields":         {head + "1\t\tSports\n", "row 2", segment.ErrFields},
		"many fields":        {head + "1\t\tSports\t\t\t\t\n", "row 2", segment.ErrFields},
		"no id":              {head + "\t\tSports\t\t\t\n", "row 2", segment.ErrNode},
		"no name":            {head + "1\t\t\t\t\t\n", "row 2", segment.ErrNode},
		"long id":            {head + strings.Repeat("1", 65) + "\t\tn\t\t\t\n", "row 2", segment.ErrNode},
		"long name":          {head + "1\t\t" + strings.Repeat("n", 201) + "\t\t\t\n", "row 2", segment.ErrNode},
		"no UTF-8":           {head + "1\t\t\xff\t\t\t\n", "row 2", segment.ErrNode},
		"control":            {head + "1\t\ta\x00b\t\t\t\n", "row 2", segment.ErrNode},
		"long line":          {head + "1\t\tn\t" + strings.Repeat("p", 5000) + "\t\t\n", "row 2", segment.ErrLarge},
		"duplicate":          {head + "1\t\ta\t\t\t\n2\t\tb\t\t\t\n1\t\tc\t\t\t\n", "row 4", segment.ErrDuplicate},
		"self":               {head + "1\t\ta\t\t\t\n2\t2\tb\t\t\t\n", "row 3", segment.ErrSelfParent},
		"orphan":             {head + "1\t\ta\t\t\t\n2\t3\tb\t\t\t\n", "row 3", segment.ErrOrphan},
		"cycle of two":       {head + "1\t\ta\t\t\t\n2\t3\tb\t\t\t\n3\t2\tc\t\t\t\n", "row 3", segment.ErrCycle},
		"below a cycle":      {head + "1\t2\ta\t\t\t\n2\t3\tb\t\t\t\n3\t4\tc\t\t\t\n4\t2\td\t\t\t\n", "row 3", segment.ErrCycle},
		"deep":               {deep, "row 34", segment.ErrDeep},
		"blank lines number": {head + "\n\n1\t9\ta\t\t\t\n", "row 4", segment.ErrOrphan},
	} {
		_, err := segment.ReadTSV(strings.NewReader(c.text))
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.row+":") {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := errors.New("disk")
	if _, err := segment.ReadTSV(io.MultiReader(strings.NewReader(head), failing{broken})); !errors.Is(err, broken) {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestReadTSV(t *testing.T) {
	// A parent after its child, other order of columns, CRLF, byte order mark, a
	// note in the flag column, marks in both spellings.
	tax, err := segment.ReadTSV(strings.NewReader("\ufeffflag\tname\tid\tparent_id\r\n" +
		"\tRunning\t2\t1\r\n" +
		"see the extension\tSports\t1\t\r\n" +
		"\r\n" +
		"\tCondition\t12\t11\r\n" +
		" scd \tIllness\t11\t10\r\n" +
		"\tBody\t10\t\r\n" +
		"Sensitive\tBelief\tKX7\t"))
	if err != nil {
		t.Fatal(err)
	}
	if tax.Len() != 6 || !slices.Equal(tax.IDs(), []string{"2", "1", "12", "11", "10", "KX7"}) {
		t.Fatal(tax.IDs())
	}
	for id, sensitive := range map[string]bool{"1": false, "2": false, "10": false, "11": true, "12": true, "KX7": true, "unknown": true} {
		if tax.Sensitive(id) != sensitive || tax.Known(id) != (id != "unknown") {
			t.Errorf("%s: sensitive %v, known %v", id, tax.Sensitive(id), tax.Known(id))
		}
	}
	if tax.Path("12") != "Body > Illness > Condition" || tax.Name("2") != "Running" || tax.Path("x") != "" || tax.Name("x") != "" {
		t.Error(tax.Path("12"))
	}
	if !slices.Equal(tax.Ancestors("12"), []string{"10", "11"}) || tax.Ancestors("1") != nil || tax.Ancestors("x") != nil {
		t.Error(tax.Ancestors("12"))
	}
	if p, ok := tax.Parent("2"); p != "1" || !ok {
		t.Error(p)
	}
	if _, ok := tax.Parent("1"); ok {
		t.Error("a root has a parent")
	}
	for _, c := range []struct {
		root, id string
		want     bool
	}{{"1", "2", true}, {"1", "1", true}, {"2", "1", false}, {"10", "12", true}, {"1", "12", false}, {"x", "1", false}, {"1", "x", false}} {
		if tax.Contains(c.root, c.id) != c.want {
			t.Error(c)
		}
	}
}

func TestMark(t *testing.T) {
	tax := segment.Small()
	marked, err := tax.Mark("sports")
	if err != nil || !marked.Sensitive("sports.running") || !marked.Sensitive("health") || marked.Sensitive("books") {
		t.Fatal(err)
	}
	if tax.Sensitive("sports.running") {
		t.Error("the taxonomy itself was changed")
	}
	if _, err := tax.Mark("sports", "nowhere"); !errors.Is(err, segment.ErrUnknown) {
		t.Error(err)
	}
}

func TestSmall(t *testing.T) {
	tax := segment.Small()
	sensitive := 0
	for _, id := range tax.IDs() {
		if parent, ok := tax.Parent(id); ok != strings.Contains(id, ".") || ok && !strings.HasPrefix(id, parent+".") {
			t.Errorf("%s is not a dotted path", id)
		}
		if tax.Sensitive(id) {
			sensitive++
		}
	}
	if tax.Len() < 60 || sensitive < 10 {
		t.Error(tax.Len(), sensitive)
	}
	for _, id := range []string{"health.pregnancy", "beliefs", "politics.unions", "intimacy.dating", "origin", "justice"} {
		if !tax.Known(id) || !tax.Sensitive(id) {
			t.Errorf("%s is not blocked", id)
		}
	}
}

// Contains agrees with the walk up, on every pair.
func TestContainsAgreesWithAncestors(t *testing.T) {
	tax := segment.Small()
	for _, a := range tax.IDs() {
		for _, b := range tax.IDs() {
			if want := a == b || slices.Contains(tax.Ancestors(b), a); tax.Contains(a, b) != want {
				t.Fatal(a, b)
			}
		}
	}
}

func FuzzReadTSV(f *testing.F) {
	f.Add(head + "1\t\tSports\tSports\t1\t\n2\t1\tRunning\tSports > Running\t2\tSCD\n")
	f.Add("\ufeffflag\tname\tid\tparent_id\r\n\tRunning\t2\t1\r\n\tSports\t1\t\r\n")
	f.Add(head + "1\t2\ta\t\t\t\n2\t3\tb\t\t\t\n3\t4\tc\t\t\t\n4\t2\td\t\t\t\n")
	f.Add(head + "1\t1\ta\t\t\t\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		tax, err := segment.ReadTSV(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, id := range tax.IDs() {
			if up := tax.Ancestors(id); len(up) > 0 && (!tax.Contains(up[0], id) || tax.Sensitive(up[0]) && !tax.Sensitive(id)) || tax.Path(id) == "" {
				t.Fatal("inconsistent")
			}
		}
	})
}
