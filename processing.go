package discreet

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/segment"
)

// Processing is a record of processing activities (Article 30 of the GDPR) and
// the skeleton of a data protection impact assessment (Article 35(7)), made from
// what the engine is configured to do: notices, segments, measures, budget, and
// what the store can do. It reads nobody's data, so it tells of nobody, and has no
// date: equal configurations give equal documents.
//
// What only people can fill in stands there as a text that begins with [Blank].
type Processing struct {
	Format      string              `json:"format"` // "discreet-processing/0"
	Tenant      string              `json:"tenant"`
	Controllers []string            `json:"controllers"` // as the notices in force name them
	Officers    []string            `json:"officers"`    // blanks: representative, data protection officer
	People      []string            `json:"people"`      // categories of people
	Purposes    []ProcessingPurpose `json:"purposes"`    // sorted by key
	Limits      []ProcessingLimit   `json:"limits"`      // of time
	Release     ProcessingBudget    `json:"release"`     // what anybody may learn from all that is published
	Security    []string            `json:"security"`    // measures that the library takes, and blanks for the others
	Notices     []ProcessingNotice  `json:"notices"`     // every text that people agreed to, or may have
	Assessment  Assessment          `json:"assessment"`
}

// ProcessingPurpose is one purpose, as the newest versions of the notices that
// name it tell people.
type ProcessingPurpose struct {
	Key          string   `json:"key"`
	Title        string   `json:"title"`
	Text         string   `json:"text,omitempty"`
	Basis        string   `json:"basis"` // "consent", always
	Advertising  bool     `json:"advertising,omitempty"`
	Sharing      bool     `json:"sharing,omitempty"`
	Notices      []string `json:"notices"`    // ids of notices that ask for it; empty: none does any more
	Categories   []string `json:"categories"` // of data
	Sources      []string `json:"sources"`
	Recipients   []string `json:"recipients"`
	ThirdParties []string `json:"third_parties"`         // of a sharing purpose
	Memberships  bool     `json:"memberships,omitempty"` // of a sharing purpose: they may be told who is in a segment
	Transfers    []string `json:"transfers"`

	PromisedDays int `json:"promised_days"` // the shortest time of keeping that any notice promised
	KeptDays     int `json:"kept_days"`     // what is older is forgotten; 0: nothing but the choice is kept
	ConsentDays  int `json:"consent_days"`  // the longest a consent lasts

	Segments []ProcessingSegment `json:"segments"`
	Measures []ProcessingMeasure `json:"measures"`
	Audit    *ProcessingAudit    `json:"audit,omitempty"` // of the purpose of Config.Audit: what is recorded beside the choice
}

// ProcessingSegment is a definition, and the same in words.
type ProcessingSegment struct {
	Definition segment.Definition `json:"definition"`
	Words      []string           `json:"words"`
}

// ProcessingLimit is a time limit (Article 30(1)(f)).
type ProcessingLimit struct {
	What  string `json:"what"`
	Until string `json:"until"`
}

// ProcessingBudget bounds everything that is published in one window, taken
// together.
type ProcessingBudget struct {
	Epsilon    float64  `json:"epsilon"`
	Delta      float64  `json:"delta"`
	WindowDays int      `json:"window_days"`
	Words      []string `json:"words"`
}

// ProcessingNotice names one text.
type ProcessingNotice struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
	Locale  string `json:"locale"`
	Hash    string `json:"hash"` // of the exact content, hexadecimal
}

// Blank begins every text that people have to replace.
const Blank = "To be written: "

