package floors_test

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const maxLines = 700

func checkLength(t *tree) (bad []string) {
	for _, p := range slices.Concat(t.core, t.nested) {
		for _, f := range p.files {
			if f.lines > maxLines {
				bad = append(bad, fmt.Sprintf("%s has %d lines; %d at the most, one concept a file", f.path, f.lines, maxLines))
			}
		}
	}
	return bad
}

// checkExamples holds that every Example runs, and that every public package has one.
func checkExamples(t *tree) (bad []string) {
	for _, p := range slices.Concat(t.core, t.nested) {
		has := false
		for _, f := range p.files {
			if !f.test {
				continue
			}
			for _, ex := range doc.Examples(f.ast) {
				has = true
				if ex.Output == "" {
					bad = append(bad, fmt.Sprintf("%s: Example%s has no Output, so nothing runs it", f.path, ex.Name))
				}
			}
		}
		if !has && p.public() && !isTestHelper(p.dir) && !t.inNested(p.dir) && len(p.code()) > 0 {
			bad = append(bad, fmt.Sprintf("package %s has no Example", p.dir))
		}
	}
	return bad
}

// checkDocs holds that every public name says what it is.
func checkDocs(t *tree) (bad []string) {
	for _, p := range t.core {
		if len(p.code()) == 0 {
			continue
		}
		if !slices.ContainsFunc(p.code(), func(f *file) bool { return f.ast.Doc != nil }) {
			bad = append(bad, fmt.Sprintf("package %s has no package comment", p.dir))
		}
		if !p.public() {
			continue
		}
		if !slices.ContainsFunc(p.code(), func(f *file) bool { return strings.HasSuffix(f.path, "doc.go") && f.ast.Doc != nil }) {
			bad = append(bad, fmt.Sprintf("package %s has no doc.go", p.dir))
		}
		for _, f := range p.code() {
			for _, decl := range f.ast.Decls {
				bad = append(bad, undocumented(t, decl)...)
			}
		}
	}
	return bad
}

func undocumented(t *tree, decl ast.Decl) (bad []string) {
	miss := func(id *ast.Ident) {
		bad = append(bad, fmt.Sprintf("%s: %s has no comment", t.at(id.Pos()), id.Name))
	}
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || ast.IsExported(receiver(d))) {
			miss(d.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
					miss(s.Name)
				}
			case *ast.ValueSpec:
				if d.Doc == nil && s.Doc == nil && s.Comment == nil && s.Names[0].IsExported() {
					miss(s.Names[0])
				}
			}
		}
	}
	return bad
}

func receiver(d *ast.FuncDecl) string {
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// numeric lists the types of which no two may stand side by side.
var numeric = []string{
	"int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64",
	"byte", "float32", "float64", "time.Duration",
}

// checkArguments finds exported functions whose numbers could be swapped unseen.
func checkArguments(t *tree) (bad []string) {
	for _, p := range t.core {
		if !p.public() {
			continue
		}
		for _, f := range p.code() {
			for _, decl := range f.ast.Decls {
				fn, ok := decl.(*ast.FuncDecl)
				if !ok || !fn.Name.IsExported() || fn.Recv != nil && !ast.IsExported(receiver(fn)) {
					continue
				}
				last := ""
				for _, field := range fn.Type.Params.List {
					typ := typeName(field.Type)
					twice := len(field.Names) > 1 || typ == last
					if slices.Contains(numeric, typ) && twice {
						bad = append(bad, fmt.Sprintf("%s: %s has two %s side by side: use a struct with named fields", t.at(fn.Pos()), fn.Name.Name, typ))
					}
					last = typ
				}
			}
		}
	}
	return bad
}

func typeName(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return typeName(x.X) + "." + x.Sel.Name
	}
	return ""
}

// checkErrors holds that the text of an error made in a function starts with
// its package, or with the error that it wraps. A package variable may leave
// that to the functions which wrap it with a row or a field.
func checkErrors(t *tree) (bad []string) {
	for _, p := range t.core {
		if isExample(p.dir) || isTestHelper(p.dir) {
			continue
		}
		for _, f := range p.code() {
			imports := f.imports()
			ast.Inspect(f.ast, func(n ast.Node) bool {
				if gen, ok := n.(*ast.GenDecl); ok && gen.Tok == token.VAR {
					return false
				}
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) == 0 {
					return true
				}
				sel, ok := call.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				x, ok := sel.X.(*ast.Ident)
				if !ok {
					return true
				}
				switch imports[x.Name] + "." + sel.Sel.Name {
				case "errors.New", "fmt.Errorf":
				default:
					return true
				}
				lit, ok := call.Args[0].(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				text, err := strconv.Unquote(lit.Value)
				if err == nil && !strings.HasPrefix(text, p.name()+": ") && !strings.HasPrefix(text, "%w") {
					bad = append(bad, fmt.Sprintf("%s: the error does not start with %q", t.at(call.Pos()), p.name()+": "))
				}
				return true
			})
		}
	}
	return bad
}

// TestStyle holds how files, names and errors are kept.
func TestStyle(t *testing.T) {
	h := house(t)
	report(t, checkLength(h))
	report(t, checkExamples(h))
	report(t, checkDocs(h))
	report(t, checkArguments(h))
	report(t, checkErrors(h))
}
