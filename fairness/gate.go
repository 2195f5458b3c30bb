package fairness

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/contrib"
)

// The categories that are closed unless a gate's configuration says what opens them, and
// Unrestricted, which is open. A campaign has to be declared as one of these, or of those
// that a configuration adds: what is not declared is refused.
const (
	Housing      = "housing"
	Employment   = "employment"
	Credit       = "credit"
	Unrestricted = "unrestricted"
)

// MaxGateAgeDays is the most that Category.MaxAgeDays may be.
const MaxGateAgeDays = 400

// Errors of a Gate.
var (
	ErrGate    = errors.New("fairness: a gate needs Account, Log, and categories with distinct names, groups, an age of 1 to 400 days and rules that are valid")
	ErrRequest = errors.New("fairness: a request names a campaign, and a day")
	ErrLog     = errors.New("fairness: the decision was not logged, so it does not stand")
)

// Category says what opens the gate for campaigns of one kind.
type Category struct {
	Name       string    `json:"name"`
	Forbidden  []string  `json:"forbidden,omitempty"` // attributes and segments that targeting may never use
	Exempt     []string  `json:"exempt,omitempty"`    // what it may use untested: what says nothing about people, such as the page
	Groups     []string  `json:"groups"`              // that every audit and every test for proxies has to tell of
	Audit      Rule      `json:"audit"`               // has to pass for the campaign; Campaigns is left empty
	Proxy      ProxyRule `json:"proxy"`               // has to be clear for everything else that targeting uses; Segments is left empty
	MaxAgeDays int       `json:"max_age_days"`        // of the tables, 1 to MaxGateAgeDays
}

// GateConfig configures a Gate. A gate looks at the groups of one attribute, as a measure
// does: for several, such as sex and age, make one for each, and run what all of them open.
type GateConfig struct {
	Account    string     // that the tables are released from
	Exposures  string     // measure of the tables of groups x campaigns
	Membership string     // measure of the tables of groups x segments
	Categories []Category // what is not here stays closed, but for Unrestricted
	// Log makes a decision durable, and returns when it is. It is called before Check
	// returns; where it fails, nothing is open.
	Log func(ctx context.Context, d Decision) error
}

// Gate says which campaigns may run. It is safe for concurrent use if Log is. Make it with
// [NewGate]; the zero Gate is closed.
type Gate struct{ cfg GateConfig }

// NewGate makes a gate. It returns ErrGate.
func NewGate(c GateConfig) (*Gate, error) {
	if !contrib.ValidName(c.Account) || !contrib.ValidName(c.Exposures) || !contrib.ValidName(c.Membership) || c.Exposures == c.Membership || c.Log == nil {
		return nil, ErrGate
	}
	g := &Gate{c}
	g.cfg.Categories = make([]Category, len(c.Categories))
	var names []string
	for i, k := range c.Categories {
		if !contrib.ValidName(k.Name) || k.Name == Unrestricted || slices.Contains(names, k.Name) || len(k.Groups) == 0 || hasTwice(k.Groups) ||
			k.MaxAgeDays < 1 || k.MaxAgeDays > MaxGateAgeDays || k.Audit.Check() != nil || k.Proxy.Check() != nil ||
			len(k.Audit.Campaigns) != 0 || len(k.Proxy.Segments) != 0 {
			return nil, ErrGate
		}
		names = append(names, k.Name)
		k.Forbidden, k.Exempt, k.Groups = slices.Clone(k.Forbidden), slices.Clone(k.Exempt), slices.Clone(k.Groups)
		k.Audit.Metrics, k.Audit.Looks.Days = slices.Clone(k.Audit.Metrics), slices.Clone(k.Audit.Looks.Days)
		g.cfg.Categories[i] = k
	}
	return g, nil
}

// Request asks whether a campaign may run.
type Request struct {
	Campaign string   // its name in the tables
	Category string   // declared by whoever runs it
	Uses     []string // attributes and segments that its targeting uses
	Today    dp.Day
	Tables   []*Table // all that there are: the newest that tells of the campaign decides, and the newest that tells of a segment
}

