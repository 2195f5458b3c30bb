package floors_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// far lists what no service that imports the root package links.
var far = []struct{ path, why string }{
	{"net/http", "the engine serves nothing; handlers are a package of their own"},
	{"github.com/golang/glog", "it defines flags and writes log files"},
	{"gonum.org/v1/gonum", "it comes with Google's library, which only its bridge and tests use"},
	{"github.com/google/differential-privacy", "only its bridge and tests use it"},
	{"github.com/google/go-cmp", "only tests use it"},
	{"pgregory.net/rapid", "only tests use it"},
	{"testing", "only tests use it"},
	{"database/sql", "a database is an adapter's business"},
	{module + "/dp/googledp", "the caller hands it in"},
	{module + "/consent/consenthttp", "it serves HTTP"},
	{module + "/discreettest", "only tests use it"},
	{module + "/internal/synth", "only tests, examples and benchmarks use it"},
}

// TestDependencies holds what importing the root package never links. The go
// command answers, so the test first reads every file that it would: a cached
// result then never hides a change.
func TestDependencies(t *testing.T) {
	h := house(t)
	if h.text["go.mod"] == "" || h.text["go.sum"] == "" {
		t.Fatal("go.mod and go.sum were not read")
	}
	cmd := exec.Command("go", "list", "-deps", ".")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list -deps: %v", err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, module+"/internal/ident") {
		t.Fatal("go list -deps does not know the root package's own ground floor")
	}
	for _, f := range far {
		for _, d := range deps {
			if within(d, f.path) {
				t.Errorf("the root package links %s: %s", d, f.why)
			}
		}
	}
}
