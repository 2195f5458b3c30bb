package segment

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// Explanation tells a person what one purpose's profile holds and what follows
// from it. It has a JSON form for pages; dates are 2006-01-02, UTC.
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
}

// Finding is one predicate, what it needs and what was found.
type Finding struct {
	Kind         string `json:"kind"`     // "score", "recency", "frequency" or "days"
	Category     string `json:"category"` // with everything below it
	Path         string `json:"path"`
	WithinDays   int    `json:"within_days"`
	HalfLifeDays int    `json:"half_life_days,omitempty"`
	Needed       int64  `json:"needed"` // score: thousandths; recency: most days ago; frequency: events; days: days
	Found        int64  `json:"found"`  // in the same unit; recency: -1 for never
	Holds        bool   `json:"holds"`
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
	Days     []DayCount `json:"days"` // newest first
}

// DayCount is the events of one day.
type DayCount struct {
	Day    string `json:"day"`
	Events int64  `json:"events"`
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
	today := Day(now.Unix() / 86400)
	x := Explanation{
		Purpose: r.purpose, ConsentEnds: p.ConsentEnds(), Expired: p.expired(now),
		FirstRecorded: date(p.created), LastRecorded: date(p.seen), KeptDays: int(r.ttl),
		Segments:  make([]Membership, len(r.definitions)),
		Interests: r.byDay(p, today), Items: r.keptItems(p, today),
	}
	x.Notice, x.NoticeVersion = p.Notice()
	var in interests
	r.interests(p, &in)
	for i := range r.definitions {
		d := &r.definitions[i]
		x.Segments[i] = Membership{
			Segment: d.Name, Title: d.Title, Version: d.Version,
			Left: p.hasLeft(d.Name), In: !x.Expired && !p.hasLeft(d.Name) && d.holds(p, &in, today),
			All: r.findings(d.all, p, &in, today), Any: r.findings(d.any, p, &in, today), None: r.findings(d.none, p, &in, today),
		}
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

func (r *Rules) findings(list []predicate, p *Profile, in *interests, asOf Day) []Finding {
	var out []Finding
	for i := range list {
		q := &list[i]
		f := Finding{WithinDays: int(q.within)}
		f.Category, _, _ = q.category()
		f.Path = r.taxonomy.Path(f.Category)
		f.Found, f.Holds = q.evaluate(p, in, asOf)
		switch {
		case q.Score != nil:
			f.Kind, f.HalfLifeDays, f.Needed = "score", q.Score.HalfLifeDays, q.Score.AtLeastMilli
		case q.Recency != nil:
			f.Kind, f.Needed = "recency", int64(q.Recency.WithinDays)-1
		case q.Frequency.Days:
			f.Kind, f.Needed = "days", int64(q.Frequency.AtLeast)
		default:
			f.Kind, f.Needed = "frequency", int64(q.Frequency.AtLeast)
		}
		out = append(out, f)
	}
	return out
}

func (r *Rules) byDay(p *Profile, today Day) []InterestByDay {
	list := []InterestByDay{}
	for i := range p.cats {
		c := &p.cats[i]
		in := InterestByDay{Category: p.string(c.name), Path: r.taxonomy.Path(p.string(c.name))}
		for _, b := range p.buckets[c.from:c.to] {
			if today-b.day < r.ttl {
				in.Days = append(in.Days, DayCount{date(b.day), int64(b.count)})
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
			}
		}
	}
	for _, w := range x.Dismissed {
		fmt.Fprintf(&b, "Not interested: %s\n", cmp.Or(w.Path, w.Name))
	}
	return b.String()
}

// String tells the finding in one line.
func (f Finding) String() string {
	verdict := "does not hold"
	if f.Holds {
		verdict = "holds"
	}
	var need string
	switch f.Kind {
	case "score":
		need = fmt.Sprintf("score of at least %s, half-life %d days; found %s", thousandths(f.Needed), f.HalfLifeDays, thousandths(f.Found))
	case "recency":
		need = fmt.Sprintf("an event within %d days; found ", f.WithinDays)
		if f.Found < 0 {
			need += "none"
		} else {
			need += fmt.Sprintf("one %d days ago", f.Found)
		}
	case "days":
		need = fmt.Sprintf("at least %d days with an event within %d days; found %d", f.Needed, f.WithinDays, f.Found)
	default:
		need = fmt.Sprintf("at least %d events within %d days; found %d", f.Needed, f.WithinDays, f.Found)
	}
	return fmt.Sprintf("%s: %s: %s", f.Path, need, verdict)
}

func thousandths(n int64) string { return fmt.Sprintf("%d.%03d", n/1000, n%1000) }

func date(d Day) string { return time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly) }
