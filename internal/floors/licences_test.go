package floors_test

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	required   = regexp.MustCompile(`(?m)^(?:require\s+|\t)([a-z][a-z0-9-]*\.[^\s]+)\s+v\d`)
	noticeLine = regexp.MustCompile(`(?m)^([a-z][a-z0-9.-]*\.[a-z]+/\S+)\s+(\S+)\s+(linked|tests)$`)
)

// known lists the licences that the project may depend on.
var known = []string{"Apache-2.0", "BSD-3-Clause", "MIT", "MPL-2.0"}

// TestThirdPartyNotices holds THIRD_PARTY_NOTICES to the module lists: every
// required module of every module has its line and its text, and no line
// speaks of a module that is nowhere required.
func TestThirdPartyNotices(t *testing.T) {
	h := house(t)
	page := h.text["THIRD_PARTY_NOTICES"]
	table, texts, _ := strings.Cut(page, "\n====")
	listed := map[string][]string{}
	for _, m := range noticeLine.FindAllStringSubmatch(table, -1) {
		listed[m[1]] = m[2:]
	}
	if len(listed) == 0 {
		t.Fatal("THIRD_PARTY_NOTICES lists no module")
	}
	needed := map[string]bool{}
	for _, dir := range h.modules {
		found := required.FindAllStringSubmatch(h.text[path.Join(dir, "go.mod")], -1)
		for _, m := range found {
			if within(m[1], module) {
				continue
			}
			needed[m[1]] = true
		}
	}
	for m := range needed {
		if listed[m] == nil {
			t.Errorf("THIRD_PARTY_NOTICES does not list %s", m)
		}
	}
	for m, line := range listed {
		if !needed[m] {
			t.Errorf("THIRD_PARTY_NOTICES lists %s, which no go.mod requires", m)
		}
		if !slices.Contains(known, line[0]) {
			t.Errorf("THIRD_PARTY_NOTICES gives %s the licence %s, which is not among %v", m, line[0], known)
		}
		if line[0] == "MPL-2.0" && line[1] != "tests" {
			t.Errorf("%s is under %s and linked", m, line[0])
		}
		if !regexp.MustCompile(regexp.QuoteMeta(m) + `[,\n]`).MatchString(texts) {
			t.Errorf("THIRD_PARTY_NOTICES has no text for %s", m)
		}
	}
	// What is linked is what the floors let code use, and what that needs.
	for _, m := range modules {
		linked := slices.ContainsFunc(m.where, func(w string) bool { return w != "tests" && w != "discreettest" })
		for name, line := range listed {
			if within(m.prefix, name) && linked != (line[1] == "linked") {
				t.Errorf("THIRD_PARTY_NOTICES says %q of %s, and the floors say otherwise", line[1], name)
			}
		}
	}
	if !strings.Contains(h.text["LICENSE"], "Apache License") || !strings.Contains(h.text["LICENSE"], "END OF TERMS AND CONDITIONS") {
		t.Error("LICENSE is not the whole Apache License")
	}
}
