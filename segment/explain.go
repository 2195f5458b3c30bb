package segment

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// Explanation tells a person what one purpose's profile holds and what follows
// from it. It has a JSON form for pages; dates are 2006-01-02, in
// the zone of the rules.
type Explanation struct {
	Purpose       string          `json:"purpose"`
	Notice        string          `json:"notice"` // that was agreed to
	NoticeVersion int             `json:"notice_version"`
	ConsentEnds   time.Time       `json:"consent_ends"`
	Expired       bool            `json:"expired"` // consent has ended: nothing below is used, and it is deleted soon
	FirstRecorded string          `json:"first_recorded"`
	LastRecorded  string          `json:"last_recorded"`
	KeptDays      int             `json:"kept_days"`           // what is older is forgotten
	Segments      []Membership    `json:"segments"`            // every segment of the purpose, in it or not
	Interests     []InterestByDay `json:"interests"`           // events by category and day
	Items         []KeptItem      `json:"items"`               // what declared measures may count
	Dismissed     []Wish          `json:"dismissed,omitempty"` // categories the person is not interested in
	Left          []Wish          `json:"left,omitempty"`      // segments the person has left
	Leave         []string        `json:"leave"`               // how to change or end this
}

// Membership says whether the person is in a segment, and what decided it.
type Membership struct {
	Segment string    `json:"segment"`
	Title   string    `json:"title,omitempty"`
	Version int       `json:"version"`
	In      bool      `json:"in"`
	Left    bool      `json:"left,omitempty"` // the person has left it: not in, whatever holds
	All     []Finding `json:"all,omitempty"`  // all must hold
	Any     []Finding `json:"any,omitempty"`  // one must hold
	None    []Finding `json:"none,omitempty"` // none may hold

	// For advertising, the distinct days on which the events lie that make All, and
	// what holds of Any, hold, and how many it takes.
	EvidenceDays       int64 `json:"evidence_days,omitempty"`
	EvidenceDaysNeeded int64 `json:"evidence_days_needed,omitempty"`
}

// Finding is one predicate, what it needs and what was found.
type Finding struct {
	Kind         string `json:"kind"`               // "score", "recency", "frequency", "days", "sum", "distinct", "subtree" or "in"
	Category     string `json:"category"`           // with everything below it; the segment for "in"
	Path         string `json:"path"`               // of the category, or the title of the segment
	WithinDays   int    `json:"within_days"`        // 0 with Calendar and for "in"
	Calendar     string `json:"calendar,omitempty"` // "this_week", ...: instead of WithinDays
	HalfLifeDays int    `json:"half_life_days,omitempty"`
	Unit         string `json:"unit,omitempty"` // of a sum
	Needed       int64  `json:"needed"`         // score and sum: thousandths; recency: most days ago; frequency and subtree: events; days: days; distinct: categories; in: 1
	Found        int64  `json:"found"`          // in the same unit; recency: -1 for never
	Holds        bool   `json:"holds"`

	// For "in" that holds, what holds of that segment: All, and what holds of Any.
	// A segment is told once within a finding, and at most 64 are.
	Because []Finding `json:"because,omitempty"`
}

// Wish is what a person said about a category or a segment, and how to take it
// back. When it was said is not kept.
type Wish struct {
	Name     string `json:"name"`           // the category with everything below it, or the segment
	Path     string `json:"path,omitempty"` // of the category, or the title of the segment
	Means    string `json:"means"`
	TakeBack string `json:"take_back"`
}

// InterestByDay is the events of one category.
type InterestByDay struct {
	Category string     `json:"category"`
	Path     string     `json:"path"`
	Unit     string     `json:"unit,omitempty"` // of the amounts, where there are any
	Days     []DayCount `json:"days"`           // newest first
}

// DayCount is the events of one day.
type DayCount struct {
	Day         string `json:"day"`
	Events      int64  `json:"events"`
	AmountMilli int64  `json:"amount_milli,omitempty"` // what the amounts of the events add up to, in thousandths of the unit, where a segment or measure sums them
}

// KeptItem is an item that a declared measure may count.
type KeptItem struct {
	Measure  string `json:"measure"`
	Window   int32  `json:"window"` // accounting window in which it was recorded
	Item     string `json:"item"`
	Category string `json:"category,omitempty"`
	LastDay  string `json:"last_day"`
	Events   int64  `json:"events"` // capped by the measure
}

