package fairness

import (
	"errors"
	"slices"
	"time"
)

// FourFifths is the MinRatio of 29 CFR 1607.4(D): a rate below four fifths of that of the
// reference is generally regarded as evidence of adverse impact. It is an indicator of
// United States employment law, and no proof of fairness anywhere.
const FourFifths = 0.8

// Errors of a Rule.
var (
	ErrRule     = errors.New("fairness: MinRatio is 0.05 to 0.99, Alpha 1e-6 to 0.2, Level 0.5 to 0.9999, and Correction, Spending and metrics are those of this package")
	ErrNames    = errors.New("fairness: the rule names a campaign, a group or a metric that the table does not have")
	ErrSchedule = errors.New("fairness: looks are on distinct days in order, at most 400, and a release is audited on one of them only")
)

// Metric says which rates are compared.
type Metric string

// The metrics.
const (
	Selection   Metric = "selection"         // of the people of a group, those whom the campaign reached
	Opportunity Metric = "equal-opportunity" // of those with a good outcome, those whom it reached
)

// Correction says what is done about asking many questions at once.
//
// Holm holds whatever the questions have to do with each other. BH is proved where their
// p-values are independent or rise together, as with a declared reference; with a pooled one,
// where each group is part of what the others are compared with, it was simulated only.
type Correction string

// The corrections. The zero Correction is Holm.
const (
	Holm        Correction = "holm"               // the chance of any false verdict of a kind is at most Alpha
	BH          Correction = "benjamini-hochberg" // of the verdicts of a kind, at most a share of Alpha is false, on average; see below
	Uncorrected Correction = "none"               // each false verdict has a chance of Alpha
)

// Spending says how Alpha is spent over scheduled looks.
type Spending string

// The ways to spend. The zero Spending is Even.
const (
	Even          Spending = "even"           // as much at each look
	OBrienFleming Spending = "obrien-fleming" // little at first; as 2 - 2 Phi(z/sqrt(t))
	Pocock        Spending = "pocock"         // more at first; as ln(1 + (e-1) t)
)

// Looks is a schedule of audits of the same question, made before the first. A look more
// is another chance of a false verdict, so all of them share Alpha; each also costs its
// own release.
type Looks struct {
	Days     []string `json:"days,omitempty"` // as-of days of the releases, 2006-01-02; empty: one look, on any day
	Spending Spending `json:"spending,omitempty"`
}

// Rule says what is audited, and when a difference is called one. It is fixed before a
// release is looked at.
type Rule struct {
	Campaigns  []string   `json:"campaigns,omitempty"` // empty: all of the table
	Metrics    []Metric   `json:"metrics"`
	Reference  string     `json:"reference,omitempty"` // group that others are compared with, itself with none; empty: each with all others together
	MinRatio   float64    `json:"min_ratio"`           // of the rate of a group to that of the reference; 0.05 to 0.99
	Alpha      float64    `json:"alpha"`               // chance of a false Fail, and of a false Pass; 1e-6 to 0.2
	Level      float64    `json:"level"`               // of the intervals that are reported; 0.5 to 0.9999
	Correction Correction `json:"correction,omitempty"`
	Looks      Looks      `json:"looks,omitzero"`
}

// Default returns the four-fifths rule for selection rates, each group against all others
// together: Alpha of 0.05 for any false Fail in the table, intervals of 95 %.
func Default() Rule {
	return Rule{Metrics: []Metric{Selection}, MinRatio: FourFifths, Alpha: 0.05, Level: 0.95, Correction: Holm}
}

// Check returns nil, ErrRule or ErrSchedule.
func (r *Rule) Check() error {
	switch {
	case !(r.MinRatio >= 0.05 && r.MinRatio <= 0.99), !(r.Alpha >= 1e-6 && r.Alpha <= 0.2), !(r.Level >= 0.5 && r.Level <= 0.9999),
		!slices.Contains([]Correction{"", Holm, BH, Uncorrected}, r.Correction),
		!slices.Contains([]Spending{"", Even, OBrienFleming, Pocock}, r.Looks.Spending),
		len(r.Metrics) == 0 || hasTwice(r.Metrics) || hasTwice(r.Campaigns):
		return ErrRule
	}
	for _, m := range r.Metrics {
		if m != Selection && m != Opportunity {
			return ErrRule
		}
	}
	if len(r.Looks.Days) > 400 {
		return ErrSchedule
	}
	for i, d := range r.Looks.Days {
		t, err := time.Parse(time.DateOnly, d)
		if err != nil || t.Format(time.DateOnly) != d || i > 0 && d <= r.Looks.Days[i-1] {
			return ErrSchedule
		}
	}
	return nil
}

// hasTwice reports whether a list names something twice.
func hasTwice[T comparable](list []T) bool {
	for i, x := range list {
		if slices.Contains(list[:i], x) {
			return true
		}
	}
	return false
}

// fits returns the campaigns that the rule asks about, and ErrNames where the table does
// not have what it names.
func (r *Rule) fits(t *Table) ([]string, error) {
	list := r.Campaigns
	if len(list) == 0 {
		list = t.campaigns
	}
	for _, c := range list {
		if !slices.Contains(t.campaigns, c) {
			return nil, ErrNames
		}
	}
	if r.Reference != "" && !slices.Contains(t.groups, r.Reference) || slices.Contains(r.Metrics, Opportunity) && !t.outcomes {
		return nil, ErrNames
	}
	return list, nil
}
