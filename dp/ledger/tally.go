package ledger

import (
	"maps"
	"slices"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
)

// charge is what a request declares about its cost.
type charge struct {
	loss    Loss
	quotas  []string // sorted
	planned string   // name in the plan, in a PLD account
	asOf    contrib.Day
	days    int // read, up to asOf; zero where not declared
}

func (c *charge) equal(d *charge) bool {
	return c.loss == d.loss && slices.Equal(c.quotas, d.quotas) && c.planned == d.planned && c.asOf == d.asOf && c.days == d.days
}

// tally sums the charges of one cell: a window of the log, or a data day.
// Tallies are values: nothing changes one that is shared.
type tally struct {
	spent  Loss
	quotas map[string]Loss
	used   map[string]int // releases by name in the plan
}

func (t tally) plus(c *charge) tally {
	t.spent = t.spent.add(c.loss)
	if len(c.quotas) > 0 {
		t.quotas = maps.Clone(t.quotas)
		if t.quotas == nil {
			t.quotas = map[string]Loss{}
		}
		for _, q := range c.quotas {
			t.quotas[q] = t.quotas[q].add(c.loss)
		}
	}
	if c.planned != "" {
		t.used = maps.Clone(t.used)
		if t.used == nil {
			t.used = map[string]int{}
		}
		t.used[c.planned]++
	}
	return t
}

// merge returns the sum of two tallies.
func (t tally) merge(o tally) tally {
	t.spent = t.spent.add(o.spent)
	if len(o.quotas) > 0 {
		t.quotas = maps.Clone(t.quotas)
		if t.quotas == nil {
			t.quotas = map[string]Loss{}
		}
		for q, l := range o.quotas {
			t.quotas[q] = t.quotas[q].add(l)
		}
	}
	return t
}

// declares returns the rule that a charge breaks under the terms, or "".
func (c *charge) declares(t *Terms) string {
	l := c.loss
	switch {
	case t.Bound == GDP && l.Mu2.IsZero(), t.Bound == ZCDP && l.Rho.IsZero():
		return "a charge is above zero"
	case t.Bound == PLD && (t.planned(c.planned) == nil || !l.Mu2.IsZero() || !l.Rho.IsZero() || !l.Delta.IsZero()):
		return "a charge is one of the plan"
	case t.Bound != PLD && c.planned != "":
		return "only a plan has planned charges"
	case c.days < 0 || c.days > MaxWindowDays || t.Windows == DataDays && c.days == 0:
		return "a charge declares the days that it reads"
	}
	for i, q := range c.quotas {
		if _, ok := t.quota(q); !ok || i > 0 && c.quotas[i-1] >= q {
			return "a charge names quotas of the account, each once, in order"
		}
	}
	return ""
}

// known returns the charge with both kinds of loss: a mu-GDP release is
// (mu^2/2)-zCDP, since Gaussian noise is and dominates it; the other way round
// nothing is known.
func (c charge) known() charge {
	l := &c.loss
	if l.Rho.IsZero() && !l.Mu2.IsZero() {
		l.Rho = l.Mu2.Half()
	} else if l.Mu2.IsZero() && !l.Rho.IsZero() {
		l.Mu2 = accounting.MaxUnits()
	}
	return c
}

// cellsOf returns the cells that a charge of the current window falls into.
func (s *state) cellsOf(c *charge) []int32 {
	if s.terms().Windows != DataDays {
		return []int32{s.window}
	}
	list := make([]int32, 0, c.days)
	for d := c.asOf - contrib.Day(c.days) + 1; d <= c.asOf; d++ {
		list = append(list, int32(d))
	}
	return list
}

// put adds a charge to its cells, and returns what takes it back.
func (s *state) put(c charge) (undo func()) {
	at := s.cellsOf(&c)
	old := make([]tally, len(at))
	added := c.known()
	for i, cell := range at {
		old[i] = s.cells[cell]
		s.cells[cell] = old[i].plus(&added)
	}
	return func() {
		for i, cell := range at {
			if s.cells[cell] = old[i]; old[i].spent.isZero() && len(old[i].used) == 0 {
				delete(s.cells, cell)
			}
		}
	}
}

// span returns the sum that a new charge of the given window adds to, and
// whether some of it was closed.
func (s *state) span(window int32) (sum tally, closed bool) {
	t := s.of(window).terms
	if t.Windows == DataDays {
		for _, c := range s.cells { // the day that has the least left
			if c.spent.Mu2.Cmp(sum.spent.Mu2) > 0 || c.spent.Rho.Cmp(sum.spent.Rho) > 0 {
				sum = c
			}
		}
		return sum, false
	}
	from := window - t.span() + 1
	sum = s.cells[window]
	for w := from; w < window; w++ {
		if c, ok := s.cells[w]; ok {
			sum = sum.merge(c)
		}
	}
	return sum, from <= s.closed
}

// fits returns nil when the charge fits in the current window, else what does
// not.
func (s *state) fits(c *charge) *ExhaustedError {
	out := s.tight(c, s.window, c.asOf)
	if out == nil {
		return nil
	}
	out.Window = s.window
	// Were it asked again later, as of a day as old as this one is now.
	last := max(s.terms().span(), int32(c.days)+int32(s.first(s.window)-c.asOf))
	for ahead := int32(1); ahead <= last; ahead++ {
		if s.tight(c, s.window+ahead, c.asOf+contrib.Day(ahead)) == nil {
			out.FreesOn = startOf(s.first(s.window + ahead))
			break
		}
	}
	return out
}

// tight returns what a charge would not fit into, were it made in the window
// as of the day.
func (s *state) tight(c *charge, window int32, asOf contrib.Day) *ExhaustedError {
	added := c.known()
	if t := s.of(window).terms; t.Windows != DataDays {
		sum, closed := s.span(window)
		return s.over(&added, sum, closed, &t)
	}
	for d := asOf - contrib.Day(c.days) + 1; d <= asOf; d++ {
		if out := s.over(&added, s.cells[int32(d)], int32(d) <= s.closed, &s.on(d).terms); out != nil {
			return out
		}
	}
	return nil
}

// over returns by how much a charge exceeds the terms on top of a sum, or nil.
func (s *state) over(c *charge, sum tally, closed bool, t *Terms) *ExhaustedError {
	out := func(spent, total Loss, quota string) *ExhaustedError {
		return &ExhaustedError{Requested: c.loss, Spent: spent, Remaining: total.less(spent), Total: total, Quota: quota}
	}
	total := t.total().less(s.given)
	switch {
	case closed:
		e := out(total, total, "")
		e.Remaining = Loss{}
		return e
	case !sum.spent.add(c.loss).within(total):
		return out(sum.spent, total, "")
	case c.planned != "" && sum.used[c.planned] >= t.planned(c.planned).Mechanism.Count:
		return out(sum.spent, total, c.planned)
	}
	for _, q := range c.quotas {
		limit, _ := t.quota(q)
		if spent := sum.quotas[q]; !spent.add(c.loss).within(limit) {
			return out(spent, limit, q)
		}
	}
	return nil
}
