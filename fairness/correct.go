package fairness

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Errors of a correction.
var (
	ErrCorrectRule = errors.New("fairness: a correction needs two placements or more, Target of 0.5 to 1, Level of 0.5 to 0.999, MaxWeight of 1.01 to 20, and Budget of 0 or 1 to 20")
	ErrReach       = errors.New("fairness: the reach of a group would fall, or has fallen")
	ErrPlan        = errors.New("fairness: not a plan for groups and placements of this table")
)

// CorrectRule says how a campaign that leaves groups out is mended: by showing it more on
// those of its placements where they are. Serving then needs to know the placement, and
// never the group of a person.
type CorrectRule struct {
	Placements []string `json:"placements"`          // items of the table, which together are the campaign
	Reference  string   `json:"reference,omitempty"` // as in Rule
	Target     float64  `json:"target"`              // ratio of rates that is aimed at, 0.5 to 1
	Level      float64  `json:"level"`               // of the lower bounds that weights come from, 0.5 to 0.999
	MaxWeight  float64  `json:"max_weight"`          // of a group or a placement, 1.01 to 20
	Budget     float64  `json:"budget"`              // the most to spend, as a multiple of what is spent now: 1 to 20, or 0 for what it takes
}

// Check returns nil or ErrCorrectRule.
func (r *CorrectRule) Check() error {
	if len(r.Placements) < 2 || hasTwice(r.Placements) || !(r.Target >= 0.5 && r.Target <= 1) || !(r.Level >= 0.5 && r.Level <= 0.999) ||
		!(r.MaxWeight >= 1.01 && r.MaxWeight <= 20) || r.Budget != 0 && !(r.Budget >= 1 && r.Budget <= 20) {
		return ErrCorrectRule
	}
	return nil
}

// Plan says what to spend on each placement. It is post-processing of a release.
type Plan struct {
	Source     Source      `json:"source"`
	Rule       CorrectRule `json:"rule"`
	Placements []Placement `json:"placements"` // in the order of the rule
	Groups     []Corrected `json:"groups"`     // in the order of the table
	Budget     float64     `json:"budget"`     // what the plan spends, as a multiple of what is spent now
	Enough     bool        `json:"enough"`     // every group that is left out is predicted to reach its weight
}

// Placement is what a plan does with one placement.
type Placement struct {
	Name   string  `json:"name"`
	Weight float64 `json:"weight"` // what is spent there, as a multiple of what is spent now: 1 to MaxWeight
	Share  float64 `json:"share"`  // of the budget, where a person costs the same everywhere
}

// Corrected is what a plan comes to for one group. Reach counts a person once in each
// placement, and is predicted to grow as what is spent.
type Corrected struct {
	Group  string   `json:"group"`
	Weight float64  `json:"weight"` // by which its reach should grow more than that of the reference: a lower bound of Target / ratio, 1 to MaxWeight
	Reach  Estimate `json:"reach"`  // released, over the placements
	After  float64  `json:"after"`  // predicted, at least Reach.Value
	Ratio  float64  `json:"ratio"`  // of its rate to that of the reference, released
	Then   float64  `json:"then"`   // predicted
}

