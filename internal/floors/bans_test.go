package floors_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A ban names what files of the root module, tests and examples apart, never use.
type ban struct {
	path  string   // import path
	names []string // names of that package; empty bans the import
	but   []string // directories that may
	why   string
}

var bans = []ban{
	{path: "math/rand", why: "noise and keys come from crypto/rand"},
	{path: "math/rand/v2", but: []string{"internal/synth"}, why: "noise and keys come from crypto/rand"},
	{path: "net/http", but: []string{"consent/consenthttp"}, why: "the core serves nothing and calls nobody; handlers stand in a package of their own"},
	{path: "net", why: "the core serves nothing and calls nobody"},
	{path: "log", why: "a log line may carry personal data"},
	{path: "database/sql", why: "a database is an adapter's business"},
	{path: "os/exec", why: "the core runs nothing"},
	{path: "plugin", why: "the core loads nothing"},
	{path: "expvar", why: "counters leave through Engine.Stats only"},
	{path: "encoding/gob", why: "stored forms are written out by hand and have golden files"},
	{path: "log/slog", names: []string{
		"Debug", "DebugContext", "Info", "InfoContext", "Warn", "WarnContext", "Error", "ErrorContext",
		"Log", "LogAttrs", "Default", "SetDefault", "New", "With", "NewTextHandler", "NewJSONHandler",
	}, why: "a log line may carry personal data; slog is there to redact"},
	{path: "fmt", names: []string{"Print", "Printf", "Println"}, why: "a printed line may carry personal data"},
	{path: "os", names: []string{"Stdout", "Stderr"}, why: "a printed line may carry personal data"},
	{path: "os", names: []string{"Getenv", "LookupEnv", "Environ"}, but: []string{"internal/mutants/mutant", "pseudonym"}, why: "everything that decides is a field of a Config; keys may come from the environment where a caller says so"},
	{path: module + "/internal/mutants", why: "planted bugs are for audits"},
	{path: module + "/internal/mutants/mutant", why: "planted bugs stand in copies of the source, never in the source"},
	{path: "time", names: []string{"Now", "Since", "Until"}, but: []string{".", "pseudonym"}, why: "Config.Now is the only clock, but for the date in a key file"},
}

// makers lists who may make the values that prove something, and who may ask
// for an identifier in clear.
var makers = []struct {
	path, name string
	where      []string
	why        string
}{
	{module + "/internal/proof", "NewGrant", []string{"consent", "discreettest"}, "a Grant is made by a Decision"},
	{module + "/internal/proof", "NewCharge", []string{"dp/ledger"}, "a Charge is made by a durable reservation"},
	{module + "/internal/proof", "NewRelease", []string{"dp", "discreettest"}, "a Release is made by a charged draw or read from a signed note"},
	{module + "/internal/proof", "NewExternal", []string{"dp/googledp"}, "whoever draws sees numbers before noise"},
	{module + "/internal/proof", "NewCountsKeys", []string{"pseudonym"}, "exact counts are sealed under a keyring, and under nothing else"},
	{module + "/internal/ident", "NewLink", []string{"pseudonym"}, "a Link is made from one Raw"},
	{module + "/internal/ident", "NewID", []string{"pseudonym"}, "a pseudonym is derived from a Raw or parsed from storage"},
	{module + "/internal/ident", "NewRaw", []string{"pseudonym", "segment/ingest"}, "the normaliser goes with the kind"},
	{module + "/internal/loud", "Widen", nil, "only tests widen the envelope"},
}

func checkBans(t *tree) (bad []string) {
	for _, p := range t.core {
		if isExample(p.dir) {
			continue
		}
		for _, f := range p.code() {
			for _, imp := range sorted(f.imports()) {
				for _, b := range bans {
					if b.path == imp && b.names == nil && !slices.Contains(b.but, p.dir) {
						bad = append(bad, fmt.Sprintf("%s imports %s: %s", f.path, imp, b.why))
					}
				}
				if imp == "testing" && !isTestHelper(p.dir) {
					bad = append(bad, fmt.Sprintf("%s imports testing: it would be linked into every service", f.path))
				}
			}
			f.selectors(func(imp, name string, at token.Pos) {
				for _, b := range bans {
					if b.path == imp && slices.Contains(b.names, name) && !slices.Contains(b.but, p.dir) {
						bad = append(bad, fmt.Sprintf("%s uses %s.%s: %s", t.at(at), imp, name, b.why))
					}
				}
				for _, m := range makers {
					if m.path == imp && m.name == name && !slices.Contains(m.where, p.dir) {
						bad = append(bad, fmt.Sprintf("%s uses %s: %s", t.at(at), name, m.why))
					}
				}
			})
		}
	}
	return bad
}

// checkExpose finds callers of Raw.Expose, the only way to an identifier in clear.
func checkExpose(t *tree) (bad []string) {
	for _, p := range t.core {
		if p.dir == "internal/ident" || p.dir == "pseudonym" || isExample(p.dir) {
			continue
		}
		for _, f := range p.code() {
			ast.Inspect(f.ast, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Expose" {
					bad = append(bad, fmt.Sprintf("%s exposes an identifier outside package pseudonym", t.at(sel.Pos())))
				}
				return true
			})
		}
	}
	return bad
}

// mayPanic lists functions without an error to return, over embedded constants.
var mayPanic = map[string]string{
	"segment.Small":       "the taxonomy is embedded",
	"internal/loud.Widen": "a service that widens the envelope must not go on",
}

