package discreet_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/segment"
	"github.com/discreet-go/discreet/segment/audience"
	"github.com/google/go-cmp/cmp"
)

// audited is the configuration of the golden documents: two notices, one in two
// versions and two locales, a purpose with profiles, one that shares, one that
// advertises, one that no notice asks for any more.
func audited() discreet.Config {
	pages := discreettest.Notice()
	pages.Controller = "Example Ltd, 1 Example Road, privacy@shop.example"
	pages.Recipients = []string{"Example Hosting, which runs the computers"}
	pages.Purposes = append(pages.Purposes, consent.Purpose{Key: "old", Title: "Given up"})
	second := pages
	second.Version = 2
	second.Purposes = []consent.Purpose{pages.Purposes[0], {Key: "statistics", Title: "Count what is read", Text: "To improve the shop."}}
	second.Bundles = []consent.Bundle{{Key: "basics", Title: "Both", Purposes: []string{discreettest.Purpose, "statistics"}}}
	second.Sources = []string{"Our newsletter"}
	german := second
	german.Locale, german.Title = "de", "Seiten, die passen"
	more := discreettest.Notice()
	more.ID, more.Title, more.ConsentDays = "more", "Two more questions", 180
	more.Purposes = []consent.Purpose{
		{Key: "share", Title: "Share what you buy", Sharing: true},
		{Key: "ads", Title: "Show you advertising", Text: "Others pay for it.", Advertising: true},
	}
	more.ThirdParties, more.Transfers = []string{"Example Panel Ltd"}, []string{"Norway, by contract"}
	return discreet.Config{
		Notices:  []consent.Notice{pages, more, second, german},
		Segments: append(append([]segment.Definition{}, worldSegments...), richSegment), Measures: worldMeasures,
		Audience: &audience.Config{MinPeople: 200, TTLDays: 7, MaxAgeDays: 3},
	}
}

// richSegment uses every form of predicate.
var richSegment = segment.Definition{
	Name: "rich", Title: "Every form", Purpose: discreettest.Purpose, Version: 3,
	All: []segment.Predicate{
		{Score: &segment.Score{Category: "books", HalfLifeDays: 14, AtLeastMilli: 1500}},
		{Recency: &segment.Recency{Category: "books.fiction", WithinDays: 7}},
	},
	Any: []segment.Predicate{
		{Recency: &segment.Recency{Category: "sports", WithinDays: 1}},
		{Frequency: &segment.Frequency{Category: "film", AtLeast: 3, WithinDays: 30, Days: true}},
	},
	None: []segment.Predicate{{Frequency: &segment.Frequency{Category: "games", AtLeast: 1, WithinDays: 1}}},
}

// documents returns the three documents of an engine.
func documents(t *testing.T, e *discreettest.Engine) map[string]string {
	t.Helper()
	p := e.Processing()
	data, err := p.JSON()
	check(t, err)
	var record, assessment bytes.Buffer
	check(t, p.WriteText(&record))
	check(t, p.Assessment.WriteText(&assessment))
	return map[string]string{
		"processing-v0.json": string(data) + "\n", "processing-v0.md": record.String(), "assessment-v0.md": assessment.String(),
	}
}

