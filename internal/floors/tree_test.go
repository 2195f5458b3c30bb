// Package floors_test holds the rules of the house that a compiler does not:
// which package may import which, what the core never does, how files are
// kept. It reads the source in-process, so that a cached test result is never
// older than the files it speaks of.
package floors_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/discreet-go/discreet"

// A tree is the parsed source of a repository.
type tree struct {
	fset    *token.FileSet
	core    []*pkg   // packages of the root module, sorted by directory
	nested  []*pkg   // packages of nested modules
	modules []string // directories of go.mod files
	text    map[string]string
}

// A pkg is one directory with Go files.
type pkg struct {
	dir   string // relative to the root; "." is the root package
	files []*file
}

// A file is one Go file.
type file struct {
	path  string
	dir   string
	test  bool
	lines int
	ast   *ast.File
}

// load parses every Go file below the root of fsys, also those of nested
// modules, but nothing under testdata and hidden folders.
func load(fsys fs.FS) (*tree, error) {
	t := &tree{fset: token.NewFileSet(), text: map[string]string{}}
	dirs := map[string]*pkg{}
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		switch base := path.Base(p); {
		case err != nil:
			return err
		case d.IsDir() && p != "." && (base[0] == '.' || base[0] == '_' || base == "testdata"):
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		keep := path.Ext(p) == ".go" || path.Ext(p) == ".md" ||
			slices.Contains([]string{"go.mod", "go.sum", "LICENSE", "THIRD_PARTY_NOTICES"}, path.Base(p))
		if !keep {
			return nil
		}
		src, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		if path.Base(p) == "go.mod" {
			t.modules = append(t.modules, path.Dir(p))
		}
		if path.Ext(p) != ".go" {
			t.text[p] = string(src)
			return nil
		}
		f, err := parser.ParseFile(t.fset, p, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(p)
		if dirs[dir] == nil {
			dirs[dir] = &pkg{dir: dir}
		}
		dirs[dir].files = append(dirs[dir].files, &file{
			path: p, dir: dir, ast: f,
			test:  strings.HasSuffix(p, "_test.go"),
			lines: bytes.Count(src, []byte{'\n'}),
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, p := range dirs {
		if t.inNested(p.dir) {
			t.nested = append(t.nested, p)
		} else {
			t.core = append(t.core, p)
		}
	}
	byDir := func(a, b *pkg) int { return strings.Compare(a.dir, b.dir) }
	slices.SortFunc(t.core, byDir)
	slices.SortFunc(t.nested, byDir)
	slices.Sort(t.modules)
	return t, nil
}

// inNested reports whether dir belongs to a module other than the root's.
func (t *tree) inNested(dir string) bool {
	for _, m := range t.modules {
		if m != "." && (dir == m || strings.HasPrefix(dir, m+"/")) {
			return true
		}
	}
	return false
}

// house loads the repository this test stands in.
func house(t *testing.T) *tree {
	t.Helper()
	h, err := load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	if len(h.core) == 0 || len(h.modules) == 0 || h.modules[0] != "." {
		t.Fatal("the test does not stand in the repository")
	}
	return h
}

// isTestHelper reports whether dir is X/Xtest, discreettest beside the root, or
// the conformance suite of stores.
func isTestHelper(dir string) bool {
	if dir == "discreettest" || dir == "discreettest/storetest" {
		return true
	}
	return path.Dir(dir) != "." && path.Base(dir) == path.Base(path.Dir(dir))+"test"
}

func isExample(dir string) bool  { return strings.HasPrefix(dir, "examples/") }
func isInternal(dir string) bool { return strings.HasPrefix(dir, "internal/") }

// public reports whether others can import the package of the root module.
func (p *pkg) public() bool {
	return !isInternal(p.dir) && !strings.Contains(p.dir, "/internal/") && !isExample(p.dir)
}

// code returns the files that are not tests.
func (p *pkg) code() []*file {
	return slices.DeleteFunc(slices.Clone(p.files), func(f *file) bool { return f.test })
}

// name returns the name of the package.
func (p *pkg) name() string {
	return strings.TrimSuffix(p.files[0].ast.Name.Name, "_test")
}

// imports returns the import paths of the file by local name.
func (f *file) imports() map[string]string {
	out := map[string]string{}
	for _, spec := range f.ast.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := path.Base(p)
		if strings.HasPrefix(name, "v") && strings.Trim(name[1:], "0123456789") == "" {
			name = path.Base(path.Dir(p)) // math/rand/v2
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if name == "_" || name == "." {
			name += p // several may have it
		}
		out[name] = p
	}
	return out
}

// local returns the directory of an import path of the root module.
func local(importPath string) (dir string, ok bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

// selectors calls f with every use of a name of an imported package: its
// import path and the name.
func (f *file) selectors(do func(importPath, name string, at token.Pos)) {
	imports := f.imports()
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && imports[x.Name] != "" {
				do(imports[x.Name], sel.Sel.Name, sel.Pos())
			}
		}
		return true
	})
}

func (t *tree) at(pos token.Pos) string {
	p := t.fset.Position(pos)
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}