// Correct plans how a campaign reaches the groups that it leaves out. Weights of groups come
// from lower confidence bounds: a group has a weight above 1 only where the release shows
// that it is left out. The weight of a placement grows with its share of such groups, by the
// least factor with which all of them are predicted to reach their weight; a Budget, or
// placements that are too much alike, may stop it before that.
//
// No weight is below 1, so that nobody is shown less, and no group's reach is predicted to
// fall: Correct makes sure of it before it returns, and [Plan.Held] tells from a later release
// whether it came so. It returns ErrCorrectRule, ErrNames, or ErrRelease for a table that
// Read did not make.
func Correct(t *Table, r CorrectRule) (Plan, error) {
	if err := r.Check(); err != nil {
		return Plan{}, err
	}
	if t == nil || len(t.cells) == 0 {
		return Plan{}, ErrRelease
	}
	ask := Rule{Campaigns: r.Placements, Metrics: []Metric{Selection}, Reference: r.Reference}
	if _, err := ask.fits(t); err != nil {
		return Plan{}, err
	}
	p := Plan{Source: t.source, Rule: r}
	p.Rule.Placements = slices.Clone(r.Placements)
	m := newMix(t, &r)
	weights, enough := m.weigh(&r)
	if err := m.neverLess(weights); err != nil {
		return Plan{}, err
	}
	p.Enough, p.Budget = enough, math.Ceil(m.budget(weights)*1e6)/1e6
	for i, name := range r.Placements {
		p.Placements = append(p.Placements, Placement{Name: name, Weight: round(weights[i]), Share: round(weights[i] * m.spent[i] / m.budget(weights))})
	}
	for i, g := range t.groups {
		before, after := m.grown(i, weights), 0.0
		s := m.over(t, &r, g)
		c := Corrected{Group: g, Weight: round(m.weight[i]), Reach: counted(s.yes, s.varYes, r.Level).rounded()}
		after = max(s.yes, 0) * before
		c.After = max(math.Ceil(after*1e6)/1e6, c.Reach.Value)
		if o := m.over(t, &r, t.reference(g, r.Reference)...); g != r.Reference && s.counted() && o.counted() && o.yes > 0 {
			c.Ratio = round(max(s.value(), 0) / o.value())
			c.Then = round(c.Ratio * before / m.grownOthers(i, weights))
		}
		p.Groups = append(p.Groups, c)
	}
	return p, nil
}

// mix is who is where: for each group the share of its reach that each placement has.
type mix struct {
	at        [][]float64 // by group and placement: share of the reach of the group
	reference [][]float64 // the same of what the group is compared with
	spent     []float64   // by placement: share of all reach, which is taken for its share of what is spent
	weight    []float64   // by group
}

// over adds up groups over the placements.
func (m *mix) over(t *Table, r *CorrectRule, groups ...string) (s share) {
	for _, placement := range r.Placements {
		x := t.share(placement, Selection, groups...)
		s.yes, s.no, s.varYes, s.varNo = s.yes+x.yes, s.no+x.no, s.varYes+x.varYes, s.varNo+x.varNo
	}
	return s
}

func newMix(t *Table, r *CorrectRule) *mix {
	m := &mix{spent: make([]float64, len(r.Placements))}
	shares := func(groups ...string) []float64 {
		list, sum := make([]float64, len(r.Placements)), 0.0
		for i, placement := range r.Placements {
			list[i] = max(t.share(placement, Selection, groups...).yes, 0)
			sum += list[i]
		}
		for i := range list {
			if sum > 0 {
				list[i] /= sum
			} else {
				list[i] = 1 / float64(len(list))
			}
		}
		return list
	}
	m.spent = shares(t.groups...)
	for _, g := range t.groups {
		others := t.reference(g, r.Reference)
		m.at, m.reference = append(m.at, shares(g)), append(m.reference, shares(others...))
		w := 1.0
		if p := (pair{m.over(t, r, g), m.over(t, r, others...)}); g != r.Reference && p.group.counted() && p.reference.counted() {
			// The upper end for the ratio is the lower end for what is missing.
			if e := p.ratio(2*r.Level - 1 + 1e-9); !e.Open && e.High > 0 {
				w = min(max(r.Target/e.High, 1), r.MaxWeight)
			}
		}
		m.weight = append(m.weight, w)
	}
	return m
}

// grown is by how much the reach of a group grows.
func (m *mix) grown(group int, weights []float64) (f float64) { return dot(m.at[group], weights) }

// grownOthers is by how much that of its reference grows.
func (m *mix) grownOthers(group int, weights []float64) float64 {
	return dot(m.reference[group], weights)
}

