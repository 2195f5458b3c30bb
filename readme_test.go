package discreet_test

import (
	"go/ast"
	"go/doc"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestREADME holds that the first code of README.md is the root Example, which
// compiles and runs, and that the block after it is the Example's output.
func TestREADME(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```([a-z]*)\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 2 || blocks[0][1] != "go" {
		t.Fatal("README.md must start with a go block and a block of its output")
	}
	src, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "example_test.go", src, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, ex := range doc.Examples(file) {
		if ex.Name != "" {
			continue
		}
		body := ex.Code.(*ast.BlockStmt)
		text := string(src[fset.Position(body.Lbrace).Offset+1 : fset.Position(body.Rbrace).Offset])
		text = text[:strings.LastIndex(text, "// Output:")]
		if got, want := formatted(t, blocks[0][2]), formatted(t, text); got != want {
			t.Errorf("README.md shows\n%s\nand the Example is\n%s", got, want)
		}
		if got, want := strings.TrimSpace(blocks[1][2]), strings.TrimSpace(ex.Output); got != want {
			t.Errorf("README.md says the Example prints\n%s\nand it prints\n%s", got, want)
		}
		return
	}
	t.Fatal("example_test.go has no func Example")
}

// formatted returns statements as gofmt writes them at the left margin.
func formatted(t *testing.T, statements string) string {
	t.Helper()
	out, err := format.Source([]byte(strings.TrimSpace(statements)))
	if err != nil {
		t.Fatalf("README.md or the Example does not parse: %v", err)
	}
	lines := strings.Split(string(out), "\n")
	indent := ""
	if len(lines) > 1 { // the first line was trimmed, the others may stand one tab in
		indent = "\t"
		for _, l := range lines[1:] {
			if l != "" && !strings.HasPrefix(l, "\t") {
				indent = ""
			}
		}
	}
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], indent)
	}
	return strings.Join(lines, "\n")
}

// TestREADMESheet holds that the budget sheet of README.md is what dp/plan
// prints.
func TestREADMESheet(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), "dp/plan/month_test.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	examples := doc.Examples(file)
	if len(examples) != 1 || examples[0].Output == "" {
		t.Fatal("dp/plan/month_test.go must hold one Example with its output")
	}
	if !strings.Contains(string(page), "```\n"+examples[0].Output+"```") {
		t.Errorf("README.md lacks the sheet\n%s", examples[0].Output)
	}
}