// checkFunctions finds init functions, panics outside of Must constructors,
// bare prints and functional options.
func checkFunctions(t *tree) (bad []string) {
	for _, p := range t.core {
		if isExample(p.dir) || isTestHelper(p.dir) {
			continue
		}
		for _, f := range p.code() {
			for _, decl := range f.ast.Decls {
				fn, ok := decl.(*ast.FuncDecl)
				if !ok {
					continue
				}
				name := fn.Name.Name
				if name == "init" && fn.Recv == nil {
					bad = append(bad, t.at(fn.Pos())+" has an init function: importing a package does nothing")
				}
				if strings.HasPrefix(name, "With") && fn.Recv == nil && p.public() {
					bad = append(bad, t.at(fn.Pos())+" looks like a functional option: use a field of a struct")
				}
				ast.Inspect(fn, func(n ast.Node) bool {
					call, ok := n.(*ast.CallExpr)
					if !ok {
						return true
					}
					id, ok := call.Fun.(*ast.Ident)
					if ok && id.Name == "panic" && !strings.HasPrefix(name, "Must") && mayPanic[p.dir+"."+name] == "" {
						bad = append(bad, t.at(id.Pos())+" panics outside of a Must constructor")
					}
					if ok && (id.Name == "print" || id.Name == "println") {
						bad = append(bad, t.at(id.Pos())+" prints: a printed line may carry personal data")
					}
					return true
				})
			}
		}
	}
	return bad
}

// quiet lists the packages whose randomness nobody may hand in.
var quiet = []string{"dp", "pseudonym"}

// checkRandomness finds exported functions, methods and fields that could take
// a source of randomness.
func checkRandomness(t *tree) (bad []string) {
	suspicious := func(f *file, e ast.Expr) bool {
		found := false
		imports := f.imports()
		ast.Inspect(e, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok {
					p := imports[x.Name]
					found = found || p == "io" && sel.Sel.Name == "Reader" || strings.HasPrefix(p, "math/rand")
				}
			}
			return true
		})
		return found
	}
	for _, p := range t.core {
		if !slices.ContainsFunc(quiet, func(q string) bool { return within(p.dir, q) }) || isTestHelper(p.dir) {
			continue
		}
		for _, f := range p.code() {
			ast.Inspect(f.ast, func(n ast.Node) bool {
				var fields *ast.FieldList
				switch n := n.(type) {
				case *ast.FuncDecl:
					if n.Name.IsExported() {
						fields = n.Type.Params
					}
				case *ast.TypeSpec:
					if s, ok := n.Type.(*ast.StructType); ok && n.Name.IsExported() {
						fields = s.Fields
					}
				}
				if fields == nil {
					return true
				}
				for _, field := range fields.List {
					hidden := len(field.Names) > 0 && !slices.ContainsFunc(field.Names, (*ast.Ident).IsExported)
					if _, isType := n.(*ast.TypeSpec); isType && hidden {
						continue
					}
					seed := slices.ContainsFunc(field.Names, func(id *ast.Ident) bool { return strings.EqualFold(id.Name, "seed") })
					if seed || suspicious(f, field.Type) {
						bad = append(bad, t.at(field.Pos())+" could take randomness from outside")
					}
				}
				return true
			})
		}
	}
	return bad
}

// TestBans holds what the core never does.
func TestBans(t *testing.T) {
	h := house(t)
	report(t, checkBans(h))
	report(t, checkExpose(h))
	report(t, checkFunctions(h))
	report(t, checkRandomness(h))
}

// TestBansSpeakOfSomething finds bans of packages that do not exist, and
// exceptions that nobody uses.
func TestBansSpeakOfSomething(t *testing.T) {
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	h := house(t)
	uses := map[string]bool{}
	defined := map[string]bool{}
	for _, p := range h.core {
		for _, f := range p.code() {
			for _, imp := range f.imports() {
				uses[p.dir+" "+imp] = true
			}
			f.selectors(func(imp, name string, _ token.Pos) { uses[p.dir+" "+imp+"."+name] = true })
			for _, decl := range f.ast.Decls {
				if fn, ok := decl.(*ast.FuncDecl); ok {
					defined[p.dir+"."+fn.Name.Name] = true
				}
			}
		}
	}
	for _, b := range bans {
		where := filepath.Join(strings.TrimSpace(string(goroot)), "src", filepath.FromSlash(b.path))
		if dir, ok := local(b.path); ok {
			where = filepath.Join("../..", filepath.FromSlash(dir))
		}
		if _, err := os.Stat(where); err != nil {
			t.Errorf("the banned package %s does not exist", b.path)
		}
		for _, dir := range b.but {
			if !uses[dir+" "+b.path] {
				t.Errorf("%s may use %s and does not", dir, b.path)
			}
		}
	}
	for _, m := range makers {
		dir, _ := local(m.path)
		if !defined[dir+"."+m.name] {
			t.Errorf("%s.%s does not exist", dir, m.name)
		}
		for _, where := range m.where {
			if !uses[where+" "+m.path+"."+m.name] {
				t.Errorf("%s may call %s and does not", where, m.name)
			}
		}
	}
	for name := range mayPanic {
		if !defined[name] {
			t.Errorf("%s may panic and does not exist", name)
		}
	}
	if !defined["internal/ident.Expose"] {
		t.Error("Raw.Expose does not exist")
	}
}