// TestProcessingGolden holds the record of processing and the assessment. A change
// of the names in the JSON is a change of format: give it a new name.
func TestProcessingGolden(t *testing.T) {
	for name, got := range documents(t, discreettest.Open(t, audited())) {
		path := filepath.Join("testdata", name)
		if os.Getenv("DISCREET_UPDATE_GOLDEN") == "1" {
			check(t, os.WriteFile(path, []byte(got), 0o644))
		}
		want, err := os.ReadFile(path)
		check(t, err)
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestProcessingTellsOfNobody compares engines that have seen different people, or
// none: their documents are equal, byte by byte.
func TestProcessingTellsOfNobody(t *testing.T) {
	want := documents(t, discreettest.Open(t, audited()))
	for people := range 4 {
		e := discreettest.Open(t, audited())
		for i := range people * 7 {
			who := discreet.Email(fmt.Sprintf("person-%d-%d@example.com", people, i))
			c := discreet.Choice{Notice: "personal-pages", Version: 2, Locale: "en", Method: "test", Grant: []string{discreettest.Purpose, "statistics"}}
			if i%5 == 4 {
				c.Grant, c.Refuse = nil, c.Grant
			}
			check(t, e.Choose(t.Context(), who, c))
			_, err := e.Record(t.Context(), event(e, who, fmt.Sprint(i), "abc"[i%3:i%3+1], worldCategories[i%3]))
			check(t, err)
			if i%6 == 5 {
				check(t, errOf(e.Erase(t.Context(), who, operator)))
			}
		}
		if people > 0 {
			_, err := e.Release(t.Context(), discreet.Query{Name: "r", Measure: "sizes", Share: 0.1}, operator)
			check(t, err)
			_, err = e.Sweep(t.Context())
			check(t, err)
		}
		if diff := cmp.Diff(want, documents(t, e)); diff != "" {
			t.Errorf("%d people: %s", people*7, diff)
		}
	}
}

// TestProcessingIsComplete looks for every part of the configuration in the texts.
func TestProcessingIsComplete(t *testing.T) {
	cfg := audited()
	e := discreettest.Open(t, cfg)
	docs := documents(t, e)
	record, assessment := docs["processing-v0.md"], docs["assessment-v0.md"]
	for _, want := range []string{
		"Example Ltd, 1 Example Road", "Example Hosting", "Our newsletter", "Example Panel Ltd", "Norway, by contract",
		"personalize.content", "Legal basis: consent", "This is advertising.", "This is sharing", "No notice asks for it any more.",
		"Kept for 90 days; promised: at most 90 days.", "Kept: the choice, and nothing else.",
		"Kept: the choice, and what was disclosed under it.", "which segments a person is in", "7 days after it was told last",
	} {
		if !strings.Contains(record, want) {
			t.Errorf("%q is not in the record", want)
		}
	}
	for _, d := range cfg.Segments {
		if !strings.Contains(record, d.Name) || !strings.Contains(assessment, d.Name) {
			t.Errorf("segment %s is missing", d.Name)
		}
	}
	for _, m := range cfg.Measures {
		if name := measureName(m); !strings.Contains(record, name) || !strings.Contains(assessment, name) {
			t.Errorf("measure %s is missing", name)
		}
	}
	for _, n := range cfg.Notices {
		if hash := n.Hash(); !strings.Contains(record, fmt.Sprintf("%x", hash)) {
			t.Errorf("notice %s/%d %s is missing", n.ID, n.Version, n.Locale)
		}
	}
	for _, want := range []string{
		"35(7)(a)", "35(7)(b)", "35(7)(c), (d)", "2.72 times", "epsilon, which is 1", "1e-06 (delta)", "Advice of the data protection officer", "Decision", "Review",
		"a score of at least 1.5 in Books, where an event counts 1 on its day and half as much every 14 days",
		"an event in Books \\> Fiction within the last 7 days", "an event in Sports today", "events on at least 3 days in Film", "none of: at least 1 event in Games and toys today",
		"365 days, which touch at most 14 of them", "at least 200 people in it",
	} {
		if !strings.Contains(assessment, want) {
			t.Errorf("%q is not in the assessment", want)
		}
	}
	for _, key := range e.Processing().Purposes {
		if !strings.Contains(assessment, "Purpose "+key.Key) {
			t.Errorf("purpose %s is missing", key.Key)
		}
	}
	for name, text := range map[string]string{"record": record, "assessment": assessment} {
		blanks := strings.Count(text, "**To be written:**")
		if blanks < 8 || blanks != strings.Count(text, strings.TrimSpace(discreet.Blank)) {
			t.Errorf("%s: %d blanks are marked, of %d", name, blanks, strings.Count(text, strings.TrimSpace(discreet.Blank)))
		}
	}
	var back discreet.Processing
	check(t, json.Unmarshal([]byte(docs["processing-v0.json"]), &back))
	if diff := cmp.Diff(e.Processing(), back); diff != "" {
		t.Errorf("JSON loses content: %s", diff)
	}
}

// TestProcessingFollowsTheStore: what is said of a store is what it can do.
func TestProcessingFollowsTheStore(t *testing.T) {
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "store.db"), boltstore.Options{})
	check(t, err)
	t.Cleanup(func() { store.Close() })
	file, memory := documents(t, openWorld(t, discreet.Config{Store: store})), documents(t, openWorld(t, discreet.Config{}))
	for _, fact := range []string{"by signed checkpoints in a second place", "is erased again before an older copy", "gone from the store's file"} {
		if !strings.Contains(file["processing-v0.md"], fact) || strings.Contains(memory["processing-v0.md"], fact) {
			t.Errorf("%q is said of the wrong store", fact)
		}
	}
	if !strings.Contains(memory["assessment-v0.md"], "Nothing: the store has neither") || strings.Contains(file["assessment-v0.md"], "Nothing: the store") {
		t.Error("the assessment does not say what the store lacks")
	}
	if !strings.Contains(memory["processing-v0.md"], "no notice says so") {
		t.Error("a controller that nobody names is no blank")
	}
	if strings.Contains(memory["assessment-v0.md"], "Third parties use") || strings.Contains(memory["assessment-v0.md"], "Advertising uses") {
		t.Error("a risk is named that is not there")
	}
}

