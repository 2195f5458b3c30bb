package segment

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
)

// RulesConfig declares what happens to the events of one purpose.
type RulesConfig struct {
	Purpose     string         // every definition and measure is of this purpose
	Taxonomy    *Taxonomy      // what it does not know, or marks sensitive, is refused
	Definitions []Definition   // the segments
	Measures    []contrib.Spec // the aggregates that may be released; a profile keeps what they may count
	TTLDays     int            // days after which what a person did is forgotten, 1 to 730

	// Advertising says that the purpose is advertising: nobody is in a segment of it
	// whose evidence, the events that make its predicates hold, lies on one day only.
	// One busy day, or one day of somebody else on the same device, is no interest.
	Advertising bool

	// Zone is where days begin and end: of events, of today, and so of windows, weeks
	// and months. Optional: UTC. It has a name, as from time.LoadLocation, and is not
	// time.Local ([ErrZone]). Days that are recorded keep their dates when it changes.
	// Accounting has days of UTC whatever it is; see the package comment.
	Zone *time.Location

	// Filling are definitions of the purpose that do not serve yet, such as newer
	// versions, which other rules evaluate: the amounts that they sum are kept for them.
	Filling []Definition
}

// Rules are the checked definitions, measures and taxonomy of one purpose. They
// are immutable and safe for concurrent use.
type Rules struct {
	purpose     string
	taxonomy    *Taxonomy
	ttl         Day
	measures    []contrib.Spec // in the order given
	measured    []measured     // what each of them reads
	definitions []definition   // sorted by name
	order       []int32        // of definitions: each after those that it names
	advertising bool
	zone        *time.Location // nil for UTC
	units       []string       // in which amounts are summed, by node in the order of a walk; nil where none are
	interest    []uint64       // decay of an interest's weight, for ranking
	pool        sync.Pool      // of *Profile, space to work in
	spare       sync.Pool      // of *[2][]byte, for rows in between
	decodeAll   bool           // never splice; tests compare both ways
}

// definition is a Definition ready to be evaluated.
type definition struct {
	Definition
	all, any, none []predicate
	refers         bool // to other segments
}

// predicate is a Predicate with its subtree and decay looked up.
type predicate struct {
	*Predicate
	enter, leave int32    // the subtree
	within       Day      // days it looks back
	calendar     Calendar // or the window
	table        []uint64
	segment      int32 // the definition that In names
}

// interestHalfLife is the half-life, in days, of the weight of an interest in
// [Rules.History].
const interestHalfLife = 30

// NewRules checks a configuration: definitions and measures of the one purpose,
// each name once, measures over the names of the definitions, categories known
// and not sensitive (nor below one that is) also under None, segments that In
// names there and in no circle, no look-back beyond the TTL, measures that another one
// names there and fit for it. Errors about a definition or measure carry its number,
// and the place of the predicate, and wrap
// [ErrDefinition], [ErrPredicates], [ErrPredicate], [ErrWindow], [ErrUnknown],
// [ErrSensitive], [ErrUnit], [ErrReference], [ErrCircular], [ErrTwice], [ErrForeign],
// [ErrOf], [ErrLow] or [ErrGroups].
func NewRules(c RulesConfig) (*Rules, error) {
	if !contrib.ValidName(c.Purpose) || c.Taxonomy == nil || len(c.Definitions)+len(c.Measures) == 0 || len(c.Definitions) > MaxDefinitions {
		return nil, ErrNoTaxonomy
	}
	if c.TTLDays < 1 || c.TTLDays > MaxTTLDays {
		return nil, ErrTTL
	}
	zone, err := saneZone(c.Zone)
	if err != nil {
		return nil, err
	}
	r := &Rules{
		purpose: c.Purpose, taxonomy: c.Taxonomy, ttl: Day(c.TTLDays),
		measures: slices.Clone(c.Measures), interest: decayTable(interestHalfLife, c.TTLDays),
		advertising: c.Advertising, zone: zone,
	}
	r.pool.New = func() any { return new(Profile) }
	tables := map[int][]uint64{}
	names := map[string]bool{}
	place := map[string]int{}
	for i := range c.Definitions {
		d := &c.Definitions[i]
		if err := d.check(); err != nil {
			return nil, numbered(i, err)
		}
		if d.Purpose != c.Purpose {
			return nil, numbered(i, ErrForeign)
		}
		if names[d.Name] {
			return nil, numbered(i, ErrTwice)
		}
		names[d.Name], place[d.Name] = true, i
		ready, err := r.prepare(d, tables)
		if err != nil {
			return nil, numbered(i, err)
		}
		r.definitions = append(r.definitions, ready)
	}
	slices.SortFunc(r.definitions, func(a, b definition) int { return cmp.Compare(a.Name, b.Name) })
	if err := r.connect(place); err != nil {
		return nil, err
	}
	if err := r.fill(c.Filling); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i := range r.measures {
		m := &r.measures[i]
		if m.LookbackDays > c.TTLDays {
			return nil, ErrTTL
		}
		foreign := m.Purpose != c.Purpose || slices.ContainsFunc(m.Segments, func(s string) bool { return !names[s] })
		switch {
		case foreign:
			return nil, numberedMeasure(i, ErrForeign)
		case seen[m.Name]:
			return nil, numberedMeasure(i, ErrTwice)
		}
		seen[m.Name] = true
		ready, err := r.look(m)
		if err != nil {
			return nil, numberedMeasure(i, err)
		}
		r.measured = append(r.measured, ready)
	}
	return r, nil
}

