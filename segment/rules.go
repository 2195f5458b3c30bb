package segment

import (
	"cmp"
	"slices"
	"sync"

	"github.com/discreet-go/discreet/internal/contrib"
)

// RulesConfig declares what happens to the events of one purpose.
type RulesConfig struct {
	Purpose     string         // every definition and measure is of this purpose
	Taxonomy    *Taxonomy      // what it does not know, or marks sensitive, is refused
	Definitions []Definition   // the segments
	Measures    []contrib.Spec // the aggregates that may be released; a profile keeps what they may count
	TTLDays     int            // days after which what a person did is forgotten, 1 to 730
}

// Rules are the checked definitions, measures and taxonomy of one purpose. They
// are immutable and safe for concurrent use.
type Rules struct {
	purpose     string
	taxonomy    *Taxonomy
	ttl         Day
	measures    []contrib.Spec // in the order given
	definitions []definition   // sorted by name
	interest    []uint64       // decay of an interest's weight, for ranking
	pool        sync.Pool      // of *Profile, space to work in
	decodeAll   bool           // never splice; tests compare both ways
}

// definition is a Definition ready to be evaluated.
type definition struct {
	Definition
	all, any, none []predicate
}

// predicate is a Predicate with its subtree and decay looked up.
type predicate struct {
	*Predicate
	enter, leave int32 // the subtree
	within       Day   // days it looks back
	table        []uint64
}

// interestHalfLife is the half-life, in days, of the weight of an interest in
// [Rules.History].
const interestHalfLife = 30

// NewRules checks a configuration: definitions and measures of the one purpose,
// each name once, measures over the names of the definitions, categories known
// and not sensitive (nor below one that is) also under None, no look-back
// beyond the TTL. Errors about a definition carry its number and wrap
// [ErrDefinition], [ErrPredicates], [ErrPredicate], [ErrUnknown],
// [ErrSensitive], [ErrTwice] or [ErrForeign].
func NewRules(c RulesConfig) (*Rules, error) {
	if !contrib.ValidName(c.Purpose) || c.Taxonomy == nil || len(c.Definitions)+len(c.Measures) == 0 || len(c.Definitions) > MaxDefinitions {
		return nil, ErrNoTaxonomy
	}
	if c.TTLDays < 1 || c.TTLDays > MaxTTLDays {
		return nil, ErrTTL
	}
	r := &Rules{
		purpose: c.Purpose, taxonomy: c.Taxonomy, ttl: Day(c.TTLDays),
		measures: slices.Clone(c.Measures), interest: decayTable(interestHalfLife, c.TTLDays),
	}
	r.pool.New = func() any { return new(Profile) }
	tables := map[int][]uint64{}
	names := map[string]bool{}
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
		names[d.Name] = true
		ready, err := r.prepare(d, tables)
		if err != nil {
			return nil, numbered(i, err)
		}
		r.definitions = append(r.definitions, ready)
	}
	slices.SortFunc(r.definitions, func(a, b definition) int { return cmp.Compare(a.Name, b.Name) })
	measured := map[string]bool{}
	for i := range r.measures {
		m := &r.measures[i]
		if m.LookbackDays > c.TTLDays {
			return nil, ErrTTL
		}
		foreign := m.Purpose != c.Purpose || slices.ContainsFunc(m.Segments, func(s string) bool { return !names[s] })
		switch {
		case foreign:
			return nil, numberedMeasure(i, ErrForeign)
		case measured[m.Name]:
			return nil, numberedMeasure(i, ErrTwice)
		}
		measured[m.Name] = true
	}
	return r, nil
}

// prepare copies a definition and looks up its categories.
func (r *Rules) prepare(d *Definition, tables map[int][]uint64) (definition, error) {
	ready := definition{Definition: *d}
	for _, list := range []struct {
		from []Predicate
		kept *[]Predicate
		to   *[]predicate
	}{{d.All, &ready.All, &ready.all}, {d.Any, &ready.Any, &ready.any}, {d.None, &ready.None, &ready.none}} {
		*list.kept = clonePredicates(list.from)
		for i := range *list.kept {
			p := predicate{Predicate: &(*list.kept)[i], within: r.ttl}
			category, _, _ := p.category()
			n, ok := r.taxonomy.index[category]
			if !ok {
				return definition{}, ErrUnknown
			}
			if r.taxonomy.nodes[n].sensitive {
				return definition{}, ErrSensitive
			}
			p.enter, p.leave = r.taxonomy.nodes[n].enter, r.taxonomy.nodes[n].leave
			if w := Day(p.Predicate.within()); w > r.ttl {
				return definition{}, ErrPredicate
			} else if w > 0 {
				p.within = w
			}
			if s := p.Score; s != nil {
				if tables[s.HalfLifeDays] == nil {
					tables[s.HalfLifeDays] = decayTable(s.HalfLifeDays, int(r.ttl))
				}
				p.table = tables[s.HalfLifeDays]
			}
			*list.to = append(*list.to, p)
		}
	}
	return ready, nil
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
	for i := range r.measures {
		if r.measures[i].Name == string(name) {
			return &r.measures[i]
		}
	}
	return nil
}
