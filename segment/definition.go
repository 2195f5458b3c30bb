package segment

import (
	"strconv"

	"github.com/discreet-go/discreet/internal/contrib"
)

// Limits of definitions.
const (
	MaxTTLDays     = 730     // days that a profile may reach back
	MaxDefinitions = 4096    // of one purpose
	MaxPredicates  = 64      // in each list of a definition
	MaxThreshold   = 1 << 30 // events, days, categories, or thousandths of a score; MaxAmount is that of sums
)

// Definition says who is in a segment: everyone for whom all predicates of All
// hold, at least one of Any (if there are any), and none of None. It reads one
// person's profile for one purpose and nothing else. The JSON form has the same
// fields; [ParseDefinitions] reads it, [DefinitionSchema] describes it.
type Definition struct {
	Name    string      `json:"name"`    // 1 to 64 characters of a-z, 0-9, dot, dash, underscore
	Purpose string      `json:"purpose"` // the one purpose whose profiles it reads
	Version int         `json:"version"` // above zero; a changed definition is a new version
	Title   string      `json:"title,omitempty"`
	All     []Predicate `json:"all,omitempty"`
	Any     []Predicate `json:"any,omitempty"`
	None    []Predicate `json:"none,omitempty"`
}

// Predicate is one condition: exactly one field is set. Every predicate but In
// names a category and looks at the events of its subtree.
//
// What others call count is Frequency; a count of distinct days is Frequency
// with Days, one of distinct categories is Distinct, and "has ever" is Subtree.
// A profile keeps amounts only of categories, and in units, that a Sum reads.
type Predicate struct {
	Score     *Score     `json:"score,omitempty"`
	Recency   *Recency   `json:"recency,omitempty"`
	Frequency *Frequency `json:"frequency,omitempty"`
	Sum       *Sum       `json:"sum,omitempty"`
	Distinct  *Distinct  `json:"distinct,omitempty"`
	Subtree   *Subtree   `json:"subtree,omitempty"`
	In        *In        `json:"in,omitempty"`
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
// with an event, in a window: the last days, today included, or one of the
// calendar.
type Frequency struct {
	Category   string   `json:"category"`
	AtLeast    int      `json:"at_least"`              // 1 to 2^30; with Days, at most the days of the window
	WithinDays int      `json:"within_days,omitempty"` // 1 to the TTL of the rules, or 0 with Calendar
	Calendar   Calendar `json:"calendar,omitempty"`    // or "" with WithinDays
	Days       bool     `json:"days,omitempty"`        // count distinct days instead of events
}

// Sum holds while the amounts of the events, Event.Value, add up to at least a
// threshold in a window as of Frequency. All sums of a purpose that read a category
// read it in one unit; amounts in another one do not count. The amounts of one
// category and day count up to 2^44 thousandths. Integer arithmetic decides.
type Sum struct {
	Category     string   `json:"category"`
	AtLeastMilli int64    `json:"at_least_milli"`        // threshold in thousandths of the unit, 1 to MaxAmount
	Unit         string   `json:"unit"`                  // as Event.Unit: 1 to 16 characters of A-Z, a-z, 0-9, dot, dash, underscore
	WithinDays   int      `json:"within_days,omitempty"` // 1 to the TTL of the rules, or 0 with Calendar
	Calendar     Calendar `json:"calendar,omitempty"`    // or "" with WithinDays
}

// Distinct holds while there are events of at least so many different
// categories in the subtree, its root among them, in a window as of Frequency.
type Distinct struct {
	Category   string   `json:"category"`
	AtLeast    int      `json:"at_least"`              // 1 to 2^30
	WithinDays int      `json:"within_days,omitempty"` // 1 to the TTL of the rules, or 0 with Calendar
	Calendar   Calendar `json:"calendar,omitempty"`    // or "" with WithinDays
}

// Subtree holds while the profile holds any event of the subtree: up to the TTL
// of the rules.
type Subtree struct {
	Category string `json:"category"`
}

// In holds for whoever is in another segment of the same purpose. Segments must
// not name each other in a circle.
type In struct {
	Segment string `json:"segment"` // its name; whichever version serves
}

// window is the part of Frequency, Sum and Distinct that says which days count.
type window struct {
	within   int
	calendar Calendar
}

// sane reports whether the window is one, and returns the most days it has.
func (w window) sane() (days int, err error) {
	days, _ = w.calendar.length()
	switch {
	case w.within != 0 && w.calendar != "", w.calendar != "" && days == 0:
		return 0, ErrWindow
	case w.calendar == "" && (w.within < 1 || w.within > MaxTTLDays):
		return 0, ErrPredicate
	}
	return max(days, w.within), nil
}

// check applies the rules that need neither taxonomy nor other definitions.
func (p *Predicate) check() error {
	set, sane := 0, true
	var err error
	if s := p.Score; s != nil {
		set++
		sane = s.HalfLifeDays >= 1 && s.HalfLifeDays <= MaxTTLDays && s.AtLeastMilli >= 1 && s.AtLeastMilli <= MaxThreshold
	}
	if r := p.Recency; r != nil {
		set++
		sane = r.WithinDays >= 1 && r.WithinDays <= MaxTTLDays
	}
	if f := p.Frequency; f != nil {
		set++
		var days int
		days, err = window{f.WithinDays, f.Calendar}.sane()
		sane = f.AtLeast >= 1 && f.AtLeast <= MaxThreshold && (!f.Days || f.AtLeast <= days)
	}
	if s := p.Sum; s != nil {
		set++
		_, err = window{s.WithinDays, s.Calendar}.sane()
		sane = s.AtLeastMilli >= 1 && s.AtLeastMilli <= MaxAmount
		if err == nil && !contrib.ValidUnit(s.Unit) {
			err = ErrUnit
		}
	}
	if d := p.Distinct; d != nil {
		set++
		_, err = window{d.WithinDays, d.Calendar}.sane()
		sane = d.AtLeast >= 1 && d.AtLeast <= MaxThreshold
	}
	if p.Subtree != nil {
		set++
	}
	if in := p.In; in != nil {
		set++
		sane = contrib.ValidName(in.Segment)
		if !sane {
			err = ErrReference
		}
	}
	switch {
	case set != 1:
		return ErrPredicates
	case err != nil:
		return err
	case !sane:
		return ErrPredicate
	case p.In == nil && p.category() == "":
		return ErrUnknown
	}
	return nil
}

// category returns the category of the predicate, "" for In.
func (p *Predicate) category() string {
	switch {
	case p.Score != nil:
		return p.Score.Category
	case p.Recency != nil:
		return p.Recency.Category
	case p.Frequency != nil:
		return p.Frequency.Category
	case p.Sum != nil:
		return p.Sum.Category
	case p.Distinct != nil:
		return p.Distinct.Category
	case p.Subtree != nil:
		return p.Subtree.Category
	}
	return ""
}

// window returns which days count; the zero window is the whole TTL.
func (p *Predicate) window() window {
	switch {
	case p.Recency != nil:
		return window{within: p.Recency.WithinDays}
	case p.Frequency != nil:
		return window{p.Frequency.WithinDays, p.Frequency.Calendar}
	case p.Sum != nil:
		return window{p.Sum.WithinDays, p.Sum.Calendar}
	case p.Distinct != nil:
		return window{p.Distinct.WithinDays, p.Distinct.Calendar}
	}
	return window{}
}

// lists returns the three lists with what they are called.
func (d *Definition) lists() [3]predicateList {
	return [...]predicateList{{"all", d.All}, {"any", d.Any}, {"none", d.None}}
}

type predicateList struct {
	name string
	list []Predicate
}

// placed names a predicate by its place in its list, from 1.
func (l predicateList) placed(i int, err error) error { return placedError{l.name, i + 1, err} }

// placedError is a part of what numbered makes.
type placedError struct {
	list string
	n    int
	err  error
}

func (e placedError) Error() string { return e.list + " " + strconv.Itoa(e.n) + ": " + e.err.Error() }
func (e placedError) Unwrap() error { return e.err }

// check applies the rules that need neither taxonomy nor other definitions.
func (d *Definition) check() error {
	if !contrib.ValidName(d.Name) || !contrib.ValidName(d.Purpose) || d.Version < 1 ||
		d.Title != "" && !contrib.ValidKey(d.Title) {
		return ErrDefinition
	}
	if len(d.All)+len(d.Any) == 0 {
		return ErrPredicates
	}
	for _, l := range d.lists() {
		if len(l.list) > MaxPredicates {
			return ErrPredicates
		}
		for i := range l.list {
			if err := l.list[i].check(); err != nil {
				return l.placed(i, err)
			}
		}
	}
	return nil
}

// LookbackDays returns how many days the definition looks back, the day of
// evaluation included, under rules with that TTL. A segment that In names may
// look back as far as the TTL.
func (d *Definition) LookbackDays(ttlDays int) (days int) {
	for _, l := range d.lists() {
		for i := range l.list {
			w := l.list[i].window()
			_, back := w.calendar.length()
			if back = max(back, w.within); back == 0 {
				back = ttlDays
			}
			days = max(days, back)
		}
	}
	return days
}