// TestProcessingFollowsTheAudience: without one nobody is told who is in a segment,
// and the documents do not say so.
func TestProcessingFollowsTheAudience(t *testing.T) {
	cfg := audited()
	cfg.Audience = nil
	for name, text := range documents(t, discreettest.Open(t, cfg)) {
		for _, fact := range []string{"which segments a person is in", "which segments it is in", "disclosed under it", "after it was told last", "which third party was told", "people in it, and while", "memberships"} {
			if strings.Contains(text, fact) {
				t.Errorf("%s: %q", name, fact)
			}
		}
	}
}

// TestProcessingEscapes: a text of the configuration adds no markup.
func TestProcessingEscapes(t *testing.T) {
	const hostile = "# <b>x</b> [a](b) *c* _d_ `e` | &lt; \\ ~f~ !g"
	n := discreettest.Notice()
	n.Controller = "Line\n# heading\n- item"
	n.Purposes[0].Title, n.Purposes[0].Text = hostile, hostile
	n.Categories, n.Recipients, n.Sources, n.Transfers = []string{"- " + hostile}, []string{hostile}, []string{hostile}, []string{hostile}
	for name, text := range documents(t, openWorld(t, discreet.Config{Notices: []consent.Notice{n}})) {
		if !strings.HasSuffix(name, ".md") {
			continue
		}
		for _, line := range strings.Split(text, "\n") {
			plain := strings.NewReplacer(`\\`, "", `\`+"`", "", `\*`, "", `\_`, "", `\[`, "", `\]`, "", `\<`, "", `\>`, "", `\#`, "", `\|`, "", `\~`, "", `\&`, "", `\!`, "", `\-`, "").Replace(line)
			plain = strings.TrimLeft(strings.TrimPrefix(strings.TrimLeft(plain, "#"), "- "), " ")
			plain = strings.Replace(plain, "**To be written:**", "", 1)
			if strings.ContainsAny(plain, "#<>[]*_`|&\\~!") || strings.HasPrefix(plain, "-") || strings.HasPrefix(line, "# heading") || strings.HasPrefix(line, "- item") {
				t.Errorf("%s: markup in %q", name, line)
			}
		}
	}
}

// TestProcessingSaysWhatIsNotCovered holds the assessment to the threat model.
func TestProcessingSaysWhatIsNotCovered(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("docs", "threat-model.md"))
	check(t, err)
	_, outside, ok := strings.Cut(string(page), "\n## Outside\n")
	if !ok {
		t.Fatal("the threat model does not say what is outside")
	}
	var want []string
	for _, line := range strings.Split(strings.TrimSpace(outside), "\n") {
		want = append(want, strings.TrimPrefix(line, "- "))
	}
	if got := openWorld(t, discreet.Config{}).Processing().Assessment.NotCovered; !reflect.DeepEqual(got, want) {
		t.Errorf("not covered: %s", cmp.Diff(want, got))
	}
}

// TestProcessingTellsOfAFullDisk: an error of the writer comes back.
func TestProcessingTellsOfAFullDisk(t *testing.T) {
	p := openWorld(t, discreet.Config{Measures: []dp.Measure{worldMeasures[0]}}).Processing()
	full := errors.New("full")
	if !errors.Is(p.WriteText(brokenWriter{full}), full) || !errors.Is(p.Assessment.WriteText(brokenWriter{full}), full) {
		t.Error("the error is lost")
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }
