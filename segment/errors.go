package segment

import (
	"errors"
	"fmt"
)

// Errors of a Taxonomy, wrapped with the number of the row.
var (
	ErrHeader     = errors.New("the header must name the columns id, parent_id, name and flag, and may name path and depth")
	ErrFields     = errors.New("a row must have as many fields as the header")
	ErrNode       = errors.New("an id is 1 to 64 and a name 1 to 200 bytes of printable text")
	ErrDuplicate  = errors.New("an id must be given once")
	ErrSelfParent = errors.New("a node must not be its own parent")
	ErrOrphan     = errors.New("a parent must be a node of the taxonomy")
	ErrCycle      = errors.New("a node must not be its own ancestor")
	ErrDeep       = errors.New("a taxonomy is at most 32 levels deep")
	ErrLarge      = errors.New("a taxonomy has 1 to 65,536 nodes on lines of at most 4,096 bytes")
)

// Errors of definitions and rules, wrapped with the number of the definition
// where there is one.
var (
	ErrSyntax     = errors.New("must be a JSON list of definitions, each field once and spelled as documented")
	ErrDefinition = errors.New("name and purpose are 1 to 64 characters of a-z, 0-9, dot, dash and underscore, version is above 0, a title at most 128 bytes")
	ErrPredicates = errors.New("all and any hold at least one predicate together, each list at most 64, each predicate exactly one of score, recency, frequency, sum, distinct, subtree and in")
	ErrPredicate  = errors.New("days and thresholds are above zero, at most the limits, and days at most the TTL")
	ErrUnit       = errors.New("the unit of a sum is 1 to 16 characters of A-Z, a-z, 0-9, dot, dash and underscore, and one for a category and all below it")
	ErrWindow     = errors.New("a window is either within_days or one of the calendar windows, by name")
	ErrReference  = errors.New("in names another segment of the same purpose")
	ErrCircular   = errors.New("segments must not name each other in a circle")
	ErrUnknown    = errors.New("the taxonomy does not know the category")
	ErrSensitive  = errors.New("the category, or one above it, is marked sensitive")
	ErrTwice      = errors.New("a name must be given once")
	ErrForeign    = errors.New("a definition or measure must be of the purpose of its rules, and a measure over their segments")
	ErrOf         = errors.New("means are divided by a measure of segment sizes with the same bound on segments and no norm, and a histogram of items is of a measure that keeps some, both of the same purpose")
	ErrGroups     = errors.New("a measure of groups reads what was recorded for audits, and no profile")
	ErrTTL        = errors.New("segment: TTLDays is 1 to 730, and at least the look-back of every measure")
	ErrZone       = errors.New("segment: a zone has a name of at most 64 bytes, and is not the machine's own")
	ErrNoTaxonomy = errors.New("segment: rules need a purpose, a taxonomy and a definition or measure")
)

// Errors of Admit: a proof that is missing or does not belong to the event.
var (
	ErrGrant   = errors.New("segment: zero grant: nothing is admitted without a decision")
	ErrLink    = errors.New("segment: zero link: nothing is admitted without a pseudonym")
	ErrSubject = errors.New("segment: grant and link are of different people")
	ErrPurpose = errors.New("segment: grant, link and rules are of different purposes")
	ErrMoment  = errors.New("segment: the moment is not between 1972 and 2200, or its window is negative")
)

// ErrRow is returned for bytes that are not a profile row in canonical form.
var ErrRow = errors.New("segment: not a profile row")

// numbered names a definition by its place, from 1.
func numbered(i int, err error) error { return fmt.Errorf("segment: definition %d: %w", i+1, err) }

// numberedMeasure names a measure by its place, from 1.
func numberedMeasure(i int, err error) error { return fmt.Errorf("segment: measure %d: %w", i+1, err) }
