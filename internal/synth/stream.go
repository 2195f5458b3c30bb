package synth

import (
	"cmp"
	"iter"
	"slices"
	"strconv"
	"time"
)

// state is what changes for a person along the stream.
type state struct {
	asked bool
	left  int64 // millisecond of the withdrawal, -1 for none
}

// All returns the stream in time order. Every call gives the same one. A
// person's first event comes right after that person's Choice. The Record is
// valid until the next one.
func (g *Generator) All() iter.Seq[*Record] {
	return func(yield func(*Record) bool) {
		r := rng{newSource(g.c.Seed, 2)}
		states := make([]state, g.c.People)
		for i := range states {
			states[i].left = -1
		}
		leave := g.leave
		id := []byte("m-0000000000000")
		var rec Record
		at := func(ms int64) time.Time { return g.c.Start.Add(time.Duration(ms) * time.Millisecond) }
		for n := range g.c.Events {
			// Event n falls somewhere into slot n of the span.
			ms := g.slot(n) + int64(r.below(uint64(g.slot(n+1)-g.slot(n))+1))
			ms = min(ms, g.span-1)
			for len(leave) > 0 && leave[0].at <= ms {
				who := leave[0].person
				if s := &states[who]; s.asked {
					s.left = leave[0].at
					rec = Record{Kind: Withdrawal, Person: int(who), Email: g.emails[who], Time: at(max(leave[0].at, g.slot(n)))}
					if !yield(&rec) {
						return
					}
				}
				leave = leave[1:]
			}
			who := g.activity.pick(r)
			p, s := &g.people[who], &states[who]
			back := p.returns && s.left >= 0 && ms-s.left >= returnAfter
			if !s.asked || back {
				s.asked, s.left = true, -1
				rec = Record{Kind: Choice, Person: who, Email: g.emails[who], Time: at(ms), Granted: !p.refuses}
				if !yield(&rec) {
					return
				}
			}
			item := &g.items[g.choose(r, p)]
			rec = Record{Kind: Event, Person: who, Email: g.emails[who], Time: at(ms), Item: item.ID, Category: item.Category, Action: "view"}
			if r.below(purchaseOf) == 0 {
				rec.Action = "purchase"
			}
			id = strconv.AppendInt(id[:2], int64(n), 10)
			rec.MessageID = string(id)
			if !yield(&rec) {
				return
			}
		}
	}
}

// slot returns the first millisecond of slot n.
func (g *Generator) slot(n int) int64 {
	// span * n may overflow; these two products do not.
	e := int64(g.c.Events)
	return g.span/e*int64(n) + g.span%e*int64(n)/e
}

// choose returns the index of an item.
func (g *Generator) choose(r rng, p *person) int {
	if r.below(personalOf) >= personal {
		return g.popular.pick(r)
	}
	s := &g.shelves[p.interests[r.below(uint64(len(p.interests)))]]
	return int(s.items[s.pick.pick(r)])
}

// sortExits sorts by time, then person.
func sortExits(list []exit) {
	slices.SortFunc(list, func(a, b exit) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.person, b.person))
	})
}
