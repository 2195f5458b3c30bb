package floors_test

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
)

// floors lists the packages floor by floor. A package imports only lower
// floors. The packages under internal are the ground, unless listed, and may
// use each other; X/Xtest stands one floor above X.
var floors = [][]string{
	1: {"consent", "pseudonym", "dp/noise", "dp/accounting"},
	2: {"segment", "consent/iab", "pseudonym/pseudonymsql", "dp/ledger", "dp/audit"},
	3: {"dp", "segment/ingest", "internal/audited"},
	4: {"segment/rank", "segment/rank/eval", "segment/audience", "fairness", "dp/googledp", "discreettest/storetest"},
	5: {"boltstore", "memstore", "consent/consenthttp", "dp/plan"},
	6: {"."},
	7: {"discreettest", "examples/quickstart", "examples/audit", "examples/fairness", "examples/keyring", "examples/receipt", "examples/storecheck"},
}

// never lists imports that the floors alone would allow.
var never = []struct{ from, to, why string }{
	{"dp", "segment", "noise and bounding know vectors, not profiles"},
	{"dp", "consent", "noise and bounding know vectors, not people"},
	{"dp", "pseudonym", "noise and bounding know vectors, not people"},
	{"pseudonym", "consent", "a pseudonym is derived the same, whatever was agreed"},
	{"consent/iab", "pseudonym", "signals are read the same, whoever they are about"},
	{"pseudonym", "segment", "a pseudonym is derived the same, whatever it is used for"},
	{"segment", "dp", "a profile is never built from what was released"},
	{"segment/audience", "consent", "an audience is decided from released numbers alone"},
	{"segment/audience", "pseudonym", "an audience is decided from released numbers alone"},
	{"fairness", "consent", "an audit reads released numbers alone"},
	{"fairness", "pseudonym", "an audit reads released numbers alone"},
	{"fairness", "segment", "an audit reads released numbers alone"},
	{"memstore", "dp", "a store keeps opaque rows"},
	{"boltstore", "dp", "a store keeps opaque rows"},
	{".", "dp/googledp", "the caller hands it in, so that an engine links no glog and no gonum by itself"},
	{".", "consent/consenthttp", "the engine serves nothing: handlers are made of its methods, by who serves"},
}

// neverBut lists the exceptions of never, as from -> to.
var neverBut = map[string]string{
	"memstore -> dp/ledger":             "implements ledger.Store",
	"boltstore -> dp/ledger":            "implements ledger.Store",
	"segment/audience -> dp":            "reads releases, and builds no profile",
	"segment/audience -> dp/accounting": "lower bounds follow from the noise of a release",
}

// modules lists what the root module may use from other modules, and where.
// Files marked test need no line in their own package: "tests" allows them all.
var modules = []struct {
	prefix string
	where  []string
	why    string
}{
	{"golang.org/x/crypto/chacha20poly1305", []string{"pseudonym", "internal/sealed"}, "XChaCha20-Poly1305 seals keys and rows"},
	{"golang.org/x/crypto/argon2", []string{"pseudonym"}, "argon2id stretches the passphrase of a sealed key file"},
	{"golang.org/x/mod/sumdb/note", []string{"consent", "pseudonym", "dp", "dp/ledger", "fairness", "."}, "signed notes carry releases, checkpoints, receipts and evidence"},
	{"golang.org/x/net/idna", []string{"pseudonym"}, "domains of e-mail addresses are compared in ASCII form"},
	{"golang.org/x/sys/unix", []string{"pseudonym"}, "a key file is opened without following links, and locked"},
	{"golang.org/x/text", []string{"pseudonym"}, "e-mail addresses are compared in one Unicode form"},
	{"go.etcd.io/bbolt", []string{"boltstore"}, "the embedded store is one bbolt file"},
	{"github.com/google/differential-privacy/go/v3", []string{"dp/googledp", "tests"}, "Google's quantiles and variances, for who asks for them; its noise is the oracle of ours"},
	{"github.com/google/go-cmp", []string{"tests", "discreettest"}, "differences in tests"},
	{"pgregory.net/rapid", []string{"tests"}, "property tests"},
}

