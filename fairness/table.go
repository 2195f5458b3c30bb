package fairness

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
)

// Errors of reading a release.
var (
	ErrRelease = errors.New("fairness: not a release of groups x campaigns, with every cell and two groups at the least")
	ErrNoise   = errors.New("fairness: verdicts are about rounded Gaussian noise: declare the measure with that")
)

// What dp.Header says of the releases that are read here.
const (
	kindGroups      = "groups"
	roundedGaussian = "rounded-gaussian"
)

// The parts of a campaign that a person may be counted in, without and with outcomes.
const (
	partReached    = "reached"
	partMissed     = "missed"
	partReachedYes = "reached-yes"
	partReachedNo  = "reached-no"
	partMissedYes  = "missed-yes"
	partMissedNo   = "missed-no"
)

// leastVariance is what noise is taken to have at the least. Counts are whole numbers, and
// with less noise than half a person their distribution is no smooth one.
const leastVariance = 0.25

// mostValue bounds what is read: sums of such numbers are exact in floats.
const mostValue = 1 << 44

// Source says where a table comes from: a release, and what it says of itself.
type Source struct {
	Release string  `json:"release"` // its name
	Account string  `json:"account"` // the population that it counts
	Measure string  `json:"measure"`
	Entry   uint64  `json:"entry"`   // position of its charge in the ledger
	AsOf    string  `json:"as_of"`   // last day that counts, 2006-01-02
	SHA256  string  `json:"sha256"`  // of the signed note, in hexadecimal
	Mu      float64 `json:"mu"`      // its loss, Gaussian DP
	StdDev  float64 `json:"std_dev"` // of the noise of each cell, in people

	// Attribute is what the groups are values of, as people stated it. Evidence of
	// before it was told leaves it out.
	Attribute string `json:"attribute,omitempty"`
}

// names reports whether the source is that of a table, which it may name without the attribute.
func (s Source) names(of Source) bool {
	if s.Attribute == "" {
		of.Attribute = ""
	}
	return s == of
}

// Table is a released table of groups x campaigns: in each cell a number of people, with
// noise. It is made with [Read]; a zero Table has no campaigns. Reading one spends
// nothing. It does not change, and is safe for concurrent use.
type Table struct {
	source    Source
	window    accounting.Target // of all releases of the accounting window together
	campaigns []string
	groups    []string
	outcomes  bool
	cells     map[cellKey]float64
	variance  float64 // of the noise of a cell
}

type cellKey struct{ campaign, group, part string }

// Read reads a release of groups: for each campaign and group the people whom the
// campaign reached and missed, and with outcomes those of either with a good outcome and
// without. It returns ErrRelease for anything else, and for a table that lacks a cell, and
// ErrNoise for noise that the verdicts do not know, such as Laplace's.
func Read(r dp.Release) (*Table, error) {
	h := r.Header()
	day, err := time.Parse(time.DateOnly, h.AsOf)
	switch {
	case r.IsZero() || h.Kind != kindGroups || h.Partitions != "public" || h.LInf != 1 || h.Threshold != 0,
		err != nil || day.Format(time.DateOnly) != h.AsOf,
		h.Entry == 0 || !contrib.ValidName(h.Name) || !contrib.ValidName(h.Account) || !contrib.ValidName(h.Measure),
		h.Of != "" && !contrib.ValidName(h.Of), !positive(h.StdDev) || !positive(h.Mu):
		return nil, ErrRelease
	case h.Mechanism != roundedGaussian:
		return nil, ErrNoise
	}
	sum := sha256.Sum256(r.Note())
	t := &Table{
		source: Source{
			Release: h.Name, Account: h.Account, Measure: h.Measure, Entry: h.Entry, AsOf: h.AsOf,
			SHA256: hex.EncodeToString(sum[:]), Mu: h.Mu, StdDev: h.StdDev, Attribute: h.Of,
		},
		window: accounting.Target{Epsilon: h.Epsilon, Delta: h.WindowDelta}, cells: make(map[cellKey]float64, r.Len()), variance: max(h.StdDev*h.StdDev, leastVariance),
	}
	var parts []string
	for i := range r.Len() {
		c := r.At(i)
		if c.Segment != "" || c.Category != "" || c.With != "" || !contrib.ValidKey(c.Group) || !contrib.ValidKey(c.Item) ||
			c.Value < -mostValue || c.Value > mostValue {
			return nil, ErrRelease
		}
		key := cellKey{c.Item, c.Group, c.Part}
		if _, twice := t.cells[key]; twice {
			return nil, ErrRelease
		}
		t.cells[key] = float64(c.Value)
		t.campaigns, t.groups, parts = append(t.campaigns, c.Item), append(t.groups, c.Group), append(parts, c.Part)
	}
	t.campaigns, t.groups, parts = distinct(t.campaigns), distinct(t.groups), distinct(parts)
	t.outcomes = len(parts) == 4
	// As many different cells as there can be: so every one is there.
	if !slices.Equal(parts, known(t.outcomes)) || len(t.groups) < 2 || len(t.cells) != len(t.campaigns)*len(t.groups)*len(parts) {
		return nil, ErrRelease
	}
	return t, nil
}

// known are the parts of a table, sorted.
func known(outcomes bool) []string {
	if outcomes {
		return []string{partMissedNo, partMissedYes, partReachedNo, partReachedYes}
	}
	return []string{partMissed, partReached}
}

func distinct(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

func positive(x float64) bool { return x > 0 && !math.IsInf(x, 1) }

// Source says which release the table is.
func (t *Table) Source() Source { return t.source }

// Campaigns returns the campaigns of the table, sorted.
func (t *Table) Campaigns() []string { return slices.Clone(t.campaigns) }

// Groups returns the groups of the table, sorted.
func (t *Table) Groups() []string { return slices.Clone(t.groups) }

// Outcomes reports whether the table tells good outcomes from others, so that equal
// opportunity can be audited.
func (t *Table) Outcomes() bool { return t.outcomes }

// sum adds up a part of a campaign over groups. The second number is the variance of its
// noise.
func (t *Table) sum(campaign string, groups []string, parts ...string) (people, variance float64) {
	for _, g := range groups {
		for _, p := range parts {
			people += t.cells[cellKey{campaign, g, p}]
			variance += t.variance
		}
	}
	return people, variance
}

// share returns the people of groups in a campaign of whom the metric speaks, and those
// of them whom it reached.
func (t *Table) share(campaign string, m Metric, groups ...string) share {
	var s share
	switch {
	case m == Opportunity:
		s.yes, s.varYes = t.sum(campaign, groups, partReachedYes)
		s.no, s.varNo = t.sum(campaign, groups, partMissedYes)
	case t.outcomes:
		s.yes, s.varYes = t.sum(campaign, groups, partReachedYes, partReachedNo)
		s.no, s.varNo = t.sum(campaign, groups, partMissedYes, partMissedNo)
	default:
		s.yes, s.varYes = t.sum(campaign, groups, partReached)
		s.no, s.varNo = t.sum(campaign, groups, partMissed)
	}
	return s
}

// others returns all groups but one.
func (t *Table) others(group string) []string {
	return slices.DeleteFunc(t.Groups(), func(g string) bool { return g == group })
}

// reference returns what a group is compared with: a declared group, or all others.
func (t *Table) reference(group, declared string) []string {
	if declared != "" {
		return []string{declared}
	}
	return t.others(group)
}
