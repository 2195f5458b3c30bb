package noise

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Code that is not a test makes streams in newStream only, replaces their source
// nowhere, and draws without floats. The sources themselves are read.
func TestSeamAndFloatsStayOutOfProduction(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		src, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		read++
		for _, wrong := range breaches(t, string(src)) {
			t.Errorf("%s: %s", f.Name(), wrong)
		}
	}
	if read < 10 {
		t.Errorf("only %d files were read", read)
	}
	for _, bad := range []string{
		`func f() { _ = &stream{} }`,
		`func f() { _ = new(stream) }`,
		`func f() { var s stream; _ = s }`,
		`func f(s *stream, g func([]byte)) { s.fill = g }`,
		`func (s *stream) wipe(g func([]byte)) { s.fill = g }`,
		`func (s *stream) Words() {}; func New(s *stream) {}`,
		`func f(x float64) {}`,
		`const c = 0.5`,
		`import "math"; var x = math.Pi`,
	} {
		if len(breaches(t, "package noise\n"+bad)) == 0 {
			t.Errorf("accepted: %s", bad)
		}
	}
}

// breaches lists what a source file of the package must not hold.
func breaches(t *testing.T, src string) (wrong []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "", src, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range file.Decls {
		name := ""
		if f, ok := d.(*ast.FuncDecl); ok {
			name = f.Name.Name
			if ast.IsExported(name) && mentions(f.Type, "stream") {
				wrong = append(wrong, name+" hands a stream out or takes one")
			}
		}
		ast.Inspect(d, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit:
				if named(n.Type, "stream") && name != "newStream" {
					wrong = append(wrong, "a stream is made in "+name)
				}
			case *ast.CallExpr:
				if named(n.Fun, "new") && named(n.Args[0], "stream") {
					wrong = append(wrong, "a stream is made in "+name)
				}
			case *ast.ValueSpec:
				if named(n.Type, "stream") {
					wrong = append(wrong, "a stream is made in "+name)
				}
			case *ast.AssignStmt:
				for i, to := range n.Lhs {
					if s, ok := to.(*ast.SelectorExpr); ok && s.Sel.Name == "fill" && !(len(n.Rhs) == len(n.Lhs) && named(n.Rhs[i], "nil")) {
						wrong = append(wrong, "the source of a stream is replaced in "+name)
					}
				}
			case *ast.Ident:
				if strings.HasPrefix(n.Name, "float") && name != "Float64Up" {
					wrong = append(wrong, n.Name+" in "+name)
				}
			case *ast.BasicLit:
				if n.Kind == token.FLOAT {
					wrong = append(wrong, n.Value+" in "+name)
				}
			case *ast.SelectorExpr:
				// Scales are read exactly from and to a float64; MinInt64 is an integer.
				if named(n.X, "math") && n.Sel.Name != "MinInt64" && name != "Float64Up" {
					wrong = append(wrong, "math."+n.Sel.Name+" in "+name)
				}
			}
			return true
		})
	}
	for _, i := range file.Imports {
		if path, _ := strconv.Unquote(i.Path.Value); path == "math" && i.Name != nil {
			wrong = append(wrong, "math under another name")
		}
	}
	return wrong
}

func named(e ast.Node, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

func mentions(n ast.Node, name string) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		found = found || named(n, name)
		return true
	})
	return found
}
