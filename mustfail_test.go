package discreet_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A checker type-checks single files against the compiled packages of this
// module, in this process.
type checker struct {
	fset     *token.FileSet
	importer types.Importer
}

// newChecker asks the go command once for the compiled form of the imports of
// files.
func newChecker(t *testing.T, fset *token.FileSet, files []*ast.File) checker {
	t.Helper()
	var imports []string
	for _, f := range files {
		for _, spec := range f.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(p, "/internal/") {
				t.Fatalf("%s: a user of the module cannot import internal packages, so it shows nothing", fset.Position(spec.Pos()).Filename)
			}
			imports = append(imports, p)
		}
	}
	slices.Sort(imports)
	args := append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}}={{.Export}}"}, slices.Compact(imports)...)
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list -export: %v\n%s", err, stderr.Bytes())
	}
	compiled := map[string]string{}
	for line := range strings.Lines(string(out)) {
		p, file, _ := strings.Cut(strings.TrimSpace(line), "=")
		compiled[p] = file
	}
	lookup := func(p string) (io.ReadCloser, error) { return os.Open(compiled[p]) }
	return checker{fset, importer.ForCompiler(fset, "gc", lookup)}
}

// errors returns what the type-checker says to the file, as line -> text.
func (c checker) errors(f *ast.File) map[int]string {
	found := map[int]string{}
	cfg := types.Config{Importer: c.importer, Error: func(err error) {
		te := err.(types.Error)
		line := c.fset.Position(te.Pos).Line
		found[line] = strings.TrimPrefix(found[line]+"; "+te.Msg, "; ")
	}}
	cfg.Check(f.Name.Name, c.fset, []*ast.File{f}, nil)
	return found
}

// wants returns the texts of the file's "// want:" comments by line.
func wants(fset *token.FileSet, f *ast.File) map[int]string {
	out := map[int]string{}
	for _, group := range f.Comments {
		for _, c := range group.List {
			if text, ok := strings.CutPrefix(c.Text, "// want: "); ok {
				out[fset.Position(c.Pos()).Line] = text
			}
		}
	}
	return out
}

// compare returns what is wrong: the lines that want an error must get it, and
// no other line may have one.
func compare(want, got map[int]string) (bad []string) {
	if len(want) == 0 {
		bad = append(bad, "wants nothing")
	}
	for line, text := range want {
		if !strings.Contains(got[line], text) {
			bad = append(bad, fmt.Sprintf("line %d: got %q, want %q", line, got[line], text))
		}
	}
	for line, text := range got {
		if want[line] == "" {
			bad = append(bad, fmt.Sprintf("line %d: unwanted %q", line, text))
		}
	}
	return bad
}

// TestMustFail holds that what the types forbid does not compile: each file of
// testdata/mustfail, written as a user of the module would, fails where it
// says, for the reason that it says, and nowhere else.
func TestMustFail(t *testing.T) {
	names, err := filepath.Glob("testdata/mustfail/*.go")
	if err != nil || len(names) == 0 {
		t.Fatal("testdata/mustfail is empty")
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	c := newChecker(t, fset, files)
	for i, f := range files {
		t.Run(filepath.Base(names[i]), func(t *testing.T) {
			for _, bad := range compare(wants(fset, f), c.errors(f)) {
				t.Error(bad)
			}
		})
	}
}

// TestMustFailNotices shows that the harness sees a file that compiles, one
// that fails for another reason, and one that wants nothing.
func TestMustFailNotices(t *testing.T) {
	const head = "package p\n\nimport \"" + "github.com/discreet-go/discreet/pseudonym\"\n\n"
	for _, c := range []struct{ name, body, want string }{
		{"compiles", "var _ pseudonym.ID // want: cannot", `got ""`},
		{"fails elsewhere", "var _ pseudonym.ID = 1 // want: undefined", "got \"cannot use"},
		{"fails twice", "var _ pseudonym.ID = 1 // want: cannot use\nvar _ = nothing", "unwanted"},
		{"wants nothing", "var _ pseudonym.ID", "wants nothing"},
	} {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, "p.go", head+c.body, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		checker := newChecker(t, fset, []*ast.File{f})
		if bad := strings.Join(compare(wants(fset, f), checker.errors(f)), "\n"); !strings.Contains(bad, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, bad, c.want)
		}
	}
}
