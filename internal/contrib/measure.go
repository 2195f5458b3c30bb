// Package contrib specifies what one person may contribute to a declared
// measure, and selects it. Package segment keeps by this rule, package dp
// bounds by it, so what no release may count is never kept.
package contrib

import (
	"errors"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/discreet-go/discreet/internal/envelope"
)

// Kind says what a measure counts.
type Kind uint8

// The kinds of measure.
const (
	KindSegmentSizes  Kind = iota + 1 // people in each segment
	KindSegmentItems                  // people, or events, in each segment x item cell
	KindPeople                        // people who did something, together or in each category
	KindEvents                        // events, in each row
	KindSums                          // sums of amounts, in each row
	KindMeans                         // people and sums of amounts, in each row, for means
	KindItemTotals                    // people, or weighted events, of each item
	KindCategoryItems                 // people, or weighted events, in each category of interest x item cell
	KindItemPairs                     // how strongly two items go together
	KindHistogram                     // people by how much they have of something
	KindGroups                        // people of each group, by what a campaign did
	KindKeys                          // which items are there: a list without numbers
	KindQuantiles                     // quantiles of what people have, in each row
	KindVariance                      // the variance of it
	KindTable                         // people, events or amounts of each partition, as a batch job hands them in
)

// Limits on declarations.
const (
	MaxSegments     = 1 << 10          // rows per person and release
	MaxItems        = 1 << 10          // per person and release
	MaxPerCell      = envelope.MaxLInf // counted events per person and cell
	MaxPublic       = 1 << 24          // declared partitions
	MaxNameLen      = 64               // bytes of a measure or purpose name
	MaxItemLen      = 128              // bytes of an item
	MaxLookbackDays = 400
	MaxHalfLifeDays = 3650
	MaxAmount       = 1 << 40 // bounds of amounts, in thousandths of their unit
	MaxEdges        = 1 << 10 // bins of a histogram
	MinMinPeople    = 2       // people below which a discovered key never comes out, at least
	MaxMinPeople    = 1 << 20

	// Per is how many steps one event or person makes where contributions are
	// weighted by their age or scaled to a norm.
	Per = 1 << 10

	shareUnit = 1_000_000_000
)

// Errors of declarations.
var (
	ErrName       = errors.New("contrib: a name is 1 to 64 characters of a-z, 0-9, dot, dash and underscore")
	ErrBound      = errors.New("contrib: a bound is zero, negative or absurdly large")
	ErrShare      = errors.New("contrib: a share is more than 0 and at most 1")
	ErrPartitions = errors.New("contrib: partitions must be Public, with valid keys, or Discovered")
	ErrLookback   = errors.New("contrib: the look-back is 1 to 400 days")
	ErrCapped     = errors.New("contrib: discovered partitions count people, so MaxPerItem must be 1, without half-life or norm")
	ErrHalfLife   = errors.New("contrib: the half-life is 1 to 3650 days, or 0 for none")
	ErrBy         = errors.New("contrib: a measure has rows by Everybody, BySegment or ByCategory, as its kind allows")
	ErrAmount     = errors.New("contrib: an amount has a unit, and bounds Low < High, a step apart, from -2^40 to 2^40 thousandths of it")
	ErrQuantity   = errors.New("contrib: a histogram is of one of the quantities, with what that needs and nothing else")
	ErrEdges      = errors.New("contrib: the edges of a histogram are 0, then strictly higher, at most 1024 of them")
	ErrMinPeople  = errors.New("contrib: MinPeople of discovered partitions is 2 to 2^20, or 0 for 2")
	ErrCounted    = errors.New("contrib: a table is of CountedPeople, CountedEvents or CountedAmounts")
	ErrNoise      = errors.New("contrib: the noise is Automatic, Gaussian or, for public partitions of one scale, Laplace; of keys Automatic, of groups Gaussian")
)

// Measure declares an aggregate that may be released: [SegmentSizes] or
// [SegmentItems]. Measures are declared before events arrive; a profile keeps
// only what they may count.
type Measure interface {
	// check returns the Spec over the given public list of segment names.
	check(segments []string) (Spec, error)
	// purpose returns the purpose whose profiles the measure reads.
	purpose() string
}

// SegmentSizes counts people in each declared segment.
//
// A Series is released many times in a window, such as daily, and bounds what one
// person adds to all of it: whoever comes and goes counts in at most MaxSegments
// distinct segments over all releases of the measure in one accounting window, not
// in so many of each. Those that the person is in at a release come first, and keep
// their place until the window ends, also when the person leaves them. A release
// costs and is as exact as without; what it is for is noise that is correlated over
// the releases of a window, whose sensitivity is that of a person's whole window. A
// segment that a person enters when no place is free misses that person until the
// next window. See docs/proofs/admission-slots.md.
type SegmentSizes struct {
	Name        string
	Purpose     string
	MaxSegments int     // L0: segments one person counts in, per release; with Series per window
	MaxNorm     int     // L2: a person in more than MaxNorm^2 segments counts in each by less than one. Optional
	Noise       Law     // of the noise. Optional
	Share       float64 // planned part of the window's mu^2, in (0, 1]
	Series      bool    // one person counts in at most MaxSegments segments over all releases of a window
}