func dot(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// budget is what weights spend, as a multiple of what is spent now.
func (m *mix) budget(weights []float64) float64 { return dot(m.spent, weights) }

// weigh returns the weights of placements: those of the least spending with which all groups
// reach their weight, else those with which they come closest within the budget.
func (m *mix) weigh(r *CorrectRule) (best []float64, enough bool) {
	n := len(r.Placements)
	need := make([]float64, n) // how much of a placement's reach is of groups that are left out
	for i := range need {
		for g, w := range m.weight {
			need[i] += m.at[g][i] * (w - 1)
		}
		need[i] /= max(m.spent[i], 1e-9)
	}
	least := slices.Min(need)
	closest := func(weights []float64) float64 { // 1 and above: every group reaches its weight
		worst := math.Inf(1)
		for g, w := range m.weight {
			if w > 1 {
				worst = min(worst, m.grown(g, weights)/m.grownOthers(g, weights)/w)
			}
		}
		return worst
	}
	best = slices.Repeat([]float64{1}, n)
	most := closest(best)
	if most >= 1 || slices.Max(need)-least <= 0 {
		return best, most >= 1
	}
	const grid = 400
	for k := range grid {
		// Factors from a hundredth of what lifts the neediest placement to MaxWeight, to a
		// hundred times that, where all but the least needy are at it.
		factor := (r.MaxWeight - 1) / (slices.Max(need) - least) * math.Pow(10, 4*float64(k)/(grid-1)-2)
		weights := make([]float64, n)
		for i := range weights {
			weights[i] = min(1+factor*(need[i]-least), r.MaxWeight)
		}
		if r.Budget > 0 && m.budget(weights) > r.Budget {
			break
		}
		if c := closest(weights); c > most {
			best, most = weights, c
		}
		if most >= 1 {
			break
		}
	}
	return best, most >= 1
}

// neverLess makes sure that no group's reach falls.
func (m *mix) neverLess(weights []float64) error {
	for g := range m.at {
		if m.grown(g, weights) < 1-1e-9 {
			return ErrReach
		}
	}
	if slices.Min(weights) < 1 {
		return ErrReach
	}
	return nil
}

// ReachError says how many groups are reached less than before, and is an [ErrReach].
type ReachError struct{ Groups int }

// Error tells the number.
func (e *ReachError) Error() string { return fmt.Sprintf("%v: of %d groups", ErrReach, e.Groups) }

// Unwrap returns ErrReach.
func (e *ReachError) Unwrap() error { return ErrReach }

// Change is how the reach of a group differs from before a plan. The interval, of the level
// of the plan, knows noise only.
type Change struct {
	Group  string   `json:"group"`
	Before Estimate `json:"before"`
	After  Estimate `json:"after"`
	Change Estimate `json:"change"`
	Fell   bool     `json:"fell"` // the whole interval is below zero
}

// Held compares the reach of every group with that before the plan, in the table that the
// plan was made from and in a later one of the same account, measure and attribute. Where it fell for a
// group by more than noise explains, the error is a *[ReachError], beside the changes. It
// returns ErrPlan for tables that do not fit.
func (p *Plan) Held(before, after *Table) ([]Change, error) {
	if before == nil || after == nil || !p.Source.names(before.source) || after.source.Attribute != before.source.Attribute || after.source.Account != p.Source.Account || after.source.Measure != p.Source.Measure ||
		after.source.AsOf <= before.source.AsOf || !slices.Equal(after.groups, before.groups) || p.Rule.Check() != nil {
		return nil, ErrPlan
	}
	for _, name := range p.Rule.Placements {
		if !slices.Contains(before.campaigns, name) || !slices.Contains(after.campaigns, name) {
			return nil, ErrPlan
		}
	}
	var list []Change
	fell := 0
	m := &mix{}
	for _, g := range before.groups {
		a, b := m.over(before, &p.Rule, g), m.over(after, &p.Rule, g)
		c := Change{
			Group: g, Before: counted(a.yes, a.varYes, p.Rule.Level).rounded(), After: counted(b.yes, b.varYes, p.Rule.Level).rounded(),
			Change: counted(b.yes-a.yes, a.varYes+b.varYes, p.Rule.Level).rounded(),
		}
		if c.Fell = c.Change.High < 0; c.Fell {
			fell++
		}
		list = append(list, c)
	}
	if fell > 0 {
		return list, &ReachError{fell}
	}
	return list, nil
}