// Reason says why a gate is closed. Its text is a stable code.
type Reason string

// The reasons.
const (
	Undeclared        Reason = "undeclared"         // the category is none that the gate knows
	ForbiddenUse      Reason = "forbidden"          // Name is an attribute that targeting may not use
	ProxyDetected     Reason = "proxy-detected"     // Name is a segment that stands for a group
	ProxyUnclear      Reason = "proxy-unclear"      // Name is a segment of which that is not known well enough
	ProxyUntested     Reason = "proxy-untested"     // Name is in no table that is new enough and tells of all groups
	AuditMissing      Reason = "audit-missing"      // no table tells of the campaign and of all groups
	AuditStale        Reason = "audit-stale"        // the newest is older than MaxAgeDays, or of a day to come
	AuditUnscheduled  Reason = "audit-unscheduled"  // the newest is of a day on which the rule plans no look
	AuditFailed       Reason = "audit-failed"       // Name is a group that the campaign reaches too rarely
	AuditInconclusive Reason = "audit-inconclusive" // Name is a group of which that is not known well enough
)

// Cause is one reason, and what it is about.
type Cause struct {
	Reason Reason `json:"reason"`
	Name   string `json:"name,omitempty"`
}

// Decision is what a gate answers. The zero Decision is closed. It is about campaigns and
// groups, and holds nothing about a person.
type Decision struct {
	Open     bool     `json:"open"`
	Campaign string   `json:"campaign"`
	Category string   `json:"category"`
	Uses     []string `json:"uses,omitempty"`
	Day      string   `json:"day"`               // 2006-01-02
	Causes   []Cause  `json:"causes,omitempty"`  // all that close it
	Sources  []Source `json:"sources,omitempty"` // releases that it rests on
}

// Check decides whether a campaign may run, and logs the decision before it returns. A
// campaign of a restricted category runs only if targeting uses nothing that is forbidden,
// nothing that stands for a group, and nothing of which that is not known; and if its audit
// passes for every group. Whatever is missing, too old or inconclusive closes the gate.
// Before a campaign first runs, its audit is that of a table in which those are reached who
// are in its audience.
//
// A gate believes what a request declares. Each segment is tested by itself: several that are
// clear may stand for a group together, which the audit of the audience shows. A group that
// Audit declares as the reference is compared with none: where it may be left out too, leave
// Reference empty.
//
// It returns ErrRequest, or ErrLog with the error of Log; then the decision is closed. Cost:
// some milliseconds a group.
func (g *Gate) Check(ctx context.Context, r Request) (Decision, error) {
	if g.cfg.Log == nil {
		return Decision{}, ErrGate
	}
	if !contrib.ValidKey(r.Campaign) || r.Today <= 0 {
		return Decision{}, ErrRequest
	}
	if err := ctx.Err(); err != nil {
		return Decision{}, err
	}
	d := Decision{Campaign: r.Campaign, Category: r.Category, Uses: slices.Clone(r.Uses), Day: time.Unix(int64(r.Today)*86400, 0).UTC().Format(time.DateOnly)}
	i := slices.IndexFunc(g.cfg.Categories, func(c Category) bool { return c.Name == r.Category })
	switch {
	case r.Category == Unrestricted:
	case i < 0:
		d.Causes = []Cause{{Undeclared, ""}}
	default:
		c := &g.cfg.Categories[i]
		g.targeting(&d, c, &r)
		g.audited(&d, c, &r)
	}
	d.Open = len(d.Causes) == 0
	if err := g.cfg.Log(ctx, d); err != nil {
		return Decision{}, errors.Join(ErrLog, err)
	}
	return d, nil
}

