package segment

import "github.com/discreet-go/discreet/internal/contrib"

// Limits of definitions.
const (
	MaxTTLDays     = 730     // days that a profile may reach back
	MaxDefinitions = 4096    // of one purpose
	MaxPredicates  = 64      // in each list of a definition
	MaxThreshold   = 1 << 30 // events, days, or thousandths of a score
)

// Definition says who is in a segment: everyone for whom all predicates of All
// hold, at least one of Any (if there are any), and none of None. It reads one
// person's profile for one purpose and nothing else. The JSON form has the same
// fields; [ParseDefinitions] reads it.
type Definition struct {
	Name    string      `json:"name"`    // 1 to 64 characters of a-z, 0-9, dot, dash, underscore
	Purpose string      `json:"purpose"` // the one purpose whose profiles it reads
	Version int         `json:"version"` // above zero; a changed definition is a new version
	Title   string      `json:"title,omitempty"`
	All     []Predicate `json:"all,omitempty"`
	Any     []Predicate `json:"any,omitempty"`
	None    []Predicate `json:"none,omitempty"`
}

// Predicate is one condition: exactly one field is set. Every predicate names a
// category and counts the events of its subtree.
type Predicate struct {
	Score     *Score     `json:"score,omitempty"`
	Recency   *Recency   `json:"recency,omitempty"`
	Frequency *Frequency `json:"frequency,omitempty"`
}

// Score holds while the decayed number of events is at least a threshold: an
// event counts 1 on its day, 1/2 after HalfLifeDays days, and so on, up to the
// TTL of the rules. Integer arithmetic decides.
type Score struct {
	Category     string `json:"category"`
	HalfLifeDays int    `json:"half_life_days"` // 1 to 730
	AtLeastMilli int64  `json:"at_least_milli"` // threshold in thousandths of an event, 1 to 2^30
}

// Recency holds while the last event is at most so many days old: within 1 day
// means today.
type Recency struct {
	Category   string `json:"category"`
	WithinDays int    `json:"within_days"` // 1 to the TTL of the rules
}

// Frequency holds while there are at least so many events, or distinct days
// with an event, within the last days, today included.
type Frequency struct {
	Category   string `json:"category"`
	AtLeast    int    `json:"at_least"`       // 1 to 2^30
	WithinDays int    `json:"within_days"`    // 1 to the TTL of the rules
	Days       bool   `json:"days,omitempty"` // count distinct days instead of events
}

// category returns the category of the predicate, whether exactly one kind is
// set, and whether its numbers are within the limits.
func (p *Predicate) category() (category string, one, sane bool) {
	set := 0
	if s := p.Score; s != nil {
		set++
		category = s.Category
		sane = s.HalfLifeDays >= 1 && s.HalfLifeDays <= MaxTTLDays && s.AtLeastMilli >= 1 && s.AtLeastMilli <= MaxThreshold
	}
	if r := p.Recency; r != nil {
		set++
		category = r.Category
		sane = r.WithinDays >= 1 && r.WithinDays <= MaxTTLDays
	}
	if f := p.Frequency; f != nil {
		set++
		category = f.Category
		sane = f.AtLeast >= 1 && f.AtLeast <= MaxThreshold && f.WithinDays >= 1 && f.WithinDays <= MaxTTLDays
		if f.Days {
			sane = sane && f.AtLeast <= f.WithinDays
		}
	}
	return category, set == 1, sane
}

// within returns the days that the predicate looks back, 0 for the whole TTL.
func (p *Predicate) within() int {
	switch {
	case p.Recency != nil:
		return p.Recency.WithinDays
	case p.Frequency != nil:
		return p.Frequency.WithinDays
	}
	return 0
}

// check applies the rules that need no taxonomy.
func (d *Definition) check() error {
	if !contrib.ValidName(d.Name) || !contrib.ValidName(d.Purpose) || d.Version < 1 ||
		d.Title != "" && !contrib.ValidKey(d.Title) {
		return ErrDefinition
	}
	if len(d.All)+len(d.Any) == 0 {
		return ErrPredicates
	}
	for _, list := range [...][]Predicate{d.All, d.Any, d.None} {
		if len(list) > MaxPredicates {
			return ErrPredicates
		}
		for i := range list {
			_, one, sane := list[i].category()
			if !one {
				return ErrPredicates
			}
			if !sane {
				return ErrPredicate
			}
		}
	}
	return nil
}
