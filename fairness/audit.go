package fairness

import (
	"math"
	"slices"
)

// Report is what an audit of a table comes to. It is post-processing of a release: it
// costs nothing, and tells nothing of anybody that the release did not tell.
type Report struct {
	Source      Source       `json:"source"`
	Rule        Rule         `json:"rule"`
	Look        int          `json:"look"`        // of the schedule, from 1
	Alpha       float64      `json:"alpha"`       // of Rule.Alpha, what this look spends
	Verdict     Verdict      `json:"verdict"`     // Fail if any comparison fails, Pass if all pass
	Comparisons []Comparison `json:"comparisons"` // by campaign, metric and group
}

// Why says what a verdict rests on.
type Why string

// The reasons.
const (
	Below     Why = "below"     // the ratio is below MinRatio, and not 1
	Above     Why = "above"     // the ratio is above MinRatio
	Uncertain Why = "uncertain" // the interval of the decision holds MinRatio
	Few       Why = "few"       // too few people: fewer than 20, or than four standard deviations of their noise
)

// Comparison is the audit of one group in one campaign. Numbers are rounded to six digits
// behind the point, intervals outwards, and p-values up. Each interval holds by itself with a
// probability of Rule.Level: not all of a report at once, and it is not that of the verdict.
type Comparison struct {
	Campaign  string `json:"campaign"`
	Metric    Metric `json:"metric"`
	Group     string `json:"group"`
	Reference string `json:"reference,omitempty"` // empty: all other groups together

	People        Estimate `json:"people"`         // of the group, of whom the metric speaks; the interval knows noise only
	Reach         Estimate `json:"reach"`          // of them, different people whom the campaign reached; likewise
	Rate          Estimate `json:"rate"`           // Reach / People
	ReferenceRate Estimate `json:"reference_rate"` //
	Difference    Estimate `json:"difference"`     // Rate - ReferenceRate
	Ratio         Estimate `json:"ratio"`          // Rate / ReferenceRate
	Exposure      Estimate `json:"exposure"`       // share of the group among those reached
	Eligible      Estimate `json:"eligible"`       // share of the group among all people
	Gap           Estimate `json:"gap"`            // Exposure - Eligible

	Verdict Verdict `json:"verdict"`
	Why     Why     `json:"why"`
	PFail   float64 `json:"p_fail"` // p-value of "the ratio is MinRatio or more", or twice that of "1 or more" where this is larger; before correction
	PPass   float64 `json:"p_pass"` // p-value of "the ratio is MinRatio or less", before correction

	// What this budget and these people can tell, each with a probability of 0.8 and at
	// the strictest step of the correction. Zero where there is no such number.
	Detectable float64 `json:"detectable"` // the greatest ratio that fails
	Passable   float64 `json:"passable"`   // the least ratio that passes
	// Inconclusive only: what would decide with a probability of 0.8, were the ratio what
	// it is estimated to be; each by itself. Zero where nothing would.
	NeedMu     float64 `json:"need_mu"`     // loss of a release of the same measure
	NeedShare  float64 `json:"need_share"`  // NeedMu^2 as a share of that of the window; above 1 it does not fit
	NeedPeople float64 `json:"need_people"` // people in the group, the reference grown alike
}

// Audit compares the rates of the groups of a table under a rule. It returns ErrRule,
// ErrSchedule, ErrNames, or ErrRelease for a table that Read did not make. The same table
// and rule give the same report. It spends no budget. Cost: a few milliseconds a comparison.
func Audit(t *Table, r Rule) (Report, error) {
	out, pairs, err := decide(t, r)
	for i, p := range pairs {
		c := &out.Comparisons[i]
		c.describe(t, p, r.Level)
		c.foresee(t, p, r.MinRatio, r.Correction.first(len(pairs), out.Alpha))
	}
	return out, err
}

// Decide is [Audit] without figures: the verdicts and their p-values, which are the same.
// Cost: some microseconds a comparison.
func Decide(t *Table, r Rule) (Report, error) {
	out, _, err := decide(t, r)
	return out, err
}

