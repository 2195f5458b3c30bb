package dp

import (
	"errors"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/proof"
)

// Measures, declared before events arrive.
type (
	// Measure declares an aggregate that may be released.
	Measure = contrib.Measure
	// SegmentSizes counts people in each segment.
	SegmentSizes = contrib.SegmentSizes
	// SegmentItems counts people, or their events, in each segment x item cell.
	SegmentItems = contrib.SegmentItems
	// People counts people who did something.
	People = contrib.People
	// Events adds up what people did.
	Events = contrib.Events
	// Sums adds up amounts.
	Sums = contrib.Sums
	// Means gives people and sums of amounts, for means.
	Means = contrib.Means
	// ItemTotals counts people, or their events, of each item.
	ItemTotals = contrib.ItemTotals
	// CategoryItems counts people, or their events, in each category of interest x
	// item cell.
	CategoryItems = contrib.CategoryItems
	// ItemPairs adds up how strongly two items go together.
	ItemPairs = contrib.ItemPairs
	// Keys lists the items that are there.
	Keys = contrib.Keys
	// Histogram counts people by how much they have of something.
	Histogram = contrib.Histogram
	// Quantiles gives quantiles of what people have.
	Quantiles = contrib.Quantiles
	// Variance gives the variance of it.
	Variance = contrib.Variance
	// Table counts what a batch job hands in, by partition.
	Table = contrib.Table
	// Groups counts people of each group by what a campaign did.
	Groups = contrib.Groups
)

// What declarations are made of.
type (
	// By is [Everybody], [BySegment] or [ByCategory].
	By = contrib.By
	// Everybody is one row for all.
	Everybody = contrib.Everybody
	// BySegment is a row for each segment.
	BySegment = contrib.BySegment
	// ByCategory is a row for each listed category.
	ByCategory = contrib.ByCategory
	// Amount says which amounts are added up, and between which bounds.
	Amount = contrib.Amount
	// Law is a law of noise.
	Law = contrib.Law
	// Quantity is what a histogram is of.
	Quantity = contrib.Quantity
	// Counted is [CountedPeople], [CountedEvents] or [CountedAmounts].
	Counted = contrib.Counted
	// CountedPeople counts each person once in a partition.
	CountedPeople = contrib.CountedPeople
	// CountedEvents adds up events, each person's capped in a partition.
	CountedEvents = contrib.CountedEvents
	// CountedAmounts adds up amounts, each person's sum between bounds.
	CountedAmounts = contrib.CountedAmounts
	// Partitions is [Public] or [Discovered].
	Partitions = contrib.Partitions
	// Public lists keys known without looking at anybody's data.
	Public = contrib.Public
	// Discovered takes the keys from the data, above a threshold.
	Discovered = contrib.Discovered
	// Spec is a checked measure.
	Spec = contrib.Spec
	// Day counts days since 1970-01-01 UTC.
	Day = contrib.Day
)

// Laws of noise.
const (
	Automatic = contrib.Automatic
	Gaussian  = contrib.Gaussian
	Laplace   = contrib.Laplace
)

// Quantities of histograms.
const (
	QuantitySegments   = contrib.QuantitySegments
	QuantityItems      = contrib.QuantityItems
	QuantityCategories = contrib.QuantityCategories
	QuantityEvents     = contrib.QuantityEvents
	QuantityAmount     = contrib.QuantityAmount
)

// Released tables.
type (
	// Release is a differentially private table.
	Release = proof.Release
	// Header says everything about a Release that is not a cell.
	Header = proof.Header
	// Cell is one released number with its interval.
	Cell = proof.Cell
	// Claims is what Release.Statement says, for machines.
	Claims = proof.Claims
)

// ErrSpec is returned for a Spec that NewSpec did not make.
var ErrSpec = errors.New("dp: a specification breaks the rules of its measure")

// NewSpec checks m over the names of the segments of its purpose. The names
// are public: they come from configuration, never from data.
func NewSpec(m Measure, segments []string) (Spec, error) { return contrib.NewSpec(m, segments) }

// checkSpec holds what sensitivity rests on, whoever filled the Spec in. It
// takes one pass over the public keys.
func checkSpec(s *Spec) error {
	if s == nil || s.Check() != nil {
		return ErrSpec
	}
	return nil
}
