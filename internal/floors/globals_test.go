package floors_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
	"testing"
)

// noImporter answers for no package: only names of the checked package itself
// are resolved, which is all that the rule needs.
type noImporter struct{}

func (noImporter) Import(string) (*types.Package, error) { return nil, errors.New("not loaded") }

// checkGlobals finds package variables that are written after their
// declaration, and those of types that are there to vary.
func checkGlobals(t *tree) (bad []string) {
	for _, p := range t.core {
		if isExample(p.dir) || len(p.code()) == 0 {
			continue
		}
		var files []*ast.File
		for _, f := range p.code() {
			files = append(files, f.ast)
			for _, decl := range f.ast.Decls {
				bad = append(bad, varyingTypes(t, f, decl)...)
			}
		}
		info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
		cfg := types.Config{Importer: noImporter{}, Error: func(error) {}}
		tp, _ := cfg.Check(p.dir, t.fset, files, info) // errors are those of missing imports
		global := func(e ast.Expr) bool {
			id := rootIdent(e)
			if id == nil {
				return false
			}
			v, ok := info.Uses[id].(*types.Var)
			return ok && tp != nil && v.Parent() == tp.Scope()
		}
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				var written []ast.Expr
				switch n := n.(type) {
				case *ast.AssignStmt:
					if n.Tok != token.DEFINE {
						written = n.Lhs
					}
				case *ast.IncDecStmt:
					written = []ast.Expr{n.X}
				case *ast.RangeStmt:
					if n.Tok == token.ASSIGN {
						written = []ast.Expr{n.Key, n.Value}
					}
				}
				for _, e := range written {
					if e != nil && global(e) {
						bad = append(bad, fmt.Sprintf("%s writes a package variable: state belongs to a value", t.at(e.Pos())))
					}
				}
				return true
			})
		}
	}
	return bad
}

// varyingTypes finds package variables of types that are there to vary.
func varyingTypes(t *tree, f *file, decl ast.Decl) (bad []string) {
	gen, ok := decl.(*ast.GenDecl)
	if !ok || gen.Tok != token.VAR {
		return nil
	}
	imports := f.imports()
	for _, spec := range gen.Specs {
		v := spec.(*ast.ValueSpec)
		exprs := append([]ast.Expr{}, v.Values...)
		if v.Type != nil {
			exprs = append(exprs, v.Type)
		}
		for _, e := range exprs {
			if lit, ok := e.(*ast.CompositeLit); ok {
				e = lit.Type
			}
			if star, ok := e.(*ast.StarExpr); ok {
				e = star.X
			}
			sel, ok := e.(*ast.SelectorExpr)
			if !ok {
				continue
			}
			x, ok := sel.X.(*ast.Ident)
			if !ok {
				continue
			}
			if f.path == "internal/loud/loud.go" { // says why
				continue
			}
			if p := imports[x.Name]; (p == "sync" || p == "sync/atomic") && !strings.HasPrefix(sel.Sel.Name, "Once") && sel.Sel.Name != "Pool" {
				bad = append(bad, fmt.Sprintf("%s is a package variable of type %s.%s: state belongs to a value", t.at(v.Pos()), p, sel.Sel.Name))
			}
		}
	}
	return bad
}

// rootIdent returns the variable that an assignment to e writes into.
func rootIdent(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// TestGlobals holds that no package keeps state outside of values.
func TestGlobals(t *testing.T) { report(t, checkGlobals(house(t))) }
