package dp

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Errors of post-processing. None of it spends anything, so that refusing costs
// nothing either.
var (
	ErrReleases   = errors.New("dp: the releases are missing, or not of one account")
	ErrSame       = errors.New("dp: one release is given twice; its noise is there once")
	ErrDiscovered = errors.New("dp: the cells of a discovered table are those with noise in their favour; only Intervals takes them")
	ErrNoiseLaw   = errors.New("dp: the noise of a release is not rounded Gaussian")
	ErrParts      = errors.New("dp: a release has numbers of people and sums, of different noise; MeansOf takes it")
	ErrMeasures   = errors.New("dp: the releases are not of one measure with the same bounds")
	ErrCells      = errors.New("dp: the releases lack a cell that is asked for")
)

// Source says which release numbers were computed from.
type Source struct {
	Account string  `json:"account"`
	Entry   uint64  `json:"entry"` // in the ledger
	Name    string  `json:"name"`
	AsOf    string  `json:"as_of"`
	Weight  float64 `json:"weight,omitempty"` // of an average
}

// Estimate is a number computed from released ones, with an interval. It is not a
// Release: it carries no charge and no signature, and nothing turns it into one.
type Estimate struct {
	Entry    uint64 `json:"entry,omitempty"` // of the release that the cell is of, where that matters
	Segment  string `json:"segment,omitempty"`
	Category string `json:"category,omitempty"`
	Group    string `json:"group,omitempty"`
	Item     string `json:"item,omitempty"`
	With     string `json:"with,omitempty"`
	Part     string `json:"part,omitempty"`

	Value float64 `json:"value"`

	// StdDev is the standard deviation of Value around what it estimates, before
	// NonNegative; 0 where it is not known.
	StdDev float64 `json:"std_dev,omitempty"`

	// Low and High hold what is estimated with probability Estimates.Level.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Estimates are post-processed releases: they are a function of releases alone, so
// they cost nothing and are as private as those. The zero value holds nothing.
type Estimates struct {
	Method  string     `json:"method"` // "intervals", "average", "consistent"
	Level   float64    `json:"level"`  // of the intervals: Level
	Sources []Source   `json:"sources"`
	Applied []string   `json:"applied,omitempty"` // "non-negative", "whole", in that order
	Cells   []Estimate `json:"cells"`

	integral bool    // what is estimated is a whole number
	signed   bool    // it may be below zero
	tree     *forest // the sums that hold, of "consistent"
}

// Point is a number computed from released ones that leans towards what is likely.
// It has no interval: an interval around it would hold the exact number with a
// probability that depends on how far the number is from likely, and for unlikely
// numbers that is far below 95 %. For an interval, use [Intervals] on the release.
type Point struct {
	Segment  string  `json:"segment,omitempty"`
	Category string  `json:"category,omitempty"`
	Group    string  `json:"group,omitempty"`
	Item     string  `json:"item,omitempty"`
	With     string  `json:"with,omitempty"`
	Part     string  `json:"part,omitempty"`
	Value    float64 `json:"value"`

	// Kept is how much of the released value is in it, 0 to 1; the rest is what it was
	// moved towards.
	Kept float64 `json:"kept"`
}

// Points are shrunk or smoothed releases; like [Estimates] they cost nothing. The
// zero value holds nothing.
type Points struct {
	Method  string   `json:"method"` // "shrunk", "smoothed"
	AsOf    string   `json:"as_of"`
	Sources []Source `json:"sources"`
	Applied []string `json:"applied,omitempty"`
	Cells   []Point  `json:"cells"`

	signed bool // what is estimated may be below zero
}

// Statement says in plain sentences what the numbers are and which releases they
// come from.
func (e Estimates) Statement() string {
	if len(e.Sources) == 0 {
		return "This is not computed from releases."
	}
	what := map[string]string{
		"intervals":  "The values are the released ones; the intervals hold for cells that a threshold let through, too.",
		"average":    "The values are averages, weighted by the inverse variance of the noise; an interval is about the same average of the exact numbers.",
		"consistent": "The values are those nearest to the released ones of which the totals are the sums of their parts.",
	}[e.Method]
	return what + fmt.Sprintf(" An interval holds the exact bounded number with probability of about %.4g%%.", 100*e.Level) + tail(e.Sources, e.Applied)
}

// Statement says in plain sentences what the numbers are and which releases they
// come from.
func (p Points) Statement() string {
	if len(p.Sources) == 0 {
		return "This is not computed from releases."
	}
	what := map[string]string{
		"shrunk":   "The values are moved towards a common centre, as far as the noise makes up their differences. That is less wrong on average over the cells; single cells that are unlike the others may be further off.",
		"smoothed": "The values are smoothed over the days, as far as the noise makes up the changes from day to day. Sudden changes are shown late or smaller.",
	}[p.Method]
	return what + " There are no intervals for them." + tail(p.Sources, p.Applied)
}

func tail(sources []Source, applied []string) string {
	var b strings.Builder
	for _, a := range applied {
		switch a {
		case appliedNonNegative:
			b.WriteString(" Values below zero were set to zero, last, so sums of them are too large.")
		case appliedWhole:
			b.WriteString(" Values were rounded to whole numbers, last.")
		}
	}
	b.WriteString(" They were computed from what was released, and cost nothing beyond it: ")
	for i, s := range sources {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s as of %s (entry %d)", s.Name, s.AsOf, s.Entry)
	}
	return b.String() + "."
}

// sourcesOf checks that releases are distinct, of one account and of noise whose law
// is known, and returns them sorted by entry.
func sourcesOf(rs []Release) ([]Release, []Source, error) {
	rs = slices.Clone(rs)
	slices.SortFunc(rs, func(a, b Release) int { return cmp.Compare(a.Header().Entry, b.Header().Entry) })
	sources := make([]Source, len(rs))
	for i, r := range rs {
		h := r.Header()
		switch {
		case r.IsZero() || h.Account != rs[0].Header().Account:
			return nil, nil, ErrReleases
		case h.Mechanism != roundedGaussian || !positive(h.Sigma) || !positive(h.StdDev):
			return nil, nil, ErrNoiseLaw
		case h.CountSigma > 0:
			return nil, nil, ErrParts
		case i > 0 && h.Entry == sources[i-1].Entry:
			return nil, nil, ErrSame
		}
		sources[i] = Source{Account: h.Account, Entry: h.Entry, Name: h.Name, AsOf: h.AsOf}
	}
	if len(rs) == 0 {
		return nil, nil, ErrReleases
	}
	return rs, sources, nil
}

// publicOf is sourcesOf for releases of public tables.
func publicOf(rs []Release) ([]Release, []Source, error) {
	rs, sources, err := sourcesOf(rs)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range rs {
		if r.Header().Partitions != partitionsPublic {
			return nil, nil, ErrDiscovered
		}
	}
	return rs, sources, nil
}

// alike holds that releases are of one measure, with the same bounds and cells.
func alike(rs []Release) error {
	first := rs[0].Header()
	for _, r := range rs[1:] {
		h := r.Header()
		if h.Measure != first.Measure || h.Kind != first.Kind || h.Lookback != first.Lookback ||
			h.L0 != first.L0 || h.LInf != first.LInf || h.By != first.By || h.HalfLife != first.HalfLife || h.Norm != first.Norm ||
			h.Of != first.Of || h.Category != first.Category || h.Low != first.Low || h.High != first.High || !sameSteps(&h, &first) {
			return ErrMeasures
		}
		if r.Len() != rs[0].Len() {
			return ErrCells
		}
		for i := range r.Len() {
			a, b := r.At(i), rs[0].At(i)
			if keyOf(&a) != keyOf(&b) {
				return ErrCells
			}
		}
	}
	return nil
}

// variance returns what the noise of a cell is taken to vary by: that of the rounded
// noise, and never less than that of the normal number which is rounded.
func variance(h *Header) float64 {
	s := max(h.Sigma, h.StdDev)
	return s * s
}

// whole reports whether the exact numbers are whole, as they are in steps of whatever
// unit.
func whole(h *Header) bool { return h.Mechanism != selection }

// signed reports whether exact numbers may be below zero: sums of amounts that may be,
// or that are counted from the middle of their bounds.
func signed(h *Header) bool { return h.Low < 0 || h.Center != 0 }

// sameSteps reports whether values of two releases are in the same steps of one unit.
// Format 0 has people and events, in steps of one.
func sameSteps(a, b *Header) bool {
	if amounts := a.Per == 1000 || b.Per == 1000; amounts && a.Unit != b.Unit {
		return false
	}
	return max(a.Step, 1) == max(b.Step, 1) && max(a.Per, 1) == max(b.Per, 1)
}

// estimateOf returns an Estimate with the names of a cell.
func estimateOf(c *Cell) Estimate {
	return Estimate{Segment: c.Segment, Category: c.Category, Group: c.Group, Item: c.Item, With: c.With, Part: c.Part}
}

// pointOf returns a Point with the names of a cell.
func pointOf(c *Cell) Point {
	return Point{Segment: c.Segment, Category: c.Category, Group: c.Group, Item: c.Item, With: c.With, Part: c.Part}
}