// floorOf returns the floor of a package of the root module.
func floorOf(dir string) (int, bool) {
	for n, dirs := range floors {
		if slices.Contains(dirs, dir) {
			return n, true
		}
	}
	if isInternal(dir) {
		return 0, true
	}
	if isTestHelper(dir) {
		n, ok := floorOf(path.Dir(dir))
		return n + 1, ok
	}
	return 0, false
}

func checkFloors(t *tree) (bad []string) {
	for _, p := range t.core {
		from, ok := floorOf(p.dir)
		if !ok {
			bad = append(bad, fmt.Sprintf("package %s is on no floor", p.dir))
			continue
		}
		for _, f := range p.code() {
			for _, imp := range sorted(f.imports()) {
				dir, ok := local(imp)
				if !ok {
					continue
				}
				to, ok := floorOf(dir)
				if !ok || to > from || to == from && from > 0 {
					bad = append(bad, fmt.Sprintf("%s imports %s, which is not on a floor below", f.path, dir))
				}
				for _, n := range never {
					if within(p.dir, n.from) && within(dir, n.to) && !within(dir, n.from) && neverBut[p.dir+" -> "+dir] == "" {
						bad = append(bad, fmt.Sprintf("%s imports %s: %s", f.path, dir, n.why))
					}
				}
			}
		}
	}
	return bad
}

func checkModules(t *tree) (bad []string) {
	for _, p := range t.core {
		for _, f := range p.files {
			for _, imp := range sorted(f.imports()) {
				if first, _, _ := strings.Cut(imp, "/"); !strings.Contains(first, ".") {
					continue // standard library
				}
				if _, ok := local(imp); ok {
					continue
				}
				allowed := false
				for _, m := range modules {
					here := slices.Contains(m.where, p.dir) || f.test && slices.Contains(m.where, "tests")
					allowed = allowed || within(imp, m.prefix) && here
				}
				if !allowed {
					bad = append(bad, fmt.Sprintf("%s imports %s: a dependency needs a line of reason in the floors test and in ARCHITECTURE.md", f.path, imp))
				}
			}
		}
	}
	return bad
}

// TestFloors holds the order of the packages: each imports only lower floors,
// and other modules only where a reason says so.
func TestFloors(t *testing.T) {
	h := house(t)
	report(t, checkFloors(h))
	report(t, checkModules(h))
}

// TestFloorsAreUsed finds lines of the tables that speak of nothing any more.
func TestFloorsAreUsed(t *testing.T) {
	h := house(t)
	dirs := map[string]bool{"tests": true}
	used := map[string]bool{}
	for _, p := range h.core {
		dirs[p.dir] = true
		for _, f := range p.files {
			for _, imp := range f.imports() {
				if dir, ok := local(imp); ok && !f.test {
					used[p.dir+" -> "+dir] = true
				}
				for _, m := range modules {
					if !within(imp, m.prefix) {
						continue
					}
					used[m.prefix+" in "+p.dir] = true
					if f.test {
						used[m.prefix+" in tests"] = true
					}
				}
			}
		}
	}
	for n, list := range floors {
		for _, dir := range list {
			if !dirs[dir] {
				t.Errorf("floor %d lists %s, which is no package", n, dir)
			}
		}
	}
	for _, n := range never {
		if !dirs[n.from] || !dirs[n.to] {
			t.Errorf("the rule %s never imports %s speaks of no package", n.from, n.to)
		}
	}
	for arrow := range neverBut {
		if !used[arrow] {
			t.Errorf("the exception %s is not used", arrow)
		}
	}
	for _, m := range modules {
		for _, where := range m.where {
			if !used[m.prefix+" in "+where] {
				t.Errorf("%s is allowed in %s, which does not import it", m.prefix, where)
			}
		}
	}
}

// within reports whether p is root or lies below it.
func within(p, root string) bool { return p == root || strings.HasPrefix(p, root+"/") }

func sorted(m map[string]string) []string { return slices.Sorted(maps.Values(m)) }

func report(t *testing.T, bad []string) {
	t.Helper()
	for _, b := range bad {
		t.Error(b)
	}
}
