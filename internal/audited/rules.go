// Package audited keeps, one row a person, what audits of fairness count: what
// the person stated about itself, which campaigns the person was eligible for, whether
// it was reached, and what came of it. Rows stand under a purpose of their own, and
// nothing but a release of groups reads them.
//
// A row is the same for every order and repetition of what was recorded on one day:
// of statements of an attribute, and of outcomes of a campaign, the last one by time
// holds; whoever was reached once was reached. A row holds at most [MaxAttributes]
// attributes and [MaxCampaigns] campaigns; of more, those whose names rank lowest under
// the row's salt.
package audited

import (
	"errors"
	"slices"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
)

// Bounds of a row, and of a configuration.
const (
	MaxAttributes = 32  // of a person, and declared
	MaxCampaigns  = 256 // of a person

	MaxValues   = 256     // declared values of one attribute
	MaxDeclared = 1 << 14 // declared campaigns
)

// Errors of NewRules and Check, and of what is recorded.
var (
	ErrConfig    = errors.New("audited: there are 1 to 32 attributes with 2 to 256 values each, 1 to 16,384 campaigns, every one once and a valid name, and a TTL of 1 to 730 days")
	ErrMeasure   = errors.New("audited: a measure counts groups, by an attribute, values and campaigns that are declared")
	ErrAttribute = errors.New("audited: the attribute is not declared")
	ErrValue     = errors.New("audited: the value is not one that is declared for the attribute")
	ErrCampaign  = errors.New("audited: the campaign is not declared")
	ErrRow       = errors.New("audited: not a row in canonical form")
)

// Attribute declares what people may state, and the values that there are.
type Attribute struct {
	Name   string   // 1 to 64 characters of a-z, 0-9, dot, dash, underscore
	Values []string // 2 to 256, each 1 to 128 bytes of printable text
}

// Config declares what is kept.
type Config struct {
	Purpose    string
	Attributes []Attribute
	Campaigns  []string // each 1 to 128 bytes of printable text
	TTLDays    int      // days after which a statement, an exposure and an outcome are forgotten, 1 to 730
}

// Rules is a checked Config. It is safe for concurrent use.
type Rules struct {
	purpose    string
	attributes map[string][]string // values, sorted
	campaigns  []string            // sorted
	ttl        contrib.Day
}

// NewRules checks a Config and copies it.
func NewRules(c Config) (*Rules, error) {
	r := &Rules{purpose: c.Purpose, attributes: map[string][]string{}, ttl: contrib.Day(c.TTLDays)}
	if !contrib.ValidName(c.Purpose) || c.TTLDays < 1 || c.TTLDays > 730 || len(c.Attributes) < 1 || len(c.Attributes) > MaxAttributes {
		return nil, ErrConfig
	}
	for _, a := range c.Attributes {
		values, ok := contrib.Distinct(a.Values, MaxValues)
		if !contrib.ValidName(a.Name) || r.attributes[a.Name] != nil || !ok || len(values) < 2 {
			return nil, ErrConfig
		}
		r.attributes[a.Name] = values
	}
	var ok bool
	if r.campaigns, ok = contrib.Distinct(c.Campaigns, MaxDeclared); !ok {
		return nil, ErrConfig
	}
	return r, nil
}

// Purpose returns the purpose of the rows.
func (r *Rules) Purpose() string { return r.purpose }

// TTLDays returns the days after which what was recorded is forgotten.
func (r *Rules) TTLDays() int { return int(r.ttl) }

// Attributes returns what is declared, sorted.
func (r *Rules) Attributes() []Attribute {
	var list []Attribute
	for name, values := range r.attributes {
		list = append(list, Attribute{name, slices.Clone(values)})
	}
	slices.SortFunc(list, func(a, b Attribute) int { return compareText(a.Name, b.Name) })
	return list
}

// Campaigns returns the declared campaigns, sorted.
func (r *Rules) Campaigns() []string { return slices.Clone(r.campaigns) }

// Reads returns nil for a measure that these rows can answer.
func (r *Rules) Reads(s *contrib.Spec) error {
	values := r.attributes[s.Attribute]
	if s.Kind != contrib.KindGroups || s.Purpose != r.purpose || values == nil || !within(s.Groups, values) || !within(s.Items, r.campaigns) {
		return ErrMeasure
	}
	return nil
}

// within reports whether a sorted list holds all of some.
func within(some, sorted []string) bool {
	for _, k := range some {
		if _, ok := slices.BinarySearch(sorted, k); !ok {
			return false
		}
	}
	return true
}

// Kind says what an event tells.
type Kind uint8

// The kinds of event.
const (
	Stated  Kind = iota + 1 // the person states an attribute
	Exposed                 // the person is eligible for a campaign: reached by it, or not
	Came                    // an outcome of a campaign
)

// Event is one thing that became known of one person. It names nobody: the Link does.
type Event struct {
	Kind  Kind
	Name  string    // of the attribute, or of the campaign
	Value string    // that is stated; empty takes back what was stated
	Yes   bool      // reached; or the outcome
	Time  time.Time // when it was so
}

// Check returns nil for an event over names and values that are declared.
func (r *Rules) Check(e *Event) error {
	if e.Kind != Stated {
		if _, ok := slices.BinarySearch(r.campaigns, e.Name); !ok {
			return ErrCampaign
		}
		return nil
	}
	values, ok := r.attributes[e.Name]
	if !ok {
		return ErrAttribute
	}
	if _, ok := slices.BinarySearch(values, e.Value); !ok && e.Value != "" {
		return ErrValue
	}
	return nil
}