// Processing returns the record of processing and the skeleton of an impact
// assessment for this engine. It reads the configuration only and needs no Actor.
// It takes some milliseconds.
func (e *Engine) Processing() Processing {
	p := Processing{
		Format: "discreet-processing/0", Tenant: e.cfg.Tenant,
		Officers: []string{
			Blank + "the representative in the Union, where the controller is outside of it, and how to reach them",
			Blank + "the data protection officer, and how to reach them",
		},
		People: []string{
			"people who were asked, and answered",
			"of them, those who agreed: people who use the service",
			Blank + "who these people are to the controller, and whether there are children, patients, employees or others among them who cannot freely say no",
		},
		Limits: e.limits(), Release: e.released(), Security: e.security(),
	}
	for _, key := range e.book.Purposes() {
		q := e.processingPurpose(key, &p.Controllers)
		p.Purposes = append(p.Purposes, q)
	}
	if len(p.Controllers) == 0 {
		p.Controllers = []string{Blank + "who is responsible, and how to reach them; no notice says so"}
	}
	for _, n := range e.cfg.Notices {
		hash := n.Hash()
		p.Notices = append(p.Notices, ProcessingNotice{n.ID, n.Version, n.Locale, hex.EncodeToString(hash[:])})
	}
	p.Assessment = e.assess(&p)
	return p
}

// JSON returns the record and the assessment as one object, in the documented form
// "discreet-processing/0", indented by tabs.
func (p Processing) JSON() ([]byte, error) { return json.MarshalIndent(p, "", "\t") }

// processingPurpose describes a purpose, and adds who asks for it.
func (e *Engine) processingPurpose(key string, controllers *[]string) ProcessingPurpose {
	described, _ := e.book.Purpose(key)
	p := ProcessingPurpose{
		Key: key, Title: described.Title, Text: described.Text, Basis: "consent",
		Advertising: described.Advertising, Sharing: described.Sharing,
		Notices: []string{}, Categories: []string{}, Sources: []string{}, Recipients: []string{}, ThirdParties: []string{}, Transfers: []string{},
		PromisedDays: e.book.RetentionDays(key), Segments: []ProcessingSegment{}, Measures: []ProcessingMeasure{},
	}
	for _, n := range e.newest(key) {
		p.Notices = append(p.Notices, n.ID)
		union(controllers, n.Controller)
		union(&p.Categories, n.Categories...)
		union(&p.Sources, n.Sources...)
		union(&p.Recipients, n.Recipients...)
		union(&p.Transfers, n.Transfers...)
		if p.Sharing {
			union(&p.ThirdParties, n.ThirdParties...)
			p.Memberships = e.cfg.Audience != nil && len(p.ThirdParties) > 0
		}
		p.ConsentDays = max(p.ConsentDays, n.ConsentDays)
	}
	r, ok := e.keeping(key)
	if !ok {
		return p
	}
	if r.audit != nil {
		p.KeptDays, p.Audit = r.audit.TTLDays(), &ProcessingAudit{r.audit.Attributes(), r.audit.Campaigns()}
		for i := range r.specs {
			p.Measures = append(p.Measures, e.processingMeasure(&r.specs[i]))
		}
		return p
	}
	p.KeptDays = e.cfg.TTLDays
	for _, d := range r.rules.Definitions() {
		p.Segments = append(p.Segments, ProcessingSegment{d, e.definitionWords(&d)})
	}
	for i := range r.specs {
		p.Measures = append(p.Measures, e.processingMeasure(&r.specs[i]))
	}
	return p
}

// newest returns the newest version of each notice, where it names the purpose,
// in the order of the configuration and in the locale declared first.
func (e *Engine) newest(purpose string) (list []consent.Notice) {
	var seen []string
	for i := range e.cfg.Notices {
		id := e.cfg.Notices[i].ID
		if slices.Contains(seen, id) {
			continue
		}
		seen = append(seen, id)
		n, ok := e.book.Newest(id, "")
		if ok && slices.ContainsFunc(n.Purposes, func(p consent.Purpose) bool { return p.Key == purpose }) {
			list = append(list, n)
		}
	}
	return list
}

// union adds the values that are not in the list, in order.
func union(list *[]string, values ...string) {
	for _, v := range values {
		if v != "" && !slices.Contains(*list, v) {
			*list = append(*list, v)
		}
	}
}

// count writes a number with its unit.
func count(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
