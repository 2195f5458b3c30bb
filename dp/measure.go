package dp

import (
	"errors"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/envelope"
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
	if s == nil || !contrib.ValidName(s.Name) ||
		s.MaxSegments < 1 || s.MaxSegments > contrib.MaxSegments ||
		s.MaxItems < 1 || s.MaxItems > contrib.MaxItems ||
		!envelope.Bounds(int64(s.L0()), s.LInf()) || !sortedKeys(s.Segments) {
		return ErrSpec
	}
	switch s.Kind {
	case contrib.KindSegmentSizes:
		if s.Discovered || s.Items != nil || s.MaxItems != 1 || s.MaxPerCell != 1 || s.LookbackDays != 0 {
			return ErrSpec
		}
	case contrib.KindSegmentItems:
		if s.Series || s.LookbackDays < 1 || s.LookbackDays > contrib.MaxLookbackDays {
			return ErrSpec
		}
		if s.Discovered && (s.Items != nil || s.MaxPerCell != 1) || !s.Discovered && !sortedKeys(s.Items) {
			return ErrSpec
		}
		if len(s.Items) > 0 && len(s.Segments) > contrib.MaxPublic/len(s.Items) {
			return ErrSpec
		}
	default:
		return ErrSpec
	}
	return nil
}

// sortedKeys reports whether list is a strictly ascending list of valid keys.
func sortedKeys(list []string) bool {
	if len(list) == 0 || len(list) > contrib.MaxPublic || !contrib.ValidKey(list[0]) {
		return false
	}
	for i, k := range list[1:] {
		if k <= list[i] || !contrib.ValidKey(k) {
			return false
		}
	}
	return true
}
