package iab

import "errors"

// The errors of the readers. They say which rule a string broke and hold nothing
// of it. To a [Rule] all of them are [consent.Unclear].
var (
	// ErrText: a character outside of the alphabet of base64url, or a number of
	// characters that no bytes encode to.
	ErrText = errors.New("iab: not base64url")
	// ErrLength: empty, longer than MaxText, shorter than its own fields say, or
	// longer and not only by zero bits.
	ErrLength = errors.New("iab: the string is not as long as its fields say")
	// ErrVersion: a version that this package does not know.
	ErrVersion = errors.New("iab: unknown version")
	// ErrRange: a range with an identifier of zero, one that ends before it
	// begins, or one beyond the largest identifier that is announced.
	ErrRange = errors.New("iab: bad range of identifiers")
	// ErrSegment: a segment or sub-section that may not be there: too many, a
	// second one of the same type, or one of unknown meaning where none is ignored.
	ErrSegment = errors.New("iab: unexpected segment")
	// ErrHeader: the string does not begin with the header of a GPP string.
	ErrHeader = errors.New("iab: not the header of a GPP string")
	// ErrSection: not as many sections as the header announces, more than
	// MaxSections, or a section that the reader in question does not read.
	ErrSection = errors.New("iab: sections and header disagree")
	// ErrRule: a rule that cannot be applied, from Check.
	ErrRule = errors.New("iab: bad rule")
)

// The bounds. Work and memory are at most proportional to the length of the text.
const (
	MaxText     = 8 << 10 // bytes of a string, of either kind
	MaxSections = 64      // sections of a GPP string
	MaxSegments = 8       // segments of a TC string, sub-sections of a section
)