// prepare copies a definition and looks up its categories.
func (r *Rules) prepare(d *Definition, tables map[int][]uint64) (definition, error) {
	ready := definition{Definition: *d}
	ready.All, ready.Any, ready.None = clonePredicates(d.All), clonePredicates(d.Any), clonePredicates(d.None)
	to := [...]*[]predicate{&ready.all, &ready.any, &ready.none}
	for k, l := range ready.lists() {
		for i := range l.list {
			p, err := r.predicate(&l.list[i], tables)
			if err != nil {
				return definition{}, l.placed(i, err)
			}
			*to[k] = append(*to[k], p)
		}
	}
	return ready, nil
}

// predicate looks up the category and the window.
func (r *Rules) predicate(q *Predicate, tables map[int][]uint64) (predicate, error) {
	p := predicate{Predicate: q, within: r.ttl}
	if q.In != nil {
		return p, nil
	}
	n, ok := r.taxonomy.index[q.category()]
	if !ok {
		return p, ErrUnknown
	}
	if r.taxonomy.nodes[n].sensitive {
		return p, ErrSensitive
	}
	p.enter, p.leave = r.taxonomy.nodes[n].enter, r.taxonomy.nodes[n].leave
	w := q.window()
	back := w.within
	if p.calendar = w.calendar; w.calendar != "" {
		_, back = w.calendar.length()
	}
	if Day(back) > r.ttl {
		return p, ErrPredicate
	}
	if w.within > 0 {
		p.within = Day(w.within)
	}
	if s := q.Score; s != nil {
		if tables[s.HalfLifeDays] == nil {
			tables[s.HalfLifeDays] = decayTable(s.HalfLifeDays, int(r.ttl))
		}
		p.table = tables[s.HalfLifeDays]
	}
	if q.Sum != nil {
		return p, r.sumOver(p.enter, p.leave, q.Sum.Unit)
	}
	return p, nil
}

// clonePredicates copies deeply, so that nobody changes rules from outside.
func clonePredicates(list []Predicate) []Predicate {
	list = slices.Clone(list)
	for i := range list {
		p := &list[i]
		switch {
		case p.Score != nil:
			v := *p.Score
			p.Score = &v
		case p.Recency != nil:
			v := *p.Recency
			p.Recency = &v
		case p.Frequency != nil:
			v := *p.Frequency
			p.Frequency = &v
		case p.Distinct != nil:
			v := *p.Distinct
			p.Distinct = &v
		case p.Sum != nil:
			v := *p.Sum
			p.Sum = &v
		case p.Subtree != nil:
			v := *p.Subtree
			p.Subtree = &v
		case p.In != nil:
			v := *p.In
			p.In = &v
		}
	}
	return list
}

// Purpose returns the purpose of the rules.
func (r *Rules) Purpose() string { return r.purpose }

// TTLDays returns the days after which what a person did is forgotten.
func (r *Rules) TTLDays() int { return int(r.ttl) }

// Definitions returns a copy of the definitions, sorted by name.
func (r *Rules) Definitions() []Definition {
	list := make([]Definition, len(r.definitions))
	for i := range list {
		d := r.definitions[i].Definition
		d.All, d.Any, d.None = clonePredicates(d.All), clonePredicates(d.Any), clonePredicates(d.None)
		list[i] = d
	}
	return list
}

// node returns the category's node if it may be used: known and not sensitive.
func (r *Rules) node(category string) (*node, bool) {
	i, ok := r.taxonomy.index[category]
	if !ok || r.taxonomy.nodes[i].sensitive {
		return nil, false
	}
	return &r.taxonomy.nodes[i], true
}

// measure returns the declared measure of that name.
func (r *Rules) measure(name []byte) *contrib.Spec {
	if i := r.measureAt(name); i >= 0 {
		return &r.measures[i]
	}
	return nil
}

// measureAt returns the place of the declared measure of that name, or -1.
func (r *Rules) measureAt(name []byte) int {
	for i := range r.measures {
		if r.measures[i].Name == string(name) {
			return i
		}
	}
	return -1
}
