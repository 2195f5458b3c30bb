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
	ErrRelease  = errors.New("rank: each release must be of the kind that its field names, with a known standard deviation, and all of one account")
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
	Likeness   float64 // items whose public titles are like those of the person's own items
	Pairs      float64 // items that go with the person's own items in the table of pairs
}

// DefaultWeights returns weights for a shop: each source of evidence counts as
// much as the other, popularity a fifth of it, and the page twice.
func DefaultWeights() Weights {
	return Weights{Popularity: 0.2, Segments: 1, Categories: 1, Seen: 1, Context: 2, Likeness: 1, Pairs: 1}
}

// NewItemWeights returns weights for rankings of items that the person has not
// had: popularity, and likeness to what the person had. They were chosen on part
// of the training period of the Online Retail data set, see bench rank.
func NewItemWeights() Weights {
	return Weights{Popularity: 0.2, Context: 2, Likeness: 1}
}

// DefaultSeenHalfLifeDays is a half-life of seen items for a shop.
const DefaultSeenHalfLifeDays = 60

// Config is what a Model is made from.
type Config struct {
	// Items is the released segment x item table, or category x item table, with
	// which the person's own categories take the place of segments. The zero
	// Release is allowed while there is none yet: popularity is then that of
	// Totals, or the same for all items.
	Items Release
	// Totals are released item totals, from the widest to the narrowest: what one
	// says is what is expected of the next. Popularity is then theirs; with a
	// half-life, the popularity of these days. Optional.
	Totals []Release
	// CategoryTotals is a release of events by category, or zero. It moves the
	// popularity of all items of a category together.
	CategoryTotals Release
	// Pairs is a release of item pairs, or zero.
	Pairs Release
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
	// Titles gives the public title of items. Items with rare words, or pairs of
	// words, in common are alike: to the person's own items, and for smoothing
	// the noise of totals. Optional.
	Titles map[string]string
	// Traits gives further public features of items, such as brand, range or
	// year of launch. They smooth totals, and make no items alike. Optional.
	Traits map[string][]string
	// Purpose is the purpose whose profiles the model may read, or "". A person of
	// another purpose has no part in a ranking.
	Purpose string
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

	// CategoryDays tells on how many distinct days there was something in a
	// category. One that is not in it is taken to rest on the days of the person's
	// own items in it. See Limits.MinDays.
	CategoryDays map[string]int
	Dismissed    []string // categories that the person is not interested in, with all below
	Purpose      string   // of the profile that this was read from; see Config.Purpose
}

// Segment is a segment that the person is in. The weight is 1e-12 to 1e12, 1
// where all count alike; a segment with another is passed over.
type Segment struct {
	Name   string
	Weight float64
	Days   int // distinct days with something that puts the person into it; see Limits.MinDays
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

	// Limits of what the person's own data may do; nil: none but that nothing
	// dismissed is shown.
	Limits *Limits
	// Keep, where set, is asked for each candidate whether it may be shown: stock,
	// margins, age ratings. It gets the item and its public category or "", and
	// must answer the same within one call of Rank.
	Keep func(item, category string) bool
	// Diversity, from 0 to 1, makes each further item of a category count that
	// much less: with 0.3 the second of a category counts 0.7 of its score, the
	// third 0.49. The order then follows from what is left; Score stays. Other
	// values count as the nearest end.
	Diversity float64
	// Explore, where not empty, names a draw: popularity is then sampled from
	// what Config.Totals leave open, and without these not at all, instead of its mean, so that items of which
	// little is known are shown now and then. One name gives one draw. It is post-
	// processing, spends nothing, and hides nothing: it is no privacy noise.
	Explore string
}

// Ranking is the answer, best item first; equal scores are ordered by item.
type Ranking struct {
	Items      []Ranked
	Contextual bool   // the person had no part in it
	Reason     Reason // why it is contextual, or ""
	AsOf       string // last day that the released tables count, of the oldest of them, 2006-01-02; "" without one
	Entry      uint64 // ledger entry of the released table of items
	Held       Held   // what the limits kept out
}

// Reason says why a ranking is contextual.
type Reason string

// The reasons.
const (
	ReasonNobody  Reason = "no person: nobody is known here, or consent is missing"
	ReasonNothing Reason = "nothing of the person bears on these tables and categories"
	ReasonLimit   Reason = "the person's limit leaves no place to their own data"
	ReasonPurpose Reason = "what is known of the person is for another purpose"
)

// Ranked is one item of a ranking.
type Ranked struct {
	Item     string
	Category string // of the catalog, or ""
	Score    float64
	Why      Why
}