// targeting closes the gate for what targeting may not use. Segments of one table are tested
// together, so that the more there are the more each of them has to be clear.
func (g *Gate) targeting(d *Decision, c *Category, r *Request) {
	var tables []*Table
	uses := map[*Table][]string{}
	for _, use := range distinct(slices.Clone(r.Uses)) {
		switch t := g.newest(r, g.cfg.Membership, use); {
		case slices.Contains(c.Forbidden, use):
			d.Causes = append(d.Causes, Cause{ForbiddenUse, use})
		case slices.Contains(c.Exempt, use):
		case t == nil || !fresh(t, c, r) || !covers(t, c):
			d.Causes = append(d.Causes, Cause{ProxyUntested, use})
		default:
			if len(uses[t]) == 0 {
				tables = append(tables, t)
			}
			uses[t] = append(uses[t], use)
		}
	}
	for _, t := range tables {
		rule := c.Proxy
		rule.Segments = uses[t]
		report, _, err := proxies(t, rule)
		if err != nil {
			for _, use := range uses[t] {
				d.Causes = append(d.Causes, Cause{ProxyUntested, use})
			}
			continue
		}
		d.rests(t)
		for _, use := range uses[t] {
			if reason := stands(report.Findings, use); reason != "" {
				d.Causes = append(d.Causes, Cause{reason, use})
			}
		}
	}
}

// stands returns why a segment may not be used, or nothing where it is clear for all groups.
func stands(list []Finding, segment string) (why Reason) {
	for _, f := range list {
		switch {
		case f.Segment != segment || f.Verdict == Clear:
		case f.Verdict == Detected:
			return ProxyDetected
		default:
			why = ProxyUnclear
		}
	}
	return why
}

// audited closes the gate unless the campaign's audit passes.
func (g *Gate) audited(d *Decision, c *Category, r *Request) {
	t := g.newest(r, g.cfg.Exposures, r.Campaign)
	switch {
	case t == nil || !covers(t, c):
		d.Causes = append(d.Causes, Cause{AuditMissing, ""})
		return
	case !fresh(t, c, r):
		d.Causes = append(d.Causes, Cause{AuditStale, ""})
		return
	}
	rule := c.Audit
	rule.Campaigns = []string{r.Campaign}
	report, err := Decide(t, rule)
	switch {
	case errors.Is(err, ErrSchedule):
		d.Causes = append(d.Causes, Cause{AuditUnscheduled, ""})
		return
	case err != nil:
		d.Causes = append(d.Causes, Cause{AuditMissing, ""})
		return
	}
	d.rests(t)
	for _, x := range report.Comparisons {
		switch x.Verdict {
		case Pass:
		case Fail:
			d.Causes = append(d.Causes, Cause{AuditFailed, x.Group})
		default:
			d.Causes = append(d.Causes, Cause{AuditInconclusive, x.Group})
		}
	}
}

// newest returns the newest table of a measure that has an item.
func (g *Gate) newest(r *Request, measure, item string) (found *Table) {
	for _, t := range r.Tables {
		if t == nil || t.source.Account != g.cfg.Account || t.source.Measure != measure || !slices.Contains(t.campaigns, item) {
			continue
		}
		if found == nil || t.source.AsOf > found.source.AsOf || t.source.AsOf == found.source.AsOf && t.source.Entry > found.source.Entry {
			found = t
		}
	}
	return found
}

// covers reports whether a table tells of all groups that have to be told of.
func covers(t *Table, c *Category) bool {
	return !slices.ContainsFunc(c.Groups, func(g string) bool { return !slices.Contains(t.groups, g) })
}

// fresh reports whether a table is of the days that count.
func fresh(t *Table, c *Category, r *Request) bool {
	day, err := time.Parse(time.DateOnly, t.source.AsOf)
	age := int64(r.Today) - day.Unix()/86400
	return err == nil && age >= 0 && age <= int64(c.MaxAgeDays)
}

// rests adds a release that the decision rests on, once.
func (d *Decision) rests(t *Table) {
	if !slices.Contains(d.Sources, t.source) {
		d.Sources = append(d.Sources, t.source)
	}
}
