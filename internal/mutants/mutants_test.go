package mutants_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/internal/mutants"
)

const root = "../.."

var nameForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)

// TestList holds the list to the source: every text to find is there exactly
// once, the mutated copies parse, every mutant has a guard and a case.
func TestList(t *testing.T) {
	list := mutants.List()
	if len(list) < 25 {
		t.Fatalf("%d mutants; at least 25 are wanted", len(list))
	}
	known := cases(t)
	files, err := mutants.Apply(os.DirFS(root), list)
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	for name, text := range files {
		if _, err := parser.ParseFile(token.NewFileSet(), name, text, 0); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		all.Write(text)
	}
	seen := map[string]bool{}
	for _, m := range list {
		if seen[m.Name] || !nameForm.MatchString(m.Name) || m.What == "" {
			t.Errorf("%q: the name is taken or malformed, or it is not said what it is", m.Name)
		}
		seen[m.Name] = true
		if !bytes.Contains(all.Bytes(), []byte(`mutant.On("`+m.Name+`")`)) {
			t.Errorf("%s has no guard", m.Name)
		}
		if len(m.Cases) == 0 {
			t.Errorf("%s names no case that notices it", m.Name)
		}
		for _, c := range m.Cases {
			if !slices.Contains(known, c) {
				t.Errorf("%s names %s, which is no case", m.Name, c)
			}
		}
	}
	for _, on := range regexp.MustCompile(`mutant\.On\("([^"]*)"\)`).FindAllStringSubmatch(all.String(), -1) {
		if !seen[on[1]] {
			t.Errorf("a guard names %s, which is not listed", on[1])
		}
	}
}

// TestEditsMustFit checks that a list that has rotted is refused.
func TestEditsMustFit(t *testing.T) {
	for _, edits := range [][]mutants.Edit{
		{{File: "release.go", Find: "no such text", Replace: "x"}},
		{{File: "release.go", Find: "return", Replace: "x"}},
		{{File: "release.go", Find: "errStop = errors.New", Replace: "x"}, {File: "release.go", Find: "var errStop", Replace: "y"}, {File: "release.go", Find: "errStop = err", Replace: "z"}},
		{{File: "release.go", Find: "", Replace: "x"}},
	} {
		if _, err := mutants.Apply(os.DirFS(root), []mutants.Mutant{{Name: "a-b", Edits: edits}}); err == nil {
			t.Errorf("%v was applied", edits)
		}
	}
}

// cases returns the names in the table of package cases.
func cases(t *testing.T) (names []string) {
	paths, err := filepath.Glob("cases/*_test.go")
	if err != nil || len(paths) == 0 {
		t.Fatal("package cases has no tests")
	}
	for _, p := range paths {
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || len(v.Names) != 1 || v.Names[0].Name != "table" {
				return true
			}
			for _, e := range v.Values[0].(*ast.CompositeLit).Elts {
				name := e.(*ast.CompositeLit).Elts[0].(*ast.BasicLit).Value
				names = append(names, strings.Trim(name, `"`))
			}
			return false
		})
	}
	return names
}
