package floors_test

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestRulesBite breaks every rule once, in a small tree, and wants to be told.
func TestRulesBite(t *testing.T) {
	for _, c := range []struct {
		name  string
		check func(*tree) []string
		path  string
		src   string
		want  string
	}{
		{"upward", checkFloors, "consent/a.go", `package consent; import _ "` + module + `/segment"`, "not on a floor below"},
		{"sideways", checkFloors, "consent/a.go", `package consent; import _ "` + module + `/pseudonym"`, "not on a floor below"},
		{"ground", checkFloors, "internal/x/a.go", `package x; import _ "` + module + `/consent"`, "not on a floor below"},
		{"never", checkFloors, "dp/plan/a.go", `package plan; import _ "` + module + `/segment"`, "not profiles"},
		{"no floor", checkFloors, "cdp/a.go", `package cdp`, "is on no floor"},
		{"test helper", checkFloors, "segment/segmenttest/a.go", `package segmenttest; import _ "` + module + `/dp"`, "not on a floor below"},
		{"module", checkModules, "consent/a.go", `package consent; import _ "example.org/x"`, "a line of reason"},
		{"module elsewhere", checkModules, "consent/a.go", `package consent; import _ "go.etcd.io/bbolt"`, "a line of reason"},
		{"module of tests", checkModules, "consent/a.go", `package consent; import _ "pgregory.net/rapid"`, "a line of reason"},
		{"rand", checkBans, "dp/noise/a.go", `package noise; import "math/rand/v2"`, "crypto/rand"},
		{"renamed rand", checkBans, "dp/noise/a.go", `package noise; import r "math/rand"`, "crypto/rand"},
		{"http", checkBans, "consent/a.go", `package consent; import "net/http"`, "serves nothing"},
		{"engine over handlers", checkFloors, "a.go", `package discreet; import _ "` + module + `/consent/consenthttp"`, "by who serves"},
		{"handlers over engine", checkFloors, "consent/consenthttp/a.go", `package consenthttp; import _ "` + module + `"`, "not on a floor below"},
		{"log", checkBans, "consent/a.go", `package consent; import "log"`, "personal data"},
		{"testing", checkBans, "consent/a.go", `package consent; import "testing"`, "imports testing"},
		{"slog", checkBans, "consent/a.go", `package consent; import "log/slog"; func f() { slog.Info("x") }`, "personal data"},
		{"print", checkBans, "consent/a.go", `package consent; import "fmt"; func f() { fmt.Println() }`, "personal data"},
		{"clock", checkBans, "consent/a.go", `package consent; import "time"; var t = time.Now`, "only clock"},
		{"grant", checkBans, "segment/a.go", `package segment; import "` + module + `/internal/proof"; var g = proof.NewGrant`, "made by a Decision"},
		{"release", checkBans, "a.go", `package discreet; import "` + module + `/internal/proof"; var g = proof.NewRelease`, "charged draw"},
		{"loud", checkBans, "dp/a.go", `package dp; import "` + module + `/internal/loud"; func f() { loud.Widen(nil) }`, "only tests widen"},
		{"expose", checkExpose, "segment/a.go", `package segment; func f(r interface{ Expose() string }) { r.Expose() }`, "in clear|exposes"},
		{"init", checkFunctions, "dp/a.go", `package dp; func init() {}`, "init function"},
		{"panic", checkFunctions, "dp/a.go", `package dp; func f() { panic("x") }`, "panics outside"},
		{"println", checkFunctions, "dp/a.go", `package dp; func f() { println("x") }`, "prints"},
		{"option", checkFunctions, "dp/a.go", `package dp; func WithBudget() {}`, "functional option"},
		{"reader", checkRandomness, "dp/noise/a.go", `package noise; import "io"; func New(r io.Reader) {}`, "randomness from outside"},
		{"reader in a field", checkRandomness, "dp/a.go", `package dp; import "io"; type Config struct { Rand io.Reader }`, "randomness from outside"},
		{"seed", checkRandomness, "dp/noise/a.go", `package noise; func New(seed uint64) {}`, "randomness from outside"},
		{"global", checkGlobals, "dp/a.go", `package dp; var n int; func f() { n++ }`, "writes a package variable"},
		{"global map", checkGlobals, "dp/a.go", `package dp; var m = map[int]int{}; func f() { m[1] = 2 }`, "writes a package variable"},
		{"mutex", checkGlobals, "dp/a.go", `package dp; import "sync"; var mu sync.Mutex`, "package variable of type"},
		{"length", checkLength, "dp/a.go", "package dp\n" + strings.Repeat("\n", maxLines), "700 at the most"},
		{"nested length", checkLength, "bench/a.go", "package main\n" + strings.Repeat("\n", maxLines), "700 at the most"},
		{"output", checkExamples, "dp/a_test.go", `package dp_test; func Example() {}`, "no Output"},
		{"example", checkExamples, "dp/a.go", `package dp`, "no Example"},
		{"comment", checkDocs, "dp/doc.go", "// Package dp is.\npackage dp\n\nfunc Draw() {}", "Draw has no comment"},
		{"method comment", checkDocs, "dp/doc.go", "// Package dp is.\npackage dp\n\n// T is.\ntype T int\n\nfunc (T) Draw() {}", "Draw has no comment"},
		{"doc.go", checkDocs, "dp/a.go", "// Package dp is.\npackage dp", "no doc.go"},
		{"arguments", checkArguments, "dp/a.go", `package dp; func F(epsilon, delta float64) {}`, "side by side"},
		{"arguments apart", checkArguments, "dp/a.go", `package dp; func F(a int, b int) {}`, "side by side"},
		{"error", checkErrors, "dp/a.go", `package dp; import "errors"; func f() error { return errors.New("bad") }`, "does not start with"},
		{"wrapped", checkErrors, "dp/a.go", `package dp; import "fmt"; func f() error { return fmt.Errorf("bad: %w", nil) }`, "does not start with"},
		{"architecture", checkArchitecture, "dp/a.go", `package dp`, "does not list package `dp`"},
		{"architecture, nested", checkArchitecture, "bench/a.go", `package main`, "does not list package `bench`"},
		{"test name", checkTestNames, "docs/threat-model.md", "`dp.TestNothing`", "TestNothing, which is no test"},
		{"test name without package", checkTestNames, "docs/threat-model.md", "`TestSomething`", "without the package"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := fstest.MapFS{
				"go.mod":             {Data: []byte("module " + module)},
				"bench/go.mod":       {Data: []byte("module " + module + "/bench")},
				"ARCHITECTURE.md":    {Data: []byte("nothing\n")},
				"internal/x_test.go": {Data: []byte("package internal_test; func TestSomething() {}")},
			}
			files[c.path] = &fstest.MapFile{Data: []byte(c.src)}
			h, err := load(files)
			if err != nil {
				t.Fatal(err)
			}
			bad := strings.Join(c.check(h), "\n")
			for want := range strings.SplitSeq(c.want, "|") {
				if strings.Contains(bad, want) {
					return
				}
			}
			t.Errorf("got %q, want %q", bad, c.want)
		})
	}
}