// decide returns the verdicts, and what was compared in each.
func decide(t *Table, r Rule) (Report, []pair, error) {
	if err := r.Check(); err != nil {
		return Report{}, nil, err
	}
	if t == nil || len(t.cells) == 0 {
		return Report{}, nil, ErrRelease
	}
	campaigns, err := r.fits(t)
	if err != nil {
		return Report{}, nil, err
	}
	look, looks := 0, max(1, len(r.Looks.Days))
	if len(r.Looks.Days) > 0 {
		if look = slices.Index(r.Looks.Days, t.source.AsOf); look < 0 {
			return Report{}, nil, ErrSchedule
		}
	}
	out := Report{Source: t.source, Rule: r, Look: look + 1, Alpha: r.Looks.Spending.at(look, looks, r.Alpha)}
	out.Rule.Campaigns, out.Rule.Metrics, out.Rule.Looks.Days = slices.Clone(r.Campaigns), slices.Clone(r.Metrics), slices.Clone(r.Looks.Days)
	var pairs []pair
	for _, campaign := range campaigns {
		for _, m := range r.Metrics {
			for _, g := range t.groups {
				if g != r.Reference {
					pairs = append(pairs, pair{t.share(campaign, m, g), t.share(campaign, m, t.reference(g, r.Reference)...)})
					out.Comparisons = append(out.Comparisons, Comparison{Campaign: campaign, Metric: m, Group: g, Reference: r.Reference})
				}
			}
		}
	}
	out.decide(pairs)
	return out, pairs, nil
}

// decide gives the verdicts.
func (r *Report) decide(pairs []pair) {
	fail, pass := make([]float64, len(pairs)), make([]float64, len(pairs))
	for i, p := range pairs {
		fail[i], pass[i] = p.doubt(r.Rule.MinRatio)
	}
	failed, passed := r.Rule.Correction.rejected(fail, r.Alpha), r.Rule.Correction.rejected(pass, r.Alpha)
	r.Verdict = Pass
	for i := range pairs {
		c := &r.Comparisons[i]
		c.PFail, c.PPass = roundedUp(fail[i]), roundedUp(pass[i])
		switch {
		case failed[i]:
			c.Verdict, c.Why = Fail, Below
		case passed[i]:
			c.Verdict, c.Why = Pass, Above
		case !pairs[i].group.counted() || !pairs[i].reference.counted():
			c.Verdict, c.Why = Inconclusive, Few
		default:
			c.Verdict, c.Why = Inconclusive, Uncertain
		}
		switch {
		case c.Verdict == Fail:
			r.Verdict = Fail
		case c.Verdict == Inconclusive && r.Verdict == Pass:
			r.Verdict = Inconclusive
		}
	}
}

// describe fills in the estimates.
func (c *Comparison) describe(t *Table, p pair, level float64) {
	rest := t.share(c.Campaign, c.Metric, t.others(c.Group)...)
	g := p.group
	c.People = counted(g.n(), g.varYes+g.varNo, level).rounded()
	c.Reach = counted(g.yes, g.varYes, level).rounded()
	if !g.counted() || !p.reference.counted() {
		// A rate of so few could be any.
		whole := Estimate{Low: 0, High: 1}
		c.Rate, c.ReferenceRate, c.Exposure, c.Eligible = whole, whole, whole, whole
		c.Difference, c.Gap = Estimate{Low: -1, High: 1}, Estimate{Low: -1, High: 1}
		c.Ratio = Estimate{Open: true}
		return
	}
	rate, referenceRate := g.interval(level), p.reference.interval(level)
	c.Rate, c.ReferenceRate = rate.rounded(), referenceRate.rounded()
	c.Difference = rate.minus(referenceRate).rounded()
	c.Ratio = p.ratio(level).rounded()
	reached := share{yes: g.yes, no: rest.yes, varYes: g.varYes, varNo: rest.varYes}
	all := share{yes: g.n(), no: rest.n(), varYes: g.varYes + g.varNo, varNo: rest.varYes + rest.varNo}
	exposure, eligible := Estimate{Low: 0, High: 1}, all.noisy(level)
	if reached.counted() {
		exposure = reached.interval(level)
	}
	c.Exposure, c.Eligible = exposure.rounded(), eligible.rounded()
	c.Gap = exposure.minus(eligible).rounded()
}

// noisy is a share of people who are all counted: its interval knows noise only.
func (s share) noisy(level float64) Estimate {
	v := min(max(s.value(), 0), 1)
	reach := quantile(1-(1-level)/2) * math.Sqrt(s.noise(v)) / s.n()
	return Estimate{Value: v, Low: max(0, v-reach), High: min(1, v+reach)}
}

// foresee fills in what could be told, and what would decide.
func (c *Comparison) foresee(t *Table, p pair, minRatio, alpha float64) {
	if c.Why == Few {
		return
	}
	c.Detectable, c.Passable = math.Floor(p.detectable(minRatio, alpha)*1e6)/1e6, math.Ceil(p.passable(minRatio, alpha)*1e6)/1e6
	if c.Verdict != Inconclusive {
		return
	}
	variance, people := p.needs(minRatio, alpha)
	if variance > 0 {
		mu := t.source.Mu / math.Sqrt(variance)
		c.NeedMu = math.Ceil(mu*1e6) / 1e6
		if window := t.windowMu(); window > 0 {
			c.NeedShare = math.Ceil(mu*mu/(window*window)*1e6) / 1e6
		}
	}
	c.NeedPeople = math.Ceil(people * p.group.n())
}
