package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/fairness"
	"github.com/discreet-go/discreet/pseudonym"
)

// TestStory: the campaign fails, is corrected, and passes; the gate is closed, then open;
// nobody is named. People are the same in every run, noise is not. Closest to its edge is
// the ratio of the second trial, which hangs on the noise of both tables through the plan:
// in 400 simulated runs it had a mean of .962 and a standard deviation of less than .019,
// and it passes from .85 on. That is more than five standard deviations: the test fails by
// chance in less than one of 10^6 runs.
func TestStory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "story")
	var out bytes.Buffer
	x, err := tell(t.Context(), dir, 16_000, &out)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", &out)
	e := x.evidence
	if len(e.Audits) != 2 || e.Audits[0].Verdict != fairness.Fail || e.Audits[1].Verdict != fairness.Pass {
		t.Errorf("audits: %+v", e.Audits)
	}
	if sum := e.Audits[0].Alpha + e.Audits[1].Alpha; sum < 0.05-1e-12 || sum > 0.05+1e-12 || e.Audits[1].Look != 2 {
		t.Errorf("two looks spend %v of 0.05", sum)
	}
	for _, f := range e.Proxies[0].Findings {
		if want := map[string]fairness.ProxyVerdict{fans: fairness.Detected, early: fairness.Clear}[f.Segment]; f.Verdict != want {
			t.Errorf("%s, %s: %s", f.Segment, f.Group, f.Verdict)
		}
	}
	causes := []fairness.Cause{{Reason: fairness.ProxyDetected, Name: fans}, {Reason: fairness.AuditFailed, Name: "women"}}
	if len(e.Decisions) != 2 || e.Decisions[0].Open || !slices.Equal(e.Decisions[0].Causes, causes) || !e.Decisions[1].Open {
		t.Errorf("decisions: %+v", e.Decisions)
	}
	for _, p := range e.Plans[0].Placements {
		if p.Weight < 1 {
			t.Errorf("%s is shown less", p.Name)
		}
	}
	for _, c := range x.changes {
		if c.Fell || c.Change.Value <= 0 {
			t.Errorf("reach: %+v", c)
		}
	}
	if x.shown[1] <= x.shown[0] {
		t.Errorf("shown %d times, then %d times", x.shown[0], x.shown[1])
	}

	// Files are for their owner, and nothing in them or in what is said names people.
	sources := map[string][]byte{"output": out.Bytes()}
	for _, name := range []string{"evidence.note", "decisions.jsonl", "first-reach.note", "first-members.note", "second-reach.note"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode() != 0o600 {
			t.Fatalf("%s: %v, %v", name, info, err)
		}
		if sources[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(sources[name], []byte("@")) {
			t.Errorf("%s holds addresses", name)
		}
	}
	var emails []string
	for _, p := range makePeople(16_000)[:200] {
		emails = append(emails, p.email)
	}
	discreettest.Sweep(t, emails, sources)
	if strings.Contains(out.String(), "@") || regexp.MustCompile(`[a-z2-7]{32}`).Match(out.Bytes()) {
		t.Error("what is said holds an address or a pseudonym")
	}

	// Whoever has the files and not the key finds what was changed.
	verifier := verifiers(t, dir)
	notes := []string{"first-reach.note", "first-members.note", "second-reach.note"}
	for i := range notes {
		notes[i] = filepath.Join(dir, notes[i])
	}
	evidence := filepath.Join(dir, "evidence.note")
	if _, err := checkFiles(evidence, notes, verifier); err != nil {
		t.Error(err)
	}
	if _, err := checkFiles(evidence, notes[:2], verifier); !errors.Is(err, fairness.ErrAbsent) {
		t.Errorf("without a release: %v", err)
	}
	better := filepath.Join(dir, "better.note")
	if err := write(better, bytes.Replace(sources["evidence.note"], []byte(`"verdict":"fail"`), []byte(`"verdict":"pass"`), 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := checkFiles(better, notes, verifier); !errors.Is(err, fairness.ErrUnverified) {
		t.Errorf("changed: %v", err)
	}
}

// TestDecisionsAreLoggedFirst: where the log cannot be written the gate answers with an
// error, and nothing is said to be open or closed.
func TestDecisionsAreLoggedFirst(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "decisions.jsonl"), 0o700); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	_, err := tell(t.Context(), dir, 1000, &out)
	if !errors.Is(err, fairness.ErrLog) || strings.Contains(out.String(), "gate is") {
		t.Errorf("%v", err)
	}
}

// verifiers reads the public keys of the story's key file.
func verifiers(t *testing.T, dir string) []string {
	t.Helper()
	keys, err := pseudonym.OpenKeyFile(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	list, err := keys.Verifiers("jobs")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestRefuses(t *testing.T) {
	for _, n := range []int{0, 999, 200_001} {
		if err := inFolder(t.Context(), t.TempDir(), n); !errors.Is(err, errPeople) {
			t.Errorf("%d: %v", n, err)
		}
	}
	dir := t.TempDir()
	if err := write(filepath.Join(dir, "keys"), []byte("of somebody")); err != nil {
		t.Fatal(err)
	}
	if _, err := tell(t.Context(), dir, 1000, io.Discard); err == nil {
		t.Error("a folder with another's files is taken")
	}
}

// TestServingKnowsNoGroup serves everybody as what they are, and as what they are not:
// what is decided is the same. A plan of more shows nobody less.
func TestServingKnowsNoGroup(t *testing.T) {
	s, shown := &service{}, 0
	same := func(a, b discreet.ExposureEvent) bool { return a.Campaign == b.Campaign && a.Reached == b.Reached }
	more := delivery{sports: cheapest[sports], news: 3 * cheapest[news], health: 3 * cheapest[health]}
	for _, p := range makePeople(2000) {
		var as, other, after discreet.AuditBatch
		n := s.serve(&as, &p, cheapest)
		p.sex = map[string]string{"men": "women", "women": "", "": "men"}[p.sex]
		if s.serve(&other, &p, cheapest) != n || !slices.EqualFunc(as.Exposures, other.Exposures, same) {
			t.Fatal("a decision follows the sex that was stated")
		}
		if s.serve(&after, &p, more) < n {
			t.Fatal("somebody is shown less")
		}
		shown += n
	}
	if shown == 0 {
		t.Fatal("nobody is shown anything")
	}
}