// SegmentItems counts, for each segment and item, the people of the segment
// who had the item within the look-back (MaxPerItem 1), or their events, each
// person's capped at MaxPerItem.
type SegmentItems struct {
	Name         string
	Purpose      string
	Items        Partitions // Public or Discovered
	MaxSegments  int        // segments one person counts in, per release
	MaxItems     int        // items one person counts with, per release and kept per window
	MaxPerItem   int        // L-infinity: counted events per person and item; 1 counts people
	LookbackDays int        // an item counts while its last event is at most so many days old
	HalfLifeDays int        // its events weigh half as much for every so many days since the last. Optional
	MaxNorm      int        // L2: a person's whole vector is scaled down to this norm, in events. Optional
	Noise        Law        // of the noise. Optional
	Share        float64    // planned part of the window's mu^2, in (0, 1]
}

// Partitions says where the keys of a table come from: [Public] or [Discovered].
type Partitions interface{ isPartitions() }

// Public lists keys that are known without looking at anybody's data. Every
// cell is released, also the empty ones.
type Public []string

// Discovered takes the keys from the data. A key is released only at or above
// a threshold on distinct people, which spends delta, and never with fewer than
// MinPeople people.
type Discovered struct {
	MinPeople int // 2 to 2^20; 0 means 2. Each beyond 1 raises the threshold by 1
}

func (Public) isPartitions()     {}
func (Discovered) isPartitions() {}

// NewSpec checks m over the names of the segments of its purpose.
func NewSpec(m Measure, segments []string) (Spec, error) {
	if m == nil {
		return Spec{}, ErrPartitions
	}
	return m.check(segments)
}

// PurposeOf returns the purpose that m reads.
func PurposeOf(m Measure) string { return m.purpose() }

func (m SegmentSizes) purpose() string { return m.Purpose }
func (m SegmentItems) purpose() string { return m.Purpose }

func (m SegmentSizes) check(segments []string) (Spec, error) {
	s := Spec{
		Name: m.Name, Purpose: m.Purpose, Kind: KindSegmentSizes,
		MaxSegments: m.MaxSegments, MaxItems: 1, MaxPerCell: 1, MaxNorm: m.MaxNorm, Noise: m.Noise, Series: m.Series,
	}
	s.Segments = segments
	return s.finish(m.Share)
}

func (m SegmentItems) check(segments []string) (Spec, error) {
	s := Spec{
		Name: m.Name, Purpose: m.Purpose, Kind: KindSegmentItems,
		MaxSegments: m.MaxSegments, MaxItems: m.MaxItems, MaxPerCell: m.MaxPerItem,
		LookbackDays: m.LookbackDays,
	}
	s.HalfLifeDays, s.MaxNorm, s.Noise, s.Segments = m.HalfLifeDays, m.MaxNorm, m.Noise, segments
	if err := s.partition(m.Items); err != nil {
		return Spec{}, err
	}
	return s.finish(m.Share)
}

// ShareNano rounds a share to billionths, so that shares that add up to one on
// paper add up to one in the ledger.
func ShareNano(share float64) (int64, error) {
	n := math.Round(share * shareUnit)
	if !(n >= 1 && n <= shareUnit) {
		return 0, ErrShare
	}
	return int64(n), nil
}

// keys returns the sorted list, or an error when it is empty or holds a
// duplicate or an invalid key.
func keys(list []string) ([]string, error) {
	sorted, ok := Distinct(list, MaxPublic)
	if !ok {
		return nil, ErrPartitions
	}
	return sorted, nil
}

// Distinct returns the list sorted, and whether it holds 1 to most valid keys, each once.
func Distinct(list []string, most int) ([]string, bool) {
	if len(list) > most {
		return nil, false
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted, sortedKeys(sorted)
}

// ValidName reports whether s may name a measure, purpose, segment or tenant.
func ValidName(s string) bool {
	if s == "" || len(s) > MaxNameLen {
		return false
	}
	for _, c := range []byte(s) {
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// MaxUnitLen is the most bytes of a unit.
const MaxUnitLen = 16

// ValidUnit reports whether a unit of amounts is 1 to 16 characters of A-Z, a-z,
// 0-9, dot, dash and underscore.
func ValidUnit[T string | []byte](unit T) bool {
	for i := range len(unit) {
		c := unit[i]
		if !(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_') {
			return false
		}
	}
	return len(unit) > 0 && len(unit) <= MaxUnitLen
}

// ValidKey reports whether s may be an item: 1 to 128 bytes of printable text.
func ValidKey(s string) bool {
	if s == "" || len(s) > MaxItemLen || !utf8.ValidString(s) {
		return false
	}
	for i := range len(s) {
		if s[i] < 0x20 || s[i] == 0x7f {
			return false
		}
	}
	return true
}
