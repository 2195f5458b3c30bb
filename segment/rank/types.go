package rank

import (
	"errors"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/proof"
)

// Release is a differentially private table.
type Release = proof.Release

// Day counts days since 1970-01-01 UTC.
type Day = contrib.Day

// Errors of New.
var (
	ErrRelease  = errors.New("rank: the releases must be a segment-items table and, if given, segment sizes of the same account, with a known standard deviation")
	ErrWeights  = errors.New("rank: weights are 0 to 1e6, and the weight of popularity is at least 1e-6")
	ErrHalfLife = errors.New("rank: the half-life of seen items is 1 to 3650 days")
	ErrParents  = errors.New("rank: the parents of categories form a circle or more than 16 levels")
)

// Weights says how much each part of a score counts. All parts are shares of
// the same size, so equal weights mean equal say.
type Weights struct {
	Popularity float64 // what everybody likes; positive, it is the prior of all else
	Segments   float64 // what the person's segments like more than everybody
	Categories float64 // the person's own categories
	Seen       float64 // items the person had already; 0 where a second time makes no sense
	Context    float64 // the category of the page
}

// DefaultWeights returns weights for a shop: each source of evidence counts as
// much as the other, popularity a fifth of it, and the page twice.
func DefaultWeights() Weights {
	return Weights{Popularity: 0.2, Segments: 1, Categories: 1, Seen: 1, Context: 2}
}

// DefaultSeenHalfLifeDays is a half-life of seen items for a shop.
const DefaultSeenHalfLifeDays = 60

// Config is what a Model is made from.
type Config struct {
	// Items is the released segment x item table. The zero Release is allowed
	// while there is none yet: all items are then equally popular.
	Items Release
	// Sizes is a release of segment sizes of the same account, or zero. With it
	// a segment whose members are more active counts more; without it all
	// segments count by their weight alone.
	Sizes Release
	// Catalog gives the public category of items. Items outside of it have none;
	// items of it that were not released can be ranked too.
	Catalog map[string]string
	// Parents gives the parent of a category. A weight or a context then counts
	// for all that lies below. Categories not in it are roots.
	Parents map[string]string
	// Weights of the parts of a score. See DefaultWeights.
	Weights Weights
	// SeenHalfLifeDays halves the say of an own item every so many days. See
	// DefaultSeenHalfLifeDays.
	SeenHalfLifeDays int
}

// Person is what a ranking reads of the one person it is made for.
type Person struct {
	Segments   []Segment
	Items      []OwnItem
	Categories map[string]float64 // category -> weight, 1e-12 to 1e12; others are passed over
}

// Segment is a segment that the person is in. The weight is 1e-12 to 1e12, 1
// where all count alike; a segment with another is passed over.
type Segment struct {
	Name   string
	Weight float64
}

// OwnItem is an item of the person's own history. One with a count below 1 or a
// day after Request.AsOf is passed over.
type OwnItem struct {
	Item  string
	Day   Day // last time
	Count int // how often, from 1
}

// Request asks for one ranking.
type Request struct {
	Person     *Person  // nil: nobody known, or no consent
	AsOf       Day      // today
	Candidates []string // items to rank; nil: all known items. Repeated ones count once
	Exclude    []string // items to leave out
	Context    string   // category of the page, or ""
	Limit      int      // most items in the answer; 0: all
}

// Ranking is the answer, best item first; equal scores are ordered by item.
type Ranking struct {
	Items      []Ranked
	Contextual bool   // the person had no part in it
	Reason     Reason // why it is contextual, or ""
	AsOf       string // last day of the released table, 2006-01-02; "" without one
	Entry      uint64 // ledger entry of the released table
}

// Reason says why a ranking is contextual.
type Reason string

// The reasons.
const (
	ReasonNobody  Reason = "no person: nobody is known here, or consent is missing"
	ReasonNothing Reason = "nothing of the person bears on these tables and categories"
)

// Ranked is one item of a ranking.
type Ranked struct {
	Item     string
	Category string // of the catalog, or ""
	Score    float64
	Why      Why
}
