package consent

import (
	"cmp"
	"slices"
	"time"
)

// Ask is one notice to show, and what to ask for with it.
type Ask struct {
	Notice   string   `json:"notice"`
	Version  int      `json:"version"`
	Locales  []string `json:"locales"`           // that the version exists in, first declared first
	Purposes []string `json:"purposes"`          // still to be answered, in the order given to Needs
	Changes  []Change `json:"changes,omitempty"` // what is new for those who agreed to an older version

	// Bundle is the key of the smallest bundle of the notice that holds all of
	// Purposes, for asking with one tap, and "" where there is none. It may hold
	// more than Purposes, but nothing that the person refused not long ago.
	Bundle string `json:"bundle,omitempty"`
}

// Needs returns the fewest notices whose newest versions cover what is still to
// be asked of the given purposes; nil when there is nothing. A purpose is asked
// for when there is no consent and no remembered refusal of it or of a purpose
// above it, or when there is consent but the newest version of the notice that
// was shown adds something [Material] that concerns the purpose. Purposes that no
// notice names are skipped. The search is exact up to a bound on its steps, which a book of
// ordinary size does not reach, and near the fewest beyond it.
func (b *Book) Needs(h *History, purposes []string, now time.Time) []Ask {
	t := h.moment(now)
	var q questions
	for _, p := range purposes {
		if slices.Contains(q.purposes, p) {
			continue
		}
		if open := h.open(p, t); open != nil {
			newest := b.newest(open.shown.notice)
			if newest == nil || !newest.covers(p) {
				continue
			}
			if changes := b.changes(&open.shown, p); len(changes) > 0 {
				q.add(p, []*edition{newest}, changes)
			}
			continue
		}
		if h.quiet(p) <= t {
			q.add(p, b.covering(p), nil)
		}
	}
	return q.asks(b, func(p string) bool { return h.open(p, t) == nil && h.quiet(p) > t })
}

// covering returns the newest editions that name the purpose.
func (b *Book) covering(purpose string) []*edition {
	var list []*edition
	for _, e := range b.editions {
		if e == b.newest(e.id) && e.covers(purpose) {
			list = append(list, e)
		}
	}
	return list
}

// questions collects what is to be asked and which editions can ask it.
type questions struct {
	purposes []string
	by       [][]*edition
	changes  [][]Change
}

func (q *questions) add(purpose string, by []*edition, changes []Change) {
	if len(by) > 0 {
		q.purposes, q.by, q.changes = append(q.purposes, purpose), append(q.by, by), append(q.changes, changes)
	}
}

// asks turns the fewest editions that ask everything into Asks, in the order in
// which the book declares them. refused tells what nobody is to be asked for.
func (q *questions) asks(b *Book, refused func(purpose string) bool) []Ask {
	if len(q.purposes) == 0 {
		return nil
	}
	c := cover{by: q.by, steps: 2_000}
	for i := range c.by {
		// Show as little as possible besides what is asked.
		slices.SortStableFunc(c.by[i], func(x, y *edition) int {
			return cmp.Compare(q.besides(x), q.besides(y))
		})
	}
	picked := c.fewest()
	slices.SortFunc(picked, func(x, y *edition) int {
		return cmp.Compare(slices.Index(b.editions, x), slices.Index(b.editions, y))
	})
	list := make([]Ask, len(picked))
	for i, e := range picked {
		list[i] = Ask{Notice: e.id, Version: e.version}
		for _, t := range e.texts {
			list[i].Locales = append(list[i].Locales, t.notice.Locale)
		}
	}
	for i, p := range q.purposes {
		a := &list[slices.IndexFunc(picked, func(e *edition) bool { return slices.Contains(q.by[i], e) })]
		a.Purposes = append(a.Purposes, p)
		for _, ch := range q.changes[i] {
			if !slices.Contains(a.Changes, ch) {
				a.Changes = append(a.Changes, ch)
			}
		}
	}
	for i, e := range picked {
		list[i].Bundle = e.texts[0].notice.smallest(list[i].Purposes, refused)
	}
	return list
}

// besides counts the purposes that the edition shows but nobody needs.
func (q *questions) besides(e *edition) (n int) {
	for _, p := range e.texts[0].notice.Purposes {
		if !slices.Contains(q.purposes, p.Key) {
			n++
		}
	}
	return n
}

// cover finds the fewest editions such that each question i is asked by one of
// by[i], by branch and bound from a greedy start.
type cover struct {
	by    [][]*edition
	best  []*edition
	steps int
}

func (c *cover) fewest() []*edition {
	c.best = c.greedy()
	c.search(nil)
	return c.best
}

func (c *cover) greedy() (picked []*edition) {
	for {
		counts := map[*edition]int{}
		var best *edition
		for _, by := range c.by {
			if asked(by, picked) {
				continue
			}
			for _, e := range by {
				if counts[e]++; best == nil || counts[e] > counts[best] {
					best = e
				}
			}
		}
		if best == nil {
			return picked
		}
		picked = append(picked, best)
	}
}

func (c *cover) search(picked []*edition) {
	if c.steps--; c.steps < 0 || len(picked) >= len(c.best) {
		return
	}
	next := -1
	for i, by := range c.by {
		if !asked(by, picked) && (next < 0 || len(by) < len(c.by[next])) {
			next = i
		}
	}
	if next < 0 {
		c.best = slices.Clone(picked)
		return
	}
	for _, e := range c.by[next] {
		c.search(append(picked, e))
	}
}

func asked(by, picked []*edition) bool {
	return slices.ContainsFunc(picked, func(e *edition) bool { return slices.Contains(by, e) })
}
