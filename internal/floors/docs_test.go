package floors_test

import (
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const maxArchitecture = 150

// pages lists the documents whose statements name the tests that hold them.
var pages = []string{"ARCHITECTURE.md", "docs/threat-model.md"}

var testName = regexp.MustCompile("`(?:([a-z][a-z0-9/]*)\\.)?((?:Test|Fuzz|Example)[A-Za-z0-9_]*)`")

func checkArchitecture(t *tree) (bad []string) {
	page, ok := t.text["ARCHITECTURE.md"]
	if !ok {
		return []string{"ARCHITECTURE.md is missing"}
	}
	if n := strings.Count(page, "\n"); n > maxArchitecture {
		bad = append(bad, fmt.Sprintf("ARCHITECTURE.md has %d lines, %d at the most", n, maxArchitecture))
	}
	for _, p := range slices.Concat(t.core, t.nested) {
		if p.dir != "." && !strings.Contains(page, "`"+p.dir+"`") {
			bad = append(bad, fmt.Sprintf("ARCHITECTURE.md does not list package `%s`", p.dir))
		}
	}
	return bad
}

// checkTestNames holds that every test which a page leans on exists.
func checkTestNames(t *tree) (bad []string) {
	where := map[string][]string{}
	for _, p := range slices.Concat(t.core, t.nested) {
		for _, f := range p.files {
			for _, decl := range f.ast.Decls {
				if fn, ok := decl.(*ast.FuncDecl); ok && f.test && fn.Recv == nil {
					where[fn.Name.Name] = append(where[fn.Name.Name], p.dir)
				}
			}
		}
	}
	for _, name := range pages {
		page := t.text[name]
		found := testName.FindAllStringSubmatch(page, -1)
		if len(found) == 0 {
			bad = append(bad, fmt.Sprintf("%s names no test", name))
		}
		for _, m := range found {
			dir := m[1]
			if dir == "discreet" {
				dir = "."
			}
			switch dirs := where[m[2]]; {
			case dirs == nil:
				bad = append(bad, fmt.Sprintf("%s leans on %s, which is no test", name, m[2]))
			case dir == "" || !slices.Contains(dirs, dir):
				bad = append(bad, fmt.Sprintf("%s leans on %s without the package that holds it", name, m[2]))
			}
		}
	}
	return bad
}

// TestArchitecture holds ARCHITECTURE.md and the threat model to the code:
// every package is listed, every test they lean on exists.
func TestArchitecture(t *testing.T) {
	h := house(t)
	report(t, checkArchitecture(h))
	report(t, checkTestNames(h))
}