// Explain answers, for the person of the profile, what is held, which segments
// follow from it by which predicates, until when, and how to leave. What has
// expired at now is left out.
func (r *Rules) Explain(p *Profile, now time.Time) Explanation {
	today := r.Day(now)
	x := Explanation{
		Purpose: r.purpose, ConsentEnds: p.ConsentEnds(), Expired: p.expired(now),
		FirstRecorded: date(p.created), LastRecorded: date(p.seen), KeptDays: int(r.ttl),
		Segments:  make([]Membership, len(r.definitions)),
		Interests: r.byDay(p, today), Items: r.keptItems(p, today),
	}
	x.Notice, x.NoticeVersion = p.Notice()
	var in interests
	r.interests(p, &in)
	var m memberships
	r.memberships(p, &in, today, &m)
	find := finder{r, p, &in, today, &m}
	for i := range r.definitions {
		d := &r.definitions[i]
		s := Membership{
			Segment: d.Name, Title: d.Title, Version: d.Version,
			Left: p.hasLeft(d.Name), In: !x.Expired && m.in.has(int32(i)),
			All: find.list(d.all, &m.in), Any: find.list(d.any, &m.in), None: find.list(d.none, &m.plain),
		}
		if r.advertising {
			s.EvidenceDays, s.EvidenceDaysNeeded = d.evidence(p, &in, today, &m.in), evidenceDays
		}
		x.Segments[i] = s
	}
	x.Dismissed, x.Left = r.dismissals(p), r.leavings(p)
	x.Leave = []string{
		"erase one interest: what is held about a category and everything below it is deleted, and its segments end with it",
		"say that you are not interested in a category: the same, and nothing of it is taken any more until you take that back",
		"leave a segment: you are not in it any more, whatever is held, until you rejoin it",
		"withdraw consent for the purpose: the whole profile is deleted at once",
		"do nothing: what is older than the days it is kept for is deleted, and all of it when consent ends",
	}
	return x
}

// dismissals tells what the person is not interested in.
func (r *Rules) dismissals(p *Profile) []Wish {
	var list []Wish
	for _, name := range p.Dismissed() {
		list = append(list, Wish{
			Name: name, Path: r.taxonomy.Path(name),
			Means:    "you are not interested in this and everything below it: none of it is held, and none is taken",
			TakeBack: "say that you are interested in it: what happens from then on counts",
		})
	}
	return list
}

// leavings tells which segments the person has left.
func (r *Rules) leavings(p *Profile) []Wish {
	var list []Wish
	for _, name := range p.Left() {
		w := Wish{
			Name: name, Means: "you have left this segment: you are not in it, whatever is held",
			TakeBack: "rejoin it: what is held decides again",
		}
		for i := range r.definitions {
			if d := &r.definitions[i]; d.Name == name {
				w.Path = d.Title
			}
		}
		list = append(list, w)
	}
	return list
}

func (r *Rules) byDay(p *Profile, today Day) []InterestByDay {
	list := []InterestByDay{}
	for i := range p.cats {
		c := &p.cats[i]
		in := InterestByDay{Category: p.string(c.name), Path: r.taxonomy.Path(p.string(c.name))}
		for _, b := range p.buckets[c.from:c.to] {
			if today-b.day < r.ttl {
				in.Days = append(in.Days, DayCount{date(b.day), int64(b.count), b.sum})
				if b.sum > 0 {
					in.Unit = p.string(c.unit)
				}
			}
		}
		if len(in.Days) > 0 {
			list = append(list, in)
		}
	}
	return list
}

func (r *Rules) keptItems(p *Profile, today Day) []KeptItem {
	list := []KeptItem{}
	for i := range p.groups {
		g := &p.groups[i]
		s := r.measure([]byte(p.string(g.measure)))
		for _, e := range p.entries[g.from:g.to] {
			if s != nil && today-e.day >= Day(s.LookbackDays) {
				continue
			}
			k := KeptItem{
				Measure: p.string(g.measure), Window: g.window, Item: p.string(e.item),
				LastDay: date(e.day), Events: int64(e.count),
			}
			if e.cat >= 0 {
				k.Category = p.string(p.cats[e.cat].name)
			}
			list = append(list, k)
		}
	}
	return list
}

// String tells the explanation in plain text, a few lines.
func (x Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Purpose %s, agreed to notice %s version %d, until %s.\n",
		x.Purpose, x.Notice, x.NoticeVersion, x.ConsentEnds.Format(time.DateOnly))
	if x.Expired {
		b.WriteString("Consent has ended: nothing here is used.\n")
	}
	for _, m := range x.Segments {
		state := "not in"
		switch {
		case m.In:
			state = "in"
		case m.Left:
			state = "not in: left"
		}
		name := m.Segment
		if m.Title != "" {
			name = m.Title
		}
		fmt.Fprintf(&b, "%s: %s\n", name, state)
		for _, l := range []struct {
			head string
			list []Finding
		}{{"must", m.All}, {"one of", m.Any}, {"must not", m.None}} {
			for _, f := range l.list {
				fmt.Fprintf(&b, "  %s: %s\n", l.head, f)
				because(&b, "    ", f.Because)
			}
		}
		if m.EvidenceDaysNeeded > 0 {
			fmt.Fprintf(&b, "  must: events of that on at least %d days; found %d: %s\n",
				m.EvidenceDaysNeeded, m.EvidenceDays, verdict(m.EvidenceDays >= m.EvidenceDaysNeeded))
		}
	}
	for _, w := range x.Dismissed {
		fmt.Fprintf(&b, "Not interested: %s\n", cmp.Or(w.Path, w.Name))
	}
	return b.String()
}

func date(d Day) string { return time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly) }