// TestRulesRest wants no finding in a small tree that keeps every rule.
func TestRulesRest(t *testing.T) {
	h, err := load(fstest.MapFS{
		"go.mod": {Data: []byte("module " + module)},
		"dp/doc.go": {Data: []byte(`// Package dp is.
package dp

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"` + module + `/dp/noise"
	"` + module + `/internal/proof"
)

// ErrBudget is.
var ErrBudget = errors.New("dp: spent")

var table = []int{1, 2}

// T is.
type T struct{ n int }

// LogValue hides.
func (t *T) LogValue() slog.Value { t.n = 1; return slog.StringValue("x") }

// MustT is.
func MustT(n int, name string, m int) T {
	table := slices.Clone(table)
	table[0] = 2
	if n > m {
		panic("dp: wrong")
	}
	_ = fmt.Errorf("%w: %d", ErrBudget, noise.N)
	_ = proof.NewRelease
	return T{}
}
`)},
		"dp/a_test.go":         {Data: []byte("package dp_test\n\nfunc Example() {\n\tprintln()\n\t// Output:\n\t// x\n}\n")},
		"ARCHITECTURE.md":      {Data: []byte("`dp` held by `dp.Example`\n")},
		"docs/threat-model.md": {Data: []byte("`dp.Example`\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, check := range []func(*tree) []string{
		checkFloors, checkModules, checkBans, checkExpose, checkFunctions, checkRandomness, checkGlobals,
		checkLength, checkExamples, checkDocs, checkArguments, checkErrors, checkArchitecture, checkTestNames,
	} {
		report(t, check(h))
	}
}
