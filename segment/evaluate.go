package segment

import (
	"cmp"
	"slices"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
)

// interests is a profile's day counts with the place of each category in the
// taxonomy. Categories that may not be used any more are left out.
type interests struct {
	n    int
	list [maxCategories]struct{ enter, from, to, cat int32 }
}

func (r *Rules) interests(p *Profile, in *interests) {
	in.n = 0
	for i := range p.cats {
		c := &p.cats[i]
		if c.from == c.to || in.n == maxCategories {
			continue
		}
		if n, ok := r.node(p.string(c.name)); ok {
			e := &in.list[in.n]
			e.enter, e.from, e.to, e.cat = n.enter, c.from, c.to, int32(i)
			in.n++
		}
	}
}

// Segments returns the names of the segments that the person of the profile is
// in on the day asOf of the zone, sorted. Later days do not count. It does not look at the
// end of consent; [Rules.Person], [Rules.History] and [Rules.Explain] do.
func (r *Rules) Segments(p *Profile, asOf Day) []string {
	var in interests
	r.interests(p, &in)
	var m memberships
	r.memberships(p, &in, asOf, &m)
	return r.names(&m)
}

// names returns the names of the segments that somebody is in.
func (r *Rules) names(m *memberships) (names []string) {
	for i := range r.definitions {
		if m.in.has(int32(i)) {
			names = append(names, r.definitions[i].Name)
		}
	}
	return names
}

// Person returns what a release of measure spec (its place in
// RulesConfig.Measures) reads of the profile, and false when the person does
// not count: consent has ended at now, the person came back and counts from
// a later window on, or, for a histogram, nothing is held of what the person did.
// asOf is the last day that counts, a day of accounting, window the
// accounting window of the release. With a zone, what counts is what lies on its days
// that are over when asOf is; days of acts and items are moved by as much, so that they
// stand to asOf as they do to the last of those. In a series are only the segments that
// [Rules.AssignSlots] gave the person a slot for.
func (r *Rules) Person(p *Profile, spec int, now time.Time, asOf Day, window int32) (contrib.Person, bool) {
	if spec < 0 || spec >= len(r.measures) || p.expired(now) || p.enters > window {
		return contrib.Person{}, false
	}
	s := &r.measures[spec]
	last := r.cut(asOf)
	moved := asOf - last
	person := contrib.Person{Salt: p.salt}
	if s.Rows == contrib.RowsSegments || s.Quantity == contrib.QuantitySegments {
		person.Segments = r.Segments(p, last)
		if s.Series {
			person.Segments = s.InSlots(&person, window, p.slotsOf(s.Name, window))
		}
		if s.Rows == contrib.RowsSegments && len(person.Segments) == 0 {
			return person, true
		}
	}
	if s.ReadsDays() {
		person.Days = r.acts(p, spec, last, moved)
	}
	switch of := r.measured[spec].of; {
	case of >= 0:
		person.Items = slices.DeleteFunc(r.kept(p, of, window, last, moved), func(e contrib.Entry) bool { return !r.measures[of].Counts(e.Item) })
	case s.KeepsItems():
		person.Items = r.kept(p, spec, window, last, moved)
	}
	if s.Kind == contrib.KindHistogram && len(person.Items) == 0 && !r.anything(p, last) {
		return contrib.Person{}, false
	}
	return person, true
}

// entryUsable reports whether the category of an entry may (still) be used.
func (r *Rules) entryUsable(p *Profile, e entry) bool {
	if e.cat < 0 {
		return true
	}
	_, ok := r.node(p.string(p.cats[e.cat].name))
	return ok
}

// History is what ranking for one person may read of that person's own profile.
type History struct {
	Items     []OwnItem  // sorted by item
	Interests []Interest // sorted by category
	Segments  []string   // sorted
	Dismissed []string   // categories, each with everything below it, that the person wants nothing of; sorted

	// SegmentDays tells of each of Segments, in their order, on how many distinct days
	// the events lie that put the person into it, also those that put the person into
	// segments that it names.
	SegmentDays []int
}

// OwnItem is one kept item. Items are kept for declared measures, so that
// others are missing, and counts are capped.
type OwnItem struct {
	Item     string
	Category string // of its last event; "" when unknown
	Day      Day    // of its last event
	Count    uint32 // events that were kept, at least 1
}

// Interest is how much a person did in one category, without what is below it.
type Interest struct {
	Category string
	Weight   int64 // decayed number of events in thousandths, half-life 30 days
	Events   int64 // within the TTL
	Days     int   // distinct days with an event
	Last     Day   // of the last event
}

// History returns the person's own history as of now, for ranking for that
// person: kept items, interests, segments, what to leave out. It is empty when consent has ended.
func (r *Rules) History(p *Profile, now time.Time) History {
	today := r.Day(now)
	if p.expired(now) {
		return History{}
	}
	h := History{Items: r.ownItems(p, today), Dismissed: p.Dismissed()}
	var in interests
	r.interests(p, &in)
	var m memberships
	r.memberships(p, &in, today, &m)
	h.Segments = r.names(&m)
	for i := range r.definitions {
		if m.in.has(int32(i)) {
			h.SegmentDays = append(h.SegmentDays, int(r.segmentDays(int32(i), p, &in, today, &m)))
		}
	}
	for i := range p.cats {
		c := &p.cats[i]
		if _, ok := r.node(p.string(c.name)); !ok {
			continue
		}
		in := Interest{Category: p.string(c.name)}
		score := uint64(0)
		for _, b := range p.buckets[c.from:c.to] {
			age := today - b.day
			if age < 0 || age >= r.ttl {
				continue
			}
			score = addSaturating(score, b.count, r.interest[age])
			in.Events += int64(b.count)
			in.Days++
			in.Last = max(in.Last, b.day)
		}
		if in.Days > 0 {
			in.Weight = milli(score)
			h.Interests = append(h.Interests, in)
		}
	}
	return h
}

// ownItems merges what is kept of an item: counts add up over categories and
// windows, and the measure that kept most counts.
func (r *Rules) ownItems(p *Profile, today Day) []OwnItem {
	type kept struct {
		OwnItem
		measure string
	}
	var list []kept
	for i := range p.groups {
		g := &p.groups[i]
		s := r.measure([]byte(p.string(g.measure)))
		if s == nil {
			continue
		}
		for _, e := range p.entries[g.from:g.to] {
			if age := today - e.day; age < 0 || age >= Day(s.LookbackDays) || !r.entryUsable(p, e) {
				continue
			}
			o := OwnItem{Item: p.string(e.item), Day: e.day, Count: e.count}
			if e.cat >= 0 {
				o.Category = p.string(p.cats[e.cat].name)
			}
			list = append(list, kept{o, s.Name})
		}
	}
	slices.SortFunc(list, func(a, b kept) int {
		return cmp.Or(cmp.Compare(a.Item, b.Item), cmp.Compare(a.measure, b.measure),
			cmp.Compare(b.Day, a.Day), cmp.Compare(b.Category, a.Category))
	})
	var items []OwnItem
	for i := 0; i < len(list); {
		own := OwnItem{Item: list[i].Item}
		for i < len(list) && list[i].Item == own.Item {
			measure, sum := list[i].measure, uint32(0)
			for ; i < len(list) && list[i].Item == own.Item && list[i].measure == measure; i++ {
				sum += list[i].Count
				if k := &list[i]; k.Day > own.Day || k.Day == own.Day && k.Category > own.Category {
					own.Day, own.Category = k.Day, k.Category
				}
			}
			own.Count = max(own.Count, sum)
		}
		items = append(items, own)
	}
	return items
}
