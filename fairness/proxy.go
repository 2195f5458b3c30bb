package fairness

import (
	"errors"
	"math"
	"slices"
)

// ErrProxyRule is returned for a ProxyRule that says nothing.
var ErrProxyRule = errors.New("fairness: MaxRatio is 1.01 to 20, Alpha 1e-6 to 0.2, Level 0.5 to 0.9999, and Correction is one of this package")

// ProxyRule says when membership in a segment stands for a group: when the share of the
// group that is in the segment, and the share of everybody else, are too far apart.
type ProxyRule struct {
	Segments   []string   `json:"segments,omitempty"` // items of the table; empty: all
	MaxRatio   float64    `json:"max_ratio"`          // of one share to the other, either way; 1.01 to 20
	Alpha      float64    `json:"alpha"`              // chance of a false Detected, and of a false Clear; 1e-6 to 0.2
	Level      float64    `json:"level"`              // of the intervals that are reported; 0.5 to 0.9999
	Correction Correction `json:"correction,omitempty"`
}

// DefaultProxy takes a segment for a proxy where one share is more than five fourths of
// the other: four fifths, both ways.
func DefaultProxy() ProxyRule {
	return ProxyRule{MaxRatio: 1 / FourFifths, Alpha: 0.05, Level: 0.95, Correction: Holm}
}

// Check returns nil or ErrProxyRule.
func (r *ProxyRule) Check() error {
	if !(r.MaxRatio >= 1.01 && r.MaxRatio <= 20) || !(r.Alpha >= 1e-6 && r.Alpha <= 0.2) || !(r.Level >= 0.5 && r.Level <= 0.9999) ||
		!slices.Contains([]Correction{"", Holm, BH, Uncorrected}, r.Correction) || hasTwice(r.Segments) {
		return ErrProxyRule
	}
	return nil
}

// ProxyVerdict says whether a segment stands for a group.
type ProxyVerdict string

// The verdicts on proxies.
const (
	Detected ProxyVerdict = "detected" // the shares are further apart than MaxRatio
	Clear    ProxyVerdict = "clear"    // they are not
	Unclear  ProxyVerdict = "unclear"  // the released numbers leave both open
)

// ProxyReport is what a test for proxies comes to. It is post-processing of a release.
type ProxyReport struct {
	Source   Source    `json:"source"`
	Rule     ProxyRule `json:"rule"`
	Findings []Finding `json:"findings"` // by segment and group
}

// Finding is the 2 x 2 table of one segment and one group: in the segment or not, in the
// group or not. Numbers are rounded to six digits behind the point, intervals outwards, and
// p-values up.
type Finding struct {
	Segment string `json:"segment"`
	Group   string `json:"group"`

	Rate       Estimate `json:"rate"`        // of the group, the share in the segment
	OthersRate Estimate `json:"others_rate"` // of everybody else, the share in the segment
	Ratio      Estimate `json:"ratio"`       // Rate / OthersRate
	Phi        Estimate `json:"phi"`         // correlation of membership in segment and group, -1 to 1; its scale is taken for known

	Verdict   ProxyVerdict `json:"verdict"`
	PDetected float64      `json:"p_detected"` // p-value of "within MaxRatio", before correction
	PClear    float64      `json:"p_clear"`    // p-value of "beyond MaxRatio", before correction
}

// Proxy tells for each segment and group of a table whether membership in the segment
// stands for the group. The table is a release of groups whose items are segments, in which
// those are reached who are members. It returns ErrProxyRule, ErrNames, or ErrRelease for a
// table that Read did not make. It spends no budget.
//
// For one segment and group, a segment within MaxRatio is Detected with a probability of at
// most Alpha, one that has nothing to do with the group with at most Alpha/2, and one beyond
// MaxRatio is Clear with at most Alpha; in the sense, and within the limits, of the package's
// guarantee.
func Proxy(t *Table, r ProxyRule) (ProxyReport, error) {
	out, pairs, err := proxies(t, r)
	for i, p := range pairs {
		out.Findings[i].describe(p, r.Level)
	}
	return out, err
}

// proxies is Proxy without figures: the verdicts, and what was compared in each.
func proxies(t *Table, r ProxyRule) (ProxyReport, []pair, error) {
	if err := r.Check(); err != nil {
		return ProxyReport{}, nil, err
	}
	if t == nil || len(t.cells) == 0 {
		return ProxyReport{}, nil, ErrRelease
	}
	segments := r.Segments
	if len(segments) == 0 {
		segments = t.campaigns
	}
	out := ProxyReport{Source: t.source, Rule: r}
	out.Rule.Segments = slices.Clone(r.Segments)
	var far, near []float64
	var pairs []pair
	for _, s := range segments {
		if !slices.Contains(t.campaigns, s) {
			return ProxyReport{}, nil, ErrNames
		}
		for _, g := range t.groups {
			p := pair{t.share(s, Selection, g), t.share(s, Selection, t.others(g)...)}
			a, b := p.apart(r.MaxRatio)
			far, near, pairs = append(far, a), append(near, b), append(pairs, p)
			out.Findings = append(out.Findings, Finding{Segment: s, Group: g, Verdict: Unclear, PDetected: roundedUp(a), PClear: roundedUp(b)})
		}
	}
	detected, clear := r.Correction.rejected(far, r.Alpha), r.Correction.rejected(near, r.Alpha)
	for i := range out.Findings {
		switch {
		case detected[i]:
			out.Findings[i].Verdict = Detected
		case clear[i]:
			out.Findings[i].Verdict = Clear
		}
	}
	return out, pairs, nil
}

// apart is the p-value for "the shares are within most of each other", and for "they are
// not". Both ways to be apart are looked at, so that the first takes twice the smaller tail;
// and as in doubt, equal shares are called apart half as often.
func (c pair) apart(most float64) (far, near float64) {
	if !c.group.counted() || !c.reference.counted() {
		return 1, 1
	}
	lowBelow, lowAbove := c.tails(1 / most)
	highBelow, highAbove := c.tails(most)
	below, above := c.tails(1)
	far = max(2*min(lowBelow, highAbove), 4*min(below, above))
	return min(1, far), min(1, max(lowAbove, highBelow))
}

// describe fills in the estimates.
func (f *Finding) describe(p pair, level float64) {
	if !p.group.counted() || !p.reference.counted() {
		f.Rate, f.OthersRate, f.Ratio, f.Phi = Estimate{High: 1}, Estimate{High: 1}, Estimate{Open: true}, Estimate{Low: -1, High: 1}
		return
	}
	rate, others := p.group.interval(level), p.reference.interval(level)
	f.Rate, f.OthersRate, f.Ratio = rate.rounded(), others.rounded(), p.ratio(level).rounded()
	n, m := p.group.n(), p.reference.n()
	all := min(max((p.group.yes+p.reference.yes)/(n+m), 1/(n+m)), 1-1/(n+m))
	scale := math.Sqrt(n * m / ((n + m) * (n + m)) / (all * (1 - all)))
	d := rate.minus(others)
	within := func(x float64) float64 { return min(max(x*scale, -1), 1) }
	f.Phi = Estimate{Value: within(d.Value), Low: within(d.Low), High: within(d.High)}.rounded()
}
